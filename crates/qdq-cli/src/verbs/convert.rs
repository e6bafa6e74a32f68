//! `qdq convert`

use qdq::error::Result;
use qdq::pipeline;
use serde_json::json;

use crate::arguments::Convert;
use crate::output::Output;
use crate::table::Table;

/// Newest operator set that may be written when nothing asks for less.
const NEWEST: i64 = qdq::formats::onnx::NEWEST_OPSET;

pub(crate) fn convert(arguments: &Convert, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let opset = pipeline::write_model(&graph, &arguments.output, NEWEST)?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    table.pair("nodes", graph.n_nodes());
    if let Some(opset) = opset {
        table.pair("opset", opset);
    }
    table.pair("written", arguments.output.display());
    output.result(table, json!({ "output": arguments.output, "opset": opset, "n_nodes": graph.n_nodes() }))
}
