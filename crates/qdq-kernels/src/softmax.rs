//! Softmax and its logarithm along one axis.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::math::vector;
use super::parallel::{for_each_chunk, rows_per_task};
use super::simd::{Simd, SimdTask, dispatch, load_chunk, map_in_place};

/// Values per task.
const CHUNK: usize = 1 << 13;

/// Replaces `data`, seen as `[outer, axis, inner]`, by its softmax along the middle axis.
///
/// # Panics
/// When the length is not the product of the three.
pub fn softmax(data: &mut [f32], outer: usize, axis: usize, inner: usize) {
    run(data, outer, axis, inner, false);
}

/// Replaces `data`, seen as `[outer, axis, inner]`, by the logarithm of its softmax along the
/// middle axis.
///
/// # Panics
/// When the length is not the product of the three.
pub fn log_softmax(data: &mut [f32], outer: usize, axis: usize, inner: usize) {
    run(data, outer, axis, inner, true);
}

fn run(data: &mut [f32], outer: usize, axis: usize, inner: usize, logarithm: bool) {
    assert_eq!(data.len(), outer * axis * inner);
    let plane = axis * inner;
    if plane == 0 {
        return;
    }
    let rows = rows_per_task(plane, CHUNK);
    for_each_chunk(data, rows * plane, |_, chunk| {
        if inner == 1 {
            dispatch(Rows { data: chunk, axis, logarithm });
        } else {
            dispatch(Planes { data: chunk, axis, inner, logarithm });
        }
    });
}

/// Contiguous rows of length `axis`.
struct Rows<'a> {
    data: &'a mut [f32],
    axis: usize,
    logarithm: bool,
}

impl SimdTask for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for row in self.data.chunks_exact_mut(self.axis) {
            let max = s.splat(max_of(row));
            if self.logarithm {
                let sum = exp_sum(s, row, max);
                let shift = s.add(max, s.splat(sum.ln()));
                map_in_place!(s, row, |x| s.sub(x, shift));
            } else {
                // In place: the exponentials replace the row.
                let sum = exp_sum_in_place(s, row, max);
                let scale = s.splat(1.0 / sum);
                map_in_place!(s, row, |x| s.mul(x, scale));
            }
        }
    }
}

/// The largest value; NaN when there is one.
#[inline(always)]
fn max_of(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let mut chunks = row.chunks_exact(16);
    for chunk in &mut chunks {
        for i in 0..16 {
            lanes[i] = if chunk[i] > lanes[i] || chunk[i].is_nan() { chunk[i] } else { lanes[i] };
        }
    }
    let tail = chunks.remainder().iter();
    lanes.iter().chain(tail).copied().fold(
        f32::NEG_INFINITY,
        |max, x| {
            if x > max || x.is_nan() { x } else { max }
        },
    )
}

#[inline(always)]
fn exp_sum<S: Simd>(s: S, row: &[f32], max: S::V) -> f32 {
    let mut sum = s.splat(0.0);
    let mut chunks = row.chunks_exact(S::LANES);
    for chunk in &mut chunks {
        sum = s.add(sum, vector::exp(s, s.sub(load_chunk(s, chunk), max)));
    }
    let mut total = s.sum(sum);
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let lanes = s.lanes(vector::exp(s, s.sub(load_chunk(s, rest), max)));
        total += lanes[..rest.len()].iter().sum::<f32>();
    }
    total
}

#[inline(always)]
fn exp_sum_in_place<S: Simd>(s: S, row: &mut [f32], max: S::V) -> f32 {
    let n = row.len() / S::LANES * S::LANES;
    let mut sum = s.splat(0.0);
    for chunk in row[..n].chunks_exact_mut(S::LANES) {
        let e = vector::exp(s, s.sub(load_chunk(s, chunk), max));
        sum = s.add(sum, e);
        chunk.copy_from_slice(&s.lanes(e)[..S::LANES]);
    }
    let mut total = s.sum(sum);
    map_in_place!(s, &mut row[n..], |x| vector::exp(s, s.sub(x, max)));
    for x in &row[n..] {
        total += x;
    }
    total
}

/// Planes `[axis, inner]`, softmax along the first of the two.
struct Planes<'a> {
    data: &'a mut [f32],
    axis: usize,
    inner: usize,
    logarithm: bool,
}

impl SimdTask for Planes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (axis, inner) = (self.axis, self.inner);
        let mut max = vec![0.0; inner];
        let mut sum = vec![0.0; inner];
        let mut row_buffer = vec![0.0; inner];
        for plane in self.data.chunks_exact_mut(axis * inner) {
            max.fill(f32::NEG_INFINITY);
            sum.fill(0.0);
            for row in plane.chunks_exact(inner) {
                for (m, x) in max.iter_mut().zip(row) {
                    *m = if *x > *m || x.is_nan() { *x } else { *m };
                }
            }
            for row in plane.chunks_exact_mut(inner) {
                for (x, m) in row.iter_mut().zip(&max) {
                    *x -= m;
                }
                row_buffer.copy_from_slice(row);
                map_in_place!(s, &mut row_buffer, |x| vector::exp(s, x));
                for (total, e) in sum.iter_mut().zip(&row_buffer) {
                    *total += e;
                }
                if !self.logarithm {
                    row.copy_from_slice(&row_buffer);
                }
            }
            if self.logarithm {
                map_in_place!(s, &mut sum, |x| vector::log(s, x));
            }
            for row in plane.chunks_exact_mut(inner) {
                for (x, total) in row.iter_mut().zip(&sum) {
                    *x = if self.logarithm { *x - total } else { *x / total };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::testing::on_each_isa;
    use crate::testing::{Random, assert_close};

    fn naive(data: &[f32], outer: usize, axis: usize, inner: usize, logarithm: bool) -> Vec<f32> {
        let mut out = data.to_vec();
        for o in 0..outer {
            for i in 0..inner {
                let at = |a: usize| (o * axis + a) * inner + i;
                let max = (0..axis).map(|a| data[at(a)]).fold(f32::MIN, f32::max);
                let sum: f64 = (0..axis).map(|a| f64::from(data[at(a)] - max).exp()).sum();
                for a in 0..axis {
                    let shifted = f64::from(data[at(a)] - max);
                    let y = if logarithm { shifted - sum.ln() } else { shifted.exp() / sum };
                    out[at(a)] = y as f32;
                }
            }
        }
        out
    }

    #[test]
    fn equals_naive() {
        let mut random = Random::new(5);
        on_each_isa(|isa| {
            for (outer, axis, inner) in [
                (1, 1, 1),
                (3, 7, 1),
                (2, 33, 1),
                (5, 1000, 1),
                (2, 3, 5),
                (1, 21, 40),
                (0, 3, 1),
                (2, 0, 3),
                (2, 3, 0),
            ] {
                let data: Vec<f32> = random.floats(outer * axis * inner).iter().map(|x| x * 9.0).collect();
                for logarithm in [false, true] {
                    let mut got = data.clone();
                    run(&mut got, outer, axis, inner, logarithm);
                    let expected = naive(&data, outer, axis, inner, logarithm);
                    assert_close(&got, &expected, 1e-6, &format!("{isa:?} {outer} {axis} {inner}"));
                }
            }
        });
    }
}
