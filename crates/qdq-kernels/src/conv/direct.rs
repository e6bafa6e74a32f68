//! Convolution straight off a padded copy of the input.
//!
//! With `s` the stride of the width, the copy holds each row as `s` phases: the elements `0, s, 2s …`, then `1, s + 1 …`
//! and so on. The inputs of neighbouring outputs are then neighbours for every tap, so that the product of weights and
//! windows reads them where they lie. Bringing windows into panels costs as much as computing 16 output channels from
//! them; this costs one copy of the input.
#![allow(unsafe_code, reason = "disjoint parts of one output for several tasks")]

use super::super::activation::Activation;
use super::super::gemm::{InPlace, Output, PackedA, register_columns};
use super::super::parallel::{for_each_chunk, for_each_task};
use super::super::scratch::with_buffer;
use super::Geometry;

/// Multiplications below which a piece of work is not worth a task of its own.
const TASK_WORK: usize = 1 << 18;
/// Longest sum: with more, a panel of weights leaves the first-level cache.
const MAX_DEPTH: usize = 1024;

/// Where a padded copy has its elements.
#[derive(Clone, Copy, Debug)]
struct Padded {
    geometry: Geometry,
    /// Length of one phase of a row.
    phase: usize,
    /// Length of a row.
    row: usize,
    /// Length of a channel.
    channel: usize,
}

/// Whether rows of outputs fill registers well enough, and the sums are short enough.
pub(super) fn is_good(geometry: &Geometry, depth: usize) -> bool {
    let width = geometry.output[2];
    let is_flat = geometry.input[0] == 1 && geometry.output[0] == 1 && geometry.axes[0].kernel == 1;
    let fills = width as f32 >= 0.8 * width.next_multiple_of(register_columns()) as f32;
    is_flat && fills && depth <= MAX_DEPTH && !geometry.is_pointwise()
}

/// The convolution of one group of one image; `input` is `[channels, height, width]`.
pub(super) fn run(
    weights: &PackedA,
    input: &[f32],
    geometry: &Geometry,
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let padded = Padded::new(geometry);
    let n_channels = input.len() / geometry.input_len().max(1);
    let offsets = padded.offsets(n_channels);
    let [_, height, width] = geometry.output;
    with_buffer(n_channels * padded.channel + register_columns(), |copy| {
        let (channels, slack) = copy.split_at_mut(n_channels * padded.channel);
        slack.fill(0.0);
        for_each_chunk(channels, padded.channel.max(1), |channel, to| {
            padded.fill(&input[channel * geometry.input_len()..][..geometry.input_len()], to);
        });
        let target = Output::row_major(output, height * width);
        let product = InPlace {
            a: weights,
            b: copy,
            last_offset: offsets.iter().copied().max().unwrap_or(0),
            offsets: &offsets,
            bias,
            activation,
            output: &target,
        };
        let row_work = weights.rows() * weights.depth() * width;
        let n_rows = TASK_WORK.div_ceil(row_work.max(1)).min(height);
        for_each_task(height.div_ceil(n_rows), |task| {
            let rows = task * n_rows..height.min((task + 1) * n_rows);
            for row in rows.clone() {
                product.run(row * geometry.axes[1].stride * padded.row, row * width, width);
            }
            if let Some(unary) = activation.as_unary() {
                for channel in 0..weights.rows() {
                    let begin = (channel * height + rows.start) * width;
                    // SAFETY: the rows of this task.
                    unary.apply_serial(unsafe { target.data.slice(begin, rows.len() * width) });
                }
            }
        });
    });
}

impl Padded {
    fn new(geometry: &Geometry) -> Self {
        let [_, y, x] = geometry.axes;
        let span = |axis: super::Axis, n_outputs: usize| {
            (n_outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
        };
        let phase = span(x, geometry.output[2]).div_ceil(x.stride);
        let row = phase * x.stride;
        Self { geometry: *geometry, phase, row, channel: row * span(y, geometry.output[1]) }
    }

    /// Where each weight of an output channel finds the input of the first output.
    fn offsets(&self, n_channels: usize) -> Vec<usize> {
        let [_, y, x] = self.geometry.axes;
        let mut offsets = Vec::with_capacity(n_channels * y.kernel * x.kernel);
        for channel in 0..n_channels {
            for row in 0..y.kernel {
                for column in (0..x.kernel).map(|tap| tap * x.dilation) {
                    let in_row = column % x.stride * self.phase + column / x.stride;
                    offsets.push(channel * self.channel + row * y.dilation * self.row + in_row);
                }
            }
        }
        offsets
    }

    /// Copies a channel into its padded form.
    fn fill(&self, input: &[f32], to: &mut [f32]) {
        let [_, y, x] = self.geometry.axes;
        let [_, height, width] = self.geometry.input;
        for (row, to) in to.chunks_exact_mut(self.row).enumerate() {
            let Some(row) = row.checked_sub(y.pad_begin).filter(|row| *row < height) else {
                to.fill(0.0);
                continue;
            };
            let from = &input[row * width..][..width];
            for (phase, to) in to.chunks_exact_mut(self.phase).enumerate() {
                // Element `i` of the phase is column `i * stride + phase - pad_begin` of the input.
                let begin = x.pad_begin.saturating_sub(phase).div_ceil(x.stride).min(to.len());
                let first = (begin * x.stride + phase).saturating_sub(x.pad_begin);
                let n = width.saturating_sub(first).div_ceil(x.stride).min(to.len() - begin);
                to[..begin].fill(0.0);
                if x.stride == 1 {
                    to[begin..begin + n].copy_from_slice(&from[first..first + n]);
                } else if n > 0 {
                    for (to, from) in
                        to[begin..begin + n].iter_mut().zip(from[first..].iter().step_by(x.stride))
                    {
                        *to = *from;
                    }
                }
                to[begin + n..].fill(0.0);
            }
        }
    }
}
