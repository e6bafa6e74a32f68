//! Elementwise functions of one, two or three tensors with broadcasting.
//!
//! Broadcasting is numpy's: shapes are aligned at the right, a dimension of 1 stretches. The
//! function is a closure compiled into the loops.

use super::parallel::{SharedMut, for_each_chunk, for_each_task};

/// Output elements per task.
const CHUNK: usize = 1 << 14;

/// The broadcast shape of two shapes, or `None` when they do not fit.
pub fn broadcast_dims(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |dims: &[usize], i: usize| (i + dims.len()).checked_sub(rank).map_or(1, |idx| dims[idx]);
    (0..rank)
        .map(|i| match (dim(a, i), dim(b, i)) {
            (x, y) if x == y => Some(x),
            (1, x) | (x, 1) => Some(x),
            _ => None,
        })
        .collect()
}

/// Writes `f` of each input value.
///
/// # Panics
/// When the lengths differ.
pub fn map<A: Copy + Sync, R: Send>(input: &[A], output: &mut [R], f: impl Fn(A) -> R + Sync) {
    assert_eq!(input.len(), output.len());
    for_each_chunk(output, CHUNK, |chunk_idx, chunk| {
        let begin = chunk_idx * CHUNK;
        for (y, x) in chunk.iter_mut().zip(&input[begin..]) {
            *y = f(*x);
        }
    });
}

/// Replaces every value by `f` of it.
pub fn map_in_place<T: Copy + Send>(values: &mut [T], f: impl Fn(T) -> T + Sync) {
    for_each_chunk(values, CHUNK, |_, chunk| {
        for x in chunk {
            *x = f(*x);
        }
    });
}

/// `out = f(a, b)` with broadcasting, for `f32`.
///
/// # Panics
/// When `out_dims` is not the broadcast shape or a slice has another length than its shape.
pub fn binary_f32(
    a: &[f32],
    a_dims: &[usize],
    b: &[f32],
    b_dims: &[usize],
    out: &mut [f32],
    out_dims: &[usize],
    f: impl Fn(f32, f32) -> f32 + Sync,
) {
    binary(a, a_dims, b, b_dims, out, out_dims, f);
}

/// `out = f(a, b)` with broadcasting, for any element types.
///
/// Adjacent dimensions that broadcast alike are merged, so equal shapes, a scalar, a bias along
/// the last axis and a bias along the channels all end in a plain inner loop.
///
/// # Panics
/// When `out_dims` is not the broadcast shape or a slice has another length than its shape.
pub fn binary<A: Copy + Sync, B: Copy + Sync, R: Send>(
    a: &[A],
    a_dims: &[usize],
    b: &[B],
    b_dims: &[usize],
    out: &mut [R],
    out_dims: &[usize],
    f: impl Fn(A, B) -> R + Sync,
) {
    let plan = Broadcast::new([a_dims, b_dims], out_dims);
    assert_eq!([a.len(), b.len(), out.len()], [plan.lens[0], plan.lens[1], plan.out_len]);
    plan.for_each_row(out, |row, [a_begin, b_begin]| {
        let n = row.len();
        match plan.inner_strides {
            [0, 0] => {
                let (x, y) = (a[a_begin], b[b_begin]);
                for r in row {
                    *r = f(x, y);
                }
            }
            [0, _] => {
                let x = a[a_begin];
                for (r, y) in row.iter_mut().zip(&b[b_begin..b_begin + n]) {
                    *r = f(x, *y);
                }
            }
            [_, 0] => {
                let y = b[b_begin];
                for (r, x) in row.iter_mut().zip(&a[a_begin..a_begin + n]) {
                    *r = f(*x, y);
                }
            }
            _ => {
                let (a, b) = (&a[a_begin..a_begin + n], &b[b_begin..b_begin + n]);
                for ((r, x), y) in row.iter_mut().zip(a).zip(b) {
                    *r = f(*x, *y);
                }
            }
        }
    });
}

/// `out = f(a, b, c)` with broadcasting (for example `Where` and range-limited clips).
///
/// # Panics
/// As [`binary`].
pub fn ternary<A: Copy + Sync, B: Copy + Sync, C: Copy + Sync, R: Send>(
    (a, a_dims): (&[A], &[usize]),
    (b, b_dims): (&[B], &[usize]),
    (c, c_dims): (&[C], &[usize]),
    out: &mut [R],
    out_dims: &[usize],
    f: impl Fn(A, B, C) -> R + Sync,
) {
    let plan = Broadcast::new([a_dims, b_dims, c_dims], out_dims);
    assert_eq!([a.len(), b.len(), c.len()], plan.lens);
    assert_eq!(out.len(), plan.out_len);
    let strides = plan.inner_strides;
    plan.for_each_row(out, |row, [a_begin, b_begin, c_begin]| {
        for (i, r) in row.iter_mut().enumerate() {
            let x = a[a_begin + i * strides[0]];
            let y = b[b_begin + i * strides[1]];
            *r = f(x, y, c[c_begin + i * strides[2]]);
        }
    });
}

/// Copies `input` into the larger shape it broadcasts to (ONNX Expand).
///
/// # Panics
/// As [`binary`].
pub fn broadcast_to<T: Copy + Send + Sync>(input: &[T], dims: &[usize], out: &mut [T], out_dims: &[usize]) {
    let plan = Broadcast::new([dims], out_dims);
    assert_eq!([input.len(), out.len()], [plan.lens[0], plan.out_len]);
    plan.for_each_row(out, |row, [begin]| {
        if plan.inner_strides[0] == 0 {
            row.fill(input[begin]);
        } else {
            row.copy_from_slice(&input[begin..begin + row.len()]);
        }
    });
}

/// How `N` operands walk along with an output: merged dimensions and their strides.
struct Broadcast<const N: usize> {
    /// Outer dimensions of the output, without the innermost.
    outer: Vec<usize>,
    /// Strides of each outer dimension.
    strides: Vec<[usize; N]>,
    /// The innermost dimension, contiguous in the output.
    inner: usize,
    /// 0 or 1 for each operand.
    inner_strides: [usize; N],
    /// Element counts of the operands.
    lens: [usize; N],
    out_len: usize,
}

impl<const N: usize> Broadcast<N> {
    fn new(operands: [&[usize]; N], out_dims: &[usize]) -> Self {
        // From the innermost dimension outwards: (size, strides), merged where possible.
        let mut merged: Vec<(usize, [usize; N])> = Vec::new();
        let mut lens = [1; N];
        for back in 0..out_dims.len() {
            let size = out_dims[out_dims.len() - 1 - back];
            let mut strides = [0; N];
            let mut own = [1; N];
            for (i, dims) in operands.iter().enumerate() {
                own[i] = dims.len().checked_sub(back + 1).map_or(1, |idx| dims[idx]);
                assert!(own[i] == size || own[i] == 1, "shape does not broadcast");
                strides[i] = if own[i] == 1 { 0 } else { lens[i] };
            }
            for i in 0..N {
                lens[i] *= own[i];
            }
            if size == 1 {
                continue;
            }
            match merged.last_mut() {
                Some((last, last_strides)) if (0..N).all(|i| strides[i] == last_strides[i] * *last) => {
                    *last *= size;
                }
                _ => merged.push((size, strides)),
            }
        }
        for dims in operands {
            assert!(dims.len() <= out_dims.len(), "operand of a higher rank than the output");
        }
        let (inner, inner_strides) = if merged.is_empty() { (1, [0; N]) } else { merged.remove(0) };
        merged.reverse();
        let (outer, strides) = merged.into_iter().unzip();
        let out_len = out_dims.iter().product();
        Self { outer, strides, inner, inner_strides, lens, out_len }
    }

    /// Calls `row(part of the output, offsets of the operands)` for contiguous parts, in parallel.
    fn for_each_row<R: Send>(&self, out: &mut [R], row: impl Fn(&mut [R], [usize; N]) + Sync) {
        if self.out_len == 0 {
            return;
        }
        let n_rows = self.out_len / self.inner;
        let segment = self.inner.min(CHUNK);
        let segments_per_row = self.inner.div_ceil(segment);
        let rows_per_task = (CHUNK / self.inner).max(1);
        let shared = SharedMut::new(out);
        for_each_task(n_rows.div_ceil(rows_per_task) * segments_per_row, |task| {
            let (block, part) = (task / segments_per_row, task % segments_per_row);
            let begin = part * segment;
            let len = segment.min(self.inner - begin);
            let first = block * rows_per_task;
            let mut walk = self.walk(first);
            for row_idx in first..n_rows.min(first + rows_per_task) {
                let offsets = std::array::from_fn(|i| walk.1[i] + begin * self.inner_strides[i]);
                #[expect(unsafe_code, reason = "disjoint parts of one output")]
                // SAFETY: each (row, segment) belongs to one task.
                let part = unsafe { shared.slice(row_idx * self.inner + begin, len) };
                row(part, offsets);
                self.step(&mut walk);
            }
        });
    }

    /// Index in the outer dimensions and operand offsets of a row.
    fn walk(&self, row_idx: usize) -> (Vec<usize>, [usize; N]) {
        let mut index = vec![0; self.outer.len()];
        let mut offsets = [0; N];
        let mut rest = row_idx;
        for (axis, size) in self.outer.iter().enumerate().rev() {
            index[axis] = rest % size;
            rest /= size;
            for (offset, stride) in offsets.iter_mut().zip(&self.strides[axis]) {
                *offset += index[axis] * stride;
            }
        }
        (index, offsets)
    }

    /// Moves on by one row.
    fn step(&self, (index, offsets): &mut (Vec<usize>, [usize; N])) {
        for axis in (0..self.outer.len()).rev() {
            index[axis] += 1;
            for (offset, stride) in offsets.iter_mut().zip(&self.strides[axis]) {
                *offset += stride;
            }
            if index[axis] < self.outer[axis] {
                return;
            }
            for (offset, stride) in offsets.iter_mut().zip(&self.strides[axis]) {
                *offset -= stride * self.outer[axis];
            }
            index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn offset(dims: &[usize], out_dims: &[usize], mut flat: usize) -> usize {
        let (mut offset, mut stride) = (0, 1);
        for back in 0..out_dims.len() {
            let size = out_dims[out_dims.len() - 1 - back];
            let own = dims.len().checked_sub(back + 1).map_or(1, |i| dims[i]);
            if own > 1 {
                offset += flat % size * stride;
            }
            stride *= own;
            flat /= size;
        }
        offset
    }

    #[test]
    fn random_broadcasts_equal_the_naive_walk() {
        let mut random = Random::new(1);
        for _ in 0..300 {
            let rank = random.below(5);
            let out_dims: Vec<usize> = (0..rank)
                .map(|_| [0, 1, 2, 3, 5, 7, 40][random.below(7).max(usize::from(random.below(8) > 0))])
                .collect();
            let mut operand = || -> Vec<usize> {
                let skip = random.below(rank + 1) * random.below(2);
                out_dims[skip..].iter().map(|d| if random.below(3) == 0 { 1 } else { *d }).collect()
            };
            let (a_dims, b_dims, c_dims) = (operand(), operand(), operand());
            let a = random.floats(a_dims.iter().product());
            let b = random.floats(b_dims.iter().product());
            let c = random.floats(c_dims.iter().product());
            let n: usize = out_dims.iter().product();
            let mut out = vec![0.0; n];
            binary_f32(&a, &a_dims, &b, &b_dims, &mut out, &out_dims, |x, y| x - y);
            let at = |dims: &[usize], i| offset(dims, &out_dims, i);
            for (i, y) in out.iter().enumerate() {
                assert_eq!(*y, a[at(&a_dims, i)] - b[at(&b_dims, i)]);
            }
            ternary((&a, &a_dims), (&b, &b_dims), (&c, &c_dims), &mut out, &out_dims, |x, y, z| {
                if x > 0.0 { y } else { z }
            });
            for (i, r) in out.iter().enumerate() {
                let x = a[at(&a_dims, i)];
                assert_eq!(*r, if x > 0.0 { b[at(&b_dims, i)] } else { c[at(&c_dims, i)] });
            }
            broadcast_to(&a, &a_dims, &mut out, &out_dims);
            for (i, y) in out.iter().enumerate() {
                assert_eq!(*y, a[at(&a_dims, i)]);
            }
        }
    }

    #[test]
    fn long_rows_are_cut_into_segments() {
        let n = 3 * CHUNK + 5;
        let a: Vec<f32> = (0..2 * n).map(|i| i as f32).collect();
        let mut out = vec![0.0; 2 * n];
        binary_f32(&a, &[2, n], &[1.0, 2.0], &[2, 1], &mut out, &[2, n], |x, y| x + y);
        for (i, y) in out.iter().enumerate() {
            assert_eq!(*y, a[i] + if i < n { 1.0 } else { 2.0 });
        }
    }

    #[test]
    fn broadcast_shapes() {
        assert_eq!(broadcast_dims(&[2, 1, 3], &[4, 1]), Some(vec![2, 4, 3]));
        assert_eq!(broadcast_dims(&[0, 1], &[1, 5]), Some(vec![0, 5]));
        assert_eq!(broadcast_dims(&[2], &[3]), None);
        assert_eq!(broadcast_dims(&[], &[3]), Some(vec![3]));
    }
}
