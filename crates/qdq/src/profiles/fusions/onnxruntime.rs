//! onnxruntime's CPU provider on x86-64 at its default optimization level.
//!
//! Source: onnxruntime 1.32, `QDQSelectorActionTransformer`, `QDQPropagationTransformer`, `ReluQuantFusion`,
//! `ClipQuantFusion`, `WeightBiasQuantization`; checked against the graphs it optimizes (`conformance/lowered.py`).

use super::{BYTES, Fusions, UP_TO_16, indices, moves, one_type, product};
use crate::tensor::DType;

/// Signed activations of products stay in float on x86-64 (`session.qdqisint8allowed` is off).
const UNSIGNED: &[DType] = &[DType::U8];

/// onnxruntime on x86-64.
pub const ONNXRUNTIME: Fusions = Fusions {
    rows: &[
        product("conv", UNSIGNED, false),
        product("gemm", BYTES, true),
        product("mat_mul", UNSIGNED, true),
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
    ],
    passed_through: &["max_pool", "reshape", "slice", "squeeze", "transpose", "unsqueeze"],
    quantizes_bias: true,
    is_op_by_op: false,
};
