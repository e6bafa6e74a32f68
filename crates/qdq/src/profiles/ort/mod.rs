//! onnxruntime 1.32's CPU kernels on x86-64 with AVX2 and FMA.
//!
//! A node in integer form is computed as the kernel that onnxruntime fuses the same dequantize, op, quantize into:
//! `QLinearConv`, `QLinearMatMul`, `QGemm`, … [`CLAIMS`] is the list, with what each promises; a node outside of it is
//! refused. Sums of products are exact in 32 bits (they wrap), everything after them is f32 in onnxruntime's order of
//! operations, and rounding is to the nearest even integer.
//!
//! Two profiles differ in one thing only, sums of products of u8 by i8:
//! - [`ORT_X64`]: exact, as on processors with VNNI (AVX-512-VNNI, AVX-VNNI, AMX).
//! - [`ORT_X64_SATURATING`]: as on processors without VNNI, AVX2 or AVX-512, where MLAS multiplies with `vpmaddubsw`.
//!   It adds two neighbouring products and limits the sum to 16 bits, so `255·127 + 255·127 = 64770` becomes 32767.
//!   Which products are neighbours is said at [`product::Sums`].
//!
//! Both saturate outputs to the whole range of the storage type, as onnxruntime does; parameters of an output with a
//! narrower range are refused.

mod binary;
mod claims;
mod conv;
mod join;
mod matmul;
mod mover;
mod node;
mod output;
mod pool;
mod product;
mod rounding;
mod softmax;
mod spans;
mod table;

pub use claims::{CLAIMS, Claim, Evidence, claims_text};

use super::{ONNXRUNTIME, Runtime};
use crate::error::{Error, Result};
use crate::exec::{IntegerNode, Profile};
use crate::ops::{Op, Prepared};
use product::Sums;

/// onnxruntime on x86-64 with VNNI.
pub const ORT_X64: Ort = Ort { name: "ort-x64", sums: Sums::Exact };

/// onnxruntime on x86-64 with AVX2 (or AVX-512) and without VNNI.
pub const ORT_X64_SATURATING: Ort = Ort { name: "ort-x64-saturating", sums: Sums::SaturatingPairs };

/// What the command line calls `ort-x64`.
pub const RUNTIME: Runtime =
    Runtime { profile: &ORT_X64, about: "onnxruntime on x86-64 with VNNI", fusions: &ONNXRUNTIME };

/// What the command line calls `ort-x64-saturating`.
pub const RUNTIME_SATURATING: Runtime = Runtime {
    profile: &ORT_X64_SATURATING,
    about: "onnxruntime on x86-64 without VNNI, where pairs of products saturate",
    fusions: &ONNXRUNTIME,
};

/// A processor as onnxruntime's kernels see it.
#[derive(Clone, Copy, Debug)]
pub struct Ort {
    name: &'static str,
    sums: Sums,
}

impl Profile for Ort {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        match node.op {
            Op::Conv(conv) => conv::prepare(conv, node, self.sums),
            Op::MatMul(_) => matmul::prepare_mat_mul(node, self.sums),
            Op::Gemm(gemm) => matmul::prepare_gemm(gemm, node, self.sums),
            Op::Add(_) => binary::prepare(node, binary::Function::Add),
            Op::Mul(_) => binary::prepare(node, binary::Function::Mul),
            Op::AveragePool(pool) => pool::prepare_average(pool, node),
            Op::GlobalAveragePool(_) => pool::prepare_global(node),
            Op::Sigmoid(_) => table::prepare(node, table::sigmoid),
            Op::LeakyRelu(relu) => {
                let alpha = relu.alpha;
                table::prepare(node, move |x| if x >= 0.0 { x } else { alpha * x })
            }
            Op::Relu(_) => table::prepare(node, |x| if x > 0.0 { x } else { 0.0 }),
            Op::Clip(_) => table::prepare_clip(node),
            Op::Softmax(softmax) => softmax::prepare(softmax, node),
            Op::Concat(_) => join::prepare_concat(node),
            Op::Where(_) => join::prepare_where(node),
            op if mover::moves(op) => mover::prepare(node),
            op => Err(Error::unsupported(format!("onnxruntime has no integer kernel for `{}`", op.name()))
                .help(format!(
                    "leave the node in float; the profile `{}` computes these: {}",
                    self.name,
                    claims::names()
                ))),
        }
    }
}
