//! The one error type: what went wrong, where, and what to do about it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong. A program may match on it; people read the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be opened, read or written.
    Io,
    /// A file or text breaks its format's rules.
    Malformed,
    /// Valid, but `qdq` cannot do it.
    Unsupported,
    /// The data fed to a model does not fit it, or cannot be used.
    Data,
    /// A graph breaks a rule of [`crate::graph`].
    InvalidGraph,
    /// An option, a recipe or a request that makes no sense.
    Usage,
    /// A bug in `qdq`.
    Internal,
}

/// Where it went wrong; every part is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Path of the file.
    pub file: Option<String>,
    /// Name of the node, with its op.
    pub node: Option<String>,
    /// Name of the value (tensor).
    pub value: Option<String>,
    /// Name of the attribute.
    pub attribute: Option<String>,
    /// Index of the sample of the data set, from 0.
    pub sample: Option<usize>,
}

/// An error with its place, and a remedy where one is known.
///
/// Several problems found together are one error: the first is the error itself, [`Error::others`] the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    place: Place,
    message: String,
    help: Option<String>,
    others: Vec<Error>,
}

impl Error {
    /// An error without a place; the message is lower case and has no full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            place: Place::default(),
            message: message.into(),
            help: None,
            others: Vec::new(),
        }))
    }

    /// [`ErrorKind::Malformed`].
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// [`ErrorKind::Unsupported`].
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// [`ErrorKind::Data`].
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// [`ErrorKind::InvalidGraph`].
    pub fn graph(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidGraph, message)
    }

    /// [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// An input/output error of `file`.
    pub fn io(file: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, error.to_string()).file(file)
    }

    /// Names the file, unless one is named already.
    pub fn file(mut self, file: impl fmt::Display) -> Self {
        self.for_each(|inner| {
            inner.place.file.get_or_insert_with(|| file.to_string());
        });
        self
    }

    /// Names the node, unless one is named already.
    pub fn node(mut self, node: impl fmt::Display) -> Self {
        self.for_each(|inner| {
            inner.place.node.get_or_insert_with(|| node.to_string());
        });
        self
    }

    /// Names the value, unless one is named already.
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        self.for_each(|inner| {
            inner.place.value.get_or_insert_with(|| value.to_string());
        });
        self
    }

    /// Names the attribute, unless one is named already.
    pub fn attribute(mut self, attribute: impl fmt::Display) -> Self {
        self.for_each(|inner| {
            let place = &mut inner.place.attribute;
            place.get_or_insert_with(|| attribute.to_string());
        });
        self
    }

    /// Names the sample of the data set, unless one is named already.
    pub fn sample(mut self, index: usize) -> Self {
        self.for_each(|inner| {
            inner.place.sample.get_or_insert(index);
        });
        self
    }

    /// Says what the user can do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert(help.into());
        self
    }

    /// Joins problems found together; `None` if there are none.
    pub fn all(errors: impl IntoIterator<Item = Error>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.others.extend(errors);
        Some(first)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it went wrong.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// What went wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the user can do about it.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Further problems found in the same step.
    pub fn others(&self) -> &[Error] {
        &self.0.others
    }

    fn for_each(&mut self, mut set: impl FnMut(&mut Inner)) {
        for other in &mut self.0.others {
            set(&mut other.0);
        }
        set(&mut self.0);
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The same problem at many nodes is told once.
        let mut told: Vec<(&Inner, Vec<&str>)> = Vec::new();
        let mut known = HashMap::new();
        self.visit(&mut |error| match &error.place.node {
            Some(node) => {
                let position = *known.entry(error.beside_node()).or_insert(told.len());
                match told.get_mut(position) {
                    Some((_, nodes)) => nodes.push(node),
                    None => told.push((error, vec![node])),
                }
            }
            None => told.push((error, Vec::new())),
        });
        for (position, (error, nodes)) in told.into_iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            error.write(f, &nodes)?;
        }
        Ok(())
    }
}

impl Error {
    fn visit<'e>(&'e self, look: &mut impl FnMut(&'e Inner)) {
        look(&self.0);
        self.0.others.iter().for_each(|other| other.visit(look));
    }
}

/// Nodes that are named where many have the same problem.
const MOST_NODES: usize = 3;

impl Inner {
    /// All that is told of it but its node.
    fn beside_node(&self) -> impl Eq + Hash + use<'_> {
        let Place { file, node: _, value, attribute, sample } = &self.place;
        (file, value, attribute, sample, &self.message, &self.help)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, nodes: &[&str]) -> fmt::Result {
        let Inner { place, message, help, .. } = self;
        if let Some(file) = &place.file {
            write!(f, "{file}: ")?;
        }
        if let Some(sample) = &place.sample {
            write!(f, "sample {sample}: ")?;
        }
        match nodes {
            [] => {}
            [node] => write!(f, "in node `{node}`: ")?,
            nodes => {
                let named: Vec<String> =
                    nodes.iter().take(MOST_NODES).map(|node| format!("`{node}`")).collect();
                write!(f, "in nodes {}", named.join(", "))?;
                match nodes.len().saturating_sub(MOST_NODES) {
                    0 => f.write_str(": ")?,
                    more => write!(f, " and {more} more: ")?,
                }
            }
        }
        if let Some(value) = &place.value {
            write!(f, "value `{value}`: ")?;
        }
        if let Some(attribute) = &place.attribute {
            write!(f, "attribute `{attribute}`: ")?;
        }
        f.write_str(message)?;
        if let Some(help) = help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_problem_at_many_nodes_is_told_once() {
        let at = |node: &str, message: &str| Error::usage(message).node(node).help("do it");
        let errors = [at("a", "no"), at("b", "other"), at("c", "no"), at("d", "no"), at("e", "no")];
        let error = Error::all(errors).unwrap();
        assert_eq!(
            error.to_string(),
            "in nodes `a`, `c`, `d` and 1 more: no\n  help: do it\nin node `b`: other\n  help: do it"
        );
        assert_eq!(error.others().len(), 4);
    }
}
