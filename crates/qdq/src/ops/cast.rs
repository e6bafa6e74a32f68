//! Conversion between element types.

use super::widen::Widen;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Dim, Element, PowerRounding, SmallFloat, Tensor, TensorType};
use half::{bf16, f16};
use std::sync::Arc;

attr_enum! {
    /// How numbers between two powers of two become one.
    pub enum RoundMode {
        /// To the larger one.
        Up = "up",
        /// To the smaller one.
        Down = "down",
        /// To the nearest one.
        Nearest = "nearest",
    }
}
op! {
    /// Converts each element to another type.
    pub struct Cast {
        /// Element type of the output; ONNX has no default.
        pub to: DType = DType::F32,
        /// Whether what is too large for an 8-bit float becomes its largest number.
        pub saturate: bool = true,
        /// How numbers become powers of two, `f8e8m0`.
        pub round_mode: RoundMode = RoundMode::Up,
    }
}

op! {
    /// Converts each element of the first input to the element type of the second.
    pub struct CastLike {
        /// Whether what is too large for an 8-bit float becomes its largest number.
        pub saturate: bool = true,
        /// How numbers become powers of two, `f8e8m0`.
        pub round_mode: RoundMode = RoundMode::Up,
    }
}

impl Cast {
    /// A conversion to this element type.
    pub fn to(to: DType) -> Self {
        Self { to, ..Self::default() }
    }
}

impl OpDef for Cast {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(self.to, inputs.same(0).shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        cast_dims(inputs, self.to)
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        Ok(vec![cast_by(inputs.take(0)?, self.to, self.saturate, self.round_mode)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Float
    }
}

/// Dimensions stay what they are in a type that holds them.
fn cast_dims(inputs: &Inputs<'_>, to: DType) -> Option<Vec<Dim>> {
    let dims = inputs.small_dims(0)?;
    let fits = |dim: &Dim| dim.known().is_none_or(|size| i32::try_from(size).is_ok());
    match to {
        DType::I64 => Some(dims),
        DType::I32 if dims.iter().all(fits) => Some(dims),
        _ => None,
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
        cast_dims(inputs, inputs.dtype(1))
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let to = inputs.get(1)?.dtype();
        Ok(vec![cast_by(inputs.take(0)?, to, self.saturate, self.round_mode)?])
    }
}

/// The tensor with its elements converted; itself if they are of that type.
///
/// Floats to integers truncate, and saturate where ONNX leaves the result open; integers to integers keep the lower
/// bits; anything but 0 is true. Strings are read and written as decimal numbers, `INF`, `-INF`, `NaN`.
pub(crate) fn cast(tensor: Tensor, to: DType) -> Result<Tensor> {
    cast_by(tensor, to, true, RoundMode::Up)
}

/// [`cast`] with what is to be said of small floats.
fn cast_by(tensor: Tensor, to: DType, saturate: bool, round_mode: RoundMode) -> Result<Tensor> {
    if tensor.dtype() == to {
        return Ok(tensor);
    }
    if let Some(float) = SmallFloat::of(to) {
        let numbers = match tensor.data() {
            Data::Str(texts) => texts.iter().map(|text| parse_float(text)).collect::<Result<_>>()?,
            _ => tensor.to_f64_vec()?,
        };
        let rounding = match round_mode {
            RoundMode::Up => PowerRounding::Up,
            RoundMode::Down => PowerRounding::Down,
            RoundMode::Nearest => PowerRounding::Nearest,
        };
        let codes =
            numbers.into_iter().map(|number| float.encode(number, saturate, rounding)).collect::<Vec<_>>();
        return Tensor::new(tensor.shape().to_vec(), Data::Small(float, codes.into()));
    }
    let data = match tensor.data() {
        Data::Small(..) => from_floats(&tensor.to_f32_vec()?, to),
        Data::F32(from) => from_floats(from, to),
        Data::F64(from) => from_floats(from, to),
        Data::F16(from) => from_floats(from, to),
        Data::Bf16(from) => from_floats(from, to),
        Data::I8(from) | Data::I4(from) | Data::I2(from) => from_integers(from, to),
        Data::U8(from) | Data::U4(from) | Data::U2(from) => from_integers(from, to),
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
        DType::Bool => each(from, |element: A| element.as_f64() != 0.0),
        DType::Str => strings(from.iter().map(|element| float_text(element.as_f64(), size_of::<A>() <= 4))),
        _ => few_bits(from, to),
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
        DType::Bool => each(from, |element: A| element.to_i64() != 0),
        DType::Str => strings(from.iter().map(A::to_string)),
        _ => few_bits(from, to),
    }
}

/// The lower 2 or 4 bits of integers; small floats were converted before.
fn few_bits<A: Widen>(from: &[A], to: DType) -> Data {
    let signed = |unused: u32| -> Buffer<i8> {
        from.iter().map(|element| ((element.to_i64() as i8) << unused) >> unused).collect::<Vec<_>>().into()
    };
    let unsigned = |mask: u8| -> Buffer<u8> {
        from.iter().map(|element| element.to_i64() as u8 & mask).collect::<Vec<_>>().into()
    };
    match to {
        DType::I4 => Data::I4(signed(4)),
        DType::I2 => Data::I2(signed(6)),
        DType::U2 => Data::U2(unsigned(3)),
        _ => Data::U4(unsigned(15)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, floats};

    fn to(to: DType, tensor: Tensor) -> Tensor {
        eval(Cast::to(to), [tensor])
    }

    #[test]
    fn floats_truncate() {
        let data = floats([6], &[-1.7, 1.7, 300.0, -3e9, f32::NAN, f32::INFINITY]);
        assert_eq!(to(DType::I32, data.clone()), Tensor::vector(vec![-1, 1, 300, i32::MIN, 0, i32::MAX]));
        assert_eq!(to(DType::U8, data.clone()), Tensor::vector(vec![0u8, 1, 255, 0, 0, 255]));
        assert_eq!(to(DType::Bool, floats([3], &[0.0, -0.0, 0.1])), Tensor::vector(vec![false, false, true]));
    }

    #[test]
    fn integers_keep_their_lower_bits() {
        assert_eq!(to(DType::I8, Tensor::vector(vec![200i16, -1, 256])), Tensor::vector(vec![-56i8, -1, 0]));
        assert_eq!(to(DType::U64, Tensor::scalar(-1i64)), Tensor::scalar(u64::MAX));
        assert_eq!(to(DType::I64, Tensor::scalar(i64::MAX - 1)), Tensor::scalar(i64::MAX - 1));
        assert_eq!(
            to(DType::F32, Tensor::scalar((1i64 << 60) + (1 << 36) + 1)),
            Tensor::scalar(((1i64 << 60) + (1 << 37)) as f32)
        );
        assert_eq!(to(DType::I4, Tensor::vector(vec![7i32, 8, -9])).to_i64_vec().unwrap(), [7, -8, 7]);
        assert_eq!(to(DType::U4, Tensor::vector(vec![15i32, 16, -1])).to_i64_vec().unwrap(), [15, 0, 15]);
    }

    #[test]
    fn strings() {
        let text = |tensor: Tensor| match to(DType::Str, tensor).into_data() {
            Data::Str(texts) => {
                texts.iter().map(|text| String::from_utf8(text.clone()).unwrap()).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(
            text(floats([4], &[0.1, -2.0, f32::NAN, f32::NEG_INFINITY])),
            ["0.1", "-2", "NaN", "-INF"]
        );
        assert_eq!(text(Tensor::scalar(u64::MAX)), ["18446744073709551615"]);
        let texts = |texts: &[&str]| {
            let bytes = texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
            Tensor::new(vec![texts.len()], Data::Str(bytes.into())).unwrap()
        };
        let floats = to(DType::F64, texts(&["1e-5", "+INF", "-inf", " 3.5"]));
        assert_eq!(floats, Tensor::vector(vec![1e-5, f64::INFINITY, f64::NEG_INFINITY, 3.5]));
        assert_eq!(to(DType::U64, texts(&["18446744073709551615"])), Tensor::vector(vec![u64::MAX]));
        assert_eq!(to(DType::I32, texts(&["100.5", "-7"])), Tensor::vector(vec![100, -7]));
        for (text, dtype) in [("x", DType::F32), ("", DType::I64), ("maybe", DType::Bool)] {
            crate::ops::testing::eval_error(Cast::to(dtype), [texts(&[text])]);
        }
    }

    #[test]
    fn every_pair_of_types() {
        for from in DType::ALL {
            // A power of two has no zero, which becomes the least one.
            for target in DType::ALL {
                if [from, target].contains(&DType::F8E8m0) {
                    continue;
                }
                let ones = to(from, Tensor::vector(vec![1u8, 0]));
                assert_eq!(
                    to(DType::U8, to(target, ones)),
                    Tensor::vector(vec![1u8, 0]),
                    "{from} to {target}"
                );
            }
        }
        let like = eval(CastLike::default(), [Tensor::scalar(2.5f32), Tensor::scalar(0i64)]);
        assert_eq!(like, Tensor::scalar(2i64));
    }
}
