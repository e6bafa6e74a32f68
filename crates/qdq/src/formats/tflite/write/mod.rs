//! A [`Graph`] to a model file.

mod file;

use std::collections::HashMap;

use bytes::Bytes;
use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::builtin_operator;

use super::blocks::scales_of_blocks;
use super::constant::write_constant;
use super::dtype::write_dtype;
use super::limits::LimitIntegers;
use super::node_writer::{FileOp, NodeWriter};
use super::unit::{Unit, dequantized, units};
use super::versions::{Facts, version};
use super::{ops, unsigned};
use crate::error::{Error, Result};
use crate::graph::{Graph, Uses, ValueId};
use crate::ops::Op;
use crate::passes::{Layout, apply, push_transposes};
use crate::tensor::{DType, Dim, Granularity, QuantParams, Tensor, TensorType};

/// How a model is written.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// Weights that come to more bytes than this lie behind the flatbuffer, whose offsets have 32 bits, of which runtimes use
    /// 31.
    pub max_flatbuffer_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        // Room for all that is not weights.
        Self { max_flatbuffer_bytes: (1 << 31) - (1 << 26) }
    }
}

/// A model as it lies in a file.
#[derive(Clone, Debug)]
pub struct Written {
    /// The file's bytes, in order.
    pub model: Vec<Bytes>,
    /// Float ops of a model that has integer ops, as they are called in messages.
    pub left_in_float: Vec<String>,
}

impl Written {
    /// The file's bytes.
    pub fn model_bytes(&self) -> Vec<u8> {
        self.model.concat()
    }
}

/// Writes a model.
///
/// Ops over images come channels last; inputs and outputs keep their order. Where an op stands between bridges and the
/// runtime has an integer kernel for it, it is written as integer op with exactly these parameters; unsigned 8-bit
/// integers become signed ones, which moves their zero points by 128.
///
/// # Errors
/// Everything the format cannot hold, and every parameter that the `LiteRT` quantization specification forbids, each
/// with its node.
pub fn write(graph: &Graph, options: &WriteOptions) -> Result<Written> {
    let mut signed = graph.clone();
    unsigned::make_signed(&mut signed)?;
    let mut subgraphs = Vec::new();
    let main = write_subgraph(signed, &mut subgraphs)?;
    subgraphs.insert(0, main);
    let n_integer: usize = subgraphs.iter().map(|subgraph| subgraph.n_integer).sum();
    let float_ops =
        subgraphs.iter_mut().flat_map(|subgraph| std::mem::take(&mut subgraph.float_ops)).collect();
    let left_in_float = if n_integer > 0 { float_ops } else { Vec::new() };
    let model = file::build(graph, subgraphs, options.max_flatbuffer_bytes)?;
    Ok(Written { model, left_in_float })
}

/// A graph as it will lie in the file.
struct Subgraph {
    name: String,
    tensors: Vec<OutTensor>,
    ops: Vec<FileOp>,
    /// Tensors of the inputs and outputs.
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    /// Float ops, as they are called in messages, and the number of integer ops.
    float_ops: Vec<String>,
    n_integer: usize,
}

/// Writes a graph. Those that its loops and branches run come into `others`, in the order of their numbers, which
/// start at 1.
fn write_subgraph(mut graph: Graph, others: &mut Vec<Subgraph>) -> Result<Subgraph> {
    push_transposes(&mut graph, Layout::ChannelsLast)?;
    apply(&mut graph, &[&LimitIntegers])?;
    let mut writer = Writer {
        uses: Uses::new(&graph),
        graph: &graph,
        tensors: Vec::new(),
        tensor_of: HashMap::new(),
        ops: Vec::new(),
        shared: HashMap::new(),
        others: std::mem::take(others),
        errors: Vec::new(),
    };
    let mut float_ops = Vec::new();
    let mut n_integer = 0;
    for &input in &graph.body.inputs {
        if let Err(error) = writer.add_value(input, None) {
            writer.errors.push(error);
        }
    }
    for unit in units(&graph) {
        writer.write_unit(&unit);
        if unit.integer.is_some() {
            n_integer += 1;
        } else if is_float_op(&graph, &unit) {
            float_ops.push(graph.describe(unit.node));
        }
    }
    let outputs: Vec<Result<i32>> = graph.body.outputs.iter().map(|&output| writer.tensor(output)).collect();
    let mut output_tensors = Vec::new();
    for output in outputs {
        match output {
            Ok(index) => output_tensors.push(index),
            Err(error) => writer.errors.push(error),
        }
    }
    if let Some(error) = Error::all(std::mem::take(&mut writer.errors)) {
        return Err(error);
    }
    writer.remove_unused(&output_tensors);
    let outputs = writer.compact(&output_tensors);
    let inputs = graph.body.inputs.iter().filter_map(|id| writer.tensor_of.get(id).copied()).collect();
    *others = std::mem::take(&mut writer.others);
    let Writer { tensors, ops, .. } = writer;
    let name = if graph.name.is_empty() { "main".to_owned() } else { graph.name.clone() };
    Ok(Subgraph { name, tensors, ops, inputs, outputs, float_ops, n_integer })
}

fn is_float_op(graph: &Graph, unit: &Unit<'_>) -> bool {
    let is_float = |id: &ValueId| graph[*id].ty.as_ref().is_some_and(|ty| ty.dtype.is_float());
    !matches!(unit.node.op, Op::Quantize(_) | Op::Transpose(_) | Op::Reshape(_) | Op::Identity(_))
        && unit.inputs.iter().flatten().any(is_float)
}

/// A tensor of the file.
#[derive(Clone, Debug)]
struct OutTensor {
    name: String,
    code: i8,
    dims: Vec<Dim>,
    quant: Option<QuantParams>,
    /// The bytes of a constant.
    content: Option<Bytes>,
    is_variable: bool,
    /// The tensor of the scales of its blocks.
    scales: Option<i32>,
}

/// A file while it is written.
pub(super) struct Writer<'g> {
    pub(super) graph: &'g Graph,
    pub(super) uses: Uses,
    tensors: Vec<OutTensor>,
    tensor_of: HashMap<ValueId, i32>,
    ops: Vec<FileOp>,
    shared: HashMap<(Bytes, Vec<Dim>), i32>,
    /// Graphs that loops and branches run.
    others: Vec<Subgraph>,
    errors: Vec<Error>,
}

impl<'g> Writer<'g> {
    fn write_unit(&mut self, unit: &Unit<'g>) {
        let describe = self.graph.describe(unit.node);
        if let Err(error) = ops::write_node(&unit.node.op, &mut NodeWriter::new(self, unit)) {
            self.errors.push(error.node(describe));
            for output in unit.outputs.iter().flatten() {
                // So that the nodes that follow do not fail for want of inputs, too.
                let _ = self
                    .add_value(*output, None)
                    .or_else(|_| self.add_tensor("", DType::F32, Vec::new(), None));
                self.tensor_of.entry(*output).or_insert(0);
            }
        }
    }

    /// The tensor of a value; constants and dequantized values are written when they are first asked for.
    pub(super) fn tensor(&mut self, id: ValueId) -> Result<i32> {
        if let Some(index) = self.tensor_of.get(&id) {
            return Ok(*index);
        }
        if let Some(constant) = self.graph.constant(id) {
            let quant = self.graph[id].ty.as_ref().and_then(|ty| ty.quant.as_deref().cloned());
            let index = self.add_constant(self.graph[id].name(), constant, quant.as_ref())?;
            self.tensor_of.insert(id, index);
            return Ok(index);
        }
        let Some((op, integers)) = dequantized(self.graph, &self.uses, id) else {
            return Err(Error::internal("a value that nothing computes").value(self.graph[id].name()));
        };
        if let Some(constant) = self.graph.constant(integers).filter(|_| op.params.storage == DType::I32) {
            // The bias of a float op: no kernel dequantizes 32 bits.
            let floats = crate::ops::dequantize(constant, &op.params)?;
            let index = self.add_constant(self.graph[id].name(), &floats, None)?;
            self.tensor_of.insert(id, index);
            return Ok(index);
        }
        let input = match self.graph.constant(integers) {
            Some(constant) => self.add_constant(self.graph[integers].name(), constant, Some(&op.params))?,
            None => self.tensor(integers)?,
        };
        if self.tensors[input as usize].quant.is_none() {
            self.tensors[input as usize].quant = Some(op.params.clone());
        }
        let output = self.add_value(id, None)?;
        let facts = Facts { input: op.params.storage, has_bias: false, is_newer: false, hybrid: None };
        self.push(FileOp::plain(builtin_operator::DEQUANTIZE, facts, vec![input], vec![output]));
        Ok(output)
    }

    /// The tensor that a value is computed into, with parameters if it is quantized.
    pub(super) fn add_value(&mut self, id: ValueId, quant: Option<&QuantParams>) -> Result<i32> {
        let value = &self.graph[id];
        let Some(TensorType { dtype, shape: Some(dims), quant: own }) = &value.ty else {
            return Err(Error::unsupported("the number of dimensions is not known")
                .value(value.name())
                .help("fix the model's input shapes"));
        };
        let index = self.add_tensor(value.name(), *dtype, dims.clone(), quant.or(own.as_deref()))?;
        self.tensor_of.insert(id, index);
        Ok(index)
    }

    /// Adds a tensor that an op computes.
    pub(super) fn add_tensor(
        &mut self,
        name: &str,
        dtype: DType,
        dims: Vec<Dim>,
        quant: Option<&QuantParams>,
    ) -> Result<i32> {
        let tensor = OutTensor {
            name: name.to_owned(),
            code: write_dtype(dtype),
            dims,
            quant: quant.cloned(),
            content: None,
            is_variable: false,
            scales: None,
        };
        self.push_tensor(tensor)
    }

    fn push_tensor(&mut self, tensor: OutTensor) -> Result<i32> {
        self.tensors.push(tensor);
        i32::try_from(self.tensors.len() - 1)
            .map_err(|_| Error::unsupported("more tensors than TFLite can count"))
    }

    /// Adds a tensor of the type of another one.
    pub(super) fn add_like(&mut self, name: &str, like: i32) -> Result<i32> {
        let like = usize::try_from(like).ok().and_then(|index| self.tensors.get(index));
        let like = like.ok_or_else(|| Error::internal("no such tensor"))?;
        let made = OutTensor { name: name.to_owned(), content: None, is_variable: false, ..like.clone() };
        self.push_tensor(made)
    }

    /// Adds a constant; the file stores equal contents once.
    pub(super) fn add_constant(
        &mut self,
        name: &str,
        tensor: &Tensor,
        quant: Option<&QuantParams>,
    ) -> Result<i32> {
        let bytes = write_constant(tensor).map_err(|error| error.value(name))?;
        let dims = tensor.shape().iter().map(|&dim| Dim::Known(dim)).collect();
        let index = self.add_tensor(name, tensor.dtype(), dims, quant)?;
        self.tensors[index as usize].content = Some(bytes);
        if let Some(params) =
            quant.filter(|params| matches!(params.granularity, Granularity::PerBlock { .. }))
        {
            let rows = tensor.shape().first().copied().unwrap_or(1);
            let scales = scales_of_blocks(params, rows).map_err(|error| error.value(name))?;
            let scales = self.add_constant(&format!("{name}_scales"), &scales, None)?;
            self.tensors[index as usize].scales = Some(scales);
        }
        Ok(index)
    }

    /// As [`Writer::add_constant`] for a constant that many ops need: equal ones are one tensor.
    pub(super) fn shared_constant(&mut self, name: &str, tensor: &Tensor) -> Result<i32> {
        let index = self.add_constant(name, tensor, None)?;
        let made = &self.tensors[index as usize];
        let key = (made.content.clone().unwrap_or_default(), made.dims.clone());
        if let Some(&shared) = self.shared.get(&key) {
            self.tensors.pop();
            return Ok(shared);
        }
        self.shared.insert(key, index);
        Ok(index)
    }

    /// A constant in another shape; `None` if the tensor is computed.
    pub(super) fn reshaped_constant(&mut self, index: i32, dims: &[Dim]) -> Option<i32> {
        let tensor = usize::try_from(index).ok().and_then(|index| self.tensors.get(index))?;
        tensor.content.as_ref()?;
        let mut reshaped = OutTensor { dims: dims.to_vec(), ..tensor.clone() };
        // The axis of the channels is the last one, or the first.
        if let Some(QuantParams { granularity: Granularity::PerAxis(axis), .. }) = &mut reshaped.quant
            && *axis > 0
        {
            *axis += dims.len() - tensor.dims.len();
        }
        self.tensors.push(reshaped);
        i32::try_from(self.tensors.len() - 1).ok()
    }

    /// Dimensions of a tensor of the file.
    pub(super) fn dims_of(&self, index: i32) -> Vec<Dim> {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.tensors.get(index))
            .map_or_else(Vec::new, |t| t.dims.clone())
    }

    /// Parameters of a tensor of the file.
    pub(super) fn params_of(&self, index: i32) -> Option<QuantParams> {
        self.tensors.get(usize::try_from(index).ok()?)?.quant.clone()
    }

    /// Gives parameters to a tensor that has none.
    pub(super) fn set_params(&mut self, index: i32, params: &QuantParams) {
        if let Some(tensor) = usize::try_from(index).ok().and_then(|index| self.tensors.get_mut(index)) {
            tensor.quant.get_or_insert_with(|| params.clone());
        }
    }

    /// Lets a tensor keep its content between runs.
    pub(super) fn make_variable(&mut self, index: i32) {
        if let Some(tensor) = usize::try_from(index).ok().and_then(|index| self.tensors.get_mut(index)) {
            tensor.is_variable = true;
        }
    }

    /// Lets a tensor stand for a value.
    pub(super) fn bind(&mut self, id: ValueId, index: i32) {
        self.tensor_of.insert(id, index);
    }

    /// Adds a graph that an operator runs, and gives its number.
    pub(super) fn add_subgraph(&mut self, graph: Graph) -> Result<i32> {
        let subgraph = write_subgraph(graph, &mut self.others)?;
        self.others.push(subgraph);
        i32::try_from(self.others.len()).map_err(|_| Error::unsupported("more graphs than TFLite can count"))
    }

    /// Adds an operator.
    pub(super) fn push(&mut self, op: FileOp) {
        self.ops.push(op);
    }
}

impl FileOp {
    /// An operator without options.
    pub(super) fn plain(code: i32, facts: Facts, inputs: Vec<i32>, outputs: Vec<i32>) -> Self {
        Self {
            code,
            custom: String::new(),
            version: version(code, facts),
            inputs,
            outputs,
            intermediates: Vec::new(),
            rest: Object::default(),
        }
    }
}
