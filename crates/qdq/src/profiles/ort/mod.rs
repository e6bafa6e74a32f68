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
//!   The integers are multiplied as they are stored; zero points are accounted for afterwards, exactly.
//!
//! Which products are neighbours: pairs along k from its start, `(0, 1), (2, 3), …`; the last is alone if k is odd. For
//! matrices k is their inner axis. For convolutions it counts the channels of the group at the first tap of the kernel,
//! then those at the next tap, since onnxruntime computes in channels-last order; taps in the padding take part, with the
//! zero point as their input. Exact on every processor are u8 by u8, i8 by i8, depthwise convolutions (one channel in
//! and one out in each group), which have kernels of their own, and `ConvInteger`, which multiplies weights by inputs.
//! Source: MLAS `QgemmU8S8KernelAvx2`, `QgemvU8S8KernelAvx2`, `ConvSymKernelAvx2`, `MlasConvSymPackW`; all of it observed
//! on a processor with AVX2 and without VNNI. That AVX-512 without VNNI packs and multiplies alike is read in the
//! sources and not observed.
//!
//! Both saturate outputs to the whole range of the storage type, as onnxruntime does; parameters of an output with a
//! narrower range are refused.

mod binary;
mod claims;
mod conv;
mod gemm;
mod join;
mod matmul;
mod mover;
mod node;
mod output;
mod pool;
mod rounding;
mod softmax;
mod spans;
mod table;
#[cfg(test)]
mod tests;

pub use claims::{CLAIMS, Claim, NOT_CLAIMED, claims_text};

use super::{ONNXRUNTIME, Runtime};
use crate::error::{Error, Result};
use crate::exec::{IntegerNode, Layouts, Profile};
use crate::kernels::int8::Arithmetic;
use crate::ops::{Op, Prepared};

/// onnxruntime on x86-64 with VNNI.
pub const ORT_X64: Ort = Ort { name: "ort-x64", arithmetic: Arithmetic::Exact };

/// onnxruntime on x86-64 with AVX2 (or AVX-512) and without VNNI.
pub const ORT_X64_SATURATING: Ort =
    Ort { name: "ort-x64-saturating", arithmetic: Arithmetic::SaturatingPairs };

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
    arithmetic: Arithmetic,
}

impl Profile for Ort {
    fn name(&self) -> &'static str {
        self.name
    }

    fn layouts(&self, node: &IntegerNode<'_>) -> Layouts {
        match node.op {
            Op::Conv(_) | Op::GlobalAveragePool(_) => Layouts::Any,
            Op::Add(_) | Op::Mul(_) | Op::Sigmoid(_) | Op::LeakyRelu(_) | Op::Relu(_) | Op::Clip(_) => {
                Layouts::Same
            }
            _ => Layouts::ChannelsFirst,
        }
    }

    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        match node.op {
            Op::Conv(conv) => conv::prepare(conv, node, self.arithmetic),
            Op::MatMul(_) => matmul::prepare(node, self.arithmetic),
            Op::Gemm(gemm) => gemm::prepare(gemm, node, self.arithmetic),
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
