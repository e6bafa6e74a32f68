//! onnxruntime's formulas: `compute_scale_zp` and `quantize_nparray` (onnxruntime.quantization 1.32).
//!
//! Scales in f64, stored as f32; integers by division by the scale, rounded half to even.

use crate::error::{Error, Result};
use crate::quant::observers::Range;
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor};

/// A scale below this is not a normal f32; the range is taken for a constant 0.
const MIN_SCALE: f64 = f32::MIN_POSITIVE as f64;

/// Affine parameters of a whole tensor for values in `range`, which is widened to hold 0.
pub fn affine_params(range: Range, storage: DType) -> QuantParams {
    let params = QuantParams::per_tensor(storage, 1.0, 0);
    let (min, max) = (f64::from(range.min.min(0.0)), f64::from(range.max.max(0.0)));
    let scale = (max - min) / f64::from(params.quant_max - params.quant_min);
    if !(scale >= MIN_SCALE && scale.is_finite()) {
        return params;
    }
    let zero_point = (f64::from(params.quant_min) - min / scale).round_ties_even() as i32;
    QuantParams::per_tensor(storage, scale as f32, zero_point.clamp(params.quant_min, params.quant_max))
}

/// Symmetric parameters of weights, one scale for each index of `axis`, or one for all.
///
/// A channel of zeros has scale 1.
///
/// # Errors
/// A weight that is not finite.
pub fn symmetric_params(
    weights: &Tensor,
    axis: Option<usize>,
    storage: DType,
    range: (i32, i32),
) -> Result<QuantParams> {
    let n_groups = axis.map_or(1, |axis| weights.shape()[axis]);
    let mut params = match axis {
        Some(axis) => QuantParams::per_axis(storage, axis, vec![1.0; n_groups], vec![0; n_groups]),
        None => QuantParams::per_tensor(storage, 1.0, 0),
    };
    (params.quant_min, params.quant_max) = range;
    let mut largest = vec![0f32; n_groups];
    for (index, &weight) in weights.as_slice::<f32>()?.iter().enumerate() {
        if !weight.is_finite() {
            return Err(Error::data(format!("element {index} is {weight}"))
                .help("a model with NaN or infinite weights cannot be quantized; look for the error in its training or export"));
        }
        let group = &mut largest[params.group(index, weights.shape())];
        *group = group.max(weight.abs());
    }
    for (scale, largest) in params.scale.make_mut().iter_mut().zip(largest) {
        let wanted = 2.0 * f64::from(largest) / f64::from(range.1 - range.0);
        if wanted >= MIN_SCALE {
            *scale = wanted as f32;
        }
    }
    Ok(params)
}

/// The integers of an f32 tensor: `round_half_even(x / scale) + zero_point`, limited to the range of the parameters.
///
/// # Errors
/// A tensor that is not f32, or a storage type without integers.
pub fn quantize_tensor(tensor: &Tensor, params: &QuantParams) -> Result<Tensor> {
    let dims = tensor.shape();
    let (min, max) = (f64::from(params.quant_min), f64::from(params.quant_max));
    let integers = tensor.as_slice::<f32>()?.iter().enumerate().map(|(index, &real)| {
        let group = if params.granularity == Granularity::PerTensor { 0 } else { params.group(index, dims) };
        let steps = f64::from((real / params.scale[group]).round_ties_even());
        (steps + f64::from(params.zero_point[group])).clamp(min, max)
    });
    let data = match params.storage {
        DType::I8 => Data::I8(integers.map(|integer| integer as i8).collect::<Vec<_>>().into()),
        DType::U8 => Data::U8(integers.map(|integer| integer as u8).collect::<Vec<_>>().into()),
        DType::I16 => Data::I16(integers.map(|integer| integer as i16).collect::<Vec<_>>().into()),
        DType::U16 => Data::U16(integers.map(|integer| integer as u16).collect::<Vec<_>>().into()),
        DType::I4 => Data::I4(integers.map(|integer| integer as i8).collect::<Vec<_>>().into()),
        DType::U4 => Data::U4(integers.map(|integer| integer as u8).collect::<Vec<_>>().into()),
        other => return Err(Error::unsupported(format!("{other} as storage of weights"))),
    };
    Tensor::new(dims.to_vec(), data)
}

/// The integers of a bias; computed in f64, since int32 has more digits than f32.
///
/// # Errors
/// A bias that is not f32 or not finite.
pub fn quantize_bias(bias: &Tensor, params: &QuantParams) -> Result<Tensor> {
    let (min, max) = (f64::from(i32::MIN), f64::from(i32::MAX));
    let mut integers = Vec::with_capacity(bias.len());
    for (index, &real) in bias.as_slice::<f32>()?.iter().enumerate() {
        if !real.is_finite() {
            return Err(Error::data(format!("element {index} of the bias is {real}")));
        }
        let scale = params.scale[if params.scale.len() == 1 { 0 } else { index }];
        integers.push((f64::from(real) / f64::from(scale)).round_ties_even().clamp(min, max) as i32);
    }
    Tensor::from_vec(bias.shape().to_vec(), integers)
}

/// Most steps of a bias: half of what int32 holds, the other half being for the sum of products.
const MAX_BIAS: f64 = 1_073_741_824.0; // 2^30

/// Makes the weight scales so large that the bias takes no more than half of int32 with the given input scale.
///
/// A channel of tiny weights (a dead one, after batch-norm folding) has a tiny scale, and with it a bias of more steps
/// than int32 counts. Source: `QDQDisableWeightAdjustForInt32Bias` of onnxruntime.quantization, which lets the bias fill
/// int32, so that the sum with the products overflows.
pub fn widen_for_bias(weights: &mut QuantParams, input_scale: f32, bias: &Tensor) -> Result<()> {
    let scales = weights.scale.make_mut();
    let n_scales = scales.len();
    for (index, &real) in bias.as_slice::<f32>()?.iter().enumerate() {
        let scale = &mut scales[if n_scales == 1 { 0 } else { index }];
        let least = 1.0001 * f64::from(real.abs()) / MAX_BIAS;
        if f64::from(*scale) * f64::from(input_scale) < least {
            *scale = (least / f64::from(input_scale)) as f32;
        }
    }
    Ok(())
}
