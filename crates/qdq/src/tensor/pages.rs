//! Files mapped into memory, and their pages given back.
//!
//! A page of a mapped file stays in memory once it was read, and counts as the process's. Whoever is done with a large
//! tensor gives its pages back ([`give_back`]); reading it again reads the file again. So a model may be larger than
//! memory as long as one tensor at a time is worked on.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use memmap2::{Mmap, MmapOptions};

/// Smaller pieces are not worth a system call.
const SMALLEST: usize = 1 << 16;

/// All files that are mapped now.
static MAPS: Mutex<Vec<Weak<Mmap>>> = Mutex::new(Vec::new());

struct Mapped(Arc<Mmap>);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps `length` bytes of a file from `offset` on.
///
/// # Errors
/// What the system says.
#[allow(unsafe_code, reason = "a memory map; its safety argument is inside")]
pub(crate) fn map(file: &File, offset: u64, length: usize) -> io::Result<Bytes> {
    if length == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: The map is read-only and private to us. Another process that changes or truncates the file while it is
    // mapped is outside of what any reader of mapped weights can defend against; `qdq` itself never changes a file that
    // it has mapped.
    let map = Arc::new(unsafe { MmapOptions::new().offset(offset).len(length).map(file) }?);
    let mut maps = MAPS.lock().unwrap_or_else(PoisonError::into_inner);
    maps.retain(|map| map.strong_count() > 0);
    maps.push(Arc::downgrade(&map));
    Ok(Bytes::from_owner(Mapped(map)))
}

/// Gives back the pages that `bytes` lie in, if they are those of a mapped file.
#[allow(unsafe_code, reason = "about a memory map; its safety argument is inside")]
pub(crate) fn give_back(bytes: &[u8]) {
    if bytes.len() < SMALLEST {
        return;
    }
    let start = bytes.as_ptr().addr();
    let maps: Vec<Arc<Mmap>> =
        MAPS.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
    for map in maps {
        let Some(offset) = start.checked_sub(map.as_ptr().addr()) else { continue };
        if offset + bytes.len() > map.len() {
            continue;
        }
        // Only advice: where it is not taken, the pages stay.
        #[cfg(unix)]
        {
            // SAFETY: The map is of a file and read-only, so that its pages hold nothing but the file's content; whoever
            // still reads them has them read from the file again.
            let _ = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, offset, bytes.len())
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_given_back_reads_the_same() {
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..1 << 20).map(|index: u32| (index / 7) as u8).collect();
        file.write_all(&content).unwrap();
        let whole = map(&file, 0, content.len()).unwrap();
        let part = whole.slice(5..900_000);
        give_back(&part);
        assert_eq!(part, content[5..900_000]);
        give_back(&content);
        assert_eq!(whole, content);
    }
}
