//! Joining tensors and cutting them apart along an axis.

use super::op;

op! {
    /// Joins any number of inputs along an axis; all other dimensions are equal.
    pub struct Concat {
        /// Axis to join along; negative counts from the end. ONNX has no default.
        pub axis: i64 = 0,
    }
}

op! {
    /// Cuts along an axis. Inputs: data, `split` (sizes of the parts; optional, then equal parts with a smaller last one).
    pub struct Split {
        /// Axis to cut along; negative counts from the end.
        pub axis: i64 = 0,
        /// Number of parts where there is no input `split`; absent: as many as outputs.
        pub num_outputs: Option<usize> = None,
    }
}

super::pending!(Concat, Split);
