//! Conversion between element types.

use super::op;
use crate::tensor::DType;

op! {
    /// Converts each element to another type.
    pub struct Cast {
        /// Element type of the output; ONNX has no default.
        pub to: DType = DType::F32,
    }
}

op! {
    /// Converts each element of the first input to the element type of the second.
    pub struct CastLike {}
}

super::pending!(Cast, CastLike);
