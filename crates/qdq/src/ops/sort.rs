//! Order of elements along an axis: positions of extremes, largest elements, running sums.

use super::op;

op! {
    /// Position of the largest element along an axis, as `i64`.
    pub struct ArgMax {
        /// Axis; negative counts from the end.
        pub axis: i64 = 0,
        /// Whether the axis stays, with size 1.
        pub keepdims: bool = true,
        /// Whether the last of equal elements counts rather than the first.
        pub select_last_index: bool = false,
    }
}

op! {
    /// Position of the smallest element along an axis, as `i64`.
    pub struct ArgMin {
        /// Axis; negative counts from the end.
        pub axis: i64 = 0,
        /// Whether the axis stays, with size 1.
        pub keepdims: bool = true,
        /// Whether the last of equal elements counts rather than the first.
        pub select_last_index: bool = false,
    }
}

op! {
    /// Running sums along an axis. Inputs: data, `axis` (scalar).
    pub struct CumSum {
        /// Whether an element is left out of its own sum.
        pub exclusive: bool = false,
        /// Whether sums run from the end.
        pub reverse: bool = false,
    }
}

op! {
    /// The `k` largest elements along an axis, and their positions as `i64`. Inputs: data, `k`.
    pub struct TopK {
        /// Axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Whether the largest rather than the smallest are taken.
        pub largest: bool = true,
        /// Whether they are given in order; else the order is not defined.
        pub sorted: bool = true,
    }
}

super::pending!(ArgMax, ArgMin, CumSum, TopK);
