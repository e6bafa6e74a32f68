//! Depthwise convolution: each output channel looks at one input channel.
//!
//! One and two axes go through [`plane`]; with depth a plain loop over taps does.

use super::super::activation::Activation;
use super::super::parallel::{for_each_chunk, rows_per_task};
use super::super::scratch::with_buffer;
use super::super::simd::{Isa, dispatch_on};
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
struct Channel<'a> {
    input: &'a [f32],
    weights: &'a [f32],
    bias: f32,
}

impl Depthwise {
    /// Keeps the weights of a shape whose groups have one input channel.
    pub(super) fn new(weights: &[f32], shape: &ConvShape) -> Self {
        Self {
            weights: weights.to_vec(),
            in_channels: shape.in_channels,
            out_channels: shape.out_channels,
        }
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
            let channel = |i: usize| {
                let plane = task * planes + i;
                let channel = plane % self.out_channels;
                let in_plane = plane / self.out_channels * self.in_channels + channel / per_input;
                Channel {
                    input: &input[in_plane * in_len..(in_plane + 1) * in_len],
                    weights: &self.weights[channel * n_taps..(channel + 1) * n_taps],
                    bias: bias.map_or(0.0, |b| b[channel]),
                }
            };
            let Some(layout) = &layout else {
                for (i, out) in out.chunks_exact_mut(out_len).enumerate() {
                    let Channel {
                        input,
                        weights,
                        bias,
                    } = channel(i);
                    out.fill(bias);
                    general_plane(input, weights, geometry, out);
                }
                activation.apply(out);
                return;
            };
            with_buffer(layout.buffer_len(), |padded| {
                // Half as wide registers cost nothing on processors that split the wide ones, and
                // fill the narrow planes of a network's end better.
                let isa = Isa::current().min(Isa::Avx2);
                let clamp = activation.clamp_bounds();
                dispatch_on(
                    isa,
                    Planes {
                        layout,
                        channel: &channel,
                        clamp,
                        padded,
                        out,
                    },
                );
            });
            if let Some(unary) = activation.as_unary() {
                unary.apply_serial(out);
            }
        });
    }
}

/// Adds one plane's convolution to `out`, any kernel: a pass over output rows for each tap.
fn general_plane(input: &[f32], weights: &[f32], geometry: &Geometry, out: &mut [f32]) {
    let Geometry {
        axes,
        input: [in_d, in_h, in_w],
        output: [out_d, out_h, out_w],
    } = *geometry;
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
