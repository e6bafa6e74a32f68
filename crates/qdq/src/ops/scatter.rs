//! Writing elements by index.

use super::dispatch::{Stored, like, map_data, map_numbers};
use super::gather::{Slices, element_places};
use super::widen::{Wide, Widen};
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{Data, Tensor, TensorType};

attr_enum! {
    /// How an update combines with what is there.
    pub enum ScatterReduction {
        /// Replaces it; the last update wins.
        None = "none",
        /// Is added.
        Add = "add",
        /// Is multiplied.
        Mul = "mul",
        /// The larger one stays.
        Max = "max",
        /// The smaller one stays.
        Min = "min",
    }
}

op! {
    /// Writes elements along an axis, an index for each update. Inputs: data, indices, updates.
    pub struct ScatterElements {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
        /// How an update combines with what is there.
        pub reduction: ScatterReduction = ScatterReduction::None,
    }
}

op! {
    /// Writes slices by index tuples, which are the last axis of the indices. Inputs: data, indices, updates.
    pub struct ScatterNd {
        /// How an update combines with what is there.
        pub reduction: ScatterReduction = ScatterReduction::None,
    }
}

impl OpDef for ScatterElements {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices, updates) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        if indices.shape() != updates.shape() {
            return Err(no_fit(indices, updates));
        }
        let starts = element_places(data.shape(), self.axis, indices)?;
        let scattered = scatter(data, updates, &starts, 1, self.reduction)?;
        Ok(vec![Tensor::new(data.shape().to_vec(), scattered)?])
    }
}

impl OpDef for ScatterNd {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices, updates) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let slices = Slices::new(data.shape(), indices, 0)?;
        if slices.shape != updates.shape() {
            return Err(no_fit(indices, updates));
        }
        let scattered = scatter(data, updates, &slices.starts, slices.run, self.reduction)?;
        Ok(vec![Tensor::new(data.shape().to_vec(), scattered)?])
    }
}

fn no_fit(indices: &Tensor, updates: &Tensor) -> Error {
    Error::data(format!(
        "updates of shape {:?} do not fit indices of shape {:?}",
        updates.shape(),
        indices.shape()
    ))
}

/// Writes runs of updates to their starts.
fn scatter(
    data: &Tensor,
    updates: &Tensor,
    starts: &[usize],
    run: usize,
    reduction: ScatterReduction,
) -> Result<Data> {
    if reduction == ScatterReduction::None {
        return Ok(
            map_data!(data.data(), elements => replace(elements, like(elements, updates)?, starts, run)),
        );
    }
    Ok(map_numbers!(data.data(), elements => {
        combine(elements, like(elements, updates)?, starts, run, reduction)
    }))
}

fn replace<T: Stored>(elements: &[T], updates: &[T], starts: &[usize], run: usize) -> Vec<T> {
    let mut out = elements.to_vec();
    for (&start, updates) in starts.iter().zip(updates.chunks(run.max(1))) {
        out[start..start + run].clone_from_slice(updates);
    }
    out
}

fn combine<T: Widen>(
    elements: &[T],
    updates: &[T],
    starts: &[usize],
    run: usize,
    reduction: ScatterReduction,
) -> Vec<T> {
    let with = |old: T, new: T| match reduction {
        ScatterReduction::None => new,
        ScatterReduction::Add => T::narrow(old.widen().plus(new.widen())),
        ScatterReduction::Mul => T::narrow(old.widen().times(new.widen())),
        ScatterReduction::Max => old.larger(new),
        ScatterReduction::Min => old.smaller(new),
    };
    let mut out = elements.to_vec();
    for (&start, updates) in starts.iter().zip(updates.chunks(run.max(1))) {
        for (old, &new) in out[start..start + run].iter_mut().zip(updates) {
            *old = with(*old, new);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    fn indices<const N: usize>(shape: [usize; N], indices: &[i64]) -> Tensor {
        Tensor::from_vec(shape.to_vec(), indices.to_vec()).unwrap()
    }

    /// The examples of the ONNX documentation.
    #[test]
    fn scatters_elements() {
        let zeros = floats([3, 3], &[0.0; 9]);
        let updates = floats([2, 3], &[1.0, 1.1, 1.2, 2.0, 2.1, 2.2]);
        let places = indices([2, 3], &[1, 0, 2, 0, 2, 1]);
        let scattered = eval(ScatterElements::default(), [zeros, places, updates]);
        assert_eq!(scattered.to_f32_vec().unwrap(), [2.0, 1.1, 0.0, 1.0, 0.0, 2.2, 0.0, 2.1, 1.2]);
        let add = ScatterElements { axis: 1, reduction: ScatterReduction::Add };
        let scattered = eval(add, [counting([1, 5]), indices([1, 2], &[1, -4]), floats([1, 2], &[1.5, 2.0])]);
        assert_eq!(scattered.to_f32_vec().unwrap(), [0.0, 4.5, 2.0, 3.0, 4.0]);
        eval_error(ScatterElements::default(), [counting([2]), indices([1], &[2]), counting([1])]);
        eval_error(ScatterElements::default(), [counting([2]), indices([1], &[1]), counting([2])]);
        eval_error(
            ScatterElements::default(),
            [counting([2]), indices([1], &[1]), Tensor::vector(vec![1i64])],
        );
    }

    #[test]
    fn scatters_by_tuples() {
        let scatter = |reduction| {
            let inputs = [counting([2, 2]), indices([2, 1], &[1, 1]), floats([2, 2], &[9.0, 1.0, 3.0, 2.0])];
            eval(ScatterNd { reduction }, inputs).to_f32_vec().unwrap()
        };
        assert_eq!(scatter(ScatterReduction::None), [0.0, 1.0, 3.0, 2.0]);
        assert_eq!(scatter(ScatterReduction::Add), [0.0, 1.0, 14.0, 6.0]);
        assert_eq!(scatter(ScatterReduction::Mul), [0.0, 1.0, 54.0, 6.0]);
        assert_eq!(scatter(ScatterReduction::Max), [0.0, 1.0, 9.0, 3.0]);
        assert_eq!(scatter(ScatterReduction::Min), [0.0, 1.0, 2.0, 1.0]);
        eval_error(ScatterNd::default(), [counting([2, 2]), indices([1, 1], &[2]), counting([1, 2])]);
        eval_error(ScatterNd::default(), [counting([2, 2]), indices([1, 1], &[1]), counting([1, 1])]);
    }
}
