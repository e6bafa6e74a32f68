//! Nodes that are kept as they are: operators of other domains, and those that the op table lacks.

use qdq_schema::onnx::attribute_proto::AttributeType;
use qdq_schema::onnx::{AttributeProto, NodeProto};
use qdq_schema::{Message, OpHistory};

use super::attributes::{Attributes, attribute_type};
use super::names::is_default_domain;
use super::node_writer::{NodeWriter, WriteResult};
use crate::error::{Error, Result};
use crate::ops::Custom;

/// Name of this format in [`Custom::format`].
const FORMAT: &str = "onnx";

/// The node's op, with all it says beside inputs, outputs and name.
pub(super) fn read_custom(node: &NodeProto, attributes: &Attributes<'_>, opset: i64) -> Result<Custom> {
    let mut kept = NodeProto { overload: node.overload.clone(), ..NodeProto::default() };
    for (name, attribute) in attributes.iter() {
        if matches!(attribute_type(attribute), AttributeType::Graph | AttributeType::Graphs) {
            return Err(Error::unsupported("an unknown operator with a subgraph")
                .attribute(name)
                .help("export the model without this operator"));
        }
        kept.attribute.push(AttributeProto { name: Some(name.to_owned()), ..attribute.clone() });
    }
    let domain = if is_default_domain(node.domain()) { "" } else { node.domain() };
    Ok(Custom {
        domain: domain.to_owned(),
        name: node.op_type().to_owned(),
        version: opset,
        format: FORMAT.to_owned(),
        payload: to_hex(&kept.encode_to_vec()),
    })
}

/// Writes the node back as it was, in an operator set in which it means the same.
pub(super) fn write_custom(custom: &Custom, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    if custom.format != FORMAT {
        let error = Error::unsupported(format!("an operator of the format `{}`", custom.format));
        return Err(error.help("only a file of that format can hold it").into());
    }
    let damaged = || Error::malformed("the payload is damaged").attribute("payload");
    let bytes = from_hex(&custom.payload).ok_or_else(damaged)?;
    let kept = NodeProto::decode(bytes.as_slice()).map_err(|_| damaged())?;
    let domain = (!custom.domain.is_empty()).then(|| custom.domain.clone());
    let node = w.restore(NodeProto { op_type: Some(custom.name.clone()), domain, ..kept });
    if !custom.domain.is_empty() {
        w.finish_foreign(node);
        return Ok(());
    }
    check_version(custom, w)?;
    w.finish(node)
}

/// The node was written for one version of the default operator set; others may have changed the operator.
fn check_version(custom: &Custom, w: &NodeWriter<'_, '_>) -> WriteResult {
    let Some(history) = OpHistory::find(&custom.name) else { return w.require(custom.version) };
    let Some(written_for) = history.at(custom.version) else { return w.require(custom.version) };
    let same_form = history.versions.iter().filter(|version| version.form == written_for.form);
    w.require(same_form.map(|version| version.since).min().unwrap_or(custom.version))?;
    match history.at(w.opset) {
        Some(version) if version.form == written_for.form => Ok(()),
        _ => {
            let message = format!(
                "it is written for operator set {}, but the model needs {}, where the operator differs",
                custom.version, w.opset
            );
            Err(Error::unsupported(message).help("export the model with a newer opset_version").into())
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    };
    digits.chunks_exact(2).map(byte).collect()
}
