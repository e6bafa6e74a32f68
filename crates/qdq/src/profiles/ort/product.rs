//! Sums of products of integers.

use crate::kernels::parallel::{for_each_chunk, rows_per_task};

/// How products of u8 by i8 are summed.
///
/// Pairs are neighbours along k, from its start, `(0, 1), (2, 3), …`; the last is alone if k is odd. For matrices k is
/// their inner axis. For convolutions it counts the channels of the group at the first tap of the kernel, then those at
/// the next tap: onnxruntime computes in channels-last order. Taps in the padding take part, with the zero point as
/// their input. The integers are multiplied as they are stored; zero points are accounted for afterwards, exactly.
///
/// Everything else is exact on every processor: u8 by u8 and i8 by i8, and depthwise convolutions (one channel in and
/// one out in each group), which have kernels of their own with 32-bit sums.
///
/// Source: MLAS `QgemmU8S8KernelAvx2`, `QgemvU8S8KernelAvx2`, `ConvSymKernelAvx2`, `MlasConvSymPackW`; all of it
/// observed on a processor with AVX2 and without VNNI. AVX-512 without VNNI packs and multiplies alike (its sources
/// say so; not observed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sums {
    /// All of them, in 32 bits.
    Exact,
    /// The sum of two neighbours is limited to 16 bits, then added in 32 bits.
    SaturatingPairs,
}

/// The right factor of a product, `[k, n]`, and what its zero points need.
#[derive(Clone, Debug)]
pub(super) struct Right {
    k: usize,
    n: usize,
    /// `[k / 2 rounded up, n, 2]`: two neighbours along k beside each other, 0 where k has ended.
    pairs: Vec<i16>,
    /// For each column.
    zero_points: Vec<i32>,
    column_sums: Vec<i32>,
}

impl Right {
    /// A factor of element `(row, column)` at `elements[row * strides.0 + column * strides.1]`; one zero point, or one
    /// for each column.
    pub(super) fn new(
        elements: &[i16],
        (k, n): (usize, usize),
        strides: (usize, usize),
        zero_points: &[i32],
    ) -> Self {
        let mut pairs = vec![0; k.div_ceil(2) * n * 2];
        let mut column_sums = vec![0; n];
        for row in 0..k {
            for column in 0..n {
                let element = elements[row * strides.0 + column * strides.1];
                pairs[(row / 2 * n + column) * 2 + row % 2] = element;
                column_sums[column] += i32::from(element);
            }
        }
        let zero_points = (0..n).map(|column| zero_points[column % zero_points.len()]).collect();
        Self { k, n, pairs, zero_points, column_sums }
    }

    /// Number of columns.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// `Σ (left - left_zero) · (right - right_zero)`, wrapped to 32 bits, for each row of `left`, `[rows, k]`, and each
    /// column, `[rows, n]`.
    pub(super) fn multiply(&self, left: &[i16], left_zero: i32, sums: Sums) -> Vec<i32> {
        let rows = left.len() / self.k.max(1);
        let mut product = vec![0; rows * self.n];
        let rows_per_task = rows_per_task(self.k * self.n, 1 << 16);
        for_each_chunk(&mut product, (rows_per_task * self.n).max(1), |task, product| {
            let left = &left[task * rows_per_task * self.k..];
            for (row, product) in product.chunks_mut(self.n).enumerate() {
                self.multiply_row(&left[row * self.k..][..self.k], left_zero, sums, product);
            }
        });
        product
    }

    fn multiply_row(&self, left: &[i16], left_zero: i32, sums: Sums, product: &mut [i32]) {
        for (left, right) in left.chunks(2).zip(self.pairs.chunks(self.n * 2)) {
            let left = [left[0], left.get(1).copied().unwrap_or(0)].map(i32::from);
            let two = |right: &[i16]| left[0] * i32::from(right[0]) + left[1] * i32::from(right[1]);
            let columns = product.iter_mut().zip(right.chunks_exact(2));
            match sums {
                Sums::Exact => columns.for_each(|(sum, right)| *sum = sum.wrapping_add(two(right))),
                Sums::SaturatingPairs => columns.for_each(|(sum, right)| {
                    *sum = sum.wrapping_add(two(right).clamp(i16::MIN.into(), i16::MAX.into()));
                }),
            }
        }
        let row_sum: i32 = left.iter().map(|&element| i32::from(element)).sum();
        let constant = row_sum.wrapping_sub((self.k as i32).wrapping_mul(left_zero));
        for (column, sum) in product.iter_mut().enumerate() {
            let of_right = self.zero_points[column].wrapping_mul(constant);
            let of_left = left_zero.wrapping_mul(self.column_sums[column]);
            *sum = sum.wrapping_sub(of_right).wrapping_sub(of_left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_the_definition() {
        for (rows, k, n) in [(1, 1, 1), (3, 5, 7), (4, 8, 2), (2, 0, 3)] {
            let left: Vec<i16> = (0..rows * k).map(|i| (i * 37 % 256) as i16).collect();
            let right: Vec<i16> = (0..k * n).map(|i| (i * 91 % 256) as i16 - 128).collect();
            let zeros: Vec<i32> = (0..n as i32).collect();
            let product = Right::new(&right, (k, n), (n, 1), &zeros).multiply(&left, 9, Sums::Exact);
            for (i, &sum) in product.iter().enumerate() {
                let (row, column) = (i / n, i % n);
                let term = |j: usize| {
                    (i32::from(left[row * k + j]) - 9) * (i32::from(right[j * n + column]) - zeros[column])
                };
                assert_eq!(sum, (0..k).map(term).sum::<i32>());
            }
        }
    }

    #[test]
    fn pairs_saturate_before_zero_points() {
        let right = Right::new(&[127, 127, 127], (3, 1), (1, 1), &[0]);
        assert_eq!(right.multiply(&[255; 3], 0, Sums::SaturatingPairs), [32767 + 255 * 127]);
        assert_eq!(right.multiply(&[255; 3], 255, Sums::SaturatingPairs), [32767 + 255 * 127 - 255 * 381]);
        let right = Right::new(&[-128, -128, 1], (3, 1), (1, 1), &[0]);
        assert_eq!(right.multiply(&[255, 255, 1], 0, Sums::SaturatingPairs), [-32768 + 1]);
    }
}
