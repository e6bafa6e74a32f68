//! [`Tensor`] to `TensorProto`, and the side file of a large model.

use bytes::Bytes;
use qdq_schema::onnx::tensor_proto::DataLocation;
use qdq_schema::onnx::{StringStringEntryProto, TensorProto};

use super::dtype::write_dtype;
use crate::tensor::{Buffer, Data, Element, SmallFloat, Tensor};

/// Start of each tensor in a side file, so that readers can map it into memory.
const ALIGNMENT: usize = 4096;

/// Tensors smaller than this many bytes stay in the model file.
const SMALLEST_EXTERNAL: usize = 1024;

/// The tensor with its data in the model file. Numbers are shared with `tensor`, not copied.
pub(super) fn write_tensor(name: &str, tensor: &Tensor) -> TensorProto {
    let mut proto = header(name, tensor);
    if let Data::Str(elements) = tensor.data() {
        proto.string_data = elements.iter().map(|element| Bytes::copy_from_slice(element)).collect();
    } else {
        proto.raw_data = Some(raw_bytes(tensor.data()));
    }
    proto
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
        Data::Small(SmallFloat::F4E2m1, elements) | Data::U4(elements) => pack(elements.iter().copied(), 4),
        Data::U8(elements) | Data::Small(_, elements) => share(elements),
        Data::I4(elements) => pack(elements.iter().map(|&element| element as u8), 4),
        Data::I2(elements) => pack(elements.iter().map(|&element| element as u8), 2),
        Data::U2(elements) => pack(elements.iter().copied(), 2),
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

/// Several elements a byte, the first in the lowest bits.
fn pack(elements: impl Iterator<Item = u8>, bits: usize) -> Bytes {
    let per_byte = 8 / bits;
    let mut bytes = Vec::new();
    for (at, element) in elements.enumerate() {
        if at % per_byte == 0 {
            bytes.push(0);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte |= element << (8 - bits) >> (8 - bits) << (at % per_byte * bits);
        }
    }
    bytes.into()
}

/// A file that lies beside the model and holds the data of its large tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideFile {
    /// Its name, relative to the model's folder.
    pub name: String,
    /// Its content, in order; the pieces are shared with the graph's tensors.
    pub chunks: Vec<Bytes>,
    length: usize,
}

impl SideFile {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), chunks: Vec::new(), length: 0 }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing went into it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The tensor with its data moved here, unless it is small.
    pub(super) fn take(&mut self, mut proto: TensorProto) -> TensorProto {
        let Some(data) = proto.raw_data.take_if(|data| data.len() >= SMALLEST_EXTERNAL) else {
            return proto;
        };
        let padding = self.length.next_multiple_of(ALIGNMENT) - self.length;
        if padding > 0 {
            self.push(vec![0; padding].into());
        }
        let entry =
            |key: &str, value: String| StringStringEntryProto { key: Some(key.into()), value: Some(value) };
        proto.external_data = vec![
            entry("location", self.name.clone()),
            entry("offset", self.length.to_string()),
            entry("length", data.len().to_string()),
        ];
        proto.data_location = Some(DataLocation::External.into());
        self.push(data);
        proto
    }

    fn push(&mut self, data: Bytes) {
        self.length += data.len();
        self.chunks.push(data);
    }
}
