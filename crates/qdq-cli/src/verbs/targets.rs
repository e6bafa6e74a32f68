//! `qdq targets`

use std::fmt::Write;

use qdq::error::Result;
use qdq::pipeline;
use qdq::quant::QuantizationSpec;
use qdq::targets::{Limits, Observation, Role, Row, Target};
use serde_json::json;

use crate::arguments::Targets;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn targets(arguments: &Targets, output: Output) -> Result<()> {
    let Some(name) = &arguments.target else {
        let all = Target::all();
        let mut table = Table::new();
        for target in &all {
            table.pair(&target.name, &target.about);
        }
        let list = all.iter().map(|target| json!({ "name": target.name, "about": target.about }));
        return output.result(table, list.collect::<Vec<_>>());
    };
    let target = pipeline::find_target(name)?;
    if arguments.toml {
        return output.result(target.to_toml()?, &target);
    }
    output.result(text(&target), &target)
}

fn text(target: &Target) -> String {
    let mut facts = Table::new();
    facts.pair("target", &target.name);
    facts.pair("about", &target.about);
    facts.pair("newest opset", target.max_opset);
    facts.pair("formula", format!("{:?}", target.formula).to_lowercase());
    facts.pair("activations", &target.activation);
    facts.pair("weights", &target.weight);
    if let Some(training) = &target.training {
        facts.pair("in training", spec(&training.activation));
        facts.pair("", spec(&training.weight));
    }
    for types in &target.types {
        let bias = types.bias.map_or_else(|| "float".to_owned(), |bias| bias.to_string());
        let (activation, weight) = (limits(&types.activation), limits(&types.weight));
        facts.pair("types", format!("activation {activation}, weight {weight}, bias {bias}"));
    }
    let mut rows = Table::with_header(&["op", "followed by", "role", "output", "kernel"]);
    for row in &target.rows {
        rows.row([
            row.op.clone(),
            row.then.iter().map(|ops| ops.join(" + ")).collect::<Vec<_>>().join(" | "),
            role(row.role).to_owned(),
            observation(row),
            row.kernel.clone(),
        ]);
    }
    format!("{facts}\n{rows}")
}

fn spec(spec: &QuantizationSpec) -> String {
    match spec.fake_quantize {
        Some(kind) => format!("{spec}, {kind:?}"),
        None => spec.to_string(),
    }
}

/// Writing to a string cannot fail.
fn limits(limits: &Limits) -> String {
    let mut text = limits.storage.to_string();
    if limits.quant_min.is_some() || limits.quant_max.is_some() {
        let bound = |bound: Option<i32>| bound.map_or_else(String::new, |bound| bound.to_string());
        let _ = write!(text, "<{}:{}>", bound(limits.quant_min), bound(limits.quant_max));
    }
    if let Some(zero_point) = limits.zero_point {
        let _ = write!(text, " zero point {zero_point}");
    }
    if let Some(scale) = limits.scale_min {
        let _ = write!(text, " scale from {scale}");
    }
    if !limits.granularities.is_empty() {
        let names: Vec<String> = limits.granularities.iter().map(ToString::to_string).collect();
        let _ = write!(text, " {}", names.join(" or "));
    }
    text
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Anchor => "anchor",
        Role::Join => "join",
        Role::Move => "move",
    }
}

fn observation(row: &Row) -> String {
    let mut text = match row.observation {
        Observation::Own => "own range",
        Observation::Shared => "as its inputs",
        Observation::Alike => "as its inputs where they are alike",
    }
    .to_owned();
    if row.float_output {
        text += ", or float";
    }
    for fixed in &row.fixed {
        let _ = write!(text, ", {} scale {} zero point {}", fixed.storage, fixed.scale, fixed.zero_point);
    }
    text
}
