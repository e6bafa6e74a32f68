//! Tables read in place.

use std::marker::PhantomData;

use super::{Cell, Child, Children, Damaged, Kind, Number, Object, Scalar, Text, Texts, Vector};

/// Tables inside tables are followed no deeper than this.
const MAX_DEPTH: usize = 16;

/// A table in the bytes of a file.
#[derive(Clone, Copy, Debug)]
pub struct Table<'b> {
    bytes: &'b [u8],
    position: usize,
    /// Bytes of the table itself, from `position`.
    len: usize,
    vtable: &'b [u8],
}

/// Numbers in the bytes of a file.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'b, T> {
    bytes: &'b [u8],
    /// Where they begin in the file.
    pub position: usize,
    elements: PhantomData<T>,
}

impl<'b, T: Number + 'b> Rows<'b, T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / T::WIDTH
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The numbers.
    pub fn iter(&self) -> impl Iterator<Item = T> + 'b {
        self.bytes.chunks_exact(T::WIDTH).map(T::from_bytes)
    }

    /// The numbers, copied.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }

    /// Their bytes.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }
}

/// Tables of a field that holds several.
#[derive(Clone, Debug)]
pub struct Tables<'b> {
    bytes: &'b [u8],
    position: usize,
    left: usize,
}

impl<'b> Iterator for Tables<'b> {
    type Item = Result<Table<'b>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let position = self.position;
        self.position += 4;
        Some(follow(self.bytes, position).and_then(|target| Table::at(self.bytes, target)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

fn damaged<T>(what: &'static str, position: usize) -> Result<T, Damaged> {
    Err(Damaged { what, position })
}

fn read<T: Number>(bytes: &[u8], position: usize) -> Result<T, Damaged> {
    let end = position.checked_add(T::WIDTH);
    match end.and_then(|end| bytes.get(position..end)) {
        Some(bytes) => Ok(T::from_bytes(bytes)),
        None => damaged("the file ends too early", position),
    }
}

/// Where the offset at this position leads.
fn follow(bytes: &[u8], position: usize) -> Result<usize, Damaged> {
    let offset = read::<u32>(bytes, position)? as usize;
    match position.checked_add(offset) {
        Some(target) if offset >= 4 && target < bytes.len() => Ok(target),
        _ => damaged("an offset leads out of the file", position),
    }
}

/// The elements of a vector, and where they begin.
fn elements(bytes: &[u8], position: usize, width: usize) -> Result<(&[u8], usize), Damaged> {
    let len = read::<u32>(bytes, position)? as usize;
    let begin = position + 4;
    let end = len.checked_mul(width).and_then(|size| begin.checked_add(size));
    match end.and_then(|end| bytes.get(begin..end)) {
        Some(elements) => Ok((elements, begin)),
        None => damaged("a vector is longer than the file", position),
    }
}

fn text(bytes: &[u8], position: usize) -> Result<&str, Damaged> {
    let (text, begin) = elements(bytes, position, 1)?;
    std::str::from_utf8(text).or(damaged("a text is not UTF-8", begin))
}

impl<'b> Table<'b> {
    /// The table that a file begins with.
    pub fn root(bytes: &'b [u8]) -> Result<Self, Damaged> {
        Self::at(bytes, follow(bytes, 0)?)
    }

    fn at(bytes: &'b [u8], position: usize) -> Result<Self, Damaged> {
        let distance = i64::from(read::<i32>(bytes, position)?);
        let Some(vtable) =
            (position as i64).checked_sub(distance).and_then(|start| usize::try_from(start).ok())
        else {
            return damaged("a table's description lies outside of the file", position);
        };
        let size = usize::from(read::<u16>(bytes, vtable)?);
        let len = usize::from(read::<u16>(bytes, vtable + 2)?);
        let slots = vtable.checked_add(size).filter(|_| size >= 4).and_then(|end| bytes.get(vtable + 4..end));
        let is_whole = len >= 4 && position.checked_add(len).is_some_and(|end| end <= bytes.len());
        match slots {
            Some(vtable) if is_whole => Ok(Self { bytes, position, len, vtable }),
            _ => damaged("a table is cut short", position),
        }
    }

    /// Where a field of this many bytes lies, if the table has it.
    fn field(&self, slot: u16, width: usize) -> Result<Option<usize>, Damaged> {
        let at = usize::from(slot) * 2;
        let Some(entry) = self.vtable.get(at..at + 2) else { return Ok(None) };
        match usize::from(u16::from_bytes(entry)) {
            0 => Ok(None),
            offset if offset >= 4 && offset + width <= self.len => Ok(Some(self.position + offset)),
            _ => damaged("a field lies outside of its table", self.position),
        }
    }

    fn target(&self, slot: u16) -> Result<Option<usize>, Damaged> {
        self.field(slot, 4)?.map(|position| follow(self.bytes, position)).transpose()
    }

    /// A number, or its default.
    pub fn scalar<T: Number>(&self, field: Scalar<T>) -> Result<T, Damaged> {
        match self.field(field.slot, T::WIDTH)? {
            Some(position) => read(self.bytes, position),
            None => Ok(field.default),
        }
    }

    /// Numbers, if the table has the field.
    pub fn vector<T: Number>(&self, field: Vector<T>) -> Result<Option<Rows<'b, T>>, Damaged> {
        let Some(target) = self.target(field.slot)? else { return Ok(None) };
        let (bytes, position) = elements(self.bytes, target, T::WIDTH)?;
        Ok(Some(Rows { bytes, position, elements: PhantomData }))
    }

    /// A text, if the table has the field.
    pub fn text(&self, field: Text) -> Result<Option<&'b str>, Damaged> {
        self.target(field.0)?.map(|target| text(self.bytes, target)).transpose()
    }

    /// A table, if the table has the field.
    pub fn child(&self, field: Child) -> Result<Option<Table<'b>>, Damaged> {
        self.target(field.0)?.map(|target| Table::at(self.bytes, target)).transpose()
    }

    /// Tables; none if the table lacks the field.
    pub fn children(&self, field: Children) -> Result<Tables<'b>, Damaged> {
        let (left, position) = match self.target(field.0)? {
            Some(target) => {
                let (offsets, begin) = elements(self.bytes, target, 4)?;
                (offsets.len() / 4, begin)
            }
            None => (0, 0),
        };
        Ok(Tables { bytes: self.bytes, position, left })
    }

    fn texts(&self, field: Texts) -> Result<Vec<String>, Damaged> {
        let Some(target) = self.target(field.0)? else { return Ok(Vec::new()) };
        let (offsets, begin) = elements(self.bytes, target, 4)?;
        let position = |i: usize| follow(self.bytes, begin + 4 * i).and_then(|at| text(self.bytes, at));
        (0..offsets.len() / 4).map(|i| position(i).map(str::to_owned)).collect()
    }

    /// A copy of the whole table.
    ///
    /// # Errors
    /// A damaged file; fields that `kinds` does not name; tables that share parts so often that the copy would be larger
    /// than the file.
    pub fn to_object(&self, kinds: &'static [Kind]) -> Result<Object, Damaged> {
        self.copy(kinds, 0, &mut self.bytes.len().clone())
    }

    fn copy(&self, kinds: &'static [Kind], depth: usize, budget: &mut usize) -> Result<Object, Damaged> {
        if depth > MAX_DEPTH {
            return damaged("tables are nested too deeply", self.position);
        }
        let mut object = Object::default();
        for slot in 0..(self.vtable.len() / 2) as u16 {
            let Some(position) = self.field(slot, 1)? else { continue };
            let cell = match kinds.get(usize::from(slot)) {
                Some(kind) => self.copy_field(*kind, slot, depth, budget)?,
                None => return damaged("a table has a field that this version does not know", position),
            };
            match budget.checked_sub(cell.size()) {
                Some(left) => *budget = left,
                None => return damaged("tables share too much", position),
            }
            object.cells.push((slot, cell));
        }
        Ok(object)
    }

    fn copy_field(&self, kind: Kind, slot: u16, depth: usize, budget: &mut usize) -> Result<Cell, Damaged> {
        let table = |kinds, budget: &mut usize| match self.child(Child(slot))? {
            Some(child) => Ok(Cell::Table(child.copy(kinds, depth + 1, budget)?)),
            None => damaged("a field is missing", self.position),
        };
        match kind {
            Kind::Scalar(width) => {
                let Some(position) = self.field(slot, width)? else {
                    return damaged("a field is missing", self.position);
                };
                let mut number = [0; 8];
                number[..width].copy_from_slice(&self.bytes[position..position + width]);
                Ok(Cell::Number(number, width))
            }
            Kind::Vector(width) => {
                let target = self.target(slot)?.unwrap_or_default();
                let (bytes, _) = elements(self.bytes, target, width)?;
                Ok(Cell::Numbers(bytes.to_vec(), width))
            }
            Kind::Text => Ok(Cell::Text(self.text(Text(slot))?.unwrap_or_default().to_owned())),
            Kind::Texts => Ok(Cell::Texts(self.texts(Texts(slot))?)),
            Kind::Table(kinds) => table(kinds, budget),
            Kind::Tables(kinds) => {
                let mut copies = Vec::new();
                for child in self.children(Children(slot))? {
                    let copy = child?.copy(kinds, depth + 1, budget)?;
                    match budget.checked_sub(4) {
                        Some(left) => *budget = left,
                        None => return damaged("tables share too much", self.position),
                    }
                    copies.push(copy);
                }
                Ok(Cell::Tables(copies))
            }
            Kind::Union(members) => {
                let tag = self.scalar(Scalar::new(slot.saturating_sub(1), 0u8))?;
                match members.get(usize::from(tag)) {
                    Some(kinds) => table(kinds, budget),
                    None => damaged("a union of a kind that this version does not know", self.position),
                }
            }
            Kind::Unknown => damaged("a field that is no longer used", self.position),
        }
    }
}
