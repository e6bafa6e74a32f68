//! Buffers of a file to tensors and back.

use bytes::Bytes;
use qdq_schema::flatbuffer::Table;
use qdq_schema::tflite::buffer;

use super::damaged;
use super::tensor::FileTensor;
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Tensor, few_bits};

/// The bytes of a buffer, in place.
pub(super) fn buffer_bytes(file: &Bytes, table: &Table<'_>) -> Result<Bytes> {
    let (offset, size) =
        (table.scalar(buffer::OFFSET).map_err(damaged)?, table.scalar(buffer::SIZE).map_err(damaged)?);
    // Buffers beyond 2 GB lie behind the flatbuffer; an offset of 1 stands for one still to come.
    if offset > 1 {
        let range = usize::try_from(offset).ok().zip(usize::try_from(size).ok());
        let range = range.and_then(|(offset, size)| Some(offset..offset.checked_add(size)?));
        return match range {
            Some(range) if range.end <= file.len() => Ok(file.slice(range)),
            _ => Err(Error::malformed("a buffer ends behind the file").help("fetch the file again")),
        };
    }
    match table.vector(buffer::DATA).map_err(damaged)? {
        Some(data) => Ok(file.slice(data.position..data.position + data.len())),
        None => Ok(Bytes::new()),
    }
}

/// The tensor that a buffer holds.
pub(super) fn read_constant(tensor: &FileTensor, bytes: Bytes) -> Result<Tensor> {
    let dims: Option<Vec<usize>> = tensor.dims.iter().map(crate::tensor::Dim::known).collect();
    let Some(dims) = dims else { return Err(Error::malformed("a constant of unknown size")) };
    let Some(dtype) = tensor.dtype else {
        return Err(Error::unsupported(format!("constants of type {}", tensor.code)));
    };
    let count = dims.iter().try_fold(1usize, |count, &dim| count.checked_mul(dim));
    let n_bytes = count.zip(dtype.bits()).and_then(|(count, bits)| few_bits::byte_length(count, bits));
    if dtype == DType::Str {
        return Err(Error::unsupported("constant texts").help("remove the string ops from the model"));
    }
    let (Some(count), Some(n_bytes)) = (count, n_bytes) else {
        return Err(Error::malformed(format!("the shape {dims:?} is too large")));
    };
    if n_bytes != bytes.len() {
        let message = format!("the buffer has {} bytes, {dims:?} of {dtype} need {n_bytes}", bytes.len());
        return Err(Error::malformed(message).help("the file is damaged; fetch or export it again"));
    }
    if dtype == DType::I64 && tensor.quant.is_some() {
        return Tensor::new(dims, narrow_bias(bytes)?);
    }
    let data = typed(dtype, bytes, count).ok_or_else(|| Error::internal("bytes that were counted"))?;
    Tensor::new(dims, data)
}

fn typed(dtype: DType, bytes: Bytes, count: usize) -> Option<Data> {
    Some(match dtype {
        DType::F32 => Data::F32(Buffer::from_bytes(bytes)?),
        DType::F64 => Data::F64(Buffer::from_bytes(bytes)?),
        DType::F16 => Data::F16(Buffer::from_bytes(bytes)?),
        DType::Bf16 => Data::Bf16(Buffer::from_bytes(bytes)?),
        DType::I8 => Data::I8(Buffer::from_bytes(bytes)?),
        DType::U8 => Data::U8(Buffer::from_bytes(bytes)?),
        DType::I16 => Data::I16(Buffer::from_bytes(bytes)?),
        DType::U16 => Data::U16(Buffer::from_bytes(bytes)?),
        DType::I32 => Data::I32(Buffer::from_bytes(bytes)?),
        DType::U32 => Data::U32(Buffer::from_bytes(bytes)?),
        DType::I64 => Data::I64(Buffer::from_bytes(bytes)?),
        DType::U64 => Data::U64(Buffer::from_bytes(bytes)?),
        DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect::<Vec<_>>().into()),
        DType::I4 => Data::I4(nibbles(&bytes, count).map(|nibble| few_bits::signed(nibble, 4)).collect()),
        DType::U4 => Data::U4(nibbles(&bytes, count).collect()),
        DType::I2
        | DType::U2
        | DType::F8E4m3fn
        | DType::F8E4m3fnuz
        | DType::F8E5m2
        | DType::F8E5m2fnuz
        | DType::F8E8m0
        | DType::F4E2m1
        | DType::Str => return None,
    })
}

fn nibbles(bytes: &Bytes, count: usize) -> impl Iterator<Item = u8> + '_ {
    few_bits::unpack(bytes.iter().copied(), 4).take(count)
}

fn narrow_bias(bytes: Bytes) -> Result<Data> {
    let wide: Buffer<i64> =
        Buffer::from_bytes(bytes).ok_or_else(|| Error::internal("bytes that were counted"))?;
    let narrow: Result<Vec<i32>, _> = wide.iter().map(|&number| i32::try_from(number)).collect();
    match narrow {
        Ok(narrow) => Ok(Data::I32(narrow.into())),
        Err(_) => Err(Error::unsupported("a bias that does not fit 32 bits")),
    }
}

/// The bytes of a tensor as they lie in a file; those of a mapped file are not copied.
pub(super) fn write_constant(tensor: &Tensor) -> Result<Bytes> {
    fn owned<T: bytemuck::NoUninit>(elements: &[T]) -> Bytes {
        Bytes::copy_from_slice(bytemuck::cast_slice(elements))
    }
    Ok(match tensor.data() {
        Data::F32(elements) => owned(elements),
        Data::F64(elements) => owned(elements),
        Data::F16(elements) => owned(elements),
        Data::Bf16(elements) => owned(elements),
        Data::I8(elements) => owned(elements),
        Data::U8(elements) => owned(elements),
        Data::I16(elements) => owned(elements),
        Data::U16(elements) => owned(elements),
        Data::I32(elements) => owned(elements),
        Data::U32(elements) => owned(elements),
        Data::I64(elements) => owned(elements),
        Data::U64(elements) => owned(elements),
        Data::Bool(elements) => elements.iter().map(|&element| u8::from(element)).collect(),
        Data::I4(elements) => few_bits::pack(bytemuck::cast_slice(elements), 4).collect(),
        Data::U4(elements) => few_bits::pack(elements, 4).collect(),
        Data::I2(_) | Data::U2(_) | Data::Small(..) => {
            return Err(Error::unsupported(format!("constants of {}", tensor.dtype())));
        }
        Data::Str(_) => return Err(Error::unsupported("constant texts")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bit_integers_come_back() {
        let bytes = Bytes::from_static(&[0x8f, 0x07]);
        let data = typed(DType::I4, bytes.clone(), 3).unwrap();
        let tensor = Tensor::new(vec![3], data).unwrap();
        assert_eq!(tensor.to_i64_vec().unwrap(), [-1, -8, 7]);
        assert_eq!(write_constant(&tensor).unwrap(), bytes);
    }
}
