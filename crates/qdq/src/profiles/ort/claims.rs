//! What the profiles promise, as a table.

use std::fmt::Write as _;

/// Where the knowledge of a kernel comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Compared with the running onnxruntime by `conformance/one_op.py`: no integer differs.
    Observed,
}

/// One op that the profiles compute.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Name of the op in text.
    pub op: &'static str,
    /// Kernels of onnxruntime that it stands for.
    pub kernels: &'static str,
    /// Types and restrictions.
    pub types: &'static str,
    /// Where it comes from.
    pub evidence: Evidence,
}

const fn observed(op: &'static str, kernels: &'static str, types: &'static str) -> Claim {
    Claim { op, kernels, types, evidence: Evidence::Observed }
}

const MOVED: &str = "u8, i8, u16, i16; one scale and zero point for input and output";

/// Every op that the profiles compute; all others are refused.
pub const CLAIMS: &[Claim] = &[
    observed(
        "conv",
        "QLinearConv, ConvInteger",
        "u8·u8, u8·i8, i8·i8; scales for the tensor or each output, one zero point for the weights; i32 bias; any \
         rank, groups, padding, dilation",
    ),
    observed(
        "mat_mul",
        "QLinearMatMul, MatMulIntegerToFloat, MatMulInteger",
        "u8·u8, u8·i8, i8·i8; batches; scales for the columns of a matrix",
    ),
    observed(
        "gemm",
        "QGemm",
        "u8·u8, u8·i8, i8·i8; alpha, transposes, i32 addend with beta 1; integer or real output",
    ),
    observed("add", "QLinearAdd", "u8 or i8 throughout; broadcasting"),
    observed("mul", "QLinearMul", "u8 or i8 throughout; broadcasting"),
    observed("average_pool", "QLinearAveragePool", "u8 or i8 throughout; one to three axes, no dilation"),
    observed("global_average_pool", "QLinearGlobalAveragePool", "u8 or i8 throughout"),
    observed("sigmoid", "QLinearSigmoid", "u8 or i8 throughout"),
    observed("leaky_relu", "QLinearLeakyRelu", "u8 or i8 throughout"),
    observed("relu", "dequantize, Relu, quantize", "u8 or i8 throughout"),
    observed("clip", "dequantize, Clip, quantize", "u8 or i8 throughout; constant bounds"),
    observed("softmax", "QLinearSoftmax", "u8 or i8 throughout"),
    observed("concat", "QLinearConcat", "u8 or i8 throughout"),
    observed("where", "QLinearWhere", "u8 or i8 throughout"),
    observed("max_pool", "MaxPool", "u8, i8; one scale and zero point for input and output"),
    observed("reduce_max", "ReduceMax", "u8, i8; one scale and zero point for input and output"),
    observed("reduce_min", "ReduceMin", "u8, i8; one scale and zero point for input and output"),
    observed("arg_max", "ArgMax", "u8, i8"),
    observed("resize", "Resize", "u8, i8; mode nearest; one scale and zero point for input and output"),
    observed("expand", "Expand", MOVED),
    observed("flatten", "Flatten", MOVED),
    observed("gather", "Gather", MOVED),
    observed("gather_elements", "GatherElements", MOVED),
    observed("identity", "Identity", MOVED),
    observed("reshape", "Reshape", MOVED),
    observed("slice", "Slice", MOVED),
    observed("split", "Split", MOVED),
    observed("squeeze", "Squeeze", MOVED),
    observed("tile", "Tile", MOVED),
    observed("transpose", "Transpose", MOVED),
    observed("unsqueeze", "Unsqueeze", MOVED),
];

/// The table as text, a line an op.
pub fn claims_text() -> String {
    let mut text = String::new();
    for Claim { op, kernels, types, .. } in CLAIMS {
        let _ = writeln!(text, "{op:20} {kernels:50} {types}"); // a String takes all that is written
    }
    text
}

/// Names of the ops.
pub(super) fn names() -> String {
    CLAIMS.iter().map(|claim| claim.op).collect::<Vec<_>>().join(", ")
}
