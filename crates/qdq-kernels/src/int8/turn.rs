//! Channels first to channels last and back.
#![allow(unsafe_code, reason = "blocks of checked slices, seen as registers")]

use crate::parallel::{SharedMut, for_each_task};

/// Rows and columns of a block.
const BLOCK: usize = 16;
/// Elements per task.
const CHUNK: usize = 1 << 15;

/// An element that blocks of can be transposed.
pub(super) trait Element: Copy + Send + Sync {
    /// `target[j][i] = source[i][j]` for a square block.
    ///
    /// # Safety
    /// Rows of [`BLOCK`] elements, the given number of elements apart, are readable and writable.
    unsafe fn block(source: *const Self, source_stride: usize, target: *mut Self, target_stride: usize);
}

/// Transposes `n` matrices `[rows, columns]`.
///
/// # Panics
/// When a length does not fit.
pub(super) fn transpose<T: Element>(input: &[T], n: usize, rows: usize, columns: usize, output: &mut [T]) {
    assert_eq!(input.len(), n * rows * columns);
    assert_eq!(output.len(), input.len());
    if output.is_empty() {
        return;
    }
    // A task writes whole output rows.
    let task_columns = (CHUNK / rows).next_multiple_of(BLOCK).clamp(BLOCK, columns.next_multiple_of(BLOCK));
    let n_tasks = columns.div_ceil(task_columns);
    let shared = SharedMut::new(output);
    for_each_task(n * n_tasks, |task| {
        let (matrix, begin) = (task / n_tasks, task % n_tasks * task_columns);
        let end = columns.min(begin + task_columns);
        let input = &input[matrix * rows * columns..][..rows * columns];
        // SAFETY: each task has output rows of its own.
        let output = unsafe { shared.slice((matrix * columns + begin) * rows, (end - begin) * rows) };
        transpose_columns(input, rows, columns, begin, output);
    });
}

/// Columns from `begin` on, as the rows of `output`.
fn transpose_columns<T: Element>(input: &[T], rows: usize, columns: usize, begin: usize, output: &mut [T]) {
    let n_columns = output.len() / rows;
    let (full_rows, full_columns) = (rows / BLOCK * BLOCK, n_columns / BLOCK * BLOCK);
    for j in (0..full_columns).step_by(BLOCK) {
        for i in (0..full_rows).step_by(BLOCK) {
            let source = input[i * columns + begin + j..].as_ptr();
            // SAFETY: a block inside the matrix and inside the output.
            unsafe { T::block(source, columns, output[j * rows + i..].as_mut_ptr(), rows) };
        }
    }
    for j in 0..n_columns {
        let first = if j < full_columns { full_rows } else { 0 };
        for i in first..rows {
            output[j * rows + i] = input[i * columns + begin + j];
        }
    }
}

macro_rules! plain_element {
    ($($ty:ty),*) => {$(
        impl Element for $ty {
            #[inline]
            unsafe fn block(source: *const Self, source_stride: usize, target: *mut Self, target_stride: usize) {
                for j in 0..BLOCK {
                    for i in 0..BLOCK {
                        // SAFETY: the caller's promise.
                        unsafe { *target.add(j * target_stride + i) = *source.add(i * source_stride + j) };
                    }
                }
            }
        }
    )*};
}
plain_element!(u16, i32, f32);
#[cfg(not(target_arch = "x86_64"))]
plain_element!(u8);

#[cfg(target_arch = "x86_64")]
impl Element for u8 {
    #[inline]
    unsafe fn block(source: *const u8, source_stride: usize, target: *mut u8, target_stride: usize) {
        use std::arch::x86_64::{_mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpacklo_epi8};
        // SAFETY: SSE2 is part of x86-64; the caller's promise.
        unsafe {
            let mut rows: [_; BLOCK] =
                std::array::from_fn(|i| _mm_loadu_si128(source.add(i * source_stride).cast()));
            // Each round interleaves row i with row i + 8; four of them transpose.
            for _ in 0..4 {
                rows = std::array::from_fn(|i| {
                    let (a, b) = (rows[i / 2], rows[i / 2 + 8]);
                    if i % 2 == 0 { _mm_unpacklo_epi8(a, b) } else { _mm_unpackhi_epi8(a, b) }
                });
            }
            for (j, row) in rows.into_iter().enumerate() {
                _mm_storeu_si128(target.add(j * target_stride).cast(), row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn check<T: Element + PartialEq + std::fmt::Debug>(make: impl Fn(usize) -> T) {
        let mut random = Random::new(3);
        for _ in 0..60 {
            let (n, rows, columns) = (random.below(3), 1 + random.below(70), 1 + random.below(70));
            let input: Vec<T> = (0..n * rows * columns).map(|_| make(random.below(256))).collect();
            let mut output = vec![make(0); input.len()];
            transpose(&input, n, rows, columns, &mut output);
            for (idx, x) in input.iter().enumerate() {
                let (matrix, i, j) = (idx / (rows * columns), idx / columns % rows, idx % columns);
                assert_eq!(output[matrix * rows * columns + j * rows + i], *x, "{rows}x{columns}");
            }
        }
    }

    #[test]
    fn elements_are_where_they_belong() {
        check(|x| x as u8);
        check(|x| x as f32);
    }
}
