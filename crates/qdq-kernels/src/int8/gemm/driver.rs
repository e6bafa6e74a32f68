//! Cuts a product into tasks and runs the micro-kernel over them.
#![allow(unsafe_code, reason = "calls the micro-kernel, whose ranges are checked here; see the blocks")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::ops::Range;

use super::super::Epilogue;
use super::super::dot::{Dot, DotTask, MAX_COLUMNS, MAX_ROWS};
use super::super::finish::{ColumnTerms, Finish, SharedOutput};
use super::super::lanes::ByteBounds;
use super::super::rows::Rows;
use super::super::scratch::with_bytes;
use super::pack::PackedB;
use super::tile::{Quantized, Target, Tile, run_tile, tile_rows};
use crate::parallel::for_each_task;

/// Bytes of activations of a task: with a panel of weights, they stay in the second-level cache.
const TASK_BYTES: usize = 96 << 10;
/// Most rows of a task.
const TASK_ROWS: usize = 192;
/// Tasks that a large product is cut into at least.
const MIN_TASKS: usize = 8;
/// Multiplications below which a product is not worth several threads.
const SERIAL_WORK: usize = 1 << 19;

/// One product; see [`super::gemm`].
pub(in super::super) struct Problem<'a> {
    pub(in super::super) m: usize,
    pub(in super::super) rows: Rows<'a>,
    /// Whether the activations are `i8`.
    pub(in super::super) signed: bool,
    pub(in super::super) a_zero_point: i32,
    pub(in super::super) b: &'a PackedB,
    /// One for each column of the epilogue's lists.
    pub(in super::super) bias: Option<&'a [i32]>,
    pub(in super::super) epilogue: &'a Epilogue<'a>,
    pub(in super::super) output: &'a SharedOutput<'a>,
    /// First column, in the output's rows and in the lists of bias and epilogue.
    pub(in super::super) column_offset: usize,
    /// Distance between rows of the output.
    pub(in super::super) row_stride: usize,
}

impl Problem<'_> {
    /// What turns a byte into the kernel's activation; the zero point moves along.
    fn flip(&self) -> u8 {
        if self.signed == self.b.shape().signed { 0 } else { 0x80 }
    }

    /// Whether the kernel can read the activations where they are.
    fn reads_in_place(&self) -> bool {
        self.rows.in_place(0).is_some()
            && self.b.shape().depth == 4
            && self.flip() == 0
            && self.b.zero_points().is_none()
            && self.b.depth().is_multiple_of(4)
    }
}

/// Computes a product.
///
/// # Panics
/// For saturating arithmetic of `i8` activations, which no runtime has.
pub(in super::super) fn run(problem: &Problem<'_>) {
    problem.b.check_activations(problem.signed);
    let (m, n) = (problem.m, problem.b.columns());
    if m == 0 || n == 0 {
        return;
    }
    let (task_rows, task_columns) = task_size(problem.b, m);
    let n_row_tasks = m.div_ceil(task_rows);
    let n_column_tasks = n.div_ceil(task_columns);
    for_each_task(n_row_tasks * n_column_tasks, |task| {
        let row = task % n_row_tasks * task_rows;
        let column = task / n_row_tasks * task_columns;
        let rows = row..m.min(row + task_rows);
        let columns = column..n.min(column + task_columns);
        // Buffers come from outside: a closure inside of a kernel would not be compiled for its features.
        let row_len = if problem.reads_in_place() { 0 } else { 4 * problem.b.n_groups() + 4 };
        with_bytes(rows.len() * row_len, |scratch| {
            problem.b.kernel().dispatch(Task { problem, rows, columns, scratch });
        });
    });
}

/// Rows and columns of a task, from the shape alone.
fn task_size(b: &PackedB, m: usize) -> (usize, usize) {
    let shape = b.shape();
    let (k, n) = (b.depth(), b.columns());
    let all_rows = m.next_multiple_of(shape.rows);
    let all_columns = n.next_multiple_of(shape.columns);
    if m * n * k < SERIAL_WORK {
        return (all_rows, all_columns);
    }
    let fitting = TASK_BYTES / (4 * b.n_groups()).max(1);
    let rows = balanced(m, fitting.clamp(shape.rows, TASK_ROWS)).next_multiple_of(shape.rows);
    let n_row_tasks = m.div_ceil(rows);
    let columns = n.div_ceil(MIN_TASKS.div_ceil(n_row_tasks)).next_multiple_of(shape.columns);
    (rows, columns)
}

/// The size of equal pieces, at most `limit`, of `n`.
fn balanced(n: usize, limit: usize) -> usize {
    n.div_ceil(n.div_ceil(limit).max(1))
}

/// A block of the output.
struct Task<'a> {
    problem: &'a Problem<'a>,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Rows as the kernel reads them, then their sums; empty if it reads in place.
    scratch: &'a mut [u8],
}

impl DotTask for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(mut self, d: D) {
        let problem = self.problem;
        if problem.reads_in_place()
            && let Some((data, row_stride)) = problem.rows.in_place(self.rows.start)
        {
            return self.tiles(d, data, row_stride, None);
        }
        let row_len = 4 * problem.b.n_groups();
        let wants_sums = problem.b.zero_points().is_some();
        let (packed, sums) = std::mem::take(&mut self.scratch).split_at_mut(self.rows.len() * row_len);
        let target = wants_sums.then_some(&mut *sums);
        problem.rows.write(d, self.rows.clone(), packed, row_len, problem.flip(), target);
        self.tiles(d, packed, row_len, wants_sums.then_some(sums));
    }
}

impl Task<'_> {
    /// All tiles of the block; `a` are its rows, `row_stride` bytes apart.
    #[inline(always)]
    fn tiles<D: Dot>(&self, d: D, a: &[u8], row_stride: usize, row_sums: Option<&[u8]>) {
        let b = self.problem.b;
        let shape = b.shape();
        let n_rows = self.rows.len();
        assert!(a.len() >= (n_rows - 1) * row_stride + 4 * b.n_groups());
        let offset = match (self.problem.signed, D::SIGNED) {
            (true, false) => 128,
            (false, true) => -128,
            _ => 0,
        };
        let a_zero_point = self.problem.a_zero_point + offset;
        let mut sums = [0i32; MAX_ROWS * MAX_COLUMNS];
        // What most products end with happens in registers.
        let quantized = match (self.problem.epilogue, self.problem.output) {
            (Epilogue::Requantize { range, .. }, SharedOutput::Bytes(output)) if row_sums.is_none() => {
                let bounds = ByteBounds { zero_point: range.zero_point as i16, min: range.min as i16 };
                Some(((range.max - range.zero_point) as f32, bounds, output))
            }
            _ => None,
        };
        for column in self.columns.clone().step_by(shape.columns) {
            let n_columns = shape.columns.min(self.columns.end - column);
            let list_column = self.problem.column_offset + column;
            let terms = ColumnTerms::new(self.problem.epilogue, list_column, n_columns, |i| {
                let bias = self.problem.bias.map_or(0, |bias| bias[list_column + i]);
                bias.wrapping_add(b.correction(column + i, a_zero_point))
            });
            let panel = b.panel(column);
            let mut row = 0;
            while row < n_rows {
                let n_rows = tile_rows(n_rows - row, D::ROWS);
                let begin = (self.rows.start + row) * self.problem.row_stride + list_column;
                let quantized = quantized.map(|(high, bounds, output)| {
                    self.problem.output.check(begin, (n_rows - 1) * self.problem.row_stride + n_columns);
                    let row_stride = self.problem.row_stride;
                    Quantized { terms: &terms, high, bounds, output: output.at(begin), row_stride, n_columns }
                });
                let tile = Tile {
                    n_groups: b.n_groups(),
                    a: a[row * row_stride..].as_ptr(),
                    a_row_stride: row_stride,
                    b: panel.as_ptr(),
                    target: quantized.as_ref().map_or(Target::Sums(sums.as_mut_ptr()), Target::Quantized),
                };
                // SAFETY: rows inside `a` (checked above), a whole panel, and the largest tile's sums or, checked just
                // now, this task's part of the output.
                unsafe { run_tile(d, n_rows, 2 * n_columns <= shape.columns, &tile) };
                if quantized.is_some() {
                    row += n_rows;
                    continue;
                }
                if let (Some(row_sums), Some(zero_points)) = (row_sums, b.zero_points()) {
                    let row_sum = |i: usize| {
                        let bytes = &row_sums[4 * (row + i)..][..4];
                        i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
                    };
                    for (i, sums) in sums.chunks_exact_mut(shape.columns).enumerate().take(n_rows) {
                        let row_sum = row_sum(i);
                        for (sum, zero_point) in sums.iter_mut().zip(&zero_points[column..][..n_columns]) {
                            *sum = sum.wrapping_sub(zero_point.wrapping_mul(row_sum));
                        }
                    }
                }
                let finish = Finish {
                    epilogue: self.problem.epilogue,
                    terms: &terms,
                    column: list_column,
                    n_columns,
                    n_rows,
                    sums: sums.as_ptr(),
                    output: self.problem.output,
                    begin,
                    row_stride: self.problem.row_stride,
                };
                // SAFETY: the sums just computed; this part of the output belongs to this task.
                unsafe { finish.run(d.simd()) };
                row += n_rows;
            }
        }
    }
}
