//! Texts.

use regex_lite::Regex;

use super::broadcasting::{infer_broadcast, stretched_pair, zip};
use super::elementwise::infer_same;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::dispatch::output_count;
use crate::tensor::{DType, Data, Dim, Tensor, TensorType};

op! {
    /// The texts of two tensors joined, with broadcasting.
    pub struct StringConcat {}
}
op! {
    /// Parts of each text along a new last axis, filled up with empty texts; output 1: how many there are.
    pub struct StringSplit {
        /// What stands between the parts; empty: any white space.
        pub delimiter: Option<String> = None,
        /// How often a text is split at most.
        pub maxsplit: Option<i64> = None,
    }
}
attr_enum! {
    /// What is done with the letters of texts.
    pub enum CaseChange {
        /// Nothing.
        None = "none",
        /// To lower case.
        Lower = "lower",
        /// To upper case.
        Upper = "upper",
    }
}
op! {
    /// Changes the case of texts, `[texts]` or `[1, texts]`, and takes out stop words. At least one empty text stays.
    pub struct StringNormalizer {
        /// What is done with letters.
        pub case_change_action: CaseChange = CaseChange::None,
        /// Whether stop words count only in their own case.
        pub is_case_sensitive: bool = false,
        /// Rules of upper and lower case; those of Unicode are used for all.
        pub locale: Option<String> = None,
        /// Texts to take out.
        pub stopwords: Vec<String> = Vec::new(),
    }
}
op! {
    /// Whether each text as a whole matches a regular expression.
    pub struct RegexFullMatch {
        /// The expression, in the syntax that RE2 and Rust's `regex` share.
        pub pattern: String = String::new(),
    }
}

/// The texts of an input.
fn texts(inputs: &Args, position: usize) -> Result<(Vec<String>, Vec<usize>)> {
    let tensor = inputs.get(position)?;
    let Data::Str(bytes) = tensor.data() else {
        return Err(Error::data(format!("a tensor of {} where texts are needed", tensor.dtype())));
    };
    let text = |bytes: &Vec<u8>| {
        String::from_utf8(bytes.clone()).map_err(|_| Error::data("a text that is not UTF-8"))
    };
    Ok((bytes.iter().map(text).collect::<Result<_>>()?, tensor.shape().to_vec()))
}

fn text_tensor(shape: Vec<usize>, texts: impl IntoIterator<Item = String>) -> Result<Tensor> {
    let bytes: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    Tensor::new(shape, Data::Str(bytes.into()))
}

fn require_texts(inputs: &Inputs<'_>, position: usize) -> Result<()> {
    match inputs.ty(position) {
        Some(ty) if ty.dtype != DType::Str => {
            Err(Error::graph(format!("input {position} is of {} and must be of texts", ty.dtype)))
        }
        _ => Ok(()),
    }
}

impl OpDef for StringConcat {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_texts(inputs, 0)?;
        require_texts(inputs, 1)?;
        infer_broadcast(inputs, DType::Str)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (first, second, shape) = stretched_pair(&inputs)?;
        let both = Args(vec![Some(first), Some(second)]);
        let (first, second) = (texts(&both, 0)?.0, texts(&both, 1)?.0);
        Ok(vec![text_tensor(shape, zip(&first, &second, |first, second| format!("{first}{second}")))?])
    }
}

impl OpDef for StringSplit {
    fn arity(&self) -> Arity {
        Arity::fixed(1).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_texts(inputs, 0)?;
        let shape = inputs.shape(0);
        let parts = shape.map(|dims| [dims, &[Dim::Any]].concat());
        Ok(vec![TensorType::new(DType::Str, parts), TensorType::new(DType::I64, shape.map(<[Dim]>::to_vec))])
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (texts, shape) = texts(&inputs, 0)?;
        let parts: Vec<Vec<String>> = texts.iter().map(|text| self.split(text)).collect();
        let most = parts.iter().map(Vec::len).max().unwrap_or(0);
        let counts = parts.iter().map(|parts| parts.len() as i64).collect::<Vec<_>>();
        let split = [&shape[..], &[most]].concat();
        let mut filled = Vec::with_capacity(output_count(&split)?);
        for mut parts in parts {
            parts.resize(most, String::new());
            filled.extend(parts);
        }
        let mut outputs = vec![text_tensor(split, filled)?, Tensor::from_vec(shape, counts)?];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

impl StringSplit {
    fn split(&self, text: &str) -> Vec<String> {
        let most = self.maxsplit.and_then(|most| usize::try_from(most).ok());
        if let Some(delimiter) = self.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()) {
            return match most {
                Some(most) => text.splitn(most + 1, delimiter).map(str::to_owned).collect(),
                None => text.split(delimiter).map(str::to_owned).collect(),
            };
        }
        let (mut parts, mut rest) = (Vec::new(), text.trim_start());
        while !rest.is_empty() {
            let end = match most {
                Some(most) if parts.len() == most => rest.len(),
                _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
            };
            let (part, after) = rest.split_at(end);
            parts.push(part.to_owned());
            rest = after.trim_start();
        }
        parts
    }
}

impl OpDef for StringNormalizer {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_texts(inputs, 0)?;
        let shape = inputs.shape(0).map(|dims| match dims {
            [first, _] => vec![first.clone(), Dim::Any],
            _ => vec![Dim::Any],
        });
        Ok(vec![TensorType::new(DType::Str, shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (texts, shape) = texts(&inputs, 0)?;
        if !matches!(*shape, [_] | [1, _]) {
            return Err(Error::data(format!("texts of shape {shape:?}, not [texts] or [1, texts]")));
        }
        let fold = |text: &str| if self.is_case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let stops: Vec<String> = self.stopwords.iter().map(|word| fold(word)).collect();
        let kept = texts.into_iter().filter(|text| !stops.contains(&fold(text)));
        let mut kept: Vec<String> = kept
            .map(|text| match self.case_change_action {
                CaseChange::None => text,
                CaseChange::Lower => text.to_lowercase(),
                CaseChange::Upper => text.to_uppercase(),
            })
            .collect();
        if kept.is_empty() {
            kept.push(String::new());
        }
        let shape = if shape.len() == 2 { vec![1, kept.len()] } else { vec![kept.len()] };
        Ok(vec![text_tensor(shape, kept)?])
    }
}

impl OpDef for RegexFullMatch {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_texts(inputs, 0)?;
        self.regex()?;
        let types = infer_same(inputs)?.into_iter();
        Ok(types.map(|ty| TensorType::new(DType::Bool, ty.shape)).collect())
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (texts, shape) = texts(&inputs, 0)?;
        let regex = self.regex()?;
        Ok(vec![Tensor::from_vec(shape, texts.iter().map(|text| regex.is_match(text)).collect())?])
    }
}

impl RegexFullMatch {
    fn regex(&self) -> Result<Regex> {
        let wrong = |error| Error::graph(format!("`{}`: {error}", self.pattern)).attribute("pattern");
        Regex::new(&format!(r"\A(?:{})\z", self.pattern)).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, eval_all, eval_error};

    fn vector(texts: &[&str]) -> Tensor {
        text_tensor(vec![texts.len()], texts.iter().map(|&text| text.to_owned())).unwrap()
    }

    #[test]
    fn joins_and_splits() {
        assert_eq!(eval(StringConcat {}, [vector(&["a", "b"]), vector(&["x"])]), vector(&["ax", "bx"]));
        let outputs = eval_all(StringSplit::default(), [Some(vector(&[" a b ", "c"]))], 2).unwrap();
        assert_eq!(outputs[0], vector(&["a", "b", "c", ""]).reshaped(vec![2, 2]).unwrap());
        assert_eq!(outputs[1], Tensor::vector(vec![2i64, 1]));
        let op = StringSplit { delimiter: Some("-".to_owned()), maxsplit: Some(1) };
        assert_eq!(eval(op, [vector(&["a-b-c"])]), vector(&["a", "b-c"]).reshaped(vec![1, 2]).unwrap());
        let once = StringSplit { maxsplit: Some(1), delimiter: None };
        assert_eq!(eval(once, [vector(&["a b  c"])]), vector(&["a", "b  c"]).reshaped(vec![1, 2]).unwrap());
        eval_error(StringConcat {}, [vector(&["a"]), Tensor::scalar(1i64)]);
    }

    #[test]
    fn normalizes_and_matches() {
        let op = StringNormalizer {
            stopwords: vec!["Monday".to_owned()],
            case_change_action: CaseChange::Upper,
            ..StringNormalizer::default()
        };
        assert_eq!(eval(op.clone(), [vector(&["monday", "noon"])]), vector(&["NOON"]));
        assert_eq!(eval(op, [vector(&["monday"])]), vector(&[""]));
        let full = RegexFullMatch { pattern: "a+|b".to_owned() };
        assert_eq!(eval(full, [vector(&["aa", "ab"])]), Tensor::vector(vec![true, false]));
        eval_error(RegexFullMatch { pattern: "(".to_owned() }, [vector(&["a"])]);
    }
}
