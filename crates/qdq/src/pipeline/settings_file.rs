//! Recipes and targets in files.

use std::path::Path;

use crate::error::{Error, Result};
use crate::quant::{Encodings, Recipe};
use crate::targets::Target;

/// Largest recipe or target that is read, in bytes.
const MAX_TEXT: u64 = 1 << 24;

/// Reads a recipe.
///
/// # Errors
/// A file that is missing or no text; what [`Recipe::from_toml`] finds wrong.
pub fn read_recipe(path: impl AsRef<Path>) -> Result<Recipe> {
    let path = path.as_ref();
    read(path).and_then(|text| Recipe::from_toml(&text)).map_err(|error| error.file(path.display()))
}

/// Reads an encodings file of AIMET.
///
/// # Errors
/// A file that is missing or no text; what [`Encodings::from_json`] finds wrong.
pub fn read_encodings(path: impl AsRef<Path>) -> Result<Encodings> {
    let path = path.as_ref();
    read(path).and_then(|text| Encodings::from_json(&text)).map_err(|error| error.file(path.display()))
}

/// The target of a name, or of a file that ends in `.toml`.
///
/// # Errors
/// A name that no target has; a file that is missing or no text; what [`Target::from_toml`] finds wrong.
pub fn find_target(name: &str) -> Result<Target> {
    let path = Path::new(name);
    if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("toml")) {
        return Target::find(name);
    }
    read(path).and_then(|text| Target::from_toml(&text)).map_err(|error| error.file(path.display()))
}

fn read(path: &Path) -> Result<String> {
    let io_error = |error: std::io::Error| Error::io(path.display(), &error);
    let metadata = std::fs::metadata(path).map_err(io_error)?;
    if metadata.is_dir() {
        return Err(Error::usage("this is a folder").help("name a file"));
    }
    if metadata.len() > MAX_TEXT {
        return Err(Error::malformed(format!("a text of {} bytes", metadata.len())));
    }
    let bytes = std::fs::read(path).map_err(io_error)?;
    String::from_utf8(bytes).map_err(|_| Error::malformed("not text").help("name a text file"))
}
