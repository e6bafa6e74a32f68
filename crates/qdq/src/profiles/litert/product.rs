//! Sums of products: kernels `CONV_2D`, `DEPTHWISE_CONV_2D`, `FULLY_CONNECTED`, `BATCH_MATMUL`.

use std::sync::OnceLock;

use super::Kernels;
use super::sums::{Requantize, Sums};
use super::wide;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::conv::ConvShape;
use crate::kernels::int8::{Arithmetic, Bytes, ConvInput, Layout, PackedB, PackedConv, gemm};
use crate::ops::{Args, Conv, Gemm, Prepared, Sliding, Windows};
use crate::profiles::integers::{activation, input, output, params};
use crate::tensor::{DType, Data, Granularity, Tensor};

/// Constant weights of 8 or 4 bits, as they are; symmetric, with a scale for all or for each output.
///
/// # Errors
/// Others, which the specification forbids.
pub(super) fn weights<'n>(node: &'n IntegerNode<'_>, axis: usize) -> Result<&'n Tensor> {
    let quant = params(node, 1)?;
    if quant.storage != DType::I8 || quant.zero_point.iter().any(|&zero_point| zero_point != 0) {
        return Err(Error::unsupported(format!("weights of {} with zero points", quant.storage))
            .help("LiteRT takes symmetric i8 weights"));
    }
    if !matches!(quant.granularity, Granularity::PerTensor) && quant.granularity != Granularity::PerAxis(axis)
    {
        return Err(Error::unsupported("weights with scales along another axis than that of the outputs"));
    }
    let constant = input(node, 1)?.constant.as_ref();
    constant.ok_or_else(|| Error::unsupported("weights that are computed, not constant"))
}

/// A constant bias of as many numbers as outputs.
pub(super) fn bias(node: &IntegerNode<'_>, n_outputs: usize) -> Result<Option<Vec<i32>>> {
    let Some(Some(bias)) = node.inputs.get(2) else { return Ok(None) };
    let Some(bias) = &bias.constant else {
        return Err(Error::unsupported("a bias that is computed, not constant"));
    };
    let numbers = bias.as_slice::<i32>()?;
    if numbers.len() != n_outputs {
        return Err(Error::unsupported(format!(
            "a bias of shape {:?} for {n_outputs} outputs",
            bias.shape()
        )));
    }
    Ok(Some(numbers.to_vec()))
}

/// The bytes of a signed 8-bit tensor.
fn bytes(tensor: &Tensor) -> Result<Bytes<'_>> {
    match tensor.data() {
        Data::I8(q) => Ok(Bytes::I8(q)),
        other => Err(Error::data(format!("a tensor of {} where i8 is needed", other.dtype()))),
    }
}

/// Binds a convolution `[batch, channels, spatial…]` with constant weights `[outputs, channels / group, kernel…]`.
pub(super) fn prepare_conv(
    conv: &Conv,
    node: &IntegerNode<'_>,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, 0)?;
    let &[outputs, channels, ref kernel @ ..] = weights.shape() else {
        return Err(Error::graph(format!("weights of shape {:?}", weights.shape())));
    };
    if !(1..=3).contains(&kernel.len()) || conv.group == 0 || !outputs.is_multiple_of(conv.group) {
        return Err(Error::unsupported(format!("a convolution with weights {:?}", weights.shape())));
    }
    let (x, output) = (activation(node, 0)?, output(node)?);
    let shape = ConvAttributes { conv: conv.clone(), channels, kernel: kernel.to_vec(), outputs };
    if x.storage == DType::I16 {
        return wide::prepare_conv(shape, node);
    }
    let sums = if channels == 1 && conv.group > 1 { Sums::Depthwise } else { Sums::Conv };
    let requantize = Requantize::new(&x, &params(node, 1)?.scale, &output, kernels, sums)?;
    Ok(Box::new(PreparedConv {
        shape,
        weights: weights.clone(),
        bias: bias(node, outputs)?,
        zero_point: x.zero_point,
        requantize,
        packed: OnceLock::new(),
    }))
}

/// A convolution but for its weights.
#[derive(Debug)]
pub(super) struct ConvAttributes {
    pub(super) conv: Conv,
    /// Channels of a group.
    pub(super) channels: usize,
    pub(super) kernel: Vec<usize>,
    pub(super) outputs: usize,
}

impl ConvAttributes {
    /// How the kernel slides over an input of these sizes.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub(super) fn windows(&self, dims: &[usize]) -> Result<Windows> {
        if dims.len() != self.kernel.len() + 2 || dims[1] != self.channels * self.conv.group {
            let (n, kernel) = (self.channels * self.conv.group, &self.kernel);
            return Err(Error::data(format!(
                "a convolution of {dims:?} for {n} channels, kernel {kernel:?}"
            )));
        }
        let sliding = Sliding {
            kernel: &self.kernel,
            auto_pad: self.conv.auto_pad,
            strides: &self.conv.strides,
            dilations: &self.conv.dilations,
            pads: &self.conv.pads,
            ceil_mode: false,
        };
        sliding.resolve(&dims[2..])
    }

    fn shape(&self, windows: &Windows) -> ConvShape {
        ConvShape {
            in_channels: self.channels * self.conv.group,
            out_channels: self.outputs,
            groups: self.conv.group,
            kernel: windows.kernel.clone(),
            strides: windows.strides.clone(),
            dilations: windows.dilations.clone(),
            pads_begin: windows.pads_begin.clone(),
            pads_end: windows.pads_end.clone(),
        }
    }
}

#[derive(Debug)]
struct PreparedConv {
    shape: ConvAttributes,
    weights: Tensor,
    bias: Option<Vec<i32>>,
    zero_point: i32,
    requantize: Requantize,
    /// For the first shape of the input: padding depends on it.
    packed: OnceLock<PackedConv>,
}

impl PreparedConv {
    fn pack(&self, shape: ConvShape) -> Result<PackedConv> {
        if ![1, shape.out_channels].contains(&self.requantize.n_channels()) {
            let (n, outputs) = (self.requantize.n_channels(), shape.out_channels);
            return Err(Error::data(format!("{n} scales for {outputs} outputs")));
        }
        Ok(PackedConv::new(bytes(&self.weights)?, &[], self.bias.as_deref(), shape, Arithmetic::Exact))
    }
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let shape = self.shape.shape(&self.shape.windows(x.shape())?);
        let packed_now;
        let packed = match self.packed.get() {
            Some(packed) if *packed.shape() == shape => packed,
            Some(_) => {
                packed_now = self.pack(shape)?;
                &packed_now
            }
            None => {
                let packed = self.pack(shape)?;
                self.packed.get_or_init(|| packed)
            }
        };
        let layout = Layout::ChannelsFirst;
        let input = ConvInput { data: bytes(x)?, dims: x.shape(), layout, zero_point: self.zero_point };
        let dims = packed.shape().output_dims(x.shape());
        let y =
            self.requantize.fill(dims, 1, |epilogue, output| packed.run(input, epilogue, output, layout))?;
        Ok(vec![y])
    }
}

/// Binds a gemm with a constant matrix of weights and a constant bias.
pub(super) fn prepare_gemm(op: &Gemm, node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let has_bias = matches!(node.inputs.get(2), Some(Some(_)));
    if op.alpha != 1.0 || (has_bias && op.beta != 1.0) || op.trans_a {
        return Err(Error::unsupported("alpha or beta other than 1, or a transposed activation"));
    }
    prepare_matrix(node, op.trans_b, kernels)
}

/// Binds a product with a constant matrix of weights.
pub(super) fn prepare_mat_mul(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    prepare_matrix(node, false, kernels)
}

fn prepare_matrix(
    node: &IntegerNode<'_>,
    is_transposed: bool,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, usize::from(!is_transposed))?;
    let &[rows, columns] = weights.shape() else {
        return Err(Error::unsupported(format!("weights of shape {:?}, not a matrix", weights.shape())));
    };
    let (x, output, scales) = (activation(node, 0)?, output(node)?, &params(node, 1)?.scale);
    let n = if is_transposed { rows } else { columns };
    if x.storage == DType::I16 {
        return wide::prepare_matrix(node, is_transposed);
    }
    let requantize = Requantize::new(&x, scales, &output, kernels, Sums::Matrix)?;
    if ![1, n].contains(&scales.len()) {
        return Err(Error::data(format!("{} scales for {n} outputs", scales.len())));
    }
    let packed = if is_transposed {
        PackedB::transposed(bytes(weights)?, columns, rows, &[], Arithmetic::Exact)
    } else {
        PackedB::new(bytes(weights)?, rows, columns, &[], Arithmetic::Exact)
    };
    Ok(Box::new(PreparedMatrix { packed, bias: bias(node, n)?, zero_point: x.zero_point, requantize }))
}

#[derive(Debug)]
struct PreparedMatrix {
    packed: PackedB,
    bias: Option<Vec<i32>>,
    zero_point: i32,
    requantize: Requantize,
}

impl Prepared for PreparedMatrix {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let (k, n) = (self.packed.depth(), self.packed.columns());
        let Some((&last, lead)) = x.shape().split_last().filter(|(last, _)| **last == k) else {
            return Err(Error::data(format!("a product of {:?} with a matrix of {k} rows", x.shape())));
        };
        let (m, bytes) = (x.len() / last.max(1), bytes(x)?);
        let y = self.requantize.fill([lead, &[n]].concat(), lead.len(), |epilogue, output| {
            gemm(bytes, m, self.zero_point, &self.packed, self.bias.as_deref(), epilogue, output);
        })?;
        Ok(vec![y])
    }
}
