//! The `.npy` format: its header, and rows of elements.
//!
//! Source: NumPy, `numpy.lib.format`: `\x93NUMPY`, version (1.0, 2.0, 3.0), header length, then a Python
//! dictionary with `descr`, `fortran_order` and `shape`.

use std::io::Read;

use bytemuck::AnyBitPattern;
use bytes::Bytes;
use half::f16;

use super::npy_dict::{self, Literal};
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Element, Tensor, element_count};

/// Longest header accepted; NumPy's own limit is 10,000.
const MAX_HEADER: u64 = 1 << 20;
/// Most dimensions of an array in NumPy.
const MAX_RANK: usize = 64;
/// First allocation for a row, whatever its header claims; more only as bytes arrive.
const FIRST_ALLOCATION: usize = 1 << 22;

/// What the header of an array says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Type as NumPy spells it, as `<f4`.
    pub(super) descr: String,
    /// Dimensions.
    pub(super) shape: Vec<usize>,
    /// Whether the first axis varies fastest.
    pub(super) fortran_order: bool,
    /// Bytes before the elements.
    pub(super) length: u64,
}

impl Header {
    /// Reads the header, and nothing behind it.
    pub(super) fn read(source: &mut dyn Read) -> Result<Self> {
        let mut start = [0; 8];
        read_exact(source, &mut start)?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(Error::malformed("not a NumPy array: it does not start with \\x93NUMPY"));
        }
        let n_length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(Error::unsupported(format!("version {version} of the .npy format"))),
        };
        let mut length = [0; 4];
        read_exact(source, &mut length[..n_length_bytes])?;
        let length = u64::from(u32::from_le_bytes(length));
        if length > MAX_HEADER {
            return Err(Error::malformed(format!("a header of {length} bytes")));
        }
        let text = read_bytes(source, length as usize)?;
        let mut header = Self::parse(&String::from_utf8_lossy(&text))?;
        header.length = 8 + n_length_bytes as u64 + length;
        Ok(header)
    }

    fn parse(text: &str) -> Result<Self> {
        let damaged = || Error::malformed(format!("cannot read the array's header {:?}", text.trim()));
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        for (key, value) in npy_dict::parse(text).ok_or_else(damaged)? {
            match (key.as_str(), value) {
                ("descr", Literal::Str(text)) => descr = Some(text),
                ("descr", Literal::Other) => descr = Some("a record type".to_owned()),
                ("fortran_order", Literal::Bool(order)) => fortran_order = Some(order),
                ("shape", Literal::Tuple(dims)) => shape = Some(dims),
                _ => return Err(damaged()),
            }
        }
        let (Some(descr), Some(fortran_order), Some(shape)) = (descr, fortran_order, shape) else {
            return Err(damaged());
        };
        if shape.len() > MAX_RANK {
            return Err(Error::malformed(format!("an array of {} dimensions", shape.len())));
        }
        Ok(Self { descr, shape, fortran_order, length: 0 })
    }

    /// The element type; an error for those that tensors do not have.
    pub(super) fn dtype(&self) -> Result<DType> {
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        Ok(match kind {
            "f4" => DType::F32,
            "f8" => DType::F64,
            "f2" => DType::F16,
            "i1" => DType::I8,
            "u1" => DType::U8,
            "i2" => DType::I16,
            "u2" => DType::U16,
            "i4" => DType::I32,
            "u4" => DType::U32,
            "i8" => DType::I64,
            "u8" => DType::U64,
            "b1" => DType::Bool,
            _ => {
                return Err(Error::unsupported(format!("elements of the NumPy type `{}`", self.descr))
                    .help("save it as numbers, as `x.astype('float32')`"));
            }
        })
    }

    /// Bytes that the shape and type need; an error where the order of elements is not row-major.
    pub(super) fn data_length(&self) -> Result<u64> {
        let is_vector = self.shape.iter().filter(|&&dim| dim != 1).count() <= 1;
        if self.fortran_order && !is_vector {
            return Err(Error::unsupported("the array is stored in Fortran order")
                .help("save it with `numpy.save(file, numpy.ascontiguousarray(x))`"));
        }
        let width = self.dtype()?.bits().unwrap_or(8) / 8;
        let length = element_count(&self.shape).and_then(|count| count.checked_mul(width));
        length
            .map(|length| length as u64)
            .ok_or_else(|| Error::malformed(format!("the shape {:?} is too large", self.shape)))
    }

    /// Elements from their bytes in the file.
    pub(super) fn tensor(&self, shape: Vec<usize>, mut bytes: Vec<u8>) -> Result<Tensor> {
        let dtype = self.dtype()?;
        let width = dtype.bits().unwrap_or(8) / 8;
        if self.descr.starts_with('>') {
            bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        let data = match dtype {
            DType::F32 => elements::<f32>(bytes)?,
            DType::F64 => elements::<f64>(bytes)?,
            DType::F16 => elements::<f16>(bytes)?,
            DType::I8 => elements::<i8>(bytes)?,
            DType::U8 => Data::U8(bytes.into()),
            DType::I16 => elements::<i16>(bytes)?,
            DType::U16 => elements::<u16>(bytes)?,
            DType::I32 => elements::<i32>(bytes)?,
            DType::U32 => elements::<u32>(bytes)?,
            DType::I64 => elements::<i64>(bytes)?,
            DType::U64 => elements::<u64>(bytes)?,
            DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect::<Vec<_>>().into()),
            _ => return Err(Error::internal(format!("a NumPy array of {dtype}"))),
        };
        Tensor::new(shape, data)
    }
}

fn elements<T: Element + AnyBitPattern>(bytes: Vec<u8>) -> Result<Data> {
    let buffer = Buffer::<T>::from_bytes(Bytes::from(bytes));
    Ok(T::into_data(buffer.ok_or_else(|| Error::malformed("the array ends within an element"))?))
}

/// Exactly `length` bytes; memory grows with the bytes that are there, not with those that are claimed.
pub(super) fn read_bytes(source: &mut dyn Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length.min(FIRST_ALLOCATION));
    source.take(length as u64).read_to_end(&mut bytes).map_err(|error| read_error(&error))?;
    if bytes.len() < length {
        return Err(truncated());
    }
    Ok(bytes)
}

fn read_exact(source: &mut dyn Read, bytes: &mut [u8]) -> Result<()> {
    source.read_exact(bytes).map_err(|error| read_error(&error))
}

fn read_error(error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => truncated(),
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
            Error::malformed(format!("the compressed data is damaged: {error}"))
        }
        _ => Error::new(crate::error::ErrorKind::Io, error.to_string()),
    }
}

pub(super) fn truncated() -> Error {
    Error::malformed("the array ends before its last element: the file is cut short")
        .help("make or fetch the file again")
}
