//! The `.npz` format: a zip archive of `.npy` files.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::array::{Array, Storage};
use crate::error::{Error, Result};

/// Deflate shrinks at most to this part.
const MAX_RATIO: u64 = 1032;

/// The arrays of an `.npz` file, in its order.
pub(super) fn read_arrays(path: &Path) -> Result<Vec<Array>> {
    let file = File::open(path).map_err(|error| Error::io(path.display(), &error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| archive_error(path, &error))?;
    if archive.has_duplicate_names() {
        return Err(Error::malformed("two arrays have the same name").file(path.display()));
    }
    let mut arrays = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let array = read_entry(path, &mut archive, index);
        arrays.extend(array.map_err(|error| error.file(path.display()))?);
    }
    Ok(arrays)
}

fn read_entry<R: Read + Seek>(
    path: &Path,
    archive: &mut ZipArchive<R>,
    index: usize,
) -> Result<Option<Array>> {
    let entry = archive.by_index_raw(index).map_err(|error| archive_error(path, &error))?;
    let name = entry.name().map_err(|error| archive_error(path, &error))?.into_owned();
    let Some(array_name) = name.strip_suffix(".npy") else {
        if entry.is_dir() {
            return Ok(None);
        }
        return Err(Error::malformed(format!("the entry `{name}` is not a .npy file"))
            .help("an .npz holds nothing but arrays, as `numpy.savez` writes them"));
    };
    if entry.encrypted() {
        return Err(Error::unsupported("the array is encrypted").value(array_name));
    }
    let is_deflated = match entry.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        method => {
            return Err(Error::unsupported(format!("compressed with {method}"))
                .value(array_name)
                .help("write the file with `numpy.savez` or `numpy.savez_compressed`"));
        }
    };
    let (length, size) = (entry.compressed_size(), entry.size());
    let possible = if is_deflated { length.saturating_mul(MAX_RATIO) } else { length };
    let Some(offset) = entry.data_start().filter(|_| size <= possible) else {
        return Err(
            Error::malformed(format!("{length} bytes cannot hold an array of {size}")).value(array_name)
        );
    };
    let storage = Storage::Entry { offset, length, is_deflated, crc: entry.crc32() };
    let array = Array::of_entry(path, array_name.to_owned(), storage, size);
    Ok(Some(array.map_err(|error| error.value(array_name))?))
}

fn archive_error(path: &Path, error: &zip::result::ZipError) -> Error {
    Error::malformed(format!("not a whole .npz file: {error}"))
        .file(path.display())
        .help("the file is cut short or is no zip archive: make or fetch it again")
}
