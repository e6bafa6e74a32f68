//! The formulas.
#![allow(unsafe_code, reason = "float to integer without a check for what cannot be")]
#![allow(clippy::inline_always, reason = "compiled for target features only when inlined")]

use std::marker::PhantomData;

use super::walk::Formula;
use super::{FixedPoint, Limits};

/// How a real number becomes a step: division or product, and rounding. NaN is not the same everywhere either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// `round_half_even(x / scale)`, NaN to the smallest integer: onnxruntime.
    DivideHalfEven,
    /// `round_half_even(x * (1 / scale))`, the inverse rounded to f32, NaN to the largest integer: `PyTorch` (fbgemm).
    InverseHalfEven,
    /// `round_half_away(x / scale)`, NaN to the smallest integer: activations in TensorFlow Lite's reference kernels.
    DivideHalfAway,
    /// `round_half_away(x * (1 / scale))`, the inverse rounded to f32, NaN to the largest integer: weights in
    /// TensorFlow Lite's converter.
    InverseHalfAway,
}

/// An integer type that stores quantized values.
pub trait Storage: Copy + Send + Sync + 'static {
    /// The low bits of an integer that fits.
    fn from_i32(integer: i32) -> Self;
    /// The integer.
    fn to_i32(self) -> i32;
}

macro_rules! storage {
    ($($type:ty),*) => {$(
        impl Storage for $type {
            #[inline(always)]
            fn from_i32(integer: i32) -> Self {
                integer as Self
            }

            #[inline(always)]
            fn to_i32(self) -> i32 {
                self.into()
            }
        }
    )*};
}
storage!(i8, u8, i16, u16, i32);

/// `round(x / scale) + zero_point` for integers of at most 16 bits.
pub(super) struct Quantize<T, const INVERSE: bool, const AWAY: bool> {
    limits: Limits,
    storage: PhantomData<T>,
}

impl<T, const INVERSE: bool, const AWAY: bool> Quantize<T, INVERSE, AWAY> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits: narrow(limits), storage: PhantomData }
    }
}

/// # Panics
/// When a limit has more than 16 bits.
fn narrow(limits: Limits) -> Limits {
    let Limits { min, max } = limits;
    assert!(-32_768 <= min && min <= max && max <= 65_535, "{min}:{max} in 16 bits");
    limits
}

impl<T: Storage, const INVERSE: bool, const AWAY: bool> Formula for Quantize<T, INVERSE, AWAY> {
    type From = f32;
    type To = T;
    type Step = f32;

    #[inline(always)]
    fn apply(&self, x: f32, scale: f32, zero_point: i32) -> T {
        let steps = if INVERSE { x * (1.0 / scale) } else { x / scale };
        let steps = limited::<INVERSE>(steps, self.limits, zero_point);
        T::from_i32(if AWAY { half_away(steps) } else { half_even(steps) } + zero_point)
    }
}

/// Steps within the limits less the zero point; NaN goes to the upper one or to the lower one.
#[inline(always)]
fn limited<const NAN_HIGH: bool>(steps: f32, limits: Limits, zero_point: i32) -> f32 {
    let (low, high) = ((limits.min - zero_point) as f32, (limits.max - zero_point) as f32);
    if NAN_HIGH {
        let steps = if steps < high { steps } else { high };
        if steps > low { steps } else { low }
    } else {
        let steps = if steps > low { steps } else { low };
        if steps < high { steps } else { high }
    }
}

/// Rounds a number of at most 17 bits: the sum with 1.5 * 2^23 has no bits left for a fraction.
#[inline(always)]
fn half_even(steps: f32) -> i32 {
    const ROUNDER: f32 = 12_582_912.0;
    (steps + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32
}

/// Rounds a number of at most 17 bits. Not by adding a half: the sum of a half and the number below it rounds to 1.
#[inline(always)]
fn half_away(steps: f32) -> i32 {
    const BELOW_HALF: f32 = 0.499_999_97;
    // SAFETY: limited to 17 bits, and never NaN: see `limited`.
    unsafe { (steps + BELOW_HALF.copysign(steps)).to_int_unchecked() }
}

/// [`super::quantize_wide`].
pub(super) struct QuantizeWide {
    pub(super) limits: Limits,
}

impl Formula for QuantizeWide {
    type From = f32;
    type To = i32;
    type Step = f32;

    #[inline(always)]
    fn apply(&self, x: f32, scale: f32, zero_point: i32) -> i32 {
        let steps = f64::from((x / scale).round_ties_even()) + f64::from(zero_point);
        let Limits { min, max } = self.limits;
        if steps.is_nan() { min } else { steps.clamp(min.into(), max.into()) as i32 }
    }
}

/// `f32(q - zero_point) * scale`.
pub(super) struct Dequantize<T>(PhantomData<T>);

impl<T> Dequantize<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Storage> Formula for Dequantize<T> {
    type From = T;
    type To = f32;
    type Step = f32;

    #[inline(always)]
    fn apply(&self, q: T, scale: f32, zero_point: i32) -> f32 {
        q.to_i32().wrapping_sub(zero_point) as f32 * scale
    }
}

/// [`super::requantize_float`].
pub(super) struct RequantizeFloat<T> {
    limits: Limits,
    storage: PhantomData<T>,
}

impl<T> RequantizeFloat<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits: narrow(limits), storage: PhantomData }
    }
}

impl<T: Storage> Formula for RequantizeFloat<T> {
    type From = i32;
    type To = T;
    type Step = f32;

    #[inline(always)]
    fn apply(&self, accumulator: i32, multiplier: f32, zero_point: i32) -> T {
        let steps = limited::<false>(accumulator as f32 * multiplier, self.limits, zero_point);
        T::from_i32(half_even(steps) + zero_point)
    }
}

/// [`super::requantize_fixed`].
pub(super) struct RequantizeFixed<T, const TWICE: bool> {
    limits: Limits,
    storage: PhantomData<T>,
}

impl<T, const TWICE: bool> RequantizeFixed<T, TWICE> {
    pub(super) fn new(limits: Limits) -> Self {
        assert!(limits.min <= limits.max, "{limits:?}");
        Self { limits, storage: PhantomData }
    }
}

impl<T: Storage, const TWICE: bool> Formula for RequantizeFixed<T, TWICE> {
    type From = i32;
    type To = T;
    type Step = FixedPoint;

    #[inline(always)]
    fn apply(&self, accumulator: i32, factor: FixedPoint, zero_point: i32) -> T {
        let product = if TWICE {
            factor.multiply_rounding_twice(accumulator)
        } else {
            factor.multiply_rounding_once(accumulator)
        };
        T::from_i32(product.wrapping_add(zero_point).clamp(self.limits.min, self.limits.max))
    }
}
