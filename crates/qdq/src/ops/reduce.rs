//! Reductions over axes.

use super::op;

/// Declares a reduction; all have the same attributes.
macro_rules! reduction {
    ($(#[$meta:meta])* $name:ident) => {
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
    };
}

reduction! {
    /// Sum of magnitudes.
    ReduceL1
}
reduction! {
    /// Square root of the sum of squares.
    ReduceL2
}
reduction! {
    /// Logarithm of the sum.
    ReduceLogSum
}
reduction! {
    /// Logarithm of the sum of exponentials, computed without overflow.
    ReduceLogSumExp
}
reduction! {
    /// Largest element.
    ReduceMax
}
reduction! {
    /// Arithmetic mean.
    ReduceMean
}
reduction! {
    /// Smallest element.
    ReduceMin
}
reduction! {
    /// Product.
    ReduceProd
}
reduction! {
    /// Sum.
    ReduceSum
}
reduction! {
    /// Sum of squares.
    ReduceSumSquare
}

super::pending!(
    ReduceL1,
    ReduceL2,
    ReduceLogSum,
    ReduceLogSumExp,
    ReduceMax,
    ReduceMean,
    ReduceMin,
    ReduceProd,
    ReduceSum,
    ReduceSumSquare
);
