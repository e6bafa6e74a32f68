//! One direction of an LSTM or GRU layer with ONNX semantics and the default activations.
//!
//! The input projection of all time steps is one product; each step then needs one product (GRU
//! without `linear_before_reset`: two) with the packed recurrent weights. Bidirectional layers run
//! two of these, each writing its own part of `Y` ([`SequenceOutput`]).

use super::gemm::{Bias, GemmOptions, MatRef, PackedB, gemm};

mod gru;
mod lstm;

pub use gru::{GruWeights, PackedGru};
pub use lstm::{LstmWeights, PackedLstm};

/// The input of a run: `[n_steps, n_batches, input_size]`.
#[derive(Clone, Copy, Debug)]
pub struct SequenceInput<'a> {
    /// The values.
    pub data: &'a [f32],
    /// Time steps.
    pub n_steps: usize,
    /// Sequences side by side.
    pub n_batches: usize,
    /// Length of each sequence, at most `n_steps`; `None` means all are full.
    pub lengths: Option<&'a [usize]>,
    /// From the last step of each sequence to its first.
    pub reverse: bool,
}

/// Where the hidden state of every step goes: `[n_steps, n_directions, n_batches, hidden_size]`.
///
/// Steps past a sequence's length are written as 0.
#[derive(Debug)]
pub struct SequenceOutput<'a> {
    /// All directions' values.
    pub data: &'a mut [f32],
    /// Directions in it.
    pub n_directions: usize,
    /// The one that is written.
    pub direction: usize,
}

impl SequenceInput<'_> {
    fn length(&self, batch: usize) -> usize {
        self.lengths.map_or(self.n_steps, |lengths| lengths[batch])
    }

    /// Steps until the longest sequence ends.
    fn longest(&self) -> usize {
        (0..self.n_batches).map(|batch| self.length(batch)).max().unwrap_or(0)
    }

    /// The time that `batch` is at in the `step`-th step, when it has not ended.
    fn time(&self, batch: usize, step: usize) -> Option<usize> {
        let length = self.length(batch);
        (step < length).then(|| if self.reverse { length - 1 - step } else { step })
    }

    /// `X * weights + bias` of all steps: `[n_steps * n_batches, columns]`.
    fn project(&self, weights: &PackedB, bias: &[f32]) -> Vec<f32> {
        let n_rows = self.n_steps * self.n_batches;
        let input = MatRef::row_major(self.data, n_rows, weights.depth());
        let mut projected = vec![0.0; n_rows * weights.columns()];
        let options = GemmOptions { bias: Bias::PerColumn(bias), ..GemmOptions::default() };
        gemm(input.into(), weights.into(), &options, &mut projected);
        projected
    }

    fn check(&self, input_size: usize) {
        assert_eq!(self.data.len(), self.n_steps * self.n_batches * input_size);
        if let Some(lengths) = self.lengths {
            assert_eq!(lengths.len(), self.n_batches);
            assert!(lengths.iter().all(|length| *length <= self.n_steps), "sequence too long");
        }
    }
}

impl SequenceOutput<'_> {
    fn row(&mut self, time: usize, batch: usize, n_batches: usize, hidden: usize) -> &mut [f32] {
        let row = (time * self.n_directions + self.direction) * n_batches + batch;
        &mut self.data[row * hidden..(row + 1) * hidden]
    }

    /// Zeroes the steps after each sequence's end.
    fn clear_ends(&mut self, input: &SequenceInput<'_>, hidden: usize) {
        for batch in 0..input.n_batches {
            for time in input.length(batch)..input.n_steps {
                self.row(time, batch, input.n_batches, hidden).fill(0.0);
            }
        }
    }

    fn check(&self, input: &SequenceInput<'_>, hidden: usize) {
        let expected = input.n_steps * self.n_directions * input.n_batches * hidden;
        assert_eq!(self.data.len(), expected);
        assert!(self.direction < self.n_directions);
    }
}

/// Sum of the two halves of an ONNX bias `[2 * n]`, or zeros.
fn summed_bias(bias: Option<&[f32]>, n: usize) -> Vec<f32> {
    let Some(bias) = bias else {
        return vec![0.0; n];
    };
    assert_eq!(bias.len(), 2 * n, "recurrent bias of another length");
    bias[..n].iter().zip(&bias[n..]).map(|(w, r)| w + r).collect()
}

/// Limits what enters an activation (ONNX `clip`).
fn clip(values: &mut [f32], limit: Option<f32>) {
    if let Some(limit) = limit {
        for x in values {
            *x = x.clamp(-limit, limit);
        }
    }
}

#[cfg(test)]
mod tests;
