//! Exponential and reciprocal in fixed point, as gemmlowp defines them.
//!
//! A number with `n` integer bits is an `i32` that counts in steps of `2^(n - 31)`.
//! Source: gemmlowp `fixedpoint/fixedpoint.h`, `exp_on_negative_values` and `one_over_one_plus_x_for_x_in_0_1`.

use crate::kernels::quantize::{
    rounding_divide_by_power_of_two as divide, saturating_rounding_doubling_high_mul as high_mul,
};

/// For each power of two from 2^-2 to 2^4: `e` to its negative.
const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];

/// `e^a` with 0 integer bits, for `a ≤ 0` with 5.
pub(super) fn exponential_of_negative(a: i32) -> i32 {
    if a == 0 {
        return i32::MAX;
    }
    let quarter = 1 << 24;
    let fraction = (a & (quarter - 1)) - quarter;
    let mut result = exponential_of_fraction(saturating_shift(fraction, 5));
    let remainder = fraction.wrapping_sub(a);
    for (exponent, factor) in FACTORS.into_iter().enumerate() {
        if remainder & 1 << (24 + exponent) != 0 {
            result = high_mul(result, factor);
        }
    }
    result
}

/// `e^a` for `-1/4 ≤ a < 0`, both with 0 integer bits: a Taylor series around -1/8.
fn exponential_of_fraction(a: i32) -> i32 {
    const OF_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = a.wrapping_add(1 << 28);
    let x2 = high_mul(x, x);
    let x3 = high_mul(x2, x);
    let x4 = high_mul(x2, x2);
    let series = divide(high_mul(divide(x4, 2).wrapping_add(x3), THIRD).wrapping_add(x2), 1);
    OF_EIGHTH.wrapping_add(high_mul(OF_EIGHTH, x.wrapping_add(series)))
}

/// `1 / (1 + a)` for `0 ≤ a < 1`, both with 0 integer bits: three steps of Newton's method.
fn reciprocal_of_one_plus(a: i32) -> i32 {
    const FIRST: i32 = 1_515_870_810; // 48/17 with 2 integer bits
    const SLOPE: i32 = -1_010_580_540; // -32/17
    let sum = i64::from(a) + i64::from(i32::MAX);
    let half_denominator = i64::midpoint(sum, if sum >= 0 { 1 } else { -1 }) as i32;
    let mut x = FIRST.wrapping_add(high_mul(half_denominator, SLOPE));
    for _ in 0..3 {
        let rest = (1i32 << 29).wrapping_sub(high_mul(half_denominator, x));
        x = x.wrapping_add(saturating_shift(high_mul(x, rest), 2));
    }
    saturating_shift(x, 1)
}

/// `1 / sum` for a positive sum with 12 integer bits, as a number with 0 integer bits and how far to shift it right.
pub(super) fn reciprocal(sum: i32) -> (i32, i32) {
    let headroom = sum.leading_zeros();
    let shifted = ((sum as u32) << headroom).wrapping_sub(1 << 31) as i32;
    (reciprocal_of_one_plus(shifted), 12 - headroom as i32)
}

fn saturating_shift(x: i32, exponent: u32) -> i32 {
    (i64::from(x) << exponent).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest difference from the real function, in steps of 2^-31: what the series leaves out.
    const CLOSE: f64 = 2e-5;

    #[test]
    fn near_the_real_functions() {
        for i in 1..4000 {
            let a = -i * 16_411;
            let expected = (f64::from(a) / f64::from(1 << 26)).exp();
            let found = f64::from(exponential_of_negative(a)) / 2f64.powi(31);
            assert!((found - expected).abs() < CLOSE, "{a}: {found} {expected}");
            let sum = i * 500_007;
            let (scale, shift) = reciprocal(sum);
            let found = f64::from(scale) / 2f64.powi(31) / 2f64.powi(shift);
            let expected = 2f64.powi(19) / f64::from(sum);
            assert!((found / expected - 1.0).abs() < CLOSE, "{sum}: {found} {expected}");
        }
    }
}
