//! Convolution: kernels `QLinearConv` and `ConvInteger`.

use std::sync::OnceLock;

use super::node::{self, Affine, bytes, check_types, constants};
use super::output::Output;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::conv::ConvShape;
use crate::kernels::int8::{Arithmetic, ConvInput, Layout, PackedConv};
use crate::ops::{Args, Conv, Prepared, Sliding, Windows, with_constants};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Binds a convolution of integers `[batch, channels, spatial…]` by weights `[outputs, channels / group, kernel…]`, with
/// a scale for the whole of the weights or for each output, and an i32 bias.
pub(super) fn prepare(
    conv: &Conv,
    node: &IntegerNode<'_>,
    arithmetic: Arithmetic,
) -> Result<Box<dyn Prepared>> {
    let input = node::input(node, 0)?;
    let weights = node::params(node, 1)?;
    let zero_point = check_weights(weights)?;
    check_types(input.storage, weights.storage)?;
    if let Some(Some(bias)) = node.inputs.get(2)
        && bias.dtype != DType::I32
    {
        return Err(Error::unsupported(format!("a bias of {}", bias.dtype)).help("onnxruntime takes i32"));
    }
    let output = Output::of(node, weights.scale.iter().map(|scale| input.scale * scale).collect())?;
    output.check_storage(input.storage)?;
    if let Output::Reals { .. } = output {
        return Err(Error::unsupported("a convolution of integers with an output of real numbers")
            .help("onnxruntime fuses a convolution only with the quantization after it"));
    }
    let constants = constants(node);
    if let Some(Some(weights)) = constants.get(1)
        && !(3..=5).contains(&weights.shape().len())
    {
        return Err(Error::unsupported(format!("weights of shape {:?}", weights.shape()))
            .help("one to three spatial axes are known"));
    }
    let may_saturate =
        (input.storage, weights.storage) == (DType::U8, DType::I8) && !matches!(output, Output::Sums);
    let arithmetic = if may_saturate { arithmetic } else { Arithmetic::Exact };
    let packed = OnceLock::new();
    Ok(Box::new(PreparedConv {
        conv: conv.clone(),
        input,
        zero_point,
        output,
        arithmetic,
        layouts: [node.input_layout, node.output_layout],
        constants,
        packed,
    }))
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

#[derive(Debug)]
struct PreparedConv {
    conv: Conv,
    input: Affine,
    /// Of the weights.
    zero_point: i32,
    output: Output,
    arithmetic: Arithmetic,
    /// Of input and output.
    layouts: [Layout; 2],
    constants: Vec<Option<Tensor>>,
    /// Constant weights and bias, packed when the padding is known: at the first run.
    packed: OnceLock<PackedConv>,
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let is_constant = |position: usize| matches!(self.constants.get(position), Some(Some(_)));
        let is_packable = is_constant(1) && (is_constant(2) || inputs.optional(2).is_none());
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let windows = self.windows(input.shape(), inputs.get(1)?.shape())?;
        if is_packable {
            if self.packed.get().is_none() {
                let packed = self.pack(&inputs, &windows)?;
                let _ = self.packed.set(packed); // another thread may have been faster
            }
            if let Some(packed) = self.packed.get()
                && packed.shape().pads_begin == windows.pads_begin
                && packed.shape().pads_end == windows.pads_end
            {
                return Ok(vec![self.convolve(packed, input, &windows)?]);
            }
        }
        Ok(vec![self.convolve(&self.pack(&inputs, &windows)?, input, &windows)?])
    }
}

impl PreparedConv {
    /// How the kernel slides, with shapes checked against each other.
    fn windows(&self, input: &[usize], weights: &[usize]) -> Result<Windows> {
        let bad = || {
            let groups = self.conv.group;
            Error::data(format!("a convolution of {input:?} with weights {weights:?} in {groups} groups"))
        };
        let (&[_, channels, ref spatial @ ..], &[outputs, per_group, ref kernel @ ..]) = (input, weights)
        else {
            return Err(bad());
        };
        let groups = self.conv.group;
        let fits = (1..=3).contains(&spatial.len())
            && spatial.len() == kernel.len()
            && groups > 0
            && outputs.is_multiple_of(groups)
            && per_group.checked_mul(groups) == Some(channels);
        if !fits {
            return Err(bad());
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

    /// Weights and bias in the order the kernel reads them.
    fn pack(&self, inputs: &Args, windows: &Windows) -> Result<PackedConv> {
        let (weights, groups) = (inputs.get(1)?, self.conv.group);
        let shape = ConvShape {
            in_channels: weights.shape()[1] * groups,
            out_channels: weights.shape()[0],
            groups,
            kernel: windows.kernel.clone(),
            strides: windows.strides.clone(),
            dilations: windows.dilations.clone(),
            pads_begin: windows.pads_begin.clone(),
            pads_end: windows.pads_end.clone(),
        };
        self.output.check_channels(shape.out_channels)?;
        let bias = match inputs.optional(2) {
            Some(bias) if bias.len() != shape.out_channels => {
                return Err(Error::data(format!(
                    "a bias of {} for {} outputs",
                    bias.len(),
                    shape.out_channels
                )));
            }
            Some(bias) => Some(bias.as_slice::<i32>()?),
            None => None,
        };
        let is_depthwise = weights.shape()[1] == 1 && shape.out_channels == groups;
        let arithmetic = if is_depthwise { Arithmetic::Exact } else { self.arithmetic };
        Ok(PackedConv::new(bytes(weights)?, &[self.zero_point], bias, shape, arithmetic))
    }

    fn convolve(&self, packed: &PackedConv, input: &Tensor, windows: &Windows) -> Result<Tensor> {
        let shape = [&[input.shape()[0], packed.shape().out_channels], windows.output.as_slice()].concat();
        let input = ConvInput {
            data: bytes(input)?,
            dims: input.shape(),
            layout: self.layouts[0],
            zero_point: self.input.zero_point,
        };
        self.output.fill(shape, |epilogue, output| packed.run(input, epilogue, output, self.layouts[1]))
    }
}
