//! Flatbuffers, without generated accessors: tables read in place with every offset checked, and written from trees.
//!
//! A table's fields are constants such as `tensor::SHAPE`, which hold the field's slot, element type and default:
//! [`Table::scalar`], [`Table::vector`] … read them, [`Object::set`], [`Object::vector`] … write them. Nothing read is
//! trusted: an offset that leads out of the file is an error, lengths are checked before anything is allocated, and what
//! is allocated is bounded by the size of the file.
//!
//! Source of the layout: <https://flatbuffers.dev/internals/>.

mod read;
mod write;

use std::fmt;

pub use read::{Rows, Table, Tables};
pub use write::{Cell, Object, write};

/// A number that stands in a flatbuffer.
pub trait Number: Copy + PartialEq {
    /// Bytes it takes.
    const WIDTH: usize;

    /// The number in little-endian bytes, as many as its width.
    fn from_bytes(bytes: &[u8]) -> Self;

    /// Its little-endian bytes, the rest 0.
    fn to_bytes(self) -> [u8; 8];
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            const WIDTH: usize = size_of::<$number>();

            fn from_bytes(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$number>()];
                own.copy_from_slice(bytes);
                <$number>::from_le_bytes(own)
            }

            fn to_bytes(self) -> [u8; 8] {
                let mut bytes = [0; 8];
                bytes[..Self::WIDTH].copy_from_slice(&self.to_le_bytes());
                bytes
            }
        }
    )*};
}
numbers!(i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);

impl Number for bool {
    const WIDTH: usize = 1;

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes != [0]
    }

    fn to_bytes(self) -> [u8; 8] {
        u8::from(self).to_bytes()
    }
}

/// A field that holds a number.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<T> {
    /// Position of the field in its table.
    pub slot: u16,
    /// Its value where the table does not have it.
    pub default: T,
}

impl<T> Scalar<T> {
    /// The field at this slot.
    pub const fn new(slot: u16, default: T) -> Self {
        Self { slot, default }
    }
}

/// A field that holds any number of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Vector<T> {
    /// Position of the field in its table.
    pub slot: u16,
    elements: std::marker::PhantomData<T>,
}

impl<T> Vector<T> {
    /// The field at this slot.
    pub const fn new(slot: u16) -> Self {
        Self { slot, elements: std::marker::PhantomData }
    }
}

/// A field that holds a text; its slot.
#[derive(Clone, Copy, Debug)]
pub struct Text(pub u16);

/// A field that holds any number of texts; its slot.
#[derive(Clone, Copy, Debug)]
pub struct Texts(pub u16);

/// A field that holds a table, or one of a union; its slot.
#[derive(Clone, Copy, Debug)]
pub struct Child(pub u16);

/// A field that holds any number of tables; its slot.
#[derive(Clone, Copy, Debug)]
pub struct Children(pub u16);

/// What a slot of a table holds, for copying tables whose meaning is not looked at.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number of this many bytes.
    Scalar(usize),
    /// Numbers of this many bytes each.
    Vector(usize),
    /// A text.
    Text,
    /// Texts.
    Texts,
    /// A table with these slots.
    Table(&'static [Kind]),
    /// Tables with these slots.
    Tables(&'static [Kind]),
    /// One of these tables; which one says the slot before.
    Union(&'static [&'static [Kind]]),
    /// A field that is no longer used.
    Unknown,
}

/// Why bytes are no flatbuffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// What is wrong, lower case.
    pub what: &'static str,
    /// Where in the file, in bytes.
    pub position: usize,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.position)
    }
}

impl std::error::Error for Damaged {}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Scalar<i32> = Scalar::new(0, 7);
    const SIZES: Vector<i64> = Vector::new(1);
    const NAME: Text = Text(2);
    const PARTS: Children = Children(3);
    const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Vector(8), Kind::Text, Kind::Tables(INNER)];
    const INNER: &[Kind] = &[Kind::Scalar(4)];

    fn sample() -> Object {
        let part = |count| Object::default().set(COUNT, count);
        Object::default()
            .set(COUNT, -3)
            .vector(SIZES, &[1, -2, 1 << 40])
            .text(NAME, "layer")
            .children(PARTS, vec![part(7), part(8)])
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = write(&sample(), *b"TEST");
        let table = Table::root(&bytes).unwrap();
        assert_eq!(table.scalar(COUNT).unwrap(), -3);
        assert_eq!(table.vector(SIZES).unwrap().unwrap().to_vec(), [1, -2, 1 << 40]);
        assert_eq!(table.text(NAME).unwrap(), Some("layer"));
        let counts: Vec<i32> =
            table.children(PARTS).unwrap().map(|part| part.unwrap().scalar(COUNT).unwrap()).collect();
        assert_eq!(counts, [7, 8]);
        assert_eq!(&bytes[4..8], b"TEST");
    }

    #[test]
    fn a_copy_is_the_same() {
        let bytes = write(&sample(), *b"TEST");
        let copy = Table::root(&bytes).unwrap().to_object(KINDS).unwrap();
        assert_eq!(write(&copy, *b"TEST"), bytes);
    }

    #[test]
    fn no_byte_is_trusted() {
        let bytes = write(&sample(), *b"TEST");
        for position in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[position] = value;
                if let Ok(table) = Table::root(&damaged) {
                    let _ = table.to_object(KINDS).map(|object| write(&object, *b"TEST"));
                }
            }
            if let Ok(table) = Table::root(&bytes[..position]) {
                let _ = table.to_object(KINDS);
            }
        }
    }
}
