//! `qdq convert`

use qdq::error::{Error, Result};
use qdq::pipeline::{self, Form};
use serde_json::json;

use crate::arguments::Convert;
use crate::output::Output;
use crate::table::Table;

/// The form of a name.
pub(super) fn form(name: &str) -> Result<Form> {
    match name {
        "qdq" => Ok(Form::Qdq),
        "qoperator" => Ok(Form::QOperator),
        other => Err(Error::usage(format!("there is no form `{other}`")).help("forms: qdq, qoperator")),
    }
}

pub(crate) fn convert(arguments: &Convert, output: Output) -> Result<()> {
    let (model, out) = (&arguments.model, &arguments.output);
    if model.canonicalize().ok().zip(out.canonicalize().ok()).is_some_and(|(a, b)| a == b) {
        return Err(Error::usage("the output is the model itself")
            .file(out.display())
            .help("name another file"));
    }
    let converted = pipeline::convert(model, out, form(&arguments.form)?, arguments.check)?;
    let written = &converted.written;
    let mut table = Table::new();
    table.pair("model", model.display());
    if let Some(opset) = written.opset {
        table.pair("opset", opset);
    }
    for op in &written.left_in_float {
        table.pair("float", op);
    }
    for difference in &converted.differences {
        let (error, sqnr) = (difference.max_abs_error, difference.sqnr_db());
        table
            .pair("check", format!("{}: largest difference {error:.3e}, SQNR {sqnr:.1} dB", difference.name));
    }
    table.pair("written", out.display());
    let json = json!({
        "output": out,
        "opset": written.opset,
        "left_in_float": written.left_in_float,
        "check": converted.differences.iter().map(super::diff::as_json).collect::<Vec<_>>(),
    });
    output.result(table, json)
}
