//! `Constant` nodes: constants of the graph, not nodes of it.

use qdq_schema::onnx::NodeProto;

use super::attributes::Attributes;
use super::read::Reader;
use super::scope::Slot;
use super::tensor_read::read_tensor;
use crate::error::{Error, Result};
use crate::tensor::{Data, Tensor};

impl<'m> Reader<'m> {
    /// Reads any of the forms of a `Constant` node.
    pub(super) fn read_constant(&mut self, proto: &'m NodeProto) -> Result<()> {
        let attributes = Attributes::new(proto, &self.frame.bindings)?;
        let tensor = self.constant_tensor(&attributes)?;
        if let Some(name) = attributes.unused().next() {
            return Err(Error::malformed("a constant has one attribute").attribute(name));
        }
        match proto.output.as_slice() {
            [name] if !name.is_empty() => self.scopes.define(name, Slot::Constant(tensor)),
            outputs => Err(Error::malformed(format!("{} outputs where a constant has one", outputs.len()))),
        }
    }

    fn constant_tensor(&self, attributes: &Attributes<'m>) -> Result<Tensor> {
        if let Some(proto) = attributes.tensor("value")? {
            return read_tensor(proto, &self.side_files).map_err(|error| error.attribute("value"));
        }
        if let Some(float) = attributes.float("value_float")? {
            return Ok(Tensor::scalar(float));
        }
        if let Some(floats) = attributes.floats("value_floats")? {
            return Ok(Tensor::vector(floats.to_vec()));
        }
        if let Some(int) = attributes.int("value_int")? {
            return Ok(Tensor::scalar(int));
        }
        if let Some(ints) = attributes.ints("value_ints")? {
            return Ok(Tensor::vector(ints.to_vec()));
        }
        if let Some(text) = attributes.bytes("value_string")? {
            return Tensor::new(Vec::new(), Data::Str(vec![text.to_vec()].into()));
        }
        if let Some(texts) = attributes.strings("value_strings")? {
            return Tensor::new(vec![texts.len()], Data::Str(texts.into()));
        }
        if attributes.has("sparse_value") {
            return Err(Error::unsupported("a sparse constant")
                .attribute("sparse_value")
                .help("save the model with dense constants"));
        }
        Err(Error::malformed("a constant without a value"))
    }
}
