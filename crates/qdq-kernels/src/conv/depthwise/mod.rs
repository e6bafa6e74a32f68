//! Depthwise convolution: each output channel looks at one input channel.
//!
//! One and two axes go through [`plane`]; with depth a plain loop over taps does.

use super::super::activation::Activation;
use super::super::parallel::{for_each_chunk, rows_per_task};
use super::super::scratch::with_buffer;
use super::super::simd::dispatch_narrow;
use super::{ConvShape, Geometry};

mod plane;

use plane::{Layout, Planes};

/// Multiplications per task.
const CHUNK: usize = 1 << 17;

/// Weights `[out_channels, taps]`.
#[derive(Debug)]
pub(super) struct Depthwise {
    weights: Vec<f32>,
    in_channels: usize,
    out_channels: usize,
}

/// What one output plane needs.
#[derive(Clone, Copy, Debug, Default)]
struct Channel<'a> {
    input: &'a [f32],
    weights: &'a [f32],
    bias: f32,
}

/// The needs of one output plane after the other.
#[derive(Clone, Debug)]
struct Channels<'a> {
    input: &'a [f32],
    in_len: usize,
    weights: &'a [f32],
    n_taps: usize,
    bias: Option<&'a [f32]>,
    n_outputs: usize,
    /// Output channels of an input channel.
    per_input: usize,
    /// The next output channel and its input plane.
    next_output: usize,
    next_input: usize,
}

impl<'a> Iterator for Channels<'a> {
    type Item = Channel<'a>;

    #[inline]
    fn next(&mut self) -> Option<Channel<'a>> {
        let (channel, plane) = (self.next_output, self.next_input);
        self.next_output += 1;
        if self.per_input == 1 || self.next_output.is_multiple_of(self.per_input) {
            self.next_input += 1;
        }
        if self.next_output == self.n_outputs {
            self.next_output = 0;
        }
        Some(Channel {
            input: &self.input[plane * self.in_len..(plane + 1) * self.in_len],
            weights: &self.weights[channel * self.n_taps..(channel + 1) * self.n_taps],
            bias: self.bias.map_or(0.0, |bias| bias[channel]),
        })
    }
}

impl Depthwise {
    /// Keeps the weights of a shape whose groups have one input channel.
    pub(super) fn new(weights: &[f32], shape: &ConvShape) -> Self {
        Self { weights: weights.to_vec(), in_channels: shape.in_channels, out_channels: shape.out_channels }
    }

    /// Convolves `[n, in_channels, spatial]`.
    pub(super) fn run(
        &self,
        input: &[f32],
        geometry: &Geometry,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        let n_taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
        let (in_len, out_len) = (geometry.input_len(), geometry.output_len());
        let planes = rows_per_task(n_taps * out_len, CHUNK);
        let per_input = self.out_channels / self.in_channels;
        let layout = Layout::new(geometry);
        for_each_chunk(output, planes * out_len, |task, out| {
            let first = task * planes;
            let channels = Channels {
                input,
                in_len,
                weights: &self.weights,
                n_taps,
                bias,
                n_outputs: self.out_channels,
                per_input,
                next_output: first % self.out_channels,
                next_input: first / self.out_channels * self.in_channels
                    + first % self.out_channels / per_input,
            };
            let Some(layout) = &layout else {
                for (out, channel) in out.chunks_exact_mut(out_len).zip(channels) {
                    out.fill(channel.bias);
                    general_plane(channel.input, channel.weights, geometry, out);
                }
                activation.apply(out);
                return;
            };
            with_buffer(layout.buffer_len(), |padded| {
                let clamp = activation.clamp_bounds();
                dispatch_narrow(Planes { layout, channels, clamp, padded, out });
            });
            if let Some(unary) = activation.as_unary() {
                unary.apply_serial(out);
            }
        });
    }
}

/// Adds one plane's convolution to `out`, any kernel: a pass over output rows for each tap.
fn general_plane(input: &[f32], weights: &[f32], geometry: &Geometry, out: &mut [f32]) {
    let Geometry { axes, input: [in_d, in_h, in_w], output: [out_d, out_h, out_w] } = *geometry;
    let index = |axis: usize, o: usize, tap: usize, size: usize| {
        (o * axes[axis].stride + tap * axes[axis].dilation)
            .checked_sub(axes[axis].pad_begin)
            .filter(|i| *i < size)
    };
    for (tap, weight) in weights.iter().enumerate() {
        let (kh, kw) = (axes[1].kernel, axes[2].kernel);
        let (kd, kh, kw) = (tap / (kh * kw), tap / kw % kh, tap % kw);
        let (begin, end) = axes[2].valid_outputs(kw, in_w, out_w);
        if begin >= end {
            continue;
        }
        let iw = begin * axes[2].stride + kw * axes[2].dilation - axes[2].pad_begin;
        for od in 0..out_d {
            let Some(id) = index(0, od, kd, in_d) else {
                continue;
            };
            for oh in 0..out_h {
                let Some(ih) = index(1, oh, kh, in_h) else {
                    continue;
                };
                let row = &mut out[(od * out_h + oh) * out_w..][begin..end];
                let source = &input[(id * in_h + ih) * in_w + iw..];
                for (y, x) in row.iter_mut().zip(source.iter().step_by(axes[2].stride)) {
                    *y += weight * x;
                }
            }
        }
    }
}
