//! What becomes of the 32-bit sums of a product: integers of the output.

use super::Kernels;
use crate::error::{Error, Result};
use crate::kernels::int8::{self, Epilogue, Range, Rounding};
use crate::kernels::quantize::FixedPoint;
use crate::ops::output_count;
use crate::profiles::integers::Affine;
use crate::tensor::{DType, Tensor};

/// How sums become integers, with one factor for all channels or one for each.
#[derive(Clone, Debug)]
pub(super) struct Requantize {
    factors: Factors,
    range: Range,
}

#[derive(Clone, Debug)]
enum Factors {
    /// Multipliers and shifts.
    Fixed(Vec<i32>, Vec<i32>, Rounding),
    /// Factors in f32, rounded to the nearest even integer.
    Float(Vec<f32>),
}

/// The factor `numerator / denominator` in fixed point.
///
/// # Errors
/// Scales from which no finite factor comes.
pub(super) fn fixed_point(factor: f64) -> Result<FixedPoint> {
    if factor.is_finite() && factor >= 0.0 {
        return Ok(FixedPoint::new(factor));
    }
    Err(Error::unsupported(format!("scales whose ratio is {factor}")))
}

impl Requantize {
    /// For sums of products of the input by weights of these scales.
    ///
    /// # Errors
    /// Outputs of other types than i8; scales too far from each other.
    pub(super) fn new(
        input: &Affine,
        weights: &[f32],
        output: &Affine,
        kernels: Kernels,
        by_ruy: bool,
    ) -> Result<Self> {
        if (input.storage, output.storage) != (DType::I8, DType::I8) {
            return Err(Error::unsupported(format!("products of {} into {}", input.storage, output.storage))
                .help("LiteRT multiplies i8 by i8 into i8, and i16 by i8 into i16"));
        }
        let range = Range { zero_point: output.zero_point, min: output.min, max: output.max };
        let factor = |scale: &f32| f64::from(input.scale) * f64::from(*scale) / f64::from(output.scale);
        let floats: Vec<f32> = weights.iter().map(|scale| input.scale * scale / output.scale).collect();
        let is_delegated = floats.iter().all(|factor| *factor < XNNPACK_LIMIT);
        let rounding = match kernels {
            Kernels::Xnnpack if is_delegated => return Ok(Self { factors: Factors::Float(floats), range }),
            Kernels::Reference => Rounding::Double,
            _ if by_ruy => Rounding::Single,
            _ => Rounding::Double,
        };
        let fixed: Vec<FixedPoint> =
            weights.iter().map(|scale| fixed_point(factor(scale))).collect::<Result<_>>()?;
        let multipliers = fixed.iter().map(|fixed| fixed.multiplier).collect();
        let shifts = fixed.iter().map(|fixed| fixed.shift).collect();
        Ok(Self { factors: Factors::Fixed(multipliers, shifts, rounding), range })
    }

    /// A tensor of this shape that `kernel` fills; it is not called when there is nothing to fill.
    pub(super) fn fill(
        &self,
        shape: Vec<usize>,
        kernel: impl FnOnce(&Epilogue<'_>, int8::Output<'_>),
    ) -> Result<Tensor> {
        let mut elements = vec![0i8; output_count(&shape)?];
        let range = self.range;
        let epilogue = match &self.factors {
            Factors::Fixed(multipliers, shifts, rounding) => {
                Epilogue::FixedPoint { multipliers, shifts, rounding: *rounding, range }
            }
            Factors::Float(multipliers) => Epilogue::Requantize { multipliers, range },
        };
        if !elements.is_empty() {
            kernel(&epilogue, int8::Output::I8(&mut elements));
        }
        Tensor::from_vec(shape, elements)
    }

    /// How many channels there are factors for; 1 for all.
    pub(super) fn n_channels(&self) -> usize {
        match &self.factors {
            Factors::Fixed(multipliers, ..) => multipliers.len(),
            Factors::Float(factors) => factors.len(),
        }
    }
}

/// XNNPACK takes products whose factors are below. Source: `xnn_validate_convolution_requantization_scale`.
const XNNPACK_LIMIT: f32 = 256.0;
