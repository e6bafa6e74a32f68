//! The micro-kernel: the sums of one tile, kept in registers.
#![allow(unsafe_code, reason = "pointer arithmetic in the innermost loops")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::dot::{Dot, I, TILE_VECTORS};
use super::super::finish::ColumnTerms;
use super::super::lanes::{ByteBounds, Lanes};
use crate::simd::Simd;

/// Where the operands of a tile are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<'a> {
    /// Groups of depth.
    pub(super) n_groups: usize,
    /// First row of activations; groups of 4 bytes follow each other.
    pub(super) a: *const u8,
    /// Bytes between rows.
    pub(super) a_row_stride: usize,
    /// First group of weights; for each group, all columns of a full tile.
    pub(super) b: *const i8,
    /// What becomes of the sums.
    pub(super) target: Target<'a>,
}

/// Where a tile goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// Sums, rows of a full tile.
    Sums(*mut i32),
    /// Bytes, without leaving the registers.
    Quantized(&'a Quantized<'a>),
}

/// How sums become bytes: the epilogue `Requantize` of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantized<'a> {
    pub(super) terms: &'a ColumnTerms,
    /// Upper bound before the zero point is added.
    pub(super) high: f32,
    pub(super) bounds: ByteBounds,
    /// First byte of the tile.
    pub(super) output: *mut u8,
    /// Distance between rows of bytes.
    pub(super) row_stride: usize,
    pub(super) n_columns: usize,
}

/// Computes the sums of `n_rows` (see [`tile_rows`]), of the first register of columns only if `narrow`.
///
/// # Safety
/// A is readable for `n_rows` rows of `n_groups` groups, B for `n_groups` groups of a full tile, and the target is
/// writable: sums for `n_rows` rows of a full tile, bytes for `n_rows` rows of `n_columns`.
#[inline(always)]
pub(super) unsafe fn run_tile<D: Dot>(d: D, n_rows: usize, narrow: bool, tile: &Tile<'_>) {
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
unsafe fn sums<D: Dot, const ROWS: usize, const VECTORS: usize, const STEPS: usize>(d: D, tile: &Tile<'_>) {
    let s = d.simd();
    let lanes = D::S::LANES;
    let group_len = TILE_VECTORS * lanes * D::DEPTH;
    let mut sums = [[[s.splat_i(0); VECTORS]; ROWS]; STEPS];
    if let Target::Quantized(Quantized { terms, .. }) = tile.target {
        for j in 0..VECTORS {
            // SAFETY: terms are as wide as the widest tile.
            let terms = unsafe { s.load_i(terms.sums.as_ptr().add(j * lanes)) };
            for row in &mut sums[0] {
                row[j] = terms;
            }
        }
    }
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
    let mut total = sums[0];
    for i in 0..ROWS {
        for j in 0..VECTORS {
            for step in 1..STEPS {
                total[i][j] = s.add_i(total[i][j], sums[step][i][j]);
            }
        }
    }
    // SAFETY: the caller's promise.
    match tile.target {
        Target::Sums(target) => {
            for i in 0..ROWS {
                for j in 0..VECTORS {
                    unsafe { s.store_i(target.add((i * TILE_VECTORS + j) * lanes), total[i][j]) };
                }
            }
        }
        Target::Quantized(quantized) => unsafe { store_quantized(s, &total, quantized) },
    }
}

/// Turns the sums of a tile into bytes.
///
/// # Safety
/// `n_columns` bytes of each row are writable.
#[inline(always)]
unsafe fn store_quantized<S: Lanes, const ROWS: usize, const VECTORS: usize>(
    s: S,
    sums: &[[S::I; VECTORS]; ROWS],
    quantized: &Quantized<'_>,
) {
    let high = s.splat(quantized.high);
    let bounds = quantized.bounds;
    // SAFETY: terms are as wide as the widest tile; the caller's promise.
    unsafe {
        let mut scales = [high; VECTORS];
        for (j, scale) in scales.iter_mut().enumerate() {
            *scale = s.load(quantized.terms.scales.as_ptr().add(j * S::LANES));
        }
        for i in 0..ROWS {
            let mut bytes = [s.splat_i(0); TILE_VECTORS];
            for j in 0..VECTORS {
                // The lower bound is cheaper as an integer; far below it, rounding gives i32::MIN.
                bytes[j] = s.round_to_i(s.min(s.mul(s.i_to_f(sums[i][j]), scales[j]), high));
            }
            let target = quantized.output.add(i * quantized.row_stride);
            let [low, high] = bytes;
            if quantized.n_columns == TILE_VECTORS * S::LANES {
                s.store_quantized(target, low, high, bounds);
            } else {
                s.store_quantized_part(target, low, high, bounds, quantized.n_columns);
            }
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
