//! Matrix products: kernels `QLinearMatMul`, `MatMulIntegerToFloat`, `MatMulInteger` and `QGemm`.

use super::conv::check_types;
use super::node::{self, Affine, constants, integers, operand};
use super::output::Output;
use super::product::{Right, Sums};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::elementwise::broadcast_dims;
use crate::ops::{Args, Gemm, Prepared, with_constants};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Binds a product as in numpy; the right factor may have a scale and a zero point for each column if it is a matrix.
pub(super) fn prepare_mat_mul(node: &IntegerNode<'_>, sums: Sums) -> Result<Box<dyn Prepared>> {
    let mut product = Product::new(node, 1.0, 1, sums)?;
    if let Some(right) = &operand(node, 1)?.constant
        && let &[k, n] = right.shape()
    {
        product.packed = Some(product.pack(&integers(right)?, (k, n), (n, 1))?);
    }
    Ok(Box::new(PreparedMatMul(product)))
}

/// Binds `alpha · a' · b' + c` with an i32 addend.
pub(super) fn prepare_gemm(gemm: &Gemm, node: &IntegerNode<'_>, sums: Sums) -> Result<Box<dyn Prepared>> {
    if gemm.beta != 1.0 {
        return Err(
            Error::unsupported(format!("beta = {}", gemm.beta)).help("onnxruntime fuses only beta = 1")
        );
    }
    if let Some(Some(addend)) = node.inputs.get(2)
        && addend.dtype != DType::I32
    {
        return Err(
            Error::unsupported(format!("an addend of {}", addend.dtype)).help("onnxruntime takes i32")
        );
    }
    let mut product = Product::new(node, gemm.alpha, usize::from(!gemm.trans_b), sums)?;
    if let Output::Sums = product.output {
        return Err(Error::unsupported("a `gemm` with an output of i32").help("use `mat_mul`"));
    }
    if let Some(right) = &operand(node, 1)?.constant {
        product.packed = Some(product.pack_matrix(right, gemm.trans_b)?);
    }
    Ok(Box::new(PreparedGemm { product, gemm: gemm.clone() }))
}

/// What both kernels share.
#[derive(Debug)]
struct Product {
    left: Affine,
    /// Zero points of the right factor: one, or one for each column.
    zero_points: Vec<i32>,
    /// Number of columns that the scales are for; `None` if one is for all.
    n_scales: Option<usize>,
    output: Output,
    sums: Sums,
    constants: Vec<Option<Tensor>>,
    /// A constant right factor that is a matrix.
    packed: Option<Right>,
}

impl Product {
    fn new(node: &IntegerNode<'_>, alpha: f32, column_axis: usize, sums: Sums) -> Result<Self> {
        let left = node::input(node, 0)?;
        let right: &QuantParams = node::params(node, 1)?;
        check_types(left.storage, right.storage)?;
        match right.granularity {
            Granularity::PerTensor => {}
            Granularity::PerAxis(axis) if axis == column_axis => {}
            _ => return Err(Error::unsupported("a right factor with scales that are not for its columns")),
        }
        let scales = right.scale.iter().map(|scale| alpha * left.scale * scale).collect();
        let output = Output::of(node, scales)?;
        if output.storage().is_some_and(|storage| storage != left.storage) {
            return Err(Error::unsupported(format!("{} in and {:?} out", left.storage, output.storage()))
                .help("onnxruntime fuses a product only if left factor and output have one type"));
        }
        let mixed = (left.storage, right.storage) == (DType::U8, DType::I8);
        Ok(Self {
            left,
            zero_points: right.zero_point.clone(),
            n_scales: (right.scale.len() > 1).then_some(right.scale.len()),
            output,
            sums: if mixed { sums } else { Sums::Exact },
            constants: constants(node),
            packed: None,
        })
    }

    fn pack(&self, elements: &[i16], (k, n): (usize, usize), strides: (usize, usize)) -> Result<Right> {
        if self.n_scales.is_some_and(|n_scales| n_scales != n) {
            return Err(Error::data(format!("{} scales for {n} columns", self.zero_points.len())));
        }
        Ok(Right::new(elements, (k, n), strides, &self.zero_points))
    }

    fn pack_matrix(&self, right: &Tensor, transposed: bool) -> Result<Right> {
        let &[rows, columns] = right.shape() else {
            return Err(Error::data(format!("the shape {:?} where a matrix is needed", right.shape())));
        };
        let elements = integers(right)?;
        if transposed {
            return self.pack(&elements, (columns, rows), (1, columns));
        }
        self.pack(&elements, (rows, columns), (columns, 1))
    }

    fn multiply(&self, left: &[i16], right: &Right) -> Vec<i32> {
        right.multiply(left, self.left.zero_point, self.sums)
    }
}

#[derive(Debug)]
struct PreparedMatMul(Product);

impl Prepared for PreparedMatMul {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let product = &self.0;
        let inputs = with_constants(inputs, &product.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let shapes = Shapes::new(a.shape(), b.shape())?;
        if product.n_scales.is_some() && b.shape().len() != 2 {
            return Err(Error::unsupported("scales for the columns of a right factor that is no matrix"));
        }
        let left = integers(a)?;
        let mut sums = Vec::new();
        if let Some(right) = &product.packed {
            sums = product.multiply(&left, right);
        } else {
            let right = integers(b)?;
            let (k, n) = (shapes.k, shapes.n);
            for (a_idx, b_idx) in shapes.batches() {
                let right = product.pack(&right[b_idx * k * n..][..k * n], (k, n), (n, 1))?;
                sums.extend(product.multiply(&left[a_idx * shapes.m * k..][..shapes.m * k], &right));
            }
        }
        if sums.is_empty() {
            sums = vec![0; shapes.output().iter().product()]; // a sum of nothing
        }
        let n = shapes.n;
        Ok(vec![product.output.finish(shapes.output(), |i| (sums[i], i % n))?])
    }
}

/// Sizes of `[batch…, m, k] · [batch…, k, n]`; a vector is one row or one column.
#[derive(Debug)]
struct Shapes {
    a_batch: Vec<usize>,
    b_batch: Vec<usize>,
    batch: Vec<usize>,
    m: usize,
    k: usize,
    n: usize,
    has_row: bool,
    has_column: bool,
}

impl Shapes {
    fn new(a: &[usize], b: &[usize]) -> Result<Self> {
        let bad = || Error::data(format!("the product of {a:?} and {b:?}"));
        let (a_batch, a_matrix) = a.split_at(a.len().saturating_sub(2));
        let (b_batch, b_matrix) = b.split_at(b.len().saturating_sub(2));
        let (m, k) = match *a_matrix {
            [m, k] => (m, k),
            [k] => (1, k),
            _ => return Err(bad()),
        };
        let (rows, n) = match *b_matrix {
            [rows, n] => (rows, n),
            [rows] => (rows, 1),
            _ => return Err(bad()),
        };
        if k != rows {
            return Err(bad());
        }
        Ok(Self {
            a_batch: a_batch.to_vec(),
            b_batch: b_batch.to_vec(),
            batch: broadcast_dims(a_batch, b_batch).ok_or_else(bad)?,
            m,
            k,
            n,
            has_row: a_matrix.len() == 2,
            has_column: b_matrix.len() == 2,
        })
    }

    fn output(&self) -> Vec<usize> {
        let mut shape = self.batch.clone();
        shape.extend(self.has_row.then_some(self.m));
        shape.extend(self.has_column.then_some(self.n));
        shape
    }

    /// Which matrix of a and which of b each matrix of the output is made of.
    fn batches(&self) -> Vec<(usize, usize)> {
        let count = self.batch.iter().product();
        let index = |own: &[usize], mut flat: usize| {
            let (mut index, mut stride) = (0, 1);
            for (axis, &size) in self.batch.iter().enumerate().rev() {
                let at = flat % size;
                flat /= size;
                let Some(own_axis) = (axis + own.len()).checked_sub(self.batch.len()) else { break };
                index += if own[own_axis] == 1 { 0 } else { at } * stride;
                stride *= own[own_axis];
            }
            index
        };
        (0..count).map(|flat| (index(&self.a_batch, flat), index(&self.b_batch, flat))).collect()
    }
}

#[derive(Debug)]
struct PreparedGemm {
    product: Product,
    gemm: Gemm,
}

impl Prepared for PreparedGemm {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let product = &self.product;
        let inputs = with_constants(inputs, &product.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let packed_now;
        let right = match &product.packed {
            Some(packed) => packed,
            None => {
                packed_now = product.pack_matrix(b, self.gemm.trans_b)?;
                &packed_now
            }
        };
        let &[rows, columns] = a.shape() else {
            return Err(Error::data(format!("the shape {:?} where a matrix is needed", a.shape())));
        };
        let mut left = integers(a)?;
        let (m, k) = if self.gemm.trans_a { (columns, rows) } else { (rows, columns) };
        if self.gemm.trans_a {
            let stored = left.clone();
            left = (0..m * k).map(|i| stored[i % k * m + i / k]).collect();
        }
        if b.shape().get(usize::from(self.gemm.trans_b)) != Some(&k) || k == 0 {
            return Err(Error::data(format!("the product of {:?} and {:?}", a.shape(), b.shape())));
        }
        let (sums, n) = (product.multiply(&left, right), right.n());
        let addend = Addend::new(inputs.optional(2), m, n)?;
        Ok(vec![
            product.output.finish(vec![m, n], |i| (sums[i].wrapping_add(addend.at(i / n, i % n)), i % n))?,
        ])
    }
}

/// An i32 addend that broadcasts to the product.
struct Addend<'a> {
    elements: &'a [i32],
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Addend<'a> {
    fn new(addend: Option<&'a Tensor>, m: usize, n: usize) -> Result<Self> {
        let Some(addend) = addend else {
            return Ok(Self { elements: &[0], row_stride: 0, column_stride: 0 });
        };
        let (rows, columns) = match *addend.shape() {
            [] => (1, 1),
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => (0, 0),
        };
        if (rows != 1 && rows != m) || (columns != 1 && columns != n) {
            let message = format!("an addend of shape {:?} for a product of {m} by {n}", addend.shape());
            return Err(Error::data(message));
        }
        Ok(Self {
            elements: addend.as_slice()?,
            row_stride: if rows == 1 { 0 } else { columns },
            column_stride: usize::from(columns != 1),
        })
    }

    fn at(&self, row: usize, column: usize) -> i32 {
        self.elements[row * self.row_stride + column * self.column_stride]
    }
}
