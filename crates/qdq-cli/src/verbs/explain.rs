//! `qdq explain`

use std::collections::BTreeMap;

use qdq::error::{Error, Result};
use qdq::pipeline::{self, ExplainedNode, Explanation, Runs};
use qdq::quant::Recipe;
use serde_json::json;

use crate::arguments::{Explain, FailOn};
use crate::output::Output;
use crate::table::Table;

pub(crate) fn explain(arguments: &Explain, output: Output) -> Result<()> {
    let target = pipeline::find_target(&arguments.target)?;
    let recipe = arguments.recipe.as_ref().map(pipeline::read_recipe).transpose()?;
    let graph = pipeline::read_model_as_written(&arguments.model)?;
    let explanation = pipeline::explain(&graph, &recipe.clone().unwrap_or_default(), &target)?;
    if explanation.is_quantized && recipe.is_some_and(|recipe| recipe != Recipe::default()) {
        return Err(Error::usage("a recipe for a model that is quantized already")
            .help("leave --recipe out, or explain the float model"));
    }
    let found: Vec<String> = arguments.fail_on.iter().filter_map(|&what| found(&explanation, what)).collect();
    let json = json!({
        "explanation": explanation,
        "n_integer": explanation.count(Runs::Integer),
        "n_fused": explanation.count(Runs::Fused),
        "n_float": explanation.count(Runs::Float),
        "failed_on": found,
    });
    output.result(text(arguments, &explanation), json)?;
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::usage(found.join(", "))
        .file(arguments.model.display())
        .help("this is what --fail-on asks for"))
}

/// What of a kind there is, in words; `None` if there is nothing.
fn found(explanation: &Explanation, what: FailOn) -> Option<String> {
    let float = |is_meant: fn(&ExplainedNode) -> bool| {
        explanation.nodes.iter().filter(|node| node.runs == Runs::Float && is_meant(node)).count()
    };
    let (count, what) = match what {
        FailOn::FloatConv => {
            (float(|node| node.is_product && node.op.starts_with("conv")), "convolutions in float")
        }
        FailOn::FloatProduct => (float(|node| node.is_product), "convolutions and matrix products in float"),
        FailOn::Float => (float(|_| true), "ops in float"),
        FailOn::Fixable => (float(|node| node.fix.is_some()), "ops in float that could be helped"),
        FailOn::Bridge => (explanation.n_quantize + explanation.n_dequantize, "bridges left over"),
        FailOn::Warning => (explanation.warnings.len(), "warnings"),
    };
    (count > 0).then(|| format!("{count} {what}"))
}

fn text(arguments: &Explain, explanation: &Explanation) -> String {
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    let form = if explanation.is_quantized { "as it is" } else { "what `qdq quantize` would make of it" };
    table.pair("target", format!("{}, {form}", explanation.target));
    for (op, (n_integer, n_all)) in explanation.products() {
        table.pair(op, format!("{n_integer} of {n_all} in integers"));
    }
    let counts = [Runs::Integer, Runs::Fused, Runs::Float].map(|runs| explanation.count(runs));
    table.pair(
        "nodes",
        format!("{} in integers, {} fused into them, {} in float", counts[0], counts[1], counts[2]),
    );
    table.pair(
        "bridges left",
        format!("{} quantize, {} dequantize", explanation.n_quantize, explanation.n_dequantize),
    );
    for warning in &explanation.warnings {
        table.pair("warning", warning);
    }
    let mut text = format!("{table}\n{}", summary(explanation));
    text.push_str(&in_float(explanation, arguments.rows));
    text
}

/// Nodes in float by op, most first, and how many of them could be helped.
fn summary(explanation: &Explanation) -> Table {
    let mut ops: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for node in explanation.nodes.iter().filter(|node| node.runs == Runs::Float) {
        let (n_float, n_fixable) = ops.entry(&node.op).or_default();
        *n_float += 1;
        *n_fixable += usize::from(node.fix.is_some());
    }
    let mut rows: Vec<_> = ops.into_iter().collect();
    rows.sort_by_key(|(_, (n_float, _))| std::cmp::Reverse(*n_float));
    let mut table = Table::with_header(&["op", "in float", "could be helped"]);
    for (op, (n_float, n_fixable)) in rows {
        table.row([op.to_owned(), n_float.to_string(), n_fixable.to_string()]);
    }
    table
}

/// What stays in float, products first, each with the reason and what to do.
fn in_float(explanation: &Explanation, n_rows: usize) -> String {
    let mut nodes: Vec<&ExplainedNode> =
        explanation.nodes.iter().filter(|node| node.runs == Runs::Float).collect();
    nodes.sort_by_key(|node| (!node.is_product, node.fix.is_none()));
    let n_shown = if n_rows == 0 { nodes.len() } else { n_rows.min(nodes.len()) };
    let mut lines = Vec::new();
    for node in &nodes[..n_shown] {
        lines.push(format!("{}: {}", node.node, node.reason.as_deref().unwrap_or("not known")));
        lines.extend(node.fix.as_ref().map(|fix| format!("    fix: {fix}")));
    }
    if n_shown < nodes.len() {
        lines.push(format!("… and {} more, with --rows 0", nodes.len() - n_shown));
    }
    lines.iter().fold(String::new(), |text, line| text + "\n" + line) + "\n"
}
