//! The micro-kernel: the sums of one tile, kept in registers.
#![allow(unsafe_code, reason = "pointer arithmetic in the innermost loops")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::dot::{Dot, I, TILE_VECTORS};
use super::super::lanes::Lanes;
use crate::simd::Simd;

/// Where the operands of a tile are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    /// Groups of depth.
    pub(super) n_groups: usize,
    /// First row of activations; groups of 4 bytes follow each other.
    pub(super) a: *const u8,
    /// Bytes between rows.
    pub(super) a_row_stride: usize,
    /// First group of weights; for each group, all columns of a full tile.
    pub(super) b: *const i8,
    /// Sums, rows of a full tile.
    pub(super) sums: *mut i32,
}

/// Computes the sums of `n_rows` (see [`tile_rows`]), of the first register of columns only if `narrow`.
///
/// # Safety
/// A is readable for `n_rows` rows of `n_groups` groups, B for `n_groups` groups of a full tile, and
/// the sums are writable for `n_rows` rows of a full tile.
#[inline(always)]
pub(super) unsafe fn run_tile<D: Dot>(d: D, n_rows: usize, narrow: bool, tile: &Tile) {
    macro_rules! rows {
        ($($rows:literal $steps:literal),*) => {
            match n_rows {
                // Only what a kernel's tiles have is compiled for it.
                // SAFETY: the caller's promise.
                $($rows => if const { $rows <= D::ROWS } {
                    unsafe {
                        if narrow {
                            sums::<D, $rows, 1, $steps>(d, tile);
                        } else {
                            sums::<D, $rows, TILE_VECTORS, $steps>(d, tile);
                        }
                    }
                },)*
                _ => unreachable!("tile of {n_rows} rows"),
            }
        };
    }
    // With few rows, several steps at once, so that no step waits for the one before.
    rows!(1 4, 2 2, 3 2, 4 1, 6 1, 8 1, 12 1);
}

/// Rows of the next tile when `rest` are left: one of the sizes of [`run_tile`].
pub(super) fn tile_rows(rest: usize, max_rows: usize) -> usize {
    let sizes = [12, 8, 6, 4, 3, 2, 1];
    sizes.into_iter().find(|size| *size <= rest.min(max_rows)).unwrap_or(1)
}

/// # Safety
/// See [`run_tile`].
#[inline(always)]
unsafe fn sums<D: Dot, const ROWS: usize, const VECTORS: usize, const STEPS: usize>(d: D, tile: &Tile) {
    let s = d.simd();
    let lanes = D::S::LANES;
    let group_len = TILE_VECTORS * lanes * D::DEPTH;
    let mut sums = [[[s.splat_i(0); VECTORS]; ROWS]; STEPS];
    let (mut a, mut b) = (tile.a, tile.b);
    // SAFETY: groups below `n_groups` of the promised ranges.
    unsafe {
        for _ in 0..tile.n_groups / STEPS {
            for step in 0..STEPS {
                let b = b.wrapping_add(step * group_len);
                add_group(d, a.wrapping_add(4 * step), tile.a_row_stride, b, &mut sums[step]);
            }
            a = a.wrapping_add(4 * STEPS);
            b = b.wrapping_add(STEPS * group_len);
        }
        for _ in 0..tile.n_groups % STEPS {
            add_group(d, a, tile.a_row_stride, b, &mut sums[0]);
            a = a.wrapping_add(4);
            b = b.wrapping_add(group_len);
        }
    }
    for i in 0..ROWS {
        for j in 0..VECTORS {
            let mut sum = sums[0][i][j];
            for step in 1..STEPS {
                sum = s.add_i(sum, sums[step][i][j]);
            }
            // SAFETY: inside the promised rows.
            unsafe { s.store_i(tile.sums.add((i * TILE_VECTORS + j) * lanes), sum) };
        }
    }
}

/// Adds one group of depth.
///
/// # Safety
/// A group of `ROWS` rows and of `VECTORS` registers of columns is readable.
#[inline(always)]
unsafe fn add_group<D: Dot, const ROWS: usize, const VECTORS: usize>(
    d: D,
    a: *const u8,
    a_row_stride: usize,
    b: *const i8,
    sums: &mut [[I<D>; VECTORS]; ROWS],
) {
    let s = d.simd();
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns = [s.splat_i(0); VECTORS];
        for (j, column) in columns.iter_mut().enumerate() {
            *column = d.load_b(b.add(j * D::S::LANES * D::DEPTH));
        }
        for i in 0..ROWS {
            let row = s.splat_i(a.wrapping_add(i * a_row_stride).cast::<i32>().read_unaligned());
            for j in 0..VECTORS {
                sums[i][j] = d.dot(sums[i][j], row, columns[j]);
            }
        }
    }
}
