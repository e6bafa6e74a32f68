//! Strided slices.

use super::infer::resolve_axis;
use super::strided::Strided;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// A strided part of a tensor. Inputs: data, `starts`, `ends`, `axes` (default: the first ones), `steps` (default 1; may be negative).
    pub struct Slice {}
}

/// What is asked for along one axis.
#[derive(Clone, Copy, Debug)]
struct Cut {
    start: i64,
    end: i64,
    step: i64,
}

impl Cut {
    /// First index and number of indices along an axis of this size.
    ///
    /// Source: ONNX `Slice`: starts and ends count from the end when negative, then are clamped.
    fn resolve(self, size: usize) -> (usize, usize) {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let from_end = |index: i64| if index < 0 { index.saturating_add(size) } else { index };
        let (start, end) = (from_end(self.start), from_end(self.end));
        if self.step > 0 {
            let (start, end) = (start.clamp(0, size), end.clamp(0, size));
            (start as usize, (end - start).max(0).unsigned_abs().div_ceil(self.step.unsigned_abs()) as usize)
        } else if size == 0 {
            (0, 0)
        } else {
            let (start, end) = (start.clamp(0, size - 1), end.clamp(-1, size - 1));
            (start as usize, (start - end).max(0).unsigned_abs().div_ceil(self.step.unsigned_abs()) as usize)
        }
    }

    /// Whether it keeps everything whatever the size.
    fn keeps_all(self) -> bool {
        self.start == 0 && self.step == 1 && self.end >= i64::from(i32::MAX)
    }
}

/// The cut of each axis of a tensor of this rank; `None` where an axis is kept whole.
fn cuts(
    rank: usize,
    starts: &[i64],
    ends: &[i64],
    axes: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Result<Vec<Option<Cut>>> {
    let n_cuts = starts.len();
    let lengths = [Some(ends), axes, steps];
    if lengths.iter().flatten().any(|other| other.len() != n_cuts) {
        return Err(Error::data("starts, ends, axes and steps differ in length"));
    }
    if axes.is_none() && n_cuts > rank {
        return Err(Error::data(format!("{n_cuts} starts for a tensor with {rank} dimensions")));
    }
    let mut cuts = vec![None; rank];
    for (position, (&start, &end)) in starts.iter().zip(ends).enumerate() {
        let axis = match axes {
            Some(axes) => resolve_axis(axes[position], rank)?,
            None => position,
        };
        let step = steps.map_or(1, |steps| steps[position]);
        if step == 0 {
            return Err(Error::data("a slice in steps of 0"));
        }
        if cuts[axis].replace(Cut { start, end, step }).is_some() {
            return Err(Error::data(format!("axis {axis} is sliced twice")));
        }
    }
    Ok(cuts)
}

/// The cuts where all that says them is constant.
fn constant_cuts(inputs: &Inputs<'_>, rank: usize) -> Result<Option<Vec<Option<Cut>>>> {
    let (Some(starts), Some(ends)) = (inputs.ints(1), inputs.ints(2)) else { return Ok(None) };
    let (axes, steps) = (inputs.ints(3), inputs.ints(4));
    if (axes.is_none() && inputs.get(3).is_some()) || (steps.is_none() && inputs.get(4).is_some()) {
        return Ok(None);
    }
    cuts(rank, &starts, &ends, axes.as_deref(), steps.as_deref()).map(Some)
}

fn cut_dim(dim: &Dim, cut: Option<Cut>) -> Dim {
    match (cut, dim) {
        (None, _) => dim.clone(),
        (Some(cut), _) if cut.keeps_all() => dim.clone(),
        (Some(cut), Dim::Known(size)) => Dim::Known(cut.resolve(*size).1),
        (Some(_), _) => Dim::Any,
    }
}

/// The dimensions where only the axes may be known: those that are cut are unknown.
fn cut_somehow(inputs: &Inputs<'_>, dims: &[Dim]) -> Result<Vec<Dim>> {
    let mut dims = dims.to_vec();
    let n_starts = match inputs.shape(1) {
        Some([Dim::Known(n_starts)]) => (*n_starts).min(dims.len()),
        _ => dims.len(),
    };
    match (inputs.get(3), inputs.ints(3)) {
        (Some(_), Some(axes)) => {
            for axis in axes {
                let axis = resolve_axis(axis, dims.len())?;
                dims[axis] = Dim::Any;
            }
        }
        (Some(_), None) => dims.fill(Dim::Any),
        (None, _) => dims[..n_starts].fill(Dim::Any),
    }
    Ok(dims)
}

impl OpDef for Slice {
    fn arity(&self) -> Arity {
        Arity::range(3, 5)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let Some(dims) = inputs.shape(0) else { return Ok(vec![inputs.moved(0, None)]) };
        let shape = match constant_cuts(inputs, dims.len())? {
            Some(cuts) => dims.iter().zip(cuts).map(|(dim, cut)| cut_dim(dim, cut)).collect(),
            None => cut_somehow(inputs, dims)?,
        };
        Ok(vec![inputs.moved(0, Some(shape))])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let dims = inputs.small_dims(0)?;
        let Some(cut) = constant_cuts(inputs, 1).ok()??.pop()? else { return Some(dims) };
        let (start, size) = cut.resolve(dims.len());
        let place = |index: usize| (start as i64).checked_add(cut.step.checked_mul(index as i64)?);
        (0..size).map(|index| dims.get(usize::try_from(place(index)?).ok()?).cloned()).collect()
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let (starts, ends) = (inputs.ints(1)?, inputs.ints(2)?);
        let axes = inputs.optional(3).map(Tensor::to_i64_vec).transpose()?;
        let steps = inputs.optional(4).map(Tensor::to_i64_vec).transpose()?;
        let data = inputs.take(0)?;
        let cuts = cuts(data.shape().len(), &starts, &ends, axes.as_deref(), steps.as_deref())?;
        let mut strided = Strided::contiguous(data.shape());
        for (axis, cut) in cuts.into_iter().enumerate() {
            if let Some(cut) = cut {
                let (start, size) = cut.resolve(data.shape()[axis]);
                strided = strided.sliced(axis, start, cut.step as isize, size);
            }
        }
        Ok(vec![strided.apply(data, strided.shape())?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error};

    fn slice(data: Tensor, cut: [&[i64]; 4]) -> Vec<f32> {
        let cut = cut.map(|numbers| Tensor::vector(numbers.to_vec()));
        eval(Slice {}, [data].into_iter().chain(cut)).to_f32_vec().unwrap()
    }

    #[test]
    fn slices() {
        let data = || counting([2, 4]);
        assert_eq!(slice(data(), [&[1, 0], &[2, 3], &[0, 1], &[1, 2]]), [4.0, 6.0]);
        assert_eq!(slice(data(), [&[0, 1], &[-1, 1000], &[0, 1], &[1, 1]]), [1.0, 2.0, 3.0]);
        assert_eq!(
            slice(data(), [&[-1], &[i64::MIN], &[1], &[-1]]),
            [3.0, 2.0, 1.0, 0.0, 7.0, 6.0, 5.0, 4.0]
        );
        assert_eq!(slice(data(), [&[20], &[0], &[1], &[-2]]), [3.0, 1.0, 7.0, 5.0]);
        assert_eq!(slice(data(), [&[3], &[1], &[-1], &[1]]), [0f32; 0]);
        assert_eq!(slice(data(), [&[0], &[i64::MAX], &[1], &[i64::MAX]]), [0.0, 4.0]);
        assert_eq!(slice(data(), [&[i64::MAX], &[i64::MIN], &[1], &[i64::MIN]]), [3.0, 7.0]);
        assert_eq!(slice(counting([0]), [&[5], &[-7], &[0], &[-1]]), [0f32; 0]);
    }

    #[test]
    fn sizes_without_elements_may_be_huge() {
        let data = Tensor::from_vec(vec![0, usize::MAX], Vec::<f32>::new()).unwrap();
        assert_eq!(slice(data, [&[-2, -3], &[9, i64::MAX], &[0, 1], &[-1, 1]]), [0f32; 0]);
    }

    #[test]
    fn bad_slices_are_errors() {
        let cuts: [[&[i64]; 4]; 4] = [
            [&[0], &[1], &[0], &[0]],
            [&[0], &[1], &[2], &[1]],
            [&[0, 0], &[1, 1], &[0, -2], &[1, 1]],
            [&[0], &[], &[0], &[1]],
        ];
        for cut in cuts {
            let cut = cut.map(|numbers| Tensor::vector(numbers.to_vec()));
            eval_error(Slice {}, [counting([2, 4])].into_iter().chain(cut));
        }
        eval_error(Slice {}, [counting([2]), Tensor::vector(vec![0i64, 0]), Tensor::vector(vec![1i64, 1])]);
    }
}
