//! Text to tokens.

use crate::error::{Error, Result};

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word.
    Word(String),
    /// `%name`
    Value(String),
    /// `"text"`
    Str(String),
    /// A number as written.
    Number(String),
    /// `#0123456789abcdef`
    Hash(String),
    /// One of `( ) { } [ ] < > , : = @ * ? _`
    Punct(char),
}

/// A token with the line it stands on, from 1.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) line: usize,
}

/// An error on a line of text.
pub(super) fn error_on(line: usize, message: impl std::fmt::Display) -> Error {
    Error::malformed(format!("line {line}: {message}"))
}

pub(super) fn lex(text: &str) -> Result<Vec<Placed>> {
    let mut tokens = Vec::new();
    for (line_idx, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        if rest.starts_with("# ") {
            continue;
        }
        while !rest.is_empty() && !rest.starts_with(';') {
            let (token, length) = next(rest).map_err(|message| error_on(line_idx + 1, message))?;
            tokens.push(Placed { token, line: line_idx + 1 });
            rest = rest[length..].trim_start();
        }
    }
    Ok(tokens)
}

fn next(text: &str) -> Result<(Token, usize), String> {
    let first = text.chars().next().unwrap_or(' ');
    let word_length = |text: &str, more: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || more.contains(c))).unwrap_or(text.len())
    };
    match first {
        '"' => quoted(text).map(|(text, length)| (Token::Str(text), length)),
        '%' if text[1..].starts_with('"') => {
            quoted(&text[1..]).map(|(name, length)| (Token::Value(name), length + 1))
        }
        '%' => {
            let length = word_length(&text[1..], "_./");
            Ok((Token::Value(text[1..=length].to_owned()), length + 1))
        }
        '#' => {
            let length = word_length(&text[1..], "");
            Ok((Token::Hash(text[1..=length].to_owned()), length + 1))
        }
        '0'..='9' | '-' | '+' => {
            let length = 1 + number_length(&text[1..]);
            Ok((Token::Number(text[..length].to_owned()), length))
        }
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = word_length(text, "_");
            Ok(match &text[..length] {
                "_" => (Token::Punct('_'), 1),
                word => (Token::Word(word.to_owned()), length),
            })
        }
        '(' | ')' | '{' | '}' | '[' | ']' | '<' | '>' | ',' | ':' | '=' | '@' | '*' | '?' => {
            Ok((Token::Punct(first), 1))
        }
        other => Err(format!("unexpected `{other}`")),
    }
}

/// Length of the rest of a number; an exponent may carry a sign.
fn number_length(text: &str) -> usize {
    let mut previous = ' ';
    for (position, c) in text.char_indices() {
        let sign = matches!(c, '-' | '+') && matches!(previous, 'e' | 'E');
        if !(c.is_ascii_alphanumeric() || c == '.' || sign) {
            return position;
        }
        previous = c;
    }
    text.len()
}

/// A Rust-like string literal at the start of `text`, and its length with the quotes.
fn quoted(text: &str) -> Result<(String, usize), String> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((position, c)) = chars.next() {
        match c {
            '"' => return Ok((out, position + 1)),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('0') => out.push('\0'),
                Some('u') => out.push(unicode_escape(&mut chars)?),
                Some(c @ ('"' | '\\' | '\'')) => out.push(c),
                _ => return Err("unknown escape in a string".to_owned()),
            },
            c => out.push(c),
        }
    }
    Err("a string without an end".to_owned())
}

/// The rest of `\u{1f600}`.
fn unicode_escape(chars: &mut impl Iterator<Item = (usize, char)>) -> Result<char, String> {
    let digits: String = chars.map(|(_, c)| c).skip(1).take_while(|&c| c != '}').collect();
    u32::from_str_radix(&digits, 16)
        .ok()
        .and_then(char::from_u32)
        .ok_or_else(|| format!("no character {digits}"))
}
