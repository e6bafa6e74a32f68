//! What the profiles promise, as a table.

use std::fmt::Write as _;

/// One op that the profiles compute.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Name of the op in text.
    pub op: &'static str,
    /// Kernels of onnxruntime that it stands for.
    pub kernels: &'static str,
    /// Types and restrictions.
    pub types: &'static str,
}

const fn claim(op: &'static str, kernels: &'static str, types: &'static str) -> Claim {
    Claim { op, kernels, types }
}

const MOVED: &str = "u8, i8, u16, i16; one scale and zero point for input and output";

/// Every op that the profiles compute; all others are refused. `conformance/one_op.py` compares each of them with the
/// running onnxruntime: no integer differs.
pub const CLAIMS: &[Claim] = &[
    claim(
        "conv",
        "QLinearConv, ConvInteger",
        "u8·u8, u8·i8, i8·i8; scales for the tensor or each output, one zero point for the weights; i32 bias; one \
         to three axes, any groups, padding, dilation",
    ),
    claim(
        "mat_mul",
        "QLinearMatMul, MatMulIntegerToFloat, MatMulInteger",
        "u8·u8, u8·i8, i8·i8; batches; scales for the columns of a matrix",
    ),
    claim(
        "gemm",
        "QGemm",
        "u8·u8, u8·i8, i8·i8; alpha, transposes, i32 addend with beta 1; integer or real output",
    ),
    claim("add", "QLinearAdd", "u8 or i8 throughout; broadcasting"),
    claim("mul", "QLinearMul", "u8 or i8 throughout; broadcasting"),
    claim("average_pool", "QLinearAveragePool", "u8 or i8 throughout; one to three axes, no dilation"),
    claim("global_average_pool", "QLinearGlobalAveragePool", "u8 or i8 throughout"),
    claim("sigmoid", "QLinearSigmoid", "u8 or i8 throughout"),
    claim("leaky_relu", "QLinearLeakyRelu", "u8 or i8 throughout"),
    claim("relu", "dequantize, Relu, quantize", "u8 or i8 throughout"),
    claim("clip", "dequantize, Clip, quantize", "u8 or i8 throughout; constant bounds"),
    claim("softmax", "QLinearSoftmax", "u8 or i8 throughout"),
    claim("concat", "QLinearConcat", "u8 or i8 throughout"),
    claim("where", "QLinearWhere", "u8 or i8 throughout"),
    claim("max_pool", "MaxPool", "u8, i8; one scale and zero point for input and output"),
    claim("reduce_max", "ReduceMax", "u8, i8; one scale and zero point for input and output"),
    claim("reduce_min", "ReduceMin", "u8, i8; one scale and zero point for input and output"),
    claim("arg_max", "ArgMax", "u8, i8"),
    claim("resize", "Resize", "u8, i8; mode nearest; one scale and zero point for input and output"),
    claim("expand", "Expand", MOVED),
    claim("flatten", "Flatten", MOVED),
    claim("gather", "Gather", MOVED),
    claim("gather_elements", "GatherElements", MOVED),
    claim("identity", "Identity", MOVED),
    claim("reshape", "Reshape", MOVED),
    claim("slice", "Slice", MOVED),
    claim("split", "Split", MOVED),
    claim("squeeze", "Squeeze", MOVED),
    claim("tile", "Tile", MOVED),
    claim("transpose", "Transpose", MOVED),
    claim("unsqueeze", "Unsqueeze", MOVED),
];

/// What the profiles refuse though one might expect it, and why.
pub const NOT_CLAIMED: &[(&str, &str)] = &[
    ("resize", "in modes linear and cubic onnxruntime leaves the bridges: it computes in f32"),
    ("average_pool", "over dilated windows or more than three axes: no kernel"),
    (
        "conv",
        "with real outputs: fused only with the quantization after it; with several zero points of weights: refused",
    ),
    (
        "global_average_pool",
        "of 2^24 elements and more, or scaled by less than 2^-32 or by 256 and more: an error there too",
    ),
    ("gemm", "with beta other than 1, or an addend that is not for columns"),
    (
        "pad",
        "no integer kernel: it computes in f32 between bridges; so do conv_transpose, depth_to_space, div, gelu, \
     hard_sigmoid, hard_swish, layer_normalization, pow, sub, tanh and all others",
    ),
    ("add", "of 16 bits, and all other arithmetic of 16 bits: it computes in f32 between bridges"),
];

/// The table as text, a line an op.
pub fn claims_text() -> String {
    let mut text = String::new();
    for Claim { op, kernels, types, .. } in CLAIMS {
        let _ = writeln!(text, "{op:20} {kernels:50} {types}"); // a String takes all that is written
    }
    text.push_str("not claimed:\n");
    for (op, cause) in NOT_CLAIMED {
        let _ = writeln!(text, "{op:20} {cause}");
    }
    text
}

/// Names of the ops.
pub(super) fn names() -> String {
    CLAIMS.iter().map(|claim| claim.op).collect::<Vec<_>>().join(", ")
}
