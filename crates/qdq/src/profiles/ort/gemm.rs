//! Matrix products with an addend: kernel `QGemm`.

use super::matmul::Product;
use super::node::bytes;
use super::output::Output;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Arithmetic, PackedB, gemm};
use crate::kernels::transpose::transpose;
use crate::ops::{Args, Gemm, Prepared, with_constants};
use crate::tensor::{DType, Tensor};

/// Binds `alpha · a' · b' + c` with an i32 addend for each column.
pub(super) fn prepare(
    op: &Gemm,
    node: &IntegerNode<'_>,
    arithmetic: Arithmetic,
) -> Result<Box<dyn Prepared>> {
    if op.beta != 1.0 {
        return Err(Error::unsupported(format!("beta = {}", op.beta)).help("onnxruntime fuses only beta = 1"));
    }
    if let Some(Some(addend)) = node.inputs.get(2)
        && addend.dtype != DType::I32
    {
        return Err(
            Error::unsupported(format!("an addend of {}", addend.dtype)).help("onnxruntime takes i32")
        );
    }
    let mut product = Product::new(node, op.alpha, usize::from(!op.trans_b), arithmetic)?;
    if let Output::Sums = product.output {
        return Err(Error::unsupported("a `gemm` with an output of i32").help("use `mat_mul`"));
    }
    if let Some(Some(right)) = product.constants.get(1) {
        product.packed = Some(pack(&product, right, op.trans_b)?);
    }
    Ok(Box::new(PreparedGemm { product, op: op.clone() }))
}

fn matrix(tensor: &Tensor) -> Result<(usize, usize)> {
    match *tensor.shape() {
        [rows, columns] => Ok((rows, columns)),
        ref shape => Err(Error::data(format!("the shape {shape:?} where a matrix is needed"))),
    }
}

fn pack(product: &Product, right: &Tensor, transposed: bool) -> Result<PackedB> {
    let (rows, columns) = matrix(right)?;
    let (k, n) = if transposed { (columns, rows) } else { (rows, columns) };
    product.pack(bytes(right)?, (k, n), transposed)
}

#[derive(Debug)]
struct PreparedGemm {
    product: Product,
    op: Gemm,
}

impl Prepared for PreparedGemm {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let product = &self.product;
        let inputs = with_constants(inputs, &product.constants);
        let packed_now;
        let right = if let Some(packed) = &product.packed {
            packed
        } else {
            packed_now = pack(product, inputs.get(1)?, self.op.trans_b)?;
            &packed_now
        };
        let turned;
        let left = if self.op.trans_a {
            turned = transposed(inputs.get(0)?)?;
            &turned
        } else {
            inputs.get(0)?
        };
        let ((m, k), n) = (matrix(left)?, right.columns());
        if k != right.depth() {
            return Err(Error::data(format!("inner sizes {k} and {} differ", right.depth())));
        }
        let addend = inputs.optional(2).map(|addend| for_columns(addend, n)).transpose()?;
        let (left, zero_point) = (bytes(left)?, product.left.zero_point);
        let output = product.output.fill(vec![m, n], |epilogue, output| {
            gemm(left, m, zero_point, right, addend.as_deref(), epilogue, output);
        })?;
        Ok(vec![output])
    }
}

fn transposed(tensor: &Tensor) -> Result<Tensor> {
    let (rows, columns) = matrix(tensor)?;
    let mut turned = vec![0; rows * columns];
    transpose(bytes(tensor)?.bits(), &[rows, columns], &[1, 0], &mut turned);
    super::node::from_bits(tensor.dtype(), vec![columns, rows], turned)
}

/// The addend of each column.
fn for_columns(addend: &Tensor, n: usize) -> Result<Vec<i32>> {
    let elements = addend.as_slice::<i32>()?;
    match *addend.shape() {
        [size] | [1, size] if size == n => Ok(elements.to_vec()),
        [] | [1] | [1, 1] => Ok(vec![elements[0]; n]),
        ref shape => Err(Error::unsupported(format!("an addend of shape {shape:?} for {n} columns"))
            .help("one number for each column is known")),
    }
}
