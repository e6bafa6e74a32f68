//! One unit while it is written: its tensors, and the operators that take its place.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    activation_function_type, builtin_operator as code, operator, pad_options, quantize_options, tensor_type,
};

use super::layout::{transposed, transposed_params};
use super::read::DYNAMIC_RANGE;
use super::spec;
use super::unit::{Pattern, Unit, dequantized};
use super::versions::{Facts, version};
use super::write::Writer;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Op, Transpose};
use crate::tensor::{DType, Data, Dim, Granularity, QuantParams, Tensor};

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
}

impl<'w, 'g> NodeWriter<'w, 'g> {
    pub(super) fn new(writer: &'w mut Writer<'g>, unit: &'w Unit<'g>) -> Self {
        Self { writer, unit, is_newer: false, is_lifted: false, hybrid: None }
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

    /// An input of integers in 32 bits, as TFLite wants shapes.
    pub(super) fn narrow(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        if let Some(constant) = self.graph().constant(value) {
            return self.int_tensor(constant.shape().to_vec(), constant.to_i64_vec()?);
        }
        if self.dtype(position) == Some(DType::I32) {
            return self.writer.tensor(value);
        }
        let producer = self.writer.uses.producer_node(self.graph(), value);
        if let Some(source) =
            producer.filter(|node| matches!(node.op, Op::Cast(_))).and_then(|node| node.input(0))
            && self.graph()[source].ty.as_ref().is_some_and(|ty| ty.dtype == DType::I32)
        {
            return self.writer.tensor(source);
        }
        let wide = self.writer.tensor(value)?;
        let dims = self.writer.dims_of(wide);
        let narrow = self.writer.add_tensor("narrow", DType::I32, dims, None)?;
        self.push(code::CAST, DType::I64, None, vec![wide], vec![narrow]);
        Ok(narrow)
    }

    /// A constant tensor of 32-bit integers.
    pub(super) fn int_tensor(&mut self, shape: Vec<usize>, ints: Vec<i64>) -> Result<i32> {
        let limit = |int: i64| int.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let ints: Vec<i32> = ints.into_iter().map(limit).collect();
        let tensor = Tensor::new(shape, Data::I32(ints.into()))?;
        self.writer.shared_constant("ints", &tensor)
    }

    /// A constant vector of 32-bit integers.
    pub(super) fn int_vector(&mut self, ints: &[i64]) -> Result<i32> {
        self.int_tensor(vec![ints.len()], ints.to_vec())
    }

    /// Adds a constant; its name begins with that of the output.
    pub(super) fn add_constant(
        &mut self,
        name: &str,
        tensor: &Tensor,
        quant: Option<&QuantParams>,
    ) -> Result<i32> {
        let output = self.unit.outputs.iter().flatten().next();
        let name = output.map_or(name.to_owned(), |id| format!("{}/{name}", self.graph()[*id].name()));
        self.writer.add_constant(&name, tensor, quant)
    }

    /// Weights with axes in the order `perm`; output channels lie on `axis` of the result.
    ///
    /// # Errors
    /// Parameters that the specification forbids, for an integer op.
    pub(super) fn weights(&mut self, position: usize, perm: &[usize], axis: usize) -> Result<i32> {
        let value = self.value(position)?;
        let name = self.graph()[value].name().to_owned();
        if let Some(constant) = self.graph().constant(value) {
            let moved = transposed(constant, perm)?;
            return self.writer.add_constant(&name, &moved, None);
        }
        let source = self.writer.uses.producer_node(self.graph(), value);
        let source = source.and_then(|node| Some((&node.op, self.graph().constant(node.input(0)?)?)));
        match source {
            Some((Op::Dequantize(op), constant)) => {
                let moved = transposed(constant, perm)?;
                let params = transposed_params(&op.params, perm);
                let index = self.writer.add_constant(&name, &moved, Some(&params))?;
                if self.unit.integer.is_some() {
                    spec::check_weights(&params, Some(axis)).map_err(|error| error.value(&name))?;
                    check_narrow(&moved, &params).map_err(|error| error.value(&name))?;
                    return Ok(index);
                }
                if self.dynamic_range().is_some() && spec::check_weights(&params, Some(axis)).is_ok() {
                    self.hybrid = Some(params.granularity != Granularity::PerTensor);
                    return Ok(index);
                }
                self.dequantize(&name, index, params.storage, &moved)
            }
            Some((Op::Cast(_), constant)) if constant.dtype() == DType::F16 => {
                let moved = transposed(constant, perm)?;
                let index = self.writer.add_constant(&name, &moved, None)?;
                self.dequantize(&name, index, DType::F16, &moved)
            }
            _ => {
                let tensor = self.writer.tensor(value)?;
                self.transpose(tensor, perm)
            }
        }
    }

    /// What the model's property says of float ops with integer weights.
    fn dynamic_range(&self) -> Option<&'g str> {
        let properties = &self.graph().metadata.properties;
        properties.iter().find(|(key, _)| key == DYNAMIC_RANGE).map(|(_, value)| value.as_str())
    }

    /// Whether it quantizes its input asymmetrically while it runs.
    pub(super) fn is_asymmetric_hybrid(&self) -> bool {
        self.hybrid.is_some() && self.dynamic_range() == Some("asymmetric")
    }

    fn dequantize(&mut self, name: &str, index: i32, from: DType, tensor: &Tensor) -> Result<i32> {
        let dims = tensor.shape().iter().map(|&dim| Dim::Known(dim)).collect();
        let output = self.writer.add_tensor(name, DType::F32, dims, None)?;
        self.push(code::DEQUANTIZE, from, None, vec![index], vec![output]);
        Ok(output)
    }

    /// A tensor with its axes reordered.
    pub(super) fn transpose(&mut self, tensor: i32, perm: &[usize]) -> Result<i32> {
        if perm.iter().copied().eq(0..perm.len()) {
            return Ok(tensor);
        }
        let dims = self.writer.dims_of(tensor);
        let dims: Vec<Dim> = perm.iter().map(|&axis| dims.get(axis).cloned().unwrap_or(Dim::Any)).collect();
        let order = self.int_vector(&perm.iter().map(|&axis| axis as i64).collect::<Vec<_>>())?;
        let params = self.writer.params_of(tensor);
        let dtype = params.as_ref().map_or(DType::F32, |params| params.storage);
        let output = self.writer.add_tensor("transposed", dtype, dims, params.as_ref())?;
        self.push(code::TRANSPOSE, dtype, None, vec![tensor, order], vec![output]);
        Ok(output)
    }

    /// A bias of this many numbers, in 32 or 64 bits with scale input × weight for an integer op.
    ///
    /// Without one, −1 or zeros, as the operator wants it.
    ///
    /// # Errors
    /// Integers whose scale is not input × weight.
    pub(super) fn bias(
        &mut self,
        position: usize,
        x: i32,
        weights: i32,
        n_outputs: usize,
        zeros: bool,
    ) -> Result<i32> {
        let value = self.unit.bias.or_else(|| self.unit.inputs.get(position).copied().flatten());
        let params = self.bias_params(x, weights, n_outputs)?;
        let Some(value) = value else {
            if !zeros {
                return Ok(-1);
            }
            let floats = Tensor::vector(vec![0f32; n_outputs]);
            return self.add_bias("bias", &floats, params.as_ref());
        };
        let name = self.graph()[value].name().to_owned();
        if let Some(constant) = self.graph().constant(value) {
            let flat = constant.clone().reshaped(vec![constant.len()])?;
            return self.add_bias(&name, &flat, params.as_ref());
        }
        let Some((op, integers)) = dequantized(self.graph(), &self.writer.uses, value) else {
            let source = self.writer.uses.producer_node(self.graph(), value);
            let is_half = source.is_some_and(|node| matches!(node.op, Op::Cast(_)));
            if params.is_some() || !is_half {
                return if params.is_some() {
                    Err(Error::unsupported("a bias that is computed").value(name))
                } else {
                    self.writer.tensor(value)
                };
            }
            return self.weights_as_they_are(value);
        };
        let Some(constant) = self.graph().constant(integers) else { return self.writer.tensor(value) };
        let Some(params) = params else { return self.writer.tensor(value) };
        check_bias(&op.params, &params).map_err(|error| error.value(&name))?;
        let flat = constant.clone().reshaped(vec![constant.len()])?;
        self.add_integer_bias(&name, &flat, &params)
    }

    fn weights_as_they_are(&mut self, value: ValueId) -> Result<i32> {
        let node = self.writer.uses.producer_node(self.graph(), value);
        let constant = node.and_then(|node| self.graph().constant(node.input(0)?));
        let name = self.graph()[value].name().to_owned();
        match constant {
            Some(constant) if constant.dtype() == DType::F16 => {
                let index = self.writer.add_constant(&name, constant, None)?;
                self.dequantize(&name, index, DType::F16, constant)
            }
            _ => self.writer.tensor(value),
        }
    }

    /// For an integer op, the parameters that its bias must have.
    fn bias_params(&self, x: i32, weights: i32, n_outputs: usize) -> Result<Option<QuantParams>> {
        if self.unit.integer.is_none() {
            return Ok(None);
        }
        let (Some(x), Some(w)) = (self.writer.params_of(x), self.writer.params_of(weights)) else {
            return Err(Error::internal("an integer op without parameters"));
        };
        let scale: Vec<f32> = w.scale.iter().map(|scale| x.scale[0] * scale).collect();
        let mut params = QuantParams::per_tensor(DType::I32, 1.0, 0);
        if scale.len() > 1 {
            if scale.len() != n_outputs {
                return Err(Error::graph(format!("{} scales for {n_outputs} outputs", scale.len())));
            }
            params.granularity = Granularity::PerAxis(0);
        }
        params.zero_point = vec![0; scale.len()];
        params.scale = scale;
        Ok(Some(params))
    }

    fn add_bias(&mut self, name: &str, floats: &Tensor, params: Option<&QuantParams>) -> Result<i32> {
        let Some(params) = params else { return self.writer.add_constant(name, floats, None) };
        // Source: TFLite's quantizer; the product with the reciprocal in f32, halves away from 0.
        let integer = |(channel, bias): (usize, &f32)| {
            let scale = params.scale[if params.scale.len() == 1 { 0 } else { channel }];
            (bias * (1.0 / scale)).round() as i32
        };
        let integers: Vec<i32> = floats.as_slice::<f32>()?.iter().enumerate().map(integer).collect();
        self.add_integer_bias(name, &Tensor::vector(integers), params)
    }

    fn add_integer_bias(&mut self, name: &str, integers: &Tensor, params: &QuantParams) -> Result<i32> {
        if self.unit_storage() != Some(DType::I16) {
            return self.writer.add_constant(name, integers, Some(params));
        }
        let wide = Tensor::vector(integers.to_i64_vec()?);
        self.writer.add_constant(name, &wide, Some(params))
    }

    /// Storage type of an integer op's activations.
    pub(super) fn unit_storage(&self) -> Option<DType> {
        Some(self.unit.integer.as_ref()?.first()?.storage)
    }

    /// The code of the fused activation.
    pub(super) fn activation(&self) -> i8 {
        self.unit.activation.code().unwrap_or(activation_function_type::NONE)
    }

    /// The type that a 16-bit op's bias has, for the options of its operator.
    pub(super) fn bias_type(&self) -> i8 {
        if self.unit_storage() == Some(DType::I16) { tensor_type::INT64 } else { 0 }
    }

    /// Adds an operator between tensors of the file.
    pub(super) fn push(
        &mut self,
        code: i32,
        input: DType,
        options: Option<Options>,
        inputs: Vec<i32>,
        outputs: Vec<i32>,
    ) {
        let has_bias = inputs.get(2).is_some_and(|index| *index >= 0);
        let facts = Facts { input, has_bias, is_newer: self.is_newer, hybrid: self.hybrid };
        let rest = match options {
            Some((tag, table)) => Object::default()
                .set(operator::BUILTIN_OPTIONS_TYPE, tag)
                .child(operator::BUILTIN_OPTIONS, table),
            None => Object::default(),
        };
        let version = version(code, facts);
        self.writer.push(FileOp { code, custom: String::new(), version, inputs, outputs, rest });
    }

    /// A tensor of the file with this type, which an operator inside of the unit computes.
    pub(super) fn temporary(&mut self, name: &str, dims: Vec<Dim>, like: i32) -> Result<i32> {
        let params = self.writer.params_of(like).filter(|_| self.unit.integer.is_some());
        let dtype = params.as_ref().map_or(DType::F32, |params| params.storage);
        self.writer.add_tensor(name, dtype, dims, params.as_ref())
    }

    /// Dimensions of a tensor of the file.
    pub(super) fn tensor_dims(&self, index: i32) -> Vec<Dim> {
        self.writer.dims_of(index)
    }

    /// The operator for the whole unit, whose output has the parameters that the graph says.
    pub(super) fn emit(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>) -> Result<()> {
        let params: Vec<Option<QuantParams>> = match &self.unit.integer {
            Some(params) => params.iter().map(|params| Some((**params).clone())).collect(),
            None => vec![None; self.unit.outputs.len()],
        };
        self.emit_with(code, options, inputs, &params)
    }

    /// The operator for the whole unit with outputs that have the parameters of its first input.
    pub(super) fn emit_same(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>) -> Result<()> {
        let own = self.writer.params_of(inputs.first().copied().unwrap_or(-1));
        let own = own.filter(|_| self.unit.integer.is_some());
        self.emit_with(code, options, inputs, &vec![own; self.unit.outputs.len()])
    }

    /// The operator for the whole unit with outputs of these parameters; where the graph wants others, the integers
    /// are converted after it.
    pub(super) fn emit_with(
        &mut self,
        code: i32,
        options: Option<Options>,
        inputs: Vec<i32>,
        params: &[Option<QuantParams>],
    ) -> Result<()> {
        let dtype = self.input_type(&inputs);
        let mut outputs = Vec::new();
        let mut conversions = Vec::new();
        if self.is_lifted {
            return self.emit_lifted(code, options, inputs, params);
        }
        for (position, output) in self.unit.outputs.iter().enumerate() {
            let given = params.get(position).cloned().flatten();
            let wanted = match &self.unit.integer {
                Some(all) => all.get(position).map(|params| (**params).clone()),
                None => given.clone(),
            };
            if let Some(wanted) = &wanted {
                spec::check_activation(wanted)?;
            }
            let index = match *output {
                Some(output) if given == wanted => self.writer.add_value(output, wanted.as_ref())?,
                Some(output) => {
                    let inner = self.inner_output(output, given.as_ref())?;
                    conversions.push((inner, output, wanted));
                    inner
                }
                None => self.writer.add_tensor("unused", dtype, self.output_dims(0)?, given.as_ref())?,
            };
            outputs.push(index);
        }
        self.push(code, dtype, options, inputs, outputs);
        for (inner, output, wanted) in conversions {
            let index = self.writer.add_value(output, wanted.as_ref())?;
            let options = (qdq_schema::tflite::builtin_options::QUANTIZE_OPTIONS, Object::default());
            debug_assert!(quantize_options::KINDS.is_empty(), "the table has no fields");
            self.push(code::QUANTIZE, dtype, Some(options), vec![inner], vec![index]);
        }
        Ok(())
    }

    /// As [`NodeWriter::emit_with`], for an op whose output has a height of 1 before its width.
    fn emit_lifted(
        &mut self,
        code: i32,
        options: Option<Options>,
        inputs: Vec<i32>,
        params: &[Option<QuantParams>],
    ) -> Result<()> {
        self.is_lifted = false;
        let mut dims = self.output_dims(0)?;
        let shape = Self::shape_of(&dims);
        dims.insert(1, Dim::Known(1));
        let given = params.first().cloned().flatten();
        let dtype = self.input_type(&inputs);
        let inner = self.writer.add_tensor("lifted", dtype, dims, given.as_ref())?;
        self.push(code, dtype, options, inputs, vec![inner]);
        let shape = self.int_vector(&shape)?;
        let options = (qdq_schema::tflite::builtin_options::RESHAPE_OPTIONS, Object::default());
        self.emit_with(
            qdq_schema::tflite::builtin_operator::RESHAPE,
            Some(options),
            vec![inner, shape],
            params,
        )
    }

    /// Dimensions as a shape in which one that is not known is −1.
    pub(super) fn shape_of(dims: &[Dim]) -> Vec<i64> {
        dims.iter().map(|dim| dim.known().map_or(-1, |size| size as i64)).collect()
    }

    /// A tensor with a new axis 1 of size 1.
    pub(super) fn lift(&mut self, tensor: i32) -> Result<i32> {
        let mut dims = self.writer.dims_of(tensor);
        dims.insert(1, Dim::Known(1));
        if let Some(index) = self.writer.reshaped_constant(tensor, &dims) {
            return Ok(index);
        }
        let shape = self.int_vector(&Self::shape_of(&dims))?;
        let output = self.temporary("lifted", dims, tensor)?;
        let options = (qdq_schema::tflite::builtin_options::RESHAPE_OPTIONS, Object::default());
        let dtype = self.unit_storage().unwrap_or(DType::F32);
        self.push(code::RESHAPE, dtype, Some(options), vec![tensor, shape], vec![output]);
        Ok(output)
    }

    /// The batch of a tensor and these sizes, as a tensor.
    pub(super) fn shape_with_batch_of(&mut self, tensor: i32, sizes: &[i64]) -> Result<i32> {
        use qdq_schema::tflite::{builtin_options as tag, shape_options};
        let rank = self.writer.dims_of(tensor).len();
        let vector = |len: usize| vec![Dim::Known(len)];
        let shape = self.writer.add_tensor("shape", DType::I32, vector(rank), None)?;
        let table = Object::default().set(shape_options::OUT_TYPE, tensor_type::INT32);
        self.push(code::SHAPE, DType::F32, Some((tag::SHAPE_OPTIONS, table)), vec![tensor], vec![shape]);
        let (begin, size) = (self.int_vector(&[0])?, self.int_vector(&[1])?);
        let batch = self.writer.add_tensor("batch", DType::I32, vector(1), None)?;
        let options = Some((tag::SLICE_OPTIONS, Object::default()));
        self.push(code::SLICE, DType::I32, options, vec![shape, begin, size], vec![batch]);
        let rest = self.int_vector(sizes)?;
        let joined = self.writer.add_tensor("output_shape", DType::I32, vector(1 + sizes.len()), None)?;
        let options = Some((tag::CONCATENATION_OPTIONS, Object::default()));
        self.push(code::CONCATENATION, DType::I32, options, vec![batch, rest], vec![joined]);
        Ok(joined)
    }

    /// Whether an input is constant, perhaps dequantized or converted.
    pub(super) fn is_constant(&self, position: usize) -> bool {
        let Ok(value) = self.value(position) else { return false };
        if self.graph().constant(value).is_some() {
            return true;
        }
        let node = self.writer.uses.producer_node(self.graph(), value);
        node.is_some_and(|node| {
            matches!(node.op, Op::Dequantize(_) | Op::Cast(_))
                && node.input(0).is_some_and(|source| self.graph().constant(source).is_some())
        })
    }

    /// The operator of a transposed convolution, whose activation comes third.
    pub(super) fn emit_transposed(
        &mut self,
        code: i32,
        options: Options,
        inputs: Vec<i32>,
        has_bias: bool,
    ) -> Result<()> {
        self.is_newer = has_bias;
        self.emit(code, Some(options), inputs)
    }

    fn inner_output(&mut self, output: ValueId, params: Option<&QuantParams>) -> Result<i32> {
        let value = &self.graph()[output];
        let dims = value.ty.as_ref().and_then(|ty| ty.shape.clone());
        let dims = dims.ok_or_else(|| Error::unsupported("the number of dimensions is not known"))?;
        let dtype = params.map_or(DType::F32, |params| params.storage);
        self.writer.add_tensor(&format!("{}/inner", value.name()), dtype, dims, params)
    }

    fn input_type(&self, inputs: &[i32]) -> DType {
        let params = self.writer.params_of(inputs.first().copied().unwrap_or(-1));
        match (self.unit_storage(), params) {
            (Some(storage), _) => storage,
            (None, Some(params)) => params.storage,
            (None, None) => self.dtype(0).unwrap_or(DType::F32),
        }
    }

    /// An integer op's input converted to the parameters of the output, where it has others.
    pub(super) fn input_like_output(&mut self, position: usize) -> Result<i32> {
        let index = self.input(position)?;
        let wanted =
            self.unit.integer.as_ref().and_then(|params| params.first()).map(|params| (**params).clone());
        let Some(wanted) = wanted else { return Ok(index) };
        if self.writer.params_of(index).as_ref() == Some(&wanted) {
            return Ok(index);
        }
        let dims = self.writer.dims_of(index);
        let converted = self.writer.add_tensor("requantized", wanted.storage, dims, Some(&wanted))?;
        let options = (qdq_schema::tflite::builtin_options::QUANTIZE_OPTIONS, Object::default());
        self.push(code::QUANTIZE, wanted.storage, Some(options), vec![index], vec![converted]);
        Ok(converted)
    }

    /// A tensor padded with zeros (or, for an integer op, with its zero point) along all axes.
    pub(super) fn padded(&mut self, tensor: i32, pads: &[(usize, usize)], value: Option<f32>) -> Result<i32> {
        let dims = self.writer.dims_of(tensor);
        let grown = dims.iter().zip(pads).map(|(dim, (before, after))| match dim.known() {
            Some(size) => Dim::Known(size + before + after),
            None => Dim::Any,
        });
        let output = self.temporary("padded", grown.collect(), tensor)?;
        let flat = pads.iter().flat_map(|(before, after)| [*before as i64, *after as i64]).collect();
        let amounts = self.int_tensor(vec![pads.len(), 2], flat)?;
        let dtype = self.unit_storage().unwrap_or(DType::F32);
        let tags = (
            qdq_schema::tflite::builtin_options::PAD_OPTIONS,
            qdq_schema::tflite::builtin_options::PAD_V2_OPTIONS,
        );
        debug_assert!(pad_options::KINDS.is_empty(), "the table has no fields");
        match value {
            None => self.push(
                code::PAD,
                dtype,
                Some((tags.0, Object::default())),
                vec![tensor, amounts],
                vec![output],
            ),
            Some(value) => {
                let value = self.constant_like(tensor, &Tensor::vector(vec![value]))?;
                let options = Some((tags.1, Object::default()));
                self.push(code::PADV2, dtype, options, vec![tensor, amounts, value], vec![output]);
            }
        }
        Ok(output)
    }

    /// Lets a tensor stand for the unit's output; an output of the graph gets an operator of its own.
    pub(super) fn emit_copy(&mut self, tensor: i32) -> Result<()> {
        let output = self.unit.outputs.first().copied().flatten();
        let is_graph_output = output.is_some_and(|output| self.graph().body.outputs.contains(&output));
        match output {
            Some(output) if !is_graph_output => {
                self.writer.bind(output, tensor);
                Ok(())
            }
            _ => {
                let dims = self.output_dims(0)?;
                let shape = Self::shape_of(&dims);
                if shape.iter().filter(|size| **size < 0).count() > 1 {
                    return Err(Error::unsupported("a copy of a tensor of unknown sizes"));
                }
                let shape = self.int_vector(&shape)?;
                let options = (qdq_schema::tflite::builtin_options::RESHAPE_OPTIONS, Object::default());
                self.emit_same(code::RESHAPE, Some(options), vec![tensor, shape])
            }
        }
    }

    /// Operators of two inputs that take any number of inputs one after another.
    pub(super) fn emit_chain(
        &mut self,
        code: i32,
        options: impl Fn() -> Option<Options>,
        inputs: &[i32],
    ) -> Result<()> {
        let Some((&last, [first, middle @ ..])) = inputs.split_last() else {
            return Err(Error::graph("no inputs"));
        };
        if inputs.len() == 1 {
            return self.emit_copy(last);
        }
        let dims = self.output_dims(0)?;
        let mut sum = *first;
        for &input in middle {
            let next = self.temporary("joined", dims.clone(), *first)?;
            self.push_float(code, options(), vec![sum, input], next);
            sum = next;
        }
        self.emit(code, options(), vec![sum, last])
    }

    /// An operator inside of the unit.
    pub(super) fn push_float(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>, output: i32) {
        let dtype = self.input_type(&inputs);
        self.push(code, dtype, options, inputs, vec![output]);
    }

    /// A constant vector of real numbers; one number has no dimensions.
    pub(super) fn float_constant(&mut self, name: &str, floats: &[f32]) -> Result<i32> {
        let shape = if floats.len() == 1 { Vec::new() } else { vec![floats.len()] };
        self.float_tensor(name, shape, floats)
    }

    /// A constant of real numbers.
    pub(super) fn float_tensor(&mut self, name: &str, shape: Vec<usize>, floats: &[f32]) -> Result<i32> {
        let tensor = Tensor::from_vec(shape, floats.to_vec())?;
        self.add_constant(name, &tensor, None)
    }

    /// A constant of real numbers, for an integer op in the parameters of a tensor.
    pub(super) fn constant_like(&mut self, tensor: i32, floats: &Tensor) -> Result<i32> {
        let params = self.writer.params_of(tensor).filter(|_| self.unit.integer.is_some());
        let constant = match &params {
            Some(params) => crate::ops::quantize(floats.clone(), params)?,
            None => floats.clone(),
        };
        self.add_constant("constant", &constant, params.as_ref())
    }

    /// A tensor that keeps its content between runs, at first zeros.
    pub(super) fn variable(&mut self, name: &str, shape: &[usize]) -> Result<i32> {
        let dims = shape.iter().map(|&size| Dim::Known(size)).collect();
        let index = self.writer.add_tensor(name, DType::F32, dims, None)?;
        self.writer.make_variable(index);
        Ok(index)
    }

    /// The operator of a split, whose parts have the parameters of `data`.
    pub(super) fn emit_split(
        &mut self,
        code: i32,
        options: Options,
        inputs: Vec<i32>,
        data: i32,
    ) -> Result<()> {
        let own = self.writer.params_of(data).filter(|_| self.unit.integer.is_some());
        self.emit_with(code, Some(options), inputs, &vec![own; self.unit.outputs.len()])
    }

    /// The integers of an input that is dequantized for this op alone, else the input.
    pub(super) fn integers_or_input(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        let Some((op, integers)) = dequantized(self.graph(), &self.writer.uses, value) else {
            return self.writer.tensor(value);
        };
        let index = self.writer.tensor(integers)?;
        let params = op.params.clone();
        self.writer.set_params(index, &params);
        Ok(index)
    }

    /// Tensors of the outputs as their types say.
    pub(super) fn raw_outputs(&mut self) -> Result<Vec<i32>> {
        self.unit.outputs.iter().flatten().map(|output| self.writer.add_value(*output, None)).collect()
    }

    /// Adds an operator that is complete.
    pub(super) fn finish(&mut self, op: FileOp) {
        self.writer.push(op);
    }

    /// The operand of a transpose that swaps the last two axes, if an input is one.
    pub(super) fn untransposed(&mut self, position: usize) -> Result<Option<i32>> {
        let value = self.value(position)?;
        let Some(node) = self.writer.uses.producer_node(self.graph(), value) else { return Ok(None) };
        let Op::Transpose(Transpose { perm: Some(perm) }) = &node.op else { return Ok(None) };
        let rank = perm.len();
        let swaps = rank >= 2
            && perm[..rank - 2].iter().copied().eq(0..rank - 2)
            && perm[rank - 2..] == [rank - 1, rank - 2];
        match node.input(0) {
            Some(source) if swaps => self.writer.tensor(source).map(Some),
            _ => Ok(None),
        }
    }
}

/// Weights must not use −128 (or −8), for which kernels leave no room.
fn check_narrow(weights: &Tensor, params: &QuantParams) -> Result<()> {
    let (min, _) = params.storage.integer_range().unwrap_or_default();
    let has_min = match weights.data() {
        Data::I8(elements) => elements.contains(&-128),
        _ => false,
    };
    if has_min {
        return Err(Error::unsupported(format!("weights of {min}"))
            .help("quantize weights to the narrow range -127..127"));
    }
    Ok(())
}

/// A bias in integers must have scale input × weight, up to rounding, and zero point 0.
fn check_bias(own: &QuantParams, wanted: &QuantParams) -> Result<()> {
    /// How far the product of two scales may be off: it was rounded to f32.
    const RELATIVE: f32 = 1e-5;
    let scale = |params: &QuantParams, channel: usize| {
        params.scale[if params.scale.len() == 1 { 0 } else { channel }]
    };
    let n_channels = own.scale.len().max(wanted.scale.len());
    let differs = (0..n_channels).any(|channel| {
        (scale(own, channel) - scale(wanted, channel)).abs() > RELATIVE * scale(wanted, channel)
    });
    if own.scale.len() > 1 && wanted.scale.len() > 1 && own.scale.len() != wanted.scale.len() {
        return Err(Error::graph("a bias and weights of different numbers of channels"));
    }
    if differs || own.zero_point.iter().any(|zero| *zero != 0) {
        return Err(Error::unsupported(
            "a bias whose scale is not input × weight, or whose zero point is not 0",
        )
        .help("leave the bias in float, or quantize it with scale input × weight"));
    }
    Ok(())
}
