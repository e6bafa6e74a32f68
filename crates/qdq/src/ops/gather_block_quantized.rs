//! onnxruntime's lookup of rows in a table of few bits.

use super::gather::Gather;
use super::quantize::dequantize;
use super::{Args, Arity, EvalContext, Inputs, OpDef, Operand, op, resolve_axis};
use crate::error::{Error, Result};
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor, TensorType, few_bits};

op! {
    /// [`Gather`] in integers that lie in blocks, and their real numbers.
    ///
    /// Inputs: the integers, of i4, u4, or u8 (then `8 / bits` of them a byte along the last axis, the first in the lowest bits);
    /// indices; a scale for each block, of the integers' shape but for the quantized axis; optionally zero points, of the
    /// scales' shape and the integers' type, packed as they are (absent: 0, for u8 half of `2^bits`).
    /// Source: onnxruntime, `contrib_ops/cpu/quantization/gather_block_quantized.cc`.
    pub struct GatherBlockQuantized {
        /// The axis that indices are of.
        pub gather_axis: i64 = 0,
        /// The axis that is cut into blocks, another one.
        pub quantize_axis: i64 = 1,
        /// Consecutive integers that share a scale.
        pub block_size: usize = 128,
        /// Bits of an integer in u8: 2, 4 or 8.
        pub bits: usize = 4,
    }
}

impl GatherBlockQuantized {
    fn gather(&self) -> Gather {
        Gather { axis: self.gather_axis }
    }

    /// Integers a byte of data of this type.
    fn per_byte(&self, dtype: DType) -> Result<usize> {
        match (dtype, self.bits) {
            (DType::I4 | DType::U4, _) => Ok(1),
            (DType::U8, 2 | 4 | 8) => Ok(8 / self.bits),
            (DType::U8, bits) => {
                Err(Error::unsupported(format!("integers of {bits} bits")).attribute("bits"))
            }
            (other, _) => Err(Error::graph(format!("integers of {other}"))),
        }
    }

    /// The rows looked up, as they lie in the table.
    fn rows(&self, table: &Tensor, indices: &Tensor) -> Result<Tensor> {
        let inputs = Args(vec![Some(table.clone()), Some(indices.clone())]);
        let rows = self.gather().eval(EvalContext { n_outputs: 1 }, inputs)?;
        rows.into_iter().next().ok_or_else(|| Error::internal("no rows"))
    }

    /// Rows of integers or zero points, one an element.
    fn integer_rows(&self, table: &Tensor, indices: &Tensor) -> Result<Tensor> {
        let rows = self.rows(table, indices)?;
        let per_byte = self.per_byte(rows.dtype())?;
        if per_byte == 1 {
            return Ok(rows);
        }
        let mut shape = rows.shape().to_vec();
        let last = shape.last_mut().ok_or_else(|| Error::data("integers of rank 0"))?;
        *last *= per_byte;
        let bytes = rows.as_slice::<u8>()?.iter().copied();
        Tensor::new(shape, Data::U8(few_bits::unpack(bytes, self.bits).collect()))
    }
}

impl OpDef for GatherBlockQuantized {
    fn arity(&self) -> Arity {
        Arity::range(3, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let Some(data) = inputs.ty(0) else { return Ok(Vec::new()) };
        let per_byte = self.per_byte(data.dtype)?;
        let mut whole = TensorType::new(DType::F32, data.shape.clone());
        if let Some(last) = whole.shape.as_mut().and_then(|shape| shape.last_mut())
            && let Some(size) = last.known()
        {
            *last = (size * per_byte).into();
        }
        let indices = inputs.ty(1).cloned();
        let operands = [Some(&whole), indices.as_ref()];
        let operands = operands.map(|ty| Some(Operand { ty, constant: None, dims: None }));
        let types = self.gather().infer(&Inputs(operands.to_vec()))?;
        let dtype = inputs.ty(2).map_or(DType::F32, |ty| ty.dtype);
        Ok(types.into_iter().map(|ty| TensorType::new(dtype, ty.shape)).collect())
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices, scales) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let rank = data.shape().len();
        let axis = resolve_axis(self.gather_axis, rank)?;
        let blocks = resolve_axis(self.quantize_axis, rank)?;
        let is_packed = self.per_byte(data.dtype())? > 1;
        if axis == blocks || self.block_size == 0 || (is_packed && blocks + 1 != rank) {
            return Err(Error::unsupported(format!("blocks along axis {blocks}, rows along axis {axis}"))
                .attribute("quantize_axis"));
        }
        let integers = self.integer_rows(data, indices)?;
        let scale = self.rows(scales, indices)?;
        let zero_point = match inputs.optional(3) {
            Some(zero_points) => {
                let rows = self.integer_rows(zero_points, indices)?;
                let (n_stored, n) = (rows.shape().last().copied(), scale.shape().last().copied());
                let (n_stored, n) = (n_stored.unwrap_or(1).max(1), n.unwrap_or(1));
                let rows = rows.to_i64_vec()?;
                rows.chunks(n_stored).flat_map(|row| row.iter().take(n)).map(|zero| *zero as i32).collect()
            }
            None if data.dtype() == DType::U8 => vec![1 << (self.bits - 1); scale.len()],
            None => vec![0; scale.len()],
        };
        let params = QuantParams {
            scale: scale.to_f32()?,
            zero_point: zero_point.into(),
            // Indices take the place of one axis.
            granularity: Granularity::PerBlock {
                axis: if blocks > axis { blocks + indices.shape().len() - 1 } else { blocks },
                size: self.block_size,
            },
            ..QuantParams::per_tensor(integers.dtype(), 1.0, 0)
        };
        let floats = dequantize(&integers, &params)?;
        Ok(vec![super::numeric::narrow(floats, scales.dtype())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval_all, floats};

    const OP: GatherBlockQuantized =
        GatherBlockQuantized { gather_axis: 0, quantize_axis: 1, block_size: 2, bits: 4 };

    fn run(data: Tensor, zero_points: Option<Tensor>) -> Result<Vec<Tensor>> {
        let scales = floats([2, 2], &[1.0, 10.0, 100.0, 0.5]);
        eval_all(OP, [Some(data), Some(Tensor::vector(vec![1i64, 0])), Some(scales), zero_points], 1)
    }

    #[test]
    fn rows_are_real_numbers_of_integers() {
        let nibbles = |elements: &[u8], shape: [usize; 2]| {
            Tensor::new(shape.to_vec(), Data::U4(elements.to_vec().into())).unwrap()
        };
        let table = nibbles(&[9, 8, 0, 15, 7, 8, 9, 10], [2, 4]);
        let rows = run(table.clone(), None).unwrap();
        assert_close(&rows[0], &[700.0, 800.0, 4.5, 5.0, 9.0, 8.0, 0.0, 150.0]);
        let zero_points = nibbles(&[9, 15, 0, 8], [2, 2]);
        let shifted = run(table, Some(zero_points)).unwrap();
        assert_close(&shifted[0], &[700.0, 800.0, 0.5, 1.0, 0.0, -1.0, -150.0, 0.0]);
        // The same, two a byte.
        let bytes = Tensor::from_vec(vec![2, 2], vec![0x89u8, 0xf0, 0x87, 0xa9]).unwrap();
        assert_close(&run(bytes.clone(), None).unwrap()[0], &[-100.0, 0.0, 0.5, 1.0, 1.0, 0.0, -80.0, 70.0]);
        let zero_points = Tensor::from_vec(vec![2, 1], vec![0xf9u8, 0x80]).unwrap();
        assert_eq!(run(bytes, Some(zero_points)).unwrap(), shifted);
    }

    #[test]
    fn bad_input_is_an_error() {
        let floats = floats([2, 4], &[0.0; 8]);
        assert!(OP.eval(EvalContext { n_outputs: 1 }, Args(vec![Some(floats), None, None])).is_err());
        let same = GatherBlockQuantized { quantize_axis: 0, ..OP };
        let inputs = [Tensor::vector(vec![1u8; 4]), Tensor::scalar(0i64), Tensor::vector(vec![1f32; 2])];
        assert!(same.eval(EvalContext { n_outputs: 1 }, Args(inputs.map(Some).to_vec())).is_err());
    }
}
