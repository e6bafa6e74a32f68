//! Elementwise functions of one tensor.

use super::op;

macro_rules! plain {
    ($( $(#[$meta:meta])* $name:ident; )*) => { $( op! { $(#[$meta])* pub struct $name {} } )* };
}
plain! {
    /// `-x`
    Neg;
    /// `|x|`
    Abs;
    /// −1, 0 or 1; NaN stays NaN.
    Sign;
    /// Square root.
    Sqrt;
    /// `1 / x`
    Reciprocal;
    /// e to the power of x.
    Exp;
    /// Natural logarithm.
    Log;
    /// Largest integer not above x.
    Floor;
    /// Smallest integer not below x.
    Ceil;
    /// Nearest integer, halves to the even one.
    Round;
    /// Error function.
    Erf;
    /// Sine of radians.
    Sin;
    /// Cosine of radians.
    Cos;
    /// Tangent of radians.
    Tan;
    /// Inverse sine, in radians.
    Asin;
    /// Inverse cosine, in radians.
    Acos;
    /// Inverse tangent, in radians.
    Atan;
    /// Hyperbolic sine.
    Sinh;
    /// Hyperbolic cosine.
    Cosh;
    /// Inverse hyperbolic sine.
    Asinh;
    /// Inverse hyperbolic cosine.
    Acosh;
    /// Inverse hyperbolic tangent.
    Atanh;
}
pending!(
    Neg, Abs, Sign, Sqrt, Reciprocal, Exp, Log, Floor, Ceil, Round, Erf, Sin, Cos, Tan, Asin, Acos, Atan,
    Sinh, Cosh, Asinh, Acosh, Atanh
);
