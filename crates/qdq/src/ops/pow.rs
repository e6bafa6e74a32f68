//! Powers: unlike other arithmetic, base and exponent may differ in type.

use super::elementwise::{combine_into, require_number, stretched};
use super::infer::{broadcast, broadcast_sizes};
use super::numeric::{Float, Number, with_halves_widened};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor, TensorType};

op! {
    /// `a` to the power of `b`, in the type of `a`: a float, i32 or i64. Integer powers wrap;
    /// negative and fractional powers of integers go by f64 and saturate.
    pub struct Pow {}
}

impl OpDef for Pow {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        require_number(inputs, 1)?;
        if inputs.ty(0).is_none() {
            return Ok(Vec::new());
        }
        let shape = broadcast(&[inputs.shape(0), inputs.shape(1)])?;
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |mut inputs| {
            let (base, exponent) = (inputs.take(0)?, inputs.take(1)?);
            let power = match base.dtype() {
                DType::F32 => float_powers::<f32>(base, &exponent),
                DType::F64 => float_powers::<f64>(base, &exponent),
                DType::I32 => integer_powers::<i32>(base, &exponent),
                DType::I64 => integer_powers::<i64>(base, &exponent),
                dtype => Err(Error::data(format!("a power of {dtype}"))),
            };
            Ok(vec![power?])
        })
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::COMPUTE
    }
}

fn float_powers<T: Float>(base: Tensor, exponent: &Tensor) -> Result<Tensor> {
    let exponents: Vec<T> = exponent.to_f64_vec()?.into_iter().map(T::from_f64).collect();
    let one = if let [one] = exponents[..] { Some(one.as_f64()) } else { None };
    // The usual exponents are exact, and much faster, as products.
    match one {
        Some(2.0) => powers(base, &exponents, exponent.shape(), |x: T, _| x.times(x)),
        Some(3.0) => powers(base, &exponents, exponent.shape(), |x: T, _| x.times(x).times(x)),
        Some(0.5) => powers(base, &exponents, exponent.shape(), |x: T, _| x.sqrt()),
        _ => powers(base, &exponents, exponent.shape(), T::power),
    }
}

fn integer_powers<T: Number>(base: Tensor, exponent: &Tensor) -> Result<Tensor> {
    if let Ok(exponents) = exponent.to_i64_vec() {
        return powers(base, &exponents, exponent.shape(), integer_power::<T>);
    }
    let by_f64 = |x: T, y: f64| T::from_f64(x.as_f64().powf(y));
    powers(base, &exponent.to_f64_vec()?, exponent.shape(), by_f64)
}

fn integer_power<T: Number>(base: T, exponent: i64) -> T {
    if exponent < 0 {
        return T::from_f64(base.as_f64().powf(exponent as f64));
    }
    let (mut power, mut square, mut rest) = (T::ONE, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            power = power.times(square);
        }
        square = square.times(square);
        rest >>= 1;
    }
    power
}

fn powers<T: Number, U: Number>(
    base: Tensor,
    exponents: &[U],
    exponent_shape: &[usize],
    power: impl Fn(T, U) -> T + Sync,
) -> Result<Tensor> {
    let shape = broadcast_sizes(&[base.shape(), exponent_shape])?;
    let mut target = stretched::<T>(base, &shape)?;
    combine_into(&mut target, &shape, exponents, exponent_shape, power);
    Tensor::from_vec(shape, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    #[test]
    fn types_mix() {
        let base = floats([3], &[1.0, 2.0, 3.0]);
        assert_eq!(eval(Pow {}, [base.clone(), Tensor::scalar(2i64)]), floats([3], &[1.0, 4.0, 9.0]));
        assert_eq!(eval(Pow {}, [base, floats([3], &[4.0, 5.0, 0.0])]), floats([3], &[1.0, 32.0, 1.0]));
        let base = Tensor::vector(vec![2i32, -3, 0]);
        assert_eq!(eval(Pow {}, [base.clone(), Tensor::scalar(3u8)]), Tensor::vector(vec![8i32, -27, 0]));
        assert_eq!(eval(Pow {}, [base.clone(), Tensor::scalar(2.0f32)]), Tensor::vector(vec![4i32, 9, 0]));
        assert_eq!(eval(Pow {}, [base, Tensor::scalar(-1i32)]), Tensor::vector(vec![0i32, 0, i32::MAX]));
    }

    #[test]
    fn bad_types_are_errors() {
        eval_error(Pow {}, [Tensor::scalar(1u8), Tensor::scalar(1u8)]);
        eval_error(Pow {}, [Tensor::scalar(true), counting([2])]);
        eval_error(Pow {}, [counting([2]), counting([3])]);
    }
}
