//! Functions that turn the elements along one axis into a distribution.

use super::op;

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
pending!(Softmax, LogSoftmax, Hardmax);
