//! Element types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of one element of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of binary32.
    Bf16,
    /// 8-bit signed integer.
    I8,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit signed integer.
    I16,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit signed integer.
    I32,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit signed integer.
    I64,
    /// 64-bit unsigned integer.
    U64,
    /// 4-bit signed integer, −8 to 7; one byte each in memory.
    I4,
    /// 4-bit unsigned integer, 0 to 15; one byte each in memory.
    U4,
    /// 2-bit signed integer, −2 to 1; one byte each in memory.
    I2,
    /// 2-bit unsigned integer, 0 to 3; one byte each in memory.
    U2,
    /// 8-bit float, 4 bits of exponent; see [`super::SmallFloat`].
    F8E4m3fn,
    /// 8-bit float, 4 bits of exponent, one zero.
    F8E4m3fnuz,
    /// 8-bit float, 5 bits of exponent.
    F8E5m2,
    /// 8-bit float, 5 bits of exponent, one zero.
    F8E5m2fnuz,
    /// 8-bit power of two.
    F8E8m0,
    /// 4-bit float; one byte each in memory.
    F4E2m1,
    /// True or false.
    Bool,
    /// A string of bytes.
    Str,
}

impl DType {
    /// All element types.
    pub const ALL: [DType; 24] = [
        DType::F32,
        DType::F64,
        DType::F16,
        DType::Bf16,
        DType::I8,
        DType::U8,
        DType::I16,
        DType::U16,
        DType::I32,
        DType::U32,
        DType::I64,
        DType::U64,
        DType::I4,
        DType::U4,
        DType::I2,
        DType::U2,
        DType::F8E4m3fn,
        DType::F8E4m3fnuz,
        DType::F8E5m2,
        DType::F8E5m2fnuz,
        DType::F8E8m0,
        DType::F4E2m1,
        DType::Bool,
        DType::Str,
    ];

    /// Name in text, as `f32`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::F16 => "f16",
            DType::Bf16 => "bf16",
            DType::I8 => "i8",
            DType::U8 => "u8",
            DType::I16 => "i16",
            DType::U16 => "u16",
            DType::I32 => "i32",
            DType::U32 => "u32",
            DType::I64 => "i64",
            DType::U64 => "u64",
            DType::I4 => "i4",
            DType::U4 => "u4",
            DType::I2 => "i2",
            DType::U2 => "u2",
            DType::F8E4m3fn => "f8e4m3fn",
            DType::F8E4m3fnuz => "f8e4m3fnuz",
            DType::F8E5m2 => "f8e5m2",
            DType::F8E5m2fnuz => "f8e5m2fnuz",
            DType::F8E8m0 => "f8e8m0",
            DType::F4E2m1 => "f4e2m1",
            DType::Bool => "bool",
            DType::Str => "str",
        }
    }

    /// Whether it is a floating-point type to compute in; those of 8 bits and fewer are for storage only.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64 | DType::F16 | DType::Bf16)
    }

    /// Smallest and largest value of an integer type up to 32 bits, as used for storage of quantized values.
    pub fn integer_range(self) -> Option<(i32, i32)> {
        Some(match self {
            DType::I2 => (-2, 1),
            DType::U2 => (0, 3),
            DType::I4 => (-8, 7),
            DType::U4 => (0, 15),
            DType::I8 => (-128, 127),
            DType::U8 => (0, 255),
            DType::I16 => (-32_768, 32_767),
            DType::U16 => (0, 65_535),
            DType::I32 => (i32::MIN, i32::MAX),
            _ => return None,
        })
    }

    /// Size of one element in bits when stored packed; strings have none.
    pub fn bits(self) -> Option<usize> {
        Some(match self {
            DType::I2 | DType::U2 => 2,
            DType::I4 | DType::U4 | DType::F4E2m1 => 4,
            DType::I8
            | DType::U8
            | DType::Bool
            | DType::F8E4m3fn
            | DType::F8E4m3fnuz
            | DType::F8E5m2
            | DType::F8E5m2fnuz
            | DType::F8E8m0 => 8,
            DType::F16 | DType::Bf16 | DType::I16 | DType::U16 => 16,
            DType::F32 | DType::I32 | DType::U32 => 32,
            DType::F64 | DType::I64 | DType::U64 => 64,
            DType::Str => return None,
        })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        DType::ALL.into_iter().find(|dtype| dtype.name() == name).ok_or(())
    }
}
