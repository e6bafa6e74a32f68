//! One operator while it is read: its options and tensors, and the nodes that take its place.

use std::sync::Arc;

use qdq_schema::flatbuffer::{Number, Scalar, Table, Vector};
use qdq_schema::tflite::operator;

use super::activation::Fused;
use super::damaged;
use super::layout::{to_first, to_last, transposed, transposed_params};
use super::read::{Operator, Reader};
use super::tensor::FileTensor;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Cast, Clip, Dequantize, Op, Quantize, Transpose};
use crate::tensor::{DType, Data, QuantParams, Tensor};

/// Scales of a bias that are this near to input × weight are those.
const BIAS_SCALE_TOLERANCE: f32 = 1e-5;

/// One operator while it is read.
pub(super) struct NodeReader<'r, 'm> {
    pub(super) reader: &'r mut Reader<'m>,
    /// The operator as it stands in the file.
    pub(super) table: Table<'m>,
    options: Option<Table<'m>>,
    /// Which operator it is.
    pub(super) operator: Operator<'m>,
    inputs: Vec<Option<usize>>,
    outputs: Vec<usize>,
    scope: String,
}

impl<'r, 'm> NodeReader<'r, 'm> {
    /// An operator with its tensors, which must exist.
    pub(super) fn new(
        reader: &'r mut Reader<'m>,
        table: &Table<'m>,
        operator: Operator<'m>,
        outputs: &[usize],
        scope: String,
    ) -> Result<Self> {
        let inputs = table.vector(operator::INPUTS).map_err(damaged)?;
        let inputs = inputs.map(|inputs| inputs.to_vec()).unwrap_or_default();
        let inputs: Vec<Option<usize>> =
            inputs.into_iter().map(|index| usize::try_from(index).ok()).collect();
        let n_tensors = reader.tensors.len();
        if let Some(index) = inputs.iter().flatten().chain(outputs).find(|index| **index >= n_tensors) {
            return Err(Error::malformed(format!("there is no tensor {index}")));
        }
        if let Some(&index) = outputs.iter().find(|index| reader.values[**index].is_some()) {
            return Err(
                Error::malformed("two operators compute this tensor").value(&reader.tensors[index].name)
            );
        }
        let options = table.child(operator::BUILTIN_OPTIONS).map_err(damaged)?;
        Ok(Self { reader, table: *table, options, operator, inputs, outputs: outputs.to_vec(), scope })
    }

    /// A number of the options.
    pub(super) fn option<T: Number>(&self, field: Scalar<T>) -> Result<T> {
        self.options.map_or(Ok(field.default), |options| options.scalar(field).map_err(damaged))
    }

    /// A size of the options, at least 1.
    pub(super) fn size(&self, field: Scalar<i32>) -> Result<usize> {
        let size = self.option(field)?;
        usize::try_from(size)
            .ok()
            .filter(|size| *size > 0)
            .ok_or_else(|| Error::malformed(format!("a size of {size} in the options")))
    }

    /// Numbers of the options.
    pub(super) fn options_vector(&self, field: Vector<i32>) -> Result<Vec<i64>> {
        let numbers = match self.options {
            Some(options) => options.vector(field).map_err(damaged)?,
            None => None,
        };
        Ok(numbers.map(|numbers| numbers.iter().map(i64::from).collect()).unwrap_or_default())
    }

    /// How many inputs there are, absent ones too.
    pub(super) fn n_inputs(&self) -> usize {
        self.inputs.len()
    }

    /// How many outputs there are.
    pub(super) fn n_outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Whether an input is present.
    pub(super) fn has(&self, position: usize) -> bool {
        self.inputs.get(position).copied().flatten().is_some()
    }

    fn index(&self, position: usize) -> Result<usize> {
        let index = self.inputs.get(position).copied().flatten();
        index.ok_or_else(|| Error::malformed(format!("input {position} is missing")))
    }

    /// What the file says of an input.
    pub(super) fn tensor(&self, position: usize) -> Result<&FileTensor> {
        Ok(&self.reader.tensors[self.index(position)?])
    }

    /// What the file says of a tensor that the operator has for itself, if it has that many.
    pub(super) fn intermediate(&self, position: usize) -> Result<Option<&FileTensor>> {
        let all = self.table.vector(operator::INTERMEDIATES).map_err(damaged)?;
        let index =
            all.and_then(|all| all.iter().nth(position)).and_then(|index| usize::try_from(index).ok());
        Ok(index.and_then(|index| self.reader.tensors.get(index)))
    }

    /// The graph so far.
    pub(super) fn graph(&self) -> &Graph {
        &self.reader.graph
    }

    /// What the file says of an output.
    pub(super) fn output_tensor(&self, position: usize) -> Result<&FileTensor> {
        let index = self.outputs.get(position).copied();
        let index = index.ok_or_else(|| Error::malformed(format!("output {position} is missing")))?;
        Ok(&self.reader.tensors[index])
    }

    /// Number of dimensions of an input, as far as inference knows it better than the file.
    pub(super) fn rank(&mut self, position: usize) -> Result<usize> {
        let id = self.raw(position)?;
        let inferred = self.reader.graph[id].ty.as_ref().and_then(crate::tensor::TensorType::rank);
        Ok(inferred.unwrap_or(self.tensor(position)?.dims.len()))
    }

    /// Sizes of an input, where they are known.
    pub(super) fn dims(&mut self, position: usize) -> Result<Vec<Option<usize>>> {
        let id = self.raw(position)?;
        let shape = self.reader.graph[id].ty.as_ref().and_then(|ty| ty.shape.clone());
        let shape =
            shape.unwrap_or_else(|| self.reader.tensors[self.inputs[position].unwrap_or(0)].dims.clone());
        Ok(shape.iter().map(crate::tensor::Dim::known).collect())
    }

    /// An input as it is; integers stay integers.
    pub(super) fn raw(&mut self, position: usize) -> Result<ValueId> {
        let index = self.index(position)?;
        self.reader.value(index)
    }

    /// An input as real numbers: quantized tensors are dequantized.
    pub(super) fn real(&mut self, position: usize) -> Result<ValueId> {
        let index = self.index(position)?;
        let id = self.reader.value(index)?;
        let Some(params) = self.reader.tensors[index].quant.clone() else { return Ok(id) };
        if let Some(real) = self.reader.floats[index] {
            return Ok(real);
        }
        let real = self.push(Dequantize { params: (*params).clone(), dtype: DType::F32 }, &[id]);
        self.reader.floats[index] = Some(real);
        Ok(real)
    }

    /// Real numbers of a value made from an input by moving its elements.
    pub(super) fn real_of(&mut self, position: usize, id: ValueId) -> Result<ValueId> {
        match self.tensor(position)?.quant.clone() {
            Some(params) => Ok(self.push(Dequantize { params: (*params).clone(), dtype: DType::F32 }, &[id])),
            None => Ok(id),
        }
    }

    /// The weights of an op, input 1, as real numbers; tells where they are integers and the input is not, and whether the op
    /// says that it quantizes its input asymmetrically while it runs.
    pub(super) fn weights(&mut self, asymmetric: Option<bool>) -> Result<ValueId> {
        if self.tensor(1)?.quant.is_some() && self.tensor(0)?.quant.is_none() {
            self.reader.is_hybrid = true;
            self.reader.is_asymmetric = self.reader.is_asymmetric.or(asymmetric);
        }
        self.real(1)
    }

    /// A bias, as real numbers. Kernels take its integers with the scale of the input times those of the weights, whatever
    /// the file says: converters share one tensor between ops with other scales.
    pub(super) fn bias(&mut self, position: usize, x: usize, weights: usize) -> Result<ValueId> {
        let params =
            match (&self.tensor(x)?.quant, &self.tensor(weights)?.quant, &self.tensor(position)?.quant) {
                (Some(x), Some(weights), Some(own)) => {
                    let taken = QuantParams {
                        storage: own.storage,
                        ..QuantParams::of_bias(x.scale[0], &weights.scale)
                    };
                    let is_close =
                        |(own, taken): (&f32, &f32)| (own - taken).abs() <= BIAS_SCALE_TOLERANCE * taken;
                    let agrees = own.scale.len() == taken.scale.len()
                        && own.scale.iter().zip(&taken.scale).all(is_close);
                    (!agrees).then_some(taken)
                }
                _ => None,
            };
        let Some(params) = params else { return self.real(position) };
        let id = self.raw(position)?;
        let Some(integers) = self.reader.graph.constant(id).cloned() else { return self.real(position) };
        params.check_shape(integers.shape())?;
        let name = self.reader.graph[id].name().to_owned();
        let own = self.reader.graph.add_quantized_constant(&name, integers, &params);
        Ok(self.push(Dequantize { params, dtype: DType::F32 }, &[own]))
    }

    /// The content of an input that must be constant integers.
    pub(super) fn ints(&mut self, position: usize) -> Result<Vec<i64>> {
        self.ints_if_constant(position)?.ok_or_else(|| {
            let name = self.tensor(position).map(|tensor| tensor.name.clone()).unwrap_or_default();
            Error::unsupported("numbers that are computed where constants are needed").value(name)
        })
    }

    /// The content of an input, if it is constant integers.
    pub(super) fn ints_if_constant(&mut self, position: usize) -> Result<Option<Vec<i64>>> {
        let id = self.raw(position)?;
        self.reader.graph.constant(id).map(Tensor::to_i64_vec).transpose()
    }

    /// The content of an input that must be constant real numbers.
    pub(super) fn floats(&mut self, position: usize) -> Result<Vec<f32>> {
        let id = self.raw(position)?;
        let tensor = self.tensor(position)?.clone();
        let Some(constant) = self.reader.graph.constant(id) else {
            return Err(Error::unsupported("weights that are computed").value(tensor.name));
        };
        match &tensor.quant {
            Some(params) => crate::ops::dequantize(constant, params)?.to_f32_vec(),
            None => constant.to_f32_vec(),
        }
    }

    /// A value of one element without dimensions.
    pub(super) fn scalar(&mut self, id: ValueId) -> Result<ValueId> {
        if let Some(constant) = self.reader.graph.constant(id) {
            let scalar = constant.clone().reshaped(Vec::new())?;
            return Ok(self.constant(scalar));
        }
        let shape = self.int_vector(Vec::new());
        Ok(self.push(crate::ops::Reshape::default(), &[id, shape]))
    }

    /// An input of integers, such as a shape, as the hub has them: in 64 bits.
    pub(super) fn wide(&mut self, position: usize) -> Result<ValueId> {
        let id = self.raw(position)?;
        if self.tensor(position)?.dtype == Some(DType::I64) {
            return Ok(id);
        }
        if let Some(constant) = self.reader.graph.constant(id) {
            let wide = Tensor::new(constant.shape().to_vec(), Data::I64(constant.to_i64_vec()?.into()))?;
            return Ok(self.constant(wide));
        }
        Ok(self.push(Cast::to(DType::I64), &[id]))
    }

    /// Adds a constant.
    pub(super) fn constant(&mut self, tensor: Tensor) -> ValueId {
        let name = format!("{}_constant", self.scope);
        self.reader.graph.add_constant(&name, tensor)
    }

    /// Adds a constant of integers with these parameters.
    pub(super) fn quantized_constant(&mut self, tensor: Tensor, params: &QuantParams) -> ValueId {
        let name = format!("{}_constant", self.scope);
        self.reader.graph.add_quantized_constant(&name, tensor, params)
    }

    /// Adds a constant vector of integers.
    pub(super) fn int_vector(&mut self, ints: Vec<i64>) -> ValueId {
        self.constant(Tensor::vector(ints))
    }

    /// The hub's type of a value, if known.
    pub(super) fn rank_of(&self, id: ValueId) -> Option<usize> {
        self.reader.graph[id].ty.as_ref()?.rank()
    }

    /// Adds a node of one output.
    pub(super) fn push(&mut self, op: impl Into<Op>, inputs: &[ValueId]) -> ValueId {
        let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
        self.push_all(op, inputs, 1)[0]
    }

    /// Adds a node of several outputs, some of whose inputs may be absent.
    pub(super) fn push_all(
        &mut self,
        op: impl Into<Op>,
        inputs: Vec<Option<ValueId>>,
        n_outputs: usize,
    ) -> Vec<ValueId> {
        let op = op.into();
        let name = format!("{}_{}", self.scope, op.name());
        let outputs: Vec<ValueId> =
            (0..n_outputs).map(|_| self.reader.graph.add_value(&name, None)).collect();
        let mut node = Node::new(op, &[], &outputs).with_scope(self.scope.clone());
        node.inputs = inputs;
        self.reader.push(node);
        outputs
    }

    /// A value with its axes reordered; constants, and what is converted from them, are reordered here and now.
    pub(super) fn transposed(&mut self, id: ValueId, perm: &[usize]) -> Result<ValueId> {
        if let Some(constant) = self.reader.graph.constant(id) {
            let dims = constant.shape().to_vec();
            let constant = transposed(constant, perm)?;
            let ty = self.reader.graph[id].ty.clone();
            let name = self.reader.graph[id].name().to_owned();
            let moved = self.reader.graph.add_constant(&name, constant);
            let quant =
                ty.and_then(|ty| ty.quant).map(|quant| Arc::new(transposed_params(&quant, perm, &dims)));
            if let Some(ty) = &mut self.reader.graph[moved].ty {
                ty.quant = quant;
            }
            return Ok(moved);
        }
        let producer = self.reader.nodes.iter().rev().find(|node| node.output(0) == Some(id));
        if let Some((op, source)) = producer.and_then(|node| Some((node.op.clone(), node.input(0)?)))
            && let Some(dims) = self.reader.graph.constant(source).map(|constant| constant.shape().to_vec())
        {
            let op = match op {
                Op::Dequantize(op) => {
                    Some(Op::from(Dequantize { params: transposed_params(&op.params, perm, &dims), ..op }))
                }
                Op::Cast(op) => Some(op.into()),
                _ => None,
            };
            if let Some(op) = op {
                let source = self.transposed(source, perm)?;
                return Ok(self.push(op, &[source]));
            }
        }
        Ok(self.push(Transpose { perm: Some(perm.to_vec()) }, &[id]))
    }

    /// An input as real numbers, channels first.
    pub(super) fn channels_first(&mut self, position: usize) -> Result<ValueId> {
        let rank = self.rank(position)?;
        if rank < 3 {
            return Err(Error::malformed(format!("an input of rank {rank}")));
        }
        let id = self.real(position)?;
        self.transposed(id, &to_first(rank))
    }

    /// Channels first back to the order of the file.
    pub(super) fn channels_last(&mut self, id: ValueId) -> Result<ValueId> {
        let rank = self.rank_of(id).unwrap_or(4);
        self.transposed(id, &to_last(rank))
    }

    /// What a fused activation makes of a value.
    pub(super) fn activated(&mut self, id: ValueId, activation: i8) -> Result<ValueId> {
        let fused = Fused::read(activation)?;
        Ok(match fused {
            Fused::None => id,
            Fused::Clip(lo, hi) => {
                let (lo, hi) = (self.constant(Tensor::scalar(lo)), self.constant(Tensor::scalar(hi)));
                self.push(Clip {}, &[id, lo, hi])
            }
            Fused::Relu | Fused::Tanh => match fused.plain_op() {
                Some(op) => self.push(op, &[id]),
                None => id,
            },
        })
    }

    /// Whether the first input and the first output have equal parameters, so that moving integers moves numbers.
    pub(super) fn keeps_params(&self) -> bool {
        let (input, output) = (self.tensor(0), self.output_tensor(0));
        matches!((input, output), (Ok(input), Ok(output)) if input.quant == output.quant)
    }

    /// Lets real numbers stand for an output, quantized where the file has integers.
    pub(super) fn give(&mut self, position: usize, id: ValueId) -> Result<()> {
        let params: Option<Arc<QuantParams>> = self.output_tensor(position)?.quant.clone();
        match params {
            Some(params) => {
                let integers = self.push(Quantize { params: (*params).clone() }, &[id]);
                self.give_raw(position, integers)
            }
            None => self.give_raw(position, id),
        }
    }

    /// Lets a value stand for an output as it is.
    pub(super) fn give_raw(&mut self, position: usize, id: ValueId) -> Result<()> {
        let name = self.output_tensor(position)?.name.clone();
        let index = self.outputs[position];
        let is_fresh =
            self.reader.nodes.last().is_some_and(|node| node.present_outputs().any(|own| own == id));
        if is_fresh {
            self.reader.graph.rename(id, &name);
        }
        if let Some(ty) = &mut self.reader.graph[id].ty
            && ty.quant.is_none()
        {
            ty.quant = self.reader.tensors[index].quant.clone().filter(|quant| quant.storage == ty.dtype);
        }
        self.reader.values[index] = Some(id);
        Ok(())
    }

    /// Adds a node for the whole operator: its inputs and outputs as they are, typed as the file says.
    pub(super) fn keep(&mut self, op: Op) -> Result<()> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for position in 0..self.inputs.len() {
            inputs.push(if self.has(position) { Some(self.raw(position)?) } else { None });
        }
        let mut node = Node::new(op, &[], &[]);
        node.inputs = inputs;
        self.keep_node(node)
    }

    /// Adds a node that stands for the whole operator, with its outputs typed as the file says.
    pub(super) fn keep_node(&mut self, mut node: Node) -> Result<()> {
        for position in 0..self.outputs.len() {
            let tensor = self.output_tensor(position)?.clone();
            let id = self.reader.graph.add_value(&tensor.name, tensor.ty());
            self.reader.values[self.outputs[position]] = Some(id);
            node.outputs.push(Some(id));
        }
        self.reader.push(node.with_scope(self.scope.clone()));
        Ok(())
    }
}
