//! onnxruntime's CPU provider at its default optimization level.
//!
//! Source: onnxruntime 1.32, `QDQSelectorActionTransformer`, `QDQPropagationTransformer`, `ReluQuantFusion`,
//! `ClipQuantFusion`, `QDQS8ToU8Transformer`, `WeightBiasQuantization`; checked against the graphs it optimizes (`conformance/lowered.py`).

use super::{BYTES, Fusion, Fusions, UP_TO_16, indices, moves, one_type, product};
use crate::tensor::DType;

/// Signed activations of products stay in float on x86-64 (`session.qdqisint8allowed` is off).
const UNSIGNED: &[DType] = &[DType::U8];

/// Operators that compute in integers as they stand in a file.
const OPERATORS: &[&str] = &[
    "ConvInteger",
    "DynamicQuantizeLSTM",
    "DynamicQuantizeMatMul",
    "MatMulInteger",
    "MatMulIntegerToFloat",
    "MatMulNBits",
    "QAttention",
    "QGemm",
    "QLinearAdd",
    "QLinearAveragePool",
    "QLinearConcat",
    "QLinearConv",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearMatMul",
    "QLinearMul",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QLinearWhere",
];

/// onnxruntime on x86-64.
pub const ONNXRUNTIME: Fusions = Fusions {
    rows: &rows(UNSIGNED),
    passed_through: &["max_pool", "reshape", "slice", "squeeze", "transpose", "unsqueeze"],
    quantizes_bias: true,
    is_op_by_op: false,
    shifts_signed_pairs: true,
    operators: OPERATORS,
};

/// onnxruntime on 64-bit ARM, where products of signed activations have kernels (`QDQIsInt8Allowed`).
pub const ONNXRUNTIME_ARM64: Fusions =
    Fusions { rows: &rows(BYTES), shifts_signed_pairs: false, ..ONNXRUNTIME };

const fn rows(of_products: &'static [DType]) -> [Fusion; 28] {
    [
        product("conv", of_products, false),
        product("gemm", BYTES, true),
        product("mat_mul", of_products, true),
        one_type("add", BYTES),
        one_type("average_pool", BYTES),
        one_type("concat", BYTES),
        one_type("global_average_pool", BYTES),
        one_type("leaky_relu", BYTES),
        one_type("mul", BYTES),
        one_type("sigmoid", BYTES),
        one_type("softmax", BYTES),
        one_type("where", BYTES),
        moves("expand", UP_TO_16),
        moves("flatten", UP_TO_16),
        moves("gather", UP_TO_16),
        moves("gather_elements", UP_TO_16),
        moves("max_pool", BYTES),
        moves("reduce_max", BYTES),
        moves("reduce_min", BYTES),
        moves("reshape", UP_TO_16),
        moves("resize", BYTES),
        moves("slice", UP_TO_16),
        moves("split", UP_TO_16),
        moves("squeeze", UP_TO_16),
        moves("tile", UP_TO_16),
        moves("transpose", UP_TO_16),
        moves("unsqueeze", UP_TO_16),
        indices("arg_max"),
    ]
}
