//! Convolution over 1 to 3 spatial axes with groups, strides, dilations and uneven pads.

use super::{Arithmetic, Bytes, Epilogue, Output, PackedB};
use crate::conv::ConvShape;
use crate::window::{axes3, spatial3};

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
    /// One per group, rows in the order (tap, channel).
    groups: Vec<PackedB>,
}

impl PackedConv {
    /// Prepares weights `[out_channels, in_channels / groups, kernel...]`.
    ///
    /// `zero_points` of the weights has one entry for each output channel, one for all, or none for
    /// 0; `bias` has one for each output channel.
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
        let n_outputs = shape.out_channels / shape.groups;
        assert_eq!(weights.len(), shape.n_weights(), "other number of weights");
        assert!([0, 1, shape.out_channels].contains(&zero_points.len()));
        assert!(bias.is_none_or(|b| b.len() == shape.out_channels), "other number of biases");
        let n_taps: usize = shape.kernel.iter().product();
        let channels = shape.in_channels / shape.groups;
        let depth = channels * n_taps;
        let group = |g: usize| {
            // [out, channel, tap] to [tap, channel, out].
            let source =
                |p: usize, o: usize| ((g * n_outputs + o) * channels + p % channels) * n_taps + p / channels;
            let bits = weights.bits();
            let bytes: Vec<u8> =
                (0..depth * n_outputs).map(|i| bits[source(i / n_outputs, i % n_outputs)]).collect();
            let signed: Vec<i8> = bytes.iter().map(|x| *x as i8).collect();
            let b = if weights.is_signed() { Bytes::I8(&signed) } else { Bytes::U8(&bytes) };
            let zero_points =
                if zero_points.len() > 1 { &zero_points[g * n_outputs..][..n_outputs] } else { zero_points };
            PackedB::new(b, depth, n_outputs, zero_points, arithmetic)
        };
        let groups = (0..shape.groups).map(group).collect();
        Self { shape, bias: bias.map(<[i32]>::to_vec), groups }
    }

    /// The attributes it was made with.
    pub fn shape(&self) -> &ConvShape {
        &self.shape
    }

    /// Convolves into `output`, of [`ConvShape::output_dims`] in the order `layout`.
    ///
    /// # Panics
    /// When a length does not fit or the output is not of the epilogue's kind.
    pub fn run(&self, input: ConvInput<'_>, epilogue: &Epilogue<'_>, mut output: Output<'_>, layout: Layout) {
        let shape = &self.shape;
        let output_dims = shape.output_dims(input.dims);
        assert_eq!(input.data.len(), input.dims.iter().product::<usize>());
        assert_eq!(output.len(), output_dims.iter().product::<usize>());
        epilogue.check(shape.out_channels, &output);
        let axes = axes3(&shape.kernel, &shape.strides, &shape.dilations, &shape.pads_begin, &shape.pads_end);
        let [id, ih, iw] = spatial3(&input.dims[2..]);
        let [od, oh, ow] = spatial3(&output_dims[2..]);
        let (in_c, out_c) = (shape.in_channels, shape.out_channels);
        let (group_in, group_out) = (in_c / shape.groups, out_c / shape.groups);
        let place =
            |layout: Layout, n: usize, c: usize, n_channels: usize, position: usize, n_positions: usize| {
                match layout {
                    Layout::ChannelsFirst => (n * n_channels + c) * n_positions + position,
                    Layout::ChannelsLast => (n * n_positions + position) * n_channels + c,
                }
            };
        for n in 0..input.dims[0] {
            for c in 0..out_c {
                let group = &self.groups[c / group_out];
                for position in 0..od * oh * ow {
                    let o = [position / (oh * ow), position / ow % oh, position % ow];
                    let a = |p: usize| {
                        let (tap, channel) = (p / group_in, p % group_in + c / group_out * group_in);
                        let taps = [
                            tap / (axes[1].kernel * axes[2].kernel),
                            tap / axes[2].kernel % axes[1].kernel,
                            tap % axes[2].kernel,
                        ];
                        let mut at = [0; 3];
                        for i in 0..3 {
                            let from = (o[i] * axes[i].stride + taps[i] * axes[i].dilation)
                                .checked_sub(axes[i].pad_begin);
                            match from.filter(|x| *x < [id, ih, iw][i]) {
                                Some(x) => at[i] = x,
                                None => return input.zero_point,
                            }
                        }
                        let position = (at[0] * ih + at[1]) * iw + at[2];
                        input.data.get(place(input.layout, n, channel, in_c, position, id * ih * iw))
                    };
                    let sum = group.sum(a, input.data.is_signed(), input.zero_point, c % group_out);
                    let sum = sum.wrapping_add(self.bias.as_ref().map_or(0, |bias| bias[c]));
                    output.set(place(layout, n, c, out_c, position, od * oh * ow), epilogue.value(sum, c));
                }
            }
        }
    }
}
