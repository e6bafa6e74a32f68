//! Running recurrent layers: shapes and weights of their directions, and one plain cell for what the packed
//! kernels do not cover (other activations, simple networks).

use super::Args;
use super::movement::transposed;
use super::numeric::filled;
use super::quantize::through_own_range;
use super::recurrent::{Direction, RecurrentActivation};
use crate::error::{Error, Result};
use crate::kernels::recurrent::{
    GruWeights, LstmWeights, PackedGru, PackedLstm, SequenceInput, SequenceOutput,
};
use crate::tensor::Tensor;

/// What kind of cell a layer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Gates: input, output, forget, cell.
    Lstm {
        /// Forget is 1 − input.
        input_forget: bool,
        /// The hidden state is quantized by its own range before each step.
        is_dynamic: bool,
    },
    /// Gates: update, reset, hidden.
    Gru {
        /// The reset gate comes after the recurrent product.
        linear_before_reset: bool,
    },
    /// One gate.
    Rnn,
}

impl Cell {
    /// Number of gates.
    pub(super) fn n_gates(self) -> usize {
        match self {
            Cell::Lstm { .. } => 4,
            Cell::Gru { .. } => 3,
            Cell::Rnn => 1,
        }
    }

    /// Activations of a direction where none are given.
    fn default_activations(self) -> &'static [RecurrentActivation] {
        use RecurrentActivation::{Sigmoid, Tanh};
        match self {
            Cell::Lstm { .. } => &[Sigmoid, Tanh, Tanh],
            Cell::Gru { .. } => &[Sigmoid, Tanh],
            Cell::Rnn => &[Tanh],
        }
    }
}

/// The attributes of a recurrent layer.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) cell: Cell,
    pub(super) direction: Direction,
    pub(super) hidden_size: Option<usize>,
    pub(super) activations: Vec<RecurrentActivation>,
    pub(super) alpha: Vec<f32>,
    pub(super) beta: Vec<f32>,
    pub(super) clip: Option<f32>,
    /// Limit of the cell state of an LSTM.
    pub(super) cell_clip: Option<f32>,
    pub(super) layout: usize,
    /// Whether all cell states of an LSTM are an output, the last one.
    pub(super) gives_cells: bool,
}

/// An activation with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Function(RecurrentActivation, f32, f32);

impl Function {
    fn call(self, x: f32) -> f32 {
        let Function(activation, alpha, beta) = self;
        match activation {
            RecurrentActivation::Relu => x.max(0.0),
            RecurrentActivation::Tanh => x.tanh(),
            RecurrentActivation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            RecurrentActivation::Affine => alpha * x + beta,
            RecurrentActivation::LeakyRelu if x < 0.0 => alpha * x,
            RecurrentActivation::ThresholdedRelu if x <= alpha => 0.0,
            RecurrentActivation::ScaledTanh => alpha * (beta * x).tanh(),
            RecurrentActivation::HardSigmoid => (alpha * x + beta).clamp(0.0, 1.0),
            RecurrentActivation::Elu if x < 0.0 => alpha * x.exp_m1(),
            RecurrentActivation::LeakyRelu
            | RecurrentActivation::ThresholdedRelu
            | RecurrentActivation::Elu => x,
            RecurrentActivation::Softsign => x / (1.0 + x.abs()),
            RecurrentActivation::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        }
    }
}

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    directions: usize,
    input: usize,
    hidden: usize,
}

/// One direction with its weights.
#[derive(Debug)]
pub(super) enum PackedDirection {
    Lstm(PackedLstm),
    Gru(PackedGru),
    Plain(PlainDirection),
}

/// A direction computed by plain loops.
#[derive(Debug)]
pub(super) struct PlainDirection {
    cell: Cell,
    sizes: Sizes,
    functions: Vec<Function>,
    clip: f32,
    cell_clip: f32,
    input_weights: Vec<f32>,
    recurrent_weights: Vec<f32>,
    input_bias: Vec<f32>,
    recurrent_bias: Vec<f32>,
    peepholes: Vec<f32>,
}

impl Layer {
    /// Number of directions.
    pub(super) fn n_directions(&self) -> usize {
        if self.direction == Direction::Bidirectional { 2 } else { 1 }
    }

    /// Checks what does not depend on inputs.
    pub(super) fn check(&self) -> Result<()> {
        let expected = self.cell.default_activations().len() * self.n_directions();
        if !self.activations.is_empty() && self.activations.len() != expected {
            let message = format!("{} activations where {expected} are needed", self.activations.len());
            return Err(Error::graph(message).attribute("activations"));
        }
        if self.layout > 1 {
            return Err(Error::graph("neither 0 nor 1").attribute("layout"));
        }
        for (name, clip) in [("clip", self.clip), ("cell_clip", self.cell_clip)] {
            if clip.is_some_and(|clip| clip.is_nan() || clip < 0.0) {
                return Err(Error::graph("no positive number").attribute(name));
            }
        }
        Ok(())
    }

    /// Activations of each direction; parameters are taken by those that have them, in order.
    fn functions(&self) -> Vec<Vec<Function>> {
        let defaults = self.cell.default_activations();
        let all = if self.activations.is_empty() {
            defaults.repeat(self.n_directions())
        } else {
            self.activations.clone()
        };
        let (mut alphas, mut betas) = (self.alpha.iter().copied(), self.beta.iter().copied());
        let functions = all.into_iter().map(|activation| {
            let (alpha, beta) = match activation {
                RecurrentActivation::Affine => (Some(1.0), Some(0.0)),
                RecurrentActivation::LeakyRelu => (Some(0.01), None),
                RecurrentActivation::ThresholdedRelu | RecurrentActivation::Elu => (Some(1.0), None),
                RecurrentActivation::ScaledTanh => (Some(1.0), Some(1.0)),
                RecurrentActivation::HardSigmoid => (Some(0.2), Some(0.5)),
                _ => (None, None),
            };
            let alpha = alpha.map_or(0.0, |default| alphas.next().unwrap_or(default));
            let beta = beta.map_or(0.0, |default| betas.next().unwrap_or(default));
            Function(activation, alpha, beta)
        });
        functions.collect::<Vec<_>>().chunks(defaults.len()).map(<[_]>::to_vec).collect()
    }

    /// Sizes by the weights, inputs 1 and 2, which are checked against each other.
    fn sizes(&self, inputs: &Args) -> Result<Sizes> {
        self.check()?;
        let (w, r) = (inputs.get(1)?.shape(), inputs.get(2)?.shape());
        let bad = || Error::data(format!("weights of shapes {w:?} and {r:?}"));
        let (&[directions, rows, input], &[_, _, hidden]) = (w, r) else { return Err(bad()) };
        let n_rows = hidden.checked_mul(self.cell.n_gates()).ok_or_else(bad)?;
        if directions != self.n_directions() || rows != n_rows || r != [directions, n_rows, hidden] {
            return Err(bad());
        }
        if hidden == 0 || self.hidden_size.is_some_and(|size| size != hidden) {
            return Err(Error::data(format!("weights for {hidden} hidden values")).attribute("hidden_size"));
        }
        Ok(Sizes { directions, input, hidden })
    }

    /// Packs the weights of each direction: inputs 1, 2, 3 (bias) and 7 (peepholes).
    pub(super) fn pack(&self, inputs: &Args) -> Result<Vec<PackedDirection>> {
        let sizes = self.sizes(inputs)?;
        let rows = self.cell.n_gates() * sizes.hidden;
        let optional = |position: usize, len: usize| -> Result<Option<&[f32]>> {
            let Some(tensor) = inputs.optional(position) else { return Ok(None) };
            if tensor.shape() != [sizes.directions, len] {
                return Err(Error::data(format!("input {position} has the shape {:?}", tensor.shape())));
            }
            tensor.as_slice().map(Some)
        };
        let (w, r) = (inputs.slice::<f32>(1)?, inputs.slice::<f32>(2)?);
        let bias = optional(3, 2 * rows)?;
        let is_lstm = matches!(self.cell, Cell::Lstm { .. });
        let peepholes = if is_lstm { optional(7, 3 * sizes.hidden)? } else { None };
        let mut packed = Vec::new();
        for (direction, functions) in self.functions().into_iter().enumerate() {
            let part = |all: &'_ [f32], len: usize| direction * len..((direction + 1) * len).min(all.len());
            let w = &w[part(w, rows * sizes.input)];
            let r = &r[part(r, rows * sizes.hidden)];
            let bias = bias.map(|bias| &bias[part(bias, 2 * rows)]);
            let peepholes = peepholes.map(|p| &p[part(p, 3 * sizes.hidden)]);
            packed.push(self.pack_direction(sizes, functions, w, r, bias, peepholes));
        }
        Ok(packed)
    }

    fn pack_direction(
        &self,
        sizes: Sizes,
        functions: Vec<Function>,
        input_weights: &[f32],
        recurrent_weights: &[f32],
        bias: Option<&[f32]>,
        peepholes: Option<&[f32]>,
    ) -> PackedDirection {
        let (input_size, hidden_size, clip) = (sizes.input, sizes.hidden, self.clip);
        let defaults =
            functions.iter().map(|function| function.0).eq(self.cell.default_activations().iter().copied());
        match self.cell {
            Cell::Lstm { input_forget, is_dynamic: false }
                if defaults && self.cell_clip.is_none() && !self.gives_cells =>
            {
                PackedDirection::Lstm(PackedLstm::new(&LstmWeights {
                    input_size,
                    hidden_size,
                    input_weights,
                    recurrent_weights,
                    bias,
                    peepholes,
                    clip,
                    input_forget,
                }))
            }
            Cell::Gru { linear_before_reset } if defaults => {
                PackedDirection::Gru(PackedGru::new(&GruWeights {
                    input_size,
                    hidden_size,
                    input_weights,
                    recurrent_weights,
                    bias,
                    clip,
                    linear_before_reset,
                }))
            }
            cell => {
                let rows = cell.n_gates() * hidden_size;
                let half = |second: bool| match bias {
                    Some(bias) if second => bias[rows..].to_vec(),
                    Some(bias) => bias[..rows].to_vec(),
                    None => vec![0.0; rows],
                };
                PackedDirection::Plain(PlainDirection {
                    cell,
                    sizes,
                    functions,
                    clip: clip.unwrap_or(f32::INFINITY),
                    cell_clip: self.cell_clip.unwrap_or(f32::INFINITY),
                    input_weights: input_weights.to_vec(),
                    recurrent_weights: recurrent_weights.to_vec(),
                    input_bias: half(false),
                    recurrent_bias: half(true),
                    peepholes: peepholes.map_or_else(|| vec![0.0; 3 * hidden_size], <[f32]>::to_vec),
                })
            }
        }
    }

    /// Runs all directions; outputs: all hidden states, the last ones, the last cell states (LSTM), all of them if asked for.
    pub(super) fn run(&self, packed: &[PackedDirection], inputs: &Args) -> Result<Vec<Tensor>> {
        let sizes = self.sizes(inputs)?;
        let x = self.time_major(inputs.get(0)?)?;
        let &[n_steps, n_batches, input_size] = x.shape() else {
            return Err(Error::data(format!("an input of shape {:?}, which has not rank 3", x.shape())));
        };
        if input_size != sizes.input {
            return Err(Error::data(format!("{input_size} values a step for weights of {}", sizes.input)));
        }
        let lengths = lengths(inputs.optional(4), n_steps, n_batches)?;
        let mut hidden = self.state(inputs.optional(5), sizes, n_batches)?;
        let is_lstm = matches!(self.cell, Cell::Lstm { .. });
        let mut cell = self.state(inputs.optional(6).filter(|_| is_lstm), sizes, n_batches)?;
        let shape = [n_steps, sizes.directions, n_batches, sizes.hidden];
        let mut all = filled(&shape, 0.0)?;
        let mut cells = if self.gives_cells { filled(&shape, 0.0)? } else { Vec::new() };
        let state_len = n_batches * sizes.hidden;
        for (direction, packed) in packed.iter().enumerate() {
            let sequence = SequenceInput {
                data: x.as_slice()?,
                n_steps,
                n_batches,
                lengths: lengths.as_deref(),
                reverse: direction == 1 || self.direction == Direction::Reverse,
            };
            let part = direction * state_len..(direction + 1) * state_len;
            let (hidden, cell) = (&mut hidden[part.clone()], &mut cell[part]);
            let mut output = SequenceOutput { data: &mut all, n_directions: sizes.directions, direction };
            match packed {
                PackedDirection::Lstm(lstm) => lstm.run(&sequence, hidden, cell, Some(output)),
                PackedDirection::Gru(gru) => gru.run(&sequence, hidden, Some(output)),
                PackedDirection::Plain(plain) => plain.run(&sequence, hidden, cell, &mut output, &mut cells),
            }
        }
        let state_shape = vec![sizes.directions, n_batches, sizes.hidden];
        let mut outputs =
            vec![Tensor::from_vec(shape.to_vec(), all)?, Tensor::from_vec(state_shape.clone(), hidden)?];
        if is_lstm {
            outputs.push(Tensor::from_vec(state_shape, cell)?);
        }
        if self.gives_cells {
            outputs.push(Tensor::from_vec(shape.to_vec(), cells)?);
        }
        if self.layout == 1 {
            for output in &mut outputs {
                let perm: &[usize] = if output.shape().len() == 4 { &[2, 0, 1, 3] } else { &[1, 0, 2] };
                *output = transposed(output, perm)?;
            }
        }
        Ok(outputs)
    }

    fn time_major(&self, x: &Tensor) -> Result<Tensor> {
        if self.layout == 1 && x.shape().len() == 3 { transposed(x, &[1, 0, 2]) } else { Ok(x.clone()) }
    }

    /// The initial state, `[directions, batches, hidden]`; zeros if it is not given.
    fn state(&self, initial: Option<&Tensor>, sizes: Sizes, n_batches: usize) -> Result<Vec<f32>> {
        let shape = [sizes.directions, n_batches, sizes.hidden];
        let Some(initial) = initial else { return filled(&shape, 0.0) };
        let initial = self.time_major(initial)?;
        if initial.shape() != shape {
            return Err(Error::data(format!("an initial state of shape {:?}", initial.shape())));
        }
        initial.into_vec()
    }
}

fn lengths(tensor: Option<&Tensor>, n_steps: usize, n_batches: usize) -> Result<Option<Vec<usize>>> {
    let Some(tensor) = tensor else { return Ok(None) };
    let lengths = tensor.to_i64_vec()?;
    let valid = |length: i64| usize::try_from(length).ok().filter(|length| *length <= n_steps);
    match lengths.iter().map(|&length| valid(length)).collect::<Option<Vec<_>>>() {
        Some(valid) if valid.len() == n_batches => Ok(Some(valid)),
        _ => {
            Err(Error::data(format!("lengths {lengths:?} of {n_batches} sequences of up to {n_steps} steps")))
        }
    }
}

impl PlainDirection {
    fn run(
        &self,
        input: &SequenceInput<'_>,
        hidden: &mut [f32],
        cell: &mut [f32],
        output: &mut SequenceOutput<'_>,
        cells: &mut [f32],
    ) {
        let (size, n_batches) = (self.sizes.hidden, input.n_batches);
        let length = |batch: usize| input.lengths.map_or(input.n_steps, |lengths| lengths[batch]);
        for step in 0..input.n_steps {
            // The gates see the states of all sequences as they are before the step.
            let mut seen = hidden.to_vec();
            if let Cell::Lstm { is_dynamic: true, .. } = self.cell {
                // The state of a sequence counts for one step after its end, as onnxruntime has it.
                for (state, _) in seen.chunks_exact_mut(size).zip(0..).filter(|(_, b)| step > length(*b)) {
                    state.fill(0.0);
                }
                through_own_range(&mut seen);
            }
            for batch in 0..n_batches {
                let length = length(batch);
                if step >= length {
                    continue;
                }
                let time = if input.reverse { length - 1 - step } else { step };
                let x = &input.data[(time * n_batches + batch) * self.sizes.input..][..self.sizes.input];
                let state = batch * size..(batch + 1) * size;
                let seen = &seen[state.clone()];
                let (hidden, cell) = (&mut hidden[state.clone()], &mut cell[state]);
                match self.cell {
                    Cell::Lstm { input_forget, .. } => self.lstm_step(x, seen, hidden, cell, input_forget),
                    Cell::Gru { linear_before_reset } => self.gru_step(x, hidden, linear_before_reset),
                    Cell::Rnn => {
                        let next = self.gate(&self.product(0, x, seen), |_| 0.0, self.functions[0]);
                        hidden.copy_from_slice(&next);
                    }
                }
                let row = (time * output.n_directions + output.direction) * n_batches + batch;
                output.data[row * size..(row + 1) * size].copy_from_slice(hidden);
                if !cells.is_empty() {
                    cells[row * size..(row + 1) * size].copy_from_slice(cell);
                }
            }
        }
    }

    /// Input product with its bias, then recurrent product with its bias, of each row of a gate.
    fn product(&self, gate: usize, x: &[f32], hidden: &[f32]) -> Vec<(f32, f32)> {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let rows = gate * self.sizes.hidden..(gate + 1) * self.sizes.hidden;
        rows.map(|row| {
            let w = &self.input_weights[row * x.len()..][..x.len()];
            let r = &self.recurrent_weights[row * hidden.len()..][..hidden.len()];
            (dot(w, x) + self.input_bias[row], dot(r, hidden) + self.recurrent_bias[row])
        })
        .collect()
    }

    /// Activations of a gate from its products and something added to each.
    fn gate(&self, products: &[(f32, f32)], plus: impl Fn(usize) -> f32, function: Function) -> Vec<f32> {
        let sum = |(i, &(w, r)): (usize, &(f32, f32))| (w + r + plus(i)).clamp(-self.clip, self.clip);
        products.iter().enumerate().map(sum).map(|x| function.call(x)).collect()
    }

    fn lstm_step(&self, x: &[f32], seen: &[f32], hidden: &mut [f32], cell: &mut [f32], input_forget: bool) {
        let &[f, g, h] = &self.functions[..] else { return };
        let size = hidden.len();
        let peephole = |which: usize, i: usize, cell: &[f32]| self.peepholes[which * size + i] * cell[i];
        let input = self.gate(&self.product(0, x, seen), |i| peephole(0, i, cell), f);
        let forget = if input_forget {
            input.iter().map(|input| 1.0 - input).collect()
        } else {
            self.gate(&self.product(2, x, seen), |i| peephole(2, i, cell), f)
        };
        let candidate = self.gate(&self.product(3, x, seen), |_| 0.0, g);
        for i in 0..size {
            let next = forget[i] * cell[i] + input[i] * candidate[i];
            cell[i] = next.clamp(-self.cell_clip, self.cell_clip);
        }
        let output = self.gate(&self.product(1, x, seen), |i| peephole(1, i, cell), f);
        for i in 0..size {
            hidden[i] = output[i] * h.call(cell[i]);
        }
    }

    fn gru_step(&self, x: &[f32], hidden: &mut [f32], linear_before_reset: bool) {
        let &[f, g] = &self.functions[..] else { return };
        let update = self.gate(&self.product(0, x, hidden), |_| 0.0, f);
        let reset = self.gate(&self.product(1, x, hidden), |_| 0.0, f);
        let products = if linear_before_reset {
            let products = self.product(2, x, hidden);
            products.into_iter().zip(&reset).map(|((w, r), reset)| (w, r * reset)).collect()
        } else {
            let kept: Vec<f32> = hidden.iter().zip(&reset).map(|(h, reset)| h * reset).collect();
            self.product(2, x, &kept)
        };
        let candidate = self.gate(&products, |_| 0.0, g);
        for ((h, z), candidate) in hidden.iter_mut().zip(&update).zip(&candidate) {
            *h = (1.0 - z) * candidate + z * *h;
        }
    }
}
