//! Picking elements by index.

use super::op;

op! {
    /// Picks slices along an axis: `out[.., i, ..] = data[.., indices[i], ..]`. Inputs: data, indices.
    pub struct Gather {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
    }
}

op! {
    /// Picks elements along an axis, an index for each element of the output. Inputs: data, indices.
    pub struct GatherElements {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
    }
}

op! {
    /// Picks slices by index tuples, which are the last axis of the indices. Inputs: data, indices.
    pub struct GatherNd {
        /// Number of leading axes that data and indices share.
        pub batch_dims: usize = 0,
    }
}

super::pending!(Gather, GatherElements, GatherNd);
