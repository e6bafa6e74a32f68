//! Weights in the order in which the micro-kernel reads them.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::dot::{Dot, DotTask, Kernel, TILE_VECTORS};
use super::super::{Arithmetic, Bytes};
use crate::simd::Simd;

/// A constant right operand `[k, n]`, packed once.
///
/// Panels of a full tile's columns, each `[group of depth][column][step]`, the ends filled with 0. `u8` weights are
/// stored less 128, and so are their zero points.
#[derive(Clone, Debug)]
pub struct PackedB {
    data: Vec<i8>,
    /// Sum of each column as stored.
    column_sums: Vec<i32>,
    /// One for each column as stored; empty when all are 0.
    zero_points: Vec<i32>,
    k: usize,
    n: usize,
    kernel: Kernel,
    saturating: bool,
    shape: PanelShape,
}

/// Sizes of a kernel's panels.
#[derive(Clone, Copy, Debug)]
pub(super) struct PanelShape {
    /// Columns of a panel.
    pub(super) columns: usize,
    /// Steps of depth in a group.
    pub(super) depth: usize,
    /// Most rows of a tile.
    pub(super) rows: usize,
    /// Whether activations are signed.
    pub(super) signed: bool,
}

/// Asks a kernel for its sizes.
struct AskShape;

impl DotTask for AskShape {
    type Output = PanelShape;

    #[inline(always)]
    fn run<D: Dot>(self, _: D) -> PanelShape {
        let columns = TILE_VECTORS * D::S::LANES;
        PanelShape { columns, depth: D::DEPTH, rows: D::ROWS, signed: D::SIGNED }
    }
}

impl PackedB {
    /// Packs row-major `b` `[k, n]`; `zero_points` has `n` entries, one for all columns, or none for 0.
    ///
    /// # Panics
    /// When a length does not fit, or for saturating arithmetic on `u8` weights, which no runtime has.
    pub fn new(b: Bytes<'_>, k: usize, n: usize, zero_points: &[i32], arithmetic: Arithmetic) -> Self {
        assert_eq!(b.len(), k * n);
        Self::pack(b, [n, 1], k, n, zero_points, arithmetic)
    }

    /// Packs row-major `b` `[n, k]`: the transpose of the right operand.
    ///
    /// # Panics
    /// As [`PackedB::new`].
    pub fn transposed(b: Bytes<'_>, k: usize, n: usize, zero_points: &[i32], arithmetic: Arithmetic) -> Self {
        assert_eq!(b.len(), k * n);
        Self::pack(b, [1, k], k, n, zero_points, arithmetic)
    }

    fn pack(
        b: Bytes<'_>,
        [k_stride, n_stride]: [usize; 2],
        k: usize,
        n: usize,
        zero_points: &[i32],
        arithmetic: Arithmetic,
    ) -> Self {
        assert!([0, 1, n].contains(&zero_points.len()), "number of zero points");
        assert!(arithmetic == Arithmetic::Exact || b.is_signed(), "saturating arithmetic of u8 weights");
        let kernel = Kernel::current(arithmetic);
        let saturating = arithmetic == Arithmetic::SaturatingPairs;
        let shape = kernel.dispatch(AskShape);
        let (offset, flip) = if b.is_signed() { (0, 0) } else { (128, 0x80) };
        let group_len = shape.columns * shape.depth;
        let panel_len = k.div_ceil(shape.depth) * group_len;
        let mut data = vec![0; n.div_ceil(shape.columns) * panel_len];
        let mut column_sums = vec![0i32; n];
        let bits = b.bits();
        for j in 0..n {
            let panel = &mut data[j / shape.columns * panel_len..][..panel_len];
            let first = j % shape.columns * shape.depth;
            for p in 0..k {
                let value = (bits[p * k_stride + j * n_stride] ^ flip) as i8;
                panel[p / shape.depth * group_len + first + p % shape.depth] = value;
                column_sums[j] += i32::from(value);
            }
        }
        let stored = |j: usize| {
            let zero_point = if zero_points.len() == n { zero_points.get(j) } else { zero_points.first() };
            zero_point.map_or(0, |z| *z) - offset
        };
        let mut zero_points: Vec<i32> = (0..n).map(stored).collect();
        if zero_points.iter().all(|z| *z == 0) {
            zero_points.clear();
        }
        Self { data, column_sums, zero_points, k, n, kernel, saturating, shape }
    }

    /// `k`.
    pub fn depth(&self) -> usize {
        self.k
    }

    /// `n`.
    pub fn columns(&self) -> usize {
        self.n
    }

    /// # Panics
    /// For saturating arithmetic of `i8` activations.
    pub(super) fn check_activations(&self, signed: bool) {
        assert!(
            !(self.saturating && signed),
            "saturating arithmetic of i8 activations, which no runtime has"
        );
    }

    pub(super) fn kernel(&self) -> Kernel {
        self.kernel
    }

    pub(super) fn shape(&self) -> PanelShape {
        self.shape
    }

    /// Groups of depth.
    pub(super) fn n_groups(&self) -> usize {
        self.k.div_ceil(self.shape.depth)
    }

    /// The panel that begins at `column`, a multiple of a panel's columns.
    pub(super) fn panel(&self, column: usize) -> &[i8] {
        let panel_len = self.n_groups() * self.shape.columns * self.shape.depth;
        &self.data[column / self.shape.columns * panel_len..][..panel_len]
    }

    /// Zero points as stored, of each column; `None` when all are 0.
    pub(super) fn zero_points(&self) -> Option<&[i32]> {
        (!self.zero_points.is_empty()).then_some(&self.zero_points)
    }

    /// What a zero point of the activations (as the kernel sees them) adds to the sums of `column`.
    pub(super) fn correction(&self, column: usize, a_zero_point: i32) -> i32 {
        let b_zero_point = self.zero_points.get(column).copied().unwrap_or(0);
        let per_column = (self.k as i32).wrapping_mul(b_zero_point).wrapping_sub(self.column_sums[column]);
        per_column.wrapping_mul(a_zero_point)
    }
}
