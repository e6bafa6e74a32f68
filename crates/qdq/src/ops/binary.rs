//! Elementwise arithmetic of two or more tensors, with broadcasting.

use super::elementwise::{combine_into, require_number, require_same_dtype, stretched};
use super::infer::{broadcast, broadcast_sizes};
use super::numeric::{Number, by_number, with_halves_widened};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Dim, Tensor, TensorType};

/// A function of two numbers.
pub(super) trait NumberFn2: Sync {
    /// Its value.
    fn call<T: Number>(&self, a: T, b: T) -> T;

    /// Whether integers must not have `b` = 0.
    fn divides(&self) -> bool {
        false
    }

    /// The same for dimensions; `None` if it does not follow.
    fn dims(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        let (a, b) = (a.known()?, b.known()?);
        let (a, b) = (i64::try_from(a).ok()?, i64::try_from(b).ok()?);
        if self.divides() && b == 0 {
            return None;
        }
        usize::try_from(self.call(a, b)).ok().map(Dim::Known)
    }
}

macro_rules! two_numbers {
    ($name:ty, $least:expr, $most:expr) => {
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::range($least, $most)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer_arithmetic(inputs)
            }

            fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
                infer_dims(self, inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                with_halves_widened(inputs, |inputs| Ok(vec![fold(self, inputs)?]))
            }

            fn quant_rule(&self) -> QuantRule {
                QuantRule::COMPUTE
            }
        }
    };
}

op! {
    /// `a + b`; integers wrap.
    pub struct Add {}
}
impl NumberFn2 for Add {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.plus(b)
    }
    fn dims(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        match (a, b) {
            (Dim::Known(a), Dim::Known(b)) => a.checked_add(*b).map(Dim::Known),
            (dim, Dim::Known(0)) | (Dim::Known(0), dim) => Some(dim.clone()),
            _ => None,
        }
    }
}
two_numbers!(Add, 2, 2);

op! {
    /// `a - b`; integers wrap.
    pub struct Sub {}
}
impl NumberFn2 for Sub {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.minus(b)
    }
    fn dims(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        match (a, b) {
            (Dim::Known(a), Dim::Known(b)) => a.checked_sub(*b).map(Dim::Known),
            (dim, Dim::Known(0)) => Some(dim.clone()),
            _ => None,
        }
    }
}
two_numbers!(Sub, 2, 2);

op! {
    /// `a * b`; integers wrap.
    pub struct Mul {}
}
impl NumberFn2 for Mul {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.times(b)
    }
    fn dims(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        match (a, b) {
            (Dim::Known(a), Dim::Known(b)) => a.checked_mul(*b).map(Dim::Known),
            (dim, Dim::Known(1)) | (Dim::Known(1), dim) => Some(dim.clone()),
            _ => None,
        }
    }
}
two_numbers!(Mul, 2, 2);

op! {
    /// `a / b`; integers are truncated towards 0, and division of one by 0 is an error.
    pub struct Div {}
}
impl NumberFn2 for Div {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.over(b)
    }
    fn divides(&self) -> bool {
        true
    }
    fn dims(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        match (a, b) {
            (Dim::Known(a), Dim::Known(b)) => a.checked_div(*b).map(Dim::Known),
            (dim, Dim::Known(1)) => Some(dim.clone()),
            _ => None,
        }
    }
}
two_numbers!(Div, 2, 2);

op! {
    /// Remainder of `a / b`; of integers by 0 an error.
    pub struct Mod {
        /// Truncate the quotient (sign of `a`, as `fmod` in C) instead of rounding it down (sign of `b`).
        pub fmod: bool = false,
    }
}
impl NumberFn2 for Mod {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        if self.fmod { a.rem_trunc(b) } else { a.rem_floor(b) }
    }
    fn divides(&self) -> bool {
        true
    }
}
two_numbers!(Mod, 2, 2);

op! {
    /// Largest of all inputs; NaN if one is NaN.
    pub struct Max {}
}
impl NumberFn2 for Max {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.larger(b)
    }
}
two_numbers!(Max, 1, usize::MAX);

op! {
    /// Smallest of all inputs; NaN if one is NaN.
    pub struct Min {}
}
impl NumberFn2 for Min {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.smaller(b)
    }
}
two_numbers!(Min, 1, usize::MAX);

op! {
    /// Sum of all inputs.
    pub struct Sum {}
}
impl NumberFn2 for Sum {
    fn call<T: Number>(&self, a: T, b: T) -> T {
        a.plus(b)
    }
}
two_numbers!(Sum, 1, usize::MAX);

op! {
    /// Mean of all inputs, which are floats.
    pub struct Mean {}
}

impl OpDef for Mean {
    fn arity(&self) -> Arity {
        Arity::at_least(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        super::elementwise::require_float(inputs, 0)?;
        infer_arithmetic(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let n_inputs = inputs.len();
        with_halves_widened(inputs, |inputs| {
            let sum = fold(&Sum {}, inputs)?;
            let divisor = match sum.dtype() {
                DType::F32 => Tensor::scalar(n_inputs as f32),
                DType::F64 => Tensor::scalar(n_inputs as f64),
                dtype => return Err(Error::data(format!("the mean of {dtype}, which is no float"))),
            };
            Ok(vec![combine(&Div {}, sum, divisor)?])
        })
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::COMPUTE
    }
}

/// Type of an elementwise result: the inputs' element type, their shapes broadcast.
pub(super) fn infer_arithmetic(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    let Some(known) = (0..inputs.len()).find(|&position| inputs.ty(position).is_some()) else {
        return Ok(Vec::new());
    };
    let mut shapes = Vec::with_capacity(inputs.len());
    for position in 0..inputs.len() {
        require_number(inputs, position)?;
        require_same_dtype(inputs, known, position)?;
        shapes.push(inputs.shape(position));
    }
    Ok(vec![TensorType::new(inputs.dtype(known), broadcast(&shapes)?)])
}

/// Contents of the result of arithmetic on two vectors of dimensions.
fn infer_dims(function: &impl NumberFn2, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
    if inputs.len() != 2 {
        return None;
    }
    let (a, b) = (inputs.dims(0)?, inputs.dims(1)?);
    let len = match (a.len(), b.len()) {
        (a, b) if a == b => a,
        (1, len) | (len, 1) => len,
        _ => return None,
    };
    let at = |dims: &[Dim], i: usize| if dims.len() == 1 { dims[0].clone() } else { dims[i].clone() };
    Some((0..len).map(|i| function.dims(&at(&a, i), &at(&b, i)).unwrap_or(Dim::Any)).collect())
}

/// Combines all inputs from the left.
fn fold(function: &impl NumberFn2, mut inputs: Args) -> Result<Tensor> {
    let mut result = inputs.take(0)?;
    for position in 1..inputs.len() {
        result = combine(function, result, inputs.take(position)?)?;
    }
    Ok(result)
}

fn combine(function: &impl NumberFn2, a: Tensor, b: Tensor) -> Result<Tensor> {
    if a.dtype() != b.dtype() {
        return Err(Error::data(format!("arithmetic of {} with {}", a.dtype(), b.dtype())));
    }
    let shape = broadcast_sizes(&[a.shape(), b.shape()])?;
    by_number!(a.dtype(), T => combine_typed::<T>(function, a, b, shape))
}

fn combine_typed<T: Number>(
    function: &impl NumberFn2,
    a: Tensor,
    b: Tensor,
    shape: Vec<usize>,
) -> Result<Tensor> {
    if T::INTEGER && function.divides() && b.as_slice::<T>()?.contains(&T::default()) && !a.is_empty() {
        return Err(Error::data("division of an integer by 0"));
    }
    if a.shape() != shape && b.shape() == shape {
        let mut target = b.into_vec::<T>()?;
        combine_into(&mut target, &shape, a.as_slice::<T>()?, a.shape(), |b, a| function.call(a, b));
        return Tensor::from_vec(shape, target);
    }
    let mut target = stretched::<T>(a, &shape)?;
    combine_into(&mut target, &shape, b.as_slice::<T>()?, b.shape(), |a, b| function.call(a, b));
    Tensor::from_vec(shape, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};
    use crate::ops::{Op, Operand};

    #[test]
    fn broadcasts_both_ways() {
        let rows = floats([2, 1], &[10.0, 20.0]);
        let columns = floats([3], &[1.0, 2.0, 3.0]);
        assert_eq!(
            eval(Sub {}, [rows.clone(), columns.clone()]),
            floats([2, 3], &[9.0, 8.0, 7.0, 19.0, 18.0, 17.0])
        );
        assert_eq!(
            eval(Sub {}, [columns, counting([2, 3])]),
            floats([2, 3], &[1.0, 1.0, 1.0, -2.0, -2.0, -2.0])
        );
        eval_error(Add {}, [rows, counting([3, 3])]);
    }

    #[test]
    fn integers_divide_towards_zero() {
        let a = Tensor::vector(vec![7i32, -7, i32::MIN]);
        let b = Tensor::vector(vec![2i32, 2, -1]);
        assert_eq!(eval(Div {}, [a.clone(), b.clone()]), Tensor::vector(vec![3i32, -3, i32::MIN]));
        assert_eq!(eval(Mod::default(), [a.clone(), b.clone()]), Tensor::vector(vec![1i32, 1, 0]));
        assert_eq!(eval(Mod { fmod: true }, [a.clone(), b]), Tensor::vector(vec![1i32, -1, 0]));
        for op in [Op::from(Div {}), Op::from(Mod { fmod: false })] {
            eval_error(op, [a.clone(), Tensor::scalar(0i32)]);
        }
        eval_error(Add {}, [a, Tensor::scalar(1i64)]);
    }

    #[test]
    fn many_inputs() {
        let inputs = || [counting([2]), floats([2], &[3.0, f32::NAN]), floats([], &[2.0])];
        assert_eq!(eval(Sum {}, inputs()).as_slice::<f32>().unwrap()[0], 5.0);
        assert!(eval(Max {}, inputs()).as_slice::<f32>().unwrap()[1].is_nan());
        assert!(eval(Min {}, inputs()).as_slice::<f32>().unwrap()[1].is_nan());
        assert_eq!(eval(Mean {}, [counting([2]), floats([1], &[3.0])]), floats([2], &[1.5, 2.0]));
        assert_eq!(eval(Max {}, [counting([2])]), counting([2]));
        eval_error(Mean {}, [Tensor::scalar(1i32)]);
    }

    #[test]
    fn dimensions_follow() {
        let dims = [Dim::symbol("n"), Dim::Known(6)];
        let two = Tensor::vector(vec![1i64, 2]);
        let inputs = Inputs(vec![
            Some(Operand { ty: None, constant: None, dims: Some(&dims) }),
            Some(Operand { ty: None, constant: Some(&two), dims: None }),
        ]);
        assert_eq!(Mul {}.infer_dims(&inputs), Some(vec![Dim::symbol("n"), Dim::Known(12)]));
        assert_eq!(Add {}.infer_dims(&inputs), Some(vec![Dim::Any, Dim::Known(8)]));
        assert_eq!(Div {}.infer_dims(&inputs), Some(vec![Dim::symbol("n"), Dim::Known(3)]));
        assert_eq!(Mod::default().infer_dims(&inputs), Some(vec![Dim::Any, Dim::Known(0)]));
    }
}
