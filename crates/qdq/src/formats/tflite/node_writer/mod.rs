//! One unit while it is written: its tensors, and the operators that take its place.

mod constants;
mod emit;
mod inputs;
mod weights;

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::activation_function_type;

use super::spec;
use super::unit::{Pattern, Unit, dequantized, dequantized_constant};
use super::write::Writer;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::tensor::{DType, Dim, QuantParams, Tensor};

/// An operator of the file.
#[derive(Clone, Debug)]
pub(super) struct FileOp {
    /// Its code.
    pub(super) code: i32,
    /// Name of a custom operator.
    pub(super) custom: String,
    /// Its version.
    pub(super) version: i32,
    /// Tensors it reads; −1 for those that are absent.
    pub(super) inputs: Vec<i32>,
    /// Tensors it computes.
    pub(super) outputs: Vec<i32>,
    /// Tensors that it has for itself.
    pub(super) intermediates: Vec<i32>,
    /// All else: options.
    pub(super) rest: Object,
}

/// Options of an operator: the tag of their table in the union, and the table.
pub(super) type Options = (u8, Object);

/// One unit while it is written.
pub(super) struct NodeWriter<'w, 'g> {
    writer: &'w mut Writer<'g>,
    unit: &'w Unit<'g>,
    /// Whether the op has something that only newer versions of the operator know.
    pub(super) is_newer: bool,
    /// Whether the first output is computed with a height of 1 that it must lose again.
    pub(super) is_lifted: bool,
    /// For a float op with integer weights that quantizes its input while it runs: whether for each channel.
    hybrid: Option<bool>,
    /// Of the next operator.
    intermediates: Vec<i32>,
}

impl<'w, 'g> NodeWriter<'w, 'g> {
    pub(super) fn new(writer: &'w mut Writer<'g>, unit: &'w Unit<'g>) -> Self {
        Self { writer, unit, is_newer: false, is_lifted: false, hybrid: None, intermediates: Vec::new() }
    }

    /// The graph.
    pub(super) fn graph(&self) -> &'g Graph {
        self.writer.graph
    }

    /// The node.
    pub(super) fn node(&self) -> &'g Node {
        self.unit.node
    }

    /// Whether the node before belongs to it.
    pub(super) fn pattern(&self) -> Pattern {
        self.unit.pattern
    }

    /// How many inputs there are, absent ones too.
    pub(super) fn n_inputs(&self) -> usize {
        self.unit.inputs.len()
    }

    /// Whether an input is present.
    pub(super) fn has(&self, position: usize) -> bool {
        self.unit.inputs.get(position).copied().flatten().is_some()
    }

    /// The value of an input; of ops over windows, the first one channels last.
    pub(super) fn value(&self, position: usize) -> Result<ValueId> {
        let value = self.unit.inputs.get(position).copied().flatten();
        value.ok_or_else(|| Error::graph(format!("input {position} is missing")))
    }

    /// A constant input.
    pub(super) fn constant(&self, position: usize) -> Option<&'g Tensor> {
        self.graph().constant(self.value(position).ok()?)
    }

    /// Shape and real numbers of an input that is a constant, perhaps dequantized.
    pub(super) fn floats(&self, position: usize) -> Result<(Vec<usize>, Vec<f32>)> {
        let tensor = if let Some(constant) = self.constant(position) {
            constant.clone()
        } else {
            let (params, integers) = self.integers(position)?;
            crate::ops::dequantize(integers, params)?
        };
        Ok((tensor.shape().to_vec(), tensor.to_f32_vec()?))
    }

    /// Whether an input is a constant of zeros.
    pub(super) fn is_zero(&self, position: usize) -> bool {
        self.floats(position).is_ok_and(|(_, floats)| floats.iter().all(|x| *x == 0.0))
    }

    /// Parameters and integers of an input that is a constant, dequantized.
    pub(super) fn integers(&self, position: usize) -> Result<(&'g QuantParams, &'g Tensor)> {
        let found = dequantized_constant(self.graph(), &self.writer.uses, self.value(position)?);
        found.ok_or_else(|| Error::unsupported(format!("input {position} is computed")))
    }

    /// Integers of an input that TFLite wants constant.
    pub(super) fn ints(&self, position: usize) -> Result<Vec<i64>> {
        match self.constant(position) {
            Some(constant) => constant.to_i64_vec(),
            None => Err(Error::unsupported(format!("input {position} is computed"))
                .help("fix the model's input shapes, so that shapes are constant")),
        }
    }

    /// Dimensions of a node's own input: channels first for ops over windows.
    pub(super) fn node_dims(&self, position: usize) -> Result<Vec<Dim>> {
        let dims = self.node().input(position).and_then(|id| self.graph()[id].ty.as_ref()?.shape.clone());
        dims.ok_or_else(|| Error::unsupported("the number of dimensions is not known"))
    }

    /// Dimensions of a unit's output as it is written.
    pub(super) fn output_dims(&self, position: usize) -> Result<Vec<Dim>> {
        let id = self.unit.outputs.get(position).copied().flatten();
        let dims = id.and_then(|id| self.graph()[id].ty.as_ref()?.shape.clone());
        dims.ok_or_else(|| Error::unsupported("the number of dimensions is not known"))
    }

    /// Element type of an input of the node.
    pub(super) fn dtype(&self, position: usize) -> Option<DType> {
        Some(self.graph()[self.node().input(position)?].ty.as_ref()?.dtype)
    }

    /// The tensor of an input: its integers for an integer op.
    pub(super) fn input(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        let is_integer = self.unit.integer.is_some();
        match dequantized(self.graph(), &self.writer.uses, value).filter(|_| is_integer) {
            Some((op, integers)) => {
                let params = op.params.clone();
                if self.graph().constant(integers).is_none() {
                    spec::check_activation(&params)?;
                }
                let index = match self.graph().constant(integers) {
                    Some(constant) => {
                        let name = self.graph()[integers].name();
                        self.writer.add_constant(name, constant, Some(&params))?
                    }
                    None => self.writer.tensor(integers)?,
                };
                self.writer.set_params(index, &params);
                Ok(index)
            }
            None => self.writer.tensor(value),
        }
    }

    /// The tensor of an input as it is.
    pub(super) fn raw(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        self.writer.tensor(value)
    }

    /// Parameters of a tensor of the file.
    pub(super) fn params_of(&self, index: i32) -> Option<QuantParams> {
        self.writer.params_of(index)
    }

    /// Storage type of an integer op's activations.
    pub(super) fn unit_storage(&self) -> Option<DType> {
        Some(self.unit.integer.as_ref()?.first()?.storage)
    }

    /// The code of the fused activation.
    pub(super) fn activation(&self) -> i8 {
        self.unit.activation.code().unwrap_or(activation_function_type::NONE)
    }

    /// Dimensions of a tensor of the file.
    pub(super) fn tensor_dims(&self, index: i32) -> Vec<Dim> {
        self.writer.dims_of(index)
    }
}
