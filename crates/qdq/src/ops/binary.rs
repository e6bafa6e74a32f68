//! Elementwise arithmetic of two or more tensors, with broadcasting.

use super::op;

op! {
    /// `a + b`
    pub struct Add {}
}
op! {
    /// `a - b`
    pub struct Sub {}
}
op! {
    /// `a * b`
    pub struct Mul {}
}
op! {
    /// `a / b`; integers are truncated towards 0, and division of one by 0 is an error.
    pub struct Div {}
}
op! {
    /// `a` to the power of `b`, in the type of `a`.
    pub struct Pow {}
}
op! {
    /// Remainder of `a / b`; of integers by 0 an error.
    pub struct Mod {
        /// Truncate the quotient (sign of `a`, as `fmod` in C) instead of rounding it down (sign of `b`).
        pub fmod: bool = false,
    }
}
op! {
    /// Largest of all inputs; NaN if one is NaN.
    pub struct Max {}
}
op! {
    /// Smallest of all inputs; NaN if one is NaN.
    pub struct Min {}
}
op! {
    /// Sum of all inputs.
    pub struct Sum {}
}
op! {
    /// Mean of all inputs.
    pub struct Mean {}
}
pending!(Add, Sub, Mul, Div, Pow, Mod, Max, Min, Sum, Mean);
