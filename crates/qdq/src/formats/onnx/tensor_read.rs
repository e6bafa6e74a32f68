//! `TensorProto` to [`Tensor`]: raw, typed and external data.

use bytes::Bytes;
use half::{bf16, f16};
use qdq_schema::Message;
use qdq_schema::onnx::TensorProto;
use qdq_schema::onnx::tensor_proto::DataLocation;

use super::dtype::read_dtype;
use super::external::SideFiles;
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Element, SmallFloat, Tensor, element_count, few_bits};

/// Reads a file of one tensor, as `input_0.pb` of ONNX's test data: its name, and the tensor.
///
/// # Errors
/// A file that is no `TensorProto`, or whose tensor is damaged or in a side file.
pub fn read_tensor_file(bytes: Bytes) -> Result<(String, Tensor)> {
    let proto = TensorProto::decode(bytes);
    let proto = proto.map_err(|error| Error::malformed(format!("not an ONNX tensor: {error}")))?;
    let no_side_file =
        |name: &str| Err(Error::unsupported(format!("the tensor is in a side file, `{name}`")));
    let tensor = read_tensor(&proto, &SideFiles::new(&no_side_file))?;
    Ok((proto.name().to_owned(), tensor))
}

/// The tensor. Nothing larger than the bytes at hand is allocated, whatever the dimensions claim.
///
/// Raw and external data is used in place where it is aligned.
pub(super) fn read_tensor(proto: &TensorProto, side_files: &SideFiles) -> Result<Tensor> {
    let dtype = read_dtype(proto.data_type())?;
    let shape = read_dims(&proto.dims)?;
    let Some(count) = element_count(&shape) else {
        return Err(Error::malformed(format!("the dimensions {:?} are too large", proto.dims)));
    };
    if proto.segment.is_some() {
        return Err(Error::unsupported("a tensor in segments").help("save the model with whole tensors"));
    }
    let data = if proto.data_location() == DataLocation::External {
        let bits = dtype.bits().ok_or_else(|| Error::malformed("strings cannot be external data"))?;
        let needed = byte_length(count, bits)?;
        raw_data(dtype, count, side_files.bytes(&proto.external_data, needed)?, side_files)?
    } else {
        match &proto.raw_data {
            Some(raw) if !raw.is_empty() || typed_length(proto, dtype) == 0 => {
                raw_data(dtype, count, raw.clone(), side_files)?
            }
            _ => typed_data(proto, dtype, count)?,
        }
    };
    Tensor::new(shape, data)
}

/// Dimensions of data at hand: none is negative.
pub(super) fn read_dims(dims: &[i64]) -> Result<Vec<usize>> {
    let read =
        |&dim: &i64| usize::try_from(dim).map_err(|_| Error::malformed(format!("the dimension {dim}")));
    dims.iter().map(read).collect()
}

fn byte_length(count: usize, bits: usize) -> Result<usize> {
    few_bits::byte_length(count, bits)
        .ok_or_else(|| Error::malformed(format!("{count} elements of {bits} bits are too large")))
}

fn raw_data(dtype: DType, count: usize, raw: Bytes, side_files: &SideFiles) -> Result<Data> {
    let bits = dtype.bits().ok_or_else(|| Error::malformed("strings in raw_data"))?;
    let needed = byte_length(count, bits)?;
    if raw.len() != needed {
        return Err(Error::malformed(format!(
            "raw_data has {} bytes, but its shape and type need {needed}",
            raw.len()
        ))
        .help("fetch or export the model again; the file is damaged"));
    }
    let raw = side_files.aligned(raw, bits)?;
    Ok(match dtype {
        DType::F32 => in_place::<f32>(raw)?,
        DType::F64 => in_place::<f64>(raw)?,
        DType::F16 => in_place::<f16>(raw)?,
        DType::Bf16 => in_place::<bf16>(raw)?,
        DType::I8 => in_place::<i8>(raw)?,
        DType::U8 => in_place::<u8>(raw)?,
        DType::I16 => in_place::<i16>(raw)?,
        DType::U16 => in_place::<u16>(raw)?,
        DType::I32 => in_place::<i32>(raw)?,
        DType::U32 => in_place::<u32>(raw)?,
        DType::I64 => in_place::<i64>(raw)?,
        DType::U64 => in_place::<u64>(raw)?,
        DType::Bool => Data::Bool(raw.iter().map(|&byte| byte != 0).collect::<Vec<_>>().into()),
        DType::Str => return Err(Error::malformed("strings in raw_data")),
        _ => of_few_bits(dtype, bits, raw.iter().copied(), count)?,
    })
}

fn in_place<T: Element + bytemuck::AnyBitPattern>(raw: Bytes) -> Result<Data> {
    let buffer =
        Buffer::<T>::from_bytes(raw).ok_or_else(|| Error::malformed("raw_data ends within an element"))?;
    Ok(T::into_data(buffer))
}

/// Elements of at most 8 bits, packed into bytes from the lowest bits on.
fn of_few_bits(dtype: DType, bits: usize, bytes: impl Iterator<Item = u8>, count: usize) -> Result<Data> {
    let codes: Vec<u8> = few_bits::unpack(bytes, bits).take(count).collect();
    let signed = || codes.iter().map(|&code| few_bits::signed(code, bits)).collect();
    Ok(match (dtype, SmallFloat::of(dtype)) {
        (DType::I4, _) => Data::I4(signed()),
        (DType::I2, _) => Data::I2(signed()),
        (DType::U4, _) => Data::U4(codes.into()),
        (DType::U2, _) => Data::U2(codes.into()),
        (_, Some(float)) => Data::Small(float, codes.into()),
        (other, None) => return Err(Error::internal(format!("{other} has more than 8 bits"))),
    })
}

/// Number of entries in the typed field that holds elements of `dtype`.
fn typed_length(proto: &TensorProto, dtype: DType) -> usize {
    match dtype {
        DType::F32 => proto.float_data.len(),
        DType::F64 => proto.double_data.len(),
        DType::I64 => proto.int64_data.len(),
        DType::U32 | DType::U64 => proto.uint64_data.len(),
        DType::Str => proto.string_data.len(),
        _ => proto.int32_data.len(),
    }
}

fn typed_data(proto: &TensorProto, dtype: DType, count: usize) -> Result<Data> {
    let found = typed_length(proto, dtype);
    let needed = dtype.bits().filter(|&bits| bits < 8).map_or(count, |bits| count.div_ceil(8 / bits));
    if found != needed {
        let hint = if found == 0 { " (is its data in a side file that is not named?)" } else { "" };
        return Err(Error::malformed(format!(
            "it holds {found} elements of {dtype}, but its shape needs {needed}{hint}"
        )));
    }
    let small = &proto.int32_data;
    let bits = small.iter().map(|&element| element as u16);
    let bytes = small.iter().map(|&element| element as u8);
    Ok(match dtype {
        DType::F32 => Data::F32(proto.float_data.clone().into()),
        DType::F64 => Data::F64(proto.double_data.clone().into()),
        DType::I64 => Data::I64(proto.int64_data.clone().into()),
        DType::U64 => Data::U64(proto.uint64_data.clone().into()),
        DType::I32 => Data::I32(small.clone().into()),
        DType::U32 => Data::U32(convert(&proto.uint64_data)?),
        DType::I8 => Data::I8(convert(small)?),
        DType::U8 => Data::U8(convert(small)?),
        DType::I16 => Data::I16(convert(small)?),
        DType::U16 => Data::U16(convert(small)?),
        DType::F16 => Data::F16(bits.map(f16::from_bits).collect::<Vec<_>>().into()),
        DType::Bf16 => Data::Bf16(bits.map(bf16::from_bits).collect::<Vec<_>>().into()),
        DType::Bool => Data::Bool(small.iter().map(|&element| element != 0).collect::<Vec<_>>().into()),
        DType::Str => {
            Data::Str(proto.string_data.iter().map(|text| text.to_vec()).collect::<Vec<_>>().into())
        }
        _ => of_few_bits(dtype, dtype.bits().unwrap_or(8), bytes, count)?,
    })
}

fn convert<S: Copy + std::fmt::Display, T: Element + TryFrom<S>>(elements: &[S]) -> Result<Buffer<T>>
where
    Buffer<T>: From<Vec<T>>,
{
    let convert = |&element: &S| {
        T::try_from(element).map_err(|_| {
            let name = std::any::type_name::<T>();
            Error::malformed(format!("the element {element} is out of the range of {name}"))
        })
    };
    Ok(elements.iter().map(convert).collect::<Result<Vec<T>>>()?.into())
}
