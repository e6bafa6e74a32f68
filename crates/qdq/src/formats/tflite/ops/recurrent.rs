//! Recurrent layers.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    activation_function_type, builtin_operator as code, builtin_options as tag,
    unidirectional_sequence_lstm_options as options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Dequantize, Direction, Lstm, Quantize, Squeeze};
use crate::tensor::{DType, Dim, Granularity, QuantParams, Tensor};

/// Positions of the inputs of `UNIDIRECTIONAL_SEQUENCE_LSTM`.
///
/// Source: `kernels/lstm_shared.h`. Gates stand in the order input, forget, cell, output.
const INPUT_WEIGHTS: usize = 1;
const RECURRENT_WEIGHTS: usize = 5;
const PEEPHOLES: std::ops::Range<usize> = 9..12;
const BIASES: usize = 12;
const PROJECTION: std::ops::Range<usize> = 16..18;
const STATES: usize = 18;
const NORMALIZATION: std::ops::Range<usize> = 20..24;
const N_INPUTS: usize = 24;
/// Position of the intermediate tensor that has the parameters of the hidden state before a projection.
const HIDDEN_INTERMEDIATE: usize = 4;
const N_INTERMEDIATES: usize = 5;

/// Where the hub's gates (input, output, forget, cell) stand among TFLite's.
const GATES: [usize; 4] = [0, 3, 1, 2];

/// An LSTM. The parameters of one on integers are those of its inputs: the states, which are zeros at first, among them.
pub(super) fn read_lstm(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let refuse = |what: &str| Err(Error::unsupported(format!("an LSTM with {what}")));
    if PEEPHOLES.chain(PROJECTION).chain(NORMALIZATION).any(|position| r.has(position)) {
        return refuse("peepholes, a projection or layer normalization");
    }
    if !r.has(INPUT_WEIGHTS) {
        return refuse("coupled gates");
    }
    if r.option(options::FUSED_ACTIVATION_FUNCTION)? != activation_function_type::TANH {
        return refuse("an activation that is not tanh");
    }
    if r.option(options::DIAGONAL_RECURRENT_TENSORS)? {
        return refuse("diagonal weights");
    }
    let cell_clip = Some(r.option(options::CELL_CLIP)?).filter(|clip| *clip != 0.0);
    for state in [STATES, STATES + 1] {
        if !r.tensor(state)?.is_variable {
            return refuse("states that are no variables");
        }
    }
    let time_major = r.option(options::TIME_MAJOR)?;
    if let Some(params) = integer_states(r)? {
        return read_integer_lstm(r, time_major, cell_clip, &params);
    }
    let weights = gates(r, INPUT_WEIGHTS)?;
    let recurrent = gates(r, RECURRENT_WEIGHTS)?;
    let mut bias = gates(r, BIASES)?;
    bias.extend(vec![0.0; bias.len()]);
    let hidden = bias.len() / 8;
    if hidden == 0 || weights.len() % (4 * hidden) != 0 || recurrent.len() != 4 * hidden * hidden {
        return Err(Error::malformed("weights of sizes that do not fit each other"));
    }
    let n_inputs = weights.len() / (4 * hidden);
    let weights = r.constant(Tensor::from_vec(vec![1, 4 * hidden, n_inputs], weights)?);
    let recurrent = r.constant(Tensor::from_vec(vec![1, 4 * hidden, hidden], recurrent)?);
    let bias = r.constant(Tensor::from_vec(vec![1, 8 * hidden], bias)?);
    let layout = usize::from(!time_major);
    let op = Lstm { hidden_size: Some(hidden), layout, cell_clip, ..Lstm::default() };
    let x = r.real(0)?;
    let y = r.push(op, &[x, weights, recurrent, bias]);
    let y = without_directions(r, y, time_major);
    r.give(0, y)
}

/// `[sequence, directions, batch, hidden]` or `[batch, sequence, directions, hidden]` without the directions.
fn without_directions(r: &mut NodeReader<'_, '_>, y: ValueId, time_major: bool) -> ValueId {
    let axes = r.int_vector(vec![if time_major { 1 } else { 2 }]);
    r.push(Squeeze {}, &[y, axes])
}

/// Parameters of the hidden and the cell state of an LSTM on integers, if those of the hidden state are the same wherever
/// it goes: LiteRT's kernel copies its integers.
fn integer_states(r: &NodeReader<'_, '_>) -> Result<Option<[QuantParams; 2]>> {
    let Some(inner) = r.intermediate(HIDDEN_INTERMEDIATE)?.and_then(|tensor| tensor.quant.as_deref()) else {
        return Ok(None);
    };
    let params = |position: usize| Ok(r.tensor(position)?.quant.as_deref());
    let (Some(_), Some(state), Some(cell)) = (params(0)?, params(STATES)?, params(STATES + 1)?) else {
        return Ok(None);
    };
    let output = r.output_tensor(0)?.quant.as_deref();
    let is_one = state == inner && output == Some(inner) && state.storage == DType::I8;
    Ok((is_one && cell.storage == DType::I16).then(|| [state.clone(), cell.clone()]))
}

fn read_integer_lstm(
    r: &mut NodeReader<'_, '_>,
    time_major: bool,
    cell_clip: Option<f32>,
    states: &[QuantParams; 2],
) -> Result<()> {
    let x_scale = r.tensor(0)?.quant.as_ref().map_or(1.0, |params| params.scale[0]);
    let weights = integer_gates(r, INPUT_WEIGHTS)?;
    let recurrent = integer_gates(r, RECURRENT_WEIGHTS)?;
    let hidden = recurrent.n_inputs;
    let mut bias = Vec::new();
    for gate in GATES {
        let id = r.raw(BIASES + gate)?;
        let constant = r.graph().constant(id).ok_or_else(|| Error::unsupported("a bias that is computed"))?;
        bias.extend_from_slice(constant.as_slice::<i32>()?);
    }
    if bias.len() != 4 * hidden || [weights.scale.len(), recurrent.scale.len()] != [bias.len(); 2] {
        return Err(Error::malformed("weights of sizes that do not fit each other"));
    }
    bias.extend(vec![0; bias.len()]);
    let steps = [(x_scale, &weights), (states[0].scale[0], &recurrent)];
    let bias_scale = steps.iter().flat_map(|(x, gates)| gates.scale.iter().map(move |w| x * w)).collect();
    let bias = dequantized(r, Tensor::from_vec(vec![1, 8 * hidden], bias)?, DType::I32, bias_scale)?;
    let weights = weights.dequantized(r)?;
    let recurrent = recurrent.dequantized(r)?;
    let batch = r.tensor(STATES)?.dims.first().and_then(Dim::known);
    let batch = batch.ok_or_else(|| Error::unsupported("states of unknown size"))?;
    let shape = if time_major { vec![1, batch, hidden] } else { vec![batch, 1, hidden] };
    let [state, cell] = states.each_ref().map(|params| {
        let zeros = Tensor::from_vec(shape.clone(), vec![0f32; batch * hidden])?;
        let zeros = crate::ops::quantize(&zeros, params)?;
        let zeros = r.quantized_constant(zeros, params);
        Ok::<_, Error>(r.push(Dequantize { params: params.clone(), dtype: DType::F32 }, &[zeros]))
    });
    let op =
        Lstm { hidden_size: Some(hidden), layout: usize::from(!time_major), cell_clip, ..Lstm::default() };
    let x = r.real(0)?;
    let inputs =
        vec![Some(x), Some(weights), Some(recurrent), Some(bias), None, Some(state?), Some(cell?)];
    let y = r.push_all(op, inputs, 1)[0];
    let integers = r.push(Quantize { params: states[0].clone() }, &[y]);
    let integers = without_directions(r, integers, time_major);
    r.give_raw(0, integers)
}

/// Weights of the four gates on integers, in the hub's order.
struct IntegerGates {
    integers: Vec<i8>,
    /// One a row.
    scale: Vec<f32>,
    n_inputs: usize,
}

impl IntegerGates {
    fn dequantized(self, r: &mut NodeReader<'_, '_>) -> Result<ValueId> {
        let shape = vec![1, self.scale.len(), self.n_inputs];
        dequantized(r, Tensor::from_vec(shape, self.integers)?, DType::I8, self.scale)
    }
}

fn integer_gates(r: &mut NodeReader<'_, '_>, first: usize) -> Result<IntegerGates> {
    let mut gates = IntegerGates { integers: Vec::new(), scale: Vec::new(), n_inputs: 0 };
    for gate in GATES {
        let id = r.raw(first + gate)?;
        let params = r.tensor(first + gate)?.quant.clone();
        let (Some(constant), Some(params)) = (r.graph().constant(id), params) else {
            return Err(Error::unsupported("weights that are computed, or not quantized"));
        };
        let &[rows, n_inputs] = constant.shape() else {
            return Err(Error::malformed(format!("weights of shape {:?}", constant.shape())));
        };
        if params.granularity != Granularity::PerTensor || params.zero_point[..] != [0] {
            return Err(Error::unsupported("an LSTM with weights other than symmetric, of one scale a gate"));
        }
        gates.integers.extend_from_slice(constant.as_slice::<i8>()?);
        gates.scale.extend(vec![params.scale[0]; rows]);
        gates.n_inputs = n_inputs;
    }
    if gates.integers.len() != gates.scale.len() * gates.n_inputs {
        return Err(Error::malformed("weights of sizes that do not fit each other"));
    }
    Ok(gates)
}

/// A constant with a scale for each index of axis 1, dequantized.
fn dequantized(
    r: &mut NodeReader<'_, '_>,
    integers: Tensor,
    storage: DType,
    scale: Vec<f32>,
) -> Result<ValueId> {
    let zero_point = vec![0; scale.len()].into();
    let params = QuantParams {
        scale: scale.into(),
        zero_point,
        granularity: Granularity::PerAxis(1),
        ..QuantParams::per_tensor(storage, 1.0, 0)
    };
    let integers = r.quantized_constant(integers, &params);
    Ok(r.push(Dequantize { params, dtype: DType::F32 }, &[integers]))
}

/// Four constants, one a gate, joined in the hub's order.
fn gates(r: &mut NodeReader<'_, '_>, first: usize) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for gate in GATES {
        all.extend(r.floats(first + gate)?);
    }
    Ok(all)
}

pub(super) fn write_lstm(op: &Lstm, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let refuse = |what: &str| Err(Error::unsupported(format!("an LSTM with {what}")));
    if op.direction != Direction::Forward
        || !op.activations.is_empty()
        || op.clip.is_some()
        || op.input_forget
    {
        return refuse("two directions, own activations, limits or coupled gates");
    }
    if (4..8).any(|position| w.has(position)) || w.node().outputs.iter().skip(1).any(Option::is_some) {
        return refuse("lengths, initial states, peepholes or final states");
    }
    let (Some(weights), Some(recurrent)) = (w.constant(1), w.constant(2)) else {
        return refuse("weights that are computed");
    };
    let &[1, rows, n_inputs] = weights.shape() else { return refuse("weights of an odd shape") };
    let hidden = rows / 4;
    let (weights, recurrent) = (weights.to_f32_vec()?, recurrent.to_f32_vec()?);
    let bias = match w.constant(3) {
        Some(bias) => bias.to_f32_vec()?,
        None => vec![0.0; 8 * hidden],
    };
    if recurrent.len() != 4 * hidden * hidden || bias.len() != 8 * hidden {
        return refuse("weights of sizes that do not fit each other");
    }
    let x = w.input(0)?;
    let mut inputs = vec![-1; N_INPUTS];
    inputs[0] = x;
    for (own, gate) in GATES.into_iter().enumerate() {
        let part = |all: &[f32], width: usize| all[own * hidden * width..][..hidden * width].to_vec();
        let sum: Vec<f32> = part(&bias, 1)
            .iter()
            .zip(part(&bias[4 * hidden..], 1))
            .map(|(input, state)| input + state)
            .collect();
        inputs[INPUT_WEIGHTS + gate] =
            w.float_tensor("weights", vec![hidden, n_inputs], &part(&weights, n_inputs))?;
        inputs[RECURRENT_WEIGHTS + gate] =
            w.float_tensor("recurrent", vec![hidden, hidden], &part(&recurrent, hidden))?;
        inputs[BIASES + gate] = w.float_tensor("bias", vec![hidden], &sum)?;
    }
    let batch = w.node_dims(0)?.get(op.layout ^ 1).and_then(crate::tensor::Dim::known).unwrap_or(1);
    inputs[STATES] = w.variable("state", &[batch, hidden])?;
    inputs[STATES + 1] = w.variable("cell", &[batch, hidden])?;
    let table = Object::default()
        .set(options::FUSED_ACTIVATION_FUNCTION, activation_function_type::TANH)
        .set(options::CELL_CLIP, op.cell_clip.unwrap_or(0.0))
        .set(options::TIME_MAJOR, op.layout == 0);
    // The file's op gives no axis of directions.
    let own = w.output_dims(0)?;
    let direction = if op.layout == 0 { 1 } else { 2 };
    let without = own.iter().enumerate().filter(|(axis, _)| *axis != direction).map(|(_, dim)| dim.clone());
    let states = w.temporary("states", without.collect(), x)?;
    let lstm = Some((tag::UNIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS, table));
    w.push_float(code::UNIDIRECTIONAL_SEQUENCE_LSTM, lstm, inputs, states);
    let shape = NodeWriter::shape_of(&own);
    let shape = w.int_vector(&shape)?;
    w.emit(code::RESHAPE, Some((tag::RESHAPE_OPTIONS, Object::default())), vec![states, shape])
}
