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
