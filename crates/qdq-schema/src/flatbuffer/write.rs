//! Trees of tables to bytes.

use std::collections::HashMap;

use super::{Child, Children, Number, Scalar, Text, Vector};

/// A field's content.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number in little-endian bytes, and how many there are.
    Number([u8; 8], usize),
    /// Numbers in little-endian bytes, and how many bytes one takes.
    Numbers(Vec<u8>, usize),
    /// Bytes that something else keeps, aligned to 16 bytes.
    Blob(bytes::Bytes),
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// A table.
    Table(Object),
    /// Tables.
    Tables(Vec<Object>),
}

impl Cell {
    /// Bytes it takes, without those of tables inside.
    pub(super) fn size(&self) -> usize {
        match self {
            Cell::Number(_, width) => *width,
            Cell::Numbers(bytes, _) => 4 + bytes.len(),
            Cell::Blob(bytes) => 4 + bytes.len(),
            Cell::Text(text) => 4 + text.len(),
            Cell::Texts(texts) => texts.iter().map(|text| 4 + text.len()).sum(),
            Cell::Table(_) | Cell::Tables(_) => 4,
        }
    }

    /// Bytes it takes in the table itself.
    fn width(&self) -> usize {
        if let Cell::Number(_, width) = self { *width } else { 4 }
    }
}

/// A table to be written: its fields by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    pub(super) cells: Vec<(u16, Cell)>,
}

impl Object {
    /// With a number; a default is left out.
    pub fn set<T: Number>(mut self, field: Scalar<T>, value: T) -> Self {
        if value != field.default {
            self.cells.push((field.slot, Cell::Number(value.to_bytes(), T::WIDTH)));
        }
        self
    }

    /// With numbers.
    pub fn vector<T: Number>(mut self, field: Vector<T>, values: &[T]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_bytes().into_iter().take(T::WIDTH)).collect();
        self.cells.push((field.slot, Cell::Numbers(bytes, T::WIDTH)));
        self
    }

    /// With bytes that are not copied, aligned to 16 bytes in the file.
    pub fn blob(mut self, field: Vector<u8>, bytes: bytes::Bytes) -> Self {
        self.cells.push((field.slot, Cell::Blob(bytes)));
        self
    }

    /// With a text.
    pub fn text(mut self, field: Text, text: &str) -> Self {
        self.cells.push((field.0, Cell::Text(text.to_owned())));
        self
    }

    /// With a table.
    pub fn child(mut self, field: Child, child: Object) -> Self {
        self.cells.push((field.0, Cell::Table(child)));
        self
    }

    /// With tables.
    pub fn children(mut self, field: Children, children: Vec<Object>) -> Self {
        self.cells.push((field.0, Cell::Tables(children)));
        self
    }

    /// Without what is in a slot.
    pub fn without(mut self, slot: u16) -> Self {
        self.cells.retain(|(own, _)| *own != slot);
        self
    }
}

/// The bytes of a file with this root and identifier.
pub fn write(root: &Object, identifier: [u8; 4]) -> Vec<u8> {
    let mut writer = Writer { bytes: vec![0; 8], vtables: HashMap::new() };
    writer.bytes[4..8].copy_from_slice(&identifier);
    let position = writer.table(root);
    writer.point(0, position);
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
    vtables: HashMap<Vec<u8>, usize>,
}

impl Writer {
    fn align(&mut self, alignment: usize) {
        let len = self.bytes.len().next_multiple_of(alignment);
        self.bytes.resize(len, 0);
    }

    /// Writes the offset from one position to another behind it.
    fn point(&mut self, from: usize, to: usize) {
        self.bytes[from..from + 4].copy_from_slice(&((to - from) as u32).to_le_bytes());
    }

    /// Writes a table, then what its fields refer to; gives the table's position.
    fn table(&mut self, object: &Object) -> usize {
        let mut cells: Vec<&(u16, Cell)> = object.cells.iter().collect();
        // Wide fields first: no padding between them. Every table starts at a multiple of 8, plus the 4 bytes of its head.
        cells.sort_by_key(|(slot, cell)| (std::cmp::Reverse(cell.width()), *slot));
        let n_slots = object.cells.iter().map(|(slot, _)| usize::from(*slot) + 1).max().unwrap_or(0);
        let mut offsets = vec![0u16; n_slots];
        let mut end = 4;
        for (slot, cell) in &cells {
            offsets[usize::from(*slot)] = end as u16;
            end += cell.width();
        }
        let vtable = self.vtable(&offsets, end);
        let has_wide = cells.first().is_some_and(|(_, cell)| cell.width() == 8);
        self.align(4);
        if has_wide && self.bytes.len().is_multiple_of(8) {
            self.bytes.resize(self.bytes.len() + 4, 0);
        }
        let position = self.bytes.len();
        self.bytes.resize(position + end, 0);
        let distance = (position - vtable) as i32;
        self.bytes[position..position + 4].copy_from_slice(&distance.to_le_bytes());
        for (slot, cell) in cells {
            let field = position + usize::from(offsets[usize::from(*slot)]);
            match cell {
                Cell::Number(number, width) => {
                    self.bytes[field..field + width].copy_from_slice(&number[..*width]);
                }
                cell => {
                    let target = self.cell(cell);
                    self.point(field, target);
                }
            }
        }
        position
    }

    /// The position of a table description, written unless there is an equal one.
    fn vtable(&mut self, offsets: &[u16], table_len: usize) -> usize {
        let head = [(4 + 2 * offsets.len()) as u16, table_len as u16];
        let content: Vec<u8> = head.iter().chain(offsets).flat_map(|entry| entry.to_le_bytes()).collect();
        if let Some(position) = self.vtables.get(&content) {
            return *position;
        }
        self.align(2);
        let position = self.bytes.len();
        self.bytes.extend(&content);
        self.vtables.insert(content, position);
        position
    }

    /// Writes what a field refers to; gives its position.
    fn cell(&mut self, cell: &Cell) -> usize {
        match cell {
            Cell::Number(..) => 0, // stands in its table
            Cell::Numbers(bytes, width) => self.vector(bytes, bytes.len() / width, *width),
            Cell::Blob(bytes) => self.vector(bytes, bytes.len(), 16),
            Cell::Text(text) => self.text(text),
            Cell::Table(object) => self.table(object),
            Cell::Texts(texts) => self.offsets(texts, |writer, text| writer.text(text)),
            Cell::Tables(objects) => self.offsets(objects, Self::table),
        }
    }

    fn text(&mut self, text: &str) -> usize {
        let position = self.vector(text.as_bytes(), text.len(), 4);
        self.bytes.push(0);
        position
    }

    /// Writes a vector whose elements begin at a multiple of `alignment`.
    fn vector(&mut self, bytes: &[u8], len: usize, alignment: usize) -> usize {
        let alignment = alignment.max(4);
        let begin = (self.bytes.len() + 4).next_multiple_of(alignment);
        self.bytes.resize(begin - 4, 0);
        self.bytes.extend((len as u32).to_le_bytes());
        self.bytes.extend(bytes);
        begin - 4
    }

    fn offsets<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T) -> usize) -> usize {
        let position = self.vector(&vec![0; 4 * items.len()], items.len(), 4);
        for (i, item) in items.iter().enumerate() {
            let target = write(self, item);
            self.point(position + 4 + 4 * i, target);
        }
        position
    }
}
