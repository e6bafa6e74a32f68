//! Conversion between element types.

use super::widen::Widen;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Dim, Element, Tensor, TensorType};
use half::{bf16, f16};
use std::sync::Arc;

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

impl OpDef for Cast {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(self.to, inputs.same(0).shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        matches!(self.to, DType::I32 | DType::I64).then(|| inputs.small_dims(0)).flatten()
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        Ok(vec![cast(inputs.take(0)?, self.to)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Float
    }
}

impl OpDef for CastLike {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(inputs.dtype(1), inputs.same(0).shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        matches!(inputs.dtype(1), DType::I32 | DType::I64).then(|| inputs.small_dims(0)).flatten()
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let to = inputs.get(1)?.dtype();
        Ok(vec![cast(inputs.take(0)?, to)?])
    }
}

/// The tensor with its elements converted; itself if they are of that type.
///
/// Floats to integers truncate, and saturate where ONNX leaves the result open; integers to integers keep the lower
/// bits; anything but 0 is true. Strings are read and written as decimal numbers, `INF`, `-INF`, `NaN`.
pub(crate) fn cast(tensor: Tensor, to: DType) -> Result<Tensor> {
    if tensor.dtype() == to {
        return Ok(tensor);
    }
    let data = match tensor.data() {
        Data::F32(from) => from_floats(from, to),
        Data::F64(from) => from_floats(from, to),
        Data::F16(from) => from_floats(from, to),
        Data::Bf16(from) => from_floats(from, to),
        Data::I8(from) | Data::I4(from) => from_integers(from, to),
        Data::U8(from) | Data::U4(from) => from_integers(from, to),
        Data::I16(from) => from_integers(from, to),
        Data::U16(from) => from_integers(from, to),
        Data::I32(from) => from_integers(from, to),
        Data::U32(from) => from_integers(from, to),
        Data::I64(from) => from_integers(from, to),
        Data::U64(from) => from_integers(from, to),
        Data::Bool(from) => {
            let from: Vec<u8> = from.iter().map(|&bool| u8::from(bool)).collect();
            from_integers(&from, to)
        }
        Data::Str(from) => from_strings(from, to)?,
    };
    Tensor::new(tensor.shape().to_vec(), data)
}

/// Converts each element and stores it as another type.
fn each<A: Copy, B: Element>(from: &[A], convert: impl Fn(A) -> B) -> Data {
    B::into_data(from.iter().map(|&element| convert(element)).collect::<Vec<B>>().into())
}

fn from_floats<A: Widen>(from: &[A], to: DType) -> Data {
    fn to_number<A: Widen, B: Widen + Element>(from: &[A]) -> Data {
        each(from, |element: A| B::from_f64(element.as_f64()))
    }
    match to {
        DType::F32 => to_number::<A, f32>(from),
        DType::F64 => to_number::<A, f64>(from),
        DType::F16 => to_number::<A, f16>(from),
        DType::Bf16 => to_number::<A, bf16>(from),
        DType::I8 => to_number::<A, i8>(from),
        DType::U8 => to_number::<A, u8>(from),
        DType::I16 => to_number::<A, i16>(from),
        DType::U16 => to_number::<A, u16>(from),
        DType::I32 => to_number::<A, i32>(from),
        DType::U32 => to_number::<A, u32>(from),
        DType::I64 => to_number::<A, i64>(from),
        DType::U64 => to_number::<A, u64>(from),
        DType::I4 => {
            Data::I4(from.iter().map(|&element| low_i4(element.to_i64())).collect::<Vec<_>>().into())
        }
        DType::U4 => {
            Data::U4(from.iter().map(|&element| low_u4(element.to_i64())).collect::<Vec<_>>().into())
        }
        DType::Bool => each(from, |element: A| element.as_f64() != 0.0),
        DType::Str => strings(from.iter().map(|element| float_text(element.as_f64(), size_of::<A>() <= 4))),
    }
}

fn from_integers<A: Widen + std::fmt::Display>(from: &[A], to: DType) -> Data {
    fn to_integer<A: Widen, B: Widen + Element>(from: &[A]) -> Data {
        each(from, |element: A| B::from_i64(element.to_i64()))
    }
    fn to_float<A: Widen, B: Widen + Element>(from: &[A]) -> Data {
        each(from, |element: A| B::from_f64(element.as_f64()))
    }
    match to {
        DType::F32 => each(from, A::as_f32),
        DType::F64 => to_float::<A, f64>(from),
        DType::F16 => to_float::<A, f16>(from),
        DType::Bf16 => to_float::<A, bf16>(from),
        DType::I8 => to_integer::<A, i8>(from),
        DType::U8 => to_integer::<A, u8>(from),
        DType::I16 => to_integer::<A, i16>(from),
        DType::U16 => to_integer::<A, u16>(from),
        DType::I32 => to_integer::<A, i32>(from),
        DType::U32 => to_integer::<A, u32>(from),
        DType::I64 => to_integer::<A, i64>(from),
        DType::U64 => to_integer::<A, u64>(from),
        DType::I4 => {
            Data::I4(from.iter().map(|&element| low_i4(element.to_i64())).collect::<Vec<_>>().into())
        }
        DType::U4 => {
            Data::U4(from.iter().map(|&element| low_u4(element.to_i64())).collect::<Vec<_>>().into())
        }
        DType::Bool => each(from, |element: A| element.to_i64() != 0),
        DType::Str => strings(from.iter().map(A::to_string)),
    }
}

/// The lower four bits, as a signed number.
fn low_i4(int: i64) -> i8 {
    ((int as i8) << 4) >> 4
}

/// The lower four bits.
fn low_u4(int: i64) -> u8 {
    int as u8 & 15
}

/// The shortest decimal number that reads back as the same float.
fn float_text(float: f64, single: bool) -> String {
    if float.is_infinite() {
        return if float > 0.0 { "INF".to_owned() } else { "-INF".to_owned() };
    }
    if single { (float as f32).to_string() } else { float.to_string() }
}

fn strings(texts: impl Iterator<Item = String>) -> Data {
    Data::Str(Arc::new(texts.map(String::into_bytes).collect()))
}

fn from_strings(from: &[Vec<u8>], to: DType) -> Result<Data> {
    let floats = || from.iter().map(|text| parse_float(text)).collect::<Result<Vec<f64>>>();
    let ints = || from.iter().map(|text| parse_int(text)).collect::<Result<Vec<i64>>>();
    Ok(match to {
        DType::F32 | DType::F64 | DType::F16 | DType::Bf16 => from_floats(&floats()?, to),
        DType::Bool => {
            let bools = from.iter().map(|text| match &text.to_ascii_lowercase()[..] {
                b"true" => Ok(true),
                b"false" => Ok(false),
                _ => parse_float(text).map(|float| float != 0.0),
            });
            bool::into_data(Buffer::from(bools.collect::<Result<Vec<_>>>()?))
        }
        _ => from_integers(&ints()?, to),
    })
}

fn parse_float(text: &[u8]) -> Result<f64> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| Error::data(format!("{:?} is no number", String::from_utf8_lossy(text))))
}

/// An integer, of which `u64` keeps its bits; a fraction is dropped.
fn parse_int(text: &[u8]) -> Result<i64> {
    let digits = std::str::from_utf8(text).unwrap_or_default().trim();
    if let Ok(int) = digits.parse::<i64>() {
        return Ok(int);
    }
    if let Ok(int) = digits.parse::<u64>() {
        return Ok(int as i64);
    }
    parse_float(text).map(|float| float as i64)
}
