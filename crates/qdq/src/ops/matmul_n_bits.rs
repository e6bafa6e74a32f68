//! onnxruntime's matrix product with a constant matrix of a few bits.

use super::elementwise::require_float;
use super::matmul::MatMul;
use super::numeric::with_halves_widened;
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, op};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::tensor::{Dim, Tensor, TensorType, few_bits};

op! {
    /// Product of a `[..., inputs]` and a matrix of `bits` bits, an integer for each input of each output.
    ///
    /// Inputs: a; the integers, u8 `[outputs, blocks, block_size · bits / 8]`, the first in the lowest bits; a scale for each
    /// block of each output; optionally zero points of the blocks (u8 and packed as the integers are, each output's from
    /// a byte of their own; or real numbers; absent: half of `2^bits`) and the block of each input. A weight is
    /// `(integer - zero_point) * scale`.
    ///
    /// Computed in f32, as onnxruntime does with an `accuracy_level` of 0 or 1; with 4 it rounds a to 8 bits.
    /// Source: onnxruntime, `contrib_ops/cpu/quantization/matmul_nbits.cc`.
    pub struct MatMulNBits {
        /// Rows of the matrix.
        pub inputs: usize = 0,
        /// Columns of the matrix.
        pub outputs: usize = 0,
        /// Bits of an integer: 2, 4 or 8.
        pub bits: usize = 4,
        /// Consecutive inputs that share a scale.
        pub block_size: usize = 32,
        /// The type that the runtime may round a to: 0 none, 1 f32, 2 f16, 3 bf16, 4 i8.
        pub accuracy_level: i64 = 0,
    }
}

impl MatMulNBits {
    /// Blocks of an output.
    pub(crate) fn n_blocks(&self) -> usize {
        self.inputs.div_ceil(self.block_size.max(1))
    }

    fn check(&self) -> Result<()> {
        if !matches!(self.bits, 2 | 4 | 8) {
            return Err(Error::unsupported(format!("integers of {} bits", self.bits)).attribute("bits"));
        }
        if self.inputs == 0 || self.outputs == 0 {
            return Err(Error::graph(format!("a matrix of {} × {} weights", self.inputs, self.outputs)));
        }
        let bits = self.block_size.checked_mul(self.bits);
        if self.block_size == 0 || !bits.is_some_and(|bits| bits.is_multiple_of(8)) {
            return Err(
                Error::graph(format!("blocks of {} integers", self.block_size)).attribute("block_size")
            );
        }
        Ok(())
    }

    /// The matrix `[inputs, outputs]` in real numbers.
    fn matrix(&self, inputs: &Args) -> Result<Tensor> {
        self.check()?;
        let n_blocks = self.n_blocks();
        let row_length = n_blocks.saturating_mul(self.block_size * self.bits / 8);
        let integers = inputs.get(1)?.as_slice::<u8>()?;
        let scales = inputs.get(2)?.to_f32_vec()?;
        let n_scales = self.outputs.checked_mul(n_blocks);
        if Some(integers.len()) != self.outputs.checked_mul(row_length) || Some(scales.len()) != n_scales {
            return Err(Error::data(format!(
                "{} bytes and {} scales for {} × {} weights of {} bits",
                integers.len(),
                scales.len(),
                self.inputs,
                self.outputs,
                self.bits
            )));
        }
        let zero_points = self.zero_points(inputs.optional(3))?;
        let block_of = inputs.optional(4).map(|blocks| self.block_of(blocks)).transpose()?;
        let mut matrix = vec![0f32; self.inputs * self.outputs];
        for output in 0..self.outputs {
            let row = &integers[output * row_length..][..row_length];
            for input in 0..self.inputs {
                let block = block_of.as_ref().map_or(input / self.block_size, |blocks| blocks[input]);
                let group = output * n_blocks + block;
                let integer = f32::from(few_bits::element(row, input, self.bits));
                matrix[input * self.outputs + output] = (integer - zero_points[group]) * scales[group];
            }
        }
        Tensor::from_vec(vec![self.inputs, self.outputs], matrix)
    }

    /// The zero point of each block of each output.
    fn zero_points(&self, tensor: Option<&Tensor>) -> Result<Vec<f32>> {
        let n_groups = self.outputs * self.n_blocks();
        let Some(tensor) = tensor else { return Ok(vec![(1u32 << (self.bits - 1)) as f32; n_groups]) };
        let Ok(packed) = tensor.as_slice::<u8>() else {
            let zero_points = tensor.to_f32_vec()?;
            return if zero_points.len() == n_groups {
                Ok(zero_points)
            } else {
                Err(bad_zero_points(tensor))
            };
        };
        let row_length = (self.n_blocks() * self.bits).div_ceil(8);
        if packed.len() != self.outputs * row_length {
            return Err(bad_zero_points(tensor));
        }
        let of_row =
            |row| (0..self.n_blocks()).map(move |at| f32::from(few_bits::element(row, at, self.bits)));
        Ok(packed.chunks(row_length.max(1)).flat_map(of_row).collect())
    }

    fn block_of(&self, tensor: &Tensor) -> Result<Vec<usize>> {
        let blocks = tensor.to_i64_vec()?;
        let block = |block: i64| usize::try_from(block).ok().filter(|block| *block < self.n_blocks());
        let blocks: Option<Vec<usize>> = blocks.into_iter().map(block).collect();
        blocks
            .filter(|blocks| blocks.len() >= self.inputs)
            .ok_or_else(|| Error::data("`g_idx` does not name a block for each input"))
    }
}

fn bad_zero_points(tensor: &Tensor) -> Error {
    Error::data(format!("zero points of shape {:?}", tensor.shape()))
}

impl OpDef for MatMulNBits {
    fn arity(&self) -> Arity {
        Arity::range(3, 6)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        self.check()?;
        require_float(inputs, 0)?;
        let Some(ty) = inputs.ty(0) else { return Ok(Vec::new()) };
        let shape = match ty.shape.as_deref() {
            Some([batch @ .., last]) if last.may_equal(&Dim::from(self.inputs)) => {
                Some(batch.iter().cloned().chain([Dim::from(self.outputs)]).collect())
            }
            Some(_) => return Err(Error::graph(format!("{ty} times a matrix of {} rows", self.inputs))),
            None => None,
        };
        Ok(vec![TensorType::new(ty.dtype, shape)])
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |mut inputs| {
            let matrix = self.matrix(&inputs)?;
            MatMul {}.eval(context, Args(vec![Some(inputs.take(0)?), Some(matrix)]))
        })
    }

    fn prepare(
        &self,
        constants: &[Option<Tensor>],
        activation: Activation,
    ) -> Result<Option<Box<dyn Prepared>>> {
        let [None, known @ ..] = constants else { return Ok(None) };
        // What is absent cannot be told from what is computed.
        if known.len() < 2 || known.iter().any(Option::is_none) {
            return Ok(None);
        }
        let matrix = self.matrix(&Args(constants.to_vec()))?;
        MatMul {}.prepare(&[None, Some(matrix)], activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval_all, floats};

    /// Two outputs of three inputs in blocks of two.
    const OP: MatMulNBits = MatMulNBits { inputs: 3, outputs: 2, bits: 4, block_size: 2, accuracy_level: 0 };

    fn inputs(zero_points: Option<Tensor>, blocks: Option<Tensor>) -> Vec<Option<Tensor>> {
        let identity = floats([3, 3], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let integers = Tensor::from_vec(vec![2, 2, 1], vec![0x21u8, 0x03, 0x98, 0x0f]).unwrap();
        let scales = floats([4], &[1.0, 10.0, 2.0, 0.5]);
        vec![Some(identity), Some(integers), Some(scales), zero_points, blocks]
    }

    #[test]
    fn weights_are_integers_less_zero_points_times_scales() {
        let run = |zero_points, blocks| eval_all(OP, inputs(zero_points, blocks), 1).unwrap().remove(0);
        assert_close(&run(None, None), &[-7.0, 0.0, -6.0, 2.0, -50.0, 3.5]);
        let bytes = Tensor::vector(vec![0x31u8, 0xf8]);
        assert_close(&run(Some(bytes), None), &[0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        let real = floats([2, 2], &[0.5, 1.0, 8.0, 14.0]);
        assert_close(&run(Some(real.clone()), None), &[0.5, 0.0, 1.5, 2.0, 20.0, 0.5]);
        let blocks = Tensor::vector(vec![1i32, 1, 0]);
        assert_close(&run(Some(real), Some(blocks)), &[0.0, -3.0, 10.0, -2.5, 2.5, 14.0]);
    }

    #[test]
    fn prepared_is_the_same() {
        let inputs = inputs(Some(floats([4], &[0.5, 1.0, 8.0, 14.0])), None);
        let mut constants = inputs[..4].to_vec();
        let a = constants[0].take();
        let prepared = OP.prepare(&constants, Activation::None).unwrap().expect("all are constant");
        let result = prepared.run(Args(vec![a, None, None, None])).unwrap();
        assert_eq!(result, eval_all(OP, inputs, 1).unwrap());
    }

    #[test]
    fn bad_input_is_an_error() {
        let bad = |op: MatMulNBits, inputs: Vec<Option<Tensor>>| {
            op.eval(EvalContext { n_outputs: 1 }, Args(inputs)).unwrap_err();
        };
        bad(MatMulNBits { bits: 3, ..OP }, inputs(None, None));
        bad(MatMulNBits { block_size: 0, ..OP }, inputs(None, None));
        bad(MatMulNBits { inputs: 5, ..OP }, inputs(None, None));
        bad(MatMulNBits { inputs: 0, ..OP }, inputs(None, None));
        bad(MatMulNBits { outputs: usize::MAX, ..OP }, inputs(None, None));
        bad(OP, inputs(Some(Tensor::vector(vec![1u8])), None));
        bad(OP, inputs(None, Some(Tensor::vector(vec![0i32, 2, 0]))));
    }
}
