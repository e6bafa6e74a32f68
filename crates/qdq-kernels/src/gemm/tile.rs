//! The micro-kernel: one tile of C kept in registers.
#![allow(unsafe_code, reason = "pointer arithmetic in the innermost loops")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::simd::{Isa, Simd, SimdTask, dispatch_on};

/// Registers of columns in a tile.
pub(super) const TILE_VECTORS: usize = 2;
/// Most rows any instruction set uses, see [`Simd::TILE_ROWS`].
pub(super) const MAX_TILE_ROWS: usize = 14;
/// Most columns any instruction set uses.
pub(crate) const MAX_TILE_COLUMNS: usize = 32;

/// Rows and columns of a full tile.
pub(super) fn tile_shape(isa: Isa) -> (usize, usize) {
    match isa {
        Isa::Portable => (4, 8),
        Isa::Avx2 => (6, 16),
        Isa::Avx512 => (14, 32),
    }
}

/// Columns in a register of the current instruction set.
pub(crate) fn register_columns() -> usize {
    tile_shape(Isa::current()).1 / TILE_VECTORS
}

/// One tile: where its operands are and what to do with the sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    /// Length of the sums.
    pub(super) depth: usize,
    /// First element of A, packed: each step of depth has the rows contiguous.
    pub(super) a: *const f32,
    /// First element of B; each step of depth has the columns contiguous.
    pub(super) b: *const f32,
    /// Where the steps of depth are in B.
    pub(super) b_steps: Steps,
    /// First element of C.
    pub(super) c: *mut f32,
    /// Distance between rows of C.
    pub(super) c_row_stride: usize,
    /// Distance between columns of C.
    pub(super) c_column_stride: usize,
    /// Columns to write, at most a full tile's.
    pub(super) n_columns: usize,
    /// Factor of the sums.
    pub(super) alpha: f32,
    /// Factor of the previous C; 0 leaves it unread.
    pub(super) beta: f32,
    /// One value per row, or null.
    pub(super) row_bias: *const f32,
    /// One value per column, or null.
    pub(super) column_bias: *const f32,
    /// Bounds of a fused clamp.
    pub(super) clamp: Option<(f32, f32)>,
}

/// Where the columns of each step of depth begin, relative to the first element of B.
#[derive(Clone, Copy, Debug)]
pub(super) enum Steps {
    /// This many elements apart.
    Stride(usize),
    /// At these distances, one for each step.
    Offsets(*const usize),
}

/// Computes a tile of `n_rows`.
///
/// # Safety
/// With `r` rows, `v` full registers for `n_columns` and depth `d`: A is readable for `r x d`, B for
/// `d` steps of `v` registers, `d` offsets where they are given, C and the biases for
/// `r x n_columns`, and nobody else uses that part of C. `isa` comes from [`Isa::current`].
pub(super) unsafe fn run_tile(isa: Isa, n_rows: usize, tile: &Tile) {
    let lanes = tile_shape(isa).1 / TILE_VECTORS;
    let narrow = tile.n_columns <= lanes;
    macro_rules! rows {
        ($($rows:literal)*) => {
            match n_rows {
                $($rows => match (narrow, tile.b_steps) {
                    (false, Steps::Stride(_)) => dispatch_on(isa, Run::<$rows, 2, false>(tile)),
                    (false, Steps::Offsets(_)) => dispatch_on(isa, Run::<$rows, 2, true>(tile)),
                    (true, Steps::Stride(_)) => dispatch_on(isa, Run::<$rows, 1, false>(tile)),
                    (true, Steps::Offsets(_)) => dispatch_on(isa, Run::<$rows, 1, true>(tile)),
                },)*
                _ => unreachable!("tile of {n_rows} rows"),
            }
        };
    }
    rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// A tile of `ROWS` rows and `VECTORS` registers of columns, with offsets into B or without.
struct Run<'a, const ROWS: usize, const VECTORS: usize, const OFFSETS: bool>(&'a Tile);

impl<const ROWS: usize, const VECTORS: usize, const OFFSETS: bool> SimdTask
    for Run<'_, ROWS, VECTORS, OFFSETS>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        if ROWS > S::TILE_ROWS {
            return;
        }
        // SAFETY: `run_tile` is the only maker of this task and its caller promised the ranges.
        unsafe {
            let sums = sums::<S, ROWS, VECTORS, OFFSETS>(s, self.0);
            finish::<S, ROWS, VECTORS>(s, self.0, sums);
        }
    }
}

/// `A * B` of the tile.
///
/// # Safety
/// See [`run_tile`].
#[inline(always)]
unsafe fn sums<S: Simd, const ROWS: usize, const VECTORS: usize, const OFFSETS: bool>(
    s: S,
    tile: &Tile,
) -> [[S::V; VECTORS]; ROWS] {
    let (stride, offsets) = match tile.b_steps {
        Steps::Stride(stride) => (stride, std::ptr::null()),
        Steps::Offsets(offsets) => (0, offsets),
    };
    let mut sums = [[s.splat(0.0); VECTORS]; ROWS];
    let (mut a, mut b) = (tile.a, tile.b);
    for step in 0..tile.depth {
        // SAFETY: inside the promised ranges; the pointers' last step is not read.
        unsafe {
            if OFFSETS {
                b = tile.b.add(*offsets.add(step));
            }
            let mut columns = [s.splat(0.0); VECTORS];
            for (j, column) in columns.iter_mut().enumerate() {
                *column = s.load(b.add(j * S::LANES));
            }
            for i in 0..ROWS {
                let row = s.splat(*a.add(i));
                for j in 0..VECTORS {
                    sums[i][j] = s.mul_add(row, columns[j], sums[i][j]);
                }
            }
            a = a.wrapping_add(ROWS);
            b = b.wrapping_add(stride);
        }
    }
    sums
}

/// Scales, accumulates, adds the bias, clamps and writes.
///
/// # Safety
/// See [`run_tile`].
#[inline(always)]
unsafe fn finish<S: Simd, const ROWS: usize, const VECTORS: usize>(
    s: S,
    tile: &Tile,
    mut sums: [[S::V; VECTORS]; ROWS],
) {
    // SAFETY (all blocks): rows and columns inside the tile.
    let width = |j: usize| (tile.n_columns - (j * S::LANES).min(tile.n_columns)).min(S::LANES);
    if tile.alpha != 1.0 {
        let alpha = s.splat(tile.alpha);
        for row in &mut sums {
            for sum in row {
                *sum = s.mul(alpha, *sum);
            }
        }
    }
    if tile.beta != 0.0 {
        let beta = s.splat(tile.beta);
        for (i, row) in sums.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                let previous = unsafe { load_c(s, tile, i, j * S::LANES, width(j)) };
                *sum = s.mul_add(beta, previous, *sum);
            }
        }
    }
    if !tile.row_bias.is_null() {
        for (i, row) in sums.iter_mut().enumerate() {
            let bias = s.splat(unsafe { *tile.row_bias.add(i) });
            for sum in row {
                *sum = s.add(*sum, bias);
            }
        }
    }
    if !tile.column_bias.is_null() {
        for j in 0..VECTORS {
            let bias = unsafe { s.load_partial(tile.column_bias.wrapping_add(j * S::LANES), width(j)) };
            for row in &mut sums {
                row[j] = s.add(row[j], bias);
            }
        }
    }
    if let Some((low, high)) = tile.clamp {
        let (low, high) = (s.splat(low), s.splat(high));
        for row in &mut sums {
            for sum in row {
                *sum = s.min(high, s.max(low, *sum));
            }
        }
    }
    if tile.c_column_stride != 1 {
        unsafe { scatter(s, tile, &sums) };
        return;
    }
    let full = tile.n_columns == VECTORS * S::LANES;
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            let target = tile.c.wrapping_add(i * tile.c_row_stride + j * S::LANES);
            unsafe {
                if full {
                    s.store(target, *sum);
                } else {
                    s.store_partial(target, *sum, width(j));
                }
            }
        }
    }
}

/// `n` values of row `i` of C from column `column`.
///
/// # Safety
/// They are inside the tile.
#[inline(always)]
unsafe fn load_c<S: Simd>(s: S, tile: &Tile, i: usize, column: usize, n: usize) -> S::V {
    let row = tile.c.wrapping_add(i * tile.c_row_stride + column * tile.c_column_stride);
    if tile.c_column_stride == 1 {
        // SAFETY: the caller's promise.
        return unsafe { s.load_partial(row, n) };
    }
    let mut lanes = [0.0; 16];
    for (j, lane) in lanes.iter_mut().enumerate().take(n) {
        // SAFETY: the caller's promise.
        *lane = unsafe { *row.add(j * tile.c_column_stride) };
    }
    // SAFETY: 16 lanes are at least a register.
    unsafe { s.load(lanes.as_ptr()) }
}

/// Writes a tile whose columns are not contiguous in C.
///
/// # Safety
/// See [`run_tile`].
#[inline(always)]
unsafe fn scatter<S: Simd, const ROWS: usize, const VECTORS: usize>(
    s: S,
    tile: &Tile,
    sums: &[[S::V; VECTORS]; ROWS],
) {
    let mut lanes = [0.0f32; MAX_TILE_ROWS * MAX_TILE_COLUMNS];
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            // SAFETY: ROWS x VECTORS registers fit the largest tile.
            unsafe { s.store(lanes.as_mut_ptr().add((i * VECTORS + j) * S::LANES), *sum) };
        }
    }
    for column in 0..tile.n_columns {
        for i in 0..ROWS {
            // SAFETY: inside the tile of C and the copy of it.
            unsafe {
                let target = tile.c.add(i * tile.c_row_stride + column * tile.c_column_stride);
                *target = *lanes.get_unchecked(i * VECTORS * S::LANES + column);
            }
        }
    }
}
