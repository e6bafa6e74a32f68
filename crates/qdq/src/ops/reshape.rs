//! The same elements in another shape; nothing is copied.

use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType, element_count};

op! {
    /// Its input.
    pub struct Identity {}
}

op! {
    /// Another shape for the same elements. Inputs: data, `shape` (one −1 stands for what is left, 0 for the input's size).
    pub struct Reshape {
        /// Whether 0 in `shape` means 0 rather than the input's size there.
        pub allowzero: bool = false,
    }
}

op! {
    /// A matrix: the axes before `axis` are its rows, the others its columns.
    pub struct Flatten {
        /// First axis of the columns; negative counts from the end.
        pub axis: i64 = 1,
    }
}

op! {
    /// Drops axes of size 1. Inputs: data, `axes` (optional; default all of size 1).
    pub struct Squeeze {}
}

op! {
    /// Inserts axes of size 1. Inputs: data, `axes` (positions in the output).
    pub struct Unsqueeze {}
}

impl OpDef for Identity {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(inputs.ty(0).cloned().into_iter().collect())
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        inputs.small_dims(0)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        Ok(vec![inputs.take(0)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl Reshape {
    /// The dimensions `target` asks for.
    fn resolve(&self, input: &[usize], target: &[i64]) -> Result<Vec<usize>> {
        let mut free = None;
        let mut shape = Vec::with_capacity(target.len());
        for (position, &size) in target.iter().enumerate() {
            shape.push(match size {
                -1 if free.is_none() => {
                    free = Some(position);
                    1
                }
                0 if !self.allowzero => *input.get(position).ok_or_else(|| {
                    Error::data(format!("size 0 copies dimension {position} of a shape {input:?}"))
                })?,
                _ => usize::try_from(size)
                    .map_err(|_| Error::data(format!("{target:?} is no shape to reshape to")))?,
            });
        }
        let mismatch =
            || Error::data(format!("a tensor of shape {input:?} cannot be reshaped to {target:?}"));
        let count = element_count(input).ok_or_else(mismatch)?;
        let others = element_count(&shape).ok_or_else(mismatch)?;
        if let Some(free) = free {
            shape[free] = count.checked_div(others).ok_or_else(mismatch)?;
        }
        if element_count(&shape) == Some(count) { Ok(shape) } else { Err(mismatch()) }
    }

    /// The dimensions asked for by what is known of them.
    fn resolve_dims(&self, input: Option<&[Dim]>, target: Vec<Dim>) -> Vec<Dim> {
        let mut shape = target;
        if !self.allowzero {
            for (position, dim) in shape.iter_mut().enumerate().filter(|(_, dim)| **dim == Dim::Known(0)) {
                *dim = input.and_then(|input| input.get(position)).cloned().unwrap_or(Dim::Any);
            }
        }
        let mut unknown = shape.iter_mut().filter(|dim| **dim == Dim::Any);
        if let (Some(_), None) = (unknown.next(), unknown.next())
            && let Some(rest) = input.and_then(|input| quotient(input, &shape))
            && let Some(dim) = shape.iter_mut().find(|dim| **dim == Dim::Any)
        {
            *dim = rest;
        }
        shape
    }
}

/// What the sizes of `shape` other than one unknown must be multiplied with to give as many elements as `input`.
fn quotient(input: &[Dim], shape: &[Dim]) -> Option<Dim> {
    let mut symbols: Vec<&Dim> = Vec::new();
    let mut count = 1usize;
    for dim in input {
        match dim {
            Dim::Known(size) => count = count.checked_mul(*size)?,
            Dim::Symbol(_) => symbols.push(dim),
            Dim::Any => return None,
        }
    }
    let mut others = 1usize;
    for dim in shape {
        match dim {
            Dim::Known(size) => others = others.checked_mul(*size)?,
            Dim::Symbol(_) => {
                symbols.remove(symbols.iter().position(|symbol| *symbol == dim)?);
            }
            Dim::Any => {}
        }
    }
    if others == 0 || !count.is_multiple_of(others) {
        return None;
    }
    match symbols[..] {
        [] => Some(Dim::Known(count / others)),
        [symbol] if count == others => Some(symbol.clone()),
        _ => None,
    }
}

impl OpDef for Reshape {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let known = inputs.ty(0).and_then(TensorType::known_dims);
        let shape = if let (Some(input), Some(target)) = (known, inputs.ints(1)) {
            Some(self.resolve(&input, &target)?.into_iter().map(Dim::Known).collect())
        } else if let Some(target) = inputs.dims(1) {
            Some(self.resolve_dims(inputs.shape(0), target))
        } else {
            unknown_of_length(inputs, 1)
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        inputs.small_dims(0)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let target = inputs.ints(1)?;
        let data = inputs.take(0)?;
        let shape = self.resolve(data.shape(), &target)?;
        Ok(vec![data.reshaped(shape)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

/// A shape of unknown sizes as long as a vector of known length.
pub(super) fn unknown_of_length(inputs: &Inputs<'_>, position: usize) -> Option<Vec<Dim>> {
    const MAX_RANK: usize = 64;
    match inputs.shape(position) {
        Some([Dim::Known(rank)]) if *rank <= MAX_RANK => Some(vec![Dim::Any; *rank]),
        _ => None,
    }
}

impl Flatten {
    fn split(&self, rank: usize) -> Result<usize> {
        let axis = if self.axis < 0 { self.axis.saturating_add(rank as i64) } else { self.axis };
        usize::try_from(axis)
            .ok()
            .filter(|&axis| axis <= rank)
            .ok_or_else(|| Error::graph(format!("axis {} of a tensor with {rank} dimensions", self.axis)))
    }
}

impl OpDef for Flatten {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match inputs.shape(0) {
            Some(dims) => {
                let (rows, columns) = dims.split_at(self.split(dims.len())?);
                vec![product(rows), product(columns)]
            }
            None => vec![Dim::Any, Dim::Any],
        };
        Ok(vec![inputs.moved(0, Some(shape))])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.take(0)?;
        let (rows, columns) = data.shape().split_at(self.split(data.shape().len())?);
        let overflow = || Error::data(format!("a tensor of shape {:?} cannot be flattened", data.shape()));
        let shape =
            vec![element_count(rows).ok_or_else(overflow)?, element_count(columns).ok_or_else(overflow)?];
        Ok(vec![data.reshaped(shape)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

fn product(dims: &[Dim]) -> Dim {
    quotient(dims, &[]).unwrap_or(Dim::Any)
}

/// Which axes of `rank` are named; an error for one named twice.
fn marked(axes: &[i64], rank: usize) -> Result<Vec<bool>> {
    let mut marked = vec![false; rank];
    for &axis in axes {
        if std::mem::replace(&mut marked[resolve_axis(axis, rank)?], true) {
            return Err(Error::graph(format!("axis {axis} is named twice")));
        }
    }
    Ok(marked)
}

/// What is left of dimensions without those of size 1 (or the ones marked, which must be of size 1).
fn squeezed<D: Clone + std::fmt::Debug>(
    dims: &[D],
    axes: Option<&[i64]>,
    one: impl Fn(&D) -> Option<bool>,
) -> Result<Option<Vec<D>>> {
    let drop: Vec<Option<bool>> = match axes {
        Some(axes) => marked(axes, dims.len())?.into_iter().map(Some).collect(),
        None => dims.iter().map(&one).collect(),
    };
    let mut left = Vec::new();
    for (dim, drop) in dims.iter().zip(drop) {
        match drop {
            None => return Ok(None),
            Some(false) => left.push(dim.clone()),
            Some(true) if one(dim) == Some(false) => {
                return Err(Error::graph(format!("an axis of size {dim:?} cannot be squeezed")));
            }
            Some(true) => {}
        }
    }
    Ok(Some(left))
}

impl OpDef for Squeeze {
    fn arity(&self) -> Arity {
        Arity::range(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let axes = inputs.ints(1);
        let shape = match inputs.shape(0) {
            Some(dims) if axes.is_some() || inputs.get(1).is_none() => {
                squeezed(dims, axes.as_deref(), |dim| dim.known().map(|size| size == 1))?
            }
            _ => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        inputs.small_dims(0)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let axes = inputs.optional(1).map(Tensor::to_i64_vec).transpose()?;
        let data = inputs.take(0)?;
        let shape = squeezed(data.shape(), axes.as_deref(), |&size| Some(size == 1))?;
        Ok(vec![data.reshaped(shape.unwrap_or_default())?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

/// Dimensions with `one` inserted at the axes, which count in the result.
fn unsqueezed<D: Clone>(dims: &[D], axes: &[i64], one: &D) -> Result<Vec<D>> {
    let mut old = dims.iter();
    let new = marked(axes, dims.len() + axes.len())?;
    Ok(new.into_iter().filter_map(|new| if new { Some(one.clone()) } else { old.next().cloned() }).collect())
}

impl OpDef for Unsqueeze {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), inputs.ints(1)) {
            (Some(dims), Some(axes)) => Some(unsqueezed(dims, &axes, &Dim::Known(1))?),
            _ => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        inputs.small_dims(0)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let axes = inputs.ints(1)?;
        let data = inputs.take(0)?;
        let shape = unsqueezed(data.shape(), &axes, &1)?;
        Ok(vec![data.reshaped(shape)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, infer};
    use crate::ops::{Op, Operand};

    fn ints(ints: &[i64]) -> Tensor {
        Tensor::vector(ints.to_vec())
    }

    #[test]
    fn reshapes() {
        let shape =
            |target: &[i64]| eval(Reshape::default(), [counting([2, 3, 4]), ints(target)]).shape().to_vec();
        assert_eq!(shape(&[4, 6]), [4, 6]);
        assert_eq!(shape(&[2, -1]), [2, 12]);
        assert_eq!(shape(&[0, -1, 0]), [2, 3, 4]);
        assert_eq!(shape(&[0, 1, -1]), [2, 1, 12]);
        let honored = Reshape { allowzero: true };
        assert_eq!(eval(honored, [counting([0, 3]), ints(&[3, 0])]).shape(), [3, 0]);
        for target in [&[5, 5][..], &[-1, -1], &[-2, 12], &[0, 0, 0, 0], &[-1, 7], &[i64::MAX, i64::MAX]] {
            eval_error(Reshape::default(), [counting([2, 3, 4]), ints(target)]);
        }
        eval_error(Reshape { allowzero: true }, [counting([2, 0]), ints(&[0, -1])]);
    }

    #[test]
    fn shares_the_numbers() {
        let data = counting([2, 3]);
        let before = data.as_slice::<f32>().unwrap().as_ptr();
        let after = eval(Reshape::default(), [data, ints(&[6])]);
        assert_eq!(after.as_slice::<f32>().unwrap().as_ptr(), before);
    }

    #[test]
    fn symbols_go_through_a_reshape() {
        let n = Dim::symbol("n");
        let data = TensorType::new(crate::tensor::DType::F32, Some(vec![n.clone(), 3.into(), 4.into()]));
        let infer = |target: &[Dim]| {
            let shape = Operand { ty: None, constant: None, dims: Some(target) };
            let data = Operand { ty: Some(&data), constant: None, dims: None };
            let types = Reshape::default().infer(&Inputs(vec![Some(data), Some(shape)])).unwrap();
            types[0].shape.clone().unwrap()
        };
        assert_eq!(infer(&[n.clone(), Dim::Any]), [n.clone(), 12.into()]);
        assert_eq!(infer(&[Dim::Any, 12.into()]), [n.clone(), 12.into()]);
        assert_eq!(infer(&[0.into(), 12.into()]), [n.clone(), 12.into()]);
        assert_eq!(infer(&[Dim::Any, 6.into()]), [Dim::Any, 6.into()]);
    }

    #[test]
    fn flattens() {
        let shape = |axis| eval(Flatten { axis }, [counting([2, 3, 4])]).shape().to_vec();
        assert_eq!(shape(0), [1, 24]);
        assert_eq!(shape(1), [2, 12]);
        assert_eq!(shape(-1), [6, 4]);
        assert_eq!(shape(3), [24, 1]);
        eval_error(Flatten { axis: 4 }, [counting([2, 3, 4])]);
        eval_error(Flatten { axis: i64::MIN }, [counting([2, 3, 4])]);
    }

    #[test]
    fn squeezes_and_unsqueezes() {
        assert_eq!(eval(Squeeze {}, [counting([1, 3, 1, 5])]).shape(), [3, 5]);
        assert_eq!(eval(Squeeze {}, [counting([1, 3, 1, 5]), ints(&[-2])]).shape(), [1, 3, 5]);
        eval_error(Squeeze {}, [counting([1, 3]), ints(&[1])]);
        eval_error(Squeeze {}, [counting([1, 3]), ints(&[0, -2])]);
        assert_eq!(eval(Unsqueeze {}, [counting([3]), ints(&[0, -1])]).shape(), [1, 3, 1]);
        eval_error(Unsqueeze {}, [counting([3]), ints(&[2])]);
        let unknown =
            infer(&Op::from(Squeeze {}), &[Some(counting([1, 3])), Some(ints(&[0]))], false).unwrap();
        assert_eq!(unknown[0].shape, None);
    }
}
