//! What becomes of a sum of products: integers, real numbers, or the sum itself.

use super::node::{Affine, check_whole_range};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{self, Epilogue, Range};
use crate::ops::{output_count, unwritten};
use crate::tensor::{DType, Tensor};

/// The last step of a kernel of products, with a factor for the whole tensor or one for each output channel.
#[derive(Clone, Debug)]
pub(super) enum Output {
    /// `round(sum · factor)`, saturated; factor = (left scale · right scale) / output scale.
    Integers { factors: Vec<f32>, range: Range, storage: DType },
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
            if params.scale[..] != scales || params.zero_point.iter().any(|&zero_point| zero_point != 0) {
                return Err(Error::unsupported("an i32 output that is not the sum of products")
                    .help("its scale must be the product of the inputs' scales and its zero point 0"));
            }
            return Ok(Output::Sums);
        }
        check_whole_range(params)?;
        let params = Affine::of(params, "the output")?;
        let factors = scales.into_iter().map(|scale| scale / params.scale).collect();
        let (min, max) = params.range();
        let range = Range { zero_point: params.zero_point, min, max };
        Ok(Output::Integers { factors, range, storage: params.storage })
    }

    /// An error unless integers come out in the type they went in.
    pub(super) fn check_storage(&self, input: DType) -> Result<()> {
        match self {
            Output::Integers { storage, .. } if *storage != input => {
                Err(Error::unsupported(format!("{input} in and {storage} out"))
                    .help("onnxruntime fuses products only if input and output have one type"))
            }
            _ => Ok(()),
        }
    }

    /// An error unless there is one factor, or one for each of `n` channels.
    pub(super) fn check_channels(&self, n: usize) -> Result<()> {
        match self {
            Output::Integers { factors, .. } | Output::Reals { factors }
                if ![1, n].contains(&factors.len()) =>
            {
                Err(Error::data(format!("{} scales for {n} channels", factors.len())))
            }
            _ => Ok(()),
        }
    }

    /// A tensor of this shape that `kernel` fills; it is not called when there is nothing to fill.
    pub(super) fn fill(
        &self,
        shape: Vec<usize>,
        kernel: impl FnOnce(&Epilogue<'_>, int8::Output<'_>),
    ) -> Result<Tensor> {
        let count = output_count(&shape)?;
        let kernel = |epilogue: &Epilogue<'_>, output: int8::Output<'_>| {
            if count > 0 {
                kernel(epilogue, output);
            }
        };
        match self {
            Output::Integers { factors, range, storage } => {
                let epilogue = Epilogue::Requantize { multipliers: factors, range: *range };
                if *storage == DType::I8 {
                    let mut elements = unwritten::<i8>(&shape)?;
                    kernel(&epilogue, int8::Output::I8(&mut elements));
                    return Tensor::from_vec(shape, elements);
                }
                let mut elements = unwritten::<u8>(&shape)?;
                kernel(&epilogue, int8::Output::U8(&mut elements));
                Tensor::from_vec(shape, elements)
            }
            Output::Reals { factors } => {
                let mut elements = unwritten::<f32>(&shape)?;
                let epilogue = Epilogue::Dequantize { scales: factors, bias: None };
                kernel(&epilogue, int8::Output::F32(&mut elements));
                Tensor::from_vec(shape, elements)
            }
            Output::Sums => {
                let mut elements = unwritten::<i32>(&shape)?;
                kernel(&Epilogue::Sums, int8::Output::I32(&mut elements));
                Tensor::from_vec(shape, elements)
            }
        }
    }
}
