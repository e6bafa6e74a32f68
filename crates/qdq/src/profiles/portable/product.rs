//! Sums of products: the sums are the kernels', the rounding is this profile's.

use super::multiplier::Multiplier;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::conv::ConvShape;
use crate::kernels::int8::{
    Arithmetic, Bytes, ConvInput, Epilogue, Layout, Output, PackedB, PackedConv, gemm,
};
use crate::ops::{Args, Conv, Gemm, Prepared, Sliding};
use crate::profiles::integers::{Affine, activation, input, output, params};
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor};

/// What becomes of sums: `z_y + mul(sum, s_x·s_w / s_y)`, with a multiplier for all outputs or for each.
#[derive(Debug)]
struct Requantize {
    multipliers: Vec<Multiplier>,
    output: Affine,
}

impl Requantize {
    fn new(node: &IntegerNode<'_>, axis: usize) -> Result<Self> {
        let (x, output) = (activation(node, 0)?, output(node)?);
        let w = params(node, 1)?;
        let is_byte = |dtype| matches!(dtype, DType::I8 | DType::U8);
        if !is_byte(x.storage) || !is_byte(w.storage) {
            return Err(Error::unsupported(format!("products of {} and {}", x.storage, w.storage)));
        }
        if !matches!(w.granularity, Granularity::PerTensor) && w.granularity != Granularity::PerAxis(axis) {
            return Err(Error::unsupported(
                "weights with scales along another axis than that of the outputs",
            ));
        }
        let multiplier = |&scale: &f32| Multiplier::of(&[x.scale, scale], output.scale);
        Ok(Self { multipliers: w.scale.iter().map(multiplier).collect::<Result<_>>()?, output })
    }

    /// Sums in rows of `inner` to integers; the channel of row `i` is `i % n_channels`.
    fn rows(&self, shape: Vec<usize>, sums: &[i32], n_channels: usize, inner: usize) -> Result<Tensor> {
        let mut integers = Vec::with_capacity(sums.len());
        for (i, row) in sums.chunks(inner.max(1)).enumerate() {
            let multiplier = self.multiplier(i % n_channels.max(1));
            integers.extend(row.iter().map(|&sum| self.output.limit(multiplier.apply(sum.into()))));
        }
        self.output.tensor(shape, &integers)
    }

    fn multiplier(&self, channel: usize) -> Multiplier {
        self.multipliers.get(channel).copied().unwrap_or(self.multipliers[0])
    }
}

/// The bytes of an 8-bit tensor.
fn bytes(tensor: &Tensor) -> Result<Bytes<'_>> {
    match tensor.data() {
        Data::U8(q) => Ok(Bytes::U8(q)),
        Data::I8(q) => Ok(Bytes::I8(q)),
        other => Err(Error::data(format!("a tensor of {} where 8-bit integers are needed", other.dtype()))),
    }
}

/// Constant weights.
fn weights<'n>(node: &'n IntegerNode<'_>) -> Result<&'n Tensor> {
    let constant = input(node, 1)?.constant.as_ref();
    constant.ok_or_else(|| Error::unsupported("weights that are computed, not constant"))
}

/// A constant bias of as many numbers as outputs.
fn bias(node: &IntegerNode<'_>, n_outputs: usize) -> Result<Option<Vec<i32>>> {
    let Some(Some(bias)) = node.inputs.get(2) else { return Ok(None) };
    let bias =
        bias.constant.as_ref().ok_or_else(|| Error::unsupported("a bias that is computed, not constant"))?;
    let numbers = bias.as_slice::<i32>()?;
    match numbers {
        [one] => Ok(Some(vec![*one; n_outputs])),
        _ if numbers.len() == n_outputs && bias.shape().last() == Some(&n_outputs) => {
            Ok(Some(numbers.to_vec()))
        }
        _ => Err(Error::unsupported(format!("a bias of shape {:?} for {n_outputs} outputs", bias.shape()))),
    }
}

/// Binds a convolution with constant weights over 1 to 3 spatial axes.
pub(super) fn prepare_conv(conv: &Conv, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (weights, params) = (weights(node)?, params(node, 1)?);
    let &[outputs, channels, ref kernel @ ..] = weights.shape() else {
        return Err(Error::graph(format!("weights of shape {:?}", weights.shape())));
    };
    if !(1..=3).contains(&kernel.len()) || conv.group == 0 || !outputs.is_multiple_of(conv.group) {
        return Err(Error::unsupported(format!("a convolution with weights {:?}", weights.shape())));
    }
    bytes(weights)?;
    let requantize = Requantize::new(node, 0)?;
    Ok(Box::new(PreparedConv {
        conv: conv.clone(),
        channels,
        kernel: kernel.to_vec(),
        outputs,
        weights: weights.clone(),
        weight_params: params.clone(),
        bias: bias(node, outputs)?,
        zero_point: activation(node, 0)?.zero_point,
        requantize,
        packed: std::sync::OnceLock::new(),
    }))
}

#[derive(Debug)]
struct PreparedConv {
    conv: Conv,
    channels: usize,
    kernel: Vec<usize>,
    outputs: usize,
    weights: Tensor,
    weight_params: QuantParams,
    bias: Option<Vec<i32>>,
    zero_point: i32,
    requantize: Requantize,
    /// For the first shape of the input: with `auto_pad` the padding depends on it.
    packed: std::sync::OnceLock<PackedConv>,
}

impl PreparedConv {
    fn shape(&self, spatial: &[usize]) -> Result<ConvShape> {
        let sliding = Sliding {
            kernel: &self.kernel,
            auto_pad: self.conv.auto_pad,
            strides: &self.conv.strides,
            dilations: &self.conv.dilations,
            pads: &self.conv.pads,
            ceil_mode: false,
        };
        let windows = sliding.resolve(spatial)?;
        Ok(ConvShape {
            in_channels: self.channels * self.conv.group,
            out_channels: self.outputs,
            groups: self.conv.group,
            kernel: windows.kernel.clone(),
            strides: windows.strides.clone(),
            dilations: windows.dilations.clone(),
            pads_begin: windows.pads_begin.clone(),
            pads_end: windows.pads_end.clone(),
        })
    }

    fn pack(&self, shape: ConvShape) -> Result<PackedConv> {
        let weights = bytes(&self.weights)?;
        Ok(PackedConv::new(
            weights,
            &self.weight_params.zero_point,
            self.bias.as_deref(),
            shape,
            Arithmetic::Exact,
        ))
    }
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let dims = x.shape();
        if dims.len() != self.kernel.len() + 2 || dims[1] != self.channels * self.conv.group {
            return Err(Error::data(format!(
                "a convolution of {dims:?} with weights {:?}",
                self.weights.shape()
            )));
        }
        let shape = self.shape(&dims[2..])?;
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
        let output = packed.shape().output_dims(dims);
        let inner: usize = output[2..].iter().product();
        let mut sums = vec![0; crate::ops::output_count(&output)?];
        let input =
            ConvInput { data: bytes(x)?, dims, layout: Layout::ChannelsFirst, zero_point: self.zero_point };
        packed.run(input, &Epilogue::Sums, Output::I32(&mut sums), Layout::ChannelsFirst);
        Ok(vec![self.requantize.rows(output, &sums, self.outputs, inner)?])
    }
}

/// Binds a gemm with a constant matrix of weights and a constant bias.
pub(super) fn prepare_gemm(op: &Gemm, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let has_bias = matches!(node.inputs.get(2), Some(Some(_)));
    if op.alpha != 1.0 || (has_bias && op.beta != 1.0) || op.trans_a {
        return Err(Error::unsupported("alpha or beta other than 1, or a transposed activation"));
    }
    prepare_matrix(node, op.trans_b)
}

/// Binds a product with a constant matrix of weights.
pub(super) fn prepare_mat_mul(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    prepare_matrix(node, false)
}

fn prepare_matrix(node: &IntegerNode<'_>, is_transposed: bool) -> Result<Box<dyn Prepared>> {
    let weights = weights(node)?;
    let &[rows, columns] = weights.shape() else {
        return Err(Error::unsupported(format!("weights of shape {:?}, not a matrix", weights.shape())));
    };
    let requantize = Requantize::new(node, usize::from(!is_transposed))?;
    let zero_points = &params(node, 1)?.zero_point;
    let packed = if is_transposed {
        PackedB::transposed(bytes(weights)?, columns, rows, zero_points, Arithmetic::Exact)
    } else {
        PackedB::new(bytes(weights)?, rows, columns, zero_points, Arithmetic::Exact)
    };
    let n = if is_transposed { rows } else { columns };
    let (bias, zero_point) = (bias(node, n)?, activation(node, 0)?.zero_point);
    Ok(Box::new(PreparedMatrix { packed, bias, zero_point, requantize }))
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
        let m = x.len() / last.max(1);
        let mut sums = vec![0; m * n];
        let sum = &Epilogue::Sums;
        gemm(bytes(x)?, m, self.zero_point, &self.packed, self.bias.as_deref(), sum, Output::I32(&mut sums));
        Ok(vec![self.requantize.rows([lead, &[n]].concat(), &sums, n, 1)?])
    }
}
