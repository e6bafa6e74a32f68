//! `PyTorch`'s formulas, operation for operation.
//!
//! Observers compute in f32 ([`calculate_qparams`]), fbgemm's kernels, which the fused fake quantize uses while it trains,
//! in f64 ([`choose_quantization_params`]): the two differ by the last bit of a scale, and for symmetric ranges by up to
//! half a percent. Real to integer: multiplication by the inverse scale in f32, rounding half to even, then the zero point.

use super::{QParams, ZeroPoint};
use crate::error::{Error, Result};
use crate::quant::spec::{QuantizationSpec, Scheme};
use crate::tensor::DType;

/// Scales below this are raised to it by [`choose_quantization_params`] (`SMALL_SCALE_THRESHOLD`).
const SMALL_SCALE: f32 = 6.1e-5;

/// Scale and zero point for each of the ranges `min..max`: `calculate_qparams` of torch's observers.
///
/// No range at all, or the single one of +∞ to −∞ (nothing was observed), gives scale 1 and zero point 0.
///
/// Source: `_calculate_qparams` of torch/ao/quantization/observer.py, the same in 2.5.1 and 2.15.
///
/// # Errors
/// A range with min > max or NaN; an integer range that [`QuantizationSpec::quant_range`] refuses.
pub fn calculate_qparams(min: &[f32], max: &[f32], spec: &QuantizationSpec) -> Result<QParams> {
    let (quant_min, quant_max) = spec.quant_range()?;
    let is_unseen = min.is_empty() || (min == [f32::INFINITY] && max == [f32::NEG_INFINITY]);
    if is_unseen {
        return Ok(QParams { scale: vec![1.0], zero_point: ZeroPoint::Integer(vec![0]) });
    }
    if let Some((min, max)) = min.iter().zip(max).find(|(min, max)| min > max || min.is_nan() || max.is_nan())
    {
        return Err(Error::data(format!("observed a range of {min} to {max}"))
            .help("look for NaN in the data, or run the float model on it"));
    }
    let levels = (i64::from(quant_max) - i64::from(quant_min)) as f64;
    let ranges = min.iter().copied().zip(max.iter().copied());
    Ok(match spec.scheme {
        Scheme::PerChannelAffineFloatQParams => {
            let (scale, zero_point) = ranges.map(|range| float_qparams(range, levels, spec.eps)).unzip();
            QParams { scale, zero_point: ZeroPoint::Real(zero_point) }
        }
        Scheme::PerTensorSymmetric | Scheme::PerChannelSymmetric => {
            let scale: Vec<f32> = ranges.map(|range| symmetric_scale(range, levels, spec.eps)).collect();
            let zero_point = vec![symmetric_zero_point(spec, quant_min, quant_max); scale.len()];
            QParams { scale, zero_point: ZeroPoint::Integer(zero_point) }
        }
        Scheme::PerTensorAffine | Scheme::PerChannelAffine => {
            let params = ranges.map(|range| affine(range, levels, (quant_min, quant_max), spec.eps));
            let (scale, zero_point) = params.unzip();
            QParams { scale, zero_point: ZeroPoint::Integer(zero_point) }
        }
    })
}

/// `torch.min` of two numbers: NaN if either is.
pub(in crate::quant) fn smaller(a: f32, b: f32) -> f32 {
    if a.is_nan() || a < b { a } else { b }
}

/// `torch.max` of two numbers: NaN if either is.
pub(in crate::quant) fn larger(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

fn symmetric_scale((min, max): (f32, f32), levels: f64, eps: f32) -> f32 {
    let magnitude = larger(-min.min(0.0), max.max(0.0));
    larger(magnitude / (levels / 2.0) as f32, eps)
}

fn symmetric_zero_point(spec: &QuantizationSpec, quant_min: i32, quant_max: i32) -> i32 {
    match (spec.storage, spec.range) {
        (DType::U8, Some(_)) => (quant_min + quant_max).div_euclid(2),
        (DType::U8, None) => 128,
        (DType::U16, _) => 1 << 15,
        _ => 0,
    }
}

fn affine((min, max): (f32, f32), levels: f64, quant_range: (i32, i32), eps: f32) -> (f32, i32) {
    let (min, max) = (min.min(0.0), max.max(0.0));
    let scale = larger((max - min) / levels as f32, eps);
    let zero_point = quant_range.0.wrapping_sub(to_int32((min / scale).round_ties_even()));
    (scale, zero_point.clamp(quant_range.0, quant_range.1))
}

fn float_qparams((min, max): (f32, f32), levels: f64, eps: f32) -> (f32, f32) {
    let scale = (max - min) / levels as f32;
    let scale = if scale > eps { scale } else { 1.0 };
    (scale, -min / scale)
}

/// f32 to int32 as x86 converts: the least integer for NaN and for what does not fit.
fn to_int32(real: f32) -> i32 {
    if (-2_147_483_648.0..2_147_483_648.0).contains(&real) { real as i32 } else { i32::MIN }
}

/// Scale and zero point of `min..max` by fbgemm's formula, which `torch.fused_moving_avg_obs_fake_quant` and torch's
/// dynamic quantization use.
///
/// `preserve_sparsity` makes a range with 0 inside symmetric; one with a single sign stays affine all the same.
///
/// Source: `ChooseQuantizationParams` of ATen/native/quantized/cpu/QuantUtils.h.
///
/// # Errors
/// min > max, or NaN; more than 2³¹ integers.
pub fn choose_quantization_params(
    (min, max): (f32, f32),
    (quant_min, quant_max): (i32, i32),
    preserve_sparsity: bool,
) -> Result<(f32, i32)> {
    if min > max || min.is_nan() || max.is_nan() {
        return Err(Error::data(format!("observed a range of {min} to {max}"))
            .help("look for NaN in the data, or run the float model on it"));
    }
    let Some(levels) = quant_max.checked_sub(quant_min) else {
        return Err(Error::usage(format!("the integers {quant_min}..{quant_max} in fbgemm's formula"))
            .help("use at most 31 bits"));
    };
    let is_symmetric = preserve_sparsity && min < 0.0 && max > 0.0;
    let (min, max) =
        if is_symmetric { mirrored((min, max), levels / 2) } else { (min.min(0.0), max.max(0.0)) };
    let mut scale = (f64::from(max) - f64::from(min)) / f64::from(levels);
    if scale as f32 == 0.0 || (1.0 / scale as f32).is_infinite() {
        scale = 0.1;
    }
    let mut range = (min, max);
    if scale < f64::from(SMALL_SCALE) {
        range = widened((min, max), scale as f32, levels);
        scale = f64::from(SMALL_SCALE);
    }
    let zero_point = if is_symmetric && range.0 < 0.0 && range.1 > 0.0 {
        f64::from(quant_min + quant_max) / 2.0
    } else {
        better_zero_point(range, scale, (quant_min, quant_max))
    };
    let zero_point = zero_point.clamp(quant_min.into(), quant_max.into()).round_ties_even();
    // An infinite range has no zero point; x86 converts NaN to the least integer.
    Ok((scale as f32, if zero_point.is_nan() { i32::MIN } else { zero_point as i32 }))
}

/// The range with equal steps on both sides of 0: `half + 1` of them below, `half` above.
fn mirrored((min, max): (f32, f32), half: i32) -> (f32, f32) {
    let (quant_min, quant_max) = (-(half + 1), half);
    let step = f64::from((min / quant_min as f32).abs()).max(f64::from((max / quant_max as f32).abs()));
    ((step * f64::from(quant_min)) as f32, (step * f64::from(quant_max)) as f32)
}

/// The range that the least scale spans.
fn widened((min, max): (f32, f32), scale: f32, levels: i32) -> (f32, f32) {
    if min == 0.0 {
        (min, SMALL_SCALE * levels as f32)
    } else if max == 0.0 {
        (-SMALL_SCALE * levels as f32, max)
    } else {
        let amplifier = SMALL_SCALE / scale;
        (min * amplifier, max * amplifier)
    }
}

/// The zero point computed from the end of the range where it is more exact.
fn better_zero_point((min, max): (f32, f32), scale: f64, (quant_min, quant_max): (i32, i32)) -> f64 {
    let (min, max) = (f64::from(min) / scale, f64::from(max) / scale);
    let (quant_min, quant_max) = (f64::from(quant_min), f64::from(quant_max));
    let error_of_min = quant_min.abs() - min.abs();
    let error_of_max = quant_max.abs() - max.abs();
    if error_of_min < error_of_max { quant_min - min } else { quant_max - max }
}

/// The integer of `real`: `clamp(zero_point + round_half_even(real · inverse_scale))`; NaN gives `quant_max`.
///
/// `inverse_scale` is `1.0 / scale` in f32. Source: `fbgemm::Quantize<T, LEGACY = false>` behind
/// `torch.quantize_per_tensor`; `quantized_decomposed.quantize_per_tensor`.
pub fn quantize(real: f32, inverse_scale: f32, zero_point: i32, (quant_min, quant_max): (i32, i32)) -> i32 {
    let steps = f64::from((real * inverse_scale).round_ties_even()) + f64::from(zero_point);
    if steps.is_nan() {
        return quant_max;
    }
    steps.clamp(quant_min.into(), quant_max.into()) as i32
}

/// The integer of `real` where the zero point is a real number: it is added before rounding.
///
/// Source: `quantize_val_float_qparams` of ATen/native/quantized/AffineQuantizerBase.cpp.
pub fn quantize_float_qparams(
    real: f32,
    inverse_scale: f32,
    zero_point: f32,
    (quant_min, quant_max): (i32, i32),
) -> i32 {
    let integer = (real * inverse_scale + zero_point).round_ties_even();
    to_int32(integer).clamp(quant_min, quant_max)
}

/// What an integer means: `(integer − zero_point) · scale` in f32.
pub fn dequantize(integer: i32, scale: f32, zero_point: i32) -> f32 {
    (f64::from(integer) - f64::from(zero_point)) as f32 * scale
}

/// What an integer means where the zero point is a real number.
pub fn dequantize_float_qparams(integer: i32, scale: f32, zero_point: f32) -> f32 {
    (integer as f32 - zero_point) * scale
}

/// `real` quantized and dequantized, and whether it lay inside the range (the mask of the straight-through gradient).
///
/// NaN gives the low end of the range. Source: `_fake_quantize_tensor_helper` of
/// ATen/native/cpu/…/QuantizedOpKernels.cpp in torch 2.15; in 2.5.1 an integer beyond 2⁶³ wrapped to the low end.
pub fn fake_quantize(
    real: f32,
    (scale, inverse_scale): (f32, f32),
    zero_point: i32,
    (quant_min, quant_max): (i32, i32),
) -> (f32, bool) {
    let steps = zero_point as f32 + (real * inverse_scale).round_ties_even();
    restored(steps, f64::from(zero_point), scale, (quant_min, quant_max))
}

/// [`fake_quantize`] where the zero point is a real number: it is added before rounding.
pub fn fake_quantize_float_qparams(
    real: f32,
    (scale, inverse_scale): (f32, f32),
    zero_point: f32,
    (quant_min, quant_max): (i32, i32),
) -> (f32, bool) {
    let steps = (real * inverse_scale + zero_point).round_ties_even();
    restored(steps, f64::from(zero_point), scale, (quant_min, quant_max))
}

fn restored(steps: f32, zero_point: f64, scale: f32, (quant_min, quant_max): (i32, i32)) -> (f32, bool) {
    let (least, most) = (f64::from(quant_min), f64::from(quant_max));
    let steps = f64::from(steps);
    let integer = steps.max(least).min(most);
    (((integer - zero_point) * f64::from(scale)) as f32, least <= steps && steps <= most)
}
