//! The Python dictionary in the header of a `.npy` file.

/// A value of the dictionary.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// `'text'`
    Str(String),
    /// `True`, `False`
    Bool(bool),
    /// `(1, 2)`
    Tuple(Vec<usize>),
    /// A list, as record types have.
    Other,
}

/// The entries in order; `None` if the text is anything else.
pub(super) fn parse(text: &str) -> Option<Vec<(String, Literal)>> {
    let mut rest = text.trim().strip_prefix('{')?.trim_start();
    let mut entries = Vec::new();
    while !rest.starts_with('}') {
        let (key, after) = string(rest)?;
        let (value, after) = literal(after.trim_start().strip_prefix(':')?.trim_start())?;
        entries.push((key, value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
    (rest == "}").then_some(entries)
}

fn literal(text: &str) -> Option<(Literal, &str)> {
    match text.chars().next()? {
        '\'' | '"' => string(text).map(|(text, rest)| (Literal::Str(text), rest)),
        '(' => tuple(text),
        '[' => list(text).map(|rest| (Literal::Other, rest)),
        _ => {
            let bools = [("True", true), ("False", false)];
            bools.iter().find_map(|(word, value)| Some((Literal::Bool(*value), text.strip_prefix(word)?)))
        }
    }
}

/// Texts in headers hold no escapes.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (inside, rest) = text[1..].split_once(quote)?;
    Some((inside.to_owned(), rest))
}

fn tuple(text: &str) -> Option<(Literal, &str)> {
    let (inside, rest) = text.strip_prefix('(')?.split_once(')')?;
    let mut dims = Vec::new();
    for part in inside.split_terminator(',') {
        // Python 2 wrote `3L`.
        dims.push(part.trim().trim_end_matches('L').parse().ok()?);
    }
    Some((Literal::Tuple(dims), rest))
}

/// The text behind a list.
fn list(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    for (position, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[position + 1..]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_numpy_writes() {
        let entries = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }    \n").unwrap();
        assert_eq!(entries[0], ("descr".into(), Literal::Str("<f4".into())));
        assert_eq!(entries[1].1, Literal::Bool(false));
        assert_eq!(entries[2].1, Literal::Tuple(vec![3, 4]));
        assert_eq!(parse("{'shape': (7,)}").unwrap()[0].1, Literal::Tuple(vec![7]));
        assert_eq!(parse("{'shape': ()}").unwrap()[0].1, Literal::Tuple(vec![]));
        assert_eq!(parse("{'descr': [('a', '<f4'), ('b', '<i4', (2,))]}").unwrap()[0].1, Literal::Other);
    }

    #[test]
    fn refuses_anything_else() {
        for text in
            ["", "{", "{'a'}", "{'a': 1}", "{'shape': (-1,)}", "{'a': 'b'", "{} x", "{'a': [}", "('a')"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
