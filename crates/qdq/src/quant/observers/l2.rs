//! The range search of torch's `HistogramObserver` (`_non_linear_param_search`), run on our counts.
//!
//! The search: shares `alpha` of the values below the range and `1 - beta` above it grow by 1e-5 at a time; the end
//! that would jump over more cells moves; it stops at the first move that makes the L2 error larger. The error of a
//! range counts each cell as uniform, quantized to the centre of one of `levels` equal parts of the range.
//! Source: `torch/ao/quantization/observer.py`, as described in `facts/pytorch.md` section 4.2.
//!
//! Differences from torch. Its 2048 cells are equal parts of the extremes, filled with the values themselves (and
//! refilled by interpolation whenever the extremes grow, so that the result depends on the order of the batches);
//! ours are filled from the grid once, a bin that straddles cells being divided in proportion. Counts are f64 here,
//! f32 there. Torch always divides into `2^bits` parts; here it is the number of levels, which differs for reduced
//! ranges. As in torch, zero is not on a level during the search and symmetric levels are not treated apart: the
//! scale formula widens the range afterwards.
use super::{Histogram, Levels, Range};

/// Cells of the search; torch's default.
const N_CELLS: usize = 2048;
/// Share of the values by which the ends move at a time; torch's.
const SHARE_STEP: f64 = 1e-5;

/// The range for `levels`.
pub(super) fn range(histogram: &Histogram, levels: Levels) -> Range {
    let cells = uniform_cells(histogram);
    let cumulative: Vec<f64> = cells
        .iter()
        .scan(0.0, |sum, cell| {
            *sum += cell;
            Some(*sum)
        })
        .collect();
    let total = cumulative[N_CELLS - 1];
    let (mut start, mut end) = (0, N_CELLS - 1);
    let (mut alpha, mut beta) = (0.0, 1.0);
    let mut least = f64::INFINITY;
    while alpha < beta {
        let (next_alpha, next_beta) = (alpha + SHARE_STEP, beta - SHARE_STEP);
        let (mut left, mut right) = (start, end);
        while left < end && cumulative[left] < next_alpha * total {
            left += 1;
        }
        while right > start && cumulative[right] > next_beta * total {
            right -= 1;
        }
        let (mut next_start, mut next_end) = (start, end);
        if left - start > end - right {
            next_start = left;
            alpha = next_alpha;
        } else {
            next_end = right;
            beta = next_beta;
        }
        if (next_start, next_end) == (start, end) {
            continue;
        }
        let error = error(&cells, next_start, next_end, levels.count() as f64);
        if error > least {
            break;
        }
        (least, start, end) = (error, next_start, next_end);
    }
    let (min, max) = (f64::from(histogram.range.min), f64::from(histogram.range.max));
    let cell = (max - min) / N_CELLS as f64;
    let edge = |cell_idx: usize| ((min + cell * cell_idx as f64) as f32).clamp(min as f32, max as f32);
    Range { min: edge(start), max: edge(end + 1) }
}

/// The counts divided among equal parts of the extremes.
fn uniform_cells(histogram: &Histogram) -> Vec<f64> {
    let (min, max) = (f64::from(histogram.range.min), f64::from(histogram.range.max));
    let per_unit = N_CELLS as f64 / (max - min);
    let position = |value: f64| ((value - min) * per_unit).clamp(0.0, N_CELLS as f64);
    let mut cells = vec![0.0; N_CELLS];
    for bin in &histogram.bins {
        let (lower, upper) = (position(bin.lower), position(bin.upper));
        let first = (lower as usize).min(N_CELLS - 1);
        let last = (upper as usize).min(N_CELLS - 1);
        if first == last {
            cells[first] += bin.count as f64;
            continue;
        }
        let density = bin.count as f64 / (upper - lower);
        for (cell_idx, cell) in cells.iter_mut().enumerate().take(last + 1).skip(first) {
            *cell += density * (upper.min(cell_idx as f64 + 1.0) - lower.max(cell_idx as f64));
        }
    }
    cells
}

/// Sum of squared errors, in cell widths squared, when cells `start..=end` are divided into `n_levels` parts.
fn error(cells: &[f64], start: usize, end: usize, n_levels: f64) -> f64 {
    let part = (end - start + 1) as f64 / n_levels;
    let half = part / 2.0;
    let whole = half.powi(3) * 2.0 / 3.0;
    let cube = |x: f64| x * x * x / 3.0;
    let part_of = |position: f64| ((position / part).clamp(0.0, n_levels - 1.0) as u32) as f64;
    let mut total = 0.0;
    for (cell_idx, &count) in cells.iter().enumerate() {
        let lower = cell_idx as f64 - start as f64;
        let (first, last) = (part_of(lower), part_of(lower + 1.0));
        let head = cube(half) - cube(lower - (first + 0.5) * part);
        let tail = cube(lower + 1.0 - (last + 0.5) * part) - cube(-half);
        total += count * (head + (last - first - 1.0) * whole + tail);
    }
    total
}
