//! Writing `.npy` headers and `.npz` archives.

use std::fmt;
use std::io::{Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Data, Tensor};

/// The header of a `.npy` array; an error for types that `NumPy` does not have.
pub fn npy_header(dtype: DType, shape: &[usize]) -> Result<Vec<u8>> {
    let descr = match dtype {
        DType::F64 => "<f8",
        DType::F16 => "<f2",
        DType::F32
        | DType::Bf16
        | DType::F8E4m3fn
        | DType::F8E4m3fnuz
        | DType::F8E5m2
        | DType::F8E5m2fnuz
        | DType::F8E8m0
        | DType::F4E2m1 => "<f4",
        DType::I8 | DType::I4 | DType::I2 => "|i1",
        DType::U8 | DType::U4 | DType::U2 => "|u1",
        DType::I16 => "<i2",
        DType::U16 => "<u2",
        DType::I32 => "<i4",
        DType::U32 => "<u4",
        DType::I64 => "<i8",
        DType::U64 => "<u8",
        DType::Bool => "|b1",
        DType::Str => return Err(Error::unsupported("strings in a .npy array")),
    };
    let mut dims = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if shape.len() == 1 {
        dims.push(',');
    }
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    // The elements start at a multiple of 64; the header ends with a line feed.
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    text.push_str(&" ".repeat(length - text.len() - 1));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(text.as_bytes());
    Ok(header)
}

/// The elements of a tensor as a `.npy` array holds them: little-endian; bf16 and smaller floats as f32, integers of
/// 2 and 4 bits a byte each.
pub(crate) fn npy_elements(tensor: &Tensor, out: &mut dyn Write) -> std::io::Result<()> {
    macro_rules! write_each {
        ($elements:expr) => {{
            let bytes: Vec<u8> = $elements.iter().flat_map(|element| element.to_le_bytes()).collect();
            out.write_all(&bytes)
        }};
    }
    match tensor.data() {
        Data::F32(elements) => write_each!(elements),
        Data::F64(elements) => write_each!(elements),
        Data::F16(elements) => write_each!(elements),
        Data::Bf16(elements) => {
            write_each!(elements.iter().map(|element| element.to_f32()).collect::<Vec<_>>())
        }
        Data::Small(float, codes) => {
            write_each!(codes.iter().map(|&code| float.decode(code) as f32).collect::<Vec<_>>())
        }
        Data::I8(elements) | Data::I4(elements) | Data::I2(elements) => write_each!(elements),
        Data::U8(elements) | Data::U4(elements) | Data::U2(elements) => out.write_all(elements),
        Data::I16(elements) => write_each!(elements),
        Data::U16(elements) => write_each!(elements),
        Data::I32(elements) => write_each!(elements),
        Data::U32(elements) => write_each!(elements),
        Data::I64(elements) => write_each!(elements),
        Data::U64(elements) => write_each!(elements),
        Data::Bool(elements) => {
            write_each!(elements.iter().map(|&element| u8::from(element)).collect::<Vec<_>>())
        }
        Data::Str(_) => Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "strings")),
    }
}

/// Writes an `.npz` archive as `numpy.savez` does: stored, one `.npy` for each array.
///
/// Same arrays, same bytes: entries carry no time.
pub struct NpzWriter<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> NpzWriter<W> {
    /// An empty archive.
    pub fn new(out: W) -> Self {
        Self(ZipWriter::new(out))
    }

    /// Adds an array whose elements come from `elements`, already as the file holds them.
    pub fn add(&mut self, name: &str, dtype: DType, shape: &[usize], elements: &mut dyn Read) -> Result<()> {
        let header = npy_header(dtype, shape)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .large_file(true);
        self.0.start_file(format!("{name}.npy"), options).map_err(|error| archive_error(&error))?;
        self.0.write_all(&header).map_err(|error| io_error(&error))?;
        std::io::copy(elements, &mut self.0).map_err(|error| io_error(&error))?;
        Ok(())
    }

    /// Adds a tensor.
    pub fn add_tensor(&mut self, name: &str, tensor: &Tensor) -> Result<()> {
        let mut elements = Vec::new();
        npy_elements(tensor, &mut elements).map_err(|error| io_error(&error))?;
        self.add(name, tensor.dtype(), tensor.shape(), &mut elements.as_slice())
    }

    /// Writes the directory, without which the archive cannot be read.
    pub fn finish(self) -> Result<W> {
        self.0.finish().map_err(|error| archive_error(&error))
    }
}

fn archive_error(error: &zip::result::ZipError) -> Error {
    Error::new(ErrorKind::Io, format!("writing the .npz: {error}"))
}

fn io_error(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("writing the .npz: {error}"))
}

impl<W: Write + Seek> fmt::Debug for NpzWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NpzWriter")
    }
}
