//! Attributes of ops: their values in text, and the macro that declares them once.

use std::fmt;

use crate::tensor::{DType, QuantParams};

/// An attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// `1`
    Int(i64),
    /// `0.5`, `inf`, `nan`; always with a point, an exponent or a word.
    Float(f32),
    /// `true`
    Bool(bool),
    /// `half_even`: one of the names an attribute offers, or an element type.
    Word(String),
    /// `"any text"`
    Str(String),
    /// `[1, 2]`
    Ints(Vec<i64>),
    /// `[0.5, 1.0]`
    Floats(Vec<f32>),
    /// `[tanh, relu]`
    Words(Vec<String>),
    /// `["any", "texts"]`
    Strs(Vec<String>),
    /// `u8{scale=0.05, zero_point=3}`
    Quant(Box<QuantParams>),
}

impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attr::Int(int) => write!(f, "{int}"),
            Attr::Float(float) => write!(f, "{float:?}"),
            Attr::Bool(bool) => write!(f, "{bool}"),
            Attr::Word(word) => f.write_str(word),
            Attr::Str(text) => write!(f, "{text:?}"),
            Attr::Ints(ints) => write!(f, "{ints:?}"),
            Attr::Floats(floats) => write!(f, "{floats:?}"),
            Attr::Words(words) => write!(f, "[{}]", words.join(", ")),
            Attr::Strs(texts) => write!(f, "{texts:?}"),
            Attr::Quant(params) => write!(f, "{params}"),
        }
    }
}

/// What kind of value an attribute takes; of a list or an optional one, what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttrKind {
    /// Integers.
    Int,
    /// Floats.
    Float,
    /// True or false.
    Bool,
    /// One of several names.
    Word,
    /// An element type.
    Type,
    /// Any text.
    Str,
    /// Quantization parameters.
    Quant,
}

/// A Rust type usable as an attribute.
pub trait AttrType: Sized {
    /// The kind of value.
    const KIND: AttrKind;
    /// As it stands in text.
    fn to_attr(&self) -> Attr;
    /// Back from text; `None` if the text means something else.
    fn from_attr(attr: &Attr) -> Option<Self>;
}

macro_rules! attr_type {
    ($($rust:ty, $kind:ident, $value:ident => $to:expr, $from:pat => $back:expr;)*) => {$(
        impl AttrType for $rust {
            const KIND: AttrKind = AttrKind::$kind;

            fn to_attr(&self) -> Attr {
                let $value = self;
                $to
            }
            fn from_attr(attr: &Attr) -> Option<Self> {
                match attr {
                    $from => $back,
                    _ => None,
                }
            }
        }
    )*};
}

attr_type! {
    i64, Int, value => Attr::Int(*value), Attr::Int(int) => Some(*int);
    usize, Int, value => Attr::Int(*value as i64), Attr::Int(int) => usize::try_from(*int).ok();
    f32, Float, value => Attr::Float(*value), Attr::Float(float) => Some(*float);
    bool, Bool, value => Attr::Bool(*value), Attr::Bool(bool) => Some(*bool);
    String, Str, value => Attr::Str(value.clone()), Attr::Str(text) => Some(text.clone());
    DType, Type, value => Attr::Word(value.to_string()), Attr::Word(word) => word.parse().ok();
    QuantParams, Quant, value => Attr::Quant(Box::new(value.clone())), Attr::Quant(params) => Some((**params).clone());
}

impl AttrType for Vec<i64> {
    const KIND: AttrKind = AttrKind::Int;

    fn to_attr(&self) -> Attr {
        Attr::Ints(self.clone())
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Ints(ints) => Some(ints.clone()),
            _ => None,
        }
    }
}

impl AttrType for Vec<usize> {
    const KIND: AttrKind = AttrKind::Int;

    fn to_attr(&self) -> Attr {
        Attr::Ints(self.iter().map(|&value| value as i64).collect())
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Ints(ints) => ints.iter().map(|&int| usize::try_from(int).ok()).collect(),
            _ => None,
        }
    }
}

impl AttrType for Vec<f32> {
    const KIND: AttrKind = AttrKind::Float;

    fn to_attr(&self) -> Attr {
        Attr::Floats(self.clone())
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Floats(floats) => Some(floats.clone()),
            Attr::Ints(ints) if ints.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }
}

impl AttrType for Vec<String> {
    const KIND: AttrKind = AttrKind::Str;

    fn to_attr(&self) -> Attr {
        Attr::Strs(self.clone())
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Strs(texts) => Some(texts.clone()),
            Attr::Ints(ints) if ints.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }
}

/// An absent value is the default, which text leaves out.
impl<T: AttrType> AttrType for Option<T> {
    const KIND: AttrKind = T::KIND;

    fn to_attr(&self) -> Attr {
        self.as_ref().map_or(Attr::Word("none".to_owned()), T::to_attr)
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Word(word) if word == "none" => Some(None),
            _ => T::from_attr(attr).map(Some),
        }
    }
}

/// Declares an op's attributes once: the struct, its defaults, and their text.
macro_rules! op {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$field_meta:meta])* pub $field:ident : $type:ty = $default:expr ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            pub(crate) fn attrs(&self) -> Vec<(&'static str, $crate::ops::Attr)> {
                vec![$( (stringify!($field), $crate::ops::AttrType::to_attr(&self.$field)) ),*]
            }

            pub(crate) fn kinds() -> &'static [(&'static str, $crate::ops::AttrKind)] {
                &[$( (stringify!($field), <$type as $crate::ops::AttrType>::KIND) ),*]
            }

            pub(crate) fn from_attrs(attrs: &[(String, $crate::ops::Attr)]) -> $crate::error::Result<Self> {
                #[allow(unused_mut, reason = "ops without attributes")]
                let mut op = Self::default();
                #[allow(unused_variables, reason = "ops without attributes")]
                for (key, value) in attrs {
                    match key.as_str() {
                        $( stringify!($field) => match $crate::ops::AttrType::from_attr(value) {
                            Some(value) => op.$field = value,
                            None => return Err($crate::error::Error::malformed(format!(
                                "`{value}` is no {}", stringify!($type)
                            )).attribute(key)),
                        }, )*
                        _ => return Err($crate::error::Error::malformed("unknown attribute").attribute(key)),
                    }
                }
                Ok(op)
            }
        }
    };
}
pub(crate) use op;

/// Declares an attribute that is one of several names.
macro_rules! attr_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
        }

        impl $name {
            /// Name in text; the same as in ONNX, in lower case.
            pub fn name(self) -> &'static str {
                match self { $( $name::$variant => $text, )* }
            }

            /// The variant of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $text => Some($name::$variant), )* _ => None }
            }
        }

        impl $crate::ops::AttrType for $name {
            const KIND: $crate::ops::AttrKind = $crate::ops::AttrKind::Word;

            fn to_attr(&self) -> $crate::ops::Attr {
                $crate::ops::Attr::Word(self.name().to_owned())
            }

            fn from_attr(attr: &$crate::ops::Attr) -> Option<Self> {
                match attr {
                    $crate::ops::Attr::Word(word) => Self::from_name(word),
                    _ => None,
                }
            }
        }

        impl $crate::ops::AttrType for Vec<$name> {
            const KIND: $crate::ops::AttrKind = $crate::ops::AttrKind::Word;

            fn to_attr(&self) -> $crate::ops::Attr {
                $crate::ops::Attr::Words(self.iter().map(|variant| variant.name().to_owned()).collect())
            }

            fn from_attr(attr: &$crate::ops::Attr) -> Option<Self> {
                match attr {
                    $crate::ops::Attr::Words(words) => words.iter().map(|word| $name::from_name(word)).collect(),
                    $crate::ops::Attr::Ints(ints) if ints.is_empty() => Some(Vec::new()),
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use attr_enum;
