//! The file's bytes, out of what was gathered.

use std::collections::HashMap;

use bytes::Bytes;
use qdq_schema::flatbuffer::{Object, write as write_flatbuffer};
use qdq_schema::tflite::{
    buffer, metadata, model, operator, operator_code, quantization_parameters, signature_def, sub_graph,
    tensor, tensor_map,
};

use super::{OutTensor, Writer};
use crate::error::{Error, Result};
use crate::formats::tflite::IDENTIFIER;
use crate::formats::tflite::custom::from_hex;
use crate::formats::tflite::read::METADATA_PREFIX;
use crate::graph::ValueId;
use crate::tensor::{Dim, Granularity, QuantParams};

/// Largest file: offsets have 32 bits, of which runtimes use 31.
const MAX_BYTES: usize = (1 << 31) - 1;

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

    /// Drops tensors and buffers that nothing refers to, and numbers the others anew; gives the outputs' new numbers.
    pub(super) fn compact(&mut self, outputs: &[i32]) -> Vec<i32> {
        let mut is_used = vec![false; self.tensors.len()];
        let inputs = self.graph.body.inputs.iter().filter_map(|id| self.tensor_of.get(id));
        let of_ops = self.ops.iter().flat_map(|op| op.inputs.iter().chain(&op.outputs));
        for index in inputs.chain(of_ops).chain(outputs) {
            if let Some(used) = usize::try_from(*index).ok().and_then(|index| is_used.get_mut(index)) {
                *used = true;
            }
        }
        let mut kept = Vec::with_capacity(self.tensors.len());
        let mut numbers = vec![-1; self.tensors.len()];
        // Buffer 0 is the one of tensors without content.
        let (mut buffers, mut buffer_numbers) = (vec![Bytes::new()], HashMap::from([(0, 0)]));
        for (index, mut tensor) in std::mem::take(&mut self.tensors).into_iter().enumerate() {
            if !is_used[index] {
                continue;
            }
            tensor.buffer = *buffer_numbers.entry(tensor.buffer).or_insert_with(|| {
                buffers.push(self.buffers[tensor.buffer].clone());
                buffers.len() - 1
            });
            numbers[index] = kept.len() as i32;
            kept.push(tensor);
        }
        (self.tensors, self.buffers) = (kept, buffers);
        let renumber = |index: &i32| {
            usize::try_from(*index).ok().and_then(|index| numbers.get(index)).copied().unwrap_or(-1)
        };
        for op in &mut self.ops {
            op.inputs = op.inputs.iter().map(renumber).collect();
            op.outputs = op.outputs.iter().map(renumber).collect();
        }
        self.tensor_of.values_mut().for_each(|index| *index = renumber(index));
        outputs.iter().map(renumber).collect()
    }

    /// The file, with outputs of these tensors.
    pub(super) fn build(mut self, outputs: &[i32]) -> Result<Vec<u8>> {
        let inputs: Vec<i32> =
            self.graph.body.inputs.iter().filter_map(|id| self.tensor_of.get(id).copied()).collect();
        let (codes, operators) = self.operators();
        let tensors = self.tensors.iter().map(write_tensor).collect();
        let subgraph = Object::default()
            .children(sub_graph::TENSORS, tensors)
            .vector(sub_graph::INPUTS, &inputs)
            .vector(sub_graph::OUTPUTS, outputs)
            .children(sub_graph::OPERATORS, operators)
            .text(sub_graph::NAME, if self.graph.name.is_empty() { "main" } else { &self.graph.name });
        let signature = self.signature(&inputs, outputs);
        let metadata = self.metadata()?;
        let n_bytes: usize = self.buffers.iter().map(Bytes::len).sum();
        if n_bytes > MAX_BYTES {
            return Err(Error::unsupported(format!("{n_bytes} bytes of weights in one TFLite file"))
                .help("quantize the weights, or split the model"));
        }
        let buffers = self.buffers.iter().map(|bytes| {
            if bytes.is_empty() {
                Object::default()
            } else {
                Object::default().blob(buffer::DATA, bytes.clone())
            }
        });
        let doc = &self.graph.metadata.doc;
        let root = Object::default()
            .set(model::VERSION, 3)
            .children(model::OPERATOR_CODES, codes)
            .children(model::SUBGRAPHS, vec![subgraph])
            .text(model::DESCRIPTION, if doc.is_empty() { "Written by qdq." } else { doc })
            .children(model::SIGNATURE_DEFS, vec![signature])
            .children(model::METADATA, metadata)
            .children(model::BUFFERS, buffers.collect());
        Ok(write_flatbuffer(&root, *IDENTIFIER))
    }

    /// The table of operator codes, and the operators that refer to it.
    fn operators(&mut self) -> (Vec<Object>, Vec<Object>) {
        let mut codes: Vec<(i32, String, i32)> = Vec::new();
        let mut operators = Vec::new();
        for op in std::mem::take(&mut self.ops) {
            let key = (op.code, op.custom, op.version);
            let index = codes.iter().position(|own| *own == key).unwrap_or(codes.len());
            if index == codes.len() {
                codes.push(key);
            }
            let written = op
                .rest
                .set(operator::OPCODE_INDEX, index as u32)
                .vector(operator::INPUTS, &op.inputs)
                .vector(operator::OUTPUTS, &op.outputs);
            operators.push(written);
        }
        let code = |(code, custom, version): (i32, String, i32)| {
            let object = Object::default()
                .set(operator_code::DEPRECATED_BUILTIN_CODE, code.min(127) as i8)
                .set(operator_code::VERSION, version)
                .set(operator_code::BUILTIN_CODE, code);
            if custom.is_empty() { object } else { object.text(operator_code::CUSTOM_CODE, &custom) }
        };
        (codes.into_iter().map(code).collect(), operators)
    }

    fn signature(&self, inputs: &[i32], outputs: &[i32]) -> Object {
        let entry = |(id, &index): (&ValueId, &i32)| {
            Object::default()
                .text(tensor_map::NAME, self.graph[*id].name())
                .set(tensor_map::TENSOR_INDEX, index as u32)
        };
        let body = &self.graph.body;
        Object::default()
            .children(signature_def::INPUTS, body.inputs.iter().zip(inputs).map(entry).collect())
            .children(signature_def::OUTPUTS, body.outputs.iter().zip(outputs).map(entry).collect())
            .text(signature_def::SIGNATURE_KEY, "serving_default")
    }

    fn metadata(&mut self) -> Result<Vec<Object>> {
        let mut entries = Vec::new();
        for (key, text) in &self.graph.metadata.properties {
            let Some(name) = key.strip_prefix(METADATA_PREFIX) else { continue };
            let bytes = from_hex(text)
                .ok_or_else(|| Error::malformed(format!("the property {key} is not in hexadecimal")))?;
            self.buffers.push(bytes.into());
            let entry = Object::default()
                .text(metadata::NAME, name)
                .set(metadata::BUFFER, (self.buffers.len() - 1) as u32);
            entries.push(entry);
        }
        Ok(entries)
    }
}

fn write_tensor(tensor: &OutTensor) -> Object {
    let size = |dim: &Dim| dim.known().map_or(1, |size| i32::try_from(size).unwrap_or(i32::MAX));
    let shape: Vec<i32> = tensor.dims.iter().map(size).collect();
    let signature: Vec<i32> =
        tensor.dims.iter().map(|dim| if dim.known().is_some() { size(dim) } else { -1 }).collect();
    let mut object = Object::default()
        .vector(tensor::SHAPE, &shape)
        .set(tensor::TYPE, tensor.code)
        .set(tensor::BUFFER, tensor.buffer as u32)
        .set(tensor::IS_VARIABLE, tensor.is_variable)
        .set(tensor::HAS_RANK, true)
        .text(tensor::NAME, &tensor.name);
    if signature != shape {
        object = object.vector(tensor::SHAPE_SIGNATURE, &signature);
    }
    match &tensor.quant {
        Some(params) => object.child(tensor::QUANTIZATION, write_params(params)),
        None => object,
    }
}

fn write_params(params: &QuantParams) -> Object {
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
