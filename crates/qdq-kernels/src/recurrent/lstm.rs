//! Long short-term memory, gates in ONNX order: input, output, forget, cell.

use super::super::gemm::{GemmOptions, MatRef, PackedB, gemm};
use super::super::math::Unary;
use super::{SequenceInput, SequenceOutput, clip, summed_bias};

/// Weights and attributes of one direction.
#[derive(Clone, Copy, Debug)]
pub struct LstmWeights<'a> {
    /// Values per input step.
    pub input_size: usize,
    /// Values of the hidden state.
    pub hidden_size: usize,
    /// `W`, `[4 * hidden_size, input_size]`, gates i o f c.
    pub input_weights: &'a [f32],
    /// `R`, `[4 * hidden_size, hidden_size]`.
    pub recurrent_weights: &'a [f32],
    /// `B`, `[8 * hidden_size]`: input biases, then recurrent biases.
    pub bias: Option<&'a [f32]>,
    /// `P`, `[3 * hidden_size]`, gates i o f.
    pub peepholes: Option<&'a [f32]>,
    /// Bound of the activations' inputs.
    pub clip: Option<f32>,
    /// Couple the gates: forget = 1 - input.
    pub input_forget: bool,
}

/// One direction of an LSTM, prepared once.
#[derive(Debug)]
pub struct PackedLstm {
    hidden_size: usize,
    input_size: usize,
    input_weights: PackedB,
    recurrent_weights: PackedB,
    bias: Vec<f32>,
    peepholes: Option<Vec<f32>>,
    clip: Option<f32>,
    input_forget: bool,
}

impl PackedLstm {
    /// Packs the weights.
    ///
    /// # Panics
    /// When a length differs from its shape.
    pub fn new(weights: &LstmWeights<'_>) -> Self {
        let (input_size, hidden) = (weights.input_size, weights.hidden_size);
        assert_eq!(weights.input_weights.len(), 4 * hidden * input_size);
        assert_eq!(weights.recurrent_weights.len(), 4 * hidden * hidden);
        assert!(weights.peepholes.is_none_or(|p| p.len() == 3 * hidden));
        let pack = |data, columns| PackedB::new(MatRef::row_major(data, 4 * hidden, columns).transposed());
        Self {
            hidden_size: hidden,
            input_size,
            input_weights: pack(weights.input_weights, input_size),
            recurrent_weights: pack(weights.recurrent_weights, hidden),
            bias: summed_bias(weights.bias, 4 * hidden),
            peepholes: weights.peepholes.map(<[f32]>::to_vec),
            clip: weights.clip,
            input_forget: weights.input_forget,
        }
    }

    /// Runs all steps. `hidden` and `cell`, `[n_batches, hidden_size]`, hold the initial state and
    /// receive the final one.
    ///
    /// # Panics
    /// When a length differs from its shape.
    pub fn run(
        &self,
        input: &SequenceInput<'_>,
        hidden: &mut [f32],
        cell: &mut [f32],
        mut output: Option<SequenceOutput<'_>>,
    ) {
        let size = self.hidden_size;
        input.check(self.input_size);
        assert_eq!([hidden.len(), cell.len()], [input.n_batches * size; 2]);
        if let Some(output) = &mut output {
            output.check(input, size);
            output.clear_ends(input, size);
        }
        let projected = input.project(&self.input_weights, &self.bias);
        let mut gates = vec![0.0; input.n_batches * 4 * size];
        for step in 0..input.longest() {
            let times = |batch| input.time(batch, step);
            let row = |time: usize, batch: usize| (time * input.n_batches + batch) * 4 * size;
            for (batch, gates) in gates.chunks_exact_mut((4 * size).max(1)).enumerate() {
                let begin = row(times(batch).unwrap_or(0), batch);
                gates.copy_from_slice(&projected[begin..begin + 4 * size]);
            }
            let state = MatRef::row_major(hidden, input.n_batches, size);
            let options = GemmOptions { beta: 1.0, ..GemmOptions::default() };
            gemm(state.into(), (&self.recurrent_weights).into(), &options, &mut gates);
            for batch in 0..input.n_batches {
                let Some(time) = times(batch) else { continue };
                let part = batch * size..(batch + 1) * size;
                let gates = &mut gates[4 * part.start..4 * part.end];
                self.update(gates, &mut hidden[part.clone()], &mut cell[part.clone()]);
                if let Some(output) = &mut output {
                    output.row(time, batch, input.n_batches, size).copy_from_slice(&hidden[part]);
                }
            }
        }
    }

    /// One step of one sequence: gates before their activations to the next state.
    fn update(&self, gates: &mut [f32], hidden: &mut [f32], cell: &mut [f32]) {
        let size = self.hidden_size;
        let (input_gate, rest) = gates.split_at_mut(size);
        let (output_gate, rest) = rest.split_at_mut(size);
        let (forget_gate, candidate) = rest.split_at_mut(size);
        let peephole = |gate: &mut [f32], which: usize, cell: &[f32]| {
            if let Some(peepholes) = &self.peepholes {
                let weights = &peepholes[which * size..(which + 1) * size];
                for ((x, p), c) in gate.iter_mut().zip(weights).zip(cell) {
                    *x += p * c;
                }
            }
        };
        let activate = |gate: &mut [f32], unary: Unary| {
            clip(gate, self.clip);
            unary.apply_serial(gate);
        };
        peephole(input_gate, 0, cell);
        activate(input_gate, Unary::Sigmoid);
        if self.input_forget {
            forget_gate.iter_mut().zip(&*input_gate).for_each(|(f, i)| *f = 1.0 - i);
        } else {
            peephole(forget_gate, 2, cell);
            activate(forget_gate, Unary::Sigmoid);
        }
        activate(candidate, Unary::Tanh);
        for i in 0..size {
            cell[i] = forget_gate[i] * cell[i] + input_gate[i] * candidate[i];
        }
        peephole(output_gate, 1, cell);
        activate(output_gate, Unary::Sigmoid);
        hidden.copy_from_slice(cell);
        Unary::Tanh.apply_serial(hidden);
        hidden.iter_mut().zip(&*output_gate).for_each(|(h, o)| *h *= o);
    }
}
