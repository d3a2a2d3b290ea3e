//! Files that appear whole or not at all.
//!
//! Results are written to a hidden file beside the target and renamed over it by
//! [`OutputFile::finish`], so that neither an error nor a crash leaves half a result under the
//! name that the user asked for, and an older file there survives until the new one is complete.
//! A program that is about to end calls [`discard_unfinished`], so that the hidden files go too.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The hidden files of this process.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, no file can be begun or finished.
#[derive(Debug)]
pub struct Discarded(
    #[expect(dead_code, reason = "held, not read")] MutexGuard<'static, Vec<PathBuf>>,
);

/// Removes the unfinished files of all threads; what they write after that is lost. For a program that
/// is told to end, on any thread but not inside a signal handler.
pub fn discard_unfinished() -> Discarded {
    let mut files = unfinished();
    for part in files.drain(..) {
        // Nobody is left to tell if this fails, and the target itself is untouched.
        let _ = fs::remove_file(part);
    }
    Discarded(files)
}

/// A file being written; see the [module documentation](self). Dropped without
/// [`finish`](Self::finish), it leaves nothing behind.
///
/// Devices and pipes (`/dev/stdout`, a FIFO) cannot be replaced by a rename; they are written to
/// directly.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// Where the bytes are until `finish`, and where they go; `None` for a device or pipe.
    rename: Option<(PathBuf, PathBuf)>,
}

impl OutputFile {
    /// Starts writing what will be `path`.
    ///
    /// # Errors
    /// If the directory is missing or may not be written to, or if `path` is a directory.
    pub fn create(path: &Path) -> io::Result<Self> {
        // A symbolic link stays a link: the file that it points to is the one replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = fs::metadata(&target).ok();
        if let Some(meta) = &existing {
            if meta.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // Opened even where it will be replaced: a file that is write-protected stays so.
            let file = OpenOptions::new().write(true).open(&target)?;
            if !meta.is_file() {
                return Ok(Self { file, rename: None });
            }
        }
        let Some(file_name) = target.file_name() else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let (file, part) = create_beside(&target, file_name.to_owned())?;
        let output = Self {
            file,
            rename: Some((part, target)),
        };
        if let Some(meta) = existing {
            output.file.set_permissions(meta.permissions())?;
        }
        Ok(output)
    }

    /// Whether it is a file on a disk, in which one may seek, rather than a device or pipe.
    pub fn is_seekable(&self) -> bool {
        self.rename.is_some()
    }

    /// Brings everything to the disk and gives the file its name.
    ///
    /// # Errors
    /// If the disk is full or the rename fails; then nothing is left behind.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        let Some((part, target)) = &self.rename else {
            return Ok(());
        };
        // Some file systems report a full disk only here.
        self.file.sync_all()?;
        let mut unfinished = unfinished();
        fs::rename(part, target)?;
        unfinished.retain(|file| file != part);
        self.rename = None;
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for OutputFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some((part, _)) = self.rename.take() {
            // As above.
            let _ = fs::remove_file(&part);
            unfinished().retain(|file| *file != part);
        }
    }
}

/// Writes all of `bytes` as the file `path`.
///
/// # Errors
/// As [`OutputFile::create`] and [`OutputFile::finish`].
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OutputFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Creates a new file of a name that nobody has in the directory of `target`: a rename is only
/// atomic within one file system.
fn create_beside(target: &Path, file_name: OsString) -> io::Result<(File, PathBuf)> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    // Names may be 255 bytes long on most file systems; a long one must leave room for the suffix.
    let stem = if file_name.len() > 200 {
        OsString::from("tts-output")
    } else {
        file_name
    };
    loop {
        let mut name = OsString::from(".");
        name.push(&stem);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        name.push(format!(".{}-{serial}.part", std::process::id()));
        let part = target.with_file_name(name);
        let mut unfinished = unfinished();
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(file) => {
                unfinished.push(part.clone());
                return Ok((file, part));
            }
        }
    }
}

/// What to do about a system error, to follow its own words.
pub(crate) fn advice(error: &io::Error, writing: bool) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound if writing => "; make its directory first",
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if writing => {
            "; choose a place that you may write to"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space or write to another disk"
        }
        io::ErrorKind::IsADirectory if writing => "; give the name of a file in it",
        io::ErrorKind::NotADirectory => "; a part of the path is a file, not a directory",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The old file is intact until `finish`, and a writer that is dropped leaves no trace.
    #[test]
    fn appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("result");
        fs::write(&path, "old").unwrap();
        let mut dropped = OutputFile::create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut kept = OutputFile::create(&path).unwrap();
        kept.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        kept.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    /// There is something to do about it.
    #[test]
    fn a_missing_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = OutputFile::create(&dir.path().join("no/such.wav")).unwrap_err();
        assert!(advice(&error, true).contains("make its directory first"));
        let error = OutputFile::create(dir.path()).unwrap_err();
        assert!(advice(&error, true).contains("give the name of a file in it"));
    }

    /// A link keeps being a link; what it points to is replaced.
    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    /// A full device is an error of writing, not a panic, with advice.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let error = write_file(Path::new("/dev/full"), b"x").unwrap_err();
        assert!(advice(&error, true).contains("free some space"));
    }
}
