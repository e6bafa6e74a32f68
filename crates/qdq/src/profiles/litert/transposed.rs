//! Transposed convolution: kernel `TRANSPOSE_CONV`.

use super::Kernels;
use super::product::bias;
use super::sums::{Requantize, Sums};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, ConvTranspose, EvalContext, OpDef, Prepared};
use crate::profiles::integers::{activation, input, integers, output, params};
use crate::tensor::{DType, Granularity, Tensor};

/// Binds a transposed convolution of one group with constant weights `[channels, outputs, kernel…]`.
///
/// # Errors
/// Groups; weights with zero points.
pub(super) fn prepare(
    op: &ConvTranspose,
    node: &IntegerNode<'_>,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let quant = params(node, 1)?;
    let is_symmetric =
        quant.storage == DType::I8 && quant.zero_point.iter().all(|&zero_point| zero_point == 0);
    let is_known = matches!(quant.granularity, Granularity::PerTensor | Granularity::PerAxis(1));
    let Some(weights) = input(node, 1)?.constant.as_ref().filter(|_| is_symmetric && is_known) else {
        return Err(Error::unsupported(
            "weights of a transposed convolution that are no constant symmetric i8",
        ));
    };
    if op.group != 1 || weights.shape().len() < 3 {
        return Err(Error::unsupported("a transposed convolution in groups"));
    }
    let (x, output, n) = (activation(node, 0)?, output(node)?, weights.shape()[1]);
    let requantize = Requantize::new(&x, &quant.scale, &output, kernels, Sums::InBlocks)?;
    if ![1, n].contains(&requantize.n_channels()) {
        return Err(Error::data(format!("{} scales for {n} outputs", requantize.n_channels())));
    }
    let real = |integers: Vec<i32>| integers.into_iter().map(f64::from).collect::<Vec<f64>>();
    let bias = bias(node, n)?.map(|bias| Tensor::vector(real(bias)));
    let weights = Tensor::from_vec(weights.shape().to_vec(), real(integers(weights)?))?;
    Ok(Box::new(Transposed { op: op.clone(), weights, bias, zero_point: x.zero_point, requantize }))
}

/// Sums are computed in f64, which holds them exactly.
#[derive(Debug)]
struct Transposed {
    op: ConvTranspose,
    weights: Tensor,
    bias: Option<Tensor>,
    zero_point: i32,
    requantize: Requantize,
}

impl Prepared for Transposed {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let steps = integers(x)?.into_iter().map(|q| f64::from(q - self.zero_point)).collect();
        let x = Tensor::from_vec(x.shape().to_vec(), steps)?;
        let args = Args(vec![Some(x), Some(self.weights.clone()), self.bias.clone()]);
        let sums = self.op.eval(EvalContext { n_outputs: 1 }, args)?;
        let sums = sums.first().ok_or_else(|| Error::internal("no output"))?;
        let integers: Vec<i32> = sums.as_slice::<f64>()?.iter().map(|&sum| sum as i32).collect();
        Ok(vec![self.requantize.of_sums(sums.shape().to_vec(), 1, &integers)?])
    }
}
