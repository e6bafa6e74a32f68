//! Transposition of N-dimensional arrays of any element type.
#![allow(unsafe_code, reason = "tasks write interleaved parts of one output; see the block's argument")]

use super::parallel::{SharedMut, for_each_task};

/// Elements per task.
const CHUNK: usize = 1 << 14;
/// Side of the square tiles in which two axes are swapped.
const TILE: usize = 16;

/// `output[i[perm[0]], i[perm[1]], ...] = input[i]`: output axis `j` is input axis `perm[j]`.
///
/// # Panics
/// When `perm` is not a permutation of the axes or a length differs from the shape.
pub fn transpose<T: Copy + Send + Sync>(input: &[T], dims: &[usize], perm: &[usize], output: &mut [T]) {
    let len: usize = dims.iter().product();
    assert_eq!([input.len(), output.len()], [len, len]);
    assert_eq!(perm.len(), dims.len());
    let mut seen = vec![false; dims.len()];
    for axis in perm {
        assert!(!std::mem::replace(&mut seen[*axis], true), "axis {axis} twice");
    }
    if len == 0 {
        return;
    }
    let axes = merged_axes(dims, perm);
    match axes.as_slice() {
        [] => output.copy_from_slice(input),
        [.., last] if last.in_stride == 1 => copy_rows(input, &axes, output),
        _ => swap_tiles(input, &axes, output),
    }
}

/// One axis of the output after merging: its size, its stride in the input and in the output.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    in_stride: usize,
    out_stride: usize,
}

/// Output axes from the outermost, without those of size 1, neighbours merged where they are
/// neighbours in the input too.
fn merged_axes(dims: &[usize], perm: &[usize]) -> Vec<Axis> {
    let mut in_strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        in_strides[axis - 1] = in_strides[axis] * dims[axis];
    }
    let mut axes: Vec<Axis> = Vec::new();
    for &axis in perm {
        let (size, in_stride) = (dims[axis], in_strides[axis]);
        if size == 1 {
            continue;
        }
        match axes.last_mut() {
            Some(last) if last.in_stride == in_stride * size => {
                last.size *= size;
                last.in_stride = in_stride;
            }
            _ => axes.push(Axis { size, in_stride, out_stride: 0 }),
        }
    }
    let mut out_stride = 1;
    for axis in axes.iter_mut().rev() {
        axis.out_stride = out_stride;
        out_stride *= axis.size;
    }
    axes
}

/// Offsets in input and output of the `flat`-th index over some axes.
fn offsets(axes: &[Axis], mut flat: usize) -> (usize, usize) {
    let (mut input, mut output) = (0, 0);
    for axis in axes.iter().rev() {
        let i = flat % axis.size;
        flat /= axis.size;
        input += i * axis.in_stride;
        output += i * axis.out_stride;
    }
    (input, output)
}

/// The innermost axis stays innermost: whole rows are copied.
fn copy_rows<T: Copy + Send + Sync>(input: &[T], axes: &[Axis], output: &mut [T]) {
    let (outer, row_len) = (&axes[..axes.len() - 1], axes[axes.len() - 1].size);
    let rows_per_task = (CHUNK / row_len).max(1);
    super::parallel::for_each_chunk(output, rows_per_task * row_len, |task, rows| {
        for (i, row) in rows.chunks_exact_mut(row_len).enumerate() {
            let (begin, _) = offsets(outer, task * rows_per_task + i);
            row.copy_from_slice(&input[begin..begin + row_len]);
        }
    });
}

/// The innermost axis changes: the input's and the output's innermost axes are swapped in tiles.
fn swap_tiles<T: Copy + Send + Sync>(input: &[T], axes: &[Axis], output: &mut [T]) {
    let column = axes[axes.len() - 1];
    let row_idx = axes.iter().position(|axis| axis.in_stride == 1).expect("an innermost input axis");
    let row = axes[row_idx];
    let outer: Vec<Axis> = (0..axes.len() - 1).filter(|i| *i != row_idx).map(|i| axes[i]).collect();
    let n_outer: usize = outer.iter().map(|axis| axis.size).product();
    let row_tiles = row.size.div_ceil(TILE);
    let tasks_per_plane = (row.size * column.size).div_ceil(CHUNK).min(row_tiles);
    let tiles_per_task = row_tiles.div_ceil(tasks_per_plane);
    let planes_per_task = (CHUNK / (row.size * column.size)).max(1);
    let shared = SharedMut::new(output);
    for_each_task(n_outer.div_ceil(planes_per_task) * tasks_per_plane, |task| {
        let (block, part) = (task / tasks_per_plane, task % tasks_per_plane);
        let rows_begin = part * tiles_per_task * TILE;
        let rows_end = row.size.min(rows_begin + tiles_per_task * TILE);
        let first = block * planes_per_task;
        for plane in first..n_outer.min(first + planes_per_task) {
            let (in_begin, out_begin) = offsets(&outer, plane);
            for r in (rows_begin..rows_end).step_by(TILE) {
                for c in (0..column.size).step_by(TILE) {
                    let n_rows = TILE.min(rows_end - r);
                    let n_columns = TILE.min(column.size - c);
                    let source = &input[in_begin + r + c * column.in_stride..];
                    let target = out_begin + r * row.out_stride + c;
                    swap_tile(source, column.in_stride, &shared, target, row.out_stride, n_rows, n_columns);
                }
            }
        }
    });
}

/// `output[target + r * out_stride + c] = source[c * in_stride + r]`.
fn swap_tile<T: Copy + Send>(
    source: &[T],
    in_stride: usize,
    output: &SharedMut<'_, T>,
    target: usize,
    out_stride: usize,
    n_rows: usize,
    n_columns: usize,
) {
    let last = target + (n_rows - 1) * out_stride + n_columns;
    let _ = output.at(last);
    let base = output.at(target);
    let source = &source[..(n_columns - 1) * in_stride + n_rows];
    for r in 0..n_rows {
        for c in 0..n_columns {
            // SAFETY: below `last`, which `at` has checked; tiles of different tasks differ in
            // their (plane, row) indices, so no element is written twice.
            unsafe { *base.add(r * out_stride + c) = source[c * in_stride + r] };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn naive(input: &[u16], dims: &[usize], perm: &[usize]) -> Vec<u16> {
        let out_dims: Vec<usize> = perm.iter().map(|p| dims[*p]).collect();
        let mut strides = vec![1; dims.len()];
        for i in (1..dims.len()).rev() {
            strides[i - 1] = strides[i] * dims[i];
        }
        (0..input.len())
            .map(|flat| {
                let (mut rest, mut offset) = (flat, 0);
                for (j, size) in out_dims.iter().enumerate().rev() {
                    offset += rest % size * strides[perm[j]];
                    rest /= size;
                }
                input[offset]
            })
            .collect()
    }

    #[test]
    fn random_permutations() {
        let mut random = Random::new(3);
        for _ in 0..300 {
            let rank = random.below(6);
            let sizes = [0, 1, 2, 3, 5, 17, 33];
            let dims: Vec<usize> = (0..rank)
                .map(|_| sizes[random.below(7).max(usize::from(random.below(9) > 0))])
                .map(|d| if rank > 4 { d.min(5) } else { d })
                .collect();
            let mut perm: Vec<usize> = (0..rank).collect();
            for i in (1..rank).rev() {
                perm.swap(i, random.below(i + 1));
            }
            let input: Vec<u16> = (0..dims.iter().product::<usize>()).map(|i| i as u16).collect();
            let mut output = vec![0; input.len()];
            transpose(&input, &dims, &perm, &mut output);
            assert_eq!(output, naive(&input, &dims, &perm), "{dims:?} {perm:?}");
        }
    }
}
