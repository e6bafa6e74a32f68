//! Operations on the bits of integers.

use super::{attr_enum, op};

op! {
    /// Bits set in both inputs; they broadcast.
    pub struct BitwiseAnd {}
}

op! {
    /// Bits set in any input; they broadcast.
    pub struct BitwiseOr {}
}

op! {
    /// Bits set in one input only; they broadcast.
    pub struct BitwiseXor {}
}

op! {
    /// All bits inverted.
    pub struct BitwiseNot {}
}

attr_enum! {
    /// Where bits move.
    pub enum ShiftDirection {
        /// Towards the most significant bit.
        Left = "left",
        /// Towards the least significant bit.
        Right = "right",
    }
}

op! {
    /// Bits of the first input moved by as many places as the second says; they broadcast.
    pub struct BitShift {
        /// Where to; ONNX has no default.
        pub direction: ShiftDirection = ShiftDirection::Left,
    }
}

super::pending!(BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot, BitShift);
