//! Weights stored in fewer bits, activations in float: no samples are needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::observers::Range;
use super::scheme::{cast_to_float, litert};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Cast, Dequantize, QuantRule};
use crate::tensor::{DType, Data, QuantParams, Tensor, TensorType};

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredWeights {
    /// In f16, rounded half to even; biases too.
    Float16,
    /// In int8 by `LiteRT`'s formulas: symmetric over −127..127, a scale for each output. Biases stay in float.
    Int8,
}

/// Weights with fewer elements stay in float, as `TFLiteConverter` leaves them (`minimum_elements_for_weights`).
const LEAST_ELEMENTS: usize = 1024;

/// Stores the constant weights of convolutions and matrix products of the body, and gives how many.
///
/// In QDQ form: a cast or dequantize of the stored constant stands where the weights stood.
///
/// # Errors
/// No weights to store; weights that are not finite or that f16 cannot hold, by name.
pub fn store_weights(graph: &mut Graph, storage: StoredWeights) -> Result<usize> {
    let mut nodes = Vec::with_capacity(graph.body.nodes.len());
    let mut stored: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    let mut n_small = 0;
    for mut node in std::mem::take(&mut graph.body.nodes) {
        let QuantRule::Compute { weight, bias } = node.op.def().quant_rule() else {
            nodes.push(node);
            continue;
        };
        let weight = weight.map(|weight| (weight.input, weight.axis));
        let bias = bias.filter(|_| storage == StoredWeights::Float16).map(|bias| (bias, 0));
        for (position, axis) in weight.into_iter().chain(bias) {
            let Some(id) = node.input(position) else { continue };
            let Some(floats) = graph.constant(id).filter(|tensor| tensor.dtype() == DType::F32).cloned()
            else {
                continue;
            };
            if storage == StoredWeights::Int8 && floats.len() < LEAST_ELEMENTS {
                n_small += 1;
                continue;
            }
            let real = if let Some(&real) = stored.get(&id) {
                real
            } else {
                let made = store(graph, &mut nodes, id, &floats, axis, storage);
                let real = made.map_err(|error| error.value(graph[id].name()))?;
                stored.insert(id, real);
                real
            };
            node.inputs[position] = Some(real);
        }
        nodes.push(node);
    }
    graph.body.nodes = nodes;
    graph.remove_unused();
    graph.infer()?;
    match stored.len() {
        0 => Err(Error::usage(format!(
            "no weights to store: {n_small} constants have fewer than {LEAST_ELEMENTS} elements, and others are not f32"
        ))
        .help("store them in float16, or quantize the model with data")),
        n_stored => Ok(n_stored),
    }
}

fn store(
    graph: &mut Graph,
    nodes: &mut Vec<Node>,
    id: ValueId,
    floats: &Tensor,
    axis: isize,
    storage: StoredWeights,
) -> Result<ValueId> {
    let name = graph[id].name().to_owned();
    let real = graph.add_value(&format!("{name}_real"), Some(TensorType::known(DType::F32, floats.shape())));
    if storage == StoredWeights::Float16 {
        let halves = graph.add_constant(&name, cast_to_float(floats, DType::F16)?);
        nodes.push(Node::new(Cast::to(DType::F32), &[halves], &[real]));
        return Ok(real);
    }
    let rank = floats.shape().len();
    let axis = usize::try_from(if axis < 0 { axis + rank as isize } else { axis }).ok();
    let axis =
        axis.filter(|axis| *axis < rank).ok_or_else(|| Error::graph(format!("weights of rank {rank}")))?;
    let (integers, params) = int8(floats, axis)?;
    let constant = graph.add_constant(&name, integers);
    if let Some(ty) = &mut graph[constant].ty {
        ty.quant = Some(Arc::new(params.clone()));
    }
    nodes.push(Node::new(Dequantize { params, dtype: DType::F32 }, &[constant], &[real]));
    Ok(real)
}

/// Integers and parameters of weights, a scale for each index of `axis`.
fn int8(floats: &Tensor, axis: usize) -> Result<(Tensor, QuantParams)> {
    let (dims, values) = (floats.shape(), floats.as_slice::<f32>()?);
    let inner: usize = dims[axis + 1..].iter().product();
    let mut ranges = vec![Range { min: 0.0, max: 0.0 }; dims[axis]];
    for (index, &value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Err(Error::data(format!("element {index} is {value}")));
        }
        let range = &mut ranges[index / inner % dims[axis]];
        (range.min, range.max) = (range.min.min(value), range.max.max(value));
    }
    let params = litert::int8_weights(&ranges, Some(axis));
    let integer = |(index, &value): (usize, &f32)| {
        litert::quantize(value, params.scale[index / inner % dims[axis]], (-127, 127)) as i8
    };
    let integers: Vec<i8> = values.iter().enumerate().map(integer).collect();
    Ok((Tensor::new(dims.to_vec(), Data::I8(integers.into()))?, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::text;

    fn model(columns: usize) -> Graph {
        let mut graph = text::parse(&format!(
            "graph(%x: f32[1,32]) {{\n  %w: f32[32,{columns}] = const random(seed=1)\n  \
             %y = mat_mul(%x, %w)\n  return %y\n}}"
        ))
        .unwrap();
        graph.infer().unwrap();
        graph
    }

    #[test]
    fn weights_become_integers_with_a_scale_for_each_output() {
        let mut graph = model(32);
        assert_eq!(store_weights(&mut graph, StoredWeights::Int8).unwrap(), 1);
        graph.verify().unwrap();
        let Some(crate::ops::Op::Dequantize(op)) = graph.body.nodes.first().map(|node| &node.op) else {
            panic!("no dequantize")
        };
        assert_eq!(
            (op.params.scale.len(), op.params.granularity),
            (32, crate::tensor::Granularity::PerAxis(1))
        );
    }

    #[test]
    fn small_weights_stay_and_nothing_to_store_is_an_error() {
        let error = store_weights(&mut model(31), StoredWeights::Int8).unwrap_err().to_string();
        assert!(error.contains("fewer than 1024"), "{error}");
        assert_eq!(store_weights(&mut model(31), StoredWeights::Float16).unwrap(), 1);
    }
}
