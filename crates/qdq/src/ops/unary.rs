//! Elementwise functions of one tensor.

use super::elementwise::{FloatFn, NumberFn, elementwise_op};
use super::numeric::{Float, Number};
use super::{QuantRule, op};
use crate::kernels::math::Unary;

macro_rules! of_floats {
    ($( $(#[$meta:meta])* $name:ident $([$kernel:expr])? = |$x:ident| $value:expr; )*) => {$(
        op! {
            $(#[$meta])*
            pub struct $name {}
        }
        impl FloatFn for $name {
            fn call<T: Float>(&self, $x: T) -> T {
                $value
            }
            $( fn kernel(&self) -> Option<Unary> {
                Some($kernel)
            } )?
        }
        elementwise_op!($name, infer_floats, map_floats, QuantRule::COMPUTE);
    )*};
}

macro_rules! of_numbers {
    ($( $(#[$meta:meta])* $name:ident = |$x:ident| $value:expr; )*) => {$(
        op! {
            $(#[$meta])*
            pub struct $name {}
        }
        impl NumberFn for $name {
            fn call<T: Number>(&self, $x: T) -> T {
                $value
            }
        }
        elementwise_op!($name, infer_numbers, map_numbers, QuantRule::COMPUTE);
    )*};
}

of_numbers! {
    /// `-x`; the smallest integer stays itself.
    Neg = |x| x.negated();
    /// `|x|`; the smallest integer stays itself.
    Abs = |x| x.magnitude();
    /// −1, 0 or 1; NaN stays NaN.
    Sign = |x| if x > T::default() {
        T::ONE
    } else if x < T::default() {
        T::ONE.negated()
    } else if x.is_nan() {
        x
    } else {
        T::default()
    };
}

of_floats! {
    /// Square root.
    Sqrt [Unary::Sqrt] = |x| x.sqrt();
    /// `1 / x`
    Reciprocal [Unary::Reciprocal] = |x| T::ONE.over(x);
    /// e to the power of x.
    Exp [Unary::Exp] = |x| x.exp();
    /// Natural logarithm.
    Log [Unary::Log] = |x| x.ln();
    /// Largest integer not above x.
    Floor = |x| x.floor();
    /// Smallest integer not below x.
    Ceil = |x| x.ceil();
    /// Nearest integer, halves to the even one.
    Round = |x| x.round_ties_even();
    /// Error function.
    Erf [Unary::Erf] = |x| x.erf();
    /// Sine of radians.
    Sin = |x| x.sin();
    /// Cosine of radians.
    Cos = |x| x.cos();
    /// Tangent of radians.
    Tan = |x| x.tan();
    /// Inverse sine, in radians.
    Asin = |x| x.asin();
    /// Inverse cosine, in radians.
    Acos = |x| x.acos();
    /// Inverse tangent, in radians.
    Atan = |x| x.atan();
    /// Hyperbolic sine.
    Sinh = |x| x.sinh();
    /// Hyperbolic cosine.
    Cosh = |x| x.cosh();
    /// Inverse hyperbolic sine.
    Asinh = |x| x.asinh();
    /// Inverse hyperbolic cosine.
    Acosh = |x| x.acosh();
    /// Inverse hyperbolic tangent.
    Atanh = |x| x.atanh();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, eval_error};
    use crate::tensor::Tensor;

    #[test]
    fn rounds_halves_to_even() {
        let x = Tensor::vector(vec![0.5f32, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4]);
        assert_eq!(eval(Round {}, [x]), Tensor::vector(vec![0.0f32, 2.0, 2.0, -0.0, -2.0, -2.0, 2.0]));
    }

    #[test]
    fn integers_and_halves_keep_their_type() {
        assert_eq!(eval(Neg {}, [Tensor::vector(vec![1i8, -128])]), Tensor::vector(vec![-1i8, -128]));
        assert_eq!(eval(Sign {}, [Tensor::vector(vec![7u16, 0])]), Tensor::vector(vec![1u16, 0]));
        let halves = |values: [f32; 2]| Tensor::vector(values.map(half::f16::from_f32).to_vec());
        assert_eq!(eval(Sqrt {}, [halves([4.0, 2.25])]), halves([2.0, 1.5]));
    }

    #[test]
    fn doubles_keep_their_precision() {
        let y = eval(Exp {}, [Tensor::scalar(1.0f64)]);
        assert_eq!(y, Tensor::scalar(std::f64::consts::E));
    }

    #[test]
    fn other_types_are_errors() {
        eval_error(Exp {}, [Tensor::scalar(1i32)]);
        eval_error(Abs {}, [Tensor::scalar(true)]);
        eval_error(Abs {}, []);
    }
}
