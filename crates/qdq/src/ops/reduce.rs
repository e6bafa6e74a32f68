//! Reductions over axes.

use super::cast::cast;
use super::dispatch::{map_numbers, output_count, span};
use super::infer::resolve_axis;
use super::strided::Strided;
use super::widen::{Wide, Widen};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::Result;
use crate::kernels::reduce::{Reduction, reduce_axes};
use crate::tensor::{DType, Dim, Tensor, TensorType};

/// Declares a reduction; all have the same attributes.
macro_rules! reduction {
    ($(#[$meta:meta])* $name:ident, $reduction:expr) => {
        op! {
            $(#[$meta])*
            ///
            /// Inputs: data, `axes` (optional; negative counts from the end).
            pub struct $name {
                /// Whether reduced axes stay, with size 1.
                pub keepdims: bool = true,
                /// Whether no axes mean that nothing is reduced, rather than everything.
                pub noop_with_empty_axes: bool = false,
            }
        }

        impl $name {
            fn axes(&self) -> Axes {
                Axes { keepdims: self.keepdims, noop_with_empty_axes: self.noop_with_empty_axes }
            }
        }

        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::range(1, 2)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                self.axes().infer(inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                self.axes().eval(inputs, $reduction)
            }
        }
    };
}

reduction! {
    /// Sum of magnitudes.
    ReduceL1, Reduction::L1
}
reduction! {
    /// Square root of the sum of squares.
    ReduceL2, Reduction::L2
}
reduction! {
    /// Logarithm of the sum.
    ReduceLogSum, Reduction::LogSum
}
reduction! {
    /// Logarithm of the sum of exponentials, computed without overflow.
    ReduceLogSumExp, Reduction::LogSumExp
}
reduction! {
    /// Largest element; NaN if there is one.
    ReduceMax, Reduction::Max
}
reduction! {
    /// Arithmetic mean; of integers truncated.
    ReduceMean, Reduction::Mean
}
reduction! {
    /// Smallest element; NaN if there is one.
    ReduceMin, Reduction::Min
}
reduction! {
    /// Product.
    ReduceProd, Reduction::Prod
}
reduction! {
    /// Sum.
    ReduceSum, Reduction::Sum
}
reduction! {
    /// Sum of squares.
    ReduceSumSquare, Reduction::SumSquare
}

/// Which axes a reduction is over, and what becomes of them.
#[derive(Clone, Copy, Debug)]
struct Axes {
    keepdims: bool,
    noop_with_empty_axes: bool,
}

impl Axes {
    /// Whether each axis of a tensor is reduced.
    fn reduced(self, axes: &[i64], rank: usize) -> Result<Vec<bool>> {
        let mut reduced = vec![axes.is_empty() && !self.noop_with_empty_axes; rank];
        for &axis in axes {
            reduced[resolve_axis(axis, rank)?] = true;
        }
        Ok(reduced)
    }

    /// Dimensions of the output.
    fn left<D: Clone>(self, dims: &[D], reduced: &[bool], one: &D) -> Vec<D> {
        let left = |(dim, &reduced): (&D, &bool)| match (reduced, self.keepdims) {
            (false, _) => Some(dim.clone()),
            (true, true) => Some(one.clone()),
            (true, false) => None,
        };
        dims.iter().zip(reduced).filter_map(left).collect()
    }

    fn infer(self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let axes = match inputs.get(1) {
            None => Some(Vec::new()),
            Some(_) => inputs.ints(1),
        };
        let shape = match (inputs.shape(0), axes) {
            (Some(dims), Some(axes)) => {
                Some(self.left(dims, &self.reduced(&axes, dims.len())?, &Dim::Known(1)))
            }
            (Some(dims), None) if self.keepdims => Some(vec![Dim::Any; dims.len()]),
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(self, mut inputs: Args, reduction: Reduction) -> Result<Vec<Tensor>> {
        let axes = inputs.optional(1).map(Tensor::to_i64_vec).transpose()?.unwrap_or_default();
        let data = inputs.take(0)?;
        let reduced = self.reduced(&axes, data.shape().len())?;
        let shape = self.left(data.shape(), &reduced, &1);
        output_count(&shape)?;
        Ok(vec![reduce(data, &reduced, reduction)?.reshaped(shape)?])
    }
}

/// The reduction over some axes, in any shape of as many elements.
fn reduce(data: Tensor, reduced: &[bool], reduction: Reduction) -> Result<Tensor> {
    let dtype = data.dtype();
    let computed_in = match (dtype, reduction) {
        (DType::F16 | DType::Bf16, _) => DType::F32,
        (DType::Bool, Reduction::Max | Reduction::Min) => DType::U8,
        _ => dtype,
    };
    if computed_in != dtype {
        return cast(reduce(cast(data, computed_in)?, reduced, reduction)?, dtype);
    }
    let (kept, over): (Vec<usize>, Vec<usize>) = (0..reduced.len()).partition(|&axis| !reduced[axis]);
    let sizes = |axes: &[usize]| axes.iter().map(|&axis| data.shape()[axis]).collect::<Vec<_>>();
    let (n_rows, row) = (output_count(&sizes(&kept))?, span(&sizes(&over)));
    if dtype == DType::F32 && !data.is_empty() {
        let mut out = vec![0.0; n_rows];
        reduce_axes(data.as_slice()?, data.shape(), &over, reduction, &mut out);
        return Ok(Tensor::vector(out));
    }
    let ordered = Strided::contiguous(data.shape()).permuted(&[kept, over].concat());
    let rows = ordered.apply(data, ordered.shape())?;
    let folded = map_numbers!(rows.data(), elements => {
        let row = |index: usize| elements.get(index * row..(index + 1) * row).unwrap_or_default();
        (0..n_rows).map(|index| fold_row(row(index), reduction)).collect::<Vec<_>>()
    });
    Tensor::new(vec![n_rows], folded)
}

/// Elements summed up before they are added to the total.
const BLOCK: usize = 1 << 10;

/// The reduction of some numbers: sums in the wide type, roots and logarithms in `f64`.
fn fold_row<T: Widen>(row: &[T], reduction: Reduction) -> T {
    let sum = |term: fn(T::Wide) -> T::Wide| {
        blocks(row, T::Wide::ZERO, Wide::plus, |element| term(element.widen()))
    };
    let float_sum = |term: fn(f64) -> f64| blocks(row, 0.0, f64::plus, |element| term(element.as_f64()));
    match reduction {
        Reduction::Sum => T::narrow(sum(|x| x)),
        Reduction::Mean => T::narrow(sum(|x| x).over(row.len())),
        Reduction::Max => blocks(row, T::LEAST, T::larger, |element| element),
        Reduction::Min => blocks(row, T::GREATEST, T::smaller, |element| element),
        Reduction::Prod => T::narrow(blocks(row, T::Wide::ONE, Wide::times, T::widen)),
        Reduction::SumSquare => T::narrow(sum(|x| x.times(x))),
        Reduction::L1 => T::narrow(sum(Wide::magnitude)),
        Reduction::L2 => T::from_f64(float_sum(|x| x * x).sqrt()),
        Reduction::LogSum => T::from_f64(float_sum(|x| x).ln()),
        Reduction::LogSumExp => {
            let largest = blocks(row, f64::NEG_INFINITY, f64::larger, T::as_f64);
            let shift = if largest.is_finite() { largest } else { 0.0 };
            let sum = blocks(row, 0.0, f64::plus, |element| (element.as_f64() - shift).exp());
            T::from_f64(shift + sum.ln())
        }
    }
}

/// Combines all terms, block by block.
fn blocks<T: Copy, A: Copy>(row: &[T], neutral: A, combine: fn(A, A) -> A, term: impl Fn(T) -> A) -> A {
    row.chunks(BLOCK).fold(neutral, |total, block| {
        combine(total, block.iter().fold(neutral, |partial, &element| combine(partial, term(element))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Op;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    fn ints(ints: &[i64]) -> Tensor {
        Tensor::vector(ints.to_vec())
    }

    fn all() -> [Op; 10] {
        [
            ReduceL1::default().into(),
            ReduceL2::default().into(),
            ReduceLogSum::default().into(),
            ReduceLogSumExp::default().into(),
            ReduceMax::default().into(),
            ReduceMean::default().into(),
            ReduceMin::default().into(),
            ReduceProd::default().into(),
            ReduceSum::default().into(),
            ReduceSumSquare::default().into(),
        ]
    }

    #[test]
    fn every_reduction_in_every_float_type() {
        let expected = [10.0, 30f32.sqrt(), 10f32.ln(), 4.440_19, 4.0, 2.5, 1.0, 24.0, 10.0, 30.0];
        for (op, expected) in all().into_iter().zip(expected) {
            let data = floats([2, 2], &[1.0, 2.0, 3.0, 4.0]);
            assert_close(&eval(op.clone(), [data.clone()]), &[expected]);
            let wide = eval(op.clone(), [cast(data.clone(), DType::F64).unwrap()]);
            assert_close(&cast(wide, DType::F32).unwrap(), &[expected]);
            let narrow = eval(op, [cast(data, DType::F16).unwrap()]);
            assert!((narrow.to_f32_vec().unwrap()[0] - expected).abs() < 0.01);
        }
    }

    #[test]
    fn integers() {
        let data = || Tensor::from_vec(vec![2, 3], vec![1i64 << 60, 2, -3, 1, 1, 6]).unwrap();
        let over = |op: Op| eval(op, [data(), ints(&[-1])]).to_i64_vec().unwrap();
        assert_eq!(over(ReduceSum::default().into()), [(1 << 60) - 1, 8]);
        assert_eq!(over(ReduceMax::default().into()), [1 << 60, 6]);
        assert_eq!(over(ReduceMin::default().into()), [-3, 1]);
        assert_eq!(over(ReduceL1::default().into()), [(1 << 60) + 5, 8]);
        assert_eq!(over(ReduceMean::default().into())[1], 2);
        let wrapped = eval(ReduceProd::default(), [Tensor::vector(vec![i32::MAX, 2])]);
        assert_eq!(wrapped.to_i64_vec().unwrap(), [-2]);
        let largest = eval(ReduceMax::default(), [Tensor::vector(vec![u64::MAX, 1])]);
        assert_eq!(largest, Tensor::vector(vec![u64::MAX]));
        let any = eval(ReduceMax::default(), [Tensor::vector(vec![false, true])]);
        assert_eq!(any, Tensor::vector(vec![true]));
    }

    #[test]
    fn axes() {
        let sum = |keepdims, axes: &[i64]| {
            let op = ReduceSum { keepdims, ..ReduceSum::default() };
            let sum = eval(op, [counting([2, 3, 2]), ints(axes)]);
            (sum.shape().to_vec(), sum.to_f32_vec().unwrap())
        };
        assert_eq!(sum(true, &[1]), (vec![2, 1, 2], vec![6.0, 9.0, 24.0, 27.0]));
        assert_eq!(sum(false, &[0, -1]), (vec![3], vec![14.0, 22.0, 30.0]));
        assert_eq!(sum(false, &[]), (vec![], vec![66.0]));
        eval_error(ReduceSum::default(), [counting([2]), ints(&[1])]);
        let square = ReduceSumSquare { noop_with_empty_axes: true, ..ReduceSumSquare::default() };
        assert_eq!(eval(square, [counting([3])]).to_f32_vec().unwrap(), [0.0, 1.0, 4.0]);
    }

    #[test]
    fn nothing_and_no_number() {
        let nothing = || [counting([2, 0, 2]), ints(&[1])];
        assert_eq!(eval(ReduceSum::default(), nothing()).to_f32_vec().unwrap(), [0.0; 4]);
        assert_eq!(eval(ReduceProd::default(), nothing()).to_f32_vec().unwrap(), [1.0; 4]);
        assert_eq!(eval(ReduceMax::default(), nothing()).to_f32_vec().unwrap(), [f32::NEG_INFINITY; 4]);
        assert_eq!(eval(ReduceLogSumExp::default(), nothing()).to_f32_vec().unwrap(), [f32::NEG_INFINITY; 4]);
        assert_eq!(
            eval(ReduceMean::default(), [Tensor::vector(Vec::<i64>::new())]).to_i64_vec().unwrap(),
            [0]
        );
        let huge = Tensor::from_vec(vec![0, usize::MAX, 3], Vec::<f32>::new()).unwrap();
        eval_error(ReduceSum::default(), [huge, ints(&[0])]);
        eval_error(ReduceSum::default(), [Tensor::vector(vec![true])]);
        let nan = eval(ReduceMax::default(), [Tensor::vector(vec![1.0, f64::NAN, 2.0])]);
        assert!(nan.to_f64_vec().unwrap()[0].is_nan());
    }
}
