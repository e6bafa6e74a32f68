//! Large tensors kept in a file while a model is read or made, so that not all of them are in memory at once.

use std::io::Write;
use std::path::Path;

use bytes::Bytes;

use super::output_file::OutputFile;
use crate::error::{Error, Result};
use crate::tensor::{Buffer, Data, Tensor, pages, with_numbers};

/// Smaller tensors stay in memory.
const SMALLEST: usize = 1 << 20;

/// Start of each tensor in the file: a whole number of pages, of 64 KiB at most.
const ALIGNMENT: u64 = 1 << 16;

/// A file that is removed when this is dropped; what was kept in it stays readable.
#[derive(Debug)]
pub(super) struct Scratch {
    file: OutputFile,
    length: u64,
}

impl Scratch {
    /// An empty file in the folder of `path`, where the model will be.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(super) fn beside(path: &Path) -> Result<Self> {
        Ok(Self { file: OutputFile::create(path)?, length: 0 })
    }

    /// The tensor with its elements in the file, if they are many.
    ///
    /// # Errors
    /// A disk that is full.
    pub(super) fn keep(&mut self, tensor: Tensor) -> Result<Tensor> {
        let bytes: &[u8] = with_numbers!(tensor.data(), elements => bytemuck::cast_slice(elements), else &[]);
        if bytes.len() < SMALLEST {
            return Ok(tensor);
        }
        let mapped = self.keep_bytes(bytes)?;
        match in_bytes(tensor.data(), mapped) {
            Some(data) => Tensor::new(tensor.shape().to_vec(), data),
            None => Ok(tensor),
        }
    }

    /// The same bytes in the file, aligned for numbers of any type.
    ///
    /// # Errors
    /// A disk that is full.
    pub(super) fn keep_bytes(&mut self, bytes: &[u8]) -> Result<Bytes> {
        let length = bytes.len();
        let padding = vec![0; (length as u64).next_multiple_of(ALIGNMENT) as usize - length];
        let written = self.file.write_all(bytes).and_then(|()| self.file.write_all(&padding));
        pages::give_back(bytes);
        let mapped = written.and_then(|()| pages::map(&self.file.file, self.length, length));
        let mapped = mapped.map_err(|error| {
            Error::io("the temporary file beside the model", &error).help("free some space on the disk")
        })?;
        self.length += (length + padding.len()) as u64;
        Ok(mapped)
    }
}

/// The same data in other bytes; `None` for types that weights are not stored in.
fn in_bytes(data: &Data, bytes: Bytes) -> Option<Data> {
    Some(match data {
        Data::F32(_) => Data::F32(Buffer::from_bytes(bytes)?),
        Data::I32(_) => Data::I32(Buffer::from_bytes(bytes)?),
        Data::F16(_) => Data::F16(Buffer::from_bytes(bytes)?),
        Data::I8(_) => Data::I8(Buffer::from_bytes(bytes)?),
        Data::U8(_) => Data::U8(Buffer::from_bytes(bytes)?),
        Data::I4(_) => Data::I4(Buffer::from_bytes(bytes)?),
        Data::U4(_) => Data::U4(Buffer::from_bytes(bytes)?),
        Data::I16(_) => Data::I16(Buffer::from_bytes(bytes)?),
        Data::U16(_) => Data::U16(Buffer::from_bytes(bytes)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_same_and_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::beside(&folder.path().join("model.onnx")).unwrap();
        let integers = |seed: usize, n: usize| {
            let elements: Vec<i8> = (0..n).map(|index| (index * seed % 16) as i8 - 8).collect();
            Tensor::new(vec![n], Data::I4(elements.into())).unwrap()
        };
        let tensors = [integers(7, SMALLEST + 3), integers(5, 10), integers(3, SMALLEST)];
        let kept: Vec<Tensor> = tensors.iter().map(|tensor| scratch.keep(tensor.clone()).unwrap()).collect();
        drop(scratch);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        kept.iter().for_each(Tensor::give_back);
        assert_eq!(kept, tensors);
    }
}
