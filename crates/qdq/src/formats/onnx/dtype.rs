//! Element types by their `TensorProto.DataType` numbers.

use qdq_schema::onnx::tensor_proto::DataType;

use crate::error::{Error, Result};
use crate::tensor::DType;

/// The element type with this number.
pub(super) fn read_dtype(number: i32) -> Result<DType> {
    let Ok(data_type) = DataType::try_from(number) else {
        return Err(Error::malformed(format!("element type {number} does not exist")));
    };
    Ok(match data_type {
        DataType::Float => DType::F32,
        DataType::Double => DType::F64,
        DataType::Float16 => DType::F16,
        DataType::Bfloat16 => DType::Bf16,
        DataType::Int8 => DType::I8,
        DataType::Uint8 => DType::U8,
        DataType::Int16 => DType::I16,
        DataType::Uint16 => DType::U16,
        DataType::Int32 => DType::I32,
        DataType::Uint32 => DType::U32,
        DataType::Int64 => DType::I64,
        DataType::Uint64 => DType::U64,
        DataType::Int4 => DType::I4,
        DataType::Uint4 => DType::U4,
        DataType::Int2 => DType::I2,
        DataType::Uint2 => DType::U2,
        DataType::Float8e4m3fn => DType::F8E4m3fn,
        DataType::Float8e4m3fnuz => DType::F8E4m3fnuz,
        DataType::Float8e5m2 => DType::F8E5m2,
        DataType::Float8e5m2fnuz => DType::F8E5m2fnuz,
        DataType::Float8e8m0 => DType::F8E8m0,
        DataType::Float4e2m1 => DType::F4E2m1,
        DataType::Bool => DType::Bool,
        DataType::String => DType::Str,
        DataType::Undefined => return Err(Error::malformed("no element type is given")),
        DataType::Complex64 | DataType::Complex128 | DataType::Float6e2m3 | DataType::Float6e3m2 => {
            let name = format!("{data_type:?}").to_uppercase();
            return Err(Error::unsupported(format!("elements of type {name}"))
                .help("convert the model to float, float16 or 4- to 64-bit integers"));
        }
    })
}

/// The number of an element type.
pub(super) fn write_dtype(dtype: DType) -> i32 {
    let data_type = match dtype {
        DType::F32 => DataType::Float,
        DType::F64 => DataType::Double,
        DType::F16 => DataType::Float16,
        DType::Bf16 => DataType::Bfloat16,
        DType::I8 => DataType::Int8,
        DType::U8 => DataType::Uint8,
        DType::I16 => DataType::Int16,
        DType::U16 => DataType::Uint16,
        DType::I32 => DataType::Int32,
        DType::U32 => DataType::Uint32,
        DType::I64 => DataType::Int64,
        DType::U64 => DataType::Uint64,
        DType::I4 => DataType::Int4,
        DType::U4 => DataType::Uint4,
        DType::I2 => DataType::Int2,
        DType::U2 => DataType::Uint2,
        DType::F8E4m3fn => DataType::Float8e4m3fn,
        DType::F8E4m3fnuz => DataType::Float8e4m3fnuz,
        DType::F8E5m2 => DataType::Float8e5m2,
        DType::F8E5m2fnuz => DataType::Float8e5m2fnuz,
        DType::F8E8m0 => DataType::Float8e8m0,
        DType::F4E2m1 => DataType::Float4e2m1,
        DType::Bool => DataType::Bool,
        DType::Str => DataType::String,
    };
    data_type.into()
}
