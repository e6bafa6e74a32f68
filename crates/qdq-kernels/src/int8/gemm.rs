//! Products of matrices.

use super::{Arithmetic, Bytes, Epilogue, Output, saturating_pair};

/// A constant right operand `[k, n]`, packed once.
#[derive(Clone, Debug)]
pub struct PackedB {
    data: Vec<i32>,
    zero_points: Vec<i32>,
    k: usize,
    n: usize,
    arithmetic: Arithmetic,
}

impl PackedB {
    /// Packs row-major `b` `[k, n]`; `zero_points` has `n` entries, one for all columns, or none for 0.
    ///
    /// # Panics
    /// When a length does not fit, or for saturating arithmetic on `u8` weights, which no runtime does.
    pub fn new(b: Bytes<'_>, k: usize, n: usize, zero_points: &[i32], arithmetic: Arithmetic) -> Self {
        assert_eq!(b.len(), k * n);
        assert!([0, 1, n].contains(&zero_points.len()));
        assert!(arithmetic == Arithmetic::Exact || b.is_signed());
        let zero_points = (0..n)
            .map(|j| {
                if zero_points.len() == n {
                    zero_points[j]
                } else {
                    zero_points.first().copied().unwrap_or(0)
                }
            })
            .collect();
        let data = (0..k * n).map(|i| b.get(i)).collect();
        Self { data, zero_points, k, n, arithmetic }
    }

    /// Packs row-major `b` `[n, k]`: the transpose of the right operand.
    ///
    /// # Panics
    /// As [`PackedB::new`].
    pub fn transposed(b: Bytes<'_>, k: usize, n: usize, zero_points: &[i32], arithmetic: Arithmetic) -> Self {
        assert_eq!(b.len(), k * n);
        let bits = b.bits();
        let turned: Vec<u8> = (0..k * n).map(|i| bits[i % n * k + i / n]).collect();
        let signed: Vec<i8> = turned.iter().map(|x| *x as i8).collect();
        let b = if b.is_signed() { Bytes::I8(&signed) } else { Bytes::U8(&turned) };
        Self::new(b, k, n, zero_points, arithmetic)
    }

    /// `k`.
    pub fn depth(&self) -> usize {
        self.k
    }

    /// `n`.
    pub fn columns(&self) -> usize {
        self.n
    }

    pub(super) fn sum(
        &self,
        a: impl Fn(usize) -> i32,
        signed: bool,
        a_zero_point: i32,
        column: usize,
    ) -> i32 {
        let b = |p: usize| if p < self.k { self.data[p * self.n + column] } else { 0 };
        let b_zero_point = self.zero_points[column];
        let mut sum = 0i32;
        match self.arithmetic {
            Arithmetic::Exact => {
                for p in 0..self.k {
                    sum = sum.wrapping_add((a(p) - a_zero_point) * (b(p) - b_zero_point));
                }
            }
            Arithmetic::SaturatingPairs => {
                let offset = if signed { 128 } else { 0 };
                let a_bits = |p: usize| if p < self.k { (a(p) + offset) as u8 } else { 0 };
                for p in (0..self.k).step_by(2) {
                    let pair = [a_bits(p), a_bits(p + 1)];
                    sum = sum.wrapping_add(saturating_pair(pair, [b(p) as i8, b(p + 1) as i8]));
                }
                for p in 0..self.k {
                    let exact = (a(p) - a_zero_point) * (b(p) - b_zero_point);
                    sum = sum.wrapping_add(exact - i32::from(a_bits(p)) * b(p));
                }
            }
        }
        sum
    }
}

/// Computes `epilogue((a - a_zero_point) * (b - b_zero_points) + bias)` into row-major `output` `[m, n]`.
///
/// `a` is row-major `[m, k]`; `bias` has `n` entries.
///
/// # Panics
/// When a length does not fit or the output is not of the epilogue's kind.
pub fn gemm(
    a: Bytes<'_>,
    m: usize,
    a_zero_point: i32,
    b: &PackedB,
    bias: Option<&[i32]>,
    epilogue: &Epilogue<'_>,
    mut output: Output<'_>,
) {
    let (k, n) = (b.k, b.n);
    assert_eq!(a.len(), m * k);
    assert_eq!(output.len(), m * n);
    assert!(bias.is_none_or(|bias| bias.len() == n));
    epilogue.check(n, &output);
    for i in 0..m {
        for j in 0..n {
            let sum = b.sum(|p| a.get(i * k + p), a.is_signed(), a_zero_point, j);
            let sum = sum.wrapping_add(bias.map_or(0, |bias| bias[j]));
            output.set(i * n + j, epilogue.value(sum, j));
        }
    }
}
