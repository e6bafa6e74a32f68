//! Matrix products of `f32`.
//!
//! `C = act(alpha * A * B + beta * C + bias)` with `A` `[m, k]`, `B` `[k, n]` and `C` `[m, n]`.
//! Operands come with any strides, so a transpose costs nothing, or packed once into the order in
//! which the micro-kernel reads them ([`PackedA`], [`PackedB`]) when they are constants.
//!
//! ```
//! use qdq_kernels::gemm::{gemm, GemmOptions, MatRef};
//! let a = MatRef::row_major(&[1.0, 2.0, 3.0, 4.0], 2, 2);
//! let mut c = [0.0; 4];
//! gemm(a.into(), a.transposed().into(), &GemmOptions::default(), &mut c);
//! assert_eq!(c, [5.0, 11.0, 11.0, 25.0]);
//! ```

use super::activation::Activation;
use super::parallel::for_each_task;

mod driver;
mod in_place;
mod pack;
mod tile;

pub(crate) use driver::{Left, Output, Problem, Right, run as run_problem};
pub(crate) use in_place::InPlace;
pub(crate) use pack::PanelSource;
pub use pack::{PackedA, PackedB};
pub(crate) use tile::{MAX_TILE_COLUMNS, register_columns};

/// A matrix with arbitrary strides over a slice.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> MatRef<'a> {
    /// Element `(i, j)` is `data[i * row_stride + j * column_stride]`.
    ///
    /// # Panics
    /// When an element lies outside the slice.
    pub fn new(
        data: &'a [f32],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        if rows > 0 && columns > 0 {
            let last = (rows - 1) * row_stride + (columns - 1) * column_stride;
            assert!(last < data.len(), "matrix leaves its slice");
        }
        Self { data, rows, columns, row_stride, column_stride }
    }

    /// Contiguous rows.
    ///
    /// # Panics
    /// When the slice is too short.
    pub fn row_major(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::new(data, rows, columns, columns, 1)
    }

    /// The transpose, without moving anything.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// The left operand of a product.
#[derive(Clone, Copy, Debug)]
pub enum LeftOperand<'a> {
    /// Read where it is.
    Matrix(MatRef<'a>),
    /// Packed beforehand.
    Packed(&'a PackedA),
}

/// The right operand of a product.
#[derive(Clone, Copy, Debug)]
pub enum RightOperand<'a> {
    /// Read where it is.
    Matrix(MatRef<'a>),
    /// Packed beforehand.
    Packed(&'a PackedB),
}

impl<'a> From<MatRef<'a>> for LeftOperand<'a> {
    fn from(matrix: MatRef<'a>) -> Self {
        Self::Matrix(matrix)
    }
}

impl<'a> From<&'a PackedA> for LeftOperand<'a> {
    fn from(packed: &'a PackedA) -> Self {
        Self::Packed(packed)
    }
}

impl<'a> From<MatRef<'a>> for RightOperand<'a> {
    fn from(matrix: MatRef<'a>) -> Self {
        Self::Matrix(matrix)
    }
}

impl<'a> From<&'a PackedB> for RightOperand<'a> {
    fn from(packed: &'a PackedB) -> Self {
        Self::Packed(packed)
    }
}

/// A vector added to a product.
#[derive(Clone, Copy, Debug, Default)]
pub enum Bias<'a> {
    /// Nothing.
    #[default]
    None,
    /// `m` values, one for each row.
    PerRow(&'a [f32]),
    /// `n` values, one for each column.
    PerColumn(&'a [f32]),
}

/// What surrounds the product: `act(alpha * A * B + beta * C + bias)`.
#[derive(Clone, Copy, Debug)]
pub struct GemmOptions<'a> {
    /// Factor of the product.
    pub alpha: f32,
    /// Factor of the previous contents of `C`; 0 means they are not read.
    pub beta: f32,
    /// Added before the activation.
    pub bias: Bias<'a>,
    /// Applied last.
    pub activation: Activation,
}

impl Default for GemmOptions<'_> {
    fn default() -> Self {
        Self { alpha: 1.0, beta: 0.0, bias: Bias::None, activation: Activation::None }
    }
}

/// Computes one product into row-major `c`.
///
/// # Panics
/// When the shapes do not fit together.
pub fn gemm(a: LeftOperand<'_>, b: RightOperand<'_>, options: &GemmOptions<'_>, c: &mut [f32]) {
    let (m, k) = match a {
        LeftOperand::Matrix(a) => (a.rows, a.columns),
        LeftOperand::Packed(a) => (a.rows(), a.depth()),
    };
    let (b_rows, n) = match b {
        RightOperand::Matrix(b) => (b.rows, b.columns),
        RightOperand::Packed(b) => (b.depth(), b.columns()),
    };
    assert_eq!(k, b_rows, "inner dimensions of a product differ");
    assert_eq!(c.len(), m * n);
    let left = match a {
        LeftOperand::Matrix(a) => Left::Matrix(a),
        LeftOperand::Packed(a) => Left::Packed(a),
    };
    let right = match b {
        RightOperand::Matrix(b) => Right::Matrix(b),
        RightOperand::Packed(b) => Right::Packed(b),
    };
    let output = Output::row_major(c, n);
    driver::run(&Problem { m, n, k, left, right, options: *options, output: &output });
}

/// Computes `n_batches` products; `a(i)` and `b(i)` give the operands of batch `i`, whose result
/// is the `i`-th `[m, n]` part of `c`.
///
/// # Panics
/// When the shapes do not fit together.
pub fn gemm_batched<'a>(
    n_batches: usize,
    a: impl Fn(usize) -> LeftOperand<'a> + Sync,
    b: impl Fn(usize) -> RightOperand<'a> + Sync,
    options: &GemmOptions<'_>,
    c: &mut [f32],
) {
    if n_batches == 0 || c.is_empty() {
        return;
    }
    assert_eq!(c.len() % n_batches, 0);
    let plane = c.len() / n_batches;
    // Few batches: threads inside each product serve better.
    if n_batches < 4 {
        for (i, plane) in c.chunks_exact_mut(plane).enumerate() {
            gemm(a(i), b(i), options, plane);
        }
        return;
    }
    let shared = super::parallel::SharedMut::new(c);
    for_each_task(n_batches, |i| {
        #[expect(unsafe_code, reason = "one plane per batch")]
        // SAFETY: planes do not overlap and each belongs to one task.
        let plane = unsafe { shared.slice(i * plane, plane) };
        gemm(a(i), b(i), options, plane);
    });
}

#[cfg(test)]
mod tests;
