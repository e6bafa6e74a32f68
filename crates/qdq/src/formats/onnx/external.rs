//! What lies around a model file: tensor data in side files, and room for data that cannot be used in place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use qdq_schema::onnx::StringStringEntryProto;

use crate::error::{Error, Result};

/// What a reader asks of its caller, who may open files. A function that gives side files is enough.
pub trait Files {
    /// The content of a file by its name relative to the model's folder; names that would lead out of that folder are
    /// refused before this is called.
    fn side_file(&self, name: &str) -> Result<Bytes>;

    /// The same bytes at an address where numbers may be read from them, for large tensors that lie elsewhere in their file;
    /// they are copied into memory where this leaves them.
    fn aligned(&self, bytes: Bytes) -> Result<Bytes> {
        Ok(bytes)
    }
}

impl<F: Fn(&str) -> Result<Bytes>> Files for F {
    fn side_file(&self, name: &str) -> Result<Bytes> {
        self(name)
    }
}

/// Fewer bytes than this are copied into memory without asking.
const LARGE: usize = 1 << 20;

/// Opens side files through the caller, each once.
pub(super) struct SideFiles<'a> {
    files: &'a dyn Files,
    opened: RefCell<BTreeMap<String, Bytes>>,
}

impl<'a> SideFiles<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self { files, opened: RefCell::default() }
    }

    /// The same bytes, aligned for numbers of `bits` bits if they are many.
    pub(super) fn aligned(&self, bytes: Bytes, bits: usize) -> Result<Bytes> {
        let is_aligned = bytes.as_ptr().addr().is_multiple_of((bits / 8).max(1));
        if is_aligned || bytes.len() < LARGE { Ok(bytes) } else { self.files.aligned(bytes) }
    }

    /// The `needed` bytes that `external_data` points at, without copying them.
    pub(super) fn bytes(&self, external_data: &[StringStringEntryProto], needed: usize) -> Result<Bytes> {
        let entry = |key: &str| {
            let entry = external_data.iter().find(|entry| entry.key() == key);
            entry.map(StringStringEntryProto::value)
        };
        let number = |key: &str| match entry(key) {
            None => Ok(None),
            Some(text) => match text.trim().parse::<usize>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Error::malformed(format!("external_data has the {key} `{text}`"))),
            },
        };
        let location = entry("location").unwrap_or("");
        check_location(location)?;
        let offset = number("offset")?.unwrap_or(0);
        if let Some(length) = number("length")?.filter(|&length| length != needed) {
            return Err(Error::malformed(format!(
                "external_data has the length {length}, but its shape and type need {needed} bytes"
            )));
        }
        let file = self.open(location)?;
        let end = offset.checked_add(needed).filter(|&end| end <= file.len());
        match end {
            Some(end) => Ok(file.slice(offset..end)),
            None => Err(Error::malformed(format!(
                "its data is {needed} bytes at {offset}, but the side file `{location}` ends at {}",
                file.len()
            ))
            .help("fetch the side file again; it is cut short or belongs to another model")),
        }
    }

    fn open(&self, location: &str) -> Result<Bytes> {
        if let Some(bytes) = self.opened.borrow().get(location) {
            return Ok(bytes.clone());
        }
        let bytes = self.files.side_file(location)?;
        self.opened.borrow_mut().insert(location.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

/// A side file lies in the folder of the model or below it.
fn check_location(location: &str) -> Result<()> {
    let mut parts = location.split(['/', '\\']);
    let absolute = location.starts_with(['/', '\\']) || location.get(1..2) == Some(":");
    if location.is_empty() {
        return Err(Error::malformed("external_data names no location"));
    }
    if absolute || parts.any(|part| part == "..") || location.contains('\0') {
        return Err(Error::malformed(format!("the side file `{location}` is outside of the model's folder"))
            .help("put it beside the model and write its name only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(pairs: &[(&str, &str)]) -> Vec<StringStringEntryProto> {
        let entry = |&(key, value): &(&str, &str)| StringStringEntryProto {
            key: Some(key.into()),
            value: Some(value.into()),
        };
        pairs.iter().map(entry).collect()
    }

    #[test]
    fn slices_without_copying() {
        let file = Bytes::from_static(b"0123456789");
        let open =
            |name: &str| if name == "a.bin" { Ok(file.clone()) } else { Err(Error::data("no such file")) };
        let side_files = SideFiles::new(&open);
        let data = side_files.bytes(&entries(&[("location", "a.bin"), ("offset", "4"), ("length", "3")]), 3);
        let data = data.unwrap();
        assert_eq!(data, "456");
        assert!(file.as_ptr_range().contains(&data.as_ptr()));
    }

    #[test]
    fn refuses_bad_ranges_and_paths() {
        let open = |_: &str| Ok(Bytes::from_static(b"0123456789"));
        let side_files = SideFiles::new(&open);
        let refuse = |pairs: &[(&str, &str)]| side_files.bytes(&entries(pairs), 3).unwrap_err().to_string();
        assert!(refuse(&[]).contains("no location"));
        assert!(refuse(&[("location", "../a")]).contains("outside"));
        assert!(refuse(&[("location", "x/../../a")]).contains("outside"));
        assert!(refuse(&[("location", "/etc/passwd")]).contains("outside"));
        assert!(refuse(&[("location", "C:\\a")]).contains("outside"));
        assert!(refuse(&[("location", "a"), ("length", "4")]).contains("length 4"));
        assert!(refuse(&[("location", "a"), ("offset", "8")]).contains("ends at 10"));
        assert!(refuse(&[("location", "a"), ("offset", "18446744073709551615")]).contains("ends at 10"));
        assert!(refuse(&[("location", "a"), ("offset", "-1")]).contains("offset `-1`"));
    }
}
