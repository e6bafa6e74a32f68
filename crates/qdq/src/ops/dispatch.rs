//! One generic function for all element types: what moves elements does not look at them.

use crate::error::{Error, Result};
use crate::tensor::{Data, Tensor, element_count};

/// Most elements that an op makes; a larger output is refused rather than allocated.
pub(crate) const MAX_ELEMENTS: usize = 1 << 30;

/// Number of elements of an output of this shape; an error if it is absurd.
pub(crate) fn output_count(shape: &[usize]) -> Result<usize> {
    element_count(shape)
        .filter(|&count| count <= MAX_ELEMENTS)
        .ok_or_else(|| Error::data(format!("an output of shape {shape:?} is too large")))
}

/// Sizes read from data; an error for a negative one.
pub(crate) fn sizes(numbers: &[i64]) -> Result<Vec<usize>> {
    let size = |&number: &i64| {
        usize::try_from(number).map_err(|_| Error::data(format!("a dimension of size {number}")))
    };
    numbers.iter().map(size).collect()
}

/// The only element of an integer tensor.
pub(crate) fn only_int(tensor: &Tensor) -> Result<i64> {
    match tensor.to_i64_vec()?[..] {
        [int] => Ok(int),
        _ => Err(Error::data(format!("{} numbers where one is needed", tensor.len()))),
    }
}

/// An index read from data, which may count from the end.
pub(crate) fn resolve_index(index: i64, size: usize) -> Result<usize> {
    let resolved = if index < 0 { index.wrapping_add(size as i64) } else { index };
    usize::try_from(resolved)
        .ok()
        .filter(|&resolved| resolved < size)
        .ok_or_else(|| Error::data(format!("index {index} of an axis of size {size}")))
}

/// Product of sizes, which may be large only if another size of the tensor is 0 and there are no elements.
pub(crate) fn span(dims: &[usize]) -> usize {
    dims.iter().fold(1, |product, &dim| product.saturating_mul(dim))
}

/// Number of elements before, along and after an axis, for loops over slices of an axis.
pub(crate) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (span(&shape[..axis]), shape[axis], span(&shape[axis + 1..]))
}

/// A Rust type that elements are stored in; `i8` holds two element types.
pub(crate) trait Stored: Clone + Default + PartialEq + Send + Sync + 'static {
    /// The elements, if they are stored in this type.
    fn view(data: &Data) -> Option<&[Self]>;
}

macro_rules! stored {
    ($($element:ty: $($variant:ident)|+;)*) => {$(
        impl Stored for $element {
            fn view(data: &Data) -> Option<&[Self]> {
                match data {
                    $(Data::$variant(elements))|+ => Some(elements),
                    _ => None,
                }
            }
        }
    )*};
}

stored! {
    f32: F32; f64: F64; half::f16: F16; half::bf16: Bf16;
    i8: I8 | I4 | I2; i16: I16; u16: U16; i32: I32; u32: U32; i64: I64; u64: U64;
    bool: Bool; Vec<u8>: Str;
}

impl Stored for u8 {
    fn view(data: &Data) -> Option<&[Self]> {
        match data {
            Data::U8(elements) | Data::U4(elements) | Data::U2(elements) | Data::Small(_, elements) => {
                Some(elements)
            }
            _ => None,
        }
    }
}

/// The elements of a second input that must be of the same type as the first.
pub(crate) fn like<'a, T: Stored>(_first: &[T], second: &'a Tensor) -> Result<&'a [T]> {
    T::view(second.data())
        .ok_or_else(|| Error::data(format!("an input of {} differs from the others", second.dtype())))
}

/// Maps `&Data` to `Data` of the same type: binds `$elements` to the typed slice, `$body` gives the new elements.
macro_rules! map_data {
    ($data:expr, $elements:ident => $body:expr) => {
        $crate::ops::dispatch::map_data!(@arms $data, $elements, $body,
            F32 F64 F16 Bf16 I8 U8 I16 U16 I32 U32 I64 U64 I4 U4 I2 U2 Bool)
    };
    (@arms $data:expr, $elements:ident, $body:expr, $($variant:ident)*) => {
        match $data {
            $($crate::tensor::Data::$variant(elements) => {
                let $elements: &[_] = elements;
                $crate::tensor::Data::$variant($crate::tensor::Buffer::from($body))
            })*
            $crate::tensor::Data::Small(float, elements) => {
                let $elements: &[u8] = elements;
                $crate::tensor::Data::Small(*float, $crate::tensor::Buffer::from($body))
            }
            $crate::tensor::Data::Str(elements) => {
                let $elements: &[Vec<u8>] = elements;
                $crate::tensor::Data::Str(std::sync::Arc::new($body))
            }
        }
    };
}
pub(crate) use map_data;

/// Like [`map_data!`] for `$body` of another type, which is the result.
macro_rules! with_data {
    ($data:expr, $elements:ident => $body:expr) => {
        $crate::ops::dispatch::with_data!(@arms $data, $elements, $body,
            F32 F64 F16 Bf16 I8 U8 I16 U16 I32 U32 I64 U64 I4 U4 I2 U2 Bool Str)
    };
    (@arms $data:expr, $elements:ident, $body:expr, $($variant:ident)*) => {
        match $data {
            $crate::tensor::Data::Small(_, elements) => {
                let $elements: &[u8] = elements;
                $body
            }
            $($crate::tensor::Data::$variant(elements) => {
                let $elements: &[_] = elements;
                $body
            })*
        }
    };
}
pub(crate) use with_data;

/// Maps numeric `&Data` to `Data` of the same type; an error for bools, strings and 4-bit integers.
macro_rules! map_numbers {
    ($data:expr, $elements:ident => $body:expr) => {
        $crate::ops::dispatch::map_numbers!(@arms $data, $elements, $body,
            F32 F64 F16 Bf16 I8 U8 I16 U16 I32 U32 I64 U64)
    };
    (@arms $data:expr, $elements:ident, $body:expr, $($variant:ident)*) => {
        match $data {
            $($crate::tensor::Data::$variant(elements) => {
                let $elements: &[_] = elements;
                $crate::tensor::Data::$variant($crate::tensor::Buffer::from($body))
            })*
            other => return Err($crate::ops::dispatch::no_numbers(other.dtype())),
        }
    };
}
pub(crate) use map_numbers;

/// An input of a type that the op does not take.
pub(crate) fn no_numbers(dtype: crate::tensor::DType) -> Error {
    Error::data(format!("a tensor of {dtype} where numbers are needed"))
}
