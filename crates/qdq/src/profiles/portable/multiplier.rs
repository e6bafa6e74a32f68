//! Ratios of scales as integers.

use crate::error::{Error, Result};

/// A positive ratio of integers, times a power of two: `numerator / denominator · 2^exponent`, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ratio {
    numerator: u128,
    denominator: u128,
    exponent: i32,
}

impl Ratio {
    /// The product of one or two scales, divided by a scale and by a count.
    ///
    /// # Errors
    /// A count of 2^40 or more.
    pub(super) fn new(scales: &[f32], by: f32, count: usize) -> Result<Self> {
        let mut ratio = Self { numerator: 1, denominator: 1, exponent: 0 };
        for &scale in scales {
            let (mantissa, exponent) = parts(scale);
            ratio.numerator *= mantissa;
            ratio.exponent += exponent;
        }
        let (mantissa, exponent) = parts(by);
        if count == 0 || count >= 1 << 40 {
            return Err(Error::data(format!("a mean of {count} elements")));
        }
        ratio.denominator = mantissa * count as u128;
        ratio.exponent -= exponent;
        Ok(ratio)
    }

    /// `round(self · 2^shift)`; the shift is such that the result has at most 64 bits.
    pub(super) fn scaled(&self, shift: i32) -> i64 {
        let shift = shift + self.exponent;
        let (mut numerator, mut denominator) = (self.numerator, self.denominator);
        match u32::try_from(shift) {
            // Mantissas have 24 bits, so that a result of 31 bits has a shift of at most 31 + 64 - 24.
            Ok(shift) => numerator <<= shift.min(78),
            // A shift beyond the bits of the numerator leaves nothing, however far.
            Err(_) => denominator <<= shift.unsigned_abs().min(62),
        }
        ((2 * numerator + denominator) / (2 * denominator)) as i64
    }
}

/// A positive `f32` as `mantissa · 2^exponent`, with a mantissa of 24 bits.
fn parts(scale: f32) -> (u128, i32) {
    let bits = scale.to_bits();
    let (mantissa, exponent) = (bits & 0x7f_ffff, (bits >> 23 & 0xff) as i32);
    if exponent > 0 {
        return ((mantissa | 0x80_0000).into(), exponent - 150);
    }
    let missing = mantissa.leading_zeros().saturating_sub(8);
    (u128::from(mantissa) << missing, -149 - missing as i32)
}

/// `M · 2^-n`: see the module documentation of [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Multiplier {
    pub(super) mantissa: i64,
    /// 1 to 62.
    pub(super) shift: u32,
}

impl Multiplier {
    /// The multiplier of a ratio; one too small for any product to be rounded to 1 is 0.
    ///
    /// # Errors
    /// A ratio of 2^30 or more.
    pub(super) fn new(ratio: &Ratio) -> Result<Self> {
        let bits = |number: u128| 128 - number.leading_zeros() as i32;
        // With this shift the result has 31 or 32 bits.
        let mut shift = 31 + bits(ratio.denominator) - bits(ratio.numerator) - ratio.exponent;
        let mut mantissa = ratio.scaled(shift);
        if mantissa >= 1 << 31 {
            shift -= 1;
            mantissa = ratio.scaled(shift);
        }
        if mantissa == 1 << 31 {
            (mantissa, shift) = (1 << 30, shift - 1);
        }
        match shift {
            ..1 => Err(Error::unsupported("scales that differ by a factor of 2^30 or more")),
            1..=62 => Ok(Self { mantissa, shift: shift as u32 }),
            _ => Ok(Self { mantissa: 0, shift: 1 }),
        }
    }

    /// The multiplier of products of scales over a scale.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of(scales: &[f32], by: f32) -> Result<Self> {
        Self::new(&Ratio::new(scales, by, 1)?)
    }

    /// `floor((value · M + 2^(n-1)) / 2^n)`; the value has at most 34 bits.
    #[inline]
    pub(super) fn apply(self, value: i64) -> i64 {
        match value.checked_mul(self.mantissa) {
            Some(product) if product < i64::MAX / 2 => self.round(product),
            _ => {
                let product = i128::from(value) * i128::from(self.mantissa);
                ((product + (1i128 << (self.shift - 1))) >> self.shift) as i64
            }
        }
    }

    /// `floor((sum + 2^(n-1)) / 2^n)`.
    #[inline]
    pub(super) fn round(self, sum: i64) -> i64 {
        (sum + (1i64 << (self.shift - 1))) >> self.shift
    }
}
