//! The file's bytes, out of what was gathered.

use std::collections::HashMap;

use bytes::Bytes;
use qdq_schema::flatbuffer::{Object, write as write_flatbuffer};
use qdq_schema::tflite::{
    buffer, metadata, model, operator, operator_code, quantization_parameters, signature_def, sub_graph,
    tensor, tensor_map,
};

use super::{OutTensor, Subgraph, Writer};
use crate::error::{Error, Result};
use crate::formats::tflite::IDENTIFIER;
use crate::formats::tflite::blocks::write_blocks;
use crate::formats::tflite::custom::from_hex;
use crate::formats::tflite::node_writer::FileOp;
use crate::formats::tflite::read::METADATA_PREFIX;
use crate::graph::{Graph, ValueId};
use crate::tensor::{Dim, Granularity, QuantParams};

/// Start of a buffer behind the flatbuffer, as of those within it.
const ALIGNMENT: usize = 16;

impl Writer<'_> {
    /// Drops operators whose outputs nothing uses.
    pub(super) fn remove_unused(&mut self, outputs: &[i32]) {
        let mut used = vec![false; self.tensors.len()];
        let mut mark = |index: i32| {
            if let Some(used) = usize::try_from(index).ok().and_then(|index| used.get_mut(index)) {
                *used = true;
            }
        };
        outputs.iter().copied().for_each(&mut mark);
        let mut kept = Vec::with_capacity(self.ops.len());
        for op in std::mem::take(&mut self.ops).into_iter().rev() {
            let is_used = op.outputs.is_empty()
                || op.outputs.iter().any(|&index| usize::try_from(index).is_ok_and(|index| used[index]));
            if is_used {
                for &index in &op.inputs {
                    if let Ok(index) = usize::try_from(index) {
                        used[index] = true;
                    }
                }
                kept.push(op);
            }
        }
        kept.reverse();
        self.ops = kept;
    }

    /// Drops tensors that nothing refers to, and numbers the others anew; gives the outputs' new numbers.
    pub(super) fn compact(&mut self, outputs: &[i32]) -> Vec<i32> {
        let mut is_used = vec![false; self.tensors.len()];
        let inputs = self.graph.body.inputs.iter().filter_map(|id| self.tensor_of.get(id));
        let of_ops =
            self.ops.iter().flat_map(|op| op.inputs.iter().chain(&op.outputs).chain(&op.intermediates));
        for index in inputs.chain(of_ops).chain(outputs) {
            if let Some(used) = usize::try_from(*index).ok().and_then(|index| is_used.get_mut(index)) {
                *used = true;
            }
        }
        for index in 0..self.tensors.len() {
            if let (true, Some(scales)) = (is_used[index], self.tensors[index].scales) {
                is_used[scales as usize] = true;
            }
        }
        let mut kept = Vec::with_capacity(self.tensors.len());
        let mut numbers = vec![-1; self.tensors.len()];
        for (index, tensor) in std::mem::take(&mut self.tensors).into_iter().enumerate() {
            if is_used[index] {
                numbers[index] = kept.len() as i32;
                kept.push(tensor);
            }
        }
        let renumber = |index: &i32| {
            usize::try_from(*index).ok().and_then(|index| numbers.get(index)).copied().unwrap_or(-1)
        };
        for tensor in &mut kept {
            tensor.scales = tensor.scales.as_ref().map(renumber);
        }
        self.tensors = kept;
        for op in &mut self.ops {
            op.inputs = op.inputs.iter().map(renumber).collect();
            op.outputs = op.outputs.iter().map(renumber).collect();
            op.intermediates = op.intermediates.iter().map(renumber).collect();
        }
        self.tensor_of.values_mut().for_each(|index| *index = renumber(index));
        outputs.iter().map(renumber).collect()
    }
}

/// The file, in order. `graph` is the model that the first subgraph was made of, whose names signature and metadata are;
/// buffers of more bytes in all than `most_within` lie behind the flatbuffer.
pub(super) fn build(graph: &Graph, subgraphs: Vec<Subgraph>, most_within: usize) -> Result<Vec<Bytes>> {
    let signature = signature(graph, &subgraphs);
    let mut codes = Vec::new();
    let mut buffers = Buffers { all: vec![Bytes::new()], numbers: HashMap::new() };
    let mut written = Vec::with_capacity(subgraphs.len());
    for subgraph in subgraphs {
        let tensors = subgraph.tensors.iter().map(|tensor| {
            let buffer = tensor.content.as_ref().map_or(0, |content| buffers.number(content));
            write_tensor(tensor, buffer)
        });
        let object = Object::default()
            .children(sub_graph::TENSORS, tensors.collect())
            .vector(sub_graph::INPUTS, &subgraph.inputs)
            .vector(sub_graph::OUTPUTS, &subgraph.outputs)
            .children(sub_graph::OPERATORS, operators(subgraph.ops, &mut codes))
            .text(sub_graph::NAME, &subgraph.name);
        written.push(object);
    }
    let metadata = metadata(graph, &mut buffers.all)?;
    let doc = &graph.metadata.doc;
    let root = Object::default()
        .set(model::VERSION, 3)
        .children(model::OPERATOR_CODES, codes.into_iter().map(Code::write).collect())
        .children(model::SUBGRAPHS, written)
        .text(model::DESCRIPTION, if doc.is_empty() { "Written by qdq." } else { doc })
        .children(model::SIGNATURE_DEFS, vec![signature])
        .children(model::METADATA, metadata);
    let buffers = buffers.all;
    let n_bytes: usize = buffers.iter().map(Bytes::len).sum();
    Ok(if n_bytes > most_within {
        with_buffers_behind(&root, buffers)
    } else {
        let write = |bytes: Bytes| {
            if bytes.is_empty() { Object::default() } else { Object::default().blob(buffer::DATA, bytes) }
        };
        let root = root.children(model::BUFFERS, buffers.into_iter().map(write).collect());
        vec![write_flatbuffer(&root, *IDENTIFIER).into()]
    })
}

/// A flatbuffer that says where in the file its buffers lie, and these behind it.
fn with_buffers_behind(root: &Object, buffers: Vec<Bytes>) -> Vec<Bytes> {
    let flatbuffer = |start: usize| {
        let mut end = start;
        let write = |bytes: &Bytes| {
            if bytes.is_empty() {
                return Object::default();
            }
            let offset = end;
            end = (offset + bytes.len()).next_multiple_of(ALIGNMENT);
            Object::default().set(buffer::OFFSET, offset as u64).set(buffer::SIZE, bytes.len() as u64)
        };
        let buffers = buffers.iter().map(write).collect();
        write_flatbuffer(&root.clone().children(model::BUFFERS, buffers), *IDENTIFIER)
    };
    // Where the buffers start does not change how long the flatbuffer is.
    let start = flatbuffer(ALIGNMENT).len().next_multiple_of(ALIGNMENT);
    let pieces = std::iter::once(flatbuffer(start).into()).chain(buffers).filter(|bytes| !bytes.is_empty());
    let padded = |bytes: Bytes| {
        let padding = vec![0; bytes.len().next_multiple_of(ALIGNMENT) - bytes.len()].into();
        [bytes, padding]
    };
    let mut pieces: Vec<Bytes> = pieces.flat_map(padded).collect();
    // The file ends with its last number.
    pieces.pop();
    pieces
}

/// Contents of the file; equal ones are stored once.
struct Buffers {
    /// The first, of tensors without content, is empty.
    all: Vec<Bytes>,
    numbers: HashMap<Bytes, usize>,
}

impl Buffers {
    fn number(&mut self, bytes: &Bytes) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        *self.numbers.entry(bytes.clone()).or_insert_with_key(|bytes| {
            self.all.push(bytes.clone());
            self.all.len() - 1
        })
    }
}

/// An operator of the table of codes.
#[derive(PartialEq)]
struct Code {
    builtin: i32,
    custom: String,
    version: i32,
}

impl Code {
    fn write(self) -> Object {
        let object = Object::default()
            .set(operator_code::DEPRECATED_BUILTIN_CODE, self.builtin.min(127) as i8)
            .set(operator_code::VERSION, self.version)
            .set(operator_code::BUILTIN_CODE, self.builtin);
        if self.custom.is_empty() { object } else { object.text(operator_code::CUSTOM_CODE, &self.custom) }
    }
}

/// Operators, which refer to the table of codes; what it lacks is added.
fn operators(ops: Vec<FileOp>, codes: &mut Vec<Code>) -> Vec<Object> {
    let write = |op: FileOp| {
        let code = Code { builtin: op.code, custom: op.custom, version: op.version };
        let index = codes.iter().position(|own| *own == code).unwrap_or(codes.len());
        if index == codes.len() {
            codes.push(code);
        }
        let object = op
            .rest
            .set(operator::OPCODE_INDEX, index as u32)
            .vector(operator::INPUTS, &op.inputs)
            .vector(operator::OUTPUTS, &op.outputs);
        if op.intermediates.is_empty() {
            object
        } else {
            object.vector(operator::INTERMEDIATES, &op.intermediates)
        }
    };
    ops.into_iter().map(write).collect()
}

fn signature(graph: &Graph, subgraphs: &[Subgraph]) -> Object {
    let entry = |(id, &index): (&ValueId, &i32)| {
        Object::default()
            .text(tensor_map::NAME, graph[*id].name())
            .set(tensor_map::TENSOR_INDEX, index as u32)
    };
    let entries = |ids: &[ValueId], tensors: &[i32]| ids.iter().zip(tensors).map(entry).collect();
    let (inputs, outputs) = match subgraphs.first() {
        Some(main) => (&main.inputs[..], &main.outputs[..]),
        None => (&[][..], &[][..]),
    };
    Object::default()
        .children(signature_def::INPUTS, entries(&graph.body.inputs, inputs))
        .children(signature_def::OUTPUTS, entries(&graph.body.outputs, outputs))
        .text(signature_def::SIGNATURE_KEY, "serving_default")
}

fn metadata(graph: &Graph, buffers: &mut Vec<Bytes>) -> Result<Vec<Object>> {
    let mut entries = Vec::new();
    for (key, text) in &graph.metadata.properties {
        let Some(name) = key.strip_prefix(METADATA_PREFIX) else { continue };
        let bytes = from_hex(text)
            .ok_or_else(|| Error::malformed(format!("the property {key} is not in hexadecimal")))?;
        buffers.push(bytes.into());
        let entry =
            Object::default().text(metadata::NAME, name).set(metadata::BUFFER, (buffers.len() - 1) as u32);
        entries.push(entry);
    }
    Ok(entries)
}

fn write_tensor(tensor: &OutTensor, buffer: usize) -> Object {
    let size = |dim: &Dim| dim.known().map_or(1, |size| i32::try_from(size).unwrap_or(i32::MAX));
    let shape: Vec<i32> = tensor.dims.iter().map(size).collect();
    let signature: Vec<i32> =
        tensor.dims.iter().map(|dim| if dim.known().is_some() { size(dim) } else { -1 }).collect();
    let mut object = Object::default()
        .vector(tensor::SHAPE, &shape)
        .set(tensor::TYPE, tensor.code)
        .set(tensor::BUFFER, buffer as u32)
        .set(tensor::IS_VARIABLE, tensor.is_variable)
        .set(tensor::HAS_RANK, true)
        .text(tensor::NAME, &tensor.name);
    if signature != shape {
        object = object.vector(tensor::SHAPE_SIGNATURE, &signature);
    }
    match &tensor.quant {
        Some(params) => object.child(tensor::QUANTIZATION, write_params(params, tensor.scales)),
        None => object,
    }
}

fn write_params(params: &QuantParams, scales: Option<i32>) -> Object {
    if let (Granularity::PerBlock { size, .. }, Some(scales)) = (params.granularity, scales) {
        return write_blocks(Object::default(), scales, size);
    }
    let zeros: Vec<i64> = params.zero_point.iter().map(|&zero| i64::from(zero)).collect();
    let axis = match params.granularity {
        Granularity::PerAxis(axis) => axis as i32,
        Granularity::PerTensor | Granularity::PerBlock { .. } => 0,
    };
    Object::default()
        .vector(quantization_parameters::SCALE, &params.scale)
        .vector(quantization_parameters::ZERO_POINT, &zeros)
        .set(quantization_parameters::QUANTIZED_DIMENSION, axis)
}
