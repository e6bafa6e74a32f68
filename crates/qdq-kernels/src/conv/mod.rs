//! Convolution over 1 to 3 spatial axes with groups, strides, dilations and uneven pads.
//!
//! Layout `[n, channels, spatial...]`; weights `[out_channels, in_channels / groups, kernel...]`.
//! Paths, chosen by shape: depthwise (one input channel a group) has its own vectorized loop;
//! everything else is a matrix product of weights and input windows. Where rows of outputs fill
//! registers, the product reads the windows off a padded copy of the input (`direct`); else they are
//! brought into its panels on the fly. No window matrix is ever stored.

use std::sync::OnceLock;

use super::activation::Activation;
use super::gemm::{
    Bias, GemmOptions, Left, MatRef, Output, PackedA, PackedB, PanelSource, Problem, Right, run_problem,
};
use super::parallel::{SharedMut, for_each_task, n_threads};
use super::window::{Axis, axes3, spatial3};

mod depthwise;
mod direct;
mod windows;

use depthwise::Depthwise;
use windows::Windows;

/// Attributes of a convolution; lists have one entry per spatial axis, empty lists mean the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Groups; both channel counts are multiples of it.
    pub groups: usize,
    /// Kernel sizes.
    pub kernel: Vec<usize>,
    /// Steps between windows; default 1.
    pub strides: Vec<usize>,
    /// Distances between taps; default 1.
    pub dilations: Vec<usize>,
    /// Padding before each axis; default 0.
    pub pads_begin: Vec<usize>,
    /// Padding after each axis; default 0.
    pub pads_end: Vec<usize>,
}

impl ConvShape {
    /// `[n, out_channels, spatial...]` for an input of `[n, in_channels, spatial...]`.
    ///
    /// # Panics
    /// When the rank or channel count of the input does not fit.
    pub fn output_dims(&self, input_dims: &[usize]) -> Vec<usize> {
        let rank = self.kernel.len();
        assert_eq!(input_dims.len(), rank + 2, "convolution input of another rank");
        assert_eq!(input_dims[1], self.in_channels, "convolution input of other channels");
        let mut dims = vec![input_dims[0], self.out_channels];
        let sizes = self.axes();
        dims.extend((0..rank).map(|i| sizes[3 - rank + i].output_size(input_dims[2 + i])));
        dims
    }

    /// Number of weights.
    pub fn n_weights(&self) -> usize {
        self.out_channels * self.in_channels / self.groups * self.n_taps()
    }

    fn n_taps(&self) -> usize {
        self.kernel.iter().product()
    }

    fn axes(&self) -> [Axis; 3] {
        axes3(&self.kernel, &self.strides, &self.dilations, &self.pads_begin, &self.pads_end)
    }
}

/// Sizes of one run: spatial sizes of input and output, attributes of the axes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) axes: [Axis; 3],
    pub(crate) input: [usize; 3],
    pub(crate) output: [usize; 3],
}

impl Geometry {
    pub(crate) fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    pub(crate) fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    /// Whether output positions are input positions: 1x1 kernel, stride 1, no pads.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.axes.iter().all(|axis| axis.kernel == 1 && axis.stride == 1 && axis.pad_begin == 0)
            && self.input == self.output
    }
}

/// A convolution with constant weights, prepared once.
#[derive(Debug)]
pub struct PackedConv {
    shape: ConvShape,
    activation: Activation,
    bias: Option<Vec<f32>>,
    weights: Weights,
}

/// Weights in the order of the path that will read them.
#[derive(Debug)]
enum Weights {
    Depthwise(Depthwise),
    /// One per group.
    Product(Vec<GroupWeights>),
}

/// Weights of a group: output channels as the rows of a product or, packed when first wanted, as
/// the columns.
#[derive(Debug)]
struct GroupWeights {
    plain: Vec<f32>,
    n_outputs: usize,
    rows: OnceLock<PackedA>,
    columns: OnceLock<PackedB>,
}

impl GroupWeights {
    fn matrix(&self) -> MatRef<'_> {
        MatRef::row_major(&self.plain, self.n_outputs, self.plain.len() / self.n_outputs.max(1))
    }

    fn rows(&self) -> &PackedA {
        self.rows.get_or_init(|| PackedA::new(self.matrix()))
    }

    fn columns(&self) -> &PackedB {
        self.columns.get_or_init(|| PackedB::new(self.matrix().transposed()))
    }
}

impl PackedConv {
    /// Prepares weights `[out_channels, in_channels / groups, kernel...]` and `out_channels` biases.
    ///
    /// # Panics
    /// When the lengths do not fit the shape or the groups do not divide the channels.
    pub fn new(weights: &[f32], bias: Option<&[f32]>, shape: ConvShape, activation: Activation) -> Self {
        assert!(shape.groups > 0, "no groups");
        assert_eq!(
            [shape.in_channels % shape.groups, shape.out_channels % shape.groups],
            [0, 0],
            "groups do not divide the channels"
        );
        assert_eq!(weights.len(), shape.n_weights(), "other number of weights");
        assert!(bias.is_none_or(|b| b.len() == shape.out_channels), "other number of biases");
        let weights = if shape.in_channels == shape.groups && shape.groups > 1 {
            Weights::Depthwise(Depthwise::new(weights, &shape))
        } else {
            let n_outputs = shape.out_channels / shape.groups;
            let group_len = weights.len() / shape.groups;
            let group = |i: usize| GroupWeights {
                plain: weights[i * group_len..(i + 1) * group_len].to_vec(),
                n_outputs,
                rows: OnceLock::new(),
                columns: OnceLock::new(),
            };
            Weights::Product((0..shape.groups).map(group).collect())
        };
        Self { shape, activation, bias: bias.map(<[f32]>::to_vec), weights }
    }

    /// The attributes it was made with.
    pub fn shape(&self) -> &ConvShape {
        &self.shape
    }

    /// Convolves `input` of shape `input_dims` into `output` of shape
    /// [`ConvShape::output_dims`].
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
        let geometry = Geometry {
            axes: self.shape.axes(),
            input: spatial3(&input_dims[2..]),
            output: spatial3(&output_dims[2..]),
        };
        match &self.weights {
            Weights::Depthwise(depthwise) => {
                depthwise.run(input, &geometry, self.bias.as_deref(), self.activation, output);
            }
            Weights::Product(groups) => self.run_product(groups, input, &geometry, output),
        }
    }

    fn run_product(&self, groups: &[GroupWeights], input: &[f32], geometry: &Geometry, output: &mut [f32]) {
        let n_groups = groups.len();
        let in_len = self.shape.in_channels / n_groups * geometry.input_len();
        let n_outputs = self.shape.out_channels / n_groups;
        let out_len = n_outputs * geometry.output_len();
        let shared = SharedMut::new(output);
        let n_problems = shared.len() / out_len;
        let one = |idx: usize| {
            let group = idx % n_groups;
            let part = input.get(idx * in_len..(idx + 1) * in_len).unwrap_or(&[]);
            #[expect(unsafe_code, reason = "one part per image and group")]
            // SAFETY: parts do not overlap and each index runs once.
            let out = unsafe { shared.slice(idx * out_len, out_len) };
            let bias = self.bias.as_ref().map(|b| &b[group * n_outputs..(group + 1) * n_outputs]);
            run_group(&groups[group], part, geometry, bias, self.activation, out);
        };
        // Results do not depend on where the threads are, so the choice may look at their number.
        if n_problems >= 2 * n_threads() {
            for_each_task(n_problems, one);
        } else {
            (0..n_problems).for_each(one);
        }
    }
}

/// The convolution of one group of one image.
fn run_group(
    weights: &GroupWeights,
    input: &[f32],
    geometry: &Geometry,
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let (n_outputs, n_positions) = (weights.n_outputs, geometry.output_len());
    let depth = weights.plain.len() / n_outputs;
    if depth > 0 && direct::is_good(geometry, depth) {
        direct::run(weights.rows(), input, geometry, bias, activation, output);
        return;
    }
    let windows = Windows::new(input, *geometry);
    let pointwise = geometry.is_pointwise() && depth > 0;
    let matrix = pointwise.then(|| MatRef::row_major(input, depth, n_positions));
    let source: &dyn PanelSource = matrix.as_ref().map_or(&windows, |m| m);
    let options = |bias| GemmOptions { bias, activation, ..GemmOptions::default() };
    if positions_as_rows(n_outputs, n_positions) {
        let mut target = Output::row_major(output, 1);
        target.column_stride = n_positions;
        run_problem(&Problem {
            m: n_positions,
            n: n_outputs,
            k: depth,
            left: Left::Source(source),
            right: Right::Packed(weights.columns()),
            options: options(bias.map_or(Bias::None, Bias::PerColumn)),
            output: &target,
        });
    } else {
        run_problem(&Problem {
            m: n_outputs,
            n: n_positions,
            k: depth,
            left: Left::Packed(weights.rows()),
            right: Right::Source(source),
            options: options(bias.map_or(Bias::None, Bias::PerRow)),
            output: &Output::row_major(output, n_positions),
        });
    }
}

/// Whether the registers of a tile should run along the output channels, because they would be
/// badly filled along the output positions.
fn positions_as_rows(n_outputs: usize, n_positions: usize) -> bool {
    let filled = |n: usize| n as f32 / n.next_multiple_of(16) as f32;
    n_positions < 128 && filled(n_positions) < filled(n_outputs) - 0.1
}

/// Convolution with weights that are not known beforehand.
///
/// # Panics
/// As [`PackedConv::new`] and [`PackedConv::run`].
pub fn conv(
    input: &[f32],
    input_dims: &[usize],
    weights: &[f32],
    bias: Option<&[f32]>,
    shape: &ConvShape,
    activation: Activation,
    output: &mut [f32],
) {
    PackedConv::new(weights, bias, shape.clone(), activation).run(input, input_dims, output);
}

#[cfg(test)]
mod tests;
