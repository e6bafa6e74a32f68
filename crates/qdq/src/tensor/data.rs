//! Tensors: a shape and its numbers.

use std::fmt;
use std::sync::Arc;

use half::{bf16, f16};

use super::buffer::Viewable;
use super::{Buffer, DType, SmallFloat, TensorType};
use crate::error::{Error, Result};

/// A Rust type that tensors hold.
pub trait Element: Copy + Send + Sync + PartialEq + fmt::Debug + Viewable + 'static {
    /// Its element type.
    const DTYPE: DType;

    /// The elements as data of this type.
    fn into_data(elements: Buffer<Self>) -> Data;

    /// The elements, if the data is of this type.
    fn from_data(data: &Data) -> Option<&Buffer<Self>>;

    /// The elements, if the data is of this type.
    fn take_data(data: Data) -> Option<Buffer<Self>>;
}

macro_rules! data {
    ($($variant:ident $element:ty),* $(,)?) => {
        /// The numbers of a tensor, by element type. Integers of 2 and 4 bits take a byte each, and small floats.
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "named as in `DType`")]
        pub enum Data {
            $($variant(Buffer<$element>),)*
            I4(Buffer<i8>),
            U4(Buffer<u8>),
            I2(Buffer<i8>),
            U2(Buffer<u8>),
            Small(SmallFloat, Buffer<u8>),
            Str(Arc<Vec<Vec<u8>>>),
        }

        impl Data {
            /// Element type.
            pub fn dtype(&self) -> DType {
                match self {
                    $(Data::$variant(_) => DType::$variant,)*
                    Data::I4(_) => DType::I4,
                    Data::U4(_) => DType::U4,
                    Data::I2(_) => DType::I2,
                    Data::U2(_) => DType::U2,
                    Data::Small(float, _) => float.dtype(),
                    Data::Str(_) => DType::Str,
                }
            }

            /// Number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Data::$variant(elements) => elements.len(),)*
                    Data::I4(elements) | Data::I2(elements) => elements.len(),
                    Data::U4(elements) | Data::U2(elements) | Data::Small(_, elements) => elements.len(),
                    Data::Str(elements) => elements.len(),
                }
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        $(impl Element for $element {
            const DTYPE: DType = DType::$variant;

            fn into_data(elements: Buffer<Self>) -> Data {
                Data::$variant(elements)
            }

            fn from_data(data: &Data) -> Option<&Buffer<Self>> {
                match data {
                    Data::$variant(elements) => Some(elements),
                    _ => None,
                }
            }

            fn take_data(data: Data) -> Option<Buffer<Self>> {
                match data {
                    Data::$variant(elements) => Some(elements),
                    _ => None,
                }
            }
        })*
    };
}

data! {
    F32 f32, F64 f64, F16 f16, Bf16 bf16,
    I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64,
    Bool bool,
}

/// Runs `$body` with `$elements` bound to the typed slice of numeric data; `$other` for bool, strings and small floats.
macro_rules! with_numbers {
    ($data:expr, $elements:ident => $body:expr, else $other:expr) => {
        match $data {
            $crate::tensor::Data::F32($elements) => $body,
            $crate::tensor::Data::F64($elements) => $body,
            $crate::tensor::Data::F16($elements) => $body,
            $crate::tensor::Data::Bf16($elements) => $body,
            $crate::tensor::Data::I8($elements)
            | $crate::tensor::Data::I4($elements)
            | $crate::tensor::Data::I2($elements) => $body,
            $crate::tensor::Data::U8($elements)
            | $crate::tensor::Data::U4($elements)
            | $crate::tensor::Data::U2($elements) => $body,
            $crate::tensor::Data::I16($elements) => $body,
            $crate::tensor::Data::U16($elements) => $body,
            $crate::tensor::Data::I32($elements) => $body,
            $crate::tensor::Data::U32($elements) => $body,
            $crate::tensor::Data::I64($elements) => $body,
            $crate::tensor::Data::U64($elements) => $body,
            $crate::tensor::Data::Bool(_)
            | $crate::tensor::Data::Small(..)
            | $crate::tensor::Data::Str(_) => $other,
        }
    };
}
pub(crate) use with_numbers;

/// A shape and its numbers, row-major. Cloning shares the numbers.
#[derive(Clone)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

impl Tensor {
    /// Gives back the memory of numbers that lie in a mapped file; they are read again when they are needed.
    pub fn give_back(&self) {
        super::pages::give_back(
            with_numbers!(&self.data, elements => bytemuck::cast_slice(elements), else &[]),
        );
    }

    /// A tensor of this shape; an error if the number of elements differs.
    pub fn new(shape: Vec<usize>, data: Data) -> Result<Self> {
        let expected = element_count(&shape);
        if expected != Some(data.len()) {
            return Err(Error::data(format!("{} elements do not fill the shape {shape:?}", data.len())));
        }
        Ok(Self { shape, data })
    }

    /// A tensor of this shape; an error if the number of elements differs.
    pub fn from_vec<T: Element>(shape: Vec<usize>, elements: Vec<T>) -> Result<Self> {
        Self::new(shape, T::into_data(elements.into()))
    }

    /// A one-dimensional tensor.
    pub fn vector<T: Element>(elements: Vec<T>) -> Self {
        Self { shape: vec![elements.len()], data: T::into_data(elements.into()) }
    }

    /// A tensor without dimensions.
    pub fn scalar<T: Element>(element: T) -> Self {
        Self { shape: Vec::new(), data: T::into_data(vec![element].into()) }
    }

    /// Dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The numbers.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The numbers, given up by the tensor.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// Its type: all dimensions known.
    pub fn tensor_type(&self) -> TensorType {
        TensorType::known(self.dtype(), &self.shape)
    }

    /// The elements; an error if they are of another type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        match T::from_data(&self.data) {
            Some(elements) => Ok(elements),
            None => Err(Error::data(format!("a tensor of {} where {} is needed", self.dtype(), T::DTYPE))),
        }
    }

    /// The elements, moved out if nobody else holds them, else copied; an error if they are of another type.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>> {
        let dtype = self.dtype();
        match T::take_data(self.data) {
            Some(elements) => Ok(elements.into_vec()),
            None => Err(Error::data(format!("a tensor of {dtype} where {} is needed", T::DTYPE))),
        }
    }

    /// The same numbers in another shape.
    pub fn reshaped(self, shape: Vec<usize>) -> Result<Self> {
        Self::new(shape, self.data)
    }

    /// All elements as `f32`, converted where they are of another numeric type (bool: 0 and 1).
    pub fn to_f32_vec(&self) -> Result<Vec<f32>> {
        if let Data::Bool(elements) = &self.data {
            return Ok(elements.iter().map(|&element| f32::from(u8::from(element))).collect());
        }
        if let Data::Small(float, codes) = &self.data {
            return Ok(codes.iter().map(|&code| float.decode(code) as f32).collect());
        }
        with_numbers!(&self.data, elements => Ok(elements.iter().map(|&e| e.to_f64() as f32).collect()), else Err(self.not_numbers()))
    }

    /// As [`Tensor::to_f32_vec`], without copying what is `f32`.
    pub fn to_f32(&self) -> Result<Buffer<f32>> {
        match &self.data {
            Data::F32(elements) => Ok(elements.clone()),
            _ => Ok(self.to_f32_vec()?.into()),
        }
    }

    /// All elements as `f64`, converted where they are of another numeric type (bool: 0 and 1).
    pub fn to_f64_vec(&self) -> Result<Vec<f64>> {
        if let Data::Bool(elements) = &self.data {
            return Ok(elements.iter().map(|&element| f64::from(u8::from(element))).collect());
        }
        if let Data::Small(float, codes) = &self.data {
            return Ok(codes.iter().map(|&code| float.decode(code)).collect());
        }
        with_numbers!(&self.data, elements => Ok(elements.iter().map(|&e| e.to_f64()).collect()), else Err(self.not_numbers()))
    }

    /// All elements of an integer tensor as `i64`; an error for floats, strings and bools.
    pub fn to_i64_vec(&self) -> Result<Vec<i64>> {
        Ok(match &self.data {
            Data::I8(elements) | Data::I4(elements) | Data::I2(elements) => {
                elements.iter().map(|&e| e.into()).collect()
            }
            Data::U8(elements) | Data::U4(elements) | Data::U2(elements) => {
                elements.iter().map(|&e| e.into()).collect()
            }
            Data::I16(elements) => elements.iter().map(|&e| e.into()).collect(),
            Data::U16(elements) => elements.iter().map(|&e| e.into()).collect(),
            Data::I32(elements) => elements.iter().map(|&e| e.into()).collect(),
            Data::U32(elements) => elements.iter().map(|&e| e.into()).collect(),
            Data::I64(elements) => elements.to_vec(),
            Data::U64(elements) => elements.iter().map(|&e| e as i64).collect(),
            _ => return Err(Error::data(format!("a tensor of {} where integers are needed", self.dtype()))),
        })
    }

    fn not_numbers(&self) -> Error {
        Error::data(format!("a tensor of {} where numbers are needed", self.dtype()))
    }
}

/// Number of elements of a shape; `None` if it overflows.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, &dim| count.checked_mul(dim))
}

impl PartialEq for Tensor {
    /// Same shape, element type and elements, floats by their bits (so that NaN equals itself).
    fn eq(&self, other: &Self) -> bool {
        if self.shape != other.shape || self.dtype() != other.dtype() {
            return false;
        }
        match (&self.data, &other.data) {
            (Data::Bool(a), Data::Bool(b)) => **a == **b,
            (Data::Str(a), Data::Str(b)) => a == b,
            (Data::Small(_, a), Data::Small(_, b)) => **a == **b,
            (a, b) => with_numbers!(a, a => {
                let a: &[u8] = bytemuck::cast_slice(a);
                with_numbers!(b, b => a == bytemuck::cast_slice::<_, u8>(b), else false)
            }, else false),
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tensor_type())?;
        if self.len() <= 16 {
            with_numbers!(&self.data, elements => write!(f, " {:?}", &elements[..])?, else ());
        }
        Ok(())
    }
}

/// Numbers that convert to `f64`.
trait ToF64: Copy {
    fn to_f64(self) -> f64;
}

macro_rules! to_f64 {
    ($($number:ty),*) => {$(
        impl ToF64 for $number {
            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}
to_f64!(f32, f64, i8, u8, i16, u16, i32, u32, i64, u64);

impl ToF64 for f16 {
    fn to_f64(self) -> f64 {
        f16::to_f64(self)
    }
}

impl ToF64 for bf16 {
    fn to_f64(self) -> f64 {
        bf16::to_f64(self)
    }
}
