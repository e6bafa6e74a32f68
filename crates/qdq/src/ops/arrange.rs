//! Rearranging within a tensor: depth and space, triangles, sequences, positions of non-zeros.

use super::{attr_enum, op};

attr_enum! {
    /// How channels and the positions within a block are ordered.
    pub enum DepthMode {
        /// Depth, column, row: a channel is `(row, column, depth)`.
        Dcr = "dcr",
        /// Column, row, depth: a channel is `(depth, row, column)`.
        Crd = "crd",
    }
}

op! {
    /// Moves blocks of channels into space: `[n, c·b², h, w]` to `[n, c, h·b, w·b]`.
    pub struct DepthToSpace {
        /// Side of a block, in elements; at least 1.
        pub blocksize: usize = 1,
        /// Order of the channels.
        pub mode: DepthMode = DepthMode::Dcr,
    }
}

op! {
    /// Moves blocks of space into channels: `[n, c, h·b, w·b]` to `[n, c·b², h, w]`.
    pub struct SpaceToDepth {
        /// Side of a block, in elements; at least 1.
        pub blocksize: usize = 1,
        /// Order of the channels.
        pub mode: DepthMode = DepthMode::Dcr,
    }
}

op! {
    /// Keeps one triangle of the last two axes and zeroes the rest. Inputs: data, `k` (scalar, default 0: the diagonal).
    pub struct Trilu {
        /// Whether the upper triangle is kept.
        pub upper: bool = true,
    }
}

op! {
    /// Positions of the elements that are not zero, as `i64[rank, count]` in row-major order.
    pub struct NonZero {}
}

op! {
    /// Reverses the first `sequence_lens[b]` steps of each batch entry `b`. Inputs: data, `sequence_lens`.
    pub struct ReverseSequence {
        /// Axis of the batch, 0 or 1.
        pub batch_axis: i64 = 1,
        /// Axis of the steps, the other of 0 and 1.
        pub time_axis: i64 = 0,
    }
}

super::pending!(DepthToSpace, SpaceToDepth, Trilu, NonZero, ReverseSequence);
