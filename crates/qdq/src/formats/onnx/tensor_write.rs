//! [`Tensor`] to `TensorProto`, and the side file of a large model.

use bytes::Bytes;
use qdq_schema::onnx::tensor_proto::DataLocation;
use qdq_schema::onnx::{StringStringEntryProto, TensorProto};

use super::dtype::write_dtype;
use crate::tensor::{Buffer, Data, Element, SmallFloat, Tensor, few_bits, pages};

/// Start of each tensor in a side file, so that readers can map it into memory.
const ALIGNMENT: usize = 4096;

/// Tensors smaller than this many bytes stay in the model file.
const SMALLEST_EXTERNAL: usize = 1024;

/// A tensor, its numbers apart.
pub(super) struct Initializer {
    /// All but the numbers; of strings those, too.
    pub(super) header: TensorProto,
    /// Shared with the graph's tensor.
    pub(super) numbers: Option<Data>,
}

impl Initializer {
    pub(super) fn new(name: &str, tensor: &Tensor) -> Self {
        let mut header = header(name, tensor);
        let numbers = match tensor.data() {
            Data::Str(elements) => {
                header.string_data = elements.iter().map(|element| Bytes::copy_from_slice(element)).collect();
                None
            }
            numbers => Some(numbers.clone()),
        };
        Self { header, numbers }
    }
}

/// The tensor with its numbers, for attributes.
pub(super) fn write_tensor(name: &str, tensor: &Tensor) -> TensorProto {
    let Initializer { header, numbers } = Initializer::new(name, tensor);
    TensorProto { raw_data: numbers.as_ref().map(raw_bytes), ..header }
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As they are.
    Bytes(Bytes),
    /// The numbers of a tensor of the graph, which need no memory before they are written.
    Numbers(Data),
}

impl Piece {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        match self {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Numbers(numbers) => n_bytes(numbers),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes; numbers of at least 8 bits are not copied.
    pub fn bytes(&self) -> Bytes {
        match self {
            Piece::Bytes(bytes) => bytes.clone(),
            Piece::Numbers(numbers) => raw_bytes(numbers),
        }
    }
}

/// Number of bytes of numbers in a file.
pub(super) fn n_bytes(numbers: &Data) -> usize {
    few_bits::byte_length(numbers.len(), numbers.dtype().bits().unwrap_or(0)).unwrap_or(usize::MAX)
}

fn header(name: &str, tensor: &Tensor) -> TensorProto {
    TensorProto {
        name: (!name.is_empty()).then(|| name.to_owned()),
        dims: tensor.shape().iter().map(|&dim| dim as i64).collect(),
        data_type: Some(write_dtype(tensor.dtype())),
        ..TensorProto::default()
    }
}

/// Little-endian bytes; empty for strings.
fn raw_bytes(data: &Data) -> Bytes {
    match data {
        Data::F32(elements) => share(elements),
        Data::F64(elements) => share(elements),
        Data::F16(elements) => share(elements),
        Data::Bf16(elements) => share(elements),
        Data::I8(elements) => share(elements),
        Data::I16(elements) => share(elements),
        Data::U16(elements) => share(elements),
        Data::I32(elements) => share(elements),
        Data::U32(elements) => share(elements),
        Data::I64(elements) => share(elements),
        Data::U64(elements) => share(elements),
        Data::Bool(elements) => elements.iter().map(|&element| u8::from(element)).collect(),
        Data::Small(SmallFloat::F4E2m1, elements) | Data::U4(elements) => pack(elements, 4),
        Data::U8(elements) | Data::Small(_, elements) => share(elements),
        Data::I4(elements) => pack(bytemuck::cast_slice(elements), 4),
        Data::I2(elements) => pack(bytemuck::cast_slice(elements), 2),
        Data::U2(elements) => pack(elements, 2),
        Data::Str(_) => Bytes::new(),
    }
}

struct Shared<T: Element>(Buffer<T>);

impl<T: Element + bytemuck::Pod> AsRef<[u8]> for Shared<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

fn share<T: Element + bytemuck::Pod>(elements: &Buffer<T>) -> Bytes {
    if cfg!(target_endian = "big") {
        let swap = |element: &T| bytemuck::bytes_of(element).iter().rev().copied().collect::<Vec<_>>();
        return elements.iter().flat_map(swap).collect();
    }
    Bytes::from_owner(Shared(elements.clone()))
}

/// Several elements a byte.
fn pack(elements: &[u8], bits: usize) -> Bytes {
    let bytes = few_bits::pack(elements, bits).collect();
    pages::give_back(elements);
    bytes
}

/// A file that lies beside the model and holds the data of its large tensors.
#[derive(Clone, Debug)]
pub struct SideFile {
    /// Its name, relative to the model's folder.
    pub name: String,
    /// Its content, in order.
    pub pieces: Vec<Piece>,
    length: usize,
}

impl SideFile {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), pieces: Vec::new(), length: 0 }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing went into it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The tensor with its numbers moved here, unless they are few.
    pub(super) fn take(&mut self, initializer: Initializer) -> Initializer {
        let Initializer { mut header, mut numbers } = initializer;
        let is_large = |numbers: &mut Data| n_bytes(numbers) >= SMALLEST_EXTERNAL;
        let Some(numbers) = numbers.take_if(is_large).map(Piece::Numbers) else {
            return Initializer { header, numbers };
        };
        let padding = self.length.next_multiple_of(ALIGNMENT) - self.length;
        if padding > 0 {
            self.push(Piece::Bytes(vec![0; padding].into()));
        }
        let entry =
            |key: &str, value: String| StringStringEntryProto { key: Some(key.into()), value: Some(value) };
        header.external_data = vec![
            entry("location", self.name.clone()),
            entry("offset", self.length.to_string()),
            entry("length", numbers.len().to_string()),
        ];
        header.data_location = Some(DataLocation::External.into());
        self.push(numbers);
        Initializer { header, numbers: None }
    }

    fn push(&mut self, piece: Piece) {
        self.length += piece.len();
        self.pieces.push(piece);
    }
}
