//! What becomes of the 32-bit sums of a product: integers of the output.

use super::Kernels;
use crate::error::{Error, Result};
use crate::kernels::int8::{self, Epilogue, Range, Rounding, multiply_by_quantized_multiplier};
use crate::kernels::quantize::FixedPoint;
use crate::ops::output_count;
use crate::profiles::integers::Affine;
use crate::profiles::products::{FromSums, Kernel};
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
    /// Rounded by vector instructions in blocks of channels of this size, see [`multiply_in_vectors`]; by the reference
    /// kernels' arithmetic in what is left.
    Vectors(Vec<FixedPoint>, usize),
}

/// Which kernel makes the sums: it decides how the optimized kernels round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sums {
    /// A product of matrices, as of `FULLY_CONNECTED`.
    Matrix,
    /// A convolution that is a product of matrices.
    Conv,
    /// A convolution of each channel by itself, or a transposed one: rounded in blocks of channels.
    InBlocks,
    /// A product of two activations, which all kernels round as the reference kernels do.
    Batched,
}

/// `x` times the factor, rounded twice, half up each time: `vqrdmulh` and `vrshl`, and ruy on all processors.
///
/// The reference kernels' second rounding is half away from zero.
pub(super) fn multiply_in_vectors(x: i32, factor: FixedPoint) -> i32 {
    let FixedPoint { multiplier, shift } = factor;
    let left = x.wrapping_shl(shift.max(0) as u32);
    let high = (i64::from(left) * i64::from(multiplier) + (1 << 30)) >> 31;
    match (-shift).max(0) {
        0 => high as i32,
        right => ((high + (1 << (right - 1))) >> right) as i32,
    }
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

/// The scale of products, as `GetQuantizedConvolutionMultipler` computes it where there is no bias.
pub(super) fn product_in_f32(left: f32, right: f32) -> f64 {
    (left * right).into()
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
        sums: Sums,
    ) -> Result<Self> {
        if (input.storage, output.storage) != (DType::I8, DType::I8) {
            return Err(Error::unsupported(format!("products of {} into {}", input.storage, output.storage))
                .help("LiteRT multiplies i8 by i8 into i8, and i16 by i8 into i16"));
        }
        let range = Range { zero_point: output.zero_point, min: output.min, max: output.max };
        let factor = |scale: &f32| {
            let product = match sums {
                Sums::Batched => product_in_f32(input.scale, *scale),
                _ => f64::from(input.scale) * f64::from(*scale),
            };
            product / f64::from(output.scale)
        };
        let floats: Vec<f32> = weights.iter().map(|scale| input.scale * scale / output.scale).collect();
        let is_delegated = floats.iter().all(|factor| *factor < XNNPACK_LIMIT);
        if kernels == Kernels::Xnnpack && sums != Sums::Batched && is_delegated {
            return Ok(Self { factors: Factors::Float(floats), range });
        }
        let fixed: Vec<FixedPoint> =
            weights.iter().map(|scale| fixed_point(factor(scale))).collect::<Result<_>>()?;
        let in_order = |rounding| {
            let multipliers = fixed.iter().map(|fixed| fixed.multiplier).collect();
            let shifts = fixed.iter().map(|fixed| fixed.shift).collect();
            Factors::Fixed(multipliers, shifts, rounding)
        };
        let factors = match (kernels, sums) {
            (Kernels::Reference, Sums::Matrix) => in_order(Rounding::Single),
            (Kernels::Reference, _) | (_, Sums::Batched) => in_order(Rounding::Double),
            (_, Sums::InBlocks) => Factors::Vectors(fixed, CHANNEL_BLOCK),
            _ => Factors::Vectors(fixed, 1),
        };
        Ok(Self { factors, range })
    }

    /// How many channels there are factors for; 1 for all.
    pub(super) fn n_channels(&self) -> usize {
        match &self.factors {
            Factors::Fixed(multipliers, ..) => multipliers.len(),
            Factors::Float(factors) => factors.len(),
            Factors::Vectors(factors, _) => factors.len(),
        }
    }

    /// Sums that lie in memory as the output does, channels along `axis`, to integers.
    pub(super) fn of_sums(&self, shape: Vec<usize>, axis: usize, sums: &[i32]) -> Result<Tensor> {
        let (channels, inner) = (shape[axis].max(1), shape[axis + 1..].iter().product::<usize>().max(1));
        let mut integers = Vec::with_capacity(sums.len());
        for (row, sums) in sums.chunks(inner).enumerate() {
            let channel = row % channels;
            integers.extend(sums.iter().map(|&sum| self.integer(sum, channel, channels)));
        }
        Tensor::from_vec(shape, integers)
    }

    /// The integer of a sum of one of `n` channels.
    fn integer(&self, sum: i32, channel: usize, n: usize) -> i8 {
        let own = |n_factors: usize| if n_factors == 1 { 0 } else { channel };
        let steps = match &self.factors {
            Factors::Fixed(multipliers, shifts, rounding) => {
                let own = own(multipliers.len());
                multiply_by_quantized_multiplier(sum, multipliers[own], shifts[own], *rounding)
            }
            Factors::Float(factors) => (sum as f32 * factors[own(factors.len())]).round_ties_even() as i32,
            Factors::Vectors(factors, block) if channel < n / block * block => {
                multiply_in_vectors(sum, factors[own(factors.len())])
            }
            Factors::Vectors(factors, _) => factors[own(factors.len())].multiply_rounding_twice(sum),
        };
        let Range { zero_point, min, max } = self.range;
        steps.saturating_add(zero_point).clamp(min, max) as i8
    }
}

impl FromSums for Requantize {
    // The kernel is not called when there is nothing to fill.
    fn fill(&self, shape: Vec<usize>, axis: usize, kernel: Kernel<'_>) -> Result<Tensor> {
        let count = output_count(&shape)?;
        if let Factors::Vectors(..) = &self.factors {
            let mut sums = vec![0; count];
            if count > 0 {
                kernel(&Epilogue::Sums, int8::Output::I32(&mut sums));
            }
            return self.of_sums(shape, axis, &sums);
        }
        let mut elements = vec![0i8; count];
        let range = self.range;
        let epilogue = match &self.factors {
            Factors::Fixed(multipliers, shifts, rounding) => {
                Epilogue::FixedPoint { multipliers, shifts, rounding: *rounding, range }
            }
            Factors::Float(multipliers) => Epilogue::Requantize { multipliers, range },
            Factors::Vectors(..) => Epilogue::Sums, // above
        };
        if !elements.is_empty() {
            kernel(&epilogue, int8::Output::I8(&mut elements));
        }
        Tensor::from_vec(shape, elements)
    }
}

/// Channels that the optimized kernels of [`Sums::InBlocks`] round at once.
const CHANNEL_BLOCK: usize = 8;

/// XNNPACK takes products whose factors are below. Source: `xnn_validate_convolution_requantization_scale`.
const XNNPACK_LIMIT: f32 = 256.0;
