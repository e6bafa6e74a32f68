//! Operators that are kept as they are: custom ones, and those that the op table lacks.

use qdq_schema::flatbuffer::{Object, Table, write};
use qdq_schema::tflite::{self, builtin_operator, operator};

use super::damaged;
use super::node_reader::NodeReader;
use super::node_writer::{FileOp, NodeWriter};
use crate::error::{Error, Result};
use crate::ops::Custom;

/// Name of this format in [`Custom::format`].
const FORMAT: &str = "tflite";

/// Domain of builtin operators; custom ones have none.
const BUILTIN: &str = "tflite";

/// The operator with all it says beside inputs and outputs.
pub(super) fn read_custom(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let name = r.operator.name().to_owned();
    let refuse = |what: &str| Err(Error::unsupported(format!("the operator {name} with {what}")));
    if r.table.vector(operator::INTERMEDIATES).map_err(damaged)?.is_some_and(|tensors| !tensors.is_empty()) {
        return refuse("intermediate tensors");
    }
    if r.table
        .vector(operator::MUTATING_VARIABLE_INPUTS)
        .map_err(damaged)?
        .is_some_and(|m| m.iter().any(|is| is))
    {
        return refuse("inputs that it changes");
    }
    if r.operator.code == builtin_operator::CALL_ONCE {
        return refuse("a subgraph");
    }
    for position in 0..r.n_outputs() {
        if r.output_tensor(position)?.dtype.is_none() {
            return Err(Error::unsupported("a resource, or an element type that qdq lacks").help(
                "freeze the model's variables and tables into constants before converting it to TFLite",
            ));
        }
    }
    let kept = r.table.to_object(operator::KINDS).map_err(damaged)?;
    let kept = [operator::OPCODE_INDEX.slot, operator::INPUTS.slot, operator::OUTPUTS.slot]
        .into_iter()
        .fold(kept, Object::without);
    let is_custom = r.operator.code == builtin_operator::CUSTOM;
    let op = Custom {
        domain: if is_custom { String::new() } else { BUILTIN.to_owned() },
        name,
        version: i64::from(r.operator.version),
        format: FORMAT.to_owned(),
        payload: to_hex(&write(&kept, *super::IDENTIFIER)),
    };
    r.keep(op.into())
}

/// Writes the operator back as it was.
pub(super) fn write_custom(op: &Custom, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.format != FORMAT {
        return Err(Error::unsupported(format!("an operator of the format `{}`", op.format))
            .help("only a file of that format can hold it"));
    }
    let invalid = || Error::malformed("the payload is damaged").attribute("payload");
    let bytes = from_hex(&op.payload).ok_or_else(invalid)?;
    let kept =
        Table::root(&bytes).and_then(|table| table.to_object(operator::KINDS)).map_err(|_| invalid())?;
    let builtin = tflite::OPERATOR_NAMES.iter().find(|(_, name)| op.domain == BUILTIN && *name == op.name);
    let mut inputs = Vec::new();
    for position in 0..w.n_inputs() {
        inputs.push(if w.has(position) { w.raw(position)? } else { -1 });
    }
    let file_op = FileOp {
        code: builtin.map_or(builtin_operator::CUSTOM, |(code, _)| *code),
        custom: if builtin.is_some() { String::new() } else { op.name.clone() },
        version: i32::try_from(op.version).map_err(|_| invalid())?,
        inputs,
        outputs: w.raw_outputs()?,
        intermediates: Vec::new(),
        rest: kept,
    };
    w.finish(file_op);
    Ok(())
}

/// Bytes as text.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Text as bytes; `None` if it is none.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
