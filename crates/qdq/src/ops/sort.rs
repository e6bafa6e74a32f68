//! Order of elements along an axis: positions of extremes, largest elements, running sums.

use super::dispatch::{around, map_numbers, no_numbers, only_int, output_count};
use super::infer::resolve_axis;
use super::widen::{Wide, Widen};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Data, Dim, Tensor, TensorType, with_numbers};

op! {
    /// Position of the largest element along an axis, as `i64`.
    pub struct ArgMax {
        /// Axis; negative counts from the end.
        pub axis: i64 = 0,
        /// Whether the axis stays, with size 1.
        pub keepdims: bool = true,
        /// Whether the last of equal elements counts rather than the first.
        pub select_last_index: bool = false,
    }
}

op! {
    /// Position of the smallest element along an axis, as `i64`.
    pub struct ArgMin {
        /// Axis; negative counts from the end.
        pub axis: i64 = 0,
        /// Whether the axis stays, with size 1.
        pub keepdims: bool = true,
        /// Whether the last of equal elements counts rather than the first.
        pub select_last_index: bool = false,
    }
}

op! {
    /// Running sums along an axis. Inputs: data, `axis` (scalar).
    pub struct CumSum {
        /// Whether an element is left out of its own sum.
        pub exclusive: bool = false,
        /// Whether sums run from the end.
        pub reverse: bool = false,
    }
}

op! {
    /// The `k` largest elements along an axis, and their positions as `i64`. Inputs: data, `k`.
    pub struct TopK {
        /// Axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Whether the largest rather than the smallest are taken.
        pub largest: bool = true,
        /// Whether they are given in order; else the order is not defined.
        pub sorted: bool = true,
    }
}

macro_rules! extreme {
    ($($name:ident: $beats:ident;)*) => {$(
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(1)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                let Some(dims) = inputs.shape(0) else { return Ok(vec![TensorType::new(DType::I64, None)]) };
                let axis = resolve_axis(self.axis, dims.len())?;
                let shape = without_axis(dims, axis, self.keepdims.then_some(Dim::Known(1)));
                Ok(vec![TensorType::new(DType::I64, Some(shape))])
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let data = inputs.get(0)?;
                let axis = resolve_axis(self.axis, data.shape().len())?;
                let shape = without_axis(data.shape(), axis, self.keepdims.then_some(1));
                let count = output_count(&shape)?;
                let sizes = around(data.shape(), axis);
                if sizes.1 == 0 && count > 0 {
                    return Err(Error::data("an empty axis has no extreme"));
                }
                let places = with_numbers!(data.data(), elements => if self.select_last_index {
                    extremes(elements, sizes, |new, best| !(best.$beats(new)))
                } else {
                    extremes(elements, sizes, |new, best| new.$beats(best))
                }, else return Err(no_numbers(data.dtype())));
                Ok(vec![Tensor::from_vec(shape, places)?])
            }
        }
    )*};
}

extreme! {
    ArgMax: gt;
    ArgMin: lt;
}

/// Dimensions with one replaced or left out.
fn without_axis<D: Clone>(dims: &[D], axis: usize, instead: Option<D>) -> Vec<D> {
    let instead: Vec<D> = instead.into_iter().collect();
    [&dims[..axis], &instead, &dims[axis + 1..]].concat()
}

/// Positions along the middle axis of `[outer, size, inner]` of the elements that beat those before them.
fn extremes<T: Copy>(
    elements: &[T],
    (_, size, inner): (usize, usize, usize),
    beats: impl Fn(&T, &T) -> bool,
) -> Vec<i64> {
    let mut places = Vec::new();
    for plane in elements.chunks_exact(size.saturating_mul(inner).max(1)) {
        let mut best = plane[..inner].to_vec();
        let mut at = vec![0; inner];
        for (position, row) in plane.chunks_exact(inner).enumerate().skip(1) {
            for ((best, at), element) in best.iter_mut().zip(&mut at).zip(row) {
                if beats(element, best) {
                    (*best, *at) = (*element, position as i64);
                }
            }
        }
        places.append(&mut at);
    }
    places
}

op! {
    /// Running products along the axis that input 1 says.
    pub struct CumProd {
        /// Whether an element's own product leaves it out.
        pub exclusive: bool = false,
        /// Whether from the end.
        pub reverse: bool = false,
    }
}

impl OpDef for CumProd {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.get(0)?;
        let axis = resolve_axis(only_int(inputs.get(1)?)?, data.shape().len())?;
        let (_, size, inner) = around(data.shape(), axis);
        let running = Running { size, inner, exclusive: self.exclusive, reverse: self.reverse };
        let products = map_numbers!(data.data(), elements => running.run(elements, Wide::ONE, Wide::times));
        Ok(vec![Tensor::new(data.shape().to_vec(), products)?])
    }
}

impl OpDef for CumSum {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.get(0)?;
        let axis = resolve_axis(only_int(inputs.get(1)?)?, data.shape().len())?;
        let (_, size, inner) = around(data.shape(), axis);
        let running = Running { size, inner, exclusive: self.exclusive, reverse: self.reverse };
        let sums = map_numbers!(data.data(), elements => running.run(elements, Wide::ZERO, Wide::plus));
        Ok(vec![Tensor::new(data.shape().to_vec(), sums)?])
    }
}

/// A running sum or product along the middle axis of `[outer, size, inner]`.
#[derive(Clone, Copy, Debug)]
struct Running {
    size: usize,
    inner: usize,
    exclusive: bool,
    reverse: bool,
}

impl Running {
    /// The running results, kept in the wide type.
    fn run<T: Widen>(
        self,
        elements: &[T],
        start: T::Wide,
        combine: fn(T::Wide, T::Wide) -> T::Wide,
    ) -> Vec<T> {
        let Self { size, inner, exclusive, reverse } = self;
        let mut out = elements.to_vec();
        for plane in out.chunks_exact_mut(size.saturating_mul(inner).max(1)) {
            let mut results = vec![start; inner];
            for step in 0..size {
                let position = if reverse { size - 1 - step } else { step };
                let row = &mut plane[position * inner..(position + 1) * inner];
                for (result, element) in results.iter_mut().zip(row) {
                    let before = *result;
                    *result = combine(before, element.widen());
                    *element = T::narrow(if exclusive { before } else { *result });
                }
            }
        }
        out
    }
}

impl OpDef for TopK {
    fn arity(&self) -> Arity {
        Arity::fixed(2).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match inputs.shape(0) {
            Some(dims) => {
                let axis = resolve_axis(self.axis, dims.len())?;
                let k = inputs.dims(1).and_then(|k| k.into_iter().next()).unwrap_or(Dim::Any);
                Some(without_axis(dims, axis, Some(k)))
            }
            None => None,
        };
        Ok(vec![inputs.moved(0, shape.clone()), TensorType::new(DType::I64, shape)])
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, k) = (inputs.get(0)?, only_int(inputs.get(1)?)?);
        let axis = resolve_axis(self.axis, data.shape().len())?;
        let (outer, size, inner) = around(data.shape(), axis);
        let k = usize::try_from(k)
            .ok()
            .filter(|&k| k <= size)
            .ok_or_else(|| Error::data(format!("the {k} largest of an axis of size {size}")))?;
        let shape = without_axis(data.shape(), axis, Some(k));
        let count = output_count(&shape)?;
        let lanes = Lanes { outer: if count == 0 { 0 } else { outer }, size, inner };
        let places: Vec<usize>;
        let values = map_numbers!(data.data(), elements => {
            let values;
            (values, places) = self.pick(elements, lanes, k);
            values
        });
        let positions =
            places.iter().map(|place| (place / inner.max(1) % size.max(1)) as i64).collect::<Vec<_>>();
        let indices = Tensor::new(shape.clone(), Data::I64(positions.into()))?;
        let mut outputs = vec![Tensor::new(shape, values)?, indices];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

/// A tensor as `[outer, size, inner]`, taken along the middle axis.
#[derive(Clone, Copy, Debug)]
struct Lanes {
    outer: usize,
    size: usize,
    inner: usize,
}

impl TopK {
    /// The first `k` elements of each lane in order, and where they lie; of equal ones the first ones.
    fn pick<T: Widen>(&self, elements: &[T], lanes: Lanes, k: usize) -> (Vec<T>, Vec<usize>) {
        let Lanes { outer, size, inner } = lanes;
        let order = |a: &usize, b: &usize| {
            let by_value = elements[*a].order(&elements[*b]);
            let by_value = if self.largest { by_value.reverse() } else { by_value };
            by_value.then(a.cmp(b))
        };
        let mut picked = vec![0; outer * k * inner];
        let mut lane = Vec::new();
        for (outer, inside) in (0..outer).flat_map(|outer| (0..inner).map(move |inside| (outer, inside))) {
            lane.clear();
            lane.extend((0..size).map(|position| (outer * size + position) * inner + inside));
            if k < size {
                lane.select_nth_unstable_by(k, order);
                lane.truncate(k);
            }
            lane.sort_unstable_by(order);
            for (rank, &place) in lane.iter().enumerate() {
                picked[(outer * k + rank) * inner + inside] = place;
            }
        }
        (picked.iter().map(|&place| elements[place]).collect(), picked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_all, eval_error, floats};

    #[test]
    fn positions_of_extremes() {
        let data = || floats([2, 3], &[1.0, 3.0, 3.0, 2.0, 2.0, 0.0]);
        let max = |axis, select_last_index| {
            eval(ArgMax { axis, keepdims: false, select_last_index }, [data()]).to_i64_vec().unwrap()
        };
        assert_eq!(max(1, false), [1, 0]);
        assert_eq!(max(1, true), [2, 1]);
        assert_eq!(max(0, false), [1, 0, 0]);
        let min = eval(ArgMin { axis: -1, ..ArgMin::default() }, [data()]);
        assert_eq!((min.shape(), min.to_i64_vec().unwrap()), (&[2, 1][..], vec![0, 2]));
        eval_error(ArgMax::default(), [counting([0])]);
        eval_error(ArgMax { axis: 1, ..ArgMax::default() }, [counting([2])]);
        assert_eq!(eval(ArgMax { axis: 1, ..ArgMax::default() }, [counting([0, 2])]).shape(), [0, 1]);
    }

    #[test]
    fn running_sums() {
        let sums = |exclusive, reverse, axis: i64| {
            let inputs = [floats([2, 2], &[1.0, 2.0, 3.0, 4.0]), Tensor::scalar(axis)];
            eval(CumSum { exclusive, reverse }, inputs).to_f32_vec().unwrap()
        };
        assert_eq!(sums(false, false, 0), [1.0, 2.0, 4.0, 6.0]);
        assert_eq!(sums(false, false, -1), [1.0, 3.0, 3.0, 7.0]);
        assert_eq!(sums(true, false, 1), [0.0, 1.0, 0.0, 3.0]);
        assert_eq!(sums(false, true, 1), [3.0, 2.0, 7.0, 4.0]);
        assert_eq!(sums(true, true, 1), [2.0, 0.0, 4.0, 0.0]);
        eval_error(CumSum::default(), [counting([2]), Tensor::scalar(1i64)]);
        eval_error(CumSum::default(), [counting([2]), Tensor::vector(vec![0i64, 0])]);
    }

    #[test]
    fn largest_elements() {
        let top = |op: TopK, k: i64| {
            let data = floats([2, 4], &[0.0, 3.0, f32::NAN, 3.0, 4.0, 5.0, 6.0, 7.0]);
            let outputs = eval_all(op, [Some(data), Some(Tensor::vector(vec![k]))], 2)?;
            Ok::<_, Error>((outputs[0].to_f32_vec()?, outputs[1].to_i64_vec()?))
        };
        let (values, places) = top(TopK::default(), 3).unwrap();
        assert!(values[0].is_nan());
        assert_eq!((&values[1..], places), (&[3.0, 3.0, 7.0, 6.0, 5.0][..], vec![2, 1, 3, 3, 2, 1]));
        let smallest = TopK { largest: false, ..TopK::default() };
        assert_eq!(top(smallest, 1).unwrap(), (vec![0.0, 4.0], vec![0, 0]));
        let columns = TopK { axis: 0, ..TopK::default() };
        assert_eq!(top(columns, 1).unwrap().1, [1, 1, 0, 1]);
        assert_eq!(top(TopK::default(), 0).unwrap(), (vec![], vec![]));
        assert!(top(TopK::default(), 5).is_err());
        assert!(top(TopK::default(), -1).is_err());
    }
}
