//! An op between dequantize and quantize becomes the op on integers.

use std::sync::Arc;

use super::Sight;
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId, moved_inputs};
use crate::ops::{Op, QuantRule};
use crate::profiles::{Fusions, Kind};
use crate::tensor::{DType, Granularity, QuantParams, Tensor, TensorType};

/// How a node is put on integers.
struct Fused {
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
/// # Errors
/// Sums of products that could overflow; a bias of another scale.
pub(super) fn fuse(graph: &mut Graph, block: &mut Block, fusions: &Fusions) -> Result<()> {
    let found: Vec<Fused> = {
        let sight = Sight::new(graph, block);
        (0..block.nodes.len()).filter_map(|position| match_node(&sight, position, fusions)).collect()
    };
    let mut is_absorbed = vec![false; block.nodes.len()];
    let mut errors = Vec::new();
    for fused in found {
        let node = &mut block.nodes[fused.position];
        (node.inputs, node.outputs) = (fused.inputs, fused.outputs);
        if let Some((position, params)) = fused.bias {
            quantize_bias(graph, node, position, params)?;
        }
        fused.absorbed.into_iter().for_each(|position| is_absorbed[position] = true);
        errors.extend(graph.check_integer_form(node));
    }
    let mut absorbed = is_absorbed.into_iter();
    block.nodes.retain(|_| !absorbed.next().unwrap_or(false));
    Error::all(errors).map_or(Ok(()), Err)
}

fn match_node(sight: &Sight<'_>, position: usize, fusions: &Fusions) -> Option<Fused> {
    let node = &sight.nodes[position];
    let row = fusions.row(node.op.name())?;
    let mut fused = Fused {
        position,
        inputs: node.inputs.clone(),
        outputs: node.outputs.clone(),
        bias: None,
        absorbed: Vec::new(),
    };
    let inputs = take_inputs(sight, node, fusions, &mut fused)?;
    let outputs = take_outputs(sight, node, &mut fused);
    let first = *inputs.first()?;
    let fits = match row.kind {
        Kind::Product { activations, float_output } => {
            let is_output = match &outputs {
                Some(outputs) => outputs.iter().all(|output| output.storage == first.storage),
                None => float_output && gives_real_numbers(sight, node),
            };
            activations.contains(&first.storage) && is_product(node, &inputs) && is_output
        }
        Kind::OneType(storages) => {
            let one = |params: &&QuantParams| params.storage == first.storage && is_per_tensor(params);
            storages.contains(&first.storage) && inputs.iter().all(one) && outputs.as_ref()?.iter().all(one)
        }
        Kind::Converts(storages) => {
            let known = |params: &&QuantParams| storages.contains(&params.storage) && is_per_tensor(params);
            known(&first) && outputs.as_ref()?.iter().all(known)
        }
        Kind::Moves(storages) => {
            let is_moved = !moved_inputs(node).is_empty() || matches!(node.op, Op::Resize(_));
            let same = |params: &&QuantParams| *params == first;
            storages.contains(&first.storage)
                && is_moved
                && is_per_tensor(first)
                && inputs.iter().all(same)
                && outputs.as_ref()?.iter().all(same)
        }
        Kind::Indices => is_per_tensor(first),
    };
    if !fits {
        return None;
    }
    if outputs.is_none() {
        fused.outputs.clone_from(&node.outputs);
        fused.absorbed.clear();
    }
    Some(fused)
}

/// Puts quantized inputs in the place of dequantized ones; their parameters, or nothing if one is a real number.
fn take_inputs<'b>(
    sight: &Sight<'b>,
    node: &Node,
    fusions: &Fusions,
    fused: &mut Fused,
) -> Option<Vec<&'b QuantParams>> {
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
            fused.bias = Some((position, bias_params(sight.graph, input, &params)?));
        } else {
            return None;
        }
    }
    Some(params)
}

/// Puts quantized outputs in the place of real ones; their parameters, or nothing if one is not quantized.
fn take_outputs<'b>(sight: &Sight<'b>, node: &Node, fused: &mut Fused) -> Option<Vec<&'b QuantParams>> {
    let mut params = Vec::new();
    for output in &mut fused.outputs {
        let Some(id) = *output else { continue };
        let (position, found) = sight.quantized(id)?;
        *output = sight.nodes[position].output(0);
        fused.absorbed.push(position);
        params.push(found);
    }
    (!params.is_empty() && node.regions.is_empty()).then_some(params)
}

/// Positions of the inputs that are real numbers.
fn real_inputs(node: &Node) -> std::ops::Range<usize> {
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

/// Whether the inputs are activations per tensor, 8-bit weights with one zero point, and a bias of 32 bits.
fn is_product(node: &Node, inputs: &[&QuantParams]) -> bool {
    let (Some(x), Some(w)) = (inputs.first(), inputs.get(1)) else { return false };
    let has_bias = node.input(2).is_some();
    let is_byte =
        matches!(w.storage, DType::I8 | DType::U8) && (x.storage != DType::I8 || w.storage == DType::I8);
    let one_zero_point = w.zero_point.iter().all(|zero_point| *zero_point == w.zero_point[0]);
    let beta_is_one = !matches!(&node.op, Op::Gemm(op) if has_bias && op.beta != 1.0);
    let bias_fits = inputs.get(2).is_none_or(|bias| bias.storage == DType::I32);
    is_per_tensor(x) && is_byte && one_zero_point && beta_is_one && bias_fits
}

fn is_per_tensor(params: &QuantParams) -> bool {
    params.granularity == Granularity::PerTensor
}

/// Parameters of a constant float bias: i32 in steps of input × weight.
fn bias_params(graph: &Graph, bias: ValueId, inputs: &[&QuantParams]) -> Option<QuantParams> {
    let (x, w) = (inputs.first()?, inputs.get(1)?);
    graph.constant(bias)?.as_slice::<f32>().ok()?;
    let scale: Vec<f32> = w.scale.iter().map(|scale| x.scale[0] * scale).collect();
    let zero_point = vec![0; scale.len()];
    let granularity = if w.granularity == Granularity::PerTensor {
        Granularity::PerTensor
    } else {
        Granularity::PerAxis(0)
    };
    Some(QuantParams { scale, zero_point, granularity, ..QuantParams::per_tensor(DType::I32, 1.0, 0) })
}

/// Puts a quantized bias in the place of a float one.
fn quantize_bias(graph: &mut Graph, node: &mut Node, position: usize, params: QuantParams) -> Result<()> {
    let Some(id) = node.input(position) else { return Ok(()) };
    let constant =
        graph.constant(id).cloned().ok_or_else(|| Error::internal("a bias that is not constant"))?;
    let integers: Tensor = crate::ops::quantize(constant, &params)?;
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
