//! LSTMs on integers: kernel `UNIDIRECTIONAL_SEQUENCE_LSTM` of 8-bit activations and weights, 16-bit gates and cell state.
//!
//! Source: `LiteRT`'s `kernels/lstm_eval.cc` (`LstmStepInteger8x8_16`) and
//! `kernels/internal/reference/portable_tensor_utils.cc`, which all kernels on x86-64 use.

use super::exponential::{logistic_16, tanh_16};
use super::sums::fixed_point;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::{FixedPoint, rounding_divide_by_power_of_two};
use crate::ops::{Args, Lstm, Prepared, with_constants};
use crate::profiles::integers::{Affine, activation, constants, output, params};
use crate::tensor::{DType, QuantParams, Tensor};

/// Bits behind the point of what goes into the gates' activations.
const GATE_BITS: i32 = 12;
/// Bits behind the point of what comes out of them.
const ACTIVATED_BITS: i32 = 15;
/// Exponents of the step of a cell state, a power of two.
pub(crate) const CELL_EXPONENTS: std::ops::RangeInclusive<i32> = -15..=-9;

/// Positions of inputs.
const WEIGHTS: usize = 1;
const RECURRENT: usize = 2;
const BIAS: usize = 3;
const HIDDEN_STATE: usize = 5;
const CELL_STATE: usize = 6;

/// Binds the weights of an LSTM `[1, 4 · hidden, inputs]`, `[1, 4 · hidden, hidden]` and its bias `[1, 8 · hidden]`.
pub(super) fn prepare(op: &Lstm, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let is_plain =
        op.is_plain() && [4, 7].iter().all(|&position| node.inputs.get(position).is_none_or(Option::is_none));
    if !is_plain {
        return Err(Error::unsupported("an LSTM of another kind than LiteRT's on integers"));
    }
    let (x, output) = (activation(node, 0)?, output(node)?);
    let (state, cell) = (activation(node, HIDDEN_STATE)?, activation(node, CELL_STATE)?);
    if [x.storage, output.storage, cell.storage] != [DType::I8, DType::I8, DType::I16] || state != output {
        return Err(Error::unsupported("an LSTM whose states are not as LiteRT keeps them"));
    }
    let constants = constants(node);
    let constant = |position: usize| {
        let constant = constants.get(position).and_then(Option::as_ref);
        constant.ok_or_else(|| Error::unsupported("an LSTM whose weights are computed"))
    };
    let hidden = constant(WEIGHTS)?.shape().get(1).map_or(0, |rows| rows / 4);
    let bias = constant(BIAS)?.as_slice::<i32>()?;
    let (input_bias, recurrent_bias) = bias.split_at_checked(4 * hidden).unwrap_or_default();
    if hidden == 0 || recurrent_bias.len() != 4 * hidden || recurrent_bias.iter().any(|bias| *bias != 0) {
        return Err(Error::unsupported("an LSTM with two biases"));
    }
    let input = Product::new(constant(WEIGHTS)?, params(node, WEIGHTS)?, &x, input_bias)?;
    let recurrent = Product::new(constant(RECURRENT)?, params(node, RECURRENT)?, &state, recurrent_bias)?;
    let sizes = [input.bias.len(), recurrent.bias.len(), 4 * recurrent.depth];
    if sizes != [4 * hidden; 3] {
        return Err(Error::unsupported("an LSTM with weights of sizes that do not fit each other"));
    }
    let cell_exponent = f64::from(cell.scale).log2();
    if cell_exponent.fract() != 0.0 || !CELL_EXPONENTS.contains(&(cell_exponent as i32)) {
        return Err(Error::unsupported(format!("a cell state in steps of {}", cell.scale)));
    }
    let cell_clip = op.cell_clip.map(|clip| (clip / cell.scale).clamp(-32768.0, 32767.0) as i16);
    let step = 2f64.powi(-ACTIVATED_BITS);
    let output_factor = fixed_point(f64::from((step / f64::from(output.scale) * step) as f32))?;
    Ok(Box::new(PreparedLstm {
        input,
        recurrent,
        hidden,
        is_batch_first: op.layout == 1,
        cell_exponent: cell_exponent as i32,
        cell_clip,
        output_factor,
        output,
        constants,
    }))
}

/// The product of a matrix by an activation, in the steps of the gates' inputs.
#[derive(Debug)]
struct Product {
    /// `[4 · hidden, depth]`
    weights: Vec<i8>,
    depth: usize,
    /// With the zero point of the activation.
    bias: Vec<i32>,
    /// One a gate.
    factors: Vec<FixedPoint>,
}

impl Product {
    fn new(weights: &Tensor, params: &QuantParams, x: &Affine, bias: &[i32]) -> Result<Self> {
        let &[1, rows, depth] = weights.shape() else {
            return Err(Error::unsupported(format!("an LSTM with weights {:?}", weights.shape())));
        };
        let of_row = |row: usize| params.scale[params.group(row * depth, weights.shape())];
        let per_gate = (rows / 4).max(1);
        if (0..rows).any(|row| of_row(row) != of_row(row / per_gate * per_gate)) {
            return Err(Error::unsupported("an LSTM with other scales inside a gate")
                .help("LiteRT has one scale for the weights of a gate"));
        }
        let factor = |gate: usize| {
            let step = 2f32.powi(-GATE_BITS);
            fixed_point(f64::from(of_row(gate * per_gate) * x.scale / step))
        };
        let weights = weights.as_slice::<i8>()?.to_vec();
        let rows_of_weights = weights.chunks(depth.max(1));
        let bias = bias.iter().zip(rows_of_weights).map(|(bias, row)| {
            let sum: i32 = row.iter().map(|&weight| i32::from(weight)).sum();
            bias.wrapping_sub(sum.wrapping_mul(x.zero_point))
        });
        let bias = bias.collect();
        Ok(Self { weights, depth, bias, factors: (0..4).map(factor).collect::<Result<_>>()? })
    }

    /// Adds to the gates of one sample.
    fn add(&self, x: &[i8], gates: &mut [i16]) {
        let per_gate = gates.len() / 4;
        for (row, gate) in gates.iter_mut().enumerate() {
            let weights = &self.weights[row * self.depth..][..self.depth];
            let products = weights.iter().zip(x).map(|(&w, &x)| i32::from(w) * i32::from(x));
            let sum = products.fold(self.bias[row], i32::wrapping_add);
            let steps = self.factors[row / per_gate].multiply_rounding_twice(sum);
            *gate = saturate(steps.wrapping_add((*gate).into()));
        }
    }
}

fn saturate(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[derive(Debug)]
struct PreparedLstm {
    input: Product,
    recurrent: Product,
    hidden: usize,
    is_batch_first: bool,
    /// The cell state counts in steps of 2 to this.
    cell_exponent: i32,
    cell_clip: Option<i16>,
    output_factor: FixedPoint,
    output: Affine,
    constants: Vec<Option<Tensor>>,
}

impl PreparedLstm {
    /// One step of one sample.
    fn step(&self, x: &[i8], state: &mut [i8], cell: &mut [i16], gates: &mut [i16]) {
        gates.fill(0);
        self.input.add(x, gates);
        self.recurrent.add(state, gates);
        let divide = |a: i32, b: i32, shift: i32| rounding_divide_by_power_of_two(a * b, shift as u32) as i16;
        for unit in 0..self.hidden {
            let gate = |gate: usize| i32::from(gates[gate * self.hidden + unit]);
            let (input, output, forget) = (logistic_16(gate(0)), logistic_16(gate(1)), logistic_16(gate(2)));
            let candidate = tanh_16(gate(3), (ACTIVATED_BITS - GATE_BITS) as u32);
            let kept = divide(forget, cell[unit].into(), ACTIVATED_BITS);
            let new = divide(input, candidate, 2 * ACTIVATED_BITS + self.cell_exponent);
            let mut sum = kept.saturating_add(new);
            if let Some(clip) = self.cell_clip.filter(|clip| *clip > 0) {
                sum = sum.clamp(-clip, clip);
            }
            cell[unit] = sum;
            let activated = tanh_16(sum.into(), (ACTIVATED_BITS + self.cell_exponent) as u32);
            let steps = self.output_factor.multiply_rounding_twice(output * activated);
            state[unit] = self.output.limit(steps.into()) as i8;
        }
    }
}

impl Prepared for PreparedLstm {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let x = inputs.get(0)?;
        let &[first, second, depth] = x.shape() else {
            return Err(Error::data(format!("an LSTM on an input of shape {:?}", x.shape())));
        };
        let (n_steps, batch) = if self.is_batch_first { (second, first) } else { (first, second) };
        let mut states = inputs.get(HIDDEN_STATE)?.as_slice::<i8>()?.to_vec();
        let mut cells = inputs.get(CELL_STATE)?.as_slice::<i16>()?.to_vec();
        if depth != self.input.depth || [states.len(), cells.len()] != [batch * self.hidden; 2] {
            return Err(Error::data(format!(
                "an LSTM of {} inputs on an input of shape {:?}",
                self.input.depth,
                x.shape()
            )));
        }
        let x = x.as_slice::<i8>()?;
        let mut y = vec![0i8; n_steps * batch * self.hidden];
        let mut gates = vec![0i16; 4 * self.hidden];
        for sample in 0..batch {
            let state = &mut states[sample * self.hidden..][..self.hidden];
            let cell = &mut cells[sample * self.hidden..][..self.hidden];
            for step in 0..n_steps {
                let row = if self.is_batch_first { sample * n_steps + step } else { step * batch + sample };
                self.step(&x[row * depth..][..depth], state, cell, &mut gates);
                y[row * self.hidden..][..self.hidden].copy_from_slice(state);
            }
        }
        let shape = if self.is_batch_first {
            vec![batch, n_steps, 1, self.hidden]
        } else {
            vec![n_steps, 1, batch, self.hidden]
        };
        Ok(vec![Tensor::from_vec(shape, y)?])
    }
}
