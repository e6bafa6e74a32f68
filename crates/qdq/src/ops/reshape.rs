//! The same elements in another shape; nothing is copied.

use super::op;

op! {
    /// Its input.
    pub struct Identity {}
}

op! {
    /// Another shape for the same elements. Inputs: data, `shape` (one −1 stands for what is left, 0 for the input's size).
    pub struct Reshape {
        /// Whether 0 in `shape` means 0 rather than the input's size there.
        pub allowzero: bool = false,
    }
}

op! {
    /// A matrix: the axes before `axis` are its rows, the others its columns.
    pub struct Flatten {
        /// First axis of the columns; negative counts from the end.
        pub axis: i64 = 1,
    }
}

op! {
    /// Drops axes of size 1. Inputs: data, `axes` (optional; default all of size 1).
    pub struct Squeeze {}
}

op! {
    /// Inserts axes of size 1. Inputs: data, `axes` (positions in the output).
    pub struct Unsqueeze {}
}

super::pending!(Identity, Reshape, Flatten, Squeeze, Unsqueeze);
