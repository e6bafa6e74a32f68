//! Loops over tensors element by element, with broadcasting.

use super::numeric::{Float, Number, by_float, by_number, unwritten};
use super::{Args, Inputs};
use crate::error::{Error, Result};
use crate::kernels::elementwise::{broadcast_to, map_in_place};
use crate::kernels::math::Unary;
use crate::kernels::parallel::for_each_chunk;
use crate::tensor::{DType, Element, Tensor, TensorType};

/// A function of one float.
pub(crate) trait FloatFn: Sync {
    /// Its value at `x`.
    fn call<T: Float>(&self, x: T) -> T;

    /// The same as a fast kernel.
    fn kernel(&self) -> Option<Unary> {
        None
    }
}

/// A function of one number.
pub(crate) trait NumberFn: Sync {
    /// Its value at `x`.
    fn call<T: Number>(&self, x: T) -> T;
}

/// [`super::OpDef`] of an op that is a [`FloatFn`] or a [`NumberFn`].
macro_rules! elementwise_op {
    ($name:ty, $infer:ident, $eval:ident, $rule:expr) => {
        impl $crate::ops::OpDef for $name {
            fn arity(&self) -> $crate::ops::Arity {
                $crate::ops::Arity::fixed(1)
            }

            fn infer(
                &self,
                inputs: &$crate::ops::Inputs<'_>,
            ) -> $crate::error::Result<Vec<$crate::tensor::TensorType>> {
                $crate::ops::elementwise::$infer(inputs)
            }

            fn eval(
                &self,
                _context: $crate::ops::EvalContext,
                inputs: $crate::ops::Args,
            ) -> $crate::error::Result<Vec<$crate::tensor::Tensor>> {
                $crate::ops::elementwise::$eval(self, inputs)
            }

            fn quant_rule(&self) -> $crate::ops::QuantRule {
                $rule
            }
        }
    };
}
pub(crate) use elementwise_op;

/// Type of the result of a function of one float.
pub(crate) fn infer_floats(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    require_float(inputs, 0)?;
    infer_same(inputs)
}

/// Type of the result of a function of one number.
pub(crate) fn infer_numbers(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    require_number(inputs, 0)?;
    infer_same(inputs)
}

/// The type of input 0; nothing if it is unknown.
#[allow(clippy::unnecessary_wraps, reason = "the last line of many an `infer`")]
pub(crate) fn infer_same(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    Ok(if inputs.ty(0).is_some() { vec![inputs.same(0)] } else { Vec::new() })
}

/// An error if an input is known to be no float. Quantized values stand for floats.
pub(crate) fn require_float(inputs: &Inputs<'_>, position: usize) -> Result<()> {
    match inputs.ty(position) {
        Some(ty) if ty.quant.is_none() && !ty.dtype.is_float() => {
            Err(Error::graph(format!("input {position} is of {} and must be of floats", ty.dtype)))
        }
        _ => Ok(()),
    }
}

/// An error if an input is known to hold no numbers.
pub(crate) fn require_number(inputs: &Inputs<'_>, position: usize) -> Result<()> {
    match inputs.ty(position) {
        Some(ty) if matches!(ty.dtype, DType::Bool | DType::Str) => {
            Err(Error::graph(format!("input {position} is of {} and must be of numbers", ty.dtype)))
        }
        _ => Ok(()),
    }
}

/// An error if two inputs are known to be of different types, unless one is quantized.
pub(crate) fn require_same_dtype(inputs: &Inputs<'_>, first: usize, second: usize) -> Result<()> {
    match (inputs.ty(first), inputs.ty(second)) {
        (Some(a), Some(b)) if a.dtype != b.dtype && a.quant.is_none() && b.quant.is_none() => {
            Err(Error::graph(format!("input {first} is of {} and input {second} of {}", a.dtype, b.dtype)))
        }
        _ => Ok(()),
    }
}

/// Applies a function to each float.
pub(crate) fn map_floats(function: &impl FloatFn, inputs: Args) -> Result<Vec<Tensor>> {
    by_float(
        inputs,
        |inputs| match function.kernel() {
            Some(unary) => map_slice(inputs, |elements| unary.apply(elements)),
            None => map(inputs, |x: f32| function.call(x)),
        },
        |inputs| map(inputs, |x: f64| function.call(x)),
    )
}

/// Applies a function to each number.
pub(crate) fn map_numbers(function: &impl NumberFn, inputs: Args) -> Result<Vec<Tensor>> {
    super::numeric::with_halves_widened(
        inputs,
        |inputs| by_number!(inputs.get(0)?.dtype(), T => map(inputs, |x: T| function.call(x))),
    )
}

fn map<T: Element>(inputs: Args, function: impl Fn(T) -> T + Sync) -> Result<Vec<Tensor>> {
    map_slice(inputs, |elements: &mut [T]| map_in_place(elements, function))
}

fn map_slice<T: Element>(mut inputs: Args, function: impl FnOnce(&mut [T])) -> Result<Vec<Tensor>> {
    let input = inputs.take(0)?;
    let shape = input.shape().to_vec();
    let mut elements = input.into_vec::<T>()?;
    function(&mut elements);
    Ok(vec![Tensor::from_vec(shape, elements)?])
}

/// Elements per task.
const CHUNK: usize = 1 << 14;

/// How one tensor is laid over a larger one.
struct Broadcast {
    /// Sizes of the outer loops with the step in the smaller tensor, from the outside in.
    outer: Vec<(usize, usize)>,
    /// Length of the innermost loop, and whether the smaller tensor moves along it.
    inner: (usize, bool),
}

impl Broadcast {
    /// `shape` broadcasts to `target` (checked by the caller); axes that behave alike are merged.
    fn new(shape: &[usize], target: &[usize]) -> Self {
        let mut loops: Vec<(usize, usize)> = Vec::new(); // from the inside out
        let mut step = 1;
        for (position, &size) in target.iter().enumerate().rev() {
            let own = (position + shape.len()).checked_sub(target.len()).map_or(1, |axis| shape[axis]);
            let own_step = if own == 1 { 0 } else { step };
            step *= own;
            if size == 1 {
                continue;
            }
            match loops.last_mut() {
                Some((len, last_step)) if own_step == *last_step * *len => *len *= size,
                _ => loops.push((size, own_step)),
            }
        }
        let (len, step) = if loops.is_empty() { (1, 1) } else { loops.remove(0) };
        loops.reverse();
        Self { outer: loops, inner: (len, step != 0) }
    }

    /// Where in the smaller tensor a row of the larger one starts.
    fn start(&self, row: usize) -> usize {
        let mut rest = row;
        let mut start = 0;
        for &(size, step) in self.outer.iter().rev() {
            start += rest % size * step;
            rest /= size;
        }
        start
    }
}

/// Combines each element of `target` with the element of `other` that is laid over it.
///
/// The caller has checked that `other_shape` broadcasts to `shape`.
pub(crate) fn combine_into<T: Element, U: Element>(
    target: &mut [T],
    shape: &[usize],
    other: &[U],
    other_shape: &[usize],
    combine: impl Fn(T, U) -> T + Sync,
) {
    if target.is_empty() {
        return;
    }
    let broadcast = Broadcast::new(other_shape, shape);
    let (len, moves) = broadcast.inner;
    for_each_chunk(target, CHUNK, |chunk_idx, mut chunk| {
        let mut position = chunk_idx * CHUNK;
        while !chunk.is_empty() {
            let (start, offset) = (broadcast.start(position / len), position % len);
            let n = chunk.len().min(len - offset);
            let (row, rest) = chunk.split_at_mut(n);
            if moves {
                let begin = start + offset;
                for (x, &y) in row.iter_mut().zip(&other[begin..begin + n]) {
                    *x = combine(*x, y);
                }
            } else {
                let y = other[start];
                for x in &mut *row {
                    *x = combine(*x, y);
                }
            }
            position += n;
            chunk = rest;
        }
    });
}

/// Elements of a tensor stretched to a shape it broadcasts to (checked by the caller).
pub(crate) fn stretched<T: Element + Default>(tensor: Tensor, shape: &[usize]) -> Result<Vec<T>> {
    if tensor.shape() == shape {
        return tensor.into_vec();
    }
    let mut elements = unwritten(shape)?;
    broadcast_to(tensor.as_slice::<T>()?, tensor.shape(), &mut elements, shape);
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_merges_axes() {
        let cases: [(&[usize], &[usize], usize); 6] = [
            (&[2, 3, 4], &[2, 3, 4], 24),
            (&[], &[2, 3], 6),
            (&[3, 1, 1], &[2, 3, 4, 5], 20),
            (&[5], &[2, 5], 5),
            (&[2, 1], &[2, 3], 3),
            (&[1, 3, 1, 5], &[2, 3, 4, 5], 5),
        ];
        for (shape, target, inner) in cases {
            let broadcast = Broadcast::new(shape, target);
            assert_eq!(broadcast.inner.0, inner, "{shape:?} over {target:?}");
        }
    }

    #[test]
    fn stretches_in_the_middle() {
        let tensor = Tensor::from_vec(vec![2, 1, 2], vec![1i32, 2, 3, 4]).unwrap();
        let stretched: Vec<i32> = stretched(tensor, &[2, 2, 2]).unwrap();
        assert_eq!(stretched, [1, 2, 1, 2, 3, 4, 3, 4]);
    }
}
