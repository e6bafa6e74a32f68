//! Sums of products: the sums are the kernels', the rounding is this profile's.

use super::multiplier::Multiplier;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Epilogue, Output};
use crate::ops::{Conv, Gemm, Prepared, unwritten};
use crate::profiles::integers::{Affine, activation, output, params};
use crate::profiles::products::{
    FromSums, Kernel, check_gemm, constant_bias, constant_weights, conv_outputs, matrix, prepared_conv,
    prepared_matrix,
};
use crate::tensor::{DType, Granularity, Tensor};

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

    fn multiplier(&self, channel: usize) -> Multiplier {
        self.multipliers.get(channel).copied().unwrap_or(self.multipliers[0])
    }
}

impl FromSums for Requantize {
    fn fill(&self, shape: Vec<usize>, axis: usize, kernel: Kernel<'_>) -> Result<Tensor> {
        let (n_channels, inner) = (shape[axis].max(1), shape[axis + 1..].iter().product::<usize>().max(1));
        let mut sums = unwritten::<i32>(&shape)?;
        kernel(&Epilogue::Sums, Output::I32(&mut sums));
        let mut integers = Vec::with_capacity(sums.len());
        for (i, row) in sums.chunks(inner).enumerate() {
            let multiplier = self.multiplier(i % n_channels);
            integers.extend(row.iter().map(|&sum| self.output.limit(multiplier.apply(sum.into()))));
        }
        self.output.tensor(shape, &integers)
    }
}

/// A constant bias of as many numbers as outputs.
fn bias(node: &IntegerNode<'_>, n_outputs: usize) -> Result<Option<Vec<i32>>> {
    let Some(bias) = constant_bias(node)? else { return Ok(None) };
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
    let requantize = Requantize::new(node, 0)?;
    let n_outputs = conv_outputs(conv, constant_weights(node)?)?;
    prepared_conv(conv, node, bias(node, n_outputs)?, requantize)
}

/// Binds a gemm with a constant matrix of weights and a constant bias.
pub(super) fn prepare_gemm(op: &Gemm, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    check_gemm(op, node)?;
    prepare_matrix(node, op.trans_b)
}

/// Binds a product with a constant matrix of weights.
pub(super) fn prepare_mat_mul(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    prepare_matrix(node, false)
}

fn prepare_matrix(node: &IntegerNode<'_>, is_transposed: bool) -> Result<Box<dyn Prepared>> {
    let (_, _, n_outputs) = matrix(constant_weights(node)?, is_transposed)?;
    let requantize = Requantize::new(node, usize::from(!is_transposed))?;
    prepared_matrix(node, is_transposed, bias(node, n_outputs)?, requantize)
}
