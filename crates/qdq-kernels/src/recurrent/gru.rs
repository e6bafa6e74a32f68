//! Gated recurrent unit, gates in ONNX order: update, reset, hidden.

use super::super::gemm::{Bias, GemmOptions, MatRef, PackedB, gemm};
use super::super::math::Unary;
use super::{SequenceInput, SequenceOutput, clip, summed_bias};

/// Weights and attributes of one direction.
#[derive(Clone, Copy, Debug)]
pub struct GruWeights<'a> {
    /// Values per input step.
    pub input_size: usize,
    /// Values of the hidden state.
    pub hidden_size: usize,
    /// `W`, `[3 * hidden_size, input_size]`, gates z r h.
    pub input_weights: &'a [f32],
    /// `R`, `[3 * hidden_size, hidden_size]`.
    pub recurrent_weights: &'a [f32],
    /// `B`, `[6 * hidden_size]`: input biases, then recurrent biases.
    pub bias: Option<&'a [f32]>,
    /// Bound of the activations' inputs.
    pub clip: Option<f32>,
    /// Apply the reset gate after the recurrent product instead of before.
    pub linear_before_reset: bool,
}

/// One direction of a GRU, prepared once.
#[derive(Debug)]
pub struct PackedGru {
    hidden_size: usize,
    input_size: usize,
    input_weights: PackedB,
    /// Update and reset gates.
    gate_weights: PackedB,
    candidate_weights: PackedB,
    bias: Vec<f32>,
    /// Recurrent bias of the candidate, when it is inside the reset.
    candidate_bias: Vec<f32>,
    clip: Option<f32>,
    linear_before_reset: bool,
}

impl PackedGru {
    /// Packs the weights.
    ///
    /// # Panics
    /// When a length differs from its shape.
    pub fn new(weights: &GruWeights<'_>) -> Self {
        let (input_size, hidden) = (weights.input_size, weights.hidden_size);
        assert_eq!(weights.input_weights.len(), 3 * hidden * input_size);
        assert_eq!(weights.recurrent_weights.len(), 3 * hidden * hidden);
        let pack =
            |data: &[f32], rows, columns| PackedB::new(MatRef::row_major(data, rows, columns).transposed());
        let mut bias = summed_bias(weights.bias, 3 * hidden);
        let mut candidate_bias = vec![0.0; hidden];
        if let (true, Some(all)) = (weights.linear_before_reset, weights.bias) {
            bias[2 * hidden..].copy_from_slice(&all[2 * hidden..3 * hidden]);
            candidate_bias.copy_from_slice(&all[5 * hidden..]);
        }
        let (gates, candidate) = weights.recurrent_weights.split_at(2 * hidden * hidden);
        Self {
            hidden_size: hidden,
            input_size,
            input_weights: pack(weights.input_weights, 3 * hidden, input_size),
            gate_weights: pack(gates, 2 * hidden, hidden),
            candidate_weights: pack(candidate, hidden, hidden),
            bias,
            candidate_bias,
            clip: weights.clip,
            linear_before_reset: weights.linear_before_reset,
        }
    }

    /// Runs all steps. `hidden`, `[n_batches, hidden_size]`, holds the initial state and receives
    /// the final one.
    ///
    /// # Panics
    /// When a length differs from its shape.
    pub fn run(&self, input: &SequenceInput<'_>, hidden: &mut [f32], mut output: Option<SequenceOutput<'_>>) {
        let (size, n_batches) = (self.hidden_size, input.n_batches);
        input.check(self.input_size);
        assert_eq!(hidden.len(), n_batches * size);
        if let Some(output) = &mut output {
            output.check(input, size);
            output.clear_ends(input, size);
        }
        let projected = input.project(&self.input_weights, &self.bias);
        let mut step_buffers = Step::new(n_batches, size);
        for step in 0..input.longest() {
            let rows = |batch| {
                let time = input.time(batch, step).unwrap_or(0);
                &projected[(time * n_batches + batch) * 3 * size..][..3 * size]
            };
            self.step(&mut step_buffers, hidden, rows);
            for batch in 0..n_batches {
                let Some(time) = input.time(batch, step) else {
                    continue;
                };
                let part = batch * size..(batch + 1) * size;
                let update = &step_buffers.gates[2 * part.start..2 * part.start + size];
                let candidate = &step_buffers.candidate[part.clone()];
                let state = &mut hidden[part.clone()];
                for ((h, z), c) in state.iter_mut().zip(update).zip(candidate) {
                    *h = (1.0 - z) * c + z * *h;
                }
                if let Some(output) = &mut output {
                    output.row(time, batch, n_batches, size).copy_from_slice(&hidden[part]);
                }
            }
        }
    }

    /// Gates and candidate of one step of all sequences; `projected` gives a sequence's row.
    fn step<'a>(&self, step: &mut Step, hidden: &[f32], projected: impl Fn(usize) -> &'a [f32]) {
        let size = self.hidden_size;
        let n_batches = hidden.len() / size.max(1);
        for batch in 0..n_batches {
            let gates = &mut step.gates[2 * batch * size..2 * (batch + 1) * size];
            gates.copy_from_slice(&projected(batch)[..2 * size]);
        }
        let add = GemmOptions { beta: 1.0, ..GemmOptions::default() };
        let state = MatRef::row_major(hidden, n_batches, size);
        gemm(state.into(), (&self.gate_weights).into(), &add, &mut step.gates);
        clip(&mut step.gates, self.clip);
        Unary::Sigmoid.apply_serial(&mut step.gates);
        let candidate_weights = (&self.candidate_weights).into();
        if self.linear_before_reset {
            let bias = Bias::PerColumn(&self.candidate_bias);
            let options = GemmOptions { bias, ..GemmOptions::default() };
            gemm(state.into(), candidate_weights, &options, &mut step.candidate);
            for batch in 0..n_batches {
                let reset = &step.gates[(2 * batch + 1) * size..2 * (batch + 1) * size];
                let row = &projected(batch)[2 * size..];
                let candidate = &mut step.candidate[batch * size..(batch + 1) * size];
                for ((c, r), x) in candidate.iter_mut().zip(reset).zip(row) {
                    *c = r * *c + x;
                }
            }
        } else {
            for batch in 0..n_batches {
                let part = batch * size..(batch + 1) * size;
                let reset = &step.gates[(2 * batch + 1) * size..2 * (batch + 1) * size];
                let state = step.reset_state[part.clone()].iter_mut();
                for ((y, h), r) in state.zip(&hidden[part.clone()]).zip(reset) {
                    *y = r * h;
                }
                step.candidate[part].copy_from_slice(&projected(batch)[2 * size..]);
            }
            let state = MatRef::row_major(&step.reset_state, n_batches, size);
            gemm(state.into(), candidate_weights, &add, &mut step.candidate);
        }
        clip(&mut step.candidate, self.clip);
        Unary::Tanh.apply_serial(&mut step.candidate);
    }
}

/// Buffers of a step.
struct Step {
    /// `[n_batches, 2 * hidden_size]`: update and reset.
    gates: Vec<f32>,
    /// `[n_batches, hidden_size]`
    candidate: Vec<f32>,
    /// Hidden state times reset gate.
    reset_state: Vec<f32>,
}

impl Step {
    fn new(n_batches: usize, size: usize) -> Self {
        let n = n_batches * size;
        Self { gates: vec![0.0; 2 * n], candidate: vec![0.0; n], reset_state: vec![0.0; n] }
    }
}
