//! `qdq inspect`

use std::collections::{BTreeMap, BTreeSet};

use qdq::error::{Error, Result};
use qdq::graph::{Block, Graph, ValueId, text};
use qdq::ops::Op;
use qdq::pipeline;
use qdq::profiles::Runtime;
use serde_json::json;

use crate::arguments::Inspect;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn inspect(arguments: &Inspect, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let graph = match &arguments.profile {
        Some(name) => Runtime::find(name)?.lower(&graph)?,
        None => graph,
    };
    if arguments.text {
        let text = text::print(&graph);
        return output.result(&text, json!({ "text": text }));
    }
    let n_file_bytes = std::fs::metadata(&arguments.model);
    let n_file_bytes = n_file_bytes.map_err(|error| Error::io(arguments.model.display(), &error))?.len();
    let (n_parameters, n_bytes, dtypes) = parameters(&graph);
    let ops = ops(&graph);
    let value = |id: &ValueId| {
        let ty = graph[*id].ty.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        (graph[*id].name().to_owned(), ty)
    };
    let inputs: Vec<_> = graph.body.inputs.iter().map(value).collect();
    let outputs: Vec<_> = graph.body.outputs.iter().map(value).collect();
    let metadata = &graph.metadata;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    table.pair("name", &graph.name);
    table.pair("producer", format!("{} {}", metadata.producer, metadata.producer_version));
    for (domain, version) in &metadata.domains {
        let domain = if domain.is_empty() { "ai.onnx" } else { domain };
        table.pair("opset", format!("{domain} {version}"));
    }
    for (name, ty) in &inputs {
        table.pair("input", format!("{name}: {ty}"));
    }
    for (name, ty) in &outputs {
        table.pair("output", format!("{name}: {ty}"));
    }
    table.pair("parameters", format!("{n_parameters} ({})", in_words(&dtypes)));
    table.pair("size", format!("{} of constants, {} in the file", bytes(n_bytes), bytes(n_file_bytes)));
    table.pair("nodes", graph.n_nodes());
    let mut histogram = Table::with_header(&["op", "nodes"]);
    for (op, count) in &ops {
        histogram.row([op.clone(), count.to_string()]);
    }
    let json = json!({
        "name": graph.name,
        "producer": metadata.producer,
        "producer_version": metadata.producer_version,
        "opsets": metadata.domains,
        "inputs": inputs,
        "outputs": outputs,
        "n_parameters": n_parameters,
        "n_parameters_by_type": dtypes,
        "n_constant_bytes": n_bytes,
        "n_file_bytes": n_file_bytes,
        "n_nodes": graph.n_nodes(),
        "ops": ops,
        "integer_nodes": integer_nodes(&graph),
    });
    output.result(format!("{table}\n{histogram}"), json)
}

/// Op and first output of each node in integer form, in order.
fn integer_nodes(graph: &Graph) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    graph.body.for_each_node(&mut |node| {
        if graph.is_integer_form(node) {
            let output = node.present_outputs().next().map_or("", |id| graph[id].name());
            found.push((node.op.name(), output.to_owned()));
        }
    });
    found
}

/// Number of elements of all constants in use, their bytes, and elements by type.
fn parameters(graph: &Graph) -> (usize, u64, BTreeMap<String, usize>) {
    let mut used = BTreeSet::new();
    find_used(&graph.body, &mut used);
    let (mut count, mut n_bytes, mut dtypes) = (0, 0, BTreeMap::new());
    for tensor in used.into_iter().filter_map(|id| graph[id].constant.as_ref()) {
        count += tensor.len();
        n_bytes += (tensor.len() * tensor.dtype().bits().unwrap_or(0)).div_ceil(8) as u64;
        *dtypes.entry(tensor.dtype().to_string()).or_default() += tensor.len();
    }
    (count, n_bytes, dtypes)
}

fn find_used(block: &Block, used: &mut BTreeSet<ValueId>) {
    used.extend(&block.outputs);
    block.for_each_node(&mut |node| {
        used.extend(node.present_inputs());
        for region in &node.regions {
            used.extend(&region.outputs);
        }
    });
}

/// Number of nodes by op, most first.
fn ops(graph: &Graph) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    graph.body.for_each_node(&mut |node| {
        let name = match &node.op {
            Op::Custom(custom) => custom.full_name(),
            op if graph.is_integer_form(node) => [op.name(), " on integers"].concat(),
            op => op.name().to_owned(),
        };
        *counts.entry(name).or_default() += 1;
    });
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn in_words(dtypes: &BTreeMap<String, usize>) -> String {
    let parts: Vec<String> = dtypes.iter().map(|(dtype, count)| format!("{count} {dtype}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// `12.3 MB`, in powers of 1000.
pub(super) fn bytes(n_bytes: u64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let n_bytes = n_bytes as f64;
    match units.iter().find(|(size, _)| n_bytes >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", n_bytes / size),
        None => format!("{n_bytes} B"),
    }
}
