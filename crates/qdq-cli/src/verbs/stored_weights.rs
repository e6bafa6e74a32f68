//! `qdq quantize --mode dynamic|weight-only|float16`: weights in fewer bits, without data.

use std::path::Path;

use qdq::error::{Error, Result};
use qdq::pipeline;
use qdq::quant::StoredWeights;
use serde_json::json;

use crate::arguments::Quantize;
use crate::output::Output;
use crate::table::Table;

/// What a mode stores, and whether ops quantize their inputs while they run; `None` for the mode `static`.
pub(crate) fn mode(name: &str) -> Result<Option<(StoredWeights, bool)>> {
    match name {
        "static" => Ok(None),
        "dynamic" => Ok(Some((StoredWeights::Int8, true))),
        "weight-only" => Ok(Some((StoredWeights::Int8, false))),
        "float16" => Ok(Some((StoredWeights::Float16, false))),
        other => Err(Error::usage(format!("there is no mode `{other}`"))
            .help("modes: static, dynamic, weight-only, float16")),
    }
}

pub(crate) fn store(
    arguments: &Quantize,
    (storage, is_dynamic): (StoredWeights, bool),
    out: &Path,
    output: Output,
) -> Result<()> {
    let is_tflite = out.extension().is_some_and(|ending| ending == "tflite");
    if !arguments.target.starts_with("tflite") || !is_tflite {
        return Err(Error::usage(format!("--mode {} writes TFLite only", arguments.mode))
            .help("say --target tflite and -o FILE.tflite"));
    }
    if arguments.io_type != "float" {
        return Err(Error::usage(format!("--io-type {} with --mode {}", arguments.io_type, arguments.mode))
            .help("activations stay in float in this mode, at the border too: leave out --io-type"));
    }
    let graph = pipeline::read_model(&arguments.model)?;
    let stored = pipeline::with_stored_weights(graph, storage, is_dynamic)?;
    pipeline::write_model(&stored, out, i64::MAX)?;
    let (before, after) = (super::quantize::n_bytes(&arguments.model)?, super::quantize::n_bytes(out)?);
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    table.pair("mode", &arguments.mode);
    table.pair("size", format!("{} → {}", super::inspect::bytes(before), super::inspect::bytes(after)));
    table.pair("written", out.display());
    let json =
        json!({ "output": out, "mode": arguments.mode, "n_bytes_before": before, "n_bytes_after": after });
    output.result(table, json)
}
