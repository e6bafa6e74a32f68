//! Comparisons, which give bools.

use super::broadcasting::{infer_broadcast, stretched_pair, zip};
use super::dispatch::{like, with_data};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Data, Tensor, TensorType};

op! {
    /// Whether elements are equal; the inputs broadcast.
    pub struct Equal {}
}

op! {
    /// Whether elements of the first input are greater; the inputs broadcast.
    pub struct Greater {}
}

op! {
    /// Whether elements of the first input are greater or equal; the inputs broadcast.
    pub struct GreaterOrEqual {}
}

op! {
    /// Whether elements of the first input are less; the inputs broadcast.
    pub struct Less {}
}

op! {
    /// Whether elements of the first input are less or equal; the inputs broadcast.
    pub struct LessOrEqual {}
}

op! {
    /// Whether floats are not a number.
    pub struct IsNan {}
}

op! {
    /// Whether floats are infinite.
    pub struct IsInf {
        /// Whether −∞ counts.
        pub detect_negative: bool = true,
        /// Whether +∞ counts.
        pub detect_positive: bool = true,
    }
}

macro_rules! comparison {
    ($($name:ident: $function:expr;)*) => {$(
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(2)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer_broadcast(inputs, DType::Bool)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let (first, second, shape) = stretched_pair(&inputs)?;
                let compared = with_data!(first.data(), first => zip(first, like(first, &second)?, $function));
                Ok(vec![Tensor::from_vec(shape, compared)?])
            }
        }
    )*};
}

comparison! {
    Equal: PartialEq::eq;
    Greater: PartialOrd::gt;
    GreaterOrEqual: PartialOrd::ge;
    Less: PartialOrd::lt;
    LessOrEqual: PartialOrd::le;
}

/// Whether a condition holds of each float.
fn floats_that(inputs: &Args, condition: impl Fn(f64) -> bool) -> Result<Vec<Tensor>> {
    let tensor = inputs.get(0)?;
    let bools = match tensor.data() {
        Data::F32(elements) => elements.iter().map(|&element| condition(f64::from(element))).collect(),
        Data::F64(elements) => elements.iter().map(|&element| condition(element)).collect(),
        Data::F16(elements) => elements.iter().map(|element| condition(element.to_f64())).collect(),
        Data::Bf16(elements) => elements.iter().map(|element| condition(element.to_f64())).collect(),
        other => return Err(Error::data(format!("a tensor of {} where floats are needed", other.dtype()))),
    };
    Ok(vec![Tensor::from_vec::<bool>(tensor.shape().to_vec(), bools)?])
}

impl OpDef for IsNan {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(DType::Bool, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        floats_that(&inputs, f64::is_nan)
    }
}

impl OpDef for IsInf {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(DType::Bool, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let counts = |float: f64| {
            (float == f64::INFINITY && self.detect_positive)
                || (float == f64::NEG_INFINITY && self.detect_negative)
        };
        floats_that(&inputs, counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    fn bools(tensor: &Tensor) -> Vec<bool> {
        tensor.as_slice().unwrap().to_vec()
    }

    #[test]
    fn compares() {
        let pair = || [counting([3]), Tensor::scalar(1f32)];
        assert_eq!(bools(&eval(Equal {}, pair())), [false, true, false]);
        assert_eq!(bools(&eval(Greater {}, pair())), [false, false, true]);
        assert_eq!(bools(&eval(GreaterOrEqual {}, pair())), [false, true, true]);
        assert_eq!(bools(&eval(Less {}, pair())), [true, false, false]);
        assert_eq!(bools(&eval(LessOrEqual {}, pair())), [true, true, false]);
        assert_eq!(eval(Equal {}, [counting([3, 1]), counting([1, 2])]).shape(), [3, 2]);
        assert_eq!(eval(Equal {}, [counting([0]), counting([1])]).shape(), [0]);
        eval_error(Equal {}, [counting([3]), counting([2])]);
        eval_error(Less {}, [counting([3]), Tensor::scalar(1i64)]);
    }

    #[test]
    fn finds_what_is_no_number() {
        let data = || floats([4], &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0]);
        assert_eq!(bools(&eval(IsNan {}, [data()])), [true, false, false, false]);
        assert_eq!(bools(&eval(IsInf::default(), [data()])), [false, true, true, false]);
        let positive = IsInf { detect_negative: false, detect_positive: true };
        assert_eq!(bools(&eval(positive, [data()])), [false, true, false, false]);
        eval_error(IsNan {}, [Tensor::scalar(1i64)]);
    }
}
