//! Types, quantization parameters, attributes and constants from tokens.

use std::sync::Arc;

use super::lex::{Placed, Token, error_on};
use super::random;
use crate::error::{Error, Result};
use crate::ops::{Attr, cast};
use crate::tensor::{DType, Data, Dim, Granularity, QuantParams, Tensor, TensorType};

/// A position in a list of tokens.
pub(super) struct Cursor {
    tokens: Vec<Placed>,
    position: usize,
}

impl Cursor {
    pub(super) fn new(tokens: Vec<Placed>) -> Self {
        Self { tokens, position: 0 }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position).map(|placed| &placed.token)
    }

    pub(super) fn next(&mut self) -> Result<Token> {
        let token = self.peek().cloned().ok_or_else(|| self.error("the text ends too early"))?;
        self.position += 1;
        Ok(token)
    }

    /// Takes the character if it is next.
    pub(super) fn eat(&mut self, punct: char) -> bool {
        let found = self.peek() == Some(&Token::Punct(punct));
        self.position += usize::from(found);
        found
    }

    /// Takes the word if it is next.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.position += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, punct: char) -> Result<()> {
        if self.eat(punct) { Ok(()) } else { Err(self.error(format!("`{punct}` expected"))) }
    }

    pub(super) fn word(&mut self) -> Result<String> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            _ => Err(self.error_before("a word expected")),
        }
    }

    pub(super) fn error(&self, message: impl std::fmt::Display) -> Error {
        let placed = self.tokens.get(self.position).or(self.tokens.last());
        error_on(placed.map_or(1, |placed| placed.line), message)
    }

    pub(super) fn error_before(&self, message: impl std::fmt::Display) -> Error {
        let placed = self.tokens.get(self.position.saturating_sub(1));
        error_on(placed.map_or(1, |placed| placed.line), message)
    }

    /// Items up to `end`, separated by commas.
    pub(super) fn list<T>(
        &mut self,
        end: char,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while !self.eat(end) {
            if !items.is_empty() {
                self.expect(',')?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        let (Token::Number(text) | Token::Word(text)) = self.next()? else {
            return Err(self.error_before("a number expected"));
        };
        text.parse().map_err(|_| self.error_before(format!("`{text}` is no number that fits here")))
    }

    fn dtype(&mut self) -> Result<DType> {
        let word = self.word()?;
        word.parse().map_err(|()| self.error_before(format!("`{word}` is no element type")))
    }

    /// `f32[1,N,?]`, `i8<-127:127>[3]{scale=0.1, zero_point=0}`
    pub(super) fn tensor_type(&mut self) -> Result<TensorType> {
        let dtype = self.dtype()?;
        let range = self.storage_range()?;
        self.expect('[')?;
        let shape = if self.eat('*') {
            self.expect(']')?;
            None
        } else {
            Some(self.list(']', Self::dim)?)
        };
        let quant = if self.peek() == Some(&Token::Punct('{')) {
            Some(Arc::new(self.quant_params(dtype, range)?))
        } else {
            None
        };
        Ok(TensorType { dtype, shape, quant })
    }

    fn dim(&mut self) -> Result<Dim> {
        Ok(match self.next()? {
            Token::Punct('?') => Dim::Any,
            Token::Word(name) | Token::Str(name) => Dim::symbol(name),
            Token::Number(size) => {
                Dim::Known(size.parse().map_err(|_| self.error_before(format!("`{size}` is no size")))?)
            }
            _ => return Err(self.error_before("a size expected")),
        })
    }

    fn storage_range(&mut self) -> Result<Option<(i32, i32)>> {
        if !self.eat('<') {
            return Ok(None);
        }
        let min = self.number()?;
        self.expect(':')?;
        let max = self.number()?;
        self.expect('>')?;
        Ok(Some((min, max)))
    }

    /// `{scale=0.05, zero_point=3}` after a storage type and its range.
    fn quant_params(&mut self, storage: DType, range: Option<(i32, i32)>) -> Result<QuantParams> {
        let mut params = QuantParams::per_tensor(storage, 1.0, 0);
        if let Some((quant_min, quant_max)) = range {
            (params.quant_min, params.quant_max) = (quant_min, quant_max);
        }
        let (mut axis, mut block) = (None, None);
        self.expect('{')?;
        self.list('}', |cursor| {
            let key = cursor.word()?;
            cursor.expect('=')?;
            match key.as_str() {
                "axis" => axis = Some(cursor.number()?),
                "block" => block = Some(cursor.number()?),
                "scale" => params.scale = cursor.one_or_list()?.into(),
                "zero_point" => params.zero_point = cursor.one_or_list()?.into(),
                _ => return Err(cursor.error_before(format!("unknown key `{key}`"))),
            }
            Ok(())
        })?;
        params.granularity = match (axis, block) {
            (Some(axis), Some(size)) => Granularity::PerBlock { axis, size },
            (Some(axis), None) => Granularity::PerAxis(axis),
            _ => Granularity::PerTensor,
        };
        params.check().map_err(|error| self.error_before(error.message()))?;
        Ok(params)
    }

    fn one_or_list<T: std::str::FromStr>(&mut self) -> Result<Vec<T>> {
        if self.eat('[') { self.list(']', Self::number) } else { Ok(vec![self.number()?]) }
    }

    /// The value of an attribute.
    pub(super) fn attr(&mut self) -> Result<Attr> {
        match self.next()? {
            Token::Number(text) => {
                number_attr(&text).ok_or_else(|| self.error_before(format!("`{text}` is no number")))
            }
            Token::Str(text) => Ok(Attr::Str(text)),
            Token::Word(word) => self.word_attr(word),
            Token::Punct('[') => {
                let items = self.list(']', Self::attr)?;
                list_attr(&items).ok_or_else(|| self.error_before("a list of numbers or of words expected"))
            }
            _ => Err(self.error_before("an attribute's value expected")),
        }
    }

    fn word_attr(&mut self, word: String) -> Result<Attr> {
        if let Some(attr) = number_attr(&word) {
            return Ok(attr);
        }
        if let Ok(storage) = word.parse::<DType>() {
            let range = self.storage_range()?;
            if range.is_some() || self.peek() == Some(&Token::Punct('{')) {
                return Ok(Attr::Quant(Box::new(self.quant_params(storage, range)?)));
            }
        }
        Ok(match word.as_str() {
            "true" => Attr::Bool(true),
            "false" => Attr::Bool(false),
            _ => Attr::Word(word),
        })
    }

    /// The numbers of a constant of this type.
    pub(super) fn constant(&mut self, ty: &TensorType) -> Result<Tensor> {
        let dims =
            ty.known_dims().ok_or_else(|| self.error("a constant needs a type with all sizes known"))?;
        let count = crate::tensor::element_count(&dims).filter(|&count| count <= 1 << 28);
        let count = count.ok_or_else(|| self.error("the constant is too large"))?;
        let data = match self.next()? {
            Token::Punct('[') => self.elements(ty.dtype)?,
            Token::Word(word) if word == "random" => {
                self.expect('(')?;
                let (mut seed, mut mean, mut std) = (0u64, 0f32, 1f32);
                self.list(')', |cursor| {
                    let key = cursor.word()?;
                    cursor.expect('=')?;
                    match key.as_str() {
                        "seed" => seed = cursor.number()?,
                        "mean" => mean = cursor.number()?,
                        "std" => std = cursor.number()?,
                        _ => return Err(cursor.error_before(format!("unknown key `{key}`"))),
                    }
                    Ok(())
                })?;
                let numbers = random::normal(seed, count, mean, std).into_iter().map(f64::from).collect();
                self.data(ty.dtype, numbers)?
            }
            Token::Word(word) if word == "fill" => {
                self.expect('(')?;
                let value: f64 = self.number()?;
                self.expect(')')?;
                self.data(ty.dtype, vec![value; count])?
            }
            Token::Hash(_) => {
                return Err(self.error_before("a constant given by its hash has no numbers to read"));
            }
            _ => return Err(self.error_before("`[`, `random(…)` or `fill(…)` expected")),
        };
        Tensor::new(dims, data).map_err(|error| self.error_before(error.message()))
    }

    fn elements(&mut self, dtype: DType) -> Result<Data> {
        match dtype {
            DType::Bool => Ok(Data::Bool(self.list(']', Self::bool)?.into())),
            DType::Str => Ok(Data::Str(Arc::new(self.list(']', Self::string)?))),
            DType::I64 => Ok(Data::I64(self.list(']', Self::number)?.into())),
            DType::U64 => Ok(Data::U64(self.list(']', Self::number)?.into())),
            DType::F32 => Ok(Data::F32(self.list(']', Self::number)?.into())),
            _ => {
                let numbers = self.list(']', Self::number)?;
                self.data(dtype, numbers)
            }
        }
    }

    fn bool(&mut self) -> Result<bool> {
        match self.word()?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.error_before("true or false expected")),
        }
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        match self.next()? {
            Token::Str(text) => Ok(text.into_bytes()),
            _ => Err(self.error_before("a string expected")),
        }
    }

    fn data(&self, dtype: DType, numbers: Vec<f64>) -> Result<Data> {
        macro_rules! convert {
            ($variant:ident, $number:ty) => {
                Data::$variant(numbers.into_iter().map(|number| number as $number).collect::<Vec<_>>().into())
            };
        }
        Ok(match dtype {
            DType::F32 => convert!(F32, f32),
            DType::F64 => Data::F64(numbers.into()),
            DType::F16 => Data::F16(numbers.into_iter().map(half::f16::from_f64).collect::<Vec<_>>().into()),
            DType::Bf16 => {
                Data::Bf16(numbers.into_iter().map(half::bf16::from_f64).collect::<Vec<_>>().into())
            }
            DType::I8 => convert!(I8, i8),
            DType::U8 => convert!(U8, u8),
            DType::I16 => convert!(I16, i16),
            DType::U16 => convert!(U16, u16),
            DType::I32 => convert!(I32, i32),
            DType::U32 => convert!(U32, u32),
            DType::I64 => convert!(I64, i64),
            DType::U64 => convert!(U64, u64),
            DType::I4 => convert!(I4, i8),
            DType::U4 => convert!(U4, u8),
            DType::I2 => convert!(I2, i8),
            DType::U2 => convert!(U2, u8),
            DType::Bool | DType::Str => {
                return Err(self.error_before(format!("no numbers make a constant of {dtype}")));
            }
            DType::F8E4m3fn
            | DType::F8E4m3fnuz
            | DType::F8E5m2
            | DType::F8E5m2fnuz
            | DType::F8E8m0
            | DType::F4E2m1 => return cast(Tensor::vector(numbers), dtype).map(Tensor::into_data),
        })
    }
}

fn number_attr(text: &str) -> Option<Attr> {
    let is_integer = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    if is_integer {
        return text.parse().ok().map(Attr::Int);
    }
    text.parse().ok().map(Attr::Float)
}

fn list_attr(items: &[Attr]) -> Option<Attr> {
    let ints: Option<Vec<i64>> =
        items.iter().map(|item| if let Attr::Int(int) = item { Some(*int) } else { None }).collect();
    if let Some(ints) = ints {
        return Some(Attr::Ints(ints));
    }
    let words: Option<Vec<String>> = items
        .iter()
        .map(|item| if let Attr::Word(word) = item { Some(word.clone()) } else { None })
        .collect();
    if let Some(words) = words {
        return Some(Attr::Words(words));
    }
    let text = |item: &Attr| if let Attr::Str(text) = item { Some(text.clone()) } else { None };
    if let Some(texts) = items.iter().map(text).collect() {
        return Some(Attr::Strs(texts));
    }
    let float = |item: &Attr| match item {
        Attr::Int(int) => Some(*int as f32),
        Attr::Float(float) => Some(*float),
        _ => None,
    };
    items.iter().map(float).collect::<Option<Vec<f32>>>().map(Attr::Floats)
}
