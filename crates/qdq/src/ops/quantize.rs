//! The bridges between real numbers and quantized integers.

use std::sync::Arc;

use super::elementwise::{require_float, require_number};
use super::numeric::{narrow, unwritten};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::kernels::quantize::{self as kernels, Convention, Groups, Limits, Spread, Storage};
use crate::kernels::reduce::min_max;
use crate::tensor::{DType, Data, Element, Granularity, QuantParams, Tensor, TensorType};

op! {
    /// Real numbers to integers: `round_half_even(x / scale) + zero_point`, limited to `quant_min..=quant_max`.
    pub struct Quantize {
        /// Storage type, range, scales and zero points of the output.
        pub params: QuantParams = QuantParams::per_tensor(DType::I8, 1.0, 0),
    }
}
op! {
    /// Integers to real numbers: `(q - zero_point) * scale`.
    pub struct Dequantize {
        /// Storage type, scales and zero points of the input.
        pub params: QuantParams = QuantParams::per_tensor(DType::I8, 1.0, 0),
        /// Element type of the output.
        pub dtype: DType = DType::F32,
    }
}
op! {
    /// Quantizes an f32 tensor to u8 by its own range; outputs: integers, scale, zero point.
    pub struct DynamicQuantizeLinear {}
}

impl OpDef for Quantize {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        let quant = Some(Arc::new(self.params.clone()));
        Ok(vec![TensorType { quant, ..converted(inputs, &self.params, self.params.storage)? }])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        Ok(vec![quantize(&inputs.take(0)?, &self.params)?])
    }
}

impl OpDef for Dequantize {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if let Some(ty) = inputs.ty(0)
            && ty.dtype != self.params.storage
        {
            return Err(Error::graph(format!(
                "the input is of {} and not of {}",
                ty.dtype, self.params.storage
            )));
        }
        if !self.dtype.is_float() {
            return Err(Error::graph(format!("{} is no float", self.dtype)).attribute("dtype"));
        }
        Ok(vec![converted(inputs, &self.params, self.dtype)?])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let floats = dequantize(inputs.get(0)?, &self.params)?;
        if !self.dtype.is_float() {
            return Err(Error::graph(format!("{} is no float", self.dtype)).attribute("dtype"));
        }
        Ok(vec![narrow(floats, self.dtype)?])
    }
}

/// The type of a tensor of the input's shape, which the parameters must fit.
fn converted(inputs: &Inputs<'_>, params: &QuantParams, dtype: DType) -> Result<TensorType> {
    params.check()?;
    if let Some(ty) = inputs.ty(0) {
        let axis = match params.granularity {
            Granularity::PerTensor => None,
            Granularity::PerAxis(axis) | Granularity::PerBlock { axis, .. } => Some(axis),
        };
        match (ty.known_dims(), ty.rank(), axis) {
            (Some(dims), ..) => params.check_shape(&dims)?,
            (None, Some(rank), Some(axis)) if axis >= rank => {
                return Err(Error::graph(format!("axis {axis} of a tensor of rank {rank}")));
            }
            _ => {}
        }
    }
    Ok(TensorType::new(dtype, inputs.shape(0).map(<[_]>::to_vec)))
}

/// Integers of a tensor of numbers: `round_half_even(x / scale) + zero_point`, computed in f32 and limited to
/// `quant_min..=quant_max`. NaN becomes `quant_min`, as in onnxruntime.
///
/// # Errors
/// When the parameters do not fit the shape.
pub fn quantize(tensor: &Tensor, params: &QuantParams) -> Result<Tensor> {
    params.check_shape(tensor.shape())?;
    let shape = tensor.shape().to_vec();
    let widened: Vec<f32>;
    let floats = if tensor.dtype() == DType::F32 {
        tensor.as_slice()?
    } else {
        widened = tensor.to_f32_vec()?;
        &widened
    };
    let groups = groups(params, &shape);
    let data = match params.storage {
        DType::I8 => Data::I8(quantized(floats, params, groups)?.into()),
        DType::U8 => Data::U8(quantized(floats, params, groups)?.into()),
        DType::I16 => Data::I16(quantized(floats, params, groups)?.into()),
        DType::U16 => Data::U16(quantized(floats, params, groups)?.into()),
        DType::I4 => Data::I4(quantized(floats, params, groups)?.into()),
        DType::U4 => Data::U4(quantized(floats, params, groups)?.into()),
        DType::I2 => Data::I2(quantized(floats, params, groups)?.into()),
        DType::U2 => Data::U2(quantized(floats, params, groups)?.into()),
        DType::I32 => {
            let mut integers = unwritten(&shape)?;
            kernels::quantize_wide(floats, &mut integers, groups, limits(params));
            Data::I32(integers.into())
        }
        storage => return Err(Error::internal(format!("storage {storage} passed the check"))),
    };
    Tensor::new(shape, data)
}

/// Integers of at most 16 bits.
fn quantized<T: Storage + Element + Default>(
    floats: &[f32],
    params: &QuantParams,
    groups: Groups<'_>,
) -> Result<Vec<T>> {
    let mut integers = unwritten(&[floats.len()])?;
    kernels::quantize(floats, &mut integers, groups, limits(params), Convention::DivideHalfEven);
    Ok(integers)
}

fn limits(params: &QuantParams) -> Limits {
    Limits { min: params.quant_min, max: params.quant_max }
}

/// The parameters, which fit the shape, as kernels take them.
fn groups<'p>(params: &'p QuantParams, shape: &[usize]) -> Groups<'p> {
    let inner = |axis: usize| shape[axis + 1..].iter().product();
    let spread = match params.granularity {
        Granularity::PerTensor => Spread::Tensor,
        Granularity::PerAxis(axis) => Spread::Axis { along: shape[axis], inner: inner(axis) },
        Granularity::PerBlock { axis, size } => {
            Spread::Block { along: shape[axis], inner: inner(axis), size }
        }
    };
    Groups { steps: &params.scale, zero_points: &params.zero_point, spread }
}

/// Real numbers of a quantized tensor, in f32: `(q - zero_point) * scale`.
///
/// # Errors
/// When the tensor is not of the storage type, or the parameters do not fit its shape.
pub fn dequantize(tensor: &Tensor, params: &QuantParams) -> Result<Tensor> {
    params.check_shape(tensor.shape())?;
    if tensor.dtype() != params.storage {
        return Err(Error::data(format!(
            "a tensor of {} where {} is needed",
            tensor.dtype(),
            params.storage
        )));
    }
    let groups = groups(params, tensor.shape());
    let mut floats = unwritten(tensor.shape())?;
    match tensor.data() {
        Data::I8(q) | Data::I4(q) | Data::I2(q) => kernels::dequantize(q, &mut floats, groups),
        Data::U8(q) | Data::U4(q) | Data::U2(q) => kernels::dequantize(q, &mut floats, groups),
        Data::I16(q) => kernels::dequantize(q, &mut floats, groups),
        Data::U16(q) => kernels::dequantize(q, &mut floats, groups),
        Data::I32(q) => kernels::dequantize(q, &mut floats, groups),
        _ => return Err(Error::internal("a storage that passed the check")),
    }
    Tensor::from_vec(tensor.shape().to_vec(), floats)
}

impl OpDef for DynamicQuantizeLinear {
    fn arity(&self) -> Arity {
        Arity::fixed(1).outputs(1, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let scalar = |dtype| TensorType::new(dtype, Some(Vec::new()));
        let integers = TensorType::new(DType::U8, inputs.shape(0).map(<[_]>::to_vec));
        Ok(vec![integers, scalar(DType::F32), scalar(DType::U8)])
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.take(0)?;
        let (scale, zero_point) = dynamic_params(input.as_slice::<f32>()?);
        let params = QuantParams::per_tensor(DType::U8, scale, zero_point.into());
        let mut outputs = vec![quantize(&input, &params)?, Tensor::scalar(scale), Tensor::scalar(zero_point)];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

/// Scale and zero point that span the elements and 0; NaN is ignored.
///
/// Source: onnxruntime `GetQuantizationParameter`; a scale of 1 where all elements are 0.
fn dynamic_params(elements: &[f32]) -> (f32, u8) {
    let (min, max) = min_max(elements);
    let (min, max) = (min.min(0.0), max.max(0.0));
    let scale = (max - min) / 255.0;
    if !(scale > 0.0 && scale.is_finite()) {
        return (1.0, 0);
    }
    (scale, (-min / scale).clamp(0.0, 255.0).round_ties_even() as u8)
}

/// Rounds elements to what [`DynamicQuantizeLinear`] makes of all of them.
pub(super) fn through_own_range(elements: &mut [f32]) {
    let (scale, zero_point) = dynamic_params(elements);
    let zero_point = f32::from(zero_point);
    for element in elements {
        let integer = ((*element / scale).round_ties_even() + zero_point).clamp(0.0, 255.0);
        *element = (integer - zero_point) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_all, eval_error, floats};

    fn round_trip(params: QuantParams, x: Tensor, integers: &[i64], back: &[f32]) {
        let q = eval(Quantize { params: params.clone() }, [x]);
        assert_eq!(q.dtype(), params.storage);
        assert_eq!(q.to_i64_vec().unwrap(), integers);
        let y = eval(Dequantize { params, dtype: DType::F32 }, [q]);
        assert_eq!(y.to_f32_vec().unwrap(), back);
    }

    #[test]
    fn extremes_as_in_onnxruntime() {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.25, 3.75, -1.25, 1000.0, -1000.0, 0.1];
        let expected = [
            (DType::U8, [0, 255, 0, 5, 11, 1, 255, 0, 3]),
            (DType::I8, [-128, 127, -128, 5, 11, 1, 127, -128, 3]),
            (DType::I16, [-32768, 32767, -32768, 5, 11, 1, 2003, -1997, 3]),
            (DType::U16, [0, 65535, 0, 5, 11, 1, 2003, 0, 3]),
            (DType::I4, [-8, 7, -8, 5, 7, 1, 7, -8, 3]),
            (DType::U4, [0, 15, 0, 5, 11, 1, 15, 0, 3]),
            (DType::I32, [-2_147_483_648, 2_147_483_647, -2_147_483_648, 5, 11, 1, 2003, -1997, 3]),
        ];
        for (storage, expected) in expected {
            let params = QuantParams::per_tensor(storage, 0.5, 3);
            let q = eval(Quantize { params }, [Tensor::vector(x.to_vec())]);
            assert_eq!(q.to_i64_vec().unwrap(), expected, "{storage}");
        }
    }

    #[test]
    fn groups_have_their_own_scales() {
        let x = || floats([2, 2, 2], &[1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0]);
        let narrow =
            QuantParams { quant_min: -3, quant_max: 3, ..QuantParams::per_tensor(DType::I8, 1.0, 0) };
        round_trip(narrow, x(), &[1, 2, 3, 3, -1, -2, -3, -3], &[1.0, 2.0, 3.0, 3.0, -1.0, -2.0, -3.0, -3.0]);
        let per_axis = |axis| QuantParams::per_axis(DType::I8, axis, vec![1.0, 0.5], vec![0, 10]);
        round_trip(
            per_axis(0),
            x(),
            &[1, 2, 3, 4, 8, 6, 4, 2],
            &[1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0],
        );
        let values = [1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0];
        round_trip(per_axis(1), x(), &[1, 2, 16, 18, -1, -2, 4, 2], &values);
        round_trip(per_axis(2), x(), &[1, 14, 3, 18, -1, 6, -3, 2], &values);
    }

    #[test]
    fn blocks_follow_the_definition() {
        let dims = [2, 5, 3];
        for axis in 0..3 {
            for size in [1, 2, 4, 7] {
                let n_groups = 30 / dims[axis] * usize::div_ceil(dims[axis], size);
                let params = QuantParams {
                    scale: (0..n_groups).map(|i| 1.0 / (i + 1) as f32).collect(),
                    zero_point: (0..n_groups).map(|i| i as i32 % 5).collect(),
                    granularity: Granularity::PerBlock { axis, size },
                    ..QuantParams::per_tensor(DType::I16, 1.0, 0)
                };
                let q =
                    eval(Quantize { params: params.clone() }, [counting([2, 5, 3])]).to_i64_vec().unwrap();
                for (i, q) in q.into_iter().enumerate() {
                    let group = params.group(i, &dims);
                    let steps = (i as f32 / params.scale[group]).round_ties_even() as i64;
                    let expected = (steps + i64::from(params.zero_point[group])).clamp(-32768, 32767);
                    assert_eq!(q, expected, "axis {axis}, block {size}, element {i}");
                }
            }
        }
    }

    #[test]
    fn other_float_types() {
        let half = Tensor::vector(vec![half::f16::from_f32(1.5)]);
        let params = QuantParams::per_tensor(DType::U8, 0.25, 1);
        let q = eval(Quantize { params: params.clone() }, [half.clone()]);
        assert_eq!(q, Tensor::vector(vec![7u8]));
        assert_eq!(eval(Dequantize { params, dtype: DType::F16 }, [q]), half);
    }

    #[test]
    fn dynamic_ranges_as_in_onnxruntime() {
        let cases: [(&[f32], &[u8], f32, u8); 4] = [
            (&[-1.5, 0.0, 2.7, 0.3], &[0, 91, 255, 109], 0.016_470_587, 91),
            (&[1.0, 2.0, 5.0], &[51, 102, 255], 0.019_607_844, 0),
            (&[0.0, 0.0], &[0, 0], 1.0, 0),
            (&[-1.26, -0.64], &[0, 125], 0.004_941_176_6, 255),
        ];
        for (x, integers, scale, zero_point) in cases {
            let outputs = eval_all(DynamicQuantizeLinear {}, [Some(Tensor::vector(x.to_vec()))], 3).unwrap();
            let expected =
                [Tensor::vector(integers.to_vec()), Tensor::scalar(scale), Tensor::scalar(zero_point)];
            assert_eq!(outputs, expected);
        }
    }

    #[test]
    fn bad_input_is_an_error() {
        let params = QuantParams::per_axis(DType::I8, 1, vec![1.0; 3], vec![0; 3]);
        eval_error(Quantize { params: params.clone() }, [counting([3, 2])]);
        eval_error(Quantize { params: params.clone() }, [counting([3])]);
        eval_error(Dequantize { params: params.clone(), dtype: DType::F32 }, [counting([1, 3])]);
        let zero = QuantParams::per_tensor(DType::I8, 0.0, 0);
        eval_error(Quantize { params: zero }, [counting([3])]);
        eval_error(Quantize::default(), []);
        let q = Tensor::from_vec(vec![1, 3], vec![1i8; 3]).unwrap();
        eval_error(Dequantize { params, dtype: DType::I32 }, [q]);
        eval_error(DynamicQuantizeLinear {}, [Tensor::scalar(1i32)]);
    }
}
