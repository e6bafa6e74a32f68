//! One-hot vectors, and selection by a mask.

use super::op;

op! {
    /// A new axis that is `on` at the index and `off` elsewhere. Inputs: indices, `depth` (scalar), values `[off, on]`.
    pub struct OneHot {
        /// Position of the new axis in the output; negative counts from the end.
        pub axis: i64 = -1,
    }
}

op! {
    /// Keeps the slices for which a condition is true. Inputs: data, condition (bool vector, may be shorter than the axis).
    pub struct Compress {
        /// Axis of the slices; negative counts from the end; absent: the elements of the flattened tensor.
        pub axis: Option<i64> = None,
    }
}

super::pending!(OneHot, Compress);
