//! Recurrent layers.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    activation_function_type, builtin_operator as code, builtin_options as tag,
    unidirectional_sequence_lstm_options as options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::unit::Pattern;
use super::recurrent_integer::{integer_states, read_integer_lstm, write_integer_lstm};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Lstm, Squeeze};
use crate::tensor::{DType, Dim, Tensor};

/// Positions of the inputs of `UNIDIRECTIONAL_SEQUENCE_LSTM`.
///
/// Source: `kernels/lstm_shared.h`. Gates stand in the order input, forget, cell, output.
pub(super) const INPUT_WEIGHTS: usize = 1;
pub(super) const RECURRENT_WEIGHTS: usize = 5;
const PEEPHOLES: std::ops::Range<usize> = 9..12;
pub(super) const BIASES: usize = 12;
const PROJECTION: std::ops::Range<usize> = 16..18;
pub(super) const STATES: usize = 18;
const NORMALIZATION: std::ops::Range<usize> = 20..24;
pub(super) const N_INPUTS: usize = 24;

/// Where the hub's gates (input, output, forget, cell) stand among TFLite's.
pub(super) const GATES: [usize; 4] = [0, 3, 1, 2];

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
    if let Some(states) = integer_states(r)? {
        return read_integer_lstm(r, time_major, cell_clip, &states);
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
pub(super) fn without_directions(r: &mut NodeReader<'_, '_>, y: ValueId, time_major: bool) -> ValueId {
    let axes = r.int_vector(vec![if time_major { 1 } else { 2 }]);
    r.push(Squeeze {}, &[y, axes])
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
    if !op.is_plain() {
        return refuse("two directions, own activations, limits or coupled gates");
    }
    if [4, 7].iter().any(|&position| w.has(position)) {
        return refuse("lengths or peepholes");
    }
    if w.node().outputs.iter().skip(1).any(Option::is_some) {
        return refuse("final states as outputs");
    }
    if w.unit_storage().is_some() {
        return write_integer_lstm(op, w);
    }
    if [5, 6].iter().any(|&position| w.has(position) && !w.is_zero(position)) {
        return refuse("initial states other than zeros");
    }
    let ((shape, weights), (_, recurrent)) = (w.floats(1)?, w.floats(2)?);
    let &[1, rows, n_inputs] = shape.as_slice() else { return refuse("weights of an odd shape") };
    let hidden = rows / 4;
    let bias = if w.has(3) { w.floats(3)?.1 } else { vec![0.0; 8 * hidden] };
    if recurrent.len() != 4 * hidden * hidden || bias.len() != 8 * hidden {
        return refuse("weights of sizes that do not fit each other");
    }
    let mut inputs = vec![-1; N_INPUTS];
    inputs[0] = w.input(0)?;
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
    let batch = batch(op, w)?;
    inputs[STATES] = w.variable("state", &[batch, hidden], None)?;
    inputs[STATES + 1] = w.variable("cell", &[batch, hidden], None)?;
    emit(op, w, inputs)
}

pub(super) fn batch(op: &Lstm, w: &NodeWriter<'_, '_>) -> Result<usize> {
    Ok(w.node_dims(0)?.get(op.layout ^ 1).and_then(Dim::known).unwrap_or(1))
}

/// The operator, and a reshape after it where the graph wants the axis of directions, which its output has not.
pub(super) fn emit(op: &Lstm, w: &mut NodeWriter<'_, '_>, inputs: Vec<i32>) -> Result<()> {
    let table = Object::default()
        .set(options::FUSED_ACTIVATION_FUNCTION, activation_function_type::TANH)
        .set(options::CELL_CLIP, op.cell_clip.unwrap_or(0.0))
        .set(options::TIME_MAJOR, op.layout == 0);
    let lstm = Some((tag::UNIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS, table));
    if w.pattern() == Pattern::WithoutDirections {
        return w.emit(code::UNIDIRECTIONAL_SEQUENCE_LSTM, lstm, inputs);
    }
    let own = w.output_dims(0)?;
    let direction = if op.layout == 0 { 1 } else { 2 };
    let without = own.iter().enumerate().filter(|(axis, _)| *axis != direction).map(|(_, dim)| dim.clone());
    let states = w.temporary("states", without.collect(), inputs[STATES])?;
    let dtype = w.unit_storage().unwrap_or(DType::F32);
    w.push(code::UNIDIRECTIONAL_SEQUENCE_LSTM, dtype, lstm, inputs, vec![states]);
    let shape = w.int_vector(&NodeWriter::shape_of(&own))?;
    w.emit(code::RESHAPE, Some((tag::RESHAPE_OPTIONS, Object::default())), vec![states, shape])
}
