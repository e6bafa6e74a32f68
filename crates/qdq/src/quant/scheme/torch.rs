//! PyTorch's formulas, operation for operation in f32.
//!
//! Source: torch.ao.quantization.observer `_calculate_qparams` of torch 2.5.1 and 2.15.

use super::{QParams, ZeroPoint};
use crate::error::{Error, Result};
use crate::quant::spec::{QuantizationSpec, Scheme};
use crate::tensor::DType;

/// Scale and zero point for each of the ranges `min..max`: `calculate_qparams` of torch's observers.
///
/// A range that was never observed, min = +∞ and max = −∞ throughout or no range at all, gives scale 1 and zero point 0.
///
/// # Errors
/// A range with min > max or NaN; an integer range that [`QuantizationSpec::quant_range`] refuses.
pub fn calculate_qparams(min: &[f32], max: &[f32], spec: &QuantizationSpec) -> Result<QParams> {
    let (quant_min, quant_max) = spec.quant_range()?;
    let is_unseen = |(&min, &max): (&f32, &f32)| min == f32::INFINITY && max == f32::NEG_INFINITY;
    if min.is_empty() || (min.len() == 1 && min.iter().zip(max).all(is_unseen)) {
        return Ok(QParams { scale: vec![1.0], zero_point: ZeroPoint::Integer(vec![0]) });
    }
    if let Some((min, max)) = min.iter().zip(max).find(|(min, max)| !(min <= max)) {
        return Err(Error::data(format!("observed a range of {min} to {max}"))
            .help("look for NaN in the data, or run the float model on it"));
    }
    let levels = (i64::from(quant_max) - i64::from(quant_min)) as f64;
    let ranges = min.iter().copied().zip(max.iter().copied());
    Ok(if spec.scheme == Scheme::PerChannelAffineFloatQParams {
        let (scale, zero_point) = ranges.map(|range| float_qparams(range, levels, spec.eps)).unzip();
        QParams { scale, zero_point: ZeroPoint::Real(zero_point) }
    } else if spec.scheme.is_symmetric() {
        let scale: Vec<f32> = ranges.map(|range| symmetric_scale(range, levels, spec.eps)).collect();
        let zero_point = vec![symmetric_zero_point(spec, quant_min, quant_max); scale.len()];
        QParams { scale, zero_point: ZeroPoint::Integer(zero_point) }
    } else {
        let (scale, zero_point) =
            ranges.map(|range| affine(range, levels, (quant_min, quant_max), spec.eps)).unzip();
        QParams { scale, zero_point: ZeroPoint::Integer(zero_point) }
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
    let zero_point = quant_range.0.wrapping_sub(to_int((min / scale).round_ties_even()));
    (scale, zero_point.clamp(quant_range.0, quant_range.1))
}

fn float_qparams((min, max): (f32, f32), levels: f64, eps: f32) -> (f32, f32) {
    let scale = (max - min) / levels as f32;
    let scale = if scale > eps { scale } else { 1.0 };
    (scale, -min / scale)
}

/// f32 to int32 as x86 converts: the least integer for NaN and for what does not fit.
fn to_int(real: f32) -> i32 {
    if (-2_147_483_648.0..2_147_483_648.0).contains(&real) { real as i32 } else { i32::MIN }
}
