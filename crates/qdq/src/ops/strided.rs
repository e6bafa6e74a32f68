//! The copy behind transpose, expand, slice, split, and depth to space: elements at regular strides.

use super::dispatch::{Stored, map_data, output_count};
use crate::error::{Error, Result};
use crate::kernels::parallel::for_each_chunk;
use crate::tensor::Tensor;

/// Elements below which threads cost more than they bring.
const PARALLEL: usize = 1 << 16;
/// Side of the square blocks in which two axes are exchanged, so that both sides stay in the cache.
const BLOCK: usize = 16;

/// Where the elements of an output lie in an input: an offset, and a size and stride for each axis of the output.
#[derive(Clone, Debug)]
pub(crate) struct Strided {
    offset: isize,
    axes: Vec<Axis>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    size: usize,
    stride: isize,
}

impl Strided {
    /// All elements in order.
    pub(crate) fn contiguous(shape: &[usize]) -> Self {
        let mut stride = 1isize;
        let mut axes = vec![Axis { size: 1, stride: 1 }; shape.len()];
        for (axis, &size) in axes.iter_mut().zip(shape).rev() {
            *axis = Axis { size, stride };
            stride = stride.wrapping_mul(size as isize);
        }
        Self { offset: 0, axes }
    }

    /// Axis `i` becomes what axis `perm[i]` was; `perm` is a permutation.
    pub(crate) fn permuted(mut self, perm: &[usize]) -> Self {
        self.axes = perm.iter().map(|&axis| self.axes[axis]).collect();
        self
    }

    /// `size` elements of an axis from `start` on in steps of `step`.
    pub(crate) fn sliced(mut self, axis: usize, start: usize, step: isize, size: usize) -> Self {
        let Axis { stride, .. } = self.axes[axis];
        self.offset = self.offset.wrapping_add(stride.wrapping_mul(start as isize));
        self.axes[axis] = Axis { size, stride: stride.wrapping_mul(step) };
        self
    }

    /// Repeats axes of size 1, and all in new axes in front; `shape` is of at least the same rank and fits.
    pub(crate) fn expanded(mut self, shape: &[usize]) -> Self {
        let new = shape.len() - self.axes.len();
        let mut axes: Vec<Axis> = shape.iter().map(|&size| Axis { size, stride: 0 }).collect();
        for (axis, old) in axes[new..].iter_mut().zip(&self.axes) {
            if old.size != 1 {
                *axis = *old;
            }
        }
        self.axes = axes;
        self
    }

    /// Sizes of the axes.
    pub(crate) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.size).collect()
    }

    /// The elements as a tensor of `shape`, which has as many; without a copy where they are all, in order.
    pub(crate) fn apply(&self, tensor: Tensor, shape: Vec<usize>) -> Result<Tensor> {
        let count = output_count(&self.shape())?;
        if count == 0 {
            return Tensor::new(shape, map_data!(tensor.data(), _elements => Vec::new()));
        }
        let merged = self.merged();
        if merged.offset == 0 && count == tensor.len() && matches!(merged.axes[..], [Axis { stride: 1, .. }])
        {
            return tensor.reshaped(shape);
        }
        merged.check(tensor.len())?;
        Tensor::new(shape, map_data!(tensor.data(), elements => merged.copy(elements, count)))
    }

    /// The same places with the fewest axes (at least one).
    fn merged(&self) -> Self {
        let mut axes: Vec<Axis> = Vec::with_capacity(self.axes.len());
        for &axis in self.axes.iter().filter(|axis| axis.size != 1) {
            match axes.last_mut() {
                Some(last) if last.stride == axis.stride.wrapping_mul(axis.size as isize) => {
                    *last = Axis { size: last.size * axis.size, stride: axis.stride };
                }
                _ => axes.push(axis),
            }
        }
        if axes.is_empty() {
            axes.push(Axis { size: 1, stride: 1 });
        }
        Self { offset: self.offset, axes }
    }

    /// Whether all places lie in an input of `len` elements; no axis is of size 0.
    fn check(&self, len: usize) -> Result<()> {
        let (mut least, mut most) = (self.offset as i128, self.offset as i128);
        for axis in &self.axes {
            let reach = axis.stride as i128 * (axis.size as i128 - 1);
            if reach < 0 { least += reach } else { most += reach }
        }
        if least < 0 || most >= len as i128 {
            return Err(Error::internal(format!("elements {least} to {most} of a tensor of {len}")));
        }
        Ok(())
    }

    /// Copies the elements; [`Strided::check`] has been passed.
    fn copy<T: Stored>(&self, from: &[T], count: usize) -> Vec<T> {
        let mut out = vec![T::default(); count];
        let last = self.axes.len() - 1;
        let exchanged = self.axes[..last].iter().rposition(|axis| axis.stride == 1);
        match exchanged {
            Some(axis) if self.axes[last].stride > 1 && self.axes[axis].size >= 4 => {
                self.exchange(axis, from, &mut out)
            }
            _ => self.rows(from, &mut out),
        }
        out
    }

    /// Copies row by row of the last axis.
    fn rows<T: Stored>(&self, from: &[T], out: &mut [T]) {
        let (outer, last) = (&self.axes[..self.axes.len() - 1], self.axes[self.axes.len() - 1]);
        let rows_a_chunk = (PARALLEL / 2 / last.size).max(1);
        in_chunks(out, rows_a_chunk * last.size, |chunk, out| {
            let mut walk = Walk::new(outer, chunk * rows_a_chunk, self.offset);
            for row in out.chunks_exact_mut(last.size) {
                copy_row(from, walk.place as usize, last.stride, row);
                walk.advance();
            }
        });
    }

    /// Copies where `axis` is the one that lies contiguous in the input: in blocks of it and the last axis.
    fn exchange<T: Stored>(&self, axis: usize, from: &[T], out: &mut [T]) {
        let last = self.axes.len() - 1;
        let (between, inner) = (&self.axes[axis + 1..last], self.axes[last]);
        let n_between: usize = between.iter().map(|axis| axis.size).product();
        let pitch = n_between * inner.size;
        let whole = self.axes[axis].size * pitch;
        let copy_block = |start: isize, out: &mut [T]| {
            let mut walk = Walk::new(between, 0, start);
            for middle in 0..n_between {
                copy_block(from, walk.place as usize, inner, &mut out[middle * inner.size..], pitch);
                walk.advance();
            }
        };
        let copy_whole = |index: usize, out: &mut [T]| {
            let start = Walk::new(&self.axes[..axis], index, self.offset).place;
            in_chunks(out, BLOCK * pitch, |block, out| copy_block(start + (block * BLOCK) as isize, out));
        };
        in_chunks(out, whole, copy_whole);
    }
}

/// Runs over chunks of an output, in parallel if it is large.
pub(crate) fn in_chunks<T: Send>(out: &mut [T], size: usize, run: impl Fn(usize, &mut [T]) + Sync) {
    if out.len() >= PARALLEL && size < out.len() {
        for_each_chunk(out, size, run);
    } else {
        out.chunks_mut(size.max(1)).enumerate().for_each(|(chunk, out)| run(chunk, out));
    }
}

fn copy_row<T: Clone>(from: &[T], start: usize, stride: isize, row: &mut [T]) {
    match stride {
        1 => row.clone_from_slice(&from[start..start + row.len()]),
        0 => row.fill(from[start].clone()),
        _ => {
            for (step, element) in row.iter_mut().enumerate() {
                *element = from[start.wrapping_add_signed(stride * step as isize)].clone();
            }
        }
    }
}

/// `out[i * pitch + j] = from[start + i + j * stride]` for up to [`BLOCK`] rows `i` and all columns `j`.
fn copy_block<T: Clone>(from: &[T], start: usize, inner: Axis, out: &mut [T], pitch: usize) {
    let stride = inner.stride as usize;
    for first in (0..inner.size).step_by(BLOCK) {
        let columns = first..(first + BLOCK).min(inner.size);
        for (i, row) in out.chunks_mut(pitch).enumerate() {
            let from = &from[start + i + first * stride..];
            for (element, source) in row[columns.clone()].iter_mut().zip(from.iter().step_by(stride)) {
                *element = source.clone();
            }
        }
    }
}

/// Places of the indices of some axes, in row-major order.
struct Walk<'a> {
    axes: &'a [Axis],
    index: Vec<usize>,
    place: isize,
}

impl<'a> Walk<'a> {
    /// From the `position`-th index on.
    fn new(axes: &'a [Axis], mut position: usize, mut place: isize) -> Self {
        let mut index = vec![0; axes.len()];
        for (index, axis) in index.iter_mut().zip(axes).rev() {
            *index = position % axis.size;
            position /= axis.size;
            place += axis.stride * *index as isize;
        }
        Self { axes, index, place }
    }

    fn advance(&mut self) {
        for (index, axis) in self.index.iter_mut().zip(self.axes).rev() {
            *index += 1;
            self.place += axis.stride;
            if *index < axis.size {
                return;
            }
            self.place -= axis.stride * axis.size as isize;
            *index = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Element by element, from the definition.
    fn naive(strided: &Strided, from: &[f32]) -> Vec<f32> {
        let mut walk = Walk::new(&strided.axes, 0, strided.offset);
        (0..strided.shape().iter().product())
            .map(|_| {
                let element = from[walk.place as usize];
                walk.advance();
                element
            })
            .collect()
    }

    #[test]
    fn copies_equal_the_definition() {
        let shape = [3, 37, 5, 70];
        let from: Vec<f32> = (0..3 * 37 * 5 * 70).map(|i| i as f32).collect();
        let whole = Strided::contiguous(&shape);
        for perm in
            [[0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 1, 2], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [3, 1, 2, 0]]
        {
            let strided = whole.clone().permuted(&perm);
            let tensor = Tensor::from_vec(shape.to_vec(), from.clone()).unwrap();
            let moved = strided.apply(tensor, strided.shape()).unwrap();
            assert_eq!(moved.as_slice::<f32>().unwrap(), naive(&strided, &from), "{perm:?}");
            let part = strided.sliced(1, 0, 2, 2).sliced(3, 2, -1, 3);
            let tensor = Tensor::from_vec(shape.to_vec(), from.clone()).unwrap();
            let moved = part.apply(tensor, part.shape()).unwrap();
            assert_eq!(moved.as_slice::<f32>().unwrap(), naive(&part, &from), "{perm:?}");
        }
    }

    #[test]
    fn large_outputs_equal_the_definition() {
        let from: Vec<f32> = (0..65 * 1031).map(|i| i as f32).collect();
        let strided = Strided::contiguous(&[65, 1031, 1]).permuted(&[1, 2, 0]).expanded(&[2, 1031, 1, 65]);
        let tensor = Tensor::from_vec(vec![65, 1031, 1], from.clone()).unwrap();
        let moved = strided.apply(tensor, strided.shape()).unwrap();
        assert_eq!(moved.as_slice::<f32>().unwrap(), naive(&strided, &from));
    }
}
