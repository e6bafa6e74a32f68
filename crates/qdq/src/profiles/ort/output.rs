//! What becomes of a sum of products: integers, real numbers, or the sum itself.

use super::node::{Affine, check_whole_range, from_bits};
use super::rounding::Saturate;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::tensor::{DType, Tensor};

/// The last step of a kernel of products, with a factor for the whole tensor or one for each output channel.
#[derive(Clone, Debug)]
pub(super) enum Output {
    /// `round(sum · factor)`, saturated; factor = (left scale · right scale) / output scale.
    Integers { factors: Vec<f32>, saturate: Saturate, storage: DType },
    /// `sum · factor`; factor = left scale · right scale.
    Reals { factors: Vec<f32> },
    /// The sum: kernels `ConvInteger` and `MatMulInteger`.
    Sums,
}

impl Output {
    /// The last step of a node, whose sums are worth `scales`: left scale · right scale.
    ///
    /// # Errors
    /// Parameters that onnxruntime's kernels do not have.
    pub(super) fn of(node: &IntegerNode<'_>, scales: Vec<f32>) -> Result<Self> {
        let Some(params) = node.outputs.first().and_then(Option::as_ref) else {
            return Ok(Output::Reals { factors: scales });
        };
        if params.storage == DType::I32 {
            if params.scale != scales || params.zero_point.iter().any(|&zero_point| zero_point != 0) {
                return Err(Error::unsupported("an i32 output that is not the sum of products")
                    .help("its scale must be the product of the inputs' scales and its zero point 0"));
            }
            return Ok(Output::Sums);
        }
        check_whole_range(params)?;
        let params = Affine::of(params, "the output")?;
        let factors = scales.into_iter().map(|scale| scale / params.scale).collect();
        Ok(Output::Integers { factors, saturate: Saturate::to(params), storage: params.storage })
    }

    /// Storage type of the output, if it is of 8-bit integers.
    pub(super) fn storage(&self) -> Option<DType> {
        if let Output::Integers { storage, .. } = self { Some(*storage) } else { None }
    }

    /// The output of this shape. `sum_at(i)` gives the sum for element `i` and its channel.
    pub(super) fn finish(&self, shape: Vec<usize>, sum_at: impl Fn(usize) -> (i32, usize)) -> Result<Tensor> {
        let count: usize = shape.iter().product();
        let sums = (0..count).map(sum_at);
        match self {
            Output::Integers { factors, saturate, storage } => {
                let bits = sums.map(|(sum, channel)| saturate.bits(sum as f32 * factor(factors, channel)));
                from_bits(*storage, shape, bits.collect())
            }
            Output::Reals { factors } => {
                let reals = sums.map(|(sum, channel)| sum as f32 * factor(factors, channel));
                Tensor::from_vec(shape, reals.collect())
            }
            Output::Sums => Tensor::from_vec(shape, sums.map(|(sum, _)| sum).collect()),
        }
    }
}

fn factor(factors: &[f32], channel: usize) -> f32 {
    if factors.len() == 1 { factors[0] } else { factors[channel] }
}
