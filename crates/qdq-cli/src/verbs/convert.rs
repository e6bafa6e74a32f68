//! `qdq convert`

use qdq::error::{Error, Result};
use qdq::formats::onnx::WriteOptions;
use qdq::pipeline;
use serde_json::json;

use crate::arguments::Convert;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn convert(arguments: &Convert, output: Output) -> Result<()> {
    let (model, out) = (&arguments.model, &arguments.output);
    if model.canonicalize().ok().zip(out.canonicalize().ok()).is_some_and(|(a, b)| a == b) {
        return Err(Error::usage("the output is the model itself")
            .file(out.display())
            .help("name another file"));
    }
    let graph = pipeline::read_model(model)?;
    let opset = pipeline::write_model(&graph, out, WriteOptions::default().max_opset)?;
    let mut table = Table::new();
    table.pair("model", model.display());
    if let Some(opset) = opset {
        table.pair("opset", opset);
    }
    table.pair("written", out.display());
    output.result(table, json!({ "output": out, "opset": opset }))
}
