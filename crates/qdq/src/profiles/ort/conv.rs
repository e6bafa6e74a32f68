//! Convolution: kernels `QLinearConv` and `ConvInteger`.

use super::node::{self, Affine, constants, integers, operand};
use super::output::Output;
use super::product::{Right, Sums};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, Conv, Prepared, Sliding, Windows, with_constants};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Binds a convolution of integers `[batch, channels, spatial…]` by weights `[outputs, channels / group, kernel…]`, with
/// a scale for the whole of the weights or for each output, and an i32 bias.
pub(super) fn prepare(conv: &Conv, node: &IntegerNode<'_>, sums: Sums) -> Result<Box<dyn Prepared>> {
    let input = node::input(node, 0)?;
    let weights = node::params(node, 1)?;
    let zero_point = check_weights(weights)?;
    check_types(input.storage, weights.storage)?;
    if let Some(Some(bias)) = node.inputs.get(2)
        && bias.dtype != DType::I32
    {
        return Err(Error::unsupported(format!("a bias of {}", bias.dtype)).help("onnxruntime takes i32"));
    }
    let scales = weights.scale.iter().map(|scale| input.scale * scale).collect();
    let output = Output::of(node, scales)?;
    if output.storage().is_some_and(|storage| storage != input.storage) {
        return Err(Error::unsupported(format!("{} in and {:?} out", input.storage, output.storage()))
            .help("onnxruntime fuses a convolution only if input and output have one type"));
    }
    let is_plain = matches!(output, Output::Sums);
    if let Output::Reals { .. } = output {
        return Err(Error::unsupported("a convolution of integers with an output of real numbers"));
    }
    let mixed = (input.storage, weights.storage) == (DType::U8, DType::I8) && !is_plain;
    let mut prepared = PreparedConv {
        conv: conv.clone(),
        input,
        zero_point,
        output,
        sums: if mixed { sums } else { Sums::Exact },
        constants: constants(node),
        packed: None,
    };
    if let Some(weights) = &operand(node, 1)?.constant {
        prepared.packed = Some(prepared.pack(weights)?);
    }
    Ok(Box::new(prepared))
}

/// The zero point of the weights, which is the same for all outputs.
fn check_weights(params: &QuantParams) -> Result<i32> {
    if !matches!(params.granularity, Granularity::PerTensor | Granularity::PerAxis(0)) {
        return Err(Error::unsupported("weights with scales along another axis than that of the outputs"));
    }
    let zero_point = params.zero_point[0];
    if params.zero_point.iter().any(|&other| other != zero_point) {
        return Err(Error::unsupported("weights with different zero points")
            .help("onnxruntime wants one for all outputs: quantize weights symmetrically"));
    }
    Ok(zero_point)
}

/// What kernels there are for: u8 by u8 or i8, i8 by i8.
pub(super) fn check_types(left: DType, right: DType) -> Result<()> {
    match (left, right) {
        (DType::U8, DType::U8 | DType::I8) | (DType::I8, DType::I8) => Ok(()),
        _ => Err(Error::unsupported(format!("{left} by {right}"))
            .help("onnxruntime multiplies u8 by u8, u8 by i8, and i8 by i8")),
    }
}

#[derive(Debug)]
struct PreparedConv {
    conv: Conv,
    input: Affine,
    /// Of the weights.
    zero_point: i32,
    output: Output,
    sums: Sums,
    constants: Vec<Option<Tensor>>,
    /// Constant weights, one factor for each group.
    packed: Option<Vec<Right>>,
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (input, weights) = (inputs.get(0)?, inputs.get(1)?);
        let windows = self.windows(input.shape(), weights.shape())?;
        let packed_now;
        let packed = match &self.packed {
            Some(packed) => packed,
            None => {
                packed_now = self.pack(weights)?;
                &packed_now
            }
        };
        let n_outputs = weights.shape()[0];
        let bias = match inputs.optional(2) {
            Some(bias) if bias.len() != n_outputs => {
                return Err(Error::data(format!("a bias of {} for {n_outputs} outputs", bias.len())));
            }
            Some(bias) => Some(bias.as_slice::<i32>()?),
            None => None,
        };
        let (batch, positions) = (input.shape()[0], windows.output.iter().product::<usize>());
        let sums = self.sums(&integers(input)?, batch, packed, weights.shape(), &windows);
        let per_group = n_outputs / self.conv.group;
        let shape = [&[batch, n_outputs], windows.output.as_slice()].concat();
        let output = self.output.finish(shape, |i| {
            let (plane, position) = (i / positions, i % positions);
            let (image, channel) = (plane / n_outputs, plane % n_outputs);
            let (group, column) = (channel / per_group, channel % per_group);
            let sum = sums[image * self.conv.group + group][position * per_group + column];
            (sum.wrapping_add(bias.map_or(0, |bias| bias[channel])), channel)
        })?;
        Ok(vec![output])
    }
}

impl PreparedConv {
    /// How the kernel slides, with shapes checked against each other.
    fn windows(&self, input: &[usize], weights: &[usize]) -> Result<Windows> {
        let (&[_, channels, ref spatial @ ..], &[outputs, per_group, ref kernel @ ..]) = (input, weights)
        else {
            return Err(Error::data(format!("a convolution of {input:?} with weights {weights:?}")));
        };
        let groups = self.conv.group;
        let fits = !spatial.is_empty()
            && spatial.len() == kernel.len()
            && groups > 0
            && outputs.is_multiple_of(groups)
            && per_group.checked_mul(groups) == Some(channels);
        if !fits {
            let message = format!("a convolution of {input:?} with weights {weights:?} in {groups} groups");
            return Err(Error::data(message));
        }
        let sliding = Sliding {
            kernel,
            auto_pad: self.conv.auto_pad,
            strides: &self.conv.strides,
            dilations: &self.conv.dilations,
            pads: &self.conv.pads,
            ceil_mode: false,
        };
        sliding.resolve(spatial)
    }

    /// Weights as factors `[taps · channels, outputs]`, one for each group: channels-last, as onnxruntime has them.
    fn pack(&self, weights: &Tensor) -> Result<Vec<Right>> {
        let &[outputs, channels, ref kernel @ ..] = weights.shape() else {
            return Err(Error::data(format!("weights of shape {:?}", weights.shape())));
        };
        let (groups, taps) = (self.conv.group, kernel.iter().product::<usize>());
        if groups == 0 || !outputs.is_multiple_of(groups) {
            return Err(Error::graph(format!("{outputs} outputs in {groups} groups")).attribute("group"));
        }
        let (per_group, k) = (outputs / groups, taps * channels);
        let elements = integers(weights)?;
        let group = |group: usize| {
            let elements = &elements[group * per_group * k..][..per_group * k];
            let mut channels_last = Vec::with_capacity(elements.len());
            for output in elements.chunks(k.max(1)) {
                for tap in 0..taps {
                    channels_last.extend(output[tap..].iter().step_by(taps).copied());
                }
            }
            Right::new(&channels_last, (k, per_group), (1, k), &[self.zero_point])
        };
        Ok((0..groups).map(group).collect())
    }

    /// Sums for each image and group: `[positions, outputs of the group]`.
    fn sums(
        &self,
        input: &[i16],
        batch: usize,
        packed: &[Right],
        weights: &[usize],
        windows: &Windows,
    ) -> Vec<Vec<i32>> {
        let (channels, spatial) = (weights[1], windows.input.iter().product::<usize>());
        let is_depthwise = channels == 1 && packed.first().is_some_and(|right| right.n() == 1);
        let sums = if is_depthwise { Sums::Exact } else { self.sums };
        let of = |(image, group): (usize, usize)| {
            let first = (image * packed.len() + group) * channels * spatial;
            let patches = self.patches(&input[first..][..channels * spatial], channels, windows);
            packed[group].multiply(&patches, self.input.zero_point, sums)
        };
        (0..batch).flat_map(|image| (0..packed.len()).map(move |group| (image, group))).map(of).collect()
    }

    /// `[positions, taps · channels]`; padding is the zero point.
    fn patches(&self, image: &[i16], channels: usize, windows: &Windows) -> Vec<i16> {
        let positions: usize = windows.output.iter().product();
        let (k, spatial) = (windows.n_taps() * channels, windows.input.iter().product::<usize>());
        let mut patches = vec![self.input.zero_point as i16; positions * k];
        windows.for_each_row(|row| {
            for i in 0..row.len {
                let from = &image[row.input + i * row.stride..];
                let to = &mut patches[(row.output + i) * k + row.tap * channels..][..channels];
                to.iter_mut().zip(from.iter().step_by(spatial.max(1))).for_each(|(to, &from)| *to = from);
            }
        });
        patches
    }
}
