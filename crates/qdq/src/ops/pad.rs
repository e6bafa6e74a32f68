//! Padding.

use super::{attr_enum, op};

attr_enum! {
    /// What the padding consists of.
    pub enum PadMode {
        /// One value.
        Constant = "constant",
        /// The tensor mirrored at its first and last element, which are not repeated.
        Reflect = "reflect",
        /// The first or last element.
        Edge = "edge",
        /// The tensor again, as if its ends met.
        Wrap = "wrap",
    }
}

op! {
    /// Adds elements around a tensor, or removes them where a pad is negative.
    ///
    /// Inputs: data, `pads` (all begins, then all ends, in elements), `constant_value` (scalar, default 0),
    /// `axes` (default: all).
    pub struct Pad {
        /// What the padding consists of.
        pub mode: PadMode = PadMode::Constant,
    }
}

super::pending!(Pad);
