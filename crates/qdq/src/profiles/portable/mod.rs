//! `portable`: 32-bit integer multipliers and shifts, no floating point in the arithmetic; the same bits everywhere.
//!
//! Scales are `f32`, which are ratios of integers; all that follows from them is computed in integers, exactly, and
//! rounded once. `q` is an integer, `s` its scale, `z` its zero point; `x`, `a`, `b` are inputs, `w` weights, `y` the
//! output. `round(r)` is the integer next to `r`, the larger one if two are as near: `floor(r + 1/2)`.
//! Every output is limited to `quant_min..=quant_max` of its parameters.
//!
//! **Multiplier.** A ratio `r > 0` is `M · 2^-n` with `2^30 ≤ M < 2^31`, `M = round(r · 2^n)` (if that is 2^31, then
//! `M = 2^30` and `n` is one less). `n < 1`, a ratio of 2^30 and more, is refused. For an integer `v`,
//! `mul(v, r) = floor((v · M + 2^(n-1)) / 2^n)`: one 64-bit product, one addition, one arithmetic shift.
//!
//! | op | definition |
//! |---|---|
//! | conv, gemm (alpha = beta = 1), `mat_mul` | `q_y = z_y + mul(Σ (q_x - z_x)(q_w - z_w) + bias, s_x·s_w / s_y)`; the sum in 32 bits, which do not overflow (`graph::Accumulator`); padding is `z_x`; one `s_w` for all outputs or one for each |
//! | add, sub | with the larger of `s_a/s_y`, `s_b/s_y` as multiplier `M · 2^-n`, and `M_a = round(s_a/s_y · 2^n)`, `M_b` likewise: `q_y = z_y + floor(((q_a - z_a)·M_a ± (q_b - z_b)·M_b + 2^(n-1)) / 2^n)` |
//! | mul | `q_y = z_y + mul((q_a - z_a)(q_b - z_b), s_a·s_b / s_y)` |
//! | `average_pool`, `global_average_pool` | `q_y = z_y + mul(Σ (q_x - z_x), s_x / (s_y·count))`; `count` is the number of elements that the op divides by |
//! | concat | `q_y = z_y + mul(q_x - z_x, s_x / s_y)`; with equal parameters the integers as they are |
//! | relu, clip, `leaky_relu`, sigmoid, tanh, `hard_sigmoid`, `hard_swish` | a table over all `q_x`, see below |
//! | softmax | over the lane, `d = max q_x - q_x`, `t = round(e(-d·s_x) · 2^23)`: `q_y = z_y + round(t · M / (Σt · 2^n))` with `M · 2^-n` the multiplier `1 / s_y` |
//! | reshape, transpose, slice, gather, `max_pool`, resize (nearest) …  | the integers as they are |
//!
//! A relu or clip that the range of its quantized output makes redundant is not computed at all.
//!
//! **Tables** are built once, in `f64`, with additions, subtractions, multiplications and divisions only, which IEEE 754
//! rounds in one way: `q_y = round(f((q_x - z_x)·s_x) / s_y + z_y)`, limited in `f64` before it becomes an integer.
//! `f` is in `functions.rs`, operation by operation, the exponential `e` too.
//!
//! 8-bit weights and activations for products, 8-bit for softmax; 8 or 16 bits for the rest. What is left in float
//! between a dequantize and a quantize is not computed in integers and not promised.

mod elementwise;
mod functions;
mod multiplier;
mod pool;
mod product;
mod softmax;
mod table;

use crate::error::Result;
use crate::exec::{IntegerNode, Profile};
use crate::ops::{Op, Prepared};
use crate::profiles::{PORTABLE, Runtime};

/// The profile and what it has integer kernels for.
pub const RUNTIME: Runtime = Runtime {
    profile: &Portable,
    about: "integer multipliers and shifts, no floating point; the same bits on every machine",
    fusions: &PORTABLE,
};

/// The profile `portable`.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Profile for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        match node.op {
            Op::Conv(conv) => product::prepare_conv(conv, node),
            Op::Gemm(gemm) => product::prepare_gemm(gemm, node),
            Op::MatMul(_) => product::prepare_mat_mul(node),
            Op::Add(_) => elementwise::prepare_sum(node, false),
            Op::Sub(_) => elementwise::prepare_sum(node, true),
            Op::Mul(_) => elementwise::prepare_mul(node),
            Op::Concat(concat) => elementwise::prepare_concat(concat, node),
            Op::AveragePool(pool) => pool::prepare_average(pool, node),
            Op::GlobalAveragePool(_) => pool::prepare_global(node),
            Op::Softmax(softmax) => softmax::prepare(softmax, node),
            _ => table::prepare(node),
        }
    }
}

#[cfg(test)]
mod tests;
