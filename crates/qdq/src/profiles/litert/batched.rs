//! Products of two activations: kernel `BATCH_MATMUL`.

use super::Kernels;
use super::sums::{Requantize, Sums, fixed_point, product_in_f32};
use super::wide::multiply_wide;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Arithmetic, Bytes, Epilogue, Output, PackedB, gemm};
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, MatMulSizes, Prepared, with_constants};
use crate::profiles::integers::{Affine, activation, bytes, constants, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a product as in numpy.
pub(super) fn prepare(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (left, right, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let from_sums = match [left.storage, right.storage, output.storage] {
        [DType::I16, DType::I16, DType::I16]
            if [left.zero_point, right.zero_point, output.zero_point] == [0; 3] =>
        {
            let product = product_in_f32(left.scale, right.scale);
            FromSums::Wide(fixed_point(product / f64::from(output.scale))?, output)
        }
        _ => FromSums::Narrow(Requantize::new(&left, &[right.scale], &output, kernels, Sums::Batched)?),
    };
    let zero_points = [left.zero_point, right.zero_point];
    Ok(Box::new(PreparedBatches { from_sums, zero_points, constants: constants(node) }))
}

/// What becomes of sums.
#[derive(Debug)]
enum FromSums {
    /// Of 8-bit factors.
    Narrow(Requantize),
    /// Of 16-bit factors, in 64 bits.
    Wide(FixedPoint, Affine),
}

#[derive(Debug)]
struct PreparedBatches {
    from_sums: FromSums,
    /// Of both factors.
    zero_points: [i32; 2],
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedBatches {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let sizes = MatMulSizes::new(a.shape(), b.shape())?;
        if sizes.k == 0 || sizes.shape.is_empty() {
            return Err(Error::unsupported(format!("the product of {:?} and {:?}", a.shape(), b.shape())));
        }
        let output = match &self.from_sums {
            FromSums::Narrow(requantize) => self.narrow(requantize, bytes(a)?, bytes(b)?, sizes)?,
            FromSums::Wide(factor, output) => wide(*factor, output, &integers(a)?, &integers(b)?, sizes)?,
        };
        Ok(vec![output])
    }
}

impl PreparedBatches {
    fn narrow(
        &self,
        requantize: &Requantize,
        left: Bytes<'_>,
        right: Bytes<'_>,
        sizes: MatMulSizes,
    ) -> Result<Tensor> {
        let MatMulSizes { m, k, n, batches, shape } = sizes;
        let mut sums = vec![0; batches.len() * m * n];
        for ((left_batch, right_batch), sums) in batches.into_iter().zip(sums.chunks_mut((m * n).max(1))) {
            let right = right.slice(right_batch * k * n, k * n);
            let packed = PackedB::new(right, k, n, &self.zero_points[1..], Arithmetic::Exact);
            let left = left.slice(left_batch * m * k, m * k);
            gemm(left, m, self.zero_points[0], &packed, None, &Epilogue::Sums, Output::I32(sums));
        }
        let axis = shape.len() - 1;
        requantize.of_sums(shape, axis, &sums)
    }
}

fn wide(factor: FixedPoint, to: &Affine, left: &[i32], right: &[i32], sizes: MatMulSizes) -> Result<Tensor> {
    let MatMulSizes { m, k, n, batches, shape } = sizes;
    let mut found = Vec::with_capacity(batches.len() * m * n);
    for (left_batch, right_batch) in batches {
        let right = &right[right_batch * k * n..][..k * n];
        for row in left[left_batch * m * k..][..m * k].chunks(k) {
            let mut sums = vec![0i64; n];
            for (&x, weights) in row.iter().zip(right.chunks(n.max(1))) {
                sums.iter_mut().zip(weights).for_each(|(sum, &w)| *sum += i64::from(x) * i64::from(w));
            }
            found.extend(sums.into_iter().map(|sum| to.limit(multiply_wide(sum, factor))));
        }
    }
    to.tensor(shape, &found)
}
