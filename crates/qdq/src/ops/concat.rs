//! Joining tensors and cutting them apart along an axis.

use super::dispatch::{Stored, around, like, map_data, output_count, sizes};
use super::infer::resolve_axis;
use super::strided::Strided;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// Joins any number of inputs along an axis; all other dimensions are equal.
    pub struct Concat {
        /// Axis to join along; negative counts from the end. ONNX has no default.
        pub axis: i64 = 0,
    }
}

op! {
    /// Cuts along an axis. Inputs: data, `split` (sizes of the parts; optional, then equal parts with a smaller last one).
    pub struct Split {
        /// Axis to cut along; negative counts from the end.
        pub axis: i64 = 0,
        /// Number of parts where there is no input `split`; absent: as many as outputs.
        pub num_outputs: Option<usize> = None,
    }
}

impl OpDef for Concat {
    fn arity(&self) -> Arity {
        Arity::at_least(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        for position in 0..inputs.len() {
            if inputs.ty(position).is_some_and(|ty| ty.dtype != inputs.dtype(0)) {
                return Err(Error::graph(format!(
                    "inputs of {} and {} are joined",
                    inputs.dtype(0),
                    inputs.dtype(position)
                )));
            }
        }
        let shapes: Vec<Option<&[Dim]>> = (0..inputs.len()).map(|position| inputs.shape(position)).collect();
        Ok(vec![TensorType::new(inputs.dtype(0), self.join(&shapes)?)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let mut dims = Vec::new();
        for position in 0..inputs.len() {
            dims.extend(inputs.small_dims(position)?);
        }
        Some(dims)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let tensors = (0..inputs.len()).map(|position| inputs.get(position)).collect::<Result<Vec<_>>>()?;
        let first = tensors.first().ok_or_else(|| Error::graph("nothing to join"))?;
        let axis = resolve_axis(self.axis, first.shape().len())?;
        if tensors.len() == 1 {
            return Ok(vec![inputs.take(0)?]);
        }
        let mut shape = first.shape().to_vec();
        for tensor in &tensors[1..] {
            let fits = tensor.shape().len() == shape.len()
                && (0..shape.len()).all(|other| other == axis || tensor.shape()[other] == shape[other]);
            if !fits || tensor.dtype() != first.dtype() {
                return Err(Error::data(format!(
                    "{} and {} cannot be joined along axis {axis}",
                    first.tensor_type(),
                    tensor.tensor_type()
                )));
            }
            shape[axis] = shape[axis].saturating_add(tensor.shape()[axis]);
        }
        let count = output_count(&shape)?;
        let joined = map_data!(first.data(), elements => join(elements, &tensors, axis, count)?);
        Ok(vec![Tensor::new(shape, joined)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsOutput
    }
}

impl Concat {
    fn join(&self, shapes: &[Option<&[Dim]>]) -> Result<Option<Vec<Dim>>> {
        let Some(first) = shapes.iter().flatten().next() else { return Ok(None) };
        let axis = resolve_axis(self.axis, first.len())?;
        let mut joined = first.to_vec();
        let mut along = Some(0usize);
        for shape in shapes {
            let Some(shape) = shape else {
                along = None;
                continue;
            };
            if shape.len() != joined.len() {
                return Err(Error::graph(format!(
                    "{} and {} dimensions are joined",
                    joined.len(),
                    shape.len()
                )));
            }
            along = along.zip(shape[axis].known()).and_then(|(sum, size)| sum.checked_add(size));
            for (dim, other) in
                joined.iter_mut().zip(*shape).enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| d)
            {
                if !dim.may_equal(other) {
                    return Err(Error::graph(format!(
                        "sizes {dim} and {other} differ off the joined axis {axis}"
                    )));
                }
                if dim.known().is_none() && (other.known().is_some() || *dim == Dim::Any) {
                    *dim = other.clone();
                }
            }
        }
        if shapes.len() > 1 {
            joined[axis] = along.map_or(Dim::Any, Dim::Known);
        }
        Ok(Some(joined))
    }
}

fn join<T: Stored>(first: &[T], tensors: &[&Tensor], axis: usize, count: usize) -> Result<Vec<T>> {
    let mut parts = Vec::with_capacity(tensors.len());
    let mut n_outer = 0;
    for tensor in tensors {
        let (outer, size, inner) = around(tensor.shape(), axis);
        n_outer = outer;
        parts.push((like(first, tensor)?, size.saturating_mul(inner)));
    }
    let mut joined = Vec::with_capacity(count);
    if count > 0 {
        for outer in 0..n_outer {
            for (elements, run) in &parts {
                joined.extend_from_slice(&elements[outer * run..(outer + 1) * run]);
            }
        }
    }
    Ok(joined)
}

/// Most parts that a tensor is cut into.
const MAX_PARTS: usize = 1 << 16;

impl Split {
    /// Sizes of equal parts, the last of them smaller where it does not divide.
    fn equal_parts(size: usize, n_parts: usize) -> Result<Vec<usize>> {
        if n_parts == 0 || n_parts > MAX_PARTS {
            return Err(Error::graph(format!("a split into {n_parts} parts")));
        }
        let part = size.div_ceil(n_parts);
        Ok((0..n_parts).map(|index| part.min(size.saturating_sub(part * index))).collect())
    }

    fn infer_parts(&self, inputs: &Inputs<'_>, along: Option<&Dim>) -> Result<Vec<Dim>> {
        if let Some(parts) = inputs.dims(1) {
            return Ok(parts);
        }
        let (Some(n_parts), None) = (self.num_outputs, inputs.get(1)) else {
            return Ok(super::reshape::unknown_of_length(inputs, 1).unwrap_or_default());
        };
        match along {
            Some(Dim::Known(size)) => {
                Ok(Self::equal_parts(*size, n_parts)?.into_iter().map(Dim::Known).collect())
            }
            _ => Ok(vec![Dim::Any; Self::equal_parts(0, n_parts)?.len()]),
        }
    }
}

impl OpDef for Split {
    fn arity(&self) -> Arity {
        Arity::range(1, 2).outputs(1, usize::MAX)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let Some(dims) = inputs.shape(0) else {
            let parts = self.infer_parts(inputs, None)?;
            return Ok(parts.iter().map(|_| inputs.moved(0, None)).collect());
        };
        let axis = resolve_axis(self.axis, dims.len())?;
        let part_type = |part: Dim| {
            let mut dims = dims.to_vec();
            dims[axis] = part;
            inputs.moved(0, Some(dims))
        };
        Ok(self.infer_parts(inputs, Some(&dims[axis]))?.into_iter().map(part_type).collect())
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let parts = inputs.optional(1).map(|parts| sizes(&parts.to_i64_vec()?)).transpose()?;
        let data = inputs.take(0)?;
        let axis = resolve_axis(self.axis, data.shape().len())?;
        let size = data.shape()[axis];
        let parts = match parts {
            Some(parts) => parts,
            None => Self::equal_parts(size, self.num_outputs.unwrap_or(context.n_outputs))?,
        };
        if parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part)) != Some(size) {
            return Err(Error::data(format!("parts of {parts:?} do not fill an axis of size {size}")));
        }
        if parts.len() < context.n_outputs {
            return Err(Error::data(format!("{} parts for {} outputs", parts.len(), context.n_outputs)));
        }
        let whole = Strided::contiguous(data.shape());
        let mut start = 0;
        let cut = |part: usize| {
            let strided = whole.clone().sliced(axis, start, 1, part);
            start += part;
            strided.apply(data.clone(), strided.shape())
        };
        parts.into_iter().take(context.n_outputs).map(cut).collect()
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_all, eval_error};

    fn ints(ints: &[i64]) -> Tensor {
        Tensor::vector(ints.to_vec())
    }

    #[test]
    fn joins() {
        let joined = eval(Concat { axis: 1 }, [counting([2, 1]), counting([2, 2]), counting([2, 0])]);
        assert_eq!(joined.as_slice::<f32>().unwrap(), [0.0, 0.0, 1.0, 1.0, 2.0, 3.0]);
        assert_eq!(eval(Concat { axis: -2 }, [counting([2, 2]), counting([1, 2])]).shape(), [3, 2]);
        eval_error(Concat { axis: 0 }, [counting([2, 1]), counting([2, 2])]);
        eval_error(Concat { axis: 0 }, [counting([2]), ints(&[1])]);
        eval_error(Concat { axis: 1 }, [counting([2]), counting([2])]);
    }

    #[test]
    fn cuts() {
        let cut = |split: Split, parts: Option<&[i64]>, n_outputs| {
            let inputs = [Some(counting([5])), parts.map(ints)];
            let outputs =
                eval_all(split, inputs.into_iter().take(1 + usize::from(parts.is_some())), n_outputs)?;
            Ok::<_, Error>(outputs.iter().map(|part| part.to_f32_vec().unwrap()).collect::<Vec<_>>())
        };
        let two = Split { num_outputs: Some(2), ..Split::default() };
        assert_eq!(cut(two.clone(), None, 2).unwrap(), [vec![0.0, 1.0, 2.0], vec![3.0, 4.0]]);
        assert_eq!(cut(Split::default(), Some(&[1, 0, 4]), 3).unwrap()[2], [1.0, 2.0, 3.0, 4.0]);
        assert!(cut(Split::default(), Some(&[1, 5]), 2).is_err());
        assert!(cut(Split::default(), Some(&[6, -1]), 2).is_err());
        assert!(cut(Split::default(), Some(&[5]), 2).is_err());
        assert!(cut(two, None, 3).is_err());
        assert!(cut(Split { num_outputs: Some(usize::MAX), axis: 0 }, None, 2).is_err());
    }

    #[test]
    fn cuts_along_an_inner_axis() {
        let parts =
            eval_all(Split { axis: 1, num_outputs: None }, [Some(counting([2, 3])), Some(ints(&[1, 2]))], 2);
        let parts = parts.unwrap();
        assert_eq!(parts[0].as_slice::<f32>().unwrap(), [0.0, 3.0]);
        assert_eq!(parts[1].as_slice::<f32>().unwrap(), [1.0, 2.0, 4.0, 5.0]);
    }
}
