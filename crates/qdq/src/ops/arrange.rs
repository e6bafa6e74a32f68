//! Rearranging within a tensor: depth and space, triangles, sequences, positions of non-zeros.

use super::dispatch::{Stored, around, map_data, only_int, with_data};
use super::strided::Strided;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Dim, Tensor, TensorType};

attr_enum! {
    /// How channels and the positions within a block are ordered.
    pub enum DepthMode {
        /// Depth, column, row: a channel is `(row, column, depth)`.
        Dcr = "dcr",
        /// Column, row, depth: a channel is `(depth, row, column)`.
        Crd = "crd",
    }
}

op! {
    /// Moves blocks of channels into space: `[n, c·b², h, w]` to `[n, c, h·b, w·b]`.
    pub struct DepthToSpace {
        /// Side of a block, in elements; at least 1.
        pub blocksize: usize = 1,
        /// Order of the channels.
        pub mode: DepthMode = DepthMode::Dcr,
    }
}

op! {
    /// Moves blocks of space into channels: `[n, c, h·b, w·b]` to `[n, c·b², h, w]`.
    pub struct SpaceToDepth {
        /// Side of a block, in elements; at least 1.
        pub blocksize: usize = 1,
        /// Order of the channels.
        pub mode: DepthMode = DepthMode::Dcr,
    }
}

op! {
    /// Keeps one triangle of the last two axes and zeroes the rest. Inputs: data, `k` (scalar, default 0: the diagonal).
    pub struct Trilu {
        /// Whether the upper triangle is kept.
        pub upper: bool = true,
    }
}

op! {
    /// Positions of the elements that are not zero, as `i64[rank, count]` in row-major order.
    pub struct NonZero {}
}

op! {
    /// Reverses the first `sequence_lens[b]` steps of each batch entry `b`. Inputs: data, `sequence_lens`.
    pub struct ReverseSequence {
        /// Axis of the batch, 0 or 1.
        pub batch_axis: i64 = 1,
        /// Axis of the steps, the other of 0 and 1.
        pub time_axis: i64 = 0,
    }
}

/// The four dimensions of an image batch.
fn image_dims(shape: &[usize]) -> Result<[usize; 4]> {
    shape.try_into().map_err(|_| Error::data(format!("a tensor of shape {shape:?} is no batch of images")))
}

/// A dimension mapped where it is known.
fn map_dim(dim: &Dim, map: impl Fn(usize) -> Option<usize>) -> Result<Dim> {
    match dim {
        Dim::Known(size) => map(*size)
            .map(Dim::Known)
            .ok_or_else(|| Error::graph(format!("size {size} does not fit the block size"))),
        _ => Ok(Dim::Any),
    }
}

/// Infers `[n, c, h, w]` with other functions for channels and for height and width.
fn infer_image(
    inputs: &Inputs<'_>,
    channels: impl Fn(usize) -> Option<usize>,
    side: impl Fn(usize) -> Option<usize>,
) -> Result<Vec<TensorType>> {
    let shape = match inputs.shape(0) {
        None => vec![Dim::Any; 4],
        Some([n, c, h, w]) => vec![n.clone(), map_dim(c, channels)?, map_dim(h, &side)?, map_dim(w, &side)?],
        Some(dims) => return Err(Error::graph(format!("{} dimensions where 4 are needed", dims.len()))),
    };
    Ok(vec![inputs.moved(0, Some(shape))])
}

/// `a / b` if `b` divides `a`.
fn exact(a: usize, b: usize) -> Option<usize> {
    (b != 0 && a.is_multiple_of(b)).then(|| a / b)
}

/// A reshape, a transposition, and a reshape, in one copy.
fn rearrange(tensor: Tensor, inner: &[usize; 6], perm: &[usize; 6], shape: [usize; 4]) -> Result<Tensor> {
    Strided::contiguous(inner).permuted(perm).apply(tensor, shape.to_vec())
}

impl OpDef for DepthToSpace {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let block = self.blocksize;
        infer_image(inputs, |c| exact(c, block.checked_mul(block)?), |side| side.checked_mul(block))
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.take(0)?;
        let [n, c, h, w] = image_dims(data.shape())?;
        let b = self.blocksize;
        let wrong = || Error::data(format!("{c} channels cannot be cut into blocks of {b} × {b}"));
        let depth = b.checked_mul(b).and_then(|area| exact(c, area)).ok_or_else(wrong)?;
        let (height, width) = h.checked_mul(b).zip(w.checked_mul(b)).ok_or_else(wrong)?;
        let shape = [n, depth, height, width];
        Ok(vec![match self.mode {
            DepthMode::Dcr => rearrange(data, &[n, b, b, depth, h, w], &[0, 3, 4, 1, 5, 2], shape)?,
            DepthMode::Crd => rearrange(data, &[n, depth, b, b, h, w], &[0, 1, 4, 2, 5, 3], shape)?,
        }])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl OpDef for SpaceToDepth {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let block = self.blocksize;
        infer_image(inputs, |c| c.checked_mul(block)?.checked_mul(block), |side| exact(side, block))
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.take(0)?;
        let [n, c, h, w] = image_dims(data.shape())?;
        let b = self.blocksize;
        let wrong = || Error::data(format!("an image of {h} × {w} cannot be cut into blocks of {b} × {b}"));
        let (height, width) = exact(h, b).zip(exact(w, b)).ok_or_else(wrong)?;
        let depth = c.checked_mul(b).and_then(|depth| depth.checked_mul(b)).ok_or_else(wrong)?;
        let perm = match self.mode {
            DepthMode::Dcr => [0, 3, 5, 1, 2, 4],
            DepthMode::Crd => [0, 1, 3, 5, 2, 4],
        };
        Ok(vec![rearrange(data, &[n, c, height, b, width, b], &perm, [n, depth, height, width])?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl OpDef for Trilu {
    fn arity(&self) -> Arity {
        Arity::range(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.moved(0, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.get(0)?;
        let k = inputs.optional(1).map(only_int).transpose()?.unwrap_or(0);
        let &[.., rows, columns] = data.shape() else {
            return Err(Error::data("a tensor of fewer than 2 dimensions has no triangles"));
        };
        let kept = map_data!(data.data(), elements => self.keep(elements, rows, columns, k));
        Ok(vec![Tensor::new(data.shape().to_vec(), kept)?])
    }
}

impl Trilu {
    fn keep<T: Stored>(&self, elements: &[T], rows: usize, columns: usize, k: i64) -> Vec<T> {
        let mut kept = elements.to_vec();
        for (index, row) in kept.chunks_mut(columns.max(1)).enumerate() {
            let diagonal = ((index % rows) as i64).saturating_add(k);
            let dropped = if self.upper {
                0..diagonal.clamp(0, columns as i64) as usize
            } else {
                diagonal.saturating_add(1).clamp(0, columns as i64) as usize..columns
            };
            row[dropped].fill(T::default());
        }
        kept
    }
}

impl OpDef for NonZero {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let rank = inputs.shape(0).map_or(Dim::Any, |dims| Dim::Known(dims.len()));
        Ok(vec![TensorType::new(DType::I64, Some(vec![rank, Dim::Any]))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.get(0)?;
        let places: Vec<usize> = with_data!(data.data(), elements => places_other_than_zero(elements));
        let mut indices = vec![0i64; places.len() * data.shape().len()];
        let mut inner = 1;
        for (axis, &size) in data.shape().iter().enumerate().rev() {
            let row = &mut indices[axis * places.len()..(axis + 1) * places.len()];
            for (index, place) in row.iter_mut().zip(&places) {
                *index = (place / inner % size) as i64;
            }
            inner = size.saturating_mul(inner).max(1);
        }
        Ok(vec![Tensor::from_vec(vec![data.shape().len(), places.len()], indices)?])
    }
}

fn places_other_than_zero<T: Stored>(elements: &[T]) -> Vec<usize> {
    let zero = T::default();
    elements.iter().enumerate().filter(|(_, element)| **element != zero).map(|(place, _)| place).collect()
}

impl OpDef for ReverseSequence {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.moved(0, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, lengths) = (inputs.get(0)?, inputs.ints(1)?);
        let &[first, second, ..] = data.shape() else {
            return Err(Error::data("sequences have at least 2 dimensions"));
        };
        let time_first = match (self.batch_axis, self.time_axis) {
            (1, 0) => true,
            (0, 1) => false,
            axes => return Err(Error::graph(format!("batch and time axis {axes:?} are not 0 and 1"))),
        };
        let (steps, batch) = if time_first { (first, second) } else { (second, first) };
        let fits = |&length: &i64| usize::try_from(length).ok().filter(|&length| length <= steps);
        let lengths: Option<Vec<usize>> = lengths.iter().map(fits).collect();
        let lengths = lengths.filter(|lengths| lengths.len() == batch).ok_or_else(|| {
            Error::data(format!("the sequence lengths do not fit {batch} sequences of {steps} steps"))
        })?;
        let run = around(data.shape(), 1).2;
        let place =
            |step: usize, entry: usize| if time_first { step * batch + entry } else { entry * steps + step };
        let reversed = map_data!(data.data(), elements => reverse(elements, &lengths, run, place));
        Ok(vec![Tensor::new(data.shape().to_vec(), reversed)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

/// Reverses the first steps of each entry; `place(step, entry)` numbers the runs.
fn reverse<T: Stored>(
    elements: &[T],
    lengths: &[usize],
    run: usize,
    place: impl Fn(usize, usize) -> usize,
) -> Vec<T> {
    let mut reversed = elements.to_vec();
    if elements.is_empty() {
        return reversed;
    }
    for (entry, &length) in lengths.iter().enumerate() {
        for step in 0..length {
            let (to, from) = (place(step, entry) * run, place(length - 1 - step, entry) * run);
            reversed[to..to + run].clone_from_slice(&elements[from..from + run]);
        }
    }
    reversed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    fn pixels(op: impl Into<crate::ops::Op>, data: Tensor) -> (Vec<usize>, Vec<f32>) {
        let moved = eval(op, [data]);
        (moved.shape().to_vec(), moved.to_f32_vec().unwrap())
    }

    #[test]
    fn depth_and_space() {
        let data = || counting([1, 8, 1, 1]);
        let dcr = DepthToSpace { blocksize: 2, mode: DepthMode::Dcr };
        let (shape, moved) = pixels(dcr.clone(), data());
        assert_eq!((shape, moved), (vec![1, 2, 2, 2], vec![0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]));
        let crd = DepthToSpace { blocksize: 2, mode: DepthMode::Crd };
        assert_eq!(pixels(crd.clone(), data()).1, data().to_f32_vec().unwrap());
        for op in [dcr, crd] {
            let back = SpaceToDepth { blocksize: 2, mode: op.mode };
            assert_eq!(eval(back, [eval(op, [counting([2, 8, 3, 5])])]), counting([2, 8, 3, 5]));
        }
        for blocksize in [0, 3, usize::MAX] {
            eval_error(DepthToSpace { blocksize, mode: DepthMode::Dcr }, [counting([1, 8, 1, 1])]);
            eval_error(SpaceToDepth { blocksize, mode: DepthMode::Dcr }, [counting([1, 1, 2, 2])]);
        }
        eval_error(DepthToSpace::default(), [counting([8])]);
    }

    #[test]
    fn triangles() {
        let triangle = |upper, k: i64| {
            let data = floats([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            eval(Trilu { upper }, [data, Tensor::scalar(k)]).to_f32_vec().unwrap()
        };
        assert_eq!(triangle(true, 0), [1.0, 2.0, 3.0, 0.0, 5.0, 6.0]);
        assert_eq!(triangle(true, 1), [0.0, 2.0, 3.0, 0.0, 0.0, 6.0]);
        assert_eq!(triangle(false, 0), [1.0, 0.0, 0.0, 4.0, 5.0, 0.0]);
        assert_eq!(triangle(false, i64::MAX), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(triangle(false, i64::MIN), [0.0; 6]);
        eval_error(Trilu::default(), [counting([3])]);
    }

    #[test]
    fn positions_of_non_zeros() {
        let places = eval(NonZero {}, [floats([2, 2], &[1.0, 0.0, -0.0, 2.0])]);
        assert_eq!(places, Tensor::from_vec(vec![2, 2], vec![0i64, 1, 0, 1]).unwrap());
        assert_eq!(eval(NonZero {}, [Tensor::scalar(1f32)]).shape(), [0, 1]);
        assert_eq!(eval(NonZero {}, [counting([0, 5])]).shape(), [2, 0]);
    }

    #[test]
    fn reverses() {
        let reverse = |batch_axis, time_axis, lengths: &[i64]| {
            let op = ReverseSequence { batch_axis, time_axis };
            eval(op, [counting([3, 2]), Tensor::vector(lengths.to_vec())]).to_f32_vec().unwrap()
        };
        assert_eq!(reverse(1, 0, &[3, 2]), [4.0, 3.0, 2.0, 1.0, 0.0, 5.0]);
        assert_eq!(reverse(0, 1, &[1, 2, 0]), [0.0, 1.0, 3.0, 2.0, 4.0, 5.0]);
        for lengths in [vec![4i64, 0], vec![-1, 0], vec![1]] {
            eval_error(ReverseSequence::default(), [counting([3, 2]), Tensor::vector(lengths)]);
        }
    }
}
