//! Products and convolutions of 8-bit integers: exact 32-bit sums, and what runtimes make of them.
//!
//! - A sum is `bias[c] + sum over k of (a - a_zero_point) * (b - b_zero_point[c])`, exact as long as
//!   it fits 32 bits (see [`max_depth`]); otherwise it wraps. No order of additions changes it, so every
//!   instruction set, tiling and thread count gives the same integers.
//! - [`Arithmetic::SaturatingPairs`] is another definition of the sum: what onnxruntime computes on
//!   x86 processors with AVX2 but without VNNI.
//! - [`Epilogue`] says what becomes of a sum, while it is still in the cache.
//! - Instruction sets: AVX-512 VNNI, AVX-VNNI, AVX2, NEON with dot products, portable; the best one is
//!   chosen at run time, and `QDQ_CPU=portable|avx2|avx-vnni` lowers the choice.
//!
//! ```
//! use qdq_kernels::int8::{Arithmetic, Bytes, Epilogue, Output, PackedB, Range, gemm};
//! let a: [u8; 4] = [128, 129, 130, 131];
//! let b: [i8; 4] = [1, -2, 3, -4];
//! let packed = PackedB::new(Bytes::I8(&b), 2, 2, &[], Arithmetic::Exact);
//! let mut sums = [0; 4];
//! gemm(Bytes::U8(&a), 2, 128, &packed, None, &Epilogue::Sums, Output::I32(&mut sums));
//! assert_eq!(sums, [3, -4, 11, -16]);
//! let epilogue = Epilogue::Requantize { multipliers: &[0.5], range: Range { zero_point: 10, min: 0, max: 255 } };
//! let mut bytes = [0; 4];
//! gemm(Bytes::U8(&a), 2, 128, &packed, None, &epilogue, Output::U8(&mut bytes));
//! assert_eq!(bytes, [12, 8, 16, 2]);
//! ```

mod conv;
mod data;
mod dot;
mod elementwise;
mod epilogue;
mod finish;
mod gemm;
mod lanes;
mod peak;
mod pool;
mod rows;
mod scratch;
mod turn;

pub use conv::{ConvInput, Layout, PackedConv};
pub use data::{Bytes, Output};
pub use elementwise::{Affine, add, lookup, mul};
pub use epilogue::{Epilogue, Range, Rounding, multiply_by_quantized_multiplier};
pub use gemm::{PackedB, gemm};
pub use peak::register_peak;
pub use pool::{PoolInput, average_pool, global_average_pool, max_pool};

/// How the products along the depth are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// Exactly.
    #[default]
    Exact,
    /// As onnxruntime (MLAS) does on x86 with AVX2 or AVX-512 but without VNNI: see
    /// [`saturating_pair`].
    SaturatingPairs,
}

/// The two products of a pair of neighbours along the depth, (0, 1), (2, 3) and so on, added and then
/// saturated to 16 bits (`vpmaddubsw`), which pairs of large products do not fit.
///
/// `a` are `u8` activations and `b` `i8` weights as they are: zero points enter through the exact sums of rows and
/// columns, afterwards. A last element without a neighbour has 0 beside it. All other types, and depthwise
/// convolutions, take other paths in onnxruntime, which are exact. (Measured with onnxruntime 1.32 on a Zen 3 processor:
/// no difference in 120,000 outputs of convolutions and matrix products.)
#[inline]
pub fn saturating_pair(a: [u8; 2], b: [i8; 2]) -> i32 {
    let product = |i: usize| i32::from(a[i]) * i32::from(b[i]);
    (product(0) + product(1)).clamp(-32768, 32767)
}

/// The deepest product whose sums fit 32 bits whatever the activations are, when weights differ from their
/// zero points by at most `max_weight` (255 if nothing is known) and biases are at most `max_bias` in size.
pub fn max_depth(max_weight: u32, max_bias: u32) -> usize {
    let room = u64::from(i32::MAX as u32).saturating_sub(u64::from(max_bias));
    (room / (255 * u64::from(max_weight.max(1)))) as usize
}

#[cfg(test)]
mod testing;
