//! What is known of a value before it is computed.

use std::fmt;
use std::sync::Arc;

use super::{DType, QuantParams};

/// One dimension of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dim {
    /// Known size.
    Known(usize),
    /// The same size wherever the same name stands.
    Symbol(Arc<str>),
    /// Nothing known.
    Any,
}

impl Dim {
    /// A named dimension.
    pub fn symbol(name: impl Into<Arc<str>>) -> Self {
        Dim::Symbol(name.into())
    }

    /// The size, if known.
    pub fn known(&self) -> Option<usize> {
        match self {
            Dim::Known(size) => Some(*size),
            Dim::Symbol(_) | Dim::Any => None,
        }
    }

    /// Whether both could be the same size.
    pub fn may_equal(&self, other: &Dim) -> bool {
        match (self, other) {
            (Dim::Known(a), Dim::Known(b)) => a == b,
            _ => true,
        }
    }
}

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        Dim::Known(size)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Known(size) => write!(f, "{size}"),
            Dim::Symbol(name) if is_identifier(name) => f.write_str(name),
            Dim::Symbol(name) => write!(f, "{name:?}"),
            Dim::Any => f.write_str("?"),
        }
    }
}

/// Whether `text` is a word that needs no quotes in the text form.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The dimensions of a value; `None` if not even their number is known.
pub type Shape = Option<Vec<Dim>>;

/// Element type, shape, and, for quantized values, the parameters that say which numbers the integers mean.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorType {
    /// Element type; for quantized values the storage type.
    pub dtype: DType,
    /// Dimensions, channels first.
    pub shape: Shape,
    /// Meaning of the integers, for quantized values.
    pub quant: Option<Arc<QuantParams>>,
}

impl TensorType {
    /// A type without quantization parameters.
    pub fn new(dtype: DType, shape: Shape) -> Self {
        Self { dtype, shape, quant: None }
    }

    /// A type whose dimensions are all known.
    pub fn known(dtype: DType, dims: &[usize]) -> Self {
        Self::new(dtype, Some(dims.iter().map(|&dim| Dim::Known(dim)).collect()))
    }

    /// Number of dimensions, if known.
    pub fn rank(&self) -> Option<usize> {
        self.shape.as_ref().map(Vec::len)
    }

    /// All dimensions, if all are known.
    pub fn known_dims(&self) -> Option<Vec<usize>> {
        self.shape.as_ref()?.iter().map(Dim::known).collect()
    }

    /// Whether a tensor of this dtype and these dimensions fits the type.
    pub fn admits(&self, dtype: DType, dims: &[usize]) -> bool {
        self.dtype == dtype
            && self.shape.as_ref().is_none_or(|shape| {
                shape.len() == dims.len()
                    && shape.iter().zip(dims).all(|(dim, &size)| dim.may_equal(&Dim::Known(size)))
            })
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.quant {
            Some(quant) => write!(f, "{}", quant.storage_text())?,
            None => write!(f, "{}", self.dtype)?,
        }
        match &self.shape {
            None => f.write_str("[*]")?,
            Some(dims) => {
                f.write_str("[")?;
                for (position, dim) in dims.iter().enumerate() {
                    let separator = if position == 0 { "" } else { "," };
                    write!(f, "{separator}{dim}")?;
                }
                f.write_str("]")?;
            }
        }
        match &self.quant {
            Some(quant) => write!(f, "{}", quant.params_text()),
            None => Ok(()),
        }
    }
}
