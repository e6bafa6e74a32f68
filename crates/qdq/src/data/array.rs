//! An array in a file: read front to back, a few rows at a time.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::npy::{self, Header};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// How the bytes of an array lie in its file.
#[derive(Clone, Debug)]
pub(super) enum Storage {
    /// A `.npy` file.
    Whole,
    /// An entry of an `.npz` file.
    Entry {
        /// Position of its first byte.
        offset: u64,
        /// Bytes in the file.
        length: u64,
        /// Whether they are deflated.
        is_deflated: bool,
        /// Checksum of the bytes once inflated.
        crc: u32,
    },
}

/// An array in a file.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// Name in its `.npz`; empty in a `.npy`.
    pub(super) name: String,
    /// What its header says.
    pub(super) header: Header,
    path: PathBuf,
    storage: Storage,
}

impl Array {
    /// The array of a `.npy` file, whose size must be what the header asks for.
    pub(super) fn of_npy(path: &Path) -> Result<Self> {
        let array = Self::read_header(path, String::new(), Storage::Whole)
            .map_err(|error| error.file(path.display()))?;
        let available = std::fs::metadata(path).map_err(|error| Error::io(path.display(), &error))?.len();
        if array.header.dtype().is_ok() {
            array.check_length(available).map_err(|error| error.file(path.display()))?;
        }
        Ok(array)
    }

    /// An array of an `.npz` file, of `size` bytes once inflated.
    pub(super) fn of_entry(path: &Path, name: String, storage: Storage, size: u64) -> Result<Self> {
        let array = Self::read_header(path, name, storage)?;
        if array.header.dtype().is_ok() {
            array.check_length(size)?;
        }
        Ok(array)
    }

    fn read_header(path: &Path, name: String, storage: Storage) -> Result<Self> {
        let header = Header::read(&mut *open(path, &storage)?)?;
        Ok(Self { name, header, path: path.to_owned(), storage })
    }

    fn check_length(&self, available: u64) -> Result<()> {
        let needed = self.header.data_length()?.saturating_add(self.header.length);
        if needed > available {
            return Err(Error::malformed(format!(
                "an array of shape {:?} and type {} takes {needed} bytes, but the file has {available}",
                self.header.shape, self.header.descr
            ))
            .help("the file is cut short: make or fetch it again"));
        }
        if needed < available {
            let surplus = available - needed;
            return Err(Error::malformed(format!("{surplus} bytes follow the array's last element")));
        }
        Ok(())
    }

    /// Names file and array in an error.
    pub(super) fn place(&self, error: Error) -> Error {
        let error = error.file(self.path.display());
        if self.name.is_empty() { error } else { error.value(&self.name) }
    }

    /// What the array is called in a message.
    pub(super) fn describe(&self) -> String {
        let name = if self.name.is_empty() { String::new() } else { format!("`{}` ", self.name) };
        let dtype = self.header.dtype().map_or_else(|_| self.header.descr.clone(), |dtype| dtype.to_string());
        let dims: Vec<String> = self.header.shape.iter().map(ToString::to_string).collect();
        format!("{name}{dtype}[{}]", dims.join(","))
    }

    /// A reader at the first element.
    pub(super) fn open(&self) -> Result<Elements> {
        let mut source = open(&self.path, &self.storage)?;
        let header = Header::read(&mut *source)?;
        Ok(Elements { source, remaining: header.data_length()?, header })
    }

    /// The whole array, for those that are small by nature: labels and constants.
    pub(super) fn read_all(&self) -> Result<Tensor> {
        self.open()?.read(self.header.shape.clone())
    }
}

/// The elements of an array, read front to back.
pub(super) struct Elements {
    source: Box<dyn Read + Send>,
    header: Header,
    remaining: u64,
}

impl Elements {
    /// The next elements, as many as fill `shape`.
    pub(super) fn read(&mut self, shape: Vec<usize>) -> Result<Tensor> {
        let part = Header { shape: shape.clone(), ..self.header.clone() };
        let length = part.data_length()?;
        let Some(remaining) = self.remaining.checked_sub(length) else {
            return Err(Error::internal("read past the end of an array"));
        };
        let bytes = npy::read_bytes(&mut *self.source, length as usize)?;
        self.remaining = remaining;
        if remaining == 0 {
            // The end of an entry is where its checksum is compared.
            let surplus = self.source.read(&mut [0]);
            if surplus.map_err(|error| Error::malformed(format!("the data is damaged: {error}")))? != 0 {
                return Err(Error::malformed("there is more data than the header says"));
            }
        }
        self.header.tensor(shape, bytes)
    }
}

fn open(path: &Path, storage: &Storage) -> Result<Box<dyn Read + Send>> {
    let io_error = |error: std::io::Error| Error::io(path.display(), &error);
    let mut file = File::open(path).map_err(io_error)?;
    Ok(match *storage {
        Storage::Whole => Box::new(BufReader::new(file)),
        Storage::Entry { offset, length, is_deflated, crc } => {
            file.seek(SeekFrom::Start(offset)).map_err(io_error)?;
            let bytes = BufReader::new(file.take(length));
            if is_deflated {
                Box::new(Checked::new(DeflateDecoder::new(bytes), crc))
            } else {
                Box::new(Checked::new(bytes, crc))
            }
        }
    })
}

/// Compares the checksum at the end.
struct Checked<R> {
    source: R,
    crc: Crc,
    expected: u32,
}

impl<R> Checked<R> {
    fn new(source: R, expected: u32) -> Self {
        Self { source, crc: Crc::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.crc.update(&buffer[..length]);
        if length == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "the checksum does not match"));
        }
        Ok(length)
    }
}
