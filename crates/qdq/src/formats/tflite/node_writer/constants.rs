//! Constants, shapes and variables of a unit.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{builtin_operator as code, builtin_options as tag, tensor_type};

use super::NodeWriter;
use crate::error::Result;
use crate::ops::Op;
use crate::tensor::{DType, Data, Dim, QuantParams, Tensor};

impl NodeWriter<'_, '_> {
    /// An input of integers in 32 bits, as TFLite wants shapes.
    pub(crate) fn narrow(&mut self, position: usize) -> Result<i32> {
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
        self.cast_to_32_bits(wide)
    }

    fn cast_to_32_bits(&mut self, wide: i32) -> Result<i32> {
        let dims = self.writer.dims_of(wide);
        let narrow = self.writer.add_tensor("narrow", DType::I32, dims, None)?;
        self.push(code::CAST, DType::I64, None, vec![wide], vec![narrow]);
        Ok(narrow)
    }

    /// A constant tensor of 32-bit integers.
    pub(crate) fn int_tensor(&mut self, shape: Vec<usize>, ints: Vec<i64>) -> Result<i32> {
        let limit = |int: i64| int.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let ints: Vec<i32> = ints.into_iter().map(limit).collect();
        let tensor = Tensor::new(shape, Data::I32(ints.into()))?;
        self.writer.shared_constant("ints", &tensor)
    }

    /// A constant vector of 32-bit integers.
    pub(crate) fn int_vector(&mut self, ints: &[i64]) -> Result<i32> {
        self.int_tensor(vec![ints.len()], ints.to_vec())
    }

    /// As [`Self::narrow`], for numbers that may be beyond 32 bits and then stand for the largest there is.
    pub(crate) fn narrow_limited(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        if self.graph().constant(value).is_some() || self.dtype(position) != Some(DType::I64) {
            return self.narrow(position);
        }
        let all = self.writer.tensor(value)?;
        let most = self.writer.shared_constant("most", &Tensor::scalar(i64::from(i32::MAX)))?;
        let limited = self.writer.add_like("limited", all)?;
        let options = Some((tag::MAXIMUM_MINIMUM_OPTIONS, Object::default()));
        self.push(code::MINIMUM, DType::I64, options, vec![all, most], vec![limited]);
        self.cast_to_32_bits(limited)
    }

    /// Adds a constant; its name begins with that of the output.
    pub(crate) fn add_constant(
        &mut self,
        name: &str,
        tensor: &Tensor,
        quant: Option<&QuantParams>,
    ) -> Result<i32> {
        let output = self.unit.outputs.iter().flatten().next();
        let name = output.map_or(name.to_owned(), |id| format!("{}/{name}", self.graph()[*id].name()));
        self.writer.add_constant(&name, tensor, quant)
    }

    /// Dimensions as a shape in which one that is not known is −1.
    pub(crate) fn shape_of(dims: &[Dim]) -> Vec<i64> {
        dims.iter().map(|dim| dim.known().map_or(-1, |size| size as i64)).collect()
    }

    /// The batch of a tensor and these sizes, as a tensor.
    pub(crate) fn shape_with_batch_of(&mut self, tensor: i32, sizes: &[i64]) -> Result<i32> {
        use qdq_schema::tflite::shape_options;
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

    /// A constant vector of real numbers; one number has no dimensions.
    pub(crate) fn float_constant(&mut self, name: &str, floats: &[f32]) -> Result<i32> {
        let shape = if floats.len() == 1 { Vec::new() } else { vec![floats.len()] };
        self.float_tensor(name, shape, floats)
    }

    /// A constant of real numbers.
    pub(crate) fn float_tensor(&mut self, name: &str, shape: Vec<usize>, floats: &[f32]) -> Result<i32> {
        let tensor = Tensor::from_vec(shape, floats.to_vec())?;
        self.add_constant(name, &tensor, None)
    }

    /// A constant of real numbers, for an integer op in the parameters of a tensor.
    pub(crate) fn constant_like(&mut self, tensor: i32, floats: &Tensor) -> Result<i32> {
        let params = self.writer.params_of(tensor).filter(|_| self.unit.integer.is_some());
        let constant = match &params {
            Some(params) => crate::ops::quantize(floats, params)?,
            None => floats.clone(),
        };
        self.add_constant("constant", &constant, params.as_ref())
    }

    /// A tensor that keeps its content between runs, at first zeros.
    pub(crate) fn variable(
        &mut self,
        name: &str,
        shape: &[usize],
        quant: Option<&QuantParams>,
    ) -> Result<i32> {
        let dims = shape.iter().map(|&size| Dim::Known(size)).collect();
        let dtype = quant.map_or(DType::F32, |params| params.storage);
        let index = self.writer.add_tensor(name, dtype, dims, quant)?;
        self.writer.make_variable(index);
        Ok(index)
    }

    /// Tensors that the next operator has for itself: so many without a meaning, and then one with these parameters.
    pub(crate) fn add_intermediates(&mut self, n_unused: usize, last: &QuantParams) -> Result<()> {
        let empty = || vec![Dim::Known(0)];
        for _ in 0..n_unused {
            self.intermediates.push(self.writer.add_tensor("intermediate", DType::F32, empty(), None)?);
        }
        let hidden = self.writer.add_tensor("hidden", last.storage, empty(), Some(last))?;
        self.intermediates.push(hidden);
        Ok(())
    }
}
