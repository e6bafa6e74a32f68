//! Transposed convolution over 1 to 3 spatial axes.
//!
//! A product gives what each input position adds to each tap of its output window; the taps are
//! then added up in a fixed order, one task for each block of output channels.

use super::activation::Activation;
use super::gemm::{GemmOptions, Left, MatRef, Output, PackedA, Problem, Right, run_problem};
use super::parallel::{SharedMut, for_each_task};
use super::scratch::with_buffer;
use super::window::{Axis, axes3, spatial3};

/// Rows (output channel, tap) of a block's product, about.
const BLOCK_ROWS: usize = 112;
/// Input positions of a block's product, about.
const BLOCK_POSITIONS: usize = 2048;

/// Attributes of a transposed convolution; lists have one entry per spatial axis, empty lists mean
/// the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvTransposeShape {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Groups; both channel counts are multiples of it.
    pub groups: usize,
    /// Kernel sizes.
    pub kernel: Vec<usize>,
    /// Distances between the windows of neighbouring inputs; default 1.
    pub strides: Vec<usize>,
    /// Distances between taps; default 1.
    pub dilations: Vec<usize>,
    /// Outputs cut off before each axis; default 0.
    pub pads_begin: Vec<usize>,
    /// Outputs cut off after each axis; default 0.
    pub pads_end: Vec<usize>,
    /// Outputs added after each axis; default 0.
    pub output_padding: Vec<usize>,
}

impl ConvTransposeShape {
    /// `[n, out_channels, spatial...]` for an input of `[n, in_channels, spatial...]`.
    ///
    /// # Panics
    /// When the rank or channel count of the input does not fit.
    pub fn output_dims(&self, input_dims: &[usize]) -> Vec<usize> {
        let rank = self.kernel.len();
        assert_eq!(input_dims.len(), rank + 2, "input of another rank");
        assert_eq!(input_dims[1], self.in_channels, "input of other channels");
        let axes = self.axes();
        let mut dims = vec![input_dims[0], self.out_channels];
        dims.extend((0..rank).map(|i| {
            let axis = axes[3 - rank + i];
            let span = axis.dilation * (axis.kernel - 1) + 1;
            let extra = self.output_padding.get(i).copied().unwrap_or(0);
            match input_dims[2 + i] {
                0 => 0,
                n => ((n - 1) * axis.stride + span + extra).saturating_sub(axis.pad_begin + axis.pad_end),
            }
        }));
        dims
    }

    /// Number of weights.
    pub fn n_weights(&self) -> usize {
        self.in_channels * self.out_channels / self.groups * self.n_taps()
    }

    fn n_taps(&self) -> usize {
        self.kernel.iter().product()
    }

    fn axes(&self) -> [Axis; 3] {
        axes3(&self.kernel, &self.strides, &self.dilations, &self.pads_begin, &self.pads_end)
    }
}

/// A transposed convolution with constant weights, prepared once.
#[derive(Debug)]
pub struct PackedConvTranspose {
    shape: ConvTransposeShape,
    activation: Activation,
    bias: Option<Vec<f32>>,
    /// Groups in order, each cut into blocks of output channels.
    blocks: Vec<Block>,
}

/// Weights of some output channels: rows (output channel, tap), columns input channels.
#[derive(Debug)]
struct Block {
    group: usize,
    first_output: usize,
    n_outputs: usize,
    weights: PackedA,
}

impl PackedConvTranspose {
    /// Prepares weights `[in_channels, out_channels / groups, kernel...]` and `out_channels` biases.
    ///
    /// # Panics
    /// When the lengths do not fit the shape or the groups do not divide the channels.
    pub fn new(
        weights: &[f32],
        bias: Option<&[f32]>,
        shape: ConvTransposeShape,
        activation: Activation,
    ) -> Self {
        assert!(shape.groups > 0, "no groups");
        let remainders = [shape.in_channels % shape.groups, shape.out_channels % shape.groups];
        assert_eq!(remainders, [0, 0], "groups do not divide the channels");
        assert_eq!(weights.len(), shape.n_weights(), "other number of weights");
        assert!(bias.is_none_or(|b| b.len() == shape.out_channels), "other number of biases");
        let n_taps = shape.n_taps();
        let (inputs, outputs) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
        let per_block = (BLOCK_ROWS / n_taps).max(1);
        let mut blocks = Vec::new();
        for group in 0..shape.groups {
            let part = &weights[group * inputs * outputs * n_taps..];
            for first in (0..outputs).step_by(per_block) {
                let n_outputs = per_block.min(outputs - first);
                let data = part.get(first * n_taps..).unwrap_or(&[]);
                let matrix = MatRef::new(data, n_outputs * n_taps, inputs, 1, outputs * n_taps);
                let first_output = group * outputs + first;
                blocks.push(Block { group, first_output, n_outputs, weights: PackedA::new(matrix) });
            }
        }
        Self { shape, activation, bias: bias.map(<[f32]>::to_vec), blocks }
    }

    /// The attributes it was made with.
    pub fn shape(&self) -> &ConvTransposeShape {
        &self.shape
    }

    /// Runs on `input` of shape `input_dims`, into `output` of shape
    /// [`ConvTransposeShape::output_dims`].
    ///
    /// # Panics
    /// When a length differs from its shape.
    pub fn run(&self, input: &[f32], input_dims: &[usize], output: &mut [f32]) {
        let output_dims = self.shape.output_dims(input_dims);
        assert_eq!(input.len(), input_dims.iter().product::<usize>());
        assert_eq!(output.len(), output_dims.iter().product::<usize>());
        if output.is_empty() {
            return;
        }
        let spread = Spread {
            axes: self.shape.axes(),
            input: spatial3(&input_dims[2..]),
            output: spatial3(&output_dims[2..]),
        };
        let in_len: usize = spread.input.iter().product();
        let out_len: usize = spread.output.iter().product();
        let group_len = self.shape.in_channels / self.shape.groups * in_len;
        let shared = SharedMut::new(output);
        for_each_task(input_dims[0] * self.blocks.len(), |task| {
            let (image, block) = (task / self.blocks.len(), &self.blocks[task % self.blocks.len()]);
            let begin = (image * self.shape.out_channels + block.first_output) * out_len;
            #[expect(unsafe_code, reason = "one part per image and block of channels")]
            // SAFETY: the parts do not overlap and each belongs to one task.
            let out = unsafe { shared.slice(begin, block.n_outputs * out_len) };
            for (i, plane) in out.chunks_exact_mut(out_len).enumerate() {
                plane.fill(self.bias.as_ref().map_or(0.0, |b| b[block.first_output + i]));
            }
            let part = (image * self.shape.groups + block.group) * group_len;
            spread.add_block(&block.weights, &input[part..part + group_len], out);
            self.activation.apply(out);
        });
    }
}

/// Sizes of one run. The input plays the part that the output has in a convolution.
struct Spread {
    axes: [Axis; 3],
    input: [usize; 3],
    output: [usize; 3],
}

impl Spread {
    /// Adds the contributions of all inputs of a group to some output channels.
    fn add_block(&self, weights: &PackedA, input: &[f32], out: &mut [f32]) {
        let row_len = self.input[2];
        let n_rows = self.input[0] * self.input[1];
        let rows_per_block = (BLOCK_POSITIONS / row_len.max(1)).clamp(1, n_rows.max(1));
        let (m, k) = (weights.rows(), weights.depth());
        if row_len * n_rows == 0 || k == 0 {
            return;
        }
        with_buffer(m * rows_per_block * row_len, |taps| {
            for first in (0..n_rows).step_by(rows_per_block) {
                let n = rows_per_block.min(n_rows - first) * row_len;
                let taps = &mut taps[..m * n];
                let columns = MatRef::new(&input[first * row_len..], k, n, n_rows * row_len, 1);
                run_problem(&Problem {
                    m,
                    n,
                    k,
                    left: Left::Packed(weights),
                    right: Right::Matrix(columns),
                    options: GemmOptions::default(),
                    output: &Output::row_major(taps, n),
                });
                self.add_taps(taps, first, n / row_len, out);
            }
        });
    }

    /// Adds `[output channel, tap, input rows]` to the outputs they belong to.
    fn add_taps(&self, taps: &[f32], first_row: usize, n_rows: usize, out: &mut [f32]) {
        let [_, kh, kw] = self.axes.map(|axis| axis.kernel);
        let n_taps = self.axes[0].kernel * kh * kw;
        let row_len = self.input[2];
        let out_len: usize = self.output.iter().product();
        let stride = self.axes[2].stride;
        for (i, values) in taps.chunks_exact(n_rows * row_len).enumerate() {
            let (channel, tap) = (i / n_taps, i % n_taps);
            let tap = [tap / (kh * kw), tap / kw % kh, tap % kw];
            let plane = &mut out[channel * out_len..(channel + 1) * out_len];
            let (begin, end) = self.axes[2].valid_outputs(tap[2], self.output[2], row_len);
            if begin >= end {
                continue;
            }
            let column = begin * stride + tap[2] * self.axes[2].dilation - self.axes[2].pad_begin;
            for (r, values) in values.chunks_exact(row_len).enumerate() {
                let row = first_row + r;
                let Some(od) = self.target(0, row / self.input[1], tap[0]) else {
                    continue;
                };
                let Some(oh) = self.target(1, row % self.input[1], tap[1]) else {
                    continue;
                };
                let target = &mut plane[(od * self.output[1] + oh) * self.output[2] + column..];
                for (y, x) in target.iter_mut().step_by(stride).zip(&values[begin..end]) {
                    *y += x;
                }
            }
        }
    }

    /// Output index that a tap of an input reaches, when inside.
    fn target(&self, axis: usize, input: usize, tap: usize) -> Option<usize> {
        let attributes = self.axes[axis];
        (input * attributes.stride + tap * attributes.dilation)
            .checked_sub(attributes.pad_begin)
            .filter(|index| *index < self.output[axis])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, assert_close};

    fn naive(
        input: &[f32],
        dims: &[usize],
        weights: &[f32],
        bias: &[f32],
        shape: &ConvTransposeShape,
    ) -> Vec<f32> {
        let out_dims = shape.output_dims(dims);
        let axes = shape.axes();
        let (i3, o3) = (spatial3(&dims[2..]), spatial3(&out_dims[2..]));
        let (ci, co) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
        let (in_len, out_len, n_taps): (usize, usize, usize) =
            (i3.iter().product(), o3.iter().product(), shape.n_taps());
        let mut out: Vec<f32> = (0..dims[0] * shape.out_channels * out_len)
            .map(|i| bias[i / out_len % shape.out_channels])
            .collect();
        for n in 0..dims[0] {
            for c in 0..shape.in_channels {
                for i in 0..in_len {
                    let at = [i / (i3[1] * i3[2]), i / i3[2] % i3[1], i % i3[2]];
                    for o in 0..co {
                        for k in 0..n_taps {
                            let k3 = [
                                k / (axes[1].kernel * axes[2].kernel),
                                k / axes[2].kernel % axes[1].kernel,
                                k % axes[2].kernel,
                            ];
                            let to: Vec<usize> = (0..3)
                                .map(|a| {
                                    (at[a] * axes[a].stride + k3[a] * axes[a].dilation)
                                        .wrapping_sub(axes[a].pad_begin)
                                })
                                .collect();
                            if (0..3).all(|a| to[a] < o3[a]) {
                                let channel = n * shape.out_channels + c / ci * co + o;
                                out[channel * out_len + (to[0] * o3[1] + to[1]) * o3[2] + to[2]] += input
                                    [(n * shape.in_channels + c) * in_len + i]
                                    * weights[(c * co + o) * n_taps + k];
                            }
                        }
                    }
                }
            }
        }
        out
    }

    #[test]
    fn random_shapes_equal_naive() {
        let mut random = Random::new(59);
        for _ in 0..300 {
            let rank = 1 + random.below(3);
            let groups = 1 + random.below(3);
            let (in_channels, out_channels) = (random.below(4) * groups, (1 + random.below(5)) * groups);
            let mut list =
                |low: usize, n: usize| (0..rank).map(|_| low + random.below(n)).collect::<Vec<_>>();
            let shape = ConvTransposeShape {
                in_channels,
                out_channels,
                groups,
                kernel: list(1, 4),
                strides: list(1, 3),
                dilations: list(1, 2),
                pads_begin: list(0, 2),
                pads_end: list(0, 2),
                output_padding: list(0, 2),
            };
            let mut dims = vec![random.below(3), in_channels];
            let size = if rank == 3 { 5 } else { 12 };
            dims.extend((0..rank).map(|_| 1 + random.below(size)));
            let input = random.floats(dims.iter().product());
            let weights = random.floats(shape.n_weights());
            let bias = random.floats(shape.out_channels);
            let expected = naive(&input, &dims, &weights, &bias, &shape);
            let mut got = vec![f32::NAN; expected.len()];
            PackedConvTranspose::new(&weights, Some(&bias), shape.clone(), Activation::None)
                .run(&input, &dims, &mut got);
            assert_close(&got, &expected, 1e-5, &format!("{shape:?} {dims:?}"));
        }
    }
}
