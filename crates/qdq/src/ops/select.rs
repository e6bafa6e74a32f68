//! One-hot vectors, and selection by a mask.

use super::dispatch::{Stored, around, map_data, output_count};
use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// A new axis that is `on` at the index and `off` elsewhere. Inputs: indices, `depth` (scalar), values `[off, on]`.
    pub struct OneHot {
        /// Position of the new axis in the output; negative counts from the end.
        pub axis: i64 = -1,
    }
}

op! {
    /// Keeps the slices for which a condition is true. Inputs: data, condition (bool vector, may be shorter than the axis).
    pub struct Compress {
        /// Axis of the slices; negative counts from the end; absent: the elements of the flattened tensor.
        pub axis: Option<i64> = None,
    }
}

impl OpDef for OneHot {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match inputs.shape(0) {
            Some(indices) => {
                let axis = resolve_axis(self.axis, indices.len() + 1)?;
                let depth = inputs.dims(1).and_then(|depth| depth.into_iter().next()).unwrap_or(Dim::Any);
                Some([&indices[..axis], &[depth], &indices[axis..]].concat())
            }
            None => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(2), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (indices, depth, values) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let depth = match depth.to_f64_vec()?[..] {
            [depth] if (0.0..1e15).contains(&depth) => depth as usize,
            _ => return Err(Error::data("the depth of one-hot vectors is no positive number")),
        };
        let axis = resolve_axis(self.axis, indices.shape().len() + 1)?;
        let shape = [&indices.shape()[..axis], &[depth], &indices.shape()[axis..]].concat();
        let count = output_count(&shape)?;
        let hot = hot_places(&indices.to_f64_vec()?, depth, around(&shape, axis).2);
        if values.len() != 2 {
            return Err(Error::data(format!("{} values where `[off, on]` is needed", values.len())));
        }
        let elements = map_data!(values.data(), values => fill_hot(values, &hot, count));
        Ok(vec![Tensor::new(shape, elements)?])
    }
}

/// Places of the ones; indices outside `-depth..depth` have none.
fn hot_places(indices: &[f64], depth: usize, inner: usize) -> Vec<usize> {
    let place = |(position, &index): (usize, &f64)| {
        let index = index as i64;
        let index = if index < 0 { index.saturating_add(depth as i64) } else { index };
        let index = usize::try_from(index).ok().filter(|&index| index < depth)?;
        let (outer, inside) = (position.checked_div(inner)?, position.checked_rem(inner)?);
        Some((outer * depth + index) * inner + inside)
    };
    indices.iter().enumerate().filter_map(place).collect()
}

fn fill_hot<T: Stored>(values: &[T], hot: &[usize], count: usize) -> Vec<T> {
    let mut out = vec![values[0].clone(); count];
    for &place in hot {
        out[place] = values[1].clone();
    }
    out
}

impl OpDef for Compress {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (self.axis, inputs.shape(0)) {
            (None, _) => Some(vec![Dim::Any]),
            (Some(axis), Some(dims)) => {
                let mut dims = dims.to_vec();
                let axis = resolve_axis(axis, dims.len())?;
                dims[axis] = Dim::Any;
                Some(dims)
            }
            (Some(_), None) => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, condition) = (inputs.get(0)?, inputs.slice::<bool>(1)?);
        let mut shape = if self.axis.is_some() { data.shape().to_vec() } else { vec![data.len()] };
        let axis = resolve_axis(self.axis.unwrap_or(0), shape.len())?;
        let (_, size, run) = around(&shape, axis);
        let rows: Vec<usize> = (0..size.min(condition.len())).filter(|&row| condition[row]).collect();
        shape[axis] = rows.len();
        let kept = map_data!(data.data(), elements => {
            let mut kept = Vec::new();
            for slice in elements.chunks_exact(size.saturating_mul(run).max(1)) {
                for row in &rows {
                    kept.extend_from_slice(&slice[row * run..(row + 1) * run]);
                }
            }
            kept
        });
        Ok(vec![Tensor::new(shape, kept)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    #[test]
    fn one_hot() {
        let hot = |axis, depth: f32| {
            let inputs = [Tensor::vector(vec![1i64, -1, 7]), Tensor::scalar(depth), floats([2], &[0.0, 1.0])];
            eval(OneHot { axis }, inputs).to_f32_vec().unwrap()
        };
        assert_eq!(hot(-1, 2.0), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(hot(0, 2.0), [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        for depth in [-1.0, f32::NAN, 1e20] {
            let inputs = [counting([2]), Tensor::scalar(depth), floats([2], &[0.0, 1.0])];
            eval_error(OneHot::default(), inputs);
        }
        eval_error(OneHot { axis: 2 }, [counting([2]), Tensor::scalar(2i64), counting([2])]);
        eval_error(OneHot::default(), [counting([2]), Tensor::scalar(2i64), counting([3])]);
    }

    #[test]
    fn compresses() {
        let compress = |axis, condition: &[bool]| {
            let kept = eval(Compress { axis }, [counting([3, 2]), Tensor::vector(condition.to_vec())]);
            kept.to_f32_vec().unwrap()
        };
        assert_eq!(compress(Some(0), &[false, true, true]), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(compress(Some(-1), &[false, true]), [1.0, 3.0, 5.0]);
        assert_eq!(compress(None, &[false, true, false, false, true]), [1.0, 4.0]);
        assert_eq!(compress(Some(1), &[true, false, true, true]), [0.0, 2.0, 4.0]);
        eval_error(Compress { axis: Some(2) }, [counting([3, 2]), Tensor::vector(vec![true])]);
        eval_error(Compress { axis: None }, [counting([3, 2]), counting([2])]);
    }
}
