//! Rounding and saturation, as the instructions that onnxruntime's kernels are made of.

use super::node::Affine;

/// The nearest integer, halves to even; `i32::MIN` for NaN and for numbers that 32 bits do not hold.
///
/// Source: `cvtps2dq` and `cvtss2si`.
pub(super) fn to_i32(x: f32) -> i32 {
    const LIMIT: f32 = 2_147_483_648.0;
    if (-LIMIT..LIMIT).contains(&x) { x.round_ties_even() as i32 } else { i32::MIN }
}

/// The larger number; `bound` if `x` is NaN. Source: `maxps`.
pub(super) fn at_least(x: f32, bound: f32) -> f32 {
    if x > bound { x } else { bound }
}

/// The smaller number; `bound` if `x` is NaN. Source: `minps`.
pub(super) fn at_most(x: f32, bound: f32) -> f32 {
    if x < bound { x } else { bound }
}

/// Steps limited to the range of the storage type, then rounded: how kernels requantize and quantize.
///
/// Source: MLAS `MlasRequantizeOutput`, `MlasQuantizeLinear`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saturate {
    low: f32,
    high: f32,
    zero_point: i32,
}

impl Saturate {
    pub(super) fn to(params: Affine) -> Self {
        let (min, max) = params.range();
        let zero_point = params.zero_point;
        Self { low: (min - zero_point) as f32, high: (max - zero_point) as f32, zero_point }
    }

    /// The bits of the integer for `steps` above the zero point.
    pub(super) fn bits(self, steps: f32) -> u8 {
        // In -255..=255, where the sum leaves no bits for a fraction: rounds to the nearest even integer.
        const ROUNDER: f32 = 12_582_912.0; // 1.5 * 2^23
        let steps = at_most(at_least(steps, self.low), self.high);
        ((steps + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32 + self.zero_point) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn conversions_are_those_of_the_instructions() {
        let cases = [
            (0.5, 0),
            (1.5, 2),
            (-2.5, -2),
            (2_147_483_520.0, 2_147_483_520),
            (2_147_483_648.0, i32::MIN),
            (-3e9, i32::MIN),
            (f32::NAN, i32::MIN),
        ];
        for (x, expected) in cases {
            assert_eq!(to_i32(x), expected, "{x}");
        }
    }

    #[test]
    fn saturates_before_rounding() {
        let saturate = Saturate::to(Affine { storage: DType::I8, scale: 1.0, zero_point: -128 });
        let bits =
            [-1.0, f32::NAN, 0.5, 1.5, 127.5, 254.5, 1e20, f32::INFINITY].map(|x| saturate.bits(x) as i8);
        assert_eq!(bits, [-128, -128, -128, -126, 0, 126, 127, 127]);
    }
}
