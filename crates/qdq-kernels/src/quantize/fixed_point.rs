//! Multipliers as integers, the arithmetic of processors without floats.
//!
//! Sources: TensorFlow Lite `quantization_util.cc` (`QuantizeMultiplier`) and `common.h`
//! (`MultiplyByQuantizedMultiplier`); gemmlowp `fixedpoint.h`.
#![allow(clippy::inline_always, reason = "part of kernels compiled for target features")]

/// A positive factor `multiplier * 2^(shift - 31)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPoint {
    /// 0, or from 2^30 up.
    pub multiplier: i32,
    /// -31 to 30.
    pub shift: i32,
}

/// How often a product is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedRounding {
    /// The high half of the doubled product, then the shift to the right: the reference kernels of TensorFlow Lite as
    /// they are built for x86-64, gemmlowp.
    Double,
    /// Once, half up (`TFLITE_SINGLE_ROUNDING`).
    Single,
}

impl FixedPoint {
    /// The nearest to a factor that is 0 or positive: a multiplier of 31 bits, rounded half away from zero. A factor
    /// below 2^-32 becomes 0, one from 2^30 up the largest.
    ///
    /// # Panics
    /// With a factor that is negative or not finite.
    pub fn new(factor: f64) -> Self {
        assert!(factor >= 0.0 && factor.is_finite(), "factor {factor}");
        let (fraction, mut shift) = fraction_and_exponent(factor);
        let mut multiplier = (fraction * 2f64.powi(31)).round() as i64;
        if multiplier == 1 << 31 {
            multiplier /= 2;
            shift += 1;
        }
        match shift {
            _ if multiplier == 0 => Self { multiplier: 0, shift: 0 },
            ..-31 => Self { multiplier: 0, shift: 0 },
            31.. => Self { multiplier: i32::MAX, shift: 30 },
            _ => Self { multiplier: multiplier as i32, shift },
        }
    }

    /// `x` times the factor, rounded twice: to the high half of the doubled product, half up, and by the shift to the
    /// right, half away from zero. A shift to the left comes first, and wraps around.
    #[inline(always)]
    pub fn multiply_rounding_twice(self, x: i32) -> i32 {
        let left = x.wrapping_shl(self.shift.max(0) as u32);
        let high = high_mul(left, self.multiplier);
        rounding_divide_by_power_of_two(high, (-self.shift).max(0) as u32)
    }

    /// `x` times the factor, rounded once, half up. The low 32 bits where the product has more.
    #[inline(always)]
    pub fn multiply_rounding_once(self, x: i32) -> i32 {
        let shift = (31 - self.shift) as u32;
        let product = i64::from(x) * i64::from(self.multiplier);
        ((product + (1i64 << (shift - 1))) >> shift) as i32
    }
}

/// `factor = fraction * 2^exponent` with a fraction from 0.5 up to 1; (0, 0) of 0. C's `frexp`.
fn fraction_and_exponent(factor: f64) -> (f64, i32) {
    if factor == 0.0 {
        return (0.0, 0);
    }
    let (normal, offset) =
        if factor < f64::MIN_POSITIVE { (factor * 2f64.powi(64), 64) } else { (factor, 0) };
    let field = (normal.to_bits() >> 52) as i32;
    let fraction = f64::from_bits(normal.to_bits() & !(0x7ff << 52) | 1022 << 52);
    (fraction, field - 1022 - offset)
}

/// The high 32 bits of twice the product, rounded half up: gemmlowp's `SaturatingRoundingDoublingHighMul`.
///
/// gemmlowp nudges by `2^30` or `1 - 2^30` and divides towards zero; for both signs that is the floor of
/// `(a b + 2^30) / 2^31`. Saturates for the one product that does not fit, of two `i32::MIN`.
#[inline(always)]
pub fn saturating_rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN { i32::MAX } else { high_mul(a, b) }
}

/// The same where `b` is not `i32::MIN`.
#[inline(always)]
fn high_mul(a: i32, b: i32) -> i32 {
    ((i64::from(a) * i64::from(b) + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent`, rounded half away from zero; the exponent is at most 31. gemmlowp's `RoundingDivideByPOT`.
#[inline(always)]
pub fn rounding_divide_by_power_of_two(x: i32, exponent: u32) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(x & mask > threshold)
}
