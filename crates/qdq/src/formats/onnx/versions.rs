//! Versions of operator sets and of the file format.

use qdq_schema::onnx::NodeProto;
use qdq_schema::{Arity, OpHistory, OpVersion, Parameter};

use crate::error::{Error, Result};

/// The oldest version of the default operator set that is read and written.
pub const OLDEST_OPSET: i64 = 7;

/// The newest version of the default operator set that is read and written.
pub const NEWEST_OPSET: i64 = 28;

/// Whether models of this operator set are understood.
pub(super) fn check_opset(version: i64) -> Result<()> {
    let error = |help: &str| {
        Err(Error::unsupported(format!(
            "the model uses version {version} of the ONNX operator set; versions {OLDEST_OPSET} to {NEWEST_OPSET} are supported"
        ))
        .help(help))
    };
    if version < OLDEST_OPSET {
        return error("convert it with onnx.version_converter, or export it with a newer opset_version");
    }
    if version > NEWEST_OPSET {
        return error("export it with an older opset_version");
    }
    Ok(())
}

/// Version of the file format that came with an operator set.
///
/// Source: `onnx.helper.VERSION_TABLE`; at least 4, from which on initializers need not be inputs.
pub(super) fn ir_version(opset: i64) -> i64 {
    match opset {
        ..=9 => 4,
        10 => 5,
        11 => 6,
        12..=14 => 7,
        15..=18 => 8,
        19..=20 => 9,
        21..=22 => 10,
        23 => 11,
        24 => 12,
        _ => 13,
    }
}

/// Element types of a node's inputs and outputs, as `TensorProto.DataType` numbers, where they are known.
#[derive(Debug, Default)]
pub(super) struct NodeTypes {
    pub(super) inputs: Vec<Option<i32>>,
    pub(super) outputs: Vec<Option<i32>>,
}

impl NodeTypes {
    /// Whether the type of an input or output of the node is not known.
    pub(super) fn has_unknown(&self, node: &NodeProto) -> bool {
        let unknown = |(name, ty): (&String, &Option<i32>)| !name.is_empty() && ty.is_none();
        node.input.iter().zip(&self.inputs).chain(node.output.iter().zip(&self.outputs)).any(unknown)
    }
}

/// Whether an operator of the default domain demands an attribute in this operator set, or, where it does not exist yet,
/// in its first version.
pub(super) fn requires(op_type: &str, opset: i64, attribute: &str) -> bool {
    let history = OpHistory::find(op_type);
    let version = history.and_then(|history| history.at(opset).or(history.versions.first()));
    version.is_some_and(|version| version.attributes.contains(&(attribute, true)))
}

/// The first operator set in which an operator of the default domain has its newest form, which the hub's ops have.
pub(super) fn newest_form(op_type: &str) -> Option<i64> {
    let versions = OpHistory::find(op_type)?.versions;
    let newest = versions.last()?.form;
    versions.iter().find(|version| version.form == newest).map(|version| version.since)
}

/// The lowest operator set from `opset` on that has the default-domain node as it is written.
///
/// # Errors
/// No operator set up to the newest has it.
pub(super) fn lowest_opset(node: &NodeProto, types: &NodeTypes, opset: i64) -> Result<i64> {
    let Some(history) = OpHistory::find(node.op_type()) else { return Ok(opset) };
    let mut first_refusal = None;
    let later =
        history.versions.iter().filter(|version| version.since > opset && version.since <= NEWEST_OPSET);
    for version in history.at(opset).into_iter().chain(later) {
        match accepts(version, node, types) {
            Ok(()) => return Ok(version.since.max(opset)),
            Err(refusal) => first_refusal = Some(refusal),
        }
    }
    let why = first_refusal.unwrap_or_else(|| "the operator does not exist".to_owned());
    Err(Error::unsupported(format!(
        "no ONNX operator set up to {NEWEST_OPSET} has {}: {why}",
        node.op_type()
    )))
}

/// Whether a version of an operator has the node's attributes and its inputs and outputs; if not, why.
fn accepts(version: &OpVersion, node: &NodeProto, types: &NodeTypes) -> Result<(), String> {
    if version.deprecated {
        return Err(format!("it is deprecated since {}", version.since));
    }
    let given = |name: &str| node.attribute.iter().any(|attribute| attribute.name() == name);
    for attribute in &node.attribute {
        if !version.attributes.iter().any(|(name, _)| *name == attribute.name()) {
            return Err(format!("there is no attribute `{}`", attribute.name()));
        }
    }
    if let Some((name, _)) = version.attributes.iter().find(|(name, required)| *required && !given(name)) {
        return Err(format!("the attribute `{name}` is missing"));
    }
    fits("input", version.inputs, &node.input, &types.inputs)?;
    fits("output", version.outputs, &node.output, &types.outputs)
}

fn fits(what: &str, formal: &[Parameter], names: &[String], types: &[Option<i32>]) -> Result<(), String> {
    for (position, name) in names.iter().enumerate() {
        let variadic = formal.last().filter(|last| last.arity == Arity::Variadic);
        let Some(parameter) = formal.get(position).or(variadic) else {
            return Err(format!("there is no {what} {position}"));
        };
        if name.is_empty() {
            if parameter.arity == Arity::Single {
                return Err(format!("{what} {position} is missing"));
            }
            continue;
        }
        let data_type = types.get(position).copied().flatten();
        if data_type.is_some_and(|data_type| !parameter.allows(data_type)) {
            return Err(format!("{what} {position} cannot be of its element type"));
        }
    }
    let missing = formal.iter().skip(names.len()).any(|parameter| parameter.arity == Arity::Single);
    if missing { Err(format!("an {what} is missing")) } else { Ok(()) }
}
