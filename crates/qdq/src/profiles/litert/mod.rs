//! `LiteRT`'s kernels for integers, as `ai-edge-litert` 2.3 computes on x86-64.
//!
//! Three profiles, one for each way that its interpreter chooses kernels:
//! - [`REFERENCE`]: the reference kernels (`OpResolverType.BUILTIN_REF`), the definition that all others approximate.
//! - [`BUILTIN`]: the optimized kernels (`BUILTIN_WITHOUT_DEFAULT_DELEGATES`).
//! - [`XNNPACK`]: what an application gets by default (`BUILTIN`): the XNNPACK delegate, and the optimized kernels for
//!   what it does not take.
//!
//! Sums are exact in 32 bits. What becomes of them differs: fixed-point multipliers of 31 bits, rounded twice
//! (reference) or once (ruy, the matrix products of the optimized kernels), or a multiplication in f32 rounded to the
//! nearest even integer (XNNPACK). With 16-bit activations sums have 64 bits and multipliers 15, and XNNPACK takes no part.
//!
//! Activations that an operator of a file has fused limit its integers afterwards; here they are ops of their own, `relu`
//! and `clip` with the same parameters for input and output.
//!
//! Sources: the kernels' sources, and `conformance/one_op_litert.py`, which compares every claim with the interpreter.

mod average;
mod batched;
mod binary;
mod bridge;
mod claims;
mod curve;
mod exponential;
mod limit;
mod lstm;
mod mean;
mod pad;
mod product;
mod requantize;
mod resize;
mod softmax;
mod sums;
mod table;
#[cfg(test)]
mod tests;
mod transposed;
mod wide;

pub(crate) use lstm::CELL_EXPONENTS;

pub use claims::{CLAIMS, Claim, NOT_CLAIMED, claims_text};

use super::{LITERT, Runtime};
use crate::error::Result;
use crate::exec::{IntegerNode, Profile};
use crate::ops::{Op, Prepared};

/// What the command line calls `litert-reference`.
pub const REFERENCE: Runtime = Runtime {
    profile: &LiteRt { name: "litert-reference", kernels: Kernels::Reference },
    about: "LiteRT's reference kernels",
    fusions: &LITERT,
};

/// What the command line calls `litert-builtin`.
pub const BUILTIN: Runtime = Runtime {
    profile: &LiteRt { name: "litert-builtin", kernels: Kernels::Builtin },
    about: "LiteRT's optimized kernels on x86-64, without delegates",
    fusions: &LITERT,
};

/// What the command line calls `xnnpack`.
pub const XNNPACK: Runtime = Runtime {
    profile: &LiteRt { name: "xnnpack", kernels: Kernels::Xnnpack },
    about: "LiteRT as it runs by default on x86-64: the XNNPACK delegate and the optimized kernels",
    fusions: &LITERT,
};

/// Which kernels compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernels {
    Reference,
    Builtin,
    Xnnpack,
}

/// `LiteRT` with one set of kernels.
#[derive(Clone, Copy, Debug)]
pub struct LiteRt {
    name: &'static str,
    kernels: Kernels,
}

impl Profile for LiteRt {
    fn name(&self) -> &'static str {
        self.name
    }

    fn bridge(&self, op: &Op) -> Option<Box<dyn Prepared>> {
        match op {
            Op::Quantize(op) => bridge::prepare_quantize(op, self.kernels),
            Op::Dequantize(op) => bridge::prepare_dequantize(op, self.kernels),
            _ => None,
        }
    }

    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        let kernels = self.kernels;
        match node.op {
            Op::Conv(conv) => product::prepare_conv(conv, node, kernels),
            Op::ConvTranspose(conv) => transposed::prepare(conv, node, kernels),
            Op::Gemm(gemm) => product::prepare_gemm(gemm, node, kernels),
            Op::MatMul(_) => product::prepare_mat_mul(node, kernels),
            Op::Add(_) => binary::prepare_sum(node, false, kernels),
            Op::Sub(_) => binary::prepare_sum(node, true, kernels),
            Op::PRelu(_) => binary::prepare_prelu(node),
            Op::Mul(_) => binary::prepare_mul(node, kernels),
            Op::ReduceMean(mean) => mean::prepare_mean(node, mean.keepdims, kernels),
            Op::ReduceSum(sum) => mean::prepare_sum(node, sum.keepdims, kernels),
            Op::GlobalAveragePool(_) => mean::prepare_global(node, kernels),
            Op::AveragePool(pool) => average::prepare(pool, node),
            Op::Softmax(softmax) => softmax::prepare(softmax, node, kernels),
            Op::Identity(_) => requantize::prepare(node, kernels),
            Op::Relu(_) | Op::Clip(_) => limit::prepare(node, kernels),
            Op::Pad(pad) => pad::prepare(pad, node),
            Op::Lstm(lstm) => lstm::prepare(lstm, node),
            Op::Resize(resize) => resize::prepare(resize, node, kernels),
            _ => table::prepare(node, kernels),
        }
    }
}
