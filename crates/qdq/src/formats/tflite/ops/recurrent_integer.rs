//! LSTMs on integers: 8-bit activations and weights, a cell state of 16 bits.
//!
//! In the graph they stand between bridges, like every op on integers; the parameters of their states are those of the
//! initial states, which are zeros.

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::recurrent::{
    BIASES, GATES, INPUT_WEIGHTS, N_INPUTS, RECURRENT_WEIGHTS, STATES, batch, emit, without_directions,
};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Dequantize, Lstm, Quantize, output_count};
use crate::tensor::{DType, Dim, Granularity, QuantParams, Tensor};

/// Position of the intermediate tensor that has the parameters of the hidden state before a projection.
const HIDDEN_INTERMEDIATE: usize = 4;

/// Parameters of the hidden and the cell state of an LSTM on integers, if those of the hidden state are the same wherever
/// it goes: LiteRT's kernel copies its integers.
pub(super) fn integer_states(r: &NodeReader<'_, '_>) -> Result<Option<[QuantParams; 2]>> {
    let Some(inner) = r.intermediate(HIDDEN_INTERMEDIATE)?.and_then(|tensor| tensor.quant.as_deref()) else {
        return Ok(None);
    };
    let params = |position: usize| Ok(r.tensor(position)?.quant.as_deref());
    let (Some(_), Some(state), Some(cell)) = (params(0)?, params(STATES)?, params(STATES + 1)?) else {
        return Ok(None);
    };
    let output = r.output_tensor(0)?.quant.as_deref();
    let is_one = state == inner && output == Some(inner) && state.storage == DType::I8;
    let is_centred = cell.storage == DType::I16 && cell.zero_point[..] == [0];
    let is_one = is_one && [state, cell].iter().all(|params| params.granularity == Granularity::PerTensor);
    Ok((is_one && is_centred).then(|| [state.clone(), cell.clone()]))
}

pub(super) fn read_integer_lstm(
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
    let bias = dequantized(r, Tensor::from_vec(vec![1, 8 * hidden], bias)?, DType::I32, bias_scale);
    let weights = weights.dequantized(r)?;
    let recurrent = recurrent.dequantized(r)?;
    let batch = r.tensor(STATES)?.dims.first().and_then(Dim::known);
    let batch = batch.ok_or_else(|| Error::unsupported("states of unknown size"))?;
    let shape = if time_major { vec![1, batch, hidden] } else { vec![batch, 1, hidden] };
    let n_elements = output_count(&shape)?;
    let zero = states[0].zero_point.first().map_or(0, |&zero| zero as i8);
    let zeros = [
        Tensor::from_vec(shape.clone(), vec![zero; n_elements])?,
        Tensor::from_vec(shape, vec![0i16; n_elements])?,
    ];
    let mut real = |zeros: Tensor, params: &QuantParams| {
        let zeros = r.quantized_constant(zeros, params);
        r.push(Dequantize { params: params.clone(), dtype: DType::F32 }, &[zeros])
    };
    let [state, cell] = zeros;
    let (state, cell) = (real(state, &states[0]), real(cell, &states[1]));
    let op =
        Lstm { hidden_size: Some(hidden), layout: usize::from(!time_major), cell_clip, ..Lstm::default() };
    let x = r.real(0)?;
    let inputs = vec![Some(x), Some(weights), Some(recurrent), Some(bias), None, Some(state), Some(cell)];
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
        Ok(dequantized(r, Tensor::from_vec(shape, self.integers)?, DType::I8, self.scale))
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
fn dequantized(r: &mut NodeReader<'_, '_>, integers: Tensor, storage: DType, scale: Vec<f32>) -> ValueId {
    let zero_point = vec![0; scale.len()];
    let params = QuantParams::per_axis(storage, 1, scale, zero_point);
    let integers = r.quantized_constant(integers, &params);
    r.push(Dequantize { params, dtype: DType::F32 }, &[integers])
}

pub(super) fn write_integer_lstm(op: &Lstm, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    let x_params = w.params_of(x).ok_or_else(|| Error::internal("an integer op without parameters"))?;
    let (state, cell) = (w.integers(5)?.0.clone(), w.integers(6)?.0.clone());
    let hidden = w.integers(1)?.1.shape().get(1).map_or(0, |rows| rows / 4);
    let mut inputs = vec![-1; N_INPUTS];
    inputs[0] = x;
    let factors = [(1, INPUT_WEIGHTS, x_params.scale[0]), (2, RECURRENT_WEIGHTS, state.scale[0])];
    for (half, (position, first, step)) in factors.into_iter().enumerate() {
        let (params, weights) = w.integers(position)?;
        let (bias_params, bias) = w.integers(3)?;
        let &[1, rows, depth] = weights.shape() else {
            return Err(Error::unsupported(format!("an LSTM with weights {:?}", weights.shape())));
        };
        if rows != 4 * hidden || bias.len() != 8 * hidden || (half == 1 && depth != hidden) {
            return Err(Error::unsupported("weights of sizes that do not fit each other"));
        }
        let bias = &bias.as_slice::<i32>()?[half * rows..][..rows];
        if half == 1 && bias.iter().any(|&bias| bias != 0) {
            return Err(Error::unsupported("an LSTM with two biases"));
        }
        let own = |params: &QuantParams, row: usize| params.scale[params.scale.len().min(row + 1) - 1];
        for (position, gate) in GATES.into_iter().enumerate() {
            let rows = position * hidden..(position + 1) * hidden;
            let scale = own(params, rows.start);
            if rows.clone().any(|row| own(params, row) != scale) || params.zero_point.iter().any(|z| *z != 0)
            {
                return Err(Error::unsupported(
                    "an LSTM with weights other than symmetric, of one scale a gate",
                ));
            }
            let part = weights.as_slice::<i8>()?[rows.start * depth..rows.end * depth].to_vec();
            let part = Tensor::from_vec(vec![hidden, depth], part)?;
            let quant = QuantParams::per_tensor(DType::I8, scale, 0);
            inputs[first + gate] = w.add_constant("weights", &part, Some(&quant))?;
            if half == 0 {
                let part = Tensor::vector(bias[rows.clone()].to_vec());
                let quant = QuantParams::of_bias(step, &[scale]);
                let differs = |row| (own(bias_params, row) / quant.scale[0] - 1.0).abs() > 1e-5;
                if rows.into_iter().any(differs) {
                    return Err(Error::unsupported("a bias whose scale is not input × weight"));
                }
                inputs[BIASES + gate] = w.add_constant("bias", &part, Some(&quant))?;
            }
        }
    }
    let batch = batch(op, w)?;
    inputs[STATES] = w.variable("state", &[batch, hidden], Some(&state))?;
    inputs[STATES + 1] = w.variable("cell", &[batch, hidden], Some(&cell))?;
    w.add_intermediates(HIDDEN_INTERMEDIATE, &state)?;
    emit(op, w, inputs)
}
