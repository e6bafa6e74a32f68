//! An op between dequantize and quantize becomes the op on integers.

use std::sync::Arc;

use super::{Refusal, Sight};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId, moved_inputs};
use crate::ops::{Op, QuantRule};
use crate::profiles::{Fusions, Kind};
use crate::tensor::{Buffer, DType, Granularity, QuantParams, Tensor, TensorType};

/// How a node is put on integers.
pub(super) struct Fused {
    position: usize,
    inputs: Vec<Option<ValueId>>,
    outputs: Vec<Option<ValueId>>,
    /// A float bias to quantize: which input, and how.
    bias: Option<(usize, QuantParams)>,
    /// Positions of the quantize nodes that are part of it now.
    absorbed: Vec<usize>,
}

/// Puts every op that the table has a row for on integers, where what stands around it fits the row.
///
/// Rules of integer form that a node breaks, as by sums that could overflow or a bias of another scale, go to `broken`.
pub(super) fn fuse(
    graph: &mut Graph,
    block: &mut Block,
    fusions: &Fusions,
    broken: &mut Vec<Error>,
) -> Result<()> {
    let found: Vec<Fused> = {
        let sight = Sight::new(graph, block);
        (0..block.nodes.len()).filter_map(|position| match_node(&sight, position, fusions).ok()).collect()
    };
    let mut is_absorbed = vec![false; block.nodes.len()];
    for fused in found {
        let node = &mut block.nodes[fused.position];
        (node.inputs, node.outputs) = (fused.inputs, fused.outputs);
        if let Some((position, params)) = fused.bias {
            quantize_bias(graph, node, position, params)?;
        }
        fused.absorbed.into_iter().for_each(|position| is_absorbed[position] = true);
        broken.extend(graph.check_integer_form(node));
    }
    let mut absorbed = is_absorbed.into_iter();
    block.nodes.retain(|_| !absorbed.next().unwrap_or(false));
    Ok(())
}

/// How the node at `position` is put on integers.
///
/// # Errors
/// Why it stays in float.
pub(super) fn match_node(sight: &Sight<'_>, position: usize, fusions: &Fusions) -> Result<Fused, Refusal> {
    let node = &sight.nodes[position];
    let row = fusions.row(node.op.name()).ok_or(Refusal::NoKernel)?;
    let mut fused = Fused {
        position,
        inputs: node.inputs.clone(),
        outputs: node.outputs.clone(),
        bias: None,
        absorbed: Vec::new(),
    };
    let inputs = take_inputs(sight, node, fusions, &mut fused)?;
    let outputs = take_outputs(sight, node, &mut fused);
    check_kind(sight, node, row.kind, &inputs, outputs.as_ref())?;
    if let (Some((bias, _)), Err(_)) = (&fused.bias, &outputs) {
        // A float bias is quantized only where the output is.
        return Err(Refusal::FloatInput(*bias));
    }
    if outputs.is_err() {
        fused.outputs.clone_from(&node.outputs);
        fused.absorbed.clear();
    }
    Ok(fused)
}

/// Whether what stands around a node fits a row of the table.
fn check_kind(
    sight: &Sight<'_>,
    node: &Node,
    kind: Kind,
    inputs: &[&QuantParams],
    outputs: Result<&Vec<&QuantParams>, &Refusal>,
) -> Result<(), Refusal> {
    let first = *inputs.first().ok_or(Refusal::FloatInput(0))?;
    let taken = |storages: &[DType]| {
        if storages.contains(&first.storage) { Ok(()) } else { Err(Refusal::Storage(first.storage)) }
    };
    let one_storage = |params: &[&QuantParams]| match params.iter().find(|p| p.storage != first.storage) {
        Some(other) => Err(Refusal::Storages(first.storage, other.storage)),
        None => Ok(()),
    };
    let one_scale = |params: &[&QuantParams]| {
        if params.iter().all(|params| is_per_tensor(params)) { Ok(()) } else { Err(Refusal::Granularity) }
    };
    match kind {
        Kind::Product { activations, float_output } => {
            taken(activations)?;
            check_product(node, inputs)?;
            match outputs {
                Ok(outputs) => one_storage(outputs),
                Err(_) if float_output && gives_real_numbers(sight, node) => Ok(()),
                Err(refusal) => Err(refusal.clone()),
            }
        }
        Kind::OneType(storages) => {
            taken(storages)?;
            for params in [inputs, outputs.map_err(Refusal::clone)?] {
                one_storage(params)?;
                one_scale(params)?;
            }
            Ok(())
        }
        Kind::Converts(storages) => {
            for params in [inputs, outputs.map_err(Refusal::clone)?] {
                if let Some(other) = params.iter().find(|params| !storages.contains(&params.storage)) {
                    return Err(Refusal::Storage(other.storage));
                }
                one_scale(params)?;
            }
            Ok(())
        }
        Kind::Moves(storages) => {
            taken(storages)?;
            one_scale(inputs)?;
            if moved_inputs(node).is_empty() && !matches!(node.op, Op::Resize(_)) {
                return Err(Refusal::Variant);
            }
            let outputs = outputs.map_err(Refusal::clone)?;
            let same = inputs.iter().chain(outputs).all(|params| *params == first);
            if same { Ok(()) } else { Err(Refusal::Parameters) }
        }
        Kind::Lstm => {
            // x, weights, recurrent weights, bias, hidden state, cell state
            let [x, w, r, bias, state, cell] = inputs else { return Err(Refusal::Variant) };
            for (params, wanted) in [
                (x, DType::I8),
                (w, DType::I8),
                (r, DType::I8),
                (bias, DType::I32),
                (state, DType::I8),
                (cell, DType::I16),
            ] {
                if params.storage != wanted {
                    return Err(Refusal::Storage(params.storage));
                }
            }
            one_scale(&[x, state, cell])?;
            let outputs = outputs.map_err(Refusal::clone)?;
            if outputs.iter().all(|output| *output == *state) { Ok(()) } else { Err(Refusal::Parameters) }
        }
        Kind::Indices => one_scale(&[first]),
    }
}

/// Puts quantized inputs in the place of dequantized ones; their parameters.
///
/// # Errors
/// One that is a real number.
fn take_inputs<'b>(
    sight: &Sight<'b>,
    node: &Node,
    fusions: &Fusions,
    fused: &mut Fused,
) -> Result<Vec<&'b QuantParams>, Refusal> {
    let mut params = Vec::new();
    let bias = match node.op.def().quant_rule() {
        QuantRule::Compute { bias, .. } => bias,
        _ => None,
    };
    for position in real_inputs(node) {
        let Some(input) = node.input(position) else { continue };
        if let Some((quantized, found)) = sight.dequantized(input) {
            fused.inputs[position] = Some(quantized);
            params.push(found);
        } else if Some(position) == bias && fusions.quantizes_bias {
            let found = bias_params(sight.graph, input, &params);
            fused.bias = Some((position, found.ok_or(Refusal::FloatInput(position))?));
        } else {
            return Err(Refusal::FloatInput(position));
        }
    }
    Ok(params)
}

/// Puts quantized outputs in the place of real ones; their parameters.
///
/// # Errors
/// One that is not quantized, or used by more than a quantize.
fn take_outputs<'b>(
    sight: &Sight<'b>,
    node: &Node,
    fused: &mut Fused,
) -> Result<Vec<&'b QuantParams>, Refusal> {
    let mut params = Vec::new();
    for output in &mut fused.outputs {
        let Some(id) = *output else { continue };
        let (position, found) = sight.quantized(id).ok_or(Refusal::FloatOutput(id))?;
        *output = sight.nodes[position].output(0);
        fused.absorbed.push(position);
        params.push(found);
    }
    if node.regions.is_empty() { Ok(params) } else { Err(Refusal::NoKernel) }
}

/// Positions of the inputs of an op that are real numbers, where it computes with real numbers at all.
pub fn real_inputs(node: &Node) -> std::ops::Range<usize> {
    match &node.op {
        Op::Resize(_) | Op::Clip(_) | Op::Pad(_) | Op::ReduceMean(_) | Op::ReduceSum(_) => 0..1,
        Op::Where(_) => 1..3,
        op if !moved_inputs(node).is_empty() && !matches!(op, Op::Concat(_)) => moved_inputs(node),
        _ => 0..node.inputs.len(),
    }
}

/// Whether the output is used as a real number by all, so that no quantize was meant to be part of the op.
fn gives_real_numbers(sight: &Sight<'_>, node: &Node) -> bool {
    let quantizes = |&user: &usize| matches!(sight.nodes[user].op, Op::Quantize(_));
    node.present_outputs().all(|output| !sight.uses.users(output).iter().any(quantizes))
}

/// Whether the inputs are activations per tensor, 8-bit weights with one zero point (16-bit ones in a product of two activations),
/// and a bias of 32 bits.
fn check_product(node: &Node, inputs: &[&QuantParams]) -> Result<(), Refusal> {
    let x = inputs.first().ok_or(Refusal::FloatInput(0))?;
    let w = inputs.get(1).ok_or(Refusal::FloatInput(1))?;
    if !is_per_tensor(x) {
        return Err(Refusal::Granularity);
    }
    let is_wide = matches!(node.op, Op::MatMul(_)) && [x.storage, w.storage] == [DType::I16; 2];
    let is_of_bytes = matches!(w.storage, DType::I8 | DType::U8);
    if !(is_of_bytes || is_wide) || (x.storage == DType::I8 && w.storage != DType::I8) {
        return Err(Refusal::Storages(x.storage, w.storage));
    }
    if w.zero_point.iter().any(|zero_point| *zero_point != w.zero_point[0]) {
        return Err(Refusal::WeightZeroPoints);
    }
    if matches!(&node.op, Op::Gemm(op) if node.input(2).is_some() && op.beta != 1.0) {
        return Err(Refusal::Variant);
    }
    match inputs.get(2) {
        Some(bias) if bias.storage != DType::I32 => Err(Refusal::Bias(bias.storage)),
        _ => Ok(()),
    }
}

fn is_per_tensor(params: &QuantParams) -> bool {
    params.granularity == Granularity::PerTensor
}

/// Parameters of a constant float bias: i32 in steps of input × weight.
fn bias_params(graph: &Graph, bias: ValueId, inputs: &[&QuantParams]) -> Option<QuantParams> {
    let (x, w) = (inputs.first()?, inputs.get(1)?);
    let bias = graph.constant(bias)?;
    bias.as_slice::<f32>().ok()?;
    let scale: Buffer<f32> = w.scale.iter().map(|scale| x.scale[0] * scale).collect();
    let zero_point = vec![0; scale.len()].into();
    let granularity = if w.granularity == Granularity::PerTensor {
        Granularity::PerTensor
    } else {
        Granularity::PerAxis(bias.shape().len().saturating_sub(1))
    };
    Some(QuantParams { scale, zero_point, granularity, ..QuantParams::per_tensor(DType::I32, 1.0, 0) })
}

/// Puts a quantized bias in the place of a float one.
fn quantize_bias(graph: &mut Graph, node: &mut Node, position: usize, params: QuantParams) -> Result<()> {
    let Some(id) = node.input(position) else { return Ok(()) };
    let constant =
        graph.constant(id).cloned().ok_or_else(|| Error::internal("a bias that is not constant"))?;
    let integers: Tensor = crate::ops::quantize(&constant, &params)?;
    let name = [graph[id].name(), "_quantized"].concat();
    let shape = TensorType::known(DType::I32, integers.shape()).shape;
    let quantized = graph.add_constant(&name, integers);
    graph[quantized].ty = Some(TensorType { dtype: DType::I32, shape, quant: Some(Arc::new(params)) });
    node.inputs[position] = Some(quantized);
    Ok(())
}

/// Lets a node, and the regions in it, read `new` in the place of `old`.
pub(super) fn replace_input(node: &mut Node, old: ValueId, new: ValueId) {
    for input in node.inputs.iter_mut().flatten() {
        if *input == old {
            *input = new;
        }
    }
    for region in &mut node.regions {
        for inner in &mut region.nodes {
            replace_input(inner, old, new);
        }
        for output in &mut region.outputs {
            if *output == old {
                *output = new;
            }
        }
    }
}
