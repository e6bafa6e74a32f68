//! A model as the bytes of its file, without a copy of its large tensors.
//!
//! Fields of a protobuf message may come in any order. So the graph comes last in the model, its initializers last in the
//! graph, and the numbers last in each: what is encoded before them is small, and the numbers are pieces of their own.

use qdq_schema::Message;
use qdq_schema::onnx::ModelProto;

use super::tensor_write::{Initializer, Piece};

/// Fields of bytes or of a message: the number of the field, and that its length follows.
const fn key(field: u8) -> u8 {
    field << 3 | 2
}
const GRAPH: u8 = key(7);
const INITIALIZER: u8 = key(5);
const RAW_DATA: u8 = key(9);

/// The encoded model with these initializers besides, in order.
pub(super) fn in_pieces(mut model: ModelProto, initializers: Vec<Initializer>) -> Vec<Piece> {
    let graph = model.graph.take().unwrap_or_default();
    let mut pieces = Pieces { pieces: Vec::new(), small: graph.encode_to_vec() };
    for initializer in initializers {
        pieces.initializer(initializer);
    }
    pieces.flush();
    let mut head = model.encode_to_vec();
    head.push(GRAPH);
    push_varint(&mut head, pieces.pieces.iter().map(Piece::len).sum());
    pieces.pieces.insert(0, Piece::Bytes(head.into()));
    pieces.pieces
}

/// Pieces so far, and small bytes after them.
struct Pieces {
    pieces: Vec<Piece>,
    small: Vec<u8>,
}

impl Pieces {
    fn initializer(&mut self, Initializer { header, numbers }: Initializer) {
        let numbers = numbers.map(Piece::Numbers);
        let mut head = header.encode_to_vec();
        if let Some(numbers) = &numbers {
            head.push(RAW_DATA);
            push_varint(&mut head, numbers.len());
        }
        self.small.push(INITIALIZER);
        push_varint(&mut self.small, head.len() + numbers.as_ref().map_or(0, Piece::len));
        self.small.extend(head);
        if let Some(numbers) = numbers {
            self.flush();
            self.pieces.push(numbers);
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(Piece::Bytes(std::mem::take(&mut self.small).into()));
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
    use super::super::tensor_write::write_tensor;
    use super::*;
    use crate::tensor::{Data, Tensor};
    use qdq_schema::onnx::GraphProto;

    #[test]
    fn pieces_are_the_same_model() {
        let bytes = |length: usize| Tensor::vector(vec![7u8; length]);
        let strings = Tensor::new(vec![1], Data::Str(vec![b"s".to_vec()].into())).unwrap();
        let nibbles = Tensor::new(vec![3, 5], Data::I4((-8..7).collect::<Vec<i8>>().into())).unwrap();
        let tensors =
            [("a", bytes(0)), ("b", bytes(300)), ("s", strings), ("n", nibbles), ("c", bytes(70_000))];
        let graph = GraphProto { name: Some("main".to_owned()), ..GraphProto::default() };
        let mut model = ModelProto { ir_version: Some(8), graph: Some(graph), ..ModelProto::default() };
        let initializers = tensors.iter().map(|(name, tensor)| Initializer::new(name, tensor));
        let pieces = in_pieces(model.clone(), initializers.collect());
        assert!(pieces.iter().any(|piece| piece.len() == 70_000));
        let written: Vec<u8> = pieces.iter().flat_map(Piece::bytes).collect();
        let protos = tensors.iter().map(|(name, tensor)| write_tensor(name, tensor));
        model.graph.as_mut().unwrap().initializer.extend(protos);
        assert_eq!(ModelProto::decode(&written[..]).unwrap(), model);
    }
}
