//! Versions of operators: the least that knows what an op uses; runtimes refuse those that they do not know.

use qdq_schema::tflite::builtin_operator as code;

use crate::tensor::DType;

/// What a version depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Element type of the first input.
    pub(super) input: DType,
    /// Whether a bias or an optional third input is present.
    pub(super) has_bias: bool,
    /// Whether the op's options hold something that only newer versions know.
    pub(super) is_newer: bool,
    /// For a float op with integer weights: whether they have parameters for each channel.
    pub(super) hybrid: Option<bool>,
}

/// Source: `GetBuiltinOperatorVersion` in `LiteRT`'s `tools/versioning/op_version.cc`.
pub(super) fn version(operator: i32, facts: Facts) -> i32 {
    let by_type = |i8_version: i32, i16_version: i32| match facts.input {
        DType::I8 => i8_version,
        DType::I16 => i16_version,
        _ => 1,
    };
    match (operator, facts.hybrid) {
        (code::CONV_2D, Some(per_channel)) => return if per_channel { 5 } else { 2 },
        (code::DEPTHWISE_CONV_2D, Some(_)) => return 6,
        (code::FULLY_CONNECTED, Some(per_channel)) => return if per_channel { 12 } else { 9 },
        _ => {}
    }
    match operator {
        code::CONV_2D if facts.is_newer => 6,
        code::CONV_2D => by_type(3, 4),
        code::DEPTHWISE_CONV_2D if facts.input == DType::F32 && facts.is_newer => 2,
        code::DEPTHWISE_CONV_2D => by_type(3, 5),
        code::FULLY_CONNECTED if facts.input == DType::I16 => 7,
        code::FULLY_CONNECTED if !facts.has_bias => 6,
        code::FULLY_CONNECTED if facts.is_newer => 5,
        code::FULLY_CONNECTED => by_type(4, 7),
        code::TRANSPOSE_CONV | code::RESIZE_BILINEAR | code::RESIZE_NEAREST_NEIGHBOR if facts.is_newer => 3,
        code::GELU => by_type(2, 2),
        code::QUANTIZE if facts.input == DType::F32 => 1,
        code::QUANTIZE => 2,
        code::DEQUANTIZE if facts.input == DType::F16 => 3,
        code::CAST
        | code::SHAPE
        | code::RESHAPE
        | code::EXPAND_DIMS
        | code::SQUEEZE
        | code::NEG
        | code::FLOOR
        | code::CEIL
        | code::ROUND
        | code::SQUARE
        | code::SQRT
        | code::LOG
        | code::SIN
        | code::COS
        | code::ELU
        | code::HARD_SWISH
        | code::PRELU
        | code::FILL
        | code::RANGE
        | code::CUMSUM
        | code::SELECT_V2
        | code::LOGICAL_AND
        | code::LOGICAL_OR
        | code::LOGICAL_NOT => 1,
        _ => by_type(2, 3),
    }
}
