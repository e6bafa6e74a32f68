//! A model as the bytes of its file, without a copy of its large tensors.
//!
//! Fields of a protobuf message may come in any order. So the graph comes last in the model, its initializers last in the
//! graph, and the numbers last in each: what is encoded before them is small, and the numbers are pieces of their own.

use bytes::Bytes;
use qdq_schema::Message;
use qdq_schema::onnx::{ModelProto, TensorProto};

/// Fields of bytes or of a message: the number of the field, and that its length follows.
const fn key(field: u8) -> u8 {
    field << 3 | 2
}
const GRAPH: u8 = key(7);
const INITIALIZER: u8 = key(5);
const RAW_DATA: u8 = key(9);

/// The encoded model, in order.
pub(super) fn in_pieces(mut model: ModelProto) -> Vec<Bytes> {
    let Some(mut graph) = model.graph.take() else { return vec![model.encode_to_vec().into()] };
    let initializers = std::mem::take(&mut graph.initializer);
    let mut pieces = Pieces { pieces: Vec::new(), small: graph.encode_to_vec() };
    for initializer in initializers {
        pieces.initializer(initializer);
    }
    pieces.flush();
    let mut head = model.encode_to_vec();
    head.push(GRAPH);
    push_varint(&mut head, pieces.pieces.iter().map(Bytes::len).sum());
    pieces.pieces.insert(0, head.into());
    pieces.pieces
}

/// Pieces so far, and small bytes after them.
struct Pieces {
    pieces: Vec<Bytes>,
    small: Vec<u8>,
}

impl Pieces {
    fn initializer(&mut self, mut tensor: TensorProto) {
        let numbers = tensor.raw_data.take();
        let mut head = tensor.encode_to_vec();
        if let Some(numbers) = &numbers {
            head.push(RAW_DATA);
            push_varint(&mut head, numbers.len());
        }
        self.small.push(INITIALIZER);
        push_varint(&mut self.small, head.len() + numbers.as_ref().map_or(0, Bytes::len));
        self.small.extend(head);
        if let Some(numbers) = numbers {
            self.flush();
            self.pieces.push(numbers);
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(std::mem::take(&mut self.small).into());
        }
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use qdq_schema::onnx::GraphProto;

    #[test]
    fn pieces_are_the_same_model() {
        let tensor = |name: &str, length: usize| TensorProto {
            name: Some(name.to_owned()),
            dims: vec![length as i64],
            raw_data: Some(vec![7; length].into()),
            ..TensorProto::default()
        };
        let strings = TensorProto { string_data: vec![Bytes::from_static(b"s")], ..TensorProto::default() };
        let graph = GraphProto {
            name: Some("main".to_owned()),
            initializer: vec![tensor("a", 0), tensor("b", 300), strings, tensor("c", 70_000)],
            ..GraphProto::default()
        };
        let model = ModelProto { ir_version: Some(8), graph: Some(graph), ..ModelProto::default() };
        let pieces = in_pieces(model.clone());
        assert!(pieces.iter().any(|piece| piece.len() == 70_000));
        assert_eq!(ModelProto::decode(&pieces.concat()[..]).unwrap(), model);
    }
}
