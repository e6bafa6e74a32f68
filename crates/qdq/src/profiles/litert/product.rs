//! Sums of products: kernels `CONV_2D`, `DEPTHWISE_CONV_2D`, `FULLY_CONNECTED`, `BATCH_MATMUL`.

use super::sums::{Requantize, Sums};
use super::{Kernels, batched, wide};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Conv, Gemm, Prepared};
use crate::profiles::integers::{activation, input, output, params};
use crate::profiles::products::{
    check_gemm, constant_bias, constant_weights, conv_outputs, matrix, prepared_conv, prepared_matrix,
};
use crate::tensor::{DType, Granularity, Tensor};

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
    constant_weights(node)
}

/// A constant bias of as many numbers as outputs.
pub(super) fn bias(node: &IntegerNode<'_>, n_outputs: usize) -> Result<Option<Vec<i32>>> {
    let Some(bias) = constant_bias(node)? else { return Ok(None) };
    let numbers = bias.as_slice::<i32>()?;
    if numbers.len() != n_outputs {
        return Err(Error::unsupported(format!(
            "a bias of shape {:?} for {n_outputs} outputs",
            bias.shape()
        )));
    }
    Ok(Some(numbers.to_vec()))
}

/// Binds a convolution `[batch, channels, spatial…]` with constant weights `[outputs, channels / group, kernel…]`.
pub(super) fn prepare_conv(
    conv: &Conv,
    node: &IntegerNode<'_>,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, 0)?;
    let n_outputs = conv_outputs(conv, weights)?;
    let (x, output) = (activation(node, 0)?, output(node)?);
    if x.storage == DType::I16 {
        return wide::prepare_conv(conv, n_outputs, node);
    }
    let sums = if weights.shape()[1] == 1 && conv.group > 1 { Sums::InBlocks } else { Sums::Conv };
    let requantize = Requantize::new(&x, &params(node, 1)?.scale, &output, kernels, sums)?;
    prepared_conv(conv, node, bias(node, n_outputs)?, requantize)
}

/// Binds a gemm with a constant matrix of weights and a constant bias.
pub(super) fn prepare_gemm(op: &Gemm, node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    check_gemm(op, node)?;
    prepare_matrix(node, op.trans_b, kernels)
}

/// Binds a product with a constant matrix of weights, or of two activations.
pub(super) fn prepare_mat_mul(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    if input(node, 1)?.constant.is_none() {
        return batched::prepare(node, kernels);
    }
    prepare_matrix(node, false, kernels)
}

fn prepare_matrix(
    node: &IntegerNode<'_>,
    is_transposed: bool,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, usize::from(!is_transposed))?;
    let (_, _, n_outputs) = matrix(weights, is_transposed)?;
    let (x, output) = (activation(node, 0)?, output(node)?);
    if x.storage == DType::I16 {
        return wide::prepare_matrix(node, is_transposed);
    }
    let requantize = Requantize::new(&x, &params(node, 1)?.scale, &output, kernels, Sums::Matrix)?;
    prepared_matrix(node, is_transposed, bias(node, n_outputs)?, requantize)
}
