//! Operands in the order in which the micro-kernel reads them.
#![allow(unsafe_code, reason = "register copies of measured slices")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::simd::{self, Isa, Simd, SimdTask, dispatch};
use super::MatRef;
use super::tile::tile_shape;

/// Columns of a matrix `[depth, columns]` that can be brought into panel order.
pub(crate) trait PanelSource: Sync {
    /// Writes `panel[p * width + j] = element(depth_begin + p, column_begin + j)` for each row of
    /// `panel` (its length over `width`) and `j < n_columns <= width`; the rest of a row is 0.
    fn pack_panel(
        &self,
        depth_begin: usize,
        column_begin: usize,
        n_columns: usize,
        width: usize,
        panel: &mut [f32],
    );
}

impl PanelSource for MatRef<'_> {
    fn pack_panel(
        &self,
        depth_begin: usize,
        column_begin: usize,
        n_columns: usize,
        width: usize,
        panel: &mut [f32],
    ) {
        if n_columns == 0 || panel.is_empty() {
            return;
        }
        let depth = panel.len() / width;
        let source = MatRef::new(
            &self.data[depth_begin * self.row_stride + column_begin * self.column_stride..],
            depth,
            n_columns,
            self.row_stride,
            self.column_stride,
        );
        assert!(n_columns <= width);
        dispatch(Pack { source, width, panel });
    }
}

/// Brings `source`, `[depth, columns]`, into rows of `width`.
struct Pack<'a> {
    source: MatRef<'a>,
    width: usize,
    panel: &'a mut [f32],
}

impl SimdTask for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (source, width) = (self.source, self.width);
        let (depth, n) = (source.rows, source.columns);
        if source.column_stride == 1 {
            for (p, row) in self.panel.chunks_exact_mut(width).enumerate() {
                let from = &source.data[p * source.row_stride..][..n];
                // SAFETY: `n` floats of both.
                unsafe { simd::copy(s, from.as_ptr(), row.as_mut_ptr(), n) };
                if n < width {
                    row[n..].fill(0.0);
                }
            }
            return;
        }
        if n < width {
            self.panel.fill(0.0);
        }
        // Squares of 8 by shuffles when the columns are contiguous, the rest one by one.
        let square = if source.row_stride == 1 { (depth / 8 * 8, n / 8 * 8) } else { (0, 0) };
        for p in (0..square.0).step_by(8) {
            for j in (0..square.1).step_by(8) {
                let from = &source.data[j * source.column_stride + p..];
                let to = &mut self.panel[p * width + j..];
                assert!(from.len() >= 7 * source.column_stride + 8 && to.len() >= 7 * width + 8);
                // SAFETY: just measured.
                unsafe {
                    s.transpose_8x8(from.as_ptr(), source.column_stride, to.as_mut_ptr(), width);
                }
            }
        }
        for j in 0..n {
            let begin = if j < square.1 { square.0 } else { 0 };
            let column = &source.data[j * source.column_stride..];
            for p in begin..depth {
                self.panel[p * width + j] = column[p * source.row_stride];
            }
        }
    }
}

/// Cuts `len` into parts of at most `limit`, as equal as can be: the size of all but the last.
pub(super) fn balanced(len: usize, limit: usize) -> usize {
    let n_parts = len.div_ceil(limit).max(1);
    len.div_ceil(n_parts).max(1)
}

/// A constant left operand `[m, k]`, packed once.
///
/// Panels of `tile_rows` rows, each `[k][tile_rows]`; the last panel is narrower, not padded.
#[derive(Clone, Debug)]
pub struct PackedA {
    data: Vec<f32>,
    rows: usize,
    depth: usize,
    tile_rows: usize,
    isa: Isa,
}

impl PackedA {
    /// Packs a matrix for this processor.
    pub fn new(a: MatRef<'_>) -> Self {
        let isa = Isa::current();
        let tile_rows = balanced(a.rows, tile_shape(isa).0);
        let mut data = vec![0.0; a.rows * a.columns];
        let columns_of = a.transposed();
        for (i, panel) in data.chunks_mut((tile_rows * a.columns).max(1)).enumerate() {
            let n_rows = panel.len() / a.columns;
            columns_of.pack_panel(0, i * tile_rows, n_rows, n_rows, panel);
        }
        Self { data, rows: a.rows, depth: a.columns, tile_rows, isa }
    }

    /// `m`.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// `k`.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Rows of a panel.
    pub(super) fn tile_rows(&self) -> usize {
        self.tile_rows
    }

    /// The instruction set whose tiles it is packed for.
    pub(super) fn isa(&self) -> Isa {
        self.isa
    }

    /// The panel that begins at `row`, a multiple of `tile_rows`, from step `depth_begin` on.
    pub(super) fn panel(&self, row: usize, depth_begin: usize) -> &[f32] {
        let n_rows = self.tile_rows.min(self.rows - row);
        &self.data[row * self.depth + depth_begin * n_rows..(row + n_rows) * self.depth]
    }
}

/// A constant right operand `[k, n]`, packed once.
///
/// Panels of a full tile's columns, each `[k][tile_columns]`, the last padded with zeros.
#[derive(Clone, Debug)]
pub struct PackedB {
    data: Vec<f32>,
    depth: usize,
    columns: usize,
    tile_columns: usize,
    isa: Isa,
}

impl PackedB {
    /// Packs a matrix for this processor.
    pub fn new(b: MatRef<'_>) -> Self {
        let isa = Isa::current();
        let tile_columns = tile_shape(isa).1;
        let panel_len = tile_columns * b.rows;
        let mut data = vec![0.0; b.columns.div_ceil(tile_columns) * panel_len];
        for (i, panel) in data.chunks_exact_mut(panel_len.max(1)).enumerate() {
            let begin = i * tile_columns;
            b.pack_panel(0, begin, tile_columns.min(b.columns - begin), tile_columns, panel);
        }
        Self { data, depth: b.rows, columns: b.columns, tile_columns, isa }
    }

    /// `k`.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// `n`.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The instruction set whose tiles it is packed for.
    pub(super) fn isa(&self) -> Isa {
        self.isa
    }

    /// The panel that begins at `column`, a multiple of the tile's, from step `depth_begin` on.
    pub(super) fn panel(&self, column: usize, depth_begin: usize) -> &[f32] {
        let begin = column * self.depth + depth_begin * self.tile_columns;
        &self.data[begin..(column + self.tile_columns) * self.depth]
    }
}
