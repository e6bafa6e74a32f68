//! The different elements of a tensor.

use std::cmp::Ordering;

use super::infer::resolve_axis;
use super::widen::Widen;
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::dispatch::{around, span};
use crate::ops::gather::Gather;
use crate::tensor::{DType, Data, Dim, Tensor, TensorType};

op! {
    /// The different elements, or slices of an axis.
    ///
    /// Outputs: them, where each stands first, which of them each element is, how often each occurs.
    pub struct Unique {
        /// The axis whose slices are compared; without it, elements of the flat tensor are.
        pub axis: Option<i64> = None,
        /// Whether in ascending order, not that of their first places.
        pub sorted: bool = true,
    }
}

impl OpDef for Unique {
    fn arity(&self) -> Arity {
        Arity::fixed(1).outputs(1, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let (first, all) = match (self.axis, inputs.shape(0)) {
            (None, dims) => {
                let sizes = dims.and_then(|dims| dims.iter().map(Dim::known).collect::<Option<Vec<_>>>());
                let all = sizes.map_or(Dim::Any, |sizes| Dim::Known(span(&sizes)));
                (Some(vec![Dim::Any]), all)
            }
            (Some(axis), Some(dims)) => {
                let axis = resolve_axis(axis, dims.len())?;
                let mut kept = dims.to_vec();
                kept[axis] = Dim::Any;
                (Some(kept), dims[axis].clone())
            }
            (Some(_), None) => (None, Dim::Any),
        };
        let ints = |dim: Dim| TensorType::new(DType::I64, Some(vec![dim]));
        Ok(vec![inputs.moved(0, first), ints(Dim::Any), ints(all), ints(Dim::Any)])
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.take(0)?;
        let (input, axis) = if let Some(axis) = self.axis {
            let axis = resolve_axis(axis, input.shape().len())?;
            (input, axis)
        } else {
            let count = input.len();
            (input.reshaped(vec![count])?, 0)
        };
        let (outer, size, inner) = around(input.shape(), axis);
        let slices = Slices { data: input.data(), outer, size, inner };
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|&a, &b| slices.compare(a, b));
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in order {
            match groups.last_mut() {
                Some(group) if slices.compare(group[0], at) == Ordering::Equal => group.push(at),
                _ => groups.push(vec![at]),
            }
        }
        if !self.sorted {
            groups.sort_by_key(|group| group[0]);
        }
        let mut which = vec![0i64; size];
        for (number, group) in groups.iter().enumerate() {
            for &at in group {
                which[at] = number as i64;
            }
        }
        let firsts = Tensor::vector(groups.iter().map(|group| group[0] as i64).collect::<Vec<_>>());
        let counts = Tensor::vector(groups.iter().map(|group| group.len() as i64).collect::<Vec<_>>());
        let gather = Gather { axis: axis as i64 };
        let kept = gather
            .eval(EvalContext { n_outputs: 1 }, Args(vec![Some(input.clone()), Some(firsts.clone())]))?;
        let kept = kept.into_iter().next().ok_or_else(|| Error::internal("no output"))?;
        let mut outputs = vec![kept, firsts, Tensor::vector(which), counts];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

/// A tensor as `[outer, size, inner]`, whose slices of the middle axis are compared.
struct Slices<'a> {
    data: &'a Data,
    outer: usize,
    size: usize,
    inner: usize,
}

impl Slices<'_> {
    fn compare(&self, a: usize, b: usize) -> Ordering {
        fn numbers<T: Widen>(slices: &Slices<'_>, elements: &[T], a: usize, b: usize) -> Ordering {
            slices.first_difference(|at, other| elements[at].order(&elements[other]), a, b)
        }
        match self.data {
            Data::Bool(elements) => {
                self.first_difference(|at, other| elements[at].cmp(&elements[other]), a, b)
            }
            Data::Str(elements) => {
                self.first_difference(|at, other| elements[at].cmp(&elements[other]), a, b)
            }
            Data::Small(float, codes) => {
                let order =
                    |at: usize, other: usize| float.decode(codes[at]).total_cmp(&float.decode(codes[other]));
                self.first_difference(order, a, b)
            }
            Data::F32(elements) => numbers(self, elements, a, b),
            Data::F64(elements) => numbers(self, elements, a, b),
            Data::F16(elements) => numbers(self, elements, a, b),
            Data::Bf16(elements) => numbers(self, elements, a, b),
            Data::I8(elements) | Data::I4(elements) | Data::I2(elements) => numbers(self, elements, a, b),
            Data::U8(elements) | Data::U4(elements) | Data::U2(elements) => numbers(self, elements, a, b),
            Data::I16(elements) => numbers(self, elements, a, b),
            Data::U16(elements) => numbers(self, elements, a, b),
            Data::I32(elements) => numbers(self, elements, a, b),
            Data::U32(elements) => numbers(self, elements, a, b),
            Data::I64(elements) => numbers(self, elements, a, b),
            Data::U64(elements) => numbers(self, elements, a, b),
        }
    }

    fn first_difference(&self, order: impl Fn(usize, usize) -> Ordering, a: usize, b: usize) -> Ordering {
        let place = |outer: usize, at: usize, inside: usize| (outer * self.size + at) * self.inner + inside;
        let places = (0..self.outer).flat_map(|outer| (0..self.inner).map(move |inside| (outer, inside)));
        let mut orders =
            places.map(|(outer, inside)| order(place(outer, a, inside), place(outer, b, inside)));
        orders.find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval_all, floats};

    #[test]
    fn elements_and_slices() {
        let data = || Some(floats([4], &[2.0, 1.0, 2.0, 0.0]));
        let ints =
            |tensors: &[Tensor]| tensors[1..].iter().map(|t| t.to_i64_vec().unwrap()).collect::<Vec<_>>();
        let sorted = eval_all(Unique::default(), [data()], 4).unwrap();
        assert_eq!(sorted[0], floats([3], &[0.0, 1.0, 2.0]));
        assert_eq!(ints(&sorted), [vec![3, 1, 0], vec![2, 1, 2, 0], vec![1, 1, 2]]);
        let unsorted = eval_all(Unique { sorted: false, axis: None }, [data()], 4).unwrap();
        assert_eq!(unsorted[0], floats([3], &[2.0, 1.0, 0.0]));
        assert_eq!(ints(&unsorted), [vec![0, 1, 3], vec![0, 1, 0, 2], vec![2, 1, 1]]);
        let rows = Some(floats([3, 2], &[1.0, 2.0, 0.0, 9.0, 1.0, 2.0]));
        let rows = eval_all(Unique { axis: Some(0), sorted: true }, [rows], 1).unwrap();
        assert_eq!(rows[0], floats([2, 2], &[0.0, 9.0, 1.0, 2.0]));
    }
}
