//! Element types.

use qdq_schema::tflite::tensor_type as code;

use crate::tensor::DType;

/// Codes of the element types that the hub has.
const TYPES: &[(i8, DType)] = &[
    (code::FLOAT32, DType::F32),
    (code::FLOAT16, DType::F16),
    (code::BFLOAT16, DType::Bf16),
    (code::FLOAT64, DType::F64),
    (code::INT4, DType::I4),
    (code::UINT4, DType::U4),
    (code::INT8, DType::I8),
    (code::UINT8, DType::U8),
    (code::INT16, DType::I16),
    (code::UINT16, DType::U16),
    (code::INT32, DType::I32),
    (code::UINT32, DType::U32),
    (code::INT64, DType::I64),
    (code::UINT64, DType::U64),
    (code::BOOL, DType::Bool),
    (code::STRING, DType::Str),
];

/// The element type of a code; `None` for resources, complex numbers and 8-bit floats.
pub(super) fn read_dtype(code: i8) -> Option<DType> {
    TYPES.iter().find(|(own, _)| *own == code).map(|(_, dtype)| *dtype)
}

/// The code of an element type.
pub(super) fn write_dtype(dtype: DType) -> i8 {
    TYPES.iter().find(|(_, own)| *own == dtype).map_or(code::FLOAT32, |(code, _)| *code)
}
