//! Element types with arithmetic: what lets one loop serve every type an op allows.

use half::{bf16, f16};

use super::Args;
use crate::error::{Error, Result};
use crate::tensor::{DType, Element, Tensor, element_count, take_spare};

/// A numeric element type. Integer arithmetic wraps.
pub(crate) trait Number: Element + PartialOrd + Default {
    /// The number 1.
    const ONE: Self;
    /// Whether it is an integer type, where division by 0 is an error.
    const INTEGER: bool;
    /// The nearest number of this type; integers saturate.
    fn from_f64(x: f64) -> Self;
    /// As `f64`, rounded for 64-bit integers.
    fn as_f64(self) -> f64;
    /// `self + other`
    fn plus(self, other: Self) -> Self;
    /// `self - other`
    fn minus(self, other: Self) -> Self;
    /// `self * other`
    fn times(self, other: Self) -> Self;
    /// `self / other`, of integers truncated; of an integer by 0: 0.
    fn over(self, other: Self) -> Self;
    /// Remainder with the sign of `self`; of an integer by 0: 0.
    fn rem_trunc(self, other: Self) -> Self;
    /// Remainder with the sign of `other`; of an integer by 0: 0.
    fn rem_floor(self, other: Self) -> Self;
    /// `-self`
    fn negated(self) -> Self;
    /// `|self|`
    fn magnitude(self) -> Self;

    /// The larger one; NaN if one is NaN.
    #[inline]
    fn larger(self, other: Self) -> Self {
        if self > other || self.is_nan() { self } else { other }
    }

    /// The smaller one; NaN if one is NaN.
    #[inline]
    fn smaller(self, other: Self) -> Self {
        if self < other || self.is_nan() { self } else { other }
    }

    /// Whether it is no number.
    #[inline]
    #[allow(clippy::eq_op, reason = "only NaN differs from itself")]
    fn is_nan(self) -> bool {
        self != self
    }
}

macro_rules! integer {
    ($($int:ty, $negated:expr, $magnitude:expr;)*) => {$(
        impl Number for $int {
            const ONE: Self = 1;
            const INTEGER: bool = true;
            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $int
            }
            #[inline]
            fn as_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline]
            fn over(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_div(other) }
            }
            #[inline]
            fn rem_trunc(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_rem(other) }
            }
            #[inline]
            fn rem_floor(self, other: Self) -> Self {
                let rem = self.rem_trunc(other);
                let differ = rem != 0 && (rem > 0) != (other > 0);
                if differ { rem.wrapping_add(other) } else { rem }
            }
            #[inline]
            fn negated(self) -> Self {
                let negated: fn($int) -> $int = $negated;
                negated(self)
            }
            #[inline]
            fn magnitude(self) -> Self {
                let magnitude: fn($int) -> $int = $magnitude;
                magnitude(self)
            }
        }
    )*};
}
integer! {
    i8, i8::wrapping_neg, i8::wrapping_abs;
    i16, i16::wrapping_neg, i16::wrapping_abs;
    i32, i32::wrapping_neg, i32::wrapping_abs;
    i64, i64::wrapping_neg, i64::wrapping_abs;
    u8, u8::wrapping_neg, |x| x;
    u16, u16::wrapping_neg, |x| x;
    u32, u32::wrapping_neg, |x| x;
    u64, u64::wrapping_neg, |x| x;
}

/// A floating-point type to compute in.
pub(crate) trait Float: Number {
    /// The number below all others.
    const NEG_INFINITY: Self;
    /// `self` to the power of `exponent`.
    fn power(self, exponent: Self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// e^x
    fn exp(self) -> Self;
    /// e^x − 1
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Natural logarithm of 1 + x.
    fn ln_1p(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Largest integer not above.
    fn floor(self) -> Self;
    /// Smallest integer not below.
    fn ceil(self) -> Self;
    /// Nearest integer, halves to even.
    fn round_ties_even(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Tangent.
    fn tan(self) -> Self;
    /// Inverse sine.
    fn asin(self) -> Self;
    /// Inverse cosine.
    fn acos(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh(self) -> Self;
}

macro_rules! float {
    ($($float:ident)*, $methods:tt) => { $( float! { @one $float, $methods } )* };
    (@one $float:ident, ($($method:ident)*)) => {
        impl Number for $float {
            const ONE: Self = 1.0;
            const INTEGER: bool = false;
            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline]
            fn as_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline]
            fn over(self, other: Self) -> Self {
                self / other
            }
            #[inline]
            fn rem_trunc(self, other: Self) -> Self {
                self % other
            }
            #[inline]
            fn rem_floor(self, other: Self) -> Self {
                let rem = self % other;
                if rem == 0.0 {
                    rem.copysign(other)
                } else if (rem < 0.0) == (other < 0.0) {
                    rem
                } else {
                    rem + other
                }
            }
            #[inline]
            fn negated(self) -> Self {
                -self
            }
            #[inline]
            fn magnitude(self) -> Self {
                self.abs()
            }
        }

        impl Float for $float {
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            #[inline]
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
            #[inline]
            fn erf(self) -> Self {
                erf(self as f64) as $float
            }
            $( #[inline] fn $method(self) -> Self { $float::$method(self) } )*
        }
    };
}
float! {
    f32 f64,
    (exp exp_m1 ln ln_1p sqrt floor ceil round_ties_even sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh)
}

/// Error function to about 1e-15: Taylor series of `erf(x) e^(x²)` below 3, continued fraction of erfc above.
///
/// Source: Abramowitz and Stegun, 7.1.6 and 7.1.14.
pub(crate) fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a.is_nan() || a >= 6.0 {
        return if a.is_nan() { x } else { 1f64.copysign(x) };
    }
    if a < 3.0 {
        let (mut term, mut sum, mut n) = (a, a, 1.0);
        while term > sum * 1e-17 {
            term *= 2.0 * a * a / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        return (std::f64::consts::FRAC_2_SQRT_PI * (-a * a).exp() * sum).copysign(x);
    }
    let fraction = (1..60).rev().fold(0.0, |fraction, n| f64::from(n) / 2.0 / (a + fraction));
    let erfc = (-a * a).exp() * std::f64::consts::FRAC_2_SQRT_PI / 2.0 / (a + fraction);
    (1.0 - erfc).copysign(x)
}

/// Runs `$body` with `$T` as the type of a numeric `DType`; an error for halves, 4-bit integers, bool and strings.
macro_rules! by_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::ops::numeric::by_number!(@ $dtype, $T, $body,
            F32 f32, F64 f64, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64)
    };
    (@ $dtype:expr, $T:ident, $body:expr, $($variant:ident $type:ty),*) => {
        match $dtype {
            $( $crate::tensor::DType::$variant => { type $T = $type; $body } )*
            other => Err($crate::error::Error::data(format!("{other} is no type to compute in"))),
        }
    };
}
pub(crate) use by_number;

/// Runs `compute` with 16-bit floats widened to f32, and narrows its f32 outputs to the type of input 0.
pub(crate) fn with_halves_widened(
    inputs: Args,
    compute: impl FnOnce(Args) -> Result<Vec<Tensor>>,
) -> Result<Vec<Tensor>> {
    let dtype = inputs.optional(0).map_or(DType::F32, Tensor::dtype);
    if !matches!(dtype, DType::F16 | DType::Bf16) {
        return compute(inputs);
    }
    let outputs = compute(widen_halves(inputs)?)?;
    outputs.into_iter().map(|output| narrow(output, dtype)).collect()
}

/// Inputs with 16-bit floats as f32.
pub(crate) fn widen_halves(inputs: Args) -> Result<Args> {
    let widen = |tensor: Tensor| match tensor.dtype() {
        DType::F16 | DType::Bf16 => Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f32_vec()?),
        _ => Ok(tensor),
    };
    Ok(Args(inputs.0.into_iter().map(|input| input.map(widen).transpose()).collect::<Result<_>>()?))
}

/// An f32 tensor as `dtype`, any float type; tensors of other types stay.
pub(crate) fn narrow(tensor: Tensor, dtype: DType) -> Result<Tensor> {
    if tensor.dtype() != DType::F32 || dtype == DType::F32 {
        return Ok(tensor);
    }
    let shape = tensor.shape().to_vec();
    let elements = tensor.as_slice::<f32>()?.iter();
    match dtype {
        DType::F16 => Tensor::from_vec(shape, elements.map(|&x| f16::from_f32(x)).collect()),
        DType::Bf16 => Tensor::from_vec(shape, elements.map(|&x| bf16::from_f32(x)).collect()),
        DType::F64 => Tensor::from_vec(shape, elements.map(|&x| f64::from(x)).collect()),
        _ => Ok(tensor),
    }
}

/// Computes in f64 if input 0 is f64, else in f32, with 16-bit floats widened.
pub(crate) fn by_float(
    inputs: Args,
    in_f32: impl FnOnce(Args) -> Result<Vec<Tensor>>,
    in_f64: impl FnOnce(Args) -> Result<Vec<Tensor>>,
) -> Result<Vec<Tensor>> {
    if inputs.optional(0).is_some_and(|input| input.dtype() == DType::F64) {
        return in_f64(inputs);
    }
    with_halves_widened(inputs, in_f32)
}

/// Elements of a new tensor, all `fill`; an error if they do not fit the memory.
pub(crate) fn filled<T: Clone>(shape: &[usize], fill: T) -> Result<Vec<T>> {
    let mut elements = Vec::new();
    let count = element_count(shape).ok_or_else(|| too_large(shape))?;
    elements.try_reserve_exact(count).map_err(|_| too_large(shape))?;
    elements.resize(count, fill);
    Ok(elements)
}

/// Elements of a new tensor for a kernel that writes every one, of unspecified contents; an error if they do not fit the
/// memory.
pub(crate) fn unwritten<T: Element + Default>(shape: &[usize]) -> Result<Vec<T>> {
    let count = element_count(shape).ok_or_else(|| too_large(shape))?;
    match take_spare(count) {
        Some(elements) => Ok(elements),
        None => filled(shape, T::default()),
    }
}

fn too_large(shape: &[usize]) -> Error {
    Error::data(format!("a tensor of shape {shape:?} does not fit the memory"))
}

/// Sum with eight running sums: vectorizes, and rounds less than one.
pub(crate) fn sum_of<T: Float>(elements: &[T], of: impl Fn(T) -> T) -> T {
    let mut sums = [T::default(); 8];
    let chunks = elements.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum = sum.plus(of(x));
        }
    }
    let rest = rest.iter().fold(T::default(), |sum, &x| sum.plus(of(x)));
    sums.into_iter().fold(rest, T::plus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_matches_tables() {
        // Source: Python's math.erf.
        for (x, expected) in [
            (0.0, 0.0),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.9, 0.999_958_902_121_900_5),
            (3.1, 0.999_988_351_342_632_8),
            (-1.5, -0.966_105_146_475_310_8),
            (7.0, 1.0),
        ] {
            assert!((erf(x) - expected).abs() < 1e-15, "erf({x}) = {}, not {expected}", erf(x));
        }
        assert!(erf(f64::NAN).is_nan());
    }

    #[test]
    fn remainders_follow_their_sign() {
        assert_eq!((-7i32).rem_floor(3), 2);
        assert_eq!((-7i32).rem_trunc(3), -1);
        assert_eq!(7i32.rem_floor(-3), -2);
        assert_eq!((-5.5f32).rem_floor(2.0), 0.5);
        assert_eq!(4u8.rem_floor(0), 0);
        assert_eq!(i64::MIN.over(-1), i64::MIN);
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert!(filled(&[usize::MAX, 2], 0u8).is_err());
        assert!(filled(&[usize::MAX / 2], 0u64).is_err());
    }
}
