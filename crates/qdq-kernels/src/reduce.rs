//! Reductions along one axis or several.
//!
//! Sums are kept in many lanes and blocks of fixed size, so they are accurate and the same on any
//! number of threads.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::parallel::{for_each_chunk, rows_per_task};
use super::simd::{Simd, SimdTask, dispatch, load_chunk};
use super::transpose::transpose;

/// Input values per task.
const CHUNK: usize = 1 << 15;
/// Independent partial results of a contiguous reduction.
const N_LANES: usize = 16;
/// Values added into one set of lanes before it is added to the total.
const BLOCK: usize = 1 << 10;

/// What to make of the values along the axis; names as in ONNX `Reduce*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Sum.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Largest; NaN when any is NaN.
    Max,
    /// Smallest; NaN when any is NaN.
    Min,
    /// Product.
    Prod,
    /// Sum of squares.
    SumSquare,
    /// Sum of magnitudes.
    L1,
    /// Root of the sum of squares.
    L2,
    /// Logarithm of the sum.
    LogSum,
    /// Logarithm of the sum of exponentials, without overflow.
    LogSumExp,
}

/// Smallest and largest value, NaN left out; `(+infinity, -infinity)` when there is none.
pub fn min_max(values: &[f32]) -> (f32, f32) {
    dispatch(MinMax { values })
}

struct MinMax<'a> {
    values: &'a [f32],
}

impl SimdTask for MinMax<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (f32, f32) {
        // Four registers each hide the latency of the comparison.
        let mut min = [simd.splat(f32::INFINITY); 4];
        let mut max = [simd.splat(f32::NEG_INFINITY); 4];
        let whole = self.values.chunks_exact(4 * S::LANES);
        let rest = whole.remainder();
        for chunk in whole {
            for part in 0..4 {
                let x = load_chunk(simd, &chunk[part * S::LANES..][..S::LANES]);
                (min[part], max[part]) = (simd.min(x, min[part]), simd.max(x, max[part]));
            }
        }
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for part in 0..4 {
            let (low, high) = (simd.lanes(min[part]), simd.lanes(max[part]));
            least = low[..S::LANES].iter().fold(least, |least, x| least.min(*x));
            most = high[..S::LANES].iter().fold(most, |most, x| most.max(*x));
        }
        rest.iter().fold((least, most), |(least, most), x| (least.min(*x), most.max(*x)))
    }
}

/// Reduces `input`, seen as `[outer, axis, inner]`, into `output` `[outer, inner]`.
///
/// An empty axis gives the neutral element (0, 1 or an infinity; NaN for the mean).
///
/// # Panics
/// When a length differs from its shape.
pub fn reduce(
    input: &[f32],
    outer: usize,
    axis: usize,
    inner: usize,
    reduction: Reduction,
    output: &mut [f32],
) {
    assert_eq!([input.len(), output.len()], [outer * axis * inner, outer * inner]);
    match reduction {
        Reduction::Sum => fold(input, axis, inner, output, 0.0, |x| x, |a, b| a + b),
        Reduction::Mean => {
            fold(input, axis, inner, output, 0.0, |x| x, |a, b| a + b);
            let n = axis as f32;
            for y in output {
                *y /= n;
            }
        }
        Reduction::Max => fold(input, axis, inner, output, f32::NEG_INFINITY, |x| x, max),
        Reduction::Min => fold(input, axis, inner, output, f32::INFINITY, |x| x, min),
        Reduction::Prod => fold(input, axis, inner, output, 1.0, |x| x, |a, b| a * b),
        Reduction::SumSquare => fold(input, axis, inner, output, 0.0, |x| x * x, |a, b| a + b),
        Reduction::L1 => fold(input, axis, inner, output, 0.0, f32::abs, |a, b| a + b),
        Reduction::L2 => {
            fold(input, axis, inner, output, 0.0, |x| x * x, |a, b| a + b);
            for y in output {
                *y = y.sqrt();
            }
        }
        Reduction::LogSum => {
            fold(input, axis, inner, output, 0.0, |x| x, |a, b| a + b);
            for y in output {
                *y = y.ln();
            }
        }
        Reduction::LogSumExp => log_sum_exp(input, axis, inner, output),
    }
}

/// Reduces over any set of axes; `output` has the remaining dimensions in order.
///
/// Axes that are not neighbours cost a transposed copy.
///
/// # Panics
/// When an axis is out of range or a length differs from its shape.
pub fn reduce_axes(input: &[f32], dims: &[usize], axes: &[usize], reduction: Reduction, output: &mut [f32]) {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.dedup();
    assert!(axes.iter().all(|axis| *axis < dims.len()));
    let size = |range: &[usize]| range.iter().map(|axis| dims[*axis]).product::<usize>();
    // Axes of size 1 between reduced ones do not matter.
    let first = axes.first().copied().unwrap_or(dims.len());
    let last = axes.last().map_or(first, |axis| axis + 1);
    let adjacent = (first..last).all(|axis| axes.contains(&axis) || dims[axis] == 1);
    if adjacent {
        let outer = dims[..first].iter().product();
        let inner = dims[last..].iter().product();
        reduce(input, outer, dims[first..last].iter().product(), inner, reduction, output);
        return;
    }
    let kept: Vec<usize> = (0..dims.len()).filter(|axis| !axes.contains(axis)).collect();
    let perm: Vec<usize> = kept.iter().chain(&axes).copied().collect();
    let mut moved = vec![0.0; input.len()];
    transpose(input, dims, &perm, &mut moved);
    reduce(&moved, size(&kept), size(&axes), 1, reduction, output);
}

fn max(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

fn min(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

/// `output[o, i] = fold of map(input[o, :, i])`.
fn fold(
    input: &[f32],
    axis: usize,
    inner: usize,
    output: &mut [f32],
    neutral: f32,
    map: impl Fn(f32) -> f32 + Sync + Copy,
    combine: impl Fn(f32, f32) -> f32 + Sync + Copy,
) {
    if axis * inner == 0 {
        output.fill(neutral);
        return;
    }
    let rows = rows_per_task(axis * inner, CHUNK);
    for_each_chunk(output, rows * inner, |task, out| {
        let planes = &input[task * rows * axis * inner..];
        for (plane, out) in planes.chunks_exact(axis * inner).zip(out.chunks_exact_mut(inner)) {
            if inner == 1 {
                out[0] = fold_row(plane, neutral, map, combine);
            } else {
                fold_plane(plane, out, neutral, map, combine);
            }
        }
    });
}

#[inline]
fn fold_row(row: &[f32], neutral: f32, map: impl Fn(f32) -> f32, combine: impl Fn(f32, f32) -> f32) -> f32 {
    let mut total = neutral;
    for block in row.chunks(BLOCK) {
        let mut lanes = [neutral; N_LANES];
        let mut chunks = block.chunks_exact(N_LANES);
        for chunk in &mut chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane = combine(*lane, map(*x));
            }
        }
        for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
            *lane = combine(*lane, map(*x));
        }
        let mut width = N_LANES;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                lanes[i] = combine(lanes[i], lanes[i + width]);
            }
        }
        total = combine(total, lanes[0]);
    }
    total
}

#[inline]
fn fold_plane(
    plane: &[f32],
    out: &mut [f32],
    neutral: f32,
    map: impl Fn(f32) -> f32,
    combine: impl Fn(f32, f32) -> f32,
) {
    out.fill(neutral);
    let inner = out.len();
    if plane.len() / inner <= BLOCK {
        for row in plane.chunks_exact(inner) {
            for (y, x) in out.iter_mut().zip(row) {
                *y = combine(*y, map(*x));
            }
        }
        return;
    }
    let mut partial = vec![neutral; inner];
    for rows in plane.chunks(BLOCK * inner) {
        partial.fill(neutral);
        for row in rows.chunks_exact(inner) {
            for (y, x) in partial.iter_mut().zip(row) {
                *y = combine(*y, map(*x));
            }
        }
        for (y, x) in out.iter_mut().zip(&partial) {
            *y = combine(*y, *x);
        }
    }
}

fn log_sum_exp(input: &[f32], axis: usize, inner: usize, output: &mut [f32]) {
    fold(input, axis, inner, output, f32::NEG_INFINITY, |x| x, max);
    for (o, out) in output.chunks_mut(inner.max(1)).enumerate() {
        for (i, y) in out.iter_mut().enumerate() {
            let largest = *y;
            if largest.is_finite() {
                let sum: f64 =
                    (0..axis).map(|a| f64::from(input[(o * axis + a) * inner + i] - largest).exp()).sum();
                *y = (f64::from(largest) + sum.ln()) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, assert_close};

    const ALL: [Reduction; 10] = [
        Reduction::Sum,
        Reduction::Mean,
        Reduction::Max,
        Reduction::Min,
        Reduction::Prod,
        Reduction::SumSquare,
        Reduction::L1,
        Reduction::L2,
        Reduction::LogSum,
        Reduction::LogSumExp,
    ];

    fn naive(values: &[f64], reduction: Reduction) -> f32 {
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|x| x * x).sum();
        let y = match reduction {
            Reduction::Sum => sum,
            Reduction::Mean => sum / values.len() as f64,
            Reduction::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Reduction::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
            Reduction::Prod => values.iter().product(),
            Reduction::SumSquare => squares,
            Reduction::L1 => values.iter().map(|x| x.abs()).sum(),
            Reduction::L2 => squares.sqrt(),
            Reduction::LogSum => sum.ln(),
            Reduction::LogSumExp => values.iter().map(|x| x.exp()).sum::<f64>().ln(),
        };
        y as f32
    }

    #[test]
    fn equals_naive() {
        let mut random = Random::new(7);
        let shapes = [
            (1, 1, 1),
            (3, 5, 1),
            (2, 1000, 1),
            (1, 5000, 1),
            (2, 3, 4),
            (1, 1500, 3),
            (2, 0, 2),
            (0, 2, 2),
            (40, 9, 77),
        ];
        for (outer, axis, inner) in shapes {
            let input: Vec<f32> = random.floats(outer * axis * inner).iter().map(|x| x.abs() + 0.1).collect();
            for reduction in ALL {
                let mut got = vec![0.0; outer * inner];
                reduce(&input, outer, axis, inner, reduction, &mut got);
                let expected: Vec<f32> = (0..outer * inner)
                    .map(|y| {
                        let (o, i) = (y / inner, y % inner);
                        let values: Vec<f64> =
                            (0..axis).map(|a| f64::from(input[(o * axis + a) * inner + i])).collect();
                        naive(&values, reduction)
                    })
                    .collect();
                if axis > 0 {
                    assert_close(&got, &expected, 1e-5, &format!("{reduction:?} {outer} {axis} {inner}"));
                } else if reduction == Reduction::Sum {
                    assert_eq!(got, expected);
                }
            }
        }
    }

    #[test]
    fn scattered_axes() {
        let input: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let mut output = vec![0.0; 3];
        reduce_axes(&input, &[2, 3, 4], &[0, 2], Reduction::Sum, &mut output);
        assert_eq!(output, [60.0, 92.0, 124.0]);
        let mut output = vec![0.0; 24];
        reduce_axes(&input, &[2, 3, 4], &[], Reduction::Sum, &mut output);
        assert_eq!(output, input);
        let mut output = vec![0.0; 1];
        reduce_axes(&input, &[2, 3, 4], &[2, 0, 1], Reduction::Max, &mut output);
        assert_eq!(output, [23.0]);
    }

    #[test]
    fn extremes_keep_nan() {
        for position in 0..40 {
            let mut input = vec![1.0; 40];
            input[position] = f32::NAN;
            for reduction in [Reduction::Max, Reduction::Min] {
                let mut output = [0.0];
                reduce(&input, 1, 40, 1, reduction, &mut output);
                assert!(output[0].is_nan());
            }
        }
    }
}
