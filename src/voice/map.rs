//! A read-only mapping of a whole file: the only `unsafe` of this room.
#![allow(unsafe_code)] // Mapping a file cannot be made safe: see `Map::open`.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;

/// A file mapped into memory, read-only.
#[derive(Debug)]
pub(crate) struct Map(memmap2::Mmap);

impl Map {
    /// Maps a regular file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Opening a pipe would wait for a writer, so the kind is looked at first.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let file = File::open(path)?;
        // SAFETY: the mapping is read-only and private to this value. Rust cannot exclude that another
        // process changes the file meanwhile; every number read from it is checked after it was
        // copied, so such a change gives wrong weights, not undefined control flow. (A file that
        // shrinks while mapped ends the process with SIGBUS, as for any program that maps it.)
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(map))
    }

    /// Lets the system take the pages of `range` out of this process's resident memory.
    /// They are read again from the file when touched.
    pub(crate) fn release(&self, range: Range<usize>) {
        #[cfg(unix)]
        {
            let range = range.start.min(self.len())..range.end.min(self.len());
            if range.is_empty() {
                return;
            }
            // SAFETY: DontNeed loses only unsaved changes, and a read-only file mapping has none.
            let advised = unsafe {
                self.0.unchecked_advise_range(
                    memmap2::UncheckedAdvice::DontNeed,
                    range.start,
                    range.len(),
                )
            };
            // Advice is all it is; a system that does not take it keeps the pages.
            drop(advised);
        }
        #[cfg(not(unix))]
        drop(range);
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
