//! The wide types that numbers are summed up in, and conversions that lose no bits of 64-bit integers.

use std::cmp::Ordering;

use half::{bf16, f16};

use super::dispatch::Stored;

/// A type to accumulate in: `f64` for floats, `i64` that wraps for integers.
pub(crate) trait Wide: Copy + Send + Sync + 'static {
    const ZERO: Self;
    const ONE: Self;
    fn of(count: usize) -> Self;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn magnitude(self) -> Self;
    /// The quotient, truncated for integers; 0 for an integer divided by 0.
    fn over(self, count: usize) -> Self;
}

impl Wide for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;

    fn of(count: usize) -> f64 {
        count as f64
    }

    fn plus(self, other: f64) -> f64 {
        self + other
    }

    fn times(self, other: f64) -> f64 {
        self * other
    }

    fn magnitude(self) -> f64 {
        self.abs()
    }

    fn over(self, count: usize) -> f64 {
        self / count as f64
    }
}

impl Wide for i64 {
    const ZERO: i64 = 0;
    const ONE: i64 = 1;

    fn of(count: usize) -> i64 {
        count as i64
    }

    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }

    fn times(self, other: i64) -> i64 {
        self.wrapping_mul(other)
    }

    fn magnitude(self) -> i64 {
        self.wrapping_abs()
    }

    fn over(self, count: usize) -> i64 {
        self.checked_div(count as i64).unwrap_or(0)
    }
}

/// A number with its wide type, its bounds and its order.
pub(crate) trait Widen: Stored + Copy + PartialOrd {
    /// What it accumulates in.
    type Wide: Wide;
    /// Least number: −∞ for floats.
    const LEAST: Self;
    /// Greatest number: +∞ for floats.
    const GREATEST: Self;
    /// The same number; of `u64` the same bits.
    fn widen(self) -> Self::Wide;
    /// Rounded for floats, the lower bits for integers.
    fn narrow(wide: Self::Wide) -> Self;
    /// As `f32`, rounded once.
    fn as_f32(self) -> f32;
    /// As `f64`, rounded for 64-bit integers.
    fn as_f64(self) -> f64;
    /// Rounded for floats; truncated and saturated for integers, NaN becomes 0.
    fn from_f64(float: f64) -> Self;
    /// Truncated and saturated for floats, the same bits for `u64`.
    fn to_i64(self) -> i64;
    /// Rounded for floats, the lower bits for integers.
    fn from_i64(int: i64) -> Self;

    /// A total order in which NaN is greatest.
    fn order(&self, other: &Self) -> Ordering {
        self.partial_cmp(other).unwrap_or_else(|| self.is_nan().cmp(&other.is_nan()))
    }

    /// Whether it is no number.
    #[allow(clippy::eq_op, reason = "only NaN differs from itself")]
    fn is_nan(&self) -> bool {
        self != self
    }

    /// The larger one; NaN if one is NaN.
    fn larger(self, other: Self) -> Self {
        if self > other || self.is_nan() { self } else { other }
    }

    /// The smaller one; NaN if one is NaN.
    fn smaller(self, other: Self) -> Self {
        if self < other || self.is_nan() { self } else { other }
    }
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl Widen for $int {
            type Wide = i64;
            const LEAST: Self = <$int>::MIN;
            const GREATEST: Self = <$int>::MAX;

            fn widen(self) -> i64 {
                self as i64
            }

            fn narrow(wide: i64) -> Self {
                wide as $int
            }

            fn as_f32(self) -> f32 {
                self as f32
            }

            fn as_f64(self) -> f64 {
                self as f64
            }

            fn from_f64(float: f64) -> Self {
                float as $int
            }

            fn to_i64(self) -> i64 {
                self as i64
            }

            fn from_i64(int: i64) -> Self {
                int as $int
            }
        }
    )*};
}
integers!(i8 u8 i16 u16 i32 u32 i64 u64);

macro_rules! floats {
    ($($float:ty: $to:expr, $from:expr;)*) => {$(
        impl Widen for $float {
            type Wide = f64;
            const LEAST: Self = <$float>::NEG_INFINITY;
            const GREATEST: Self = <$float>::INFINITY;

            fn widen(self) -> f64 {
                $to(self)
            }

            fn narrow(wide: f64) -> Self {
                $from(wide)
            }

            fn as_f32(self) -> f32 {
                $to(self) as f32
            }

            fn as_f64(self) -> f64 {
                $to(self)
            }

            fn from_f64(float: f64) -> Self {
                $from(float)
            }

            fn to_i64(self) -> i64 {
                $to(self) as i64
            }

            fn from_i64(int: i64) -> Self {
                $from(int as f64)
            }
        }
    )*};
}
floats! {
    f32: f64::from, (|float: f64| float as f32);
    f64: f64::from, f64::from;
    f16: f16::to_f64, f16::from_f64;
    bf16: bf16::to_f64, bf16::from_f64;
}
