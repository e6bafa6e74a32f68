//! Convolution: kernels `QLinearConv` and `ConvInteger`.

use super::node::{self, Affine, bytes, check_types, constants};
use super::output::Output;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Arithmetic, ConvInput, Layout, PackedConv};
use crate::ops::{Args, Conv, PackedOnce, Prepared, Windows, with_constants};
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
    Ok(Box::new(PreparedConv {
        conv: conv.clone(),
        input,
        zero_point,
        output,
        arithmetic,
        layouts: [node.input_layout, node.output_layout],
        constants,
        packed: PackedOnce::default(),
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
    /// Constant weights and bias.
    packed: PackedOnce<PackedConv>,
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let is_constant = |position: usize| matches!(self.constants.get(position), Some(Some(_)));
        let is_packable = is_constant(1) && (is_constant(2) || inputs.optional(2).is_none());
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let windows = self.conv.windows(input.shape(), inputs.get(1)?.shape())?;
        if windows.kernel.len() > 3 {
            return Err(Error::data(format!(
                "a convolution over the {} axes of a kernel",
                windows.kernel.len()
            )));
        }
        let pack = || self.pack(&inputs, &windows);
        let convolve = |packed: &PackedConv| self.convolve(packed, input, &windows);
        let output = if is_packable {
            self.packed.with(|packed| windows.fit(packed.shape()), pack, convolve)?
        } else {
            convolve(&pack()?)?
        };
        Ok(vec![output])
    }
}

impl PreparedConv {
    /// Weights and bias in the order the kernel reads them.
    fn pack(&self, inputs: &Args, windows: &Windows) -> Result<PackedConv> {
        let weights = inputs.get(1)?;
        let shape = self.conv.kernel_shape(weights.shape(), windows);
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
        let is_depthwise = weights.shape()[1] == 1 && shape.out_channels == shape.groups;
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
