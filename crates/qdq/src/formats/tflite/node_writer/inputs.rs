//! Inputs of a unit, converted, padded or reordered.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{builtin_operator as code, pad_options};

use super::NodeWriter;
use crate::error::Result;
use crate::formats::tflite::unit::dequantized;
use crate::ops::{Op, Transpose};
use crate::tensor::{DType, Dim, Tensor};

impl NodeWriter<'_, '_> {
    pub(super) fn dequantize(&mut self, name: &str, index: i32, from: DType, tensor: &Tensor) -> Result<i32> {
        let dims = tensor.shape().iter().map(|&dim| Dim::Known(dim)).collect();
        let output = self.writer.add_tensor(name, DType::F32, dims, None)?;
        self.push(code::DEQUANTIZE, from, None, vec![index], vec![output]);
        Ok(output)
    }

    /// A tensor with its axes reordered.
    pub(crate) fn transpose(&mut self, tensor: i32, perm: &[usize]) -> Result<i32> {
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

    /// A tensor with a new axis 1 of size 1.
    pub(crate) fn lift(&mut self, tensor: i32) -> Result<i32> {
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

    /// Whether an input is constant, perhaps dequantized or converted.
    pub(crate) fn is_constant(&self, position: usize) -> bool {
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

    /// An integer op's input converted to the parameters of the output, where it has others.
    pub(crate) fn input_like_output(&mut self, position: usize) -> Result<i32> {
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
    pub(crate) fn padded(&mut self, tensor: i32, pads: &[(usize, usize)], value: Option<f32>) -> Result<i32> {
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

    /// The integers of an input that is dequantized for this op alone, else the input.
    pub(crate) fn integers_or_input(&mut self, position: usize) -> Result<i32> {
        let value = self.value(position)?;
        let Some((op, integers)) = dequantized(self.graph(), &self.writer.uses, value) else {
            return self.writer.tensor(value);
        };
        let index = self.writer.tensor(integers)?;
        let params = op.params.clone();
        self.writer.set_params(index, &params);
        Ok(index)
    }

    /// The operand of a transpose that swaps the last two axes, if an input is one; of integers, for an integer op.
    pub(crate) fn untransposed(&mut self, position: usize) -> Result<Option<i32>> {
        let value = self.value(position)?;
        let quantized =
            dequantized(self.graph(), &self.writer.uses, value).filter(|_| self.unit.integer.is_some());
        let moved = quantized.map_or(value, |(_, integers)| integers);
        let Some(node) = self.writer.uses.producer_node(self.graph(), moved) else { return Ok(None) };
        let Op::Transpose(Transpose { perm: Some(perm) }) = &node.op else { return Ok(None) };
        let rank = perm.len();
        let swaps = rank >= 2
            && perm[..rank - 2].iter().copied().eq(0..rank - 2)
            && perm[rank - 2..] == [rank - 1, rank - 2];
        let Some(source) = node.input(0).filter(|_| swaps) else { return Ok(None) };
        let index = self.writer.tensor(source)?;
        if let Some((op, _)) = quantized {
            self.writer.set_params(index, &op.params);
        }
        Ok(Some(index))
    }
}
