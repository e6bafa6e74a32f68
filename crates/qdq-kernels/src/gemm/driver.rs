//! Cuts a product into tasks and cache blocks and runs the micro-kernel over them.
#![allow(unsafe_code, reason = "calls the micro-kernel, whose ranges are checked here; see the blocks")]

use std::ops::Range;

use super::super::parallel::{SharedMut, for_each_task, n_threads};
use super::super::scratch::with_buffer;
use super::super::simd::Isa;
use super::pack::{PackedA, PackedB, PanelSource, balanced};
use super::tile::{Steps, Tile, run_tile, tile_shape};
use super::{Bias, GemmOptions, MatRef};

/// Most steps of depth between two visits of C: a tile of A of this depth stays in the first-level
/// cache.
const DEPTH_BLOCK: usize = 320;
/// Most columns of a task: a block of B of this width stays in the second-level cache.
const TASK_COLUMNS: usize = 256;
/// Fewest columns of a task that computes all rows of them.
const MIN_TASK_COLUMNS: usize = 64;
/// Most rows of a task.
const TASK_ROWS: usize = 168;
/// Multiplications below which a product is not worth several threads.
const SERIAL_WORK: usize = 1 << 18;

/// Where the left operand comes from.
pub(crate) enum Left<'a> {
    Matrix(MatRef<'a>),
    Packed(&'a PackedA),
    /// Rows made on the fly: `element(depth, row)`.
    Source(&'a dyn PanelSource),
}

/// Where the right operand comes from.
pub(crate) enum Right<'a> {
    Matrix(MatRef<'a>),
    Packed(&'a PackedB),
    /// Columns made on the fly: `element(depth, column)`.
    Source(&'a dyn PanelSource),
}

/// Where C is: element `(i, j)` at `begin + i * row_stride + j * column_stride`.
pub(crate) struct Output<'a> {
    pub(crate) data: SharedMut<'a, f32>,
    pub(crate) begin: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> Output<'a> {
    /// The whole slice, contiguous rows of `n`.
    pub(crate) fn row_major(data: &'a mut [f32], n: usize) -> Self {
        Self { data: SharedMut::new(data), begin: 0, row_stride: n, column_stride: 1 }
    }
}

/// One product; see [`super::gemm`].
pub(crate) struct Problem<'a> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) left: Left<'a>,
    pub(crate) right: Right<'a>,
    pub(crate) options: GemmOptions<'a>,
    pub(crate) output: &'a Output<'a>,
}

/// Sizes of the pieces, from the shape alone.
struct Blocks {
    isa: Isa,
    tile_rows: usize,
    tile_columns: usize,
    task_rows: usize,
    task_columns: usize,
    depth: usize,
    /// Full panels of B are read where they are: one row of tiles would use a packed copy once.
    b_in_place: bool,
}

impl Blocks {
    fn new(problem: &Problem<'_>) -> Self {
        let isa = match (&problem.left, &problem.right) {
            (Left::Packed(a), _) => a.isa(),
            (_, Right::Packed(b)) => b.isa(),
            _ => Isa::current(),
        };
        let (max_rows, tile_columns) = tile_shape(isa);
        let tile_rows = match problem.left {
            Left::Packed(a) => a.tile_rows(),
            _ => balanced(problem.m, max_rows),
        };
        let work = problem.m * problem.n * problem.k;
        let mut task_rows = balanced(problem.m, TASK_ROWS).next_multiple_of(tile_rows);
        let mut task_columns = balanced(problem.n, TASK_COLUMNS).next_multiple_of(tile_columns);
        // Tasks of the same columns pack the same part of B, each for itself. How rows and columns are shared out
        // does not change a sum, so the choice may look at the number of threads.
        let packs_b = !matches!(problem.right, Right::Packed(_));
        if packs_b && problem.m > TASK_ROWS {
            let share = problem.n.div_ceil(2 * n_threads()).max(MIN_TASK_COLUMNS);
            task_columns = balanced(problem.n, TASK_COLUMNS.min(share)).next_multiple_of(tile_columns);
            if problem.n.div_ceil(task_columns) >= n_threads() {
                task_rows = problem.m.next_multiple_of(tile_rows);
            }
        }
        if work < SERIAL_WORK {
            task_rows = problem.m.next_multiple_of(tile_rows);
            task_columns = problem.n.next_multiple_of(tile_columns);
        }
        let depth = balanced(problem.k, DEPTH_BLOCK);
        let b_in_place =
            problem.m <= tile_rows && matches!(&problem.right, Right::Matrix(b) if b.column_stride == 1);
        Self { isa, tile_rows, tile_columns, task_rows, task_columns, depth, b_in_place }
    }
}

/// Computes a product.
///
/// # Panics
/// When C, a bias or a packed operand does not have the problem's shape.
pub(crate) fn run(problem: &Problem<'_>) {
    let (m, n) = (problem.m, problem.n);
    check(problem);
    if m == 0 || n == 0 {
        return;
    }
    let blocks = Blocks::new(problem);
    let n_row_tasks = m.div_ceil(blocks.task_rows);
    let n_column_tasks = n.div_ceil(blocks.task_columns);
    for_each_task(n_row_tasks * n_column_tasks, |task| {
        let row = task % n_row_tasks * blocks.task_rows;
        let column = task / n_row_tasks * blocks.task_columns;
        let rows = row..m.min(row + blocks.task_rows);
        let columns = column..n.min(column + blocks.task_columns);
        run_task(problem, &blocks, &rows, &columns);
        if let Some(unary) = problem.options.activation.as_unary() {
            apply_rest(problem.output, unary, rows, columns);
        }
    });
}

fn check(problem: &Problem<'_>) {
    let (m, n, k) = (problem.m, problem.n, problem.k);
    match &problem.left {
        Left::Matrix(a) => assert_eq!([a.rows, a.columns], [m, k]),
        Left::Packed(a) => assert_eq!([a.rows(), a.depth()], [m, k]),
        Left::Source(_) => {}
    }
    match &problem.right {
        Right::Matrix(b) => assert_eq!([b.rows, b.columns], [k, n]),
        Right::Packed(b) => assert_eq!([b.depth(), b.columns()], [k, n]),
        Right::Source(_) => {}
    }
    match problem.options.bias {
        Bias::None => {}
        Bias::PerRow(bias) => assert_eq!(bias.len(), m),
        Bias::PerColumn(bias) => assert_eq!(bias.len(), n),
    }
    if let (Left::Packed(a), Right::Packed(b)) = (&problem.left, &problem.right) {
        assert_eq!(a.isa(), b.isa());
    }
    let output = problem.output;
    if m > 0 && n > 0 {
        // Checks the last element; `at` panics when it is outside.
        let last = (m - 1) * output.row_stride + (n - 1) * output.column_stride;
        output.data.at(output.begin + last + 1);
    }
}

/// An activation that is no clamp, over a finished part of C.
fn apply_rest(
    output: &Output<'_>,
    unary: super::super::math::Unary,
    rows: Range<usize>,
    columns: Range<usize>,
) {
    // Along the contiguous direction.
    let (outer, inner, outer_stride) = if output.column_stride == 1 {
        (rows, columns, output.row_stride)
    } else {
        (columns, rows, output.column_stride)
    };
    for i in outer {
        let begin = output.begin + i * outer_stride + inner.start;
        // SAFETY: part of this task's block of C; the other stride is 1.
        unary.apply_serial(unsafe { output.data.slice(begin, inner.len()) });
    }
}

/// Computes one block of C: for each block of depth, packs what is not packed yet and runs the tiles.
fn run_task(problem: &Problem<'_>, blocks: &Blocks, rows: &Range<usize>, columns: &Range<usize>) {
    let tile_columns = blocks.tile_columns;
    let n_panels = columns.len().div_ceil(tile_columns);
    let packs_b = !matches!(problem.right, Right::Packed(_));
    let packs_a = !matches!(problem.left, Left::Packed(_));
    let b_len = if packs_b { n_panels * tile_columns * blocks.depth } else { 0 };
    let a_len = if packs_a { rows.len() * blocks.depth } else { 0 };
    with_buffer(a_len + b_len, |scratch| {
        let (a_scratch, b_scratch) = scratch.split_at_mut(a_len);
        let mut depth_begin = 0;
        loop {
            let depth = depth_begin..problem.k.min(depth_begin + blocks.depth);
            let step = Step { problem, blocks, depth: depth.clone() };
            if packs_a {
                step.pack_a(rows, a_scratch);
            }
            if packs_b {
                step.pack_b(columns, b_scratch);
            }
            step.run_tiles(rows, columns, a_scratch, b_scratch);
            depth_begin = depth.end;
            // A product of depth 0 still writes its bias, once.
            if depth_begin >= problem.k {
                break;
            }
        }
    });
}

/// One block of depth of a task.
struct Step<'a> {
    problem: &'a Problem<'a>,
    blocks: &'a Blocks,
    depth: Range<usize>,
}

impl Step<'_> {
    fn pack_a(&self, rows: &Range<usize>, scratch: &mut [f32]) {
        let transposed;
        let source: &dyn PanelSource = match &self.problem.left {
            Left::Matrix(a) => {
                transposed = a.transposed();
                &transposed
            }
            Left::Source(source) => *source,
            Left::Packed(_) => return,
        };
        let depth = self.depth.len();
        for row in rows.clone().step_by(self.blocks.tile_rows) {
            let n_rows = self.blocks.tile_rows.min(rows.end - row);
            let panel = &mut scratch[(row - rows.start) * depth..][..n_rows * depth];
            source.pack_panel(self.depth.start, row, n_rows, n_rows, panel);
        }
    }

    fn pack_b(&self, columns: &Range<usize>, scratch: &mut [f32]) {
        let source: &dyn PanelSource = match &self.problem.right {
            Right::Matrix(b) => b,
            Right::Source(source) => *source,
            Right::Packed(_) => return,
        };
        if self.depth.is_empty() {
            return;
        }
        let width = self.blocks.tile_columns;
        let panels = scratch.chunks_mut((width * self.depth.len()).max(1));
        for (column, panel) in columns.clone().step_by(width).zip(panels) {
            let n_columns = width.min(columns.end - column);
            if self.blocks.b_in_place && n_columns == width {
                continue;
            }
            source.pack_panel(self.depth.start, column, n_columns, width, panel);
        }
    }

    fn run_tiles(&self, rows: &Range<usize>, columns: &Range<usize>, a_scratch: &[f32], b_scratch: &[f32]) {
        let depth = self.depth.len();
        let width = self.blocks.tile_columns;
        for row in rows.clone().step_by(self.blocks.tile_rows) {
            let n_rows = self.blocks.tile_rows.min(rows.end - row);
            let a = match self.problem.left {
                Left::Packed(a) => a.panel(row, self.depth.start),
                _ => &a_scratch[(row - rows.start) * depth..],
            };
            for column in columns.clone().step_by(width) {
                let n_columns = width.min(columns.end - column);
                let b = match self.problem.right {
                    Right::Packed(b) => (b.panel(column, self.depth.start), width),
                    Right::Matrix(b) if self.blocks.b_in_place && n_columns == width => {
                        (&b.data[self.depth.start * b.row_stride + column..], b.row_stride)
                    }
                    _ => (&b_scratch[(column - columns.start) * depth..], width),
                };
                self.run_tile(row, n_rows, column, n_columns, a, b);
            }
        }
    }

    fn run_tile(
        &self,
        row: usize,
        n_rows: usize,
        column: usize,
        n_columns: usize,
        a: &[f32],
        (b, b_depth_stride): (&[f32], usize),
    ) {
        let options = &self.problem.options;
        let output = self.problem.output;
        let depth = self.depth.len();
        let b_len = depth.saturating_sub(1) * b_depth_stride + self.blocks.tile_columns;
        assert!(a.len() >= n_rows * depth && (depth == 0 || b.len() >= b_len));
        let first = self.depth.start == 0;
        let last = self.depth.end == self.problem.k;
        let (mut row_bias, mut column_bias) = (std::ptr::null(), std::ptr::null());
        match options.bias {
            Bias::PerRow(bias) if last => row_bias = bias[row..row + n_rows].as_ptr(),
            Bias::PerColumn(bias) if last => column_bias = bias[column..column + n_columns].as_ptr(),
            _ => {}
        }
        let begin = output.begin + row * output.row_stride + column * output.column_stride;
        let tile = Tile {
            depth,
            a: a.as_ptr(),
            b: b.as_ptr(),
            b_steps: Steps::Stride(b_depth_stride),
            c: output.data.at(begin),
            c_row_stride: output.row_stride,
            c_column_stride: output.column_stride,
            n_columns,
            alpha: options.alpha,
            beta: if first { options.beta } else { 1.0 },
            row_bias,
            column_bias,
            clamp: if last { options.activation.clamp_bounds() } else { None },
        };
        // SAFETY: A and B were measured above, the biases are slices of the tile's size, C was
        // checked by `check` for the whole problem and tiles of different tasks do not overlap.
        unsafe { run_tile(self.blocks.isa, n_rows, &tile) };
    }
}
