//! Products of matrices.

use super::rows::{Rows, Segment};
use super::{Bytes, Epilogue, Output};

mod driver;
mod pack;
mod tile;

pub(super) use driver::{Problem, run as run_problem};
pub use pack::PackedB;

/// Computes `epilogue((a - a_zero_point) * (b - b_zero_points) + bias)` into row-major `output` `[m, n]`.
///
/// `a` is row-major `[m, k]`; `bias` has `n` entries.
///
/// # Panics
/// When a length does not fit, the output is not of the epilogue's kind, or for saturating arithmetic of `i8`
/// activations, which no runtime has.
pub fn gemm(
    a: Bytes<'_>,
    m: usize,
    a_zero_point: i32,
    b: &PackedB,
    bias: Option<&[i32]>,
    epilogue: &Epilogue<'_>,
    output: Output<'_>,
) {
    let (k, n) = (b.depth(), b.columns());
    assert_eq!(a.len(), m * k);
    assert_eq!(output.len(), m * n);
    assert!(bias.is_none_or(|bias| bias.len() == n));
    epilogue.check(n, &output);
    run_problem(&Problem {
        m,
        rows: Rows::matrix(a.bits(), m, k, &Segment { offset: 0, len: k }),
        signed: a.is_signed(),
        a_zero_point,
        b,
        bias,
        epilogue,
        output: &output.into(),
        column_offset: 0,
        row_stride: n,
    });
}

#[cfg(test)]
mod tests;
