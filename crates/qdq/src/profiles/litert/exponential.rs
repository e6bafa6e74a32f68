//! Exponential, reciprocal, logistic and tanh in fixed point of 32 or 16 bits, as gemmlowp defines them.
//!
//! A number with `n` integer bits counts in steps of `2^(n + 1 - BITS)`; one of 16 bits lies in an `i32`, too.
//! Source: gemmlowp `fixedpoint/fixedpoint.h`, `exp_on_negative_values`, `one_over_one_plus_x_for_x_in_0_1`, `logistic` and
//! `tanh`.

use crate::kernels::quantize::{
    rounding_divide_by_power_of_two as divide, saturating_rounding_doubling_high_mul,
};

/// For each power of two from 2^-2 to 2^4: `e` to its negative.
const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];

/// `1 / (1 + e^-a)` with 0 integer bits, for `a` with 3.
pub(super) fn logistic_16(a: i32) -> i32 {
    if a == 0 {
        return 1 << 14;
    }
    let positive = reciprocal_of_one_plus::<16>(exponential_of_negative::<16>(wrap::<16>(-a.abs()), 3));
    if a > 0 { positive } else { largest::<16>() - positive }
}

/// The hyperbolic tangent with 0 integer bits, for `a` with so many.
pub(super) fn tanh_16(a: i32, integer_bits: u32) -> i32 {
    if a == 0 {
        return 0;
    }
    // With one integer bit more, the same integer means twice the number.
    let x = newton::<16>(exponential_of_negative::<16>(-a.abs(), integer_bits + 1));
    let magnitude = saturating_shift::<16>(wrap::<16>(x - (1 << 13)), 2);
    if a > 0 { magnitude } else { wrap::<16>(-magnitude) }
}

/// `e^a` with 0 integer bits, for `a ≤ 0` with so many.
pub(super) fn exponential_of_negative<const BITS: u32>(a: i32, integer_bits: u32) -> i32 {
    if a == 0 {
        return largest::<BITS>();
    }
    let fractional_bits = BITS - 1 - integer_bits;
    if integer_bits > 5 && a < -(32 << fractional_bits) {
        return 0;
    }
    let quarter = 1 << (fractional_bits - 2);
    let fraction = (a & (quarter - 1)) - quarter;
    let mut result = exponential_of_fraction::<BITS>(saturating_shift::<BITS>(fraction, integer_bits));
    let remainder = wrap::<BITS>(fraction.wrapping_sub(a));
    for (exponent, factor) in FACTORS.into_iter().enumerate().take(integer_bits as usize + 2) {
        if remainder & quarter << exponent != 0 {
            result = high_mul::<BITS>(result, constant::<BITS>(factor));
        }
    }
    result
}

/// `e^a` for `-1/4 ≤ a < 0`, both with 0 integer bits: a Taylor series around -1/8.
fn exponential_of_fraction<const BITS: u32>(a: i32) -> i32 {
    let of_eighth = constant::<BITS>(1_895_147_668);
    let third = constant::<BITS>(715_827_883);
    let x = wrap::<BITS>(a.wrapping_add(1 << (BITS - 4)));
    let x2 = high_mul::<BITS>(x, x);
    let x3 = high_mul::<BITS>(x2, x);
    let x4 = high_mul::<BITS>(x2, x2);
    let series = divide(high_mul::<BITS>(divide(x4, 2).wrapping_add(x3), third).wrapping_add(x2), 1);
    let rest = high_mul::<BITS>(of_eighth, wrap::<BITS>(x.wrapping_add(series)));
    if BITS == 16 { (of_eighth + rest).min(largest::<BITS>()) } else { of_eighth.wrapping_add(rest) }
}

/// `1 / (1 + a)` for `0 ≤ a < 1`, both with 0 integer bits.
fn reciprocal_of_one_plus<const BITS: u32>(a: i32) -> i32 {
    saturating_shift::<BITS>(newton::<BITS>(a), 1)
}

/// `2 / (1 + a)` with 2 integer bits for `0 ≤ a < 1` with 0: three steps of Newton's method.
fn newton<const BITS: u32>(a: i32) -> i32 {
    let first = constant::<BITS>(1_515_870_810); // 48/17 with 2 integer bits
    let slope = constant::<BITS>(-1_010_580_540); // -32/17
    let sum = i64::from(a) + i64::from(largest::<BITS>());
    let half_denominator = i64::midpoint(sum, if sum >= 0 { 1 } else { -1 }) as i32;
    let mut x = wrap::<BITS>(first.wrapping_add(high_mul::<BITS>(half_denominator, slope)));
    for _ in 0..3 {
        let one = 1i32 << (BITS - 3);
        let rest = wrap::<BITS>(one.wrapping_sub(high_mul::<BITS>(half_denominator, x)));
        x = wrap::<BITS>(x.wrapping_add(saturating_shift::<BITS>(high_mul::<BITS>(x, rest), 2)));
    }
    x
}

/// `1 / sum` for a positive sum with 12 integer bits, as a number with 0 integer bits and how far to shift it right.
pub(super) fn reciprocal(sum: i32) -> (i32, i32) {
    let headroom = sum.leading_zeros();
    let shifted = ((sum as u32) << headroom).wrapping_sub(1 << 31) as i32;
    (reciprocal_of_one_plus::<32>(shifted), 12 - headroom as i32)
}

fn largest<const BITS: u32>() -> i32 {
    i32::MAX >> (32 - BITS)
}

/// A constant of 32 bits in the number of bits.
fn constant<const BITS: u32>(of_32_bits: i32) -> i32 {
    divide(of_32_bits, 32 - BITS)
}

/// The low bits, as an addition of so many leaves them.
fn wrap<const BITS: u32>(x: i32) -> i32 {
    x << (32 - BITS) >> (32 - BITS)
}

fn high_mul<const BITS: u32>(a: i32, b: i32) -> i32 {
    if BITS == 32 {
        return saturating_rounding_doubling_high_mul(a, b);
    }
    ((a * b + (1 << (BITS - 2))) >> (BITS - 1)).min(largest::<BITS>())
}

fn saturating_shift<const BITS: u32>(x: i32, exponent: u32) -> i32 {
    let largest = i64::from(largest::<BITS>());
    (i64::from(x) << exponent).clamp(-largest - 1, largest) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest difference from the real function, in steps of 2^-31: what the series leaves out.
    const CLOSE: f64 = 2e-5;

    #[test]
    fn near_the_real_functions_in_16_bits() {
        let close = |found: i32, expected: f64| {
            assert!((f64::from(found) / 32768.0 - expected).abs() < 4e-4, "{found} {expected}");
        };
        for a in -32768..=32767 {
            close(logistic_16(a), 1.0 / (1.0 + (-f64::from(a) / 4096.0).exp()));
            for bits in 0..=6 {
                close(tanh_16(a, bits), (f64::from(a) / f64::from(1 << (15 - bits))).tanh());
            }
        }
    }

    #[test]
    fn near_the_real_functions() {
        for i in 1..4000 {
            let a = -i * 16_411;
            let expected = (f64::from(a) / f64::from(1 << 26)).exp();
            let found = f64::from(exponential_of_negative::<32>(a, 5)) / 2f64.powi(31);
            assert!((found - expected).abs() < CLOSE, "{a}: {found} {expected}");
            let sum = i * 500_007;
            let (scale, shift) = reciprocal(sum);
            let found = f64::from(scale) / 2f64.powi(31) / 2f64.powi(shift);
            let expected = 2f64.powi(19) / f64::from(sum);
            assert!((found / expected - 1.0).abs() < CLOSE, "{sum}: {found} {expected}");
        }
    }
}
