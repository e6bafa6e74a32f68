//! LSTMs on integers as `LiteRT` has them: 8-bit weights with one scale a gate, a bias in steps of input × weight, and states with
//! parameters of their own: the hidden state those of the output, the cell state 16 bits in steps of a power of two.
//!
//! Source: `LiteRT`'s `operator_property.cc` and the checks of `unidirectional_sequence_lstm.cc`.

use crate::error::{Error, Result};
use crate::graph::{Graph, Node};
use crate::ops::{Lstm, Op};
use crate::profiles::litert::CELL_EXPONENTS;
use crate::quant::parameters::{weight_integers, weight_params};
use crate::quant::scheme::litert;
use crate::spec::{QuantizationSpec, Scheme};
use crate::targets::{Formula, Target};
use crate::tensor::{DType, Dim, QuantParams, Tensor};

/// Positions of inputs.
const STATES: [usize; 2] = [5, 6];
/// Position of the output of all cell states.
const CELLS: usize = 3;

/// Why an LSTM is not one that the kernel computes.
pub(super) fn refusal(graph: &Graph, node: &Node, op: &Lstm) -> Option<&'static str> {
    variant(graph, node, op).or_else(|| (!op.gives_cells).then_some("its cell states are not observed"))
}

/// As [`refusal`], whether or not the cell states are observed.
fn variant(graph: &Graph, node: &Node, op: &Lstm) -> Option<&'static str> {
    let constant = |position: usize| node.input(position).and_then(|id| graph.constant(id));
    let is_zero = |position: usize| {
        node.input(position).is_none()
            || constant(position)
                .and_then(|tensor| tensor.to_f32_vec().ok())
                .is_some_and(|all| all.iter().all(|x| *x == 0.0))
    };
    if !op.is_plain() || [4, 7].iter().any(|&position| node.input(position).is_some()) {
        return Some("it has two directions, own activations, limits, coupled gates, lengths or peepholes");
    }
    if [1, 2].iter().any(|&position| constant(position).is_none_or(|w| w.as_slice::<f32>().is_err()))
        || (node.input(3).is_some() && constant(3).is_none())
    {
        return Some("its weights are not constant");
    }
    let dims = |position: usize| constant(position).map_or(&[][..], Tensor::shape);
    let hidden = dims(1).get(1).map_or(0, |rows| rows / 4);
    let fits = matches!(dims(1), &[1, rows, _] if rows == 4 * hidden)
        && dims(2) == [1, 4 * hidden, hidden]
        && (node.input(3).is_none() || dims(3) == [1, 8 * hidden]);
    if !fits || hidden == 0 {
        return Some("its weights do not fit each other");
    }
    if !STATES.iter().all(|&position| is_zero(position)) {
        return Some("its initial states are not zeros");
    }
    if [1, 2].iter().any(|&position| node.output(position).is_some()) {
        return Some("its final states are outputs");
    }
    batch(graph, node, op).is_none().then_some("the size of its batch is not known")
}

fn batch(graph: &Graph, node: &Node, op: &Lstm) -> Option<usize> {
    graph[node.input(0)?].ty.as_ref()?.shape.as_ref()?.get(op.layout ^ 1).and_then(Dim::known)
}

/// Lets LSTMs that may become such give out their cell states, so that these are observed, if the target has the kernel.
///
/// # Errors
/// A graph whose types do not agree.
pub fn give_cells(graph: &mut Graph, target: &Target) -> Result<()> {
    if target.row("lstm").is_none() {
        return Ok(());
    }
    let mut body = std::mem::take(&mut graph.body);
    for node in &mut body.nodes {
        let Op::Lstm(op) = &node.op else { continue };
        if variant(graph, node, op).is_none() {
            let name = format!("{}_cells", node.output(0).map_or("", |output| graph[output].name()));
            let op = Lstm { gives_cells: true, ..op.clone() };
            node.op = op.into();
            node.outputs.resize(CELLS, None);
            node.outputs.push(Some(graph.add_value(&name, None)));
        }
    }
    graph.body = body;
    graph.infer()
}

/// Takes the output of all cell states back.
pub(super) fn take_cells_back(node: &mut Node) {
    if let Op::Lstm(op) = &mut node.op
        && std::mem::take(&mut op.gives_cells)
    {
        node.outputs.truncate(1);
    }
}

/// A constant input in integers.
pub(super) struct Stored {
    pub(super) position: usize,
    pub(super) integers: Tensor,
    pub(super) params: QuantParams,
}

/// Parameters of what the layer computes with.
pub(super) struct Ranges<'a> {
    pub(super) x: &'a QuantParams,
    pub(super) state: &'a QuantParams,
    /// Of the cell states as they were observed.
    pub(super) cells: &'a QuantParams,
}

/// Weights, bias and states in integers.
///
/// # Errors
/// Weights that are not finite, or so small that the bias does not fit.
pub(super) fn stored(
    graph: &Graph,
    node: &Node,
    op: &Lstm,
    of: &Ranges<'_>,
    weight: &QuantizationSpec,
) -> Result<Vec<Stored>> {
    let missing = || Error::internal("an LSTM without its inputs");
    let constant =
        |position: usize| node.input(position).and_then(|id| graph.constant(id)).ok_or_else(missing);
    let (input, recurrent) = (constant(1)?, constant(2)?);
    let &[1, rows, _] = input.shape() else {
        return Err(Error::data(format!("weights of shape {:?}", input.shape())));
    };
    let hidden = rows / 4;
    let bias = match node.input(3) {
        Some(_) => constant(3)?.to_f32_vec()?,
        None => vec![0.0; 2 * rows],
    };
    let bias: Vec<f32> = bias.iter().zip(&bias[rows..]).map(|(input, state)| input + state).collect();
    let spec = QuantizationSpec { scheme: Scheme::PerTensorSymmetric, ..weight.clone() };
    let mut bias_integers = Vec::new();
    let mut bias_scales = Vec::new();
    let mut found = Vec::new();
    for (position, weights, step) in [(1, input, of.x.scale[0]), (2, recurrent, of.state.scale[0])] {
        let (mut integers, mut scales) = (Vec::new(), Vec::new());
        let elements = weights.as_slice::<f32>()?;
        for (gate, part) in elements.chunks((elements.len() / 4).max(1)).enumerate() {
            let part = Tensor::vector(part.to_vec());
            let bias = Tensor::vector(bias[gate * hidden..][..hidden].to_vec());
            let mut params = weight_params(&part, &spec, Formula::Tflite)?;
            if position == 1 {
                litert::widen_for_bias(&mut params, step, &bias)?;
                let params = QuantParams::of_bias(step, &params.scale);
                bias_integers.extend_from_slice(litert::quantize_bias(&bias, &params)?.as_slice::<i32>()?);
            }
            integers.extend_from_slice(weight_integers(&part, &params, Formula::Tflite)?.as_slice::<i8>()?);
            scales.extend(vec![params.scale[0]; hidden]);
        }
        bias_scales.extend(scales.iter().map(|scale| step * scale));
        let whole = of_rows(DType::I8, scales);
        let (quant_min, quant_max) = weight.range.unwrap_or((whole.quant_min, whole.quant_max));
        let params = QuantParams { quant_min, quant_max, ..whole };
        found.push(Stored {
            position,
            integers: Tensor::from_vec(weights.shape().to_vec(), integers)?,
            params,
        });
    }
    bias_integers.resize(2 * rows, 0i32);
    let integers = Tensor::from_vec(vec![1, 2 * rows], bias_integers)?;
    found.push(Stored { position: 3, integers, params: of_rows(DType::I32, bias_scales) });
    let batch = batch(graph, node, op).ok_or_else(missing)?;
    let shape = if op.layout == 0 { vec![1, batch, hidden] } else { vec![batch, 1, hidden] };
    for (position, params) in [(STATES[0], of.state.clone()), (STATES[1], cell_params(of.cells))] {
        let zeros = Tensor::from_vec(shape.clone(), vec![0f32; batch * hidden])?;
        found.push(Stored { position, integers: crate::ops::quantize(&zeros, &params)?, params });
    }
    Ok(found)
}

/// A scale for each row of the gates.
fn of_rows(storage: DType, scale: Vec<f32>) -> QuantParams {
    let zero_point = vec![0; scale.len()];
    QuantParams::per_axis(storage, 1, scale, zero_point)
}

/// 16 bits over the smallest power of two that holds what was observed.
fn cell_params(observed: &QuantParams) -> QuantParams {
    let zero = observed.zero_point[0];
    let farthest = (observed.quant_max - zero).max(zero - observed.quant_min);
    let largest = f64::from(farthest) * f64::from(observed.scale[0]);
    let exponent = (largest.log2().ceil() as i32 - 15).clamp(*CELL_EXPONENTS.start(), *CELL_EXPONENTS.end());
    QuantParams::per_tensor(DType::I16, 2f32.powi(exponent), 0)
}
