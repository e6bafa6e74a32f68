//! Between real numbers, accumulators and quantized integers.
//!
//! Every function applies one exactly specified formula to each element, with the parameters of its group (the whole
//! tensor, an index of an axis, or a block; see [`Spread`]). The formula is the same arithmetic on every instruction
//! set, so results are the same bits everywhere and for any number of threads.
//!
//! | function | formula of an element |
//! |---|---|
//! | [`quantize`] | `round(x / scale) + zero_point`, limited; rounding and division as the [`Convention`] says |
//! | [`quantize_wide`] | the same for 32-bit integers, whose limits f32 cannot hold |
//! | [`dequantize`] | `f32(q - zero_point) * scale` |
//! | [`requantize_float`] | `round_half_even(clamp(f32(acc) * multiplier)) + zero_point` |
//! | [`requantize_fixed`] | `acc * multiplier * 2^(shift - 31)` in integers, `+ zero_point`, limited; see [`FixedPoint`] |
mod fixed_point;
mod rules;
mod walk;

#[cfg(test)]
mod tests;

pub use fixed_point::{
    FixedPoint, FixedRounding, rounding_divide_by_power_of_two, saturating_rounding_doubling_high_mul,
};
pub use rules::{Convention, Storage};
pub use walk::Spread;

use rules::{Dequantize, Quantize, QuantizeWide, RequantizeFixed, RequantizeFloat};
use walk::convert;

/// Smallest and largest integer that may come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Smallest integer.
    pub min: i32,
    /// Largest integer.
    pub max: i32,
}

/// Parameters of the groups of a tensor.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a, Step = f32> {
    /// Scale or multiplier of each group.
    pub steps: &'a [Step],
    /// Integer that means 0.0, of each group; within the limits.
    pub zero_points: &'a [i32],
    /// Which elements a group holds.
    pub spread: Spread,
}

/// Integers of at most 16 bits out of real numbers.
///
/// # Panics
/// When lengths do not fit each other or the spread.
pub fn quantize<T: Storage>(
    from: &[f32],
    to: &mut [T],
    groups: Groups<'_>,
    limits: Limits,
    convention: Convention,
) {
    use Convention::{DivideHalfAway, DivideHalfEven, InverseHalfAway, InverseHalfEven};
    const EVEN: bool = false;
    const AWAY: bool = true;
    match convention {
        DivideHalfEven => convert(&Quantize::<T, false, EVEN>::new(limits), from, to, groups),
        DivideHalfAway => convert(&Quantize::<T, false, AWAY>::new(limits), from, to, groups),
        InverseHalfEven => convert(&Quantize::<T, true, EVEN>::new(limits), from, to, groups),
        InverseHalfAway => convert(&Quantize::<T, true, AWAY>::new(limits), from, to, groups),
    }
}

/// 32-bit integers out of real numbers: `round_half_even(f32(x / scale)) + zero_point`, the sum in f64; NaN gives the
/// smallest.
///
/// # Panics
/// When lengths do not fit each other or the spread.
pub fn quantize_wide(from: &[f32], to: &mut [i32], groups: Groups<'_>, limits: Limits) {
    convert(&QuantizeWide { limits }, from, to, groups);
}

/// Real numbers out of integers; the difference wraps around.
///
/// # Panics
/// When lengths do not fit each other or the spread.
pub fn dequantize<T: Storage>(from: &[T], to: &mut [f32], groups: Groups<'_>) {
    convert(&Dequantize::<T>::new(), from, to, groups);
}

/// Integers of at most 16 bits out of accumulators, by a float multiplier: the product is formed in f32, limited to
/// `min - zero_point ..= max - zero_point`, and rounded half to even. Source: onnxruntime's `MlasRequantizeOutput`.
///
/// The multiplier of a product of a channel is `(scale_x * scale_w) / scale_y`, in f32 and in that order.
///
/// # Panics
/// When lengths do not fit each other or the spread.
pub fn requantize_float<T: Storage>(from: &[i32], to: &mut [T], groups: Groups<'_>, limits: Limits) {
    convert(&RequantizeFloat::<T>::new(limits), from, to, groups);
}

/// Integers out of accumulators, by a fixed-point multiplier. Source: TensorFlow Lite's
/// `MultiplyByQuantizedMultiplier`; sum with the zero point and limits as in its kernels.
///
/// # Panics
/// When lengths do not fit each other or the spread.
pub fn requantize_fixed<T: Storage>(
    from: &[i32],
    to: &mut [T],
    groups: Groups<'_, FixedPoint>,
    limits: Limits,
    rounding: FixedRounding,
) {
    match rounding {
        FixedRounding::Double => convert(&RequantizeFixed::<T, true>::new(limits), from, to, groups),
        FixedRounding::Single => convert(&RequantizeFixed::<T, false>::new(limits), from, to, groups),
    }
}
