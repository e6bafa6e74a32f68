//! Tensors made from a shape or a few numbers.

use super::{Attr, AttrType, op};
use crate::tensor::DType;

op! {
    /// A tensor filled with one number. Input: its shape.
    pub struct ConstantOfShape {
        /// Element type.
        pub dtype: DType = DType::F32,
        /// The number, converted to the element type.
        pub value: Scalar = Scalar::Int(0),
    }
}

op! {
    /// `start`, `start + delta`, … as long as `limit` is not reached. Inputs: scalars `start`, `limit`, `delta` of one type.
    pub struct Range {}
}

op! {
    /// A matrix of the shape of the input with ones on a diagonal.
    pub struct EyeLike {
        /// Element type; absent: that of the input.
        pub dtype: Option<DType> = None,
        /// Which diagonal; positive ones lie above the main diagonal.
        pub k: i64 = 0,
    }
}

/// A number of any element type, as an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// For integer types.
    Int(i64),
    /// For float types.
    Float(f32),
    /// For bool.
    Bool(bool),
}

impl AttrType for Scalar {
    fn to_attr(&self) -> Attr {
        match *self {
            Scalar::Int(int) => Attr::Int(int),
            Scalar::Float(float) => Attr::Float(float),
            Scalar::Bool(bool) => Attr::Bool(bool),
        }
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Int(int) => Some(Scalar::Int(*int)),
            Attr::Float(float) => Some(Scalar::Float(*float)),
            Attr::Bool(bool) => Some(Scalar::Bool(*bool)),
            _ => None,
        }
    }
}

super::pending!(ConstantOfShape, Range, EyeLike);
