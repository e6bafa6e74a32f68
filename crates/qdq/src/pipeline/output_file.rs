//! Files that are there whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// A file under a temporary name in the folder of its final one; it is removed unless [`OutputFile::persist`] is called.
#[derive(Debug)]
pub(super) struct OutputFile {
    /// The open file, for reading and writing.
    pub(super) file: File,
    path: PathBuf,
    temporary: PathBuf,
}

impl OutputFile {
    /// Makes an empty temporary file for `path`.
    ///
    /// # Errors
    /// A folder that does not exist or cannot be written to; a path that is a folder.
    pub(super) fn create(path: &Path) -> Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        if path.is_dir() {
            return Err(Error::usage("this is a folder").file(path.display()).help("name a file to write"));
        }
        let Some(name) = path.file_name() else {
            return Err(Error::usage("no name of a file").file(path.display()));
        };
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".{}.{}-{count}.tmp", name.to_string_lossy(), std::process::id());
        let temporary = path.with_file_name(temporary);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&temporary);
        let file = file.map_err(|error| {
            Error::io(path.display(), &error)
                .help("the folder must exist, and you must be allowed to write in it")
        })?;
        Ok(Self { path: path.to_owned(), temporary, file })
    }

    /// Gives the file its final name, in place of one that may be there.
    pub(super) fn persist(self) -> Result<()> {
        let renamed = self.file.sync_all().and_then(|()| std::fs::rename(&self.temporary, &self.path));
        renamed.map_err(|error| Error::io(self.path.display(), &error))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        // Gone already where it was given its final name; and nothing can be done where it cannot be removed.
        let _ = std::fs::remove_file(&self.temporary);
    }
}
