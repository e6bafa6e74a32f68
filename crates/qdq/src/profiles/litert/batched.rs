//! Products of two activations: kernel `BATCH_MATMUL`.

use super::Kernels;
use super::sums::{Requantize, Sums};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Arithmetic, Epilogue, Output, PackedB, gemm};
use crate::ops::{Args, MatMulSizes, Prepared, with_constants};
use crate::profiles::integers::{activation, bytes, constants, output};
use crate::tensor::Tensor;

/// Binds a product as in numpy.
pub(super) fn prepare(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (left, right, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    if left.storage != right.storage {
        return Err(Error::unsupported(format!("a product of {} and {}", left.storage, right.storage)));
    }
    Ok(Box::new(PreparedBatches {
        requantize: Requantize::new(&left, &[right.scale], &output, kernels, Sums::Batched)?,
        zero_points: [left.zero_point, right.zero_point],
        constants: constants(node),
    }))
}

#[derive(Debug)]
struct PreparedBatches {
    requantize: Requantize,
    /// Of both factors.
    zero_points: [i32; 2],
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedBatches {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let MatMulSizes { m, k, n, batches, shape } = MatMulSizes::new(a.shape(), b.shape())?;
        if k == 0 || shape.is_empty() {
            return Err(Error::unsupported(format!("the product of {:?} and {:?}", a.shape(), b.shape())));
        }
        let (left, right) = (bytes(a)?, bytes(b)?);
        let mut sums = vec![0; batches.len() * m * n];
        for ((left_batch, right_batch), sums) in batches.into_iter().zip(sums.chunks_mut((m * n).max(1))) {
            let right = right.slice(right_batch * k * n, k * n);
            let packed = PackedB::new(right, k, n, &self.zero_points[1..], Arithmetic::Exact);
            let left = left.slice(left_batch * m * k, m * k);
            gemm(left, m, self.zero_points[0], &packed, None, &Epilogue::Sums, Output::I32(sums));
        }
        let axis = shape.len() - 1;
        Ok(vec![self.requantize.of_sums(shape, axis, &sums)?])
    }
}
