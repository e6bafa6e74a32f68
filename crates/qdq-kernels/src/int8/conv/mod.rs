//! Convolution over 1 to 3 spatial axes with groups, strides, dilations and uneven pads.
//!
//! Everything works with the channels last; other tensors are transposed on the way in and out. Depthwise convolutions
//! have a loop of their own; all others are products whose rows, the input windows, are made on the fly.

use super::data::{Bytes, Output};
use super::finish::SharedOutput;
use super::gemm::{PackedB, Problem, run_problem};
use super::scratch::{with_bytes, with_output};
use super::turn::transpose;
use super::{Arithmetic, Epilogue};
use crate::conv::{ConvShape, Geometry};
use crate::window::{axes3, spatial3};

mod depthwise;
mod quads;
mod taps;
mod windows;

use depthwise::Depthwise;
use windows::{Padded, with_padded};

/// Where the channels of a tensor `[n, c, spatial...]` are in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[n, c, spatial...]`.
    #[default]
    ChannelsFirst,
    /// `[n, spatial..., c]`: what the kernels work in; the other order costs a transposition.
    ChannelsLast,
}

/// The input of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct ConvInput<'a> {
    /// The numbers.
    pub data: Bytes<'a>,
    /// `[n, c, spatial...]`, whatever the order in memory.
    pub dims: &'a [usize],
    /// Order in memory.
    pub layout: Layout,
    /// What stands for 0; the pads are filled with it.
    pub zero_point: i32,
}

/// A convolution with constant weights, prepared once.
#[derive(Debug)]
pub struct PackedConv {
    shape: ConvShape,
    bias: Option<Vec<i32>>,
    weights: Weights,
}

/// Weights in the order of the path that will read them.
#[derive(Debug)]
enum Weights {
    Depthwise(Depthwise),
    /// One product per group, its depth in the order (tap, channel).
    Groups(Vec<PackedB>),
}

impl PackedConv {
    /// Prepares weights `[out_channels, in_channels / groups, kernel...]`.
    ///
    /// `zero_points` of the weights has one entry for each output channel, one for all, or none for
    /// 0; `bias` has one for each output channel. Pairs of [`Arithmetic::SaturatingPairs`] are neighbours in the
    /// order (tap, channel), as in onnxruntime; its depthwise convolutions are exact, and so are they here.
    ///
    /// # Panics
    /// When the lengths do not fit the shape, the groups do not divide the channels, or for saturating
    /// arithmetic on `u8` weights.
    pub fn new(
        weights: Bytes<'_>,
        zero_points: &[i32],
        bias: Option<&[i32]>,
        shape: ConvShape,
        arithmetic: Arithmetic,
    ) -> Self {
        assert!(shape.groups > 0, "no groups");
        let remainders = [shape.in_channels % shape.groups, shape.out_channels % shape.groups];
        assert_eq!(remainders, [0, 0], "groups do not divide the channels");
        assert_eq!(weights.len(), shape.n_weights(), "other number of weights");
        assert!([0, 1, shape.out_channels].contains(&zero_points.len()), "number of zero points");
        assert!(bias.is_none_or(|b| b.len() == shape.out_channels), "other number of biases");
        // onnxruntime's depthwise kernels, which are exact, have one output for each channel.
        let is_depthwise = shape.in_channels == shape.groups
            && shape.groups > 1
            && (arithmetic == Arithmetic::Exact || shape.out_channels == shape.groups);
        let weights = if is_depthwise {
            Weights::Depthwise(Depthwise::new(weights, zero_points, &shape))
        } else {
            Weights::Groups(
                (0..shape.groups).map(|g| pack_group(weights, zero_points, &shape, g, arithmetic)).collect(),
            )
        };
        Self { shape, bias: bias.map(<[i32]>::to_vec), weights }
    }

    /// The attributes it was made with.
    pub fn shape(&self) -> &ConvShape {
        &self.shape
    }

    /// Convolves into `output`, of [`ConvShape::output_dims`] in the order `layout`.
    ///
    /// # Panics
    /// When a length does not fit, the output is not of the epilogue's kind, or for saturating arithmetic of `i8`
    /// inputs, which no runtime has.
    pub fn run(&self, input: ConvInput<'_>, epilogue: &Epilogue<'_>, mut output: Output<'_>, layout: Layout) {
        let shape = &self.shape;
        let output_dims = shape.output_dims(input.dims);
        assert_eq!(input.data.len(), input.dims.iter().product::<usize>());
        assert_eq!(output.len(), output_dims.iter().product::<usize>());
        epilogue.check(shape.out_channels, &output);
        if output.is_empty() {
            return;
        }
        let geometry = Geometry {
            axes: axes3(&shape.kernel, &shape.strides, &shape.dilations, &shape.pads_begin, &shape.pads_end),
            input: spatial3(&input.dims[2..]),
            output: spatial3(&output_dims[2..]),
        };
        let bits = input.data.bits();
        let call = Call {
            n: input.dims[0],
            signed: input.data.is_signed(),
            zero_point: input.zero_point,
            geometry,
            epilogue,
        };
        let (n, channels, n_inputs) = (input.dims[0], shape.in_channels, geometry.input_len());
        let turns_input = input.layout == Layout::ChannelsFirst && channels > 1 && n_inputs > 1;
        let n_outputs = geometry.output_len();
        let turns_output = layout == Layout::ChannelsFirst && shape.out_channels > 1 && n_outputs > 1;
        let with_input = |output: Output<'_>| {
            if turns_input {
                with_bytes(bits.len(), |turned| {
                    transpose(bits, n, channels, n_inputs, turned);
                    self.run_channels_last(&call, turned, output);
                });
            } else {
                self.run_channels_last(&call, bits, output);
            }
        };
        if turns_output {
            with_output(output.reborrow(), with_input, n, n_outputs, shape.out_channels);
        } else {
            with_input(output);
        }
    }

    fn run_channels_last(&self, call: &Call<'_>, input: &[u8], output: Output<'_>) {
        let output = SharedOutput::from(output);
        match &self.weights {
            Weights::Depthwise(depthwise) => depthwise.run(call, input, self.bias.as_deref(), &output),
            Weights::Groups(groups) => {
                let pad = call.zero_point as u8;
                with_padded(input, call.n, self.shape.in_channels, call.geometry, pad, |padded| {
                    self.run_groups(call, padded, groups, &output);
                });
            }
        }
    }

    fn run_groups(&self, call: &Call<'_>, input: Padded<'_>, groups: &[PackedB], output: &SharedOutput<'_>) {
        let channels = self.shape.in_channels / self.shape.groups;
        let m = call.n * call.geometry.output_len();
        let mut segments = Vec::new();
        for (group_idx, group) in groups.iter().enumerate() {
            run_problem(&Problem {
                m,
                rows: input.windows(group_idx * channels, channels, &mut segments),
                signed: call.signed,
                a_zero_point: call.zero_point,
                b: group,
                bias: self.bias.as_deref(),
                epilogue: call.epilogue,
                output,
                column_offset: group_idx * group.columns(),
                row_stride: self.shape.out_channels,
            });
        }
    }
}

/// What one run of a convolution is about.
struct Call<'a> {
    /// Images.
    n: usize,
    /// Whether the input is `i8`.
    signed: bool,
    zero_point: i32,
    geometry: Geometry,
    epilogue: &'a Epilogue<'a>,
}

/// Weights of a group as the right operand of a product.
fn pack_group(
    weights: Bytes<'_>,
    zero_points: &[i32],
    shape: &ConvShape,
    group: usize,
    arithmetic: Arithmetic,
) -> PackedB {
    let n_outputs = shape.out_channels / shape.groups;
    let channels = shape.in_channels / shape.groups;
    let n_taps: usize = shape.kernel.iter().product();
    let depth = channels * n_taps;
    // [out, channel, tap] to [out, tap, channel].
    let turned: Vec<u8> = (0..n_outputs * depth)
        .map(|i| {
            let (out, tap, channel) = (i / depth, i % depth / channels, i % channels);
            weights.bits()[((group * n_outputs + out) * channels + channel) * n_taps + tap]
        })
        .collect();
    let signed: Vec<i8>;
    let b = if weights.is_signed() {
        signed = turned.iter().map(|x| *x as i8).collect();
        Bytes::I8(&signed)
    } else {
        Bytes::U8(&turned)
    };
    let zero_points =
        if zero_points.len() > 1 { &zero_points[group * n_outputs..][..n_outputs] } else { zero_points };
    PackedB::transposed(b, depth, n_outputs, zero_points, arithmetic)
}

#[cfg(test)]
mod tests;
