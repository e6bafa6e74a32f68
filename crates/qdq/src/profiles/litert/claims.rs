//! What the profiles promise, as a table.

use std::fmt::Write as _;

/// One op that the profiles compute.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Name of the op in text.
    pub op: &'static str,
    /// Operators of TFLite that it stands for.
    pub kernels: &'static str,
    /// Types and restrictions.
    pub types: &'static str,
}

const fn claim(op: &'static str, kernels: &'static str, types: &'static str) -> Claim {
    Claim { op, kernels, types }
}

/// Every op that the profiles compute; all others are refused. `conformance/one_op_litert.py` compares each of them
/// with the running interpreter: no integer differs.
pub const CLAIMS: &[Claim] = &[
    claim(
        "conv",
        "CONV_2D, DEPTHWISE_CONV_2D",
        "i8·i8, i16·i8; symmetric weights with a scale for all or each output; constant bias",
    ),
    claim("conv_transpose", "TRANSPOSE_CONV", "i8; one group"),
    claim("gemm", "FULLY_CONNECTED", "i8·i8, i16·i8; as conv"),
    claim("mat_mul", "FULLY_CONNECTED", "i8·i8, i16·i8; a constant matrix"),
    claim("mat_mul", "BATCH_MATMUL", "i8·i8, i16·i16; two activations"),
    claim("add", "ADD", "i8 or i16 throughout; broadcasting"),
    claim("sub", "SUB", "i8 throughout; broadcasting"),
    claim("mul", "MUL", "i8 or i16 throughout; broadcasting"),
    claim("reduce_mean", "MEAN", "i8 or i16 throughout"),
    claim("reduce_sum", "SUM", "i8 throughout; but litert-reference"),
    claim("global_average_pool", "MEAN", "i8 or i16 throughout"),
    claim("average_pool", "AVERAGE_POOL_2D", "i8 or i16; one scale and zero point for input and output"),
    claim("relu", "RELU, or fused", "i8 or i16; XNNPACK: one scale and zero point for input and output"),
    claim("clip", "RELU6, RELU_N1_TO_1, or fused", "as relu"),
    claim("leaky_relu", "LEAKY_RELU", "i8"),
    claim("hard_swish", "HARD_SWISH", "i8"),
    claim("sigmoid", "LOGISTIC", "i8 or i16"),
    claim("tanh", "TANH", "i8 or i16"),
    claim("prelu", "PRELU", "i8; a slope of one scale and zero point"),
    claim("gelu", "GELU", "i8"),
    claim("elu", "ELU", "i8; but litert-reference"),
    claim("exp", "EXP", "i8"),
    claim("softmax", "SOFTMAX", "i8 or i16"),
    claim("identity", "QUANTIZE of integers", "i8, u8, i16"),
    claim("quantize", "QUANTIZE of floats", "i8, u8, i16; one scale"),
    claim("dequantize", "DEQUANTIZE", "i8, u8, i16; one scale"),
    claim("pad", "PAD, PADV2, MIRROR_PAD", "i8 or i16; one scale and zero point for input and output"),
    claim(
        "lstm",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "i8 with a cell state in i16; the state has the output's parameters",
    ),
    claim("resize", "RESIZE_BILINEAR", "i8; but XNNPACK"),
];

/// Ops that have integer kernels in `LiteRT` and are not promised, with the cause.
pub const NOT_CLAIMED: &[(&str, &str)] = &[
    ("reduce_sum in litert-reference", "LiteRT 2.3's kernel writes -1 everywhere"),
    ("elu in litert-reference", "LiteRT has no reference kernel"),
    (
        "resize (bilinear), relu and clip with other parameters for the output, in xnnpack",
        "which kernel computes them depends on the graph around",
    ),
    (
        "identity, quantize and dequantize in litert-builtin and xnnpack, tensors of a number of elements that 16 does not divide, other than flat",
        "the last elements are rounded otherwise, and which come last depends on the order of axes in the file",
    ),
    (
        "gemm of i16 without bias in litert-builtin and xnnpack, in files whose operator does not say that a bias has 64 bits",
        "another kernel computes it, and the graph does not keep that option",
    ),
    (
        "conv_transpose in xnnpack, in files that compute the shape of its output",
        "the delegate leaves it to another kernel, and the graph does not keep that",
    ),
    (
        "reduce_mean over axes 2 and 3 that keeps them, in litert-builtin",
        "taken for a mean over height and width, which has a kernel of its own",
    ),
];

/// Names of all claimed ops.
pub(super) fn names() -> String {
    CLAIMS.iter().map(|claim| claim.op).collect::<Vec<_>>().join(", ")
}

/// Both tables as text.
pub fn claims_text() -> String {
    let mut text = String::new();
    for claim in CLAIMS {
        let _ = writeln!(text, "{:<20} {:<32} {}", claim.op, claim.kernels, claim.types);
    }
    for (what, cause) in NOT_CLAIMED {
        let _ = writeln!(text, "not claimed: {what}: {cause}");
    }
    text
}
