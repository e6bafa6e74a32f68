//! The state of an observer: named arrays of f32, and their bytes.
//!
//! ```text
//! "QDQO"  version (1 byte, 1)
//! kind of observer                                      length (u8), UTF-8
//! number of arrays                                      u32, little endian
//! per array: name; rank (u8), dimensions; elements      as above; u64 each; f32 each, little endian
//! checksum: FNV-1a, 64 bits, of all bytes before        u64, little endian
//! ```

use crate::error::{Error, Result};
use crate::tensor::Tensor;

const MAGIC: [u8; 4] = *b"QDQO";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 8;

/// What an observer has seen, under the names that torch gives its buffers (`min_val`, `max_val`, `histogram`).
#[derive(Clone, Debug, PartialEq)]
pub struct StateDict {
    /// Kind of the observer, as `MinMaxObserver`.
    pub observer: String,
    /// Names and numbers (f32), in a fixed order.
    pub arrays: Vec<(String, Tensor)>,
}

impl StateDict {
    /// The state of an observer of kind `observer` without arrays.
    pub fn new(observer: &str) -> Self {
        Self { observer: observer.to_owned(), arrays: Vec::new() }
    }

    /// Adds an array.
    pub fn with(mut self, name: &str, numbers: Tensor) -> Self {
        self.arrays.push((name.to_owned(), numbers));
        self
    }

    /// The numbers of an array.
    ///
    /// # Errors
    /// No array of this name, or one that is not f32.
    pub fn array(&self, name: &str) -> Result<&[f32]> {
        let array = self.arrays.iter().find(|(other, _)| other == name);
        let Some((_, numbers)) = array else {
            return Err(Error::malformed(format!("the state of {} has no `{name}`", self.observer)));
        };
        numbers.as_slice()
    }

    /// The numbers of an array of one element.
    ///
    /// # Errors
    /// No array of this name, or one of another length or type.
    pub fn scalar(&self, name: &str) -> Result<f32> {
        match self.array(name)? {
            &[number] => Ok(number),
            numbers => Err(Error::malformed(format!(
                "`{name}` of {} has {} elements instead of one",
                self.observer,
                numbers.len()
            ))),
        }
    }

    /// The arrays whose names begin with `prefix`, as the state of an observer of kind `observer`.
    pub fn nested(&self, prefix: &str, observer: &str) -> Self {
        let named = |(name, numbers): &(String, Tensor)| {
            Some((name.strip_prefix(prefix)?.to_owned(), numbers.clone()))
        };
        Self { observer: observer.to_owned(), arrays: self.arrays.iter().filter_map(named).collect() }
    }

    /// Checks that this is the state of an observer of kind `observer`.
    ///
    /// # Errors
    /// It is another's.
    pub fn check_observer(&self, observer: &str) -> Result<()> {
        if self.observer == observer {
            return Ok(());
        }
        Err(Error::malformed(format!(
            "the state of a {}, where that of a {observer} is needed",
            self.observer
        ))
        .help("load it with the recipe it was saved with"))
    }

    /// The bytes described in the module's documentation.
    ///
    /// # Errors
    /// An array that is not f32; a name longer than 255 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        write_name(&mut bytes, &self.observer)?;
        bytes.extend((self.arrays.len() as u32).to_le_bytes());
        for (name, numbers) in &self.arrays {
            write_name(&mut bytes, name)?;
            bytes.push(numbers.shape().len() as u8);
            numbers.shape().iter().for_each(|&dim| bytes.extend((dim as u64).to_le_bytes()));
            numbers.as_slice::<f32>()?.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        bytes.extend(checksum(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// The state that [`StateDict::to_bytes`] wrote.
    ///
    /// # Errors
    /// Other bytes, another version, bytes that were cut short or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let Some(&[version, ..]) = bytes.strip_prefix(&MAGIC) else {
            return Err(Error::malformed("not the state of an observer"));
        };
        if version != VERSION {
            let message =
                format!("state of an observer of version {version}, this program reads version {VERSION}");
            return Err(Error::malformed(message));
        }
        let is_whole =
            |(body, stored): &(&[u8], &[u8; CHECKSUM_BYTES])| checksum(body) == u64::from_le_bytes(**stored);
        let Some((body, _)) = bytes.split_last_chunk::<CHECKSUM_BYTES>().filter(is_whole) else {
            return Err(Error::malformed("the state of an observer is damaged: its checksum does not match"));
        };
        let mut reader = Reader { bytes: body.get(MAGIC.len() + 1..).unwrap_or_default() };
        let mut state = Self::new(&reader.read_name()?);
        let n_arrays = u32::from_le_bytes(reader.read_array()?);
        for _ in 0..n_arrays {
            let name = reader.read_name()?;
            state.arrays.push((name, reader.read_tensor()?));
        }
        if !reader.bytes.is_empty() {
            return Err(Error::malformed("bytes after the last array of the state of an observer"));
        }
        Ok(state)
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn write_name(bytes: &mut Vec<u8>, name: &str) -> Result<()> {
    let length = u8::try_from(name.len()).map_err(|_| Error::internal(format!("`{name}` is too long")))?;
    bytes.push(length);
    bytes.extend(name.as_bytes());
    Ok(())
}

/// Takes values off the front of bytes.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn read_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or_else(cut_short)?;
        self.bytes = rest;
        Ok(*array)
    }

    fn read_bytes(&mut self, length: usize) -> Result<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(cut_short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn read_name(&mut self) -> Result<String> {
        let [length] = self.read_array()?;
        let name = self.read_bytes(length.into())?.to_vec();
        String::from_utf8(name)
            .map_err(|_| Error::malformed("a name in the state of an observer is not text"))
    }

    fn read_tensor(&mut self) -> Result<Tensor> {
        let [rank] = self.read_array()?;
        let mut dims = Vec::with_capacity(rank.into());
        for _ in 0..rank {
            dims.push(usize::try_from(u64::from_le_bytes(self.read_array()?)).map_err(|_| cut_short())?);
        }
        let n_bytes = dims.iter().try_fold(size_of::<f32>(), |product, &dim| product.checked_mul(dim));
        let elements = self.read_bytes(n_bytes.ok_or_else(cut_short)?)?;
        let (elements, _) = elements.as_chunks();
        Tensor::from_vec(dims, elements.iter().map(|&element| f32::from_le_bytes(element)).collect())
    }
}

fn cut_short() -> Error {
    Error::malformed("the state of an observer is cut short")
}
