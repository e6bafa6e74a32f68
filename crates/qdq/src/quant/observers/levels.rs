//! The levels of a storage type, the quantizer a range gives on it, and the error that quantizer makes.
use super::{Bin, Range};

/// The integers a value may take, and whether zero must sit in their middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Smallest integer.
    pub quant_min: i32,
    /// Largest integer, above `quant_min`.
    pub quant_max: i32,
    /// Whether the zero point is fixed to the middle.
    pub symmetric: bool,
}

impl Levels {
    /// All of i8, affine.
    pub const I8: Self = Self { quant_min: -128, quant_max: 127, symmetric: false };
    /// All of u8, affine.
    pub const U8: Self = Self { quant_min: 0, quant_max: 255, symmetric: false };

    /// Number of levels.
    pub fn count(&self) -> i64 {
        i64::from(self.quant_max) - i64::from(self.quant_min) + 1
    }

    /// The same levels with zero in the middle.
    pub fn symmetric(self) -> Self {
        Self { symmetric: true, ..self }
    }
}

/// A uniform quantizer with zero on a level: level `n` stands for `n * step`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantizer {
    /// Distance between levels, positive.
    pub(super) step: f64,
    /// Lowest level, `quant_min - zero_point`.
    pub(super) lowest: f64,
    /// Highest level, `quant_max - zero_point`.
    pub(super) highest: f64,
}

impl Quantizer {
    /// The quantizer that the usual scale formula makes of a range, in f64: the range is widened to hold zero,
    /// made symmetric if need be, `step = (max - min) / (quant_max - quant_min)`, and the zero point
    /// `quant_min - min / step` (symmetric: the middle) is rounded half to even and kept among the levels.
    /// `None` when the range is zero alone.
    pub(super) fn new(min: f64, max: f64, levels: Levels) -> Option<Self> {
        let (quant_min, quant_max) = (f64::from(levels.quant_min), f64::from(levels.quant_max));
        let (mut min, mut max) = (min.min(0.0), max.max(0.0));
        if levels.symmetric {
            max = max.max(-min);
            min = -max;
        }
        let step = (max - min) / (quant_max - quant_min);
        if step == 0.0 {
            return None;
        }
        let zero_point =
            if levels.symmetric { f64::midpoint(quant_min, quant_max) } else { quant_min - min / step };
        let zero_point = zero_point.round_ties_even().clamp(quant_min, quant_max);
        Some(Self { step, lowest: quant_min - zero_point, highest: quant_max - zero_point })
    }

    /// Integral of the squared error from 0 to `level` (a position in steps), in steps cubed; odd.
    ///
    /// A whole rounding cell adds 1/12, a part of one `f^3 / 3` from its centre; beyond the last level the distance
    /// to it counts, `d^3 / 3`.
    fn cumulative_error(&self, level: f64) -> f64 {
        const ROUNDING: f64 = 1.5 * (1u64 << 52) as f64;
        let inside = level.clamp(self.lowest, self.highest);
        let nearest = (inside + ROUNDING) - ROUNDING;
        let (fraction, beyond) = (inside - nearest, level - inside);
        nearest / 12.0 + (fraction * fraction * fraction + beyond * beyond * beyond) / 3.0
    }

    /// Sum of squared errors over `bins`, each taken as uniform between its edges.
    pub(super) fn square_error(&self, bins: &[Bin]) -> f64 {
        const POINT: f64 = 1e-6;
        let inverse = 1.0 / self.step;
        let (mut edge, mut error_to_edge) = (f64::NAN, 0.0);
        let mut total = 0.0;
        for bin in bins {
            let (lower, upper) = (bin.lower * inverse, bin.upper * inverse);
            let width = upper - lower;
            let error_to_lower = if bin.lower == edge { error_to_edge } else { self.cumulative_error(lower) };
            (edge, error_to_edge) = (bin.upper, self.cumulative_error(upper));
            let mean = if width < POINT {
                let inside = lower.clamp(self.lowest, self.highest);
                (lower - inside.round_ties_even()).powi(2)
            } else {
                (error_to_edge - error_to_lower) / width
            };
            total += bin.count as f64 * mean;
        }
        total * self.step * self.step
    }
}

/// Expected sum of squared errors when values spread like `bins` are quantized with the scale and zero point that
/// `range` gives on `levels`: rounding inside the range, clipping outside. Values are uniform inside a bin.
///
/// A range of zero alone quantizes everything to zero.
pub fn expected_square_error(bins: &[Bin], range: Range, levels: Levels) -> f64 {
    if let Some(quantizer) = Quantizer::new(f64::from(range.min), f64::from(range.max), levels) {
        return quantizer.square_error(bins);
    }
    let square = |bin: &Bin| (bin.lower * bin.lower + bin.lower * bin.upper + bin.upper * bin.upper) / 3.0;
    bins.iter().map(|bin| bin.count as f64 * square(bin)).sum()
}
