//! Fast float primitives on plain slices: `&[f32]` and dimensions, row-major, NCHW.
//!
//! - No dependency on the rest of the crate; shapes are checked with panics, so callers validate
//!   first (`ops` does).
//! - **Deterministic**: the same bits for any number of threads; work is cut by shape and a sum
//!   is never split between threads. Bits may differ between instruction sets (AVX-512, AVX2 with
//!   FMA, portable), which are chosen once at run time; `QDQ_CPU=portable|avx2` lowers the choice.
//! - One thread, unless the caller is inside [`parallel::with_threads`]; kernels use its threads through
//!   [`parallel::for_each_task`] only.
//!
//! | module | what |
//! |---|---|
//! | `activation` | `Activation::{None, Relu, Clip, LeakyRelu, Sigmoid, Silu, HardSwish}`, fused by `gemm`, `conv`, `conv_transpose` |
//! | [`gemm`] | `gemm(a, b, &GemmOptions { alpha, beta, bias, activation }, c)`, `gemm_batched`; operands `MatRef` (any strides) or `PackedA` / `PackedB` |
//! | [`int8`] | products and convolutions of 8-bit integers with exact sums, requantization, integer elementwise ops and pooling |
//! | [`conv`] | `ConvShape { .. }.output_dims(..)`, `PackedConv::new(weights, bias, shape, activation).run(input, dims, output)`, `conv(..)` for dynamic weights |
//! | [`conv_transpose`] | `ConvTransposeShape`, `PackedConvTranspose` |
//! | [`counting`] | `Counters`: how often which floats occur, by their top 16 bits, and their extremes |
//! | [`pool`] | `PoolShape`, `max_pool` (with indices), `average_pool`, `global_average_pool`, `global_max_pool` |
//! | [`math`] | `Unary::{Exp, Tanh, GeluErf, ..}.apply(values)` / `.apply_into(input, output)` |
//! | [`softmax`] | `softmax`, `log_softmax` over `[outer, axis, inner]` |
//! | [`norm`] | `layer_norm`, `rms_norm`, `batch_norm`, `scale_shift_channels`, `group_norm`, `instance_norm` |
//! | [`reduce`] | `reduce(input, outer, axis, inner, Reduction, output)`, `reduce_axes(input, dims, axes, ..)` |
//! | [`elementwise`] | `binary_f32`, `binary`, `ternary`, `broadcast_to`, `broadcast_dims`, `map`, `map_in_place` |
//! | [`transpose`] | `transpose(input, dims, perm, output)` for any `T: Copy` |
//! | [`quantize`](mod@quantize) | `quantize`, `dequantize`, `requantize_float`, `requantize_fixed` with `Groups` of parameters; `FixedPoint` |
//! | [`recurrent`] | `PackedLstm`, `PackedGru`: one direction each, ONNX semantics |
//! | [`window`] | `output_size`, `same_pads` |
mod activation;
pub use activation::Activation;
pub mod conv;
pub mod conv_transpose;
pub mod counting;
pub mod elementwise;
pub mod gemm;
pub mod int8;
pub mod math;
pub mod norm;
pub mod parallel;
pub mod pool;
pub mod quantize;
pub mod recurrent;
pub mod reduce;
pub(crate) mod scratch;
pub(crate) mod simd;
pub mod softmax;
pub mod transpose;
pub mod window;

#[cfg(test)]
pub(crate) mod testing;
