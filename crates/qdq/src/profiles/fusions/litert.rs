//! `LiteRT`: an operator of a TFLite file is one kernel, on integers where its tensors are quantized.
//!
//! Nothing is fused or moved when a model is loaded; what stands between a dequantize and a quantize here is one operator
//! of the file. A relu or clip in that operator limits the integers, after everything else.

use super::{BYTES, Fusion, Fusions, Kind, UP_TO_16, converts, indices, moves, one_type, product};
use crate::tensor::DType;

/// Signed integers; TFLite keeps unsigned ones at the border only.
const SIGNED: &[DType] = &[DType::I8, DType::I16];
/// 8-bit signed integers.
const I8: &[DType] = &[DType::I8];

/// `LiteRT`'s interpreter.
pub const LITERT: Fusions = Fusions {
    rows: &[
        product("conv", SIGNED, false),
        product("conv_transpose", I8, false),
        product("gemm", SIGNED, false),
        product("mat_mul", SIGNED, false),
        one_type("add", SIGNED),
        one_type("average_pool", SIGNED),
        one_type("clip", SIGNED),
        one_type("elu", I8),
        one_type("exp", I8),
        one_type("gelu", I8),
        one_type("global_average_pool", SIGNED),
        one_type("hard_swish", I8),
        one_type("leaky_relu", SIGNED),
        one_type("mul", SIGNED),
        one_type("pad", SIGNED),
        one_type("prelu", I8),
        one_type("reduce_mean", SIGNED),
        one_type("reduce_sum", SIGNED),
        one_type("relu", SIGNED),
        one_type("sigmoid", SIGNED),
        one_type("softmax", SIGNED),
        one_type("sub", SIGNED),
        one_type("tanh", SIGNED),
        converts("identity", UP_TO_16),
        moves("concat", UP_TO_16),
        moves("depth_to_space", BYTES),
        moves("expand", UP_TO_16),
        moves("flatten", UP_TO_16),
        moves("gather", UP_TO_16),
        moves("global_max_pool", UP_TO_16),
        moves("max", UP_TO_16),
        moves("max_pool", UP_TO_16),
        moves("min", UP_TO_16),
        moves("reduce_max", UP_TO_16),
        moves("reduce_min", UP_TO_16),
        moves("reshape", UP_TO_16),
        moves("resize", UP_TO_16),
        moves("slice", UP_TO_16),
        moves("space_to_depth", BYTES),
        moves("split", UP_TO_16),
        moves("squeeze", UP_TO_16),
        moves("tile", UP_TO_16),
        moves("transpose", UP_TO_16),
        moves("unsqueeze", UP_TO_16),
        moves("where", UP_TO_16),
        Fusion { op: "lstm", kind: Kind::Lstm },
        indices("arg_max"),
        indices("arg_min"),
    ],
    passed_through: &[],
    quantizes_bias: false,
    is_op_by_op: true,
    shifts_signed_pairs: false,
    operators: &[],
};
