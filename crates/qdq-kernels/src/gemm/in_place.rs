//! Products whose right operand is read where it lies, each step of depth at its own place.
#![allow(unsafe_code, reason = "calls the micro-kernel, whose ranges are checked here; see the block")]

use super::super::activation::Activation;
use super::driver::Output;
use super::pack::PackedA;
use super::tile::{Steps, TILE_VECTORS, Tile, run_tile, tile_shape};

/// `C = clamp(A * B + bias)`, where step `p` of B's depth begins at `offsets[p]` and has its columns contiguous.
pub(crate) struct InPlace<'a> {
    /// `[m, k]`.
    pub(crate) a: &'a PackedA,
    /// What B is read from; registers are read whole, so that there must be slack behind the last column.
    pub(crate) b: &'a [f32],
    /// Begin of each step, `k` of them.
    pub(crate) offsets: &'a [usize],
    /// Largest of `offsets`.
    pub(crate) last_offset: usize,
    /// `m` values.
    pub(crate) bias: Option<&'a [f32]>,
    /// The part of it that is a clamp is applied, the rest is left to the caller.
    pub(crate) activation: Activation,
    /// C; its columns are contiguous.
    pub(crate) output: &'a Output<'a>,
}

impl InPlace<'_> {
    /// Computes all rows of `n` columns that begin at `b_begin` in B and `c_begin` in C.
    ///
    /// # Panics
    /// When they leave B or C, the last register of columns included.
    pub(crate) fn run(&self, b_begin: usize, c_begin: usize, n: usize) {
        let isa = self.a.isa();
        let tile_columns = tile_shape(isa).1;
        let lanes = tile_columns / TILE_VECTORS;
        let depth = self.a.depth();
        assert!(n > 0 && self.offsets.len() == depth);
        assert!(self.bias.is_none_or(|bias| bias.len() == self.a.rows()));
        let b = &self.b[b_begin..];
        assert!(self.last_offset + n.next_multiple_of(lanes) <= b.len());
        // The last element: `at` panics when it is outside.
        self.output.data.at(c_begin + (self.a.rows() - 1) * self.output.row_stride + n);
        let tile_rows = self.a.tile_rows();
        // Rows outside: planes of C are pages apart, and a tile of all of them would need a page for each.
        for row in (0..self.a.rows()).step_by(tile_rows) {
            let n_rows = tile_rows.min(self.a.rows() - row);
            let a = self.a.panel(row, 0).as_ptr();
            let row_bias = self.bias.map_or(std::ptr::null(), |bias| bias[row..row + n_rows].as_ptr());
            for column in (0..n).step_by(tile_columns) {
                let tile = Tile {
                    depth,
                    a,
                    b: b[column..].as_ptr(),
                    b_steps: Steps::Offsets(self.offsets.as_ptr()),
                    c: self.output.data.at(c_begin + row * self.output.row_stride + column),
                    c_row_stride: self.output.row_stride,
                    c_column_stride: 1,
                    n_columns: tile_columns.min(n - column),
                    alpha: 1.0,
                    beta: 0.0,
                    row_bias,
                    column_bias: std::ptr::null(),
                    clamp: self.activation.clamp_bounds(),
                };
                // SAFETY: A is the panel of these rows over the whole depth; B, the bias and C were measured above;
                // the caller's tasks write columns of their own.
                unsafe { run_tile(isa, n_rows, &tile) };
            }
        }
    }
}
