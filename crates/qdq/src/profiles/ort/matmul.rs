//! Matrix products: kernels `QLinearMatMul`, `MatMulIntegerToFloat` and `MatMulInteger`.

use super::node::{self, Affine, bytes, check_types, constants};
use super::output::Output;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{self, Arithmetic, Bytes, PackedB, gemm};
use crate::ops::{Args, MatMulSizes, Prepared, with_constants};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Binds a product as in numpy; the right factor may have a scale and a zero point for each column if it is a matrix.
pub(super) fn prepare(node: &IntegerNode<'_>, arithmetic: Arithmetic) -> Result<Box<dyn Prepared>> {
    let mut product = Product::new(node, 1.0, 1, arithmetic)?;
    if let Some(Some(right)) = product.constants.get(1)
        && let &[k, n] = right.shape()
    {
        product.packed = Some(product.pack(bytes(right)?, (k, n), false)?);
    }
    Ok(Box::new(PreparedMatMul(product)))
}

/// What products of matrices share.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) left: Affine,
    /// Of the right factor: one, or one for each column.
    zero_points: Vec<i32>,
    pub(super) output: Output,
    arithmetic: Arithmetic,
    pub(super) constants: Vec<Option<Tensor>>,
    /// A constant right factor that is a matrix.
    pub(super) packed: Option<PackedB>,
}

impl Product {
    /// Factors 0 and 1 of a node, multiplied and scaled by `alpha`; `column_axis` is that of the columns of factor 1.
    pub(super) fn new(
        node: &IntegerNode<'_>,
        alpha: f32,
        column_axis: usize,
        arithmetic: Arithmetic,
    ) -> Result<Self> {
        let left = node::input(node, 0)?;
        let right: &QuantParams = node::params(node, 1)?;
        check_types(left.storage, right.storage)?;
        match right.granularity {
            Granularity::PerTensor => {}
            Granularity::PerAxis(axis) if axis == column_axis => {}
            _ => return Err(Error::unsupported("a right factor with scales that are not for its columns")),
        }
        let output = Output::of(node, right.scale.iter().map(|scale| alpha * left.scale * scale).collect())?;
        output.check_storage(left.storage)?;
        let may_saturate = (left.storage, right.storage) == (DType::U8, DType::I8);
        Ok(Self {
            left,
            zero_points: right.zero_point.to_vec(),
            output,
            arithmetic: if may_saturate { arithmetic } else { Arithmetic::Exact },
            constants: constants(node),
            packed: None,
        })
    }

    /// A factor `[k, n]`, or `[n, k]` where it is transposed.
    pub(super) fn pack(
        &self,
        elements: Bytes<'_>,
        (k, n): (usize, usize),
        transposed: bool,
    ) -> Result<PackedB> {
        if k == 0 {
            return Err(Error::unsupported("a product along an axis of size 0"));
        }
        if ![1, n].contains(&self.zero_points.len()) {
            return Err(Error::data(format!("{} scales for {n} columns", self.zero_points.len())));
        }
        let pack = if transposed { PackedB::transposed } else { PackedB::new };
        Ok(pack(elements, k, n, &self.zero_points, self.arithmetic))
    }
}

#[derive(Debug)]
struct PreparedMatMul(Product);

impl Prepared for PreparedMatMul {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let product = &self.0;
        let inputs = with_constants(inputs, &product.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let MatMulSizes { m, k, n, batches, shape } = MatMulSizes::new(a.shape(), b.shape())?;
        if product.zero_points.len() > 1 && b.shape().len() != 2 {
            return Err(Error::unsupported("scales for the columns of a right factor that is no matrix"));
        }
        let (left, right, zero_point) = (bytes(a)?, bytes(b)?, product.left.zero_point);
        if let Some(packed) = &product.packed {
            // All batches are rows of one product.
            let output = product.output.fill(shape, |epilogue, output| {
                gemm(left, m, zero_point, packed, None, epilogue, output);
            })?;
            return Ok(vec![output]);
        }
        let packed = batches.into_iter().map(|(a_idx, b_idx)| {
            Ok((a_idx, product.pack(right.slice(b_idx * k * n, k * n), (k, n), false)?))
        });
        let packed = packed.collect::<Result<Vec<_>>>()?;
        let output = product.output.fill(shape, |epilogue, mut output| {
            for (idx, (a_idx, right)) in packed.iter().enumerate() {
                let part = part(&mut output, idx * m * n, m * n);
                gemm(left.slice(a_idx * m * k, m * k), m, zero_point, right, None, epilogue, part);
            }
        })?;
        Ok(vec![output])
    }
}

/// `len` elements of an output from `begin`.
fn part<'o>(output: &'o mut int8::Output<'_>, begin: usize, len: usize) -> int8::Output<'o> {
    match output {
        int8::Output::I32(elements) => int8::Output::I32(&mut elements[begin..][..len]),
        int8::Output::F32(elements) => int8::Output::F32(&mut elements[begin..][..len]),
        int8::Output::U8(elements) => int8::Output::U8(&mut elements[begin..][..len]),
        int8::Output::I8(elements) => int8::Output::I8(&mut elements[begin..][..len]),
        int8::Output::U16(elements) => int8::Output::U16(&mut elements[begin..][..len]),
        int8::Output::I16(elements) => int8::Output::I16(&mut elements[begin..][..len]),
    }
}
