//! Quantization by parameters that are computed; with constant ones, see [`super::Quantize`].

use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, dequantize, op, quantize};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::tensor::{DType, Data, Granularity, PowerRounding, QuantParams, SmallFloat, Tensor, TensorType};

op! {
    /// `x / scale + zero point` in a type of few bits. Inputs: x, scale, optional zero point, whose type the output has.
    pub struct QuantizeLinear {
        /// Axis of scales that are a vector, or of blocks.
        pub axis: i64 = 1,
        /// Elements of the axis that share a scale; 0: no blocks.
        pub block_size: usize = 0,
        /// Element type of the output where there is no zero point; none: u8.
        pub output_dtype: Option<DType> = None,
        /// Whether what is too large for an 8-bit float becomes its largest number.
        pub saturate: bool = true,
    }
}
op! {
    /// `(x - zero point) * scale`. Inputs: x, scale, optional zero point of the type of x.
    pub struct DequantizeLinear {
        /// Axis of scales that are a vector, or of blocks.
        pub axis: i64 = 1,
        /// Elements of the axis that share a scale; 0: no blocks.
        pub block_size: usize = 0,
        /// Element type of the output; none: that of the scale.
        pub output_dtype: Option<DType> = None,
    }
}

/// Which elements share a scale of this shape.
fn granularity(scale: &[usize], rank: usize, axis: i64, block_size: usize) -> Result<Granularity> {
    Ok(match scale {
        [] | [1] => Granularity::PerTensor,
        [_] if block_size == 0 => Granularity::PerAxis(resolve_axis(axis, rank)?),
        _ if block_size > 0 => Granularity::PerBlock { axis: resolve_axis(axis, rank)?, size: block_size },
        _ => return Err(Error::data(format!("scales of shape {scale:?} without a block_size"))),
    })
}

/// The parameters, which must fit the shape; of small floats with a storage of u8, for its groups only.
fn params(
    shape: &[usize],
    scale: &Tensor,
    zero_point: Option<&Tensor>,
    storage: DType,
    (axis, block_size): (i64, usize),
) -> Result<QuantParams> {
    let granularity = granularity(scale.shape(), shape.len(), axis, block_size)?;
    let zero_point = match zero_point {
        Some(zero_point) if storage.integer_range().is_some() => {
            zero_point.to_i64_vec()?.into_iter().map(|zero_point| zero_point as i32).collect()
        }
        _ => vec![0; scale.len()].into(),
    };
    let storage = if SmallFloat::of(storage).is_some() { DType::U8 } else { storage };
    let whole = QuantParams::per_tensor(storage, 1.0, 0);
    let params = QuantParams { scale: scale.to_f32()?, zero_point, granularity, ..whole };
    params.check_shape(shape)?;
    Ok(params)
}

impl OpDef for QuantizeLinear {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let storage = match inputs.get(2) {
            Some(zero_point) => zero_point.ty.map(|ty| ty.dtype),
            None => Some(self.output_dtype.unwrap_or(DType::U8)),
        };
        Ok(storage.map(|storage| TensorType::new(storage, inputs.same(0).shape)).into_iter().collect())
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.take(0)?;
        let (scale, zero_point) = (inputs.get(1)?, inputs.optional(2));
        let storage = zero_point.map_or(self.output_dtype.unwrap_or(DType::U8), Tensor::dtype);
        let params = params(x.shape(), scale, zero_point, storage, (self.axis, self.block_size))?;
        let Some(float) = SmallFloat::of(storage) else { return Ok(vec![quantize(&x, &params)?]) };
        let elements = x.to_f32_vec()?.into_iter().enumerate();
        let code = |(at, element): (usize, f32)| {
            let number = element / params.scale[params.group(at, x.shape())];
            float.encode(number.into(), self.saturate, PowerRounding::Nearest)
        };
        let codes: Vec<u8> = elements.map(code).collect();
        Ok(vec![Tensor::new(x.shape().to_vec(), Data::Small(float, codes.into()))?])
    }
}

impl OpDef for DequantizeLinear {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let dtype = self.output_dtype.or_else(|| inputs.ty(1).map(|ty| ty.dtype));
        Ok(dtype.map(|dtype| TensorType::new(dtype, inputs.same(0).shape)).into_iter().collect())
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (x, scale) = (inputs.get(0)?, inputs.get(1)?);
        let params = params(x.shape(), scale, inputs.optional(2), x.dtype(), (self.axis, self.block_size))?;
        let to = self.output_dtype.unwrap_or(scale.dtype());
        if !matches!(x.data(), Data::Small(..)) {
            return Ok(vec![cast(dequantize(x, &params)?, to)?]);
        }
        let elements = x.to_f32_vec()?.into_iter().enumerate();
        let floats = elements.map(|(at, element)| element * params.scale[params.group(at, x.shape())]);
        Ok(vec![cast(Tensor::from_vec(x.shape().to_vec(), floats.collect::<Vec<f32>>())?, to)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval, eval_error, floats};

    #[test]
    fn there_and_back() {
        let scale = || floats([2], &[0.5, 2.0]);
        let zero = || Tensor::vector(vec![3i8, -3]);
        let op = QuantizeLinear { axis: 0, ..QuantizeLinear::default() };
        let integers = eval(op, [floats([2, 2], &[1.0, -1.0, 100.0, 1e9]), scale(), zero()]);
        assert_eq!(integers.to_i64_vec().unwrap(), [5, 1, 47, 127]);
        let op = DequantizeLinear { axis: 0, ..DequantizeLinear::default() };
        assert_close(&eval(op.clone(), [integers.clone(), scale(), zero()]), &[1.0, -1.0, 100.0, 260.0]);
        eval_error(op, [integers, floats([3], &[1.0; 3])]);
    }

    #[test]
    fn small_floats() {
        let zero = cast(Tensor::scalar(0.0f32), DType::F8E4m3fn).unwrap();
        let op = QuantizeLinear::default();
        let codes = eval(op, [floats([2], &[2.0, 1e9]), Tensor::scalar(2.0f32), zero]);
        assert_eq!(codes.dtype(), DType::F8E4m3fn);
        assert_close(&eval(DequantizeLinear::default(), [codes, Tensor::scalar(2.0f32)]), &[2.0, 896.0]);
    }
}
