//! The formulas of the `TensorFlow` Lite converter, which `LiteRT`'s kernels rely on: f32 throughout, rounding half away from
//! zero.
//!
//! Source: measured against TFLC's MLIR quantizer (0 of 3.47 million weights and 17 056 biases of a `MobileNetV2` differ),
//! and the 8-bit quantization specification of `LiteRT`.

use crate::error::{Error, Result};
use crate::quant::observers::Range;
use crate::tensor::{DType, QuantParams, Tensor};

/// Parameters of an int8 activation: affine, with 0 inside the range.
///
/// A range of 0 alone has scale 1.
pub fn int8_activation(range: Range) -> QuantParams {
    let (min, max) = (range.min.min(0.0), range.max.max(0.0));
    let scale = (max - min) / 255.0;
    if !(scale.is_normal()) {
        return QuantParams::per_tensor(DType::I8, 1.0, 0);
    }
    let zero_point = (-128.0 - min / scale).round().clamp(-128.0, 127.0);
    QuantParams::per_tensor(DType::I8, scale, zero_point as i32)
}

/// Parameters of an int16 activation of the 16x8 mode: symmetric, zero point 0.
///
/// A range of 0 alone has scale 1.
pub fn int16_activation(range: Range) -> QuantParams {
    let mut params = QuantParams::per_tensor(DType::I16, symmetric_scale(range, 32_767.0), 0);
    params.quant_min = -32_767;
    params
}

/// Parameters of int8 weights: symmetric over −127..127, one scale for each index of `axis`, or one for all.
///
/// `ranges` has one range for each scale; a range of 0 alone has scale 1.
pub fn int8_weights(ranges: &[Range], axis: Option<usize>) -> QuantParams {
    symmetric_weights(ranges, axis, DType::I8, 127)
}

/// Parameters of int4 weights: symmetric over −7..7.
pub fn int4_weights(ranges: &[Range], axis: Option<usize>) -> QuantParams {
    symmetric_weights(ranges, axis, DType::I4, 7)
}

fn symmetric_weights(ranges: &[Range], axis: Option<usize>, storage: DType, quant_max: i32) -> QuantParams {
    let scale: Vec<f32> = ranges.iter().map(|&range| symmetric_scale(range, quant_max as f32)).collect();
    let zero_point = vec![0; scale.len()];
    let mut params = match axis {
        Some(axis) => QuantParams::per_axis(storage, axis, scale, zero_point),
        None => QuantParams {
            scale: scale.into(),
            zero_point: zero_point.into(),
            ..QuantParams::per_tensor(storage, 1.0, 0)
        },
    };
    (params.quant_min, params.quant_max) = (-quant_max, quant_max);
    params
}

fn symmetric_scale(range: Range, quant_max: f32) -> f32 {
    let scale = range.min.abs().max(range.max.abs()) / quant_max;
    if scale.is_normal() { scale } else { 1.0 }
}

/// Scale of a bias: the f32 product of the input's and the weights'.
pub fn bias_scale(input_scale: f32, weight_scale: f32) -> f32 {
    input_scale * weight_scale
}

/// The integer of a weight, or of a bias in int32: `round_half_away(real · (1 / scale))`, limited to the range.
pub fn quantize(real: f32, scale: f32, (quant_min, quant_max): (i32, i32)) -> i32 {
    let integer = f64::from((real * (1.0 / scale)).round());
    integer.clamp(quant_min.into(), quant_max.into()) as i32
}

/// The integer of a bias in int64, which int16 activations use.
///
/// # Errors
/// A bias that is not finite.
pub fn quantize_bias_i64(real: f32, scale: f32) -> Result<i64> {
    let integer = (real * (1.0 / scale)).round();
    if !integer.is_finite() {
        return Err(Error::data(format!("a bias of {real} with scale {scale}")));
    }
    Ok(integer as i64)
}

/// A constant f32 bias in int32, with one scale for all or one for each number.
///
/// # Errors
/// A bias that is not f32, or not finite.
pub fn quantize_bias(bias: &Tensor, params: &QuantParams) -> Result<Tensor> {
    let integer = |(index, &real): (usize, &f32)| {
        let scale = params.scale[if params.scale.len() == 1 { 0 } else { index }];
        if !real.is_finite() {
            return Err(Error::data(format!("a bias of {real}")));
        }
        Ok(quantize(real, scale, (i32::MIN, i32::MAX)))
    };
    let integers = bias.as_slice::<f32>()?.iter().enumerate().map(integer).collect::<Result<Vec<i32>>>()?;
    Tensor::from_vec(bias.shape().to_vec(), integers)
}

/// Makes the scales of weights so large that a bias, in steps of input × weight, takes no more than 30 bits.
///
/// A channel of tiny weights (a dead one) has a tiny scale, and with it a bias of more steps than int32 counts. 16x8 has
/// the same limit, though its biases have 64 bits. Source: `AdjustWeightsForBiasScale` of `LiteRT`'s quantizer.
///
/// # Errors
/// A bias that is not f32.
pub fn widen_for_bias(weights: &mut QuantParams, input_scale: f32, bias: &Tensor) -> Result<()> {
    let scales = weights.scale.make_mut();
    let n_scales = scales.len();
    for (index, &real) in bias.as_slice::<f32>()?.iter().enumerate() {
        let scale = &mut scales[if n_scales == 1 { 0 } else { index }];
        let least = 2.0 * f64::from(real.abs()) / (f64::from(i32::MAX) * f64::from(input_scale));
        if f64::from(*scale) < least {
            *scale = least as f32;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations() {
        let params = int8_activation(Range { min: 0.5, max: 6.0 });
        assert_eq!((params.scale[0], params.zero_point[0]), (6.0 / 255.0, -128));
        let params = int8_activation(Range { min: -1.0, max: 1.0 });
        // −128 + 127.5 = −0.5 goes away from zero.
        assert_eq!((params.scale[0], params.zero_point[0]), (2.0 / 255.0, -1));
        assert_eq!(int16_activation(Range { min: -2.0, max: 1.0 }).scale[0], 2.0 / 32_767.0);
    }

    #[test]
    fn weights_round_half_away_from_zero() {
        let params = int8_weights(&[Range { min: -254.0, max: 1.0 }], None);
        assert_eq!(params.scale[0], 2.0);
        let integers =
            [-254.0, -5.0, -1.0, 1.0, 5.0].map(|real| quantize(real, params.scale[0], (-127, 127)));
        assert_eq!(integers, [-127, -3, -1, 1, 3]);
        assert_eq!(int8_weights(&[Range { min: 0.0, max: 0.0 }], Some(0)).scale[0], 1.0);
    }
}
