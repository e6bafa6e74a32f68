//! Elementwise mathematical functions, vectorized.
//!
//! Accuracy: exp, log, erf, sigmoid and tanh within 4 units in the last place over their range
//! (tests below); NaN gives NaN.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::parallel::for_each_chunk;
use super::simd::{Simd, SimdTask, dispatch, map_in_place};

pub(crate) mod vector;

/// Values per task: about 10 to 100 microseconds of work.
const CHUNK: usize = 1 << 14;

/// A function of one number, applied to whole slices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary {
    /// `e^x`
    Exp,
    /// Natural logarithm.
    Log,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`
    Sigmoid,
    /// Error function.
    Erf,
    /// `x/2 (1 + erf(x / sqrt 2))`
    GeluErf,
    /// `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`
    GeluTanh,
    /// `x sigmoid(x)`
    Silu,
    /// `ln(1 + e^x)`
    Softplus,
    /// `clip(alpha x + beta, 0, 1)`
    HardSigmoid {
        /// Slope.
        alpha: f32,
        /// Value at 0.
        beta: f32,
    },
    /// `x clip(x/6 + 1/2, 0, 1)`
    HardSwish,
    /// `max(0, x)`
    Relu,
    /// `min(max(x, min), max)`
    Clip {
        /// Lower bound.
        min: f32,
        /// Upper bound.
        max: f32,
    },
    /// `x`, or the slope times `x` below 0.
    LeakyRelu(f32),
    /// `x`, or `alpha (e^x - 1)` below 0.
    Elu(f32),
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// `-x`
    Neg,
    /// `1 / x`
    Reciprocal,
}

impl Unary {
    /// Replaces every value by the function of it, on all threads.
    pub fn apply(self, values: &mut [f32]) {
        for_each_chunk(values, CHUNK, |_, chunk| self.apply_serial(chunk));
    }

    /// Writes the function of each input value, on all threads.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn apply_into(self, input: &[f32], output: &mut [f32]) {
        assert_eq!(input.len(), output.len());
        for_each_chunk(output, CHUNK, |chunk_idx, chunk| {
            let begin = chunk_idx * CHUNK;
            chunk.copy_from_slice(&input[begin..begin + chunk.len()]);
            self.apply_serial(chunk);
        });
    }

    /// Like [`Unary::apply`] on the calling thread.
    pub fn apply_serial(self, values: &mut [f32]) {
        dispatch(Apply { unary: self, values });
    }
}

struct Apply<'a> {
    unary: Unary,
    values: &'a mut [f32],
}

impl SimdTask for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let zero = s.splat(0.0);
        let one = s.splat(1.0);
        let values = self.values;
        match self.unary {
            Unary::Exp => map_in_place!(s, values, |x| vector::exp(s, x)),
            Unary::Log => map_in_place!(s, values, |x| vector::log(s, x)),
            Unary::Tanh => map_in_place!(s, values, |x| vector::tanh(s, x)),
            Unary::Sigmoid => map_in_place!(s, values, |x| vector::sigmoid(s, x)),
            Unary::Erf => map_in_place!(s, values, |x| vector::erf(s, x)),
            Unary::GeluErf => map_in_place!(s, values, |x| gelu_erf(s, x)),
            Unary::GeluTanh => map_in_place!(s, values, |x| gelu_tanh(s, x)),
            Unary::Silu => map_in_place!(s, values, |x| s.mul(x, vector::sigmoid(s, x))),
            Unary::Softplus => map_in_place!(s, values, |x| vector::softplus(s, x)),
            Unary::HardSigmoid { alpha, beta } => {
                map_in_place!(s, values, |x| hard_sigmoid(s, x, alpha, beta));
            }
            Unary::HardSwish => {
                map_in_place!(s, values, |x| s.mul(x, hard_sigmoid(s, x, 1.0 / 6.0, 0.5)));
            }
            Unary::Relu => map_in_place!(s, values, |x| s.max(zero, x)),
            Unary::Clip { min, max } => {
                let (min, max) = (s.splat(min), s.splat(max));
                map_in_place!(s, values, |x| s.min(max, s.max(min, x)));
            }
            Unary::LeakyRelu(slope) => {
                let slope = s.splat(slope);
                map_in_place!(s, values, |x| s.select(s.lt(x, zero), s.mul(slope, x), x));
            }
            Unary::Elu(alpha) => {
                let alpha = s.splat(alpha);
                map_in_place!(s, values, |x| {
                    let below = s.mul(alpha, s.sub(vector::exp(s, x), one));
                    s.select(s.lt(x, zero), below, x)
                });
            }
            Unary::Sqrt => map_in_place!(s, values, |x| s.sqrt(x)),
            Unary::Abs => map_in_place!(s, values, |x| s.abs(x)),
            Unary::Neg => map_in_place!(s, values, |x| s.mul(s.splat(-1.0), x)),
            Unary::Reciprocal => map_in_place!(s, values, |x| s.div(one, x)),
        }
    }
}

#[inline(always)]
fn hard_sigmoid<S: Simd>(s: S, x: S::V, alpha: f32, beta: f32) -> S::V {
    let y = s.mul_add(s.splat(alpha), x, s.splat(beta));
    s.min(s.splat(1.0), s.max(s.splat(0.0), y))
}

#[inline(always)]
fn gelu_erf<S: Simd>(s: S, x: S::V) -> S::V {
    let e = vector::erf(s, s.mul(x, s.splat(std::f32::consts::FRAC_1_SQRT_2)));
    s.mul(s.mul(s.splat(0.5), x), s.add(s.splat(1.0), e))
}

#[inline(always)]
fn gelu_tanh<S: Simd>(s: S, x: S::V) -> S::V {
    let cube = s.mul(s.mul(x, x), x);
    let inner = s.mul_add(s.splat(0.044_715), cube, x);
    let t = vector::tanh(s, s.mul(s.splat(0.797_884_6), inner));
    s.mul(s.mul(s.splat(0.5), x), s.add(s.splat(1.0), t))
}

macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident = $unary:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(values: &mut [f32]) {
            $unary.apply(values);
        }
    )*};
}

in_place! {
    /// `e^x` in place.
    exp = Unary::Exp;
    /// Natural logarithm in place.
    log = Unary::Log;
    /// Hyperbolic tangent in place.
    tanh = Unary::Tanh;
    /// `1 / (1 + e^-x)` in place.
    sigmoid = Unary::Sigmoid;
    /// Error function in place.
    erf = Unary::Erf;
}

#[cfg(test)]
mod tests;
