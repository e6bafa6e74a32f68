//! Moving elements to other places: expand, transpose, tile.

use super::op;

op! {
    /// Repeats along axes of size 1, as broadcasting does. Inputs: data, `shape` (broadcast with the shape of data).
    pub struct Expand {}
}

op! {
    /// Reorders the axes.
    pub struct Transpose {
        /// Axis `i` of the output is axis `perm[i]` of the input; absent: reversed.
        pub perm: Option<Vec<usize>> = None,
    }
}

op! {
    /// Repeats the whole tensor along each axis. Inputs: data, `repeats` (one for each axis).
    pub struct Tile {}
}

super::pending!(Expand, Transpose, Tile);
