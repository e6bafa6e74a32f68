//! Recurrent layers.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    activation_function_type, builtin_operator as code, builtin_options as tag,
    unidirectional_sequence_lstm_options as options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::ops::{Direction, Lstm, Squeeze};
use crate::tensor::Tensor;

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

/// Where the hub's gates (input, output, forget, cell) stand among TFLite's.
const GATES: [usize; 4] = [0, 3, 1, 2];

/// An LSTM. One on integers is read as the LSTM on the real numbers that they mean, between bridges: its kernel rounds gates to 16
/// bits and the cell state to its own parameters, which are not kept.
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
    let time_major = r.option(options::TIME_MAJOR)?;
    let layout = usize::from(!time_major);
    let op = Lstm { hidden_size: Some(hidden), layout, cell_clip, ..Lstm::default() };
    let x = r.real(0)?;
    let y = r.push(op, &[x, weights, recurrent, bias]);
    // [sequence, directions, batch, hidden] or [batch, sequence, directions, hidden]
    let axes = r.int_vector(vec![if time_major { 1 } else { 2 }]);
    let y = r.push(Squeeze {}, &[y, axes]);
    r.give(0, y)
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
