//! Writing elements by index.

use super::{attr_enum, op};

attr_enum! {
    /// How an update combines with what is there.
    pub enum ScatterReduction {
        /// Replaces it; the last update wins.
        None = "none",
        /// Is added.
        Add = "add",
        /// Is multiplied.
        Mul = "mul",
        /// The larger one stays.
        Max = "max",
        /// The smaller one stays.
        Min = "min",
    }
}

op! {
    /// Writes elements along an axis, an index for each update. Inputs: data, indices, updates.
    pub struct ScatterElements {
        /// Axis of `data`; negative counts from the end.
        pub axis: i64 = 0,
        /// How an update combines with what is there.
        pub reduction: ScatterReduction = ScatterReduction::None,
    }
}

op! {
    /// Writes slices by index tuples, which are the last axis of the indices. Inputs: data, indices, updates.
    pub struct ScatterNd {
        /// How an update combines with what is there.
        pub reduction: ScatterReduction = ScatterReduction::None,
    }
}

super::pending!(ScatterElements, ScatterNd);
