//! Functions that turn the elements along one axis into a distribution.

use super::elementwise::{infer_same, require_float};
use super::infer::resolve_axis;
use super::numeric::{Float, by_float};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::Result;
use crate::kernels::softmax::{log_softmax, softmax};
use crate::tensor::{Tensor, TensorType};

op! {
    /// `exp(x) / sum(exp(x))` along an axis.
    pub struct Softmax {
        /// The axis; negative counts from the end.
        pub axis: i64 = -1,
    }
}
op! {
    /// Logarithm of [`Softmax`].
    pub struct LogSoftmax {
        /// The axis; negative counts from the end.
        pub axis: i64 = -1,
    }
}
op! {
    /// 1 at the first largest element along an axis, else 0.
    pub struct Hardmax {
        /// The axis; negative counts from the end.
        pub axis: i64 = -1,
    }
}

macro_rules! along_axis {
    ($name:ident, $in_f32:expr, $in_f64:expr, $rule:expr) => {
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(1)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                require_float(inputs, 0)?;
                if let Some(shape) = inputs.shape(0) {
                    resolve_axis(self.axis, shape.len())?;
                }
                infer_same(inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                by_float(
                    inputs,
                    |inputs| planes::<f32>(inputs, self.axis, $in_f32),
                    |inputs| planes::<f64>(inputs, self.axis, $in_f64),
                )
            }

            fn quant_rule(&self) -> QuantRule {
                $rule
            }
        }
    };
}
along_axis!(Softmax, softmax, each_lane(softmax_lane), QuantRule::Bounded { lo: 0.0, hi: 1.0 });
along_axis!(LogSoftmax, log_softmax, each_lane(log_softmax_lane), QuantRule::COMPUTE);
along_axis!(Hardmax, each_lane(hardmax_lane), each_lane(hardmax_lane), QuantRule::Float);

/// Runs `compute` on the elements seen as `[outer, axis, inner]`.
pub(super) fn planes<T: Float>(
    mut inputs: Args,
    axis: i64,
    compute: impl FnOnce(&mut [T], usize, usize, usize),
) -> Result<Vec<Tensor>> {
    let input = inputs.take(0)?;
    let shape = input.shape().to_vec();
    let axis = resolve_axis(axis, shape.len())?;
    let mut elements = input.into_vec::<T>()?;
    if !elements.is_empty() {
        let outer = shape[..axis].iter().product();
        let inner = shape[axis + 1..].iter().product();
        compute(&mut elements, outer, shape[axis], inner);
    }
    Ok(vec![Tensor::from_vec(shape, elements)?])
}

/// A function of `[outer, axis, inner]` from one of the elements along the axis, which are never none.
pub(super) fn each_lane<T: Float>(
    lane_function: impl Fn(&mut [T]),
) -> impl FnOnce(&mut [T], usize, usize, usize) {
    move |elements, _outer, axis, inner| {
        let mut lane = Vec::with_capacity(axis);
        for plane in elements.chunks_mut(axis * inner) {
            for start in 0..inner {
                lane.clear();
                lane.extend(plane[start..].iter().step_by(inner).copied());
                lane_function(&mut lane);
                plane[start..].iter_mut().step_by(inner).zip(&lane).for_each(|(to, &from)| *to = from);
            }
        }
    }
}

fn largest<T: Float>(lane: &[T]) -> T {
    lane.iter().fold(T::NEG_INFINITY, |largest, &x| largest.larger(x))
}

fn softmax_lane<T: Float>(lane: &mut [T]) {
    let largest = largest(lane);
    let mut sum = T::default();
    for x in &mut *lane {
        *x = x.minus(largest).exp();
        sum = sum.plus(*x);
    }
    for x in &mut *lane {
        *x = x.over(sum);
    }
}

fn log_softmax_lane<T: Float>(lane: &mut [T]) {
    let largest = largest(lane);
    let sum = lane.iter().fold(T::default(), |sum, x| sum.plus(x.minus(largest).exp()));
    let logarithm = sum.ln();
    for x in &mut *lane {
        *x = x.minus(largest).minus(logarithm);
    }
}

fn hardmax_lane<T: Float>(lane: &mut [T]) {
    let largest = largest(lane);
    let first = lane.iter().position(|&x| x == largest).unwrap_or(0);
    lane.fill(T::default());
    lane[first] = T::ONE;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval, eval_error, floats};

    #[test]
    fn along_the_last_axis() {
        let x = floats([2, 2], &[0.0, 1.0, 1000.0, 1001.0]);
        let expected = [0.268_941_4, 0.731_058_6, 0.268_941_4, 0.731_058_6];
        assert_close(&eval(Softmax::default(), [x.clone()]), &expected);
        let doubles = Tensor::from_vec(vec![2, 2], x.to_f64_vec().unwrap()).unwrap();
        let y = eval(Softmax::default(), [doubles]).to_f32_vec().unwrap();
        assert_close(&Tensor::vector(y), &expected);
        let logs = [-1.313_261_7, -0.313_261_7];
        assert_close(&eval(LogSoftmax::default(), [floats([1, 2], &[0.0, 1.0])]), &logs);
        let doubles = eval(LogSoftmax::default(), [Tensor::vector(vec![1e6f64, 1e6 + 1.0])]);
        assert_close(&Tensor::vector(doubles.to_f32_vec().unwrap()), &logs);
    }

    #[test]
    fn along_another_axis() {
        let x = floats([2, 2], &[0.0, 5.0, 3.0, 5.0]);
        assert_eq!(eval(Hardmax { axis: 0 }, [x.clone()]), floats([2, 2], &[0.0, 1.0, 1.0, 0.0]));
        assert_close(&eval(Softmax { axis: -2 }, [x]), &[0.047_425_87, 0.5, 0.952_574_1, 0.5]);
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(Softmax { axis: 2 }, [floats([2], &[0.0, 1.0])]);
        eval_error(Hardmax::default(), [Tensor::scalar(1.0f32)]);
        eval_error(Hardmax::default(), [Tensor::vector(vec![1i32])]);
        assert!(eval(Softmax { axis: 0 }, [floats([0, 3], &[])]).is_empty());
    }
}
