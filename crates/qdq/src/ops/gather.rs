//! Picking elements by index.

use super::dispatch::{Stored, around, map_data, output_count, resolve_index, span};
use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// Picks slices along an axis: `out[.., i, ..] = data[.., indices[i], ..]`. Inputs: data, indices.
    pub struct Gather {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
    }
}

op! {
    /// Picks elements along an axis, an index for each element of the output. Inputs: data, indices.
    pub struct GatherElements {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
    }
}

op! {
    /// Picks slices by index tuples, which are the last axis of the indices. Inputs: data, indices.
    pub struct GatherNd {
        /// Number of leading axes that data and indices share.
        pub batch_dims: usize = 0,
    }
}

impl OpDef for Gather {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), inputs.shape(1)) {
            (Some(dims), Some(indices)) => {
                let axis = resolve_axis(self.axis, dims.len())?;
                Some([&dims[..axis], indices, &dims[axis + 1..]].concat())
            }
            _ => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let dims = inputs.small_dims(0)?;
        inputs
            .ints(1)?
            .into_iter()
            .map(|index| dims.get(resolve_index(index, dims.len()).ok()?).cloned())
            .collect()
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices) = (inputs.get(0)?, inputs.get(1)?);
        let axis = resolve_axis(self.axis, data.shape().len())?;
        let (outer, size, inner) = around(data.shape(), axis);
        let shape = [&data.shape()[..axis], indices.shape(), &data.shape()[axis + 1..]].concat();
        let count = output_count(&shape)?;
        let indices = indices.to_i64_vec()?;
        let rows = indices.into_iter().map(|index| resolve_index(index, size)).collect::<Result<Vec<_>>>()?;
        let outer = if count == 0 { 0 } else { outer };
        let gathered = map_data!(data.data(), elements => {
            let mut gathered = Vec::with_capacity(count);
            for slice in elements.chunks_exact(size.saturating_mul(inner).max(1)).take(outer) {
                gather_rows(slice, &rows, inner, &mut gathered);
            }
            gathered
        });
        Ok(vec![Tensor::new(shape, gathered)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

fn gather_rows<T: Stored>(elements: &[T], rows: &[usize], run: usize, gathered: &mut Vec<T>) {
    if run == 1 {
        gathered.extend(rows.iter().map(|&row| elements[row].clone()));
    } else {
        for row in rows {
            gathered.extend_from_slice(&elements[row * run..(row + 1) * run]);
        }
    }
}

impl OpDef for GatherElements {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if let Some(dims) = inputs.shape(0) {
            resolve_axis(self.axis, dims.len())?;
        }
        Ok(vec![inputs.moved(0, inputs.shape(1).map(<[Dim]>::to_vec))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices) = (inputs.get(0)?, inputs.get(1)?);
        let places = element_places(data.shape(), self.axis, indices)?;
        let gathered = map_data!(data.data(), elements => pick(elements, &places));
        Ok(vec![Tensor::new(indices.shape().to_vec(), gathered)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

fn pick<T: Stored>(elements: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|&place| elements[place].clone()).collect()
}

/// For each index, the place in data that has the same position but the index along the axis.
pub(super) fn element_places(shape: &[usize], axis: i64, indices: &Tensor) -> Result<Vec<usize>> {
    let axis = resolve_axis(axis, shape.len())?;
    let fits = indices.shape().len() == shape.len()
        && (0..shape.len()).all(|other| other == axis || indices.shape()[other] <= shape[other]);
    if !fits {
        return Err(Error::data(format!(
            "indices of shape {:?} do not fit data of shape {shape:?} off axis {axis}",
            indices.shape()
        )));
    }
    let mut position = vec![0; shape.len()];
    let mut places = Vec::with_capacity(indices.len());
    for index in indices.to_i64_vec()? {
        let along = resolve_index(index, shape[axis])?;
        let place = (0..shape.len()).fold(0, |place, other| {
            place * shape[other] + if other == axis { along } else { position[other] }
        });
        places.push(place);
        for (position, &size) in position.iter_mut().zip(indices.shape()).rev() {
            *position += 1;
            if *position < size {
                break;
            }
            *position = 0;
        }
    }
    Ok(places)
}

impl OpDef for GatherNd {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), inputs.shape(1)) {
            (Some(dims), Some([tuples @ .., Dim::Known(length)])) => {
                check_tuples(dims.len(), tuples.len() + 1, *length, self.batch_dims)?;
                Some([tuples, &dims[self.batch_dims + length..]].concat())
            }
            _ => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, indices) = (inputs.get(0)?, inputs.get(1)?);
        let slices = Slices::new(data.shape(), indices, self.batch_dims)?;
        let count = output_count(&slices.shape)?;
        let gathered = map_data!(data.data(), elements => {
            let mut gathered = Vec::with_capacity(count);
            for &start in &slices.starts {
                gathered.extend_from_slice(&elements[start..start + slices.run]);
            }
            gathered
        });
        Ok(vec![Tensor::new(slices.shape, gathered)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

fn check_tuples(rank: usize, indices_rank: usize, length: usize, batch_dims: usize) -> Result<()> {
    if batch_dims < indices_rank && batch_dims < rank && (1..=rank - batch_dims).contains(&length) {
        return Ok(());
    }
    Err(Error::graph(format!(
        "tuples of {length} indices into {rank} dimensions with {batch_dims} batch dimensions"
    )))
}

/// Slices of data that index tuples point at.
pub(super) struct Slices {
    /// Where each slice starts.
    pub(super) starts: Vec<usize>,
    /// Elements a slice.
    pub(super) run: usize,
    /// Shape of all slices together.
    pub(super) shape: Vec<usize>,
}

impl Slices {
    /// The slices of data of this shape that the last axis of `indices` points at.
    pub(super) fn new(shape: &[usize], indices: &Tensor, batch_dims: usize) -> Result<Self> {
        let Some((&length, tuples)) = indices.shape().split_last() else {
            return Err(Error::data("indices without dimensions"));
        };
        check_tuples(shape.len(), tuples.len() + 1, length, batch_dims)?;
        if shape[..batch_dims] != tuples[..batch_dims] {
            return Err(Error::data(format!(
                "indices of shape {:?} and data of shape {shape:?} differ in their batch",
                indices.shape()
            )));
        }
        let (indexed, kept) = shape[batch_dims..].split_at(length);
        let run = span(kept);
        let n_tuples = span(tuples);
        let n_batches = span(&shape[..batch_dims]);
        let tuples_a_batch = n_tuples.checked_div(n_batches).unwrap_or(0);
        let pitch = span(indexed).saturating_mul(run);
        let numbers = indices.to_i64_vec()?;
        let start = |tuple: usize| {
            let indices = &numbers[tuple * length..(tuple + 1) * length];
            let place = indices.iter().zip(indexed).try_fold(0, |place, (&index, &size)| {
                Ok::<_, Error>(place * size + resolve_index(index, size)?)
            })?;
            Ok(tuple / tuples_a_batch * pitch + place * run)
        };
        let shape = [tuples, kept].concat();
        output_count(&shape)?;
        Ok(Self { starts: (0..n_tuples).map(start).collect::<Result<_>>()?, run, shape })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error};

    fn indices<const N: usize>(shape: [usize; N], indices: &[i64]) -> Tensor {
        Tensor::from_vec(shape.to_vec(), indices.to_vec()).unwrap()
    }

    #[test]
    fn gathers() {
        let rows = eval(Gather { axis: 0 }, [counting([3, 2]), indices([2, 1], &[2, -3])]);
        assert_eq!((rows.shape(), rows.to_f32_vec().unwrap()), (&[2, 1, 2][..], vec![4.0, 5.0, 0.0, 1.0]));
        let columns = eval(Gather { axis: -1 }, [counting([3, 2]), indices([], &[1])]);
        assert_eq!((columns.shape(), columns.to_f32_vec().unwrap()), (&[3][..], vec![1.0, 3.0, 5.0]));
        for index in [3, -4, i64::MIN, i64::MAX] {
            eval_error(Gather { axis: 0 }, [counting([3, 2]), indices([1], &[index])]);
        }
        eval_error(Gather { axis: 2 }, [counting([3, 2]), indices([1], &[0])]);
        assert_eq!(eval(Gather { axis: 0 }, [counting([3, 0]), indices([1], &[0])]).shape(), [1, 0]);
        eval_error(Gather { axis: 0 }, [counting([0, 2]), indices([1], &[0])]);
    }

    #[test]
    fn gathers_elements() {
        let data = || counting([3, 3]);
        let gathered = eval(GatherElements { axis: 0 }, [data(), indices([2, 3], &[1, 2, 0, 2, 0, 0])]);
        assert_eq!(gathered.to_f32_vec().unwrap(), [3.0, 7.0, 2.0, 6.0, 1.0, 2.0]);
        let gathered = eval(GatherElements { axis: 1 }, [data(), indices([2, 1], &[-1, 0])]);
        assert_eq!(gathered.to_f32_vec().unwrap(), [2.0, 3.0]);
        eval_error(GatherElements { axis: 1 }, [data(), indices([4, 1], &[0; 4])]);
        eval_error(GatherElements { axis: 0 }, [data(), indices([1, 1], &[3])]);
        eval_error(GatherElements { axis: 0 }, [data(), indices([1], &[0])]);
    }

    /// The examples of the ONNX documentation.
    #[test]
    fn gathers_by_tuples() {
        let gather = |batch_dims, data, indices| {
            let gathered = eval(GatherNd { batch_dims }, [data, indices]);
            (gathered.shape().to_vec(), gathered.to_f32_vec().unwrap())
        };
        assert_eq!(gather(0, counting([2, 2]), indices([2, 2], &[0, 0, 1, 1])), (vec![2], vec![0.0, 3.0]));
        assert_eq!(
            gather(0, counting([2, 2]), indices([2, 1], &[1, 0])),
            (vec![2, 2], vec![2.0, 3.0, 0.0, 1.0])
        );
        let (shape, gathered) = gather(0, counting([2, 2, 2]), indices([2, 1, 2], &[0, 1, 1, 0]));
        assert_eq!((shape, gathered), (vec![2, 1, 2], vec![2.0, 3.0, 4.0, 5.0]));
        let (shape, gathered) = gather(1, counting([2, 2, 2]), indices([2, 1], &[1, 0]));
        assert_eq!((shape, gathered), (vec![2, 2], vec![2.0, 3.0, 4.0, 5.0]));
        eval_error(GatherNd { batch_dims: 0 }, [counting([2, 2]), indices([1, 3], &[0; 3])]);
        eval_error(GatherNd { batch_dims: 0 }, [counting([2, 2]), indices([1, 2], &[0, 2])]);
        eval_error(GatherNd { batch_dims: 1 }, [counting([2, 2]), indices([3, 1], &[0; 3])]);
        eval_error(GatherNd { batch_dims: 5 }, [counting([2, 2]), indices([2, 1], &[0; 2])]);
        eval_error(GatherNd { batch_dims: 0 }, [counting([2]), indices([usize::MAX / 2, 0], &[])]);
        eval_error(GatherNd { batch_dims: 0 }, [counting([2]), indices([], &[0])]);
    }
}
