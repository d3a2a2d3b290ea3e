//! A file that appears whole or not at all.
//!
//! Results are written to a hidden file beside the target and renamed over it by
//! [`OutputFile::finish`], so that neither an error nor a crash leaves half a result under the
//! name that the user asked for, and an older file there survives until the new one is complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Error;

/// A file being written; see the [module documentation](self). Dropped without
/// [`finish`](Self::finish), it leaves nothing behind.
///
/// Devices and pipes (`/dev/stdout`, a FIFO) cannot be replaced by a rename; they are written to
/// directly.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// What the user asked for, for messages.
    name: String,
    /// Where the bytes are until `finish`, and where they go; `None` for a device or pipe.
    rename: Option<(PathBuf, PathBuf)>,
}

impl OutputFile {
    /// Starts writing what will be `path`.
    ///
    /// # Errors
    /// [`Error::Write`] if the directory is missing or may not be written to, or if `path` is a
    /// directory.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        Self::open(path, &name).map_err(|source| Error::Write { name, source })
    }

    fn open(path: &Path, name: &str) -> io::Result<Self> {
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
                return Ok(Self {
                    file,
                    name: name.to_owned(),
                    rename: None,
                });
            }
        }
        let Some(file_name) = target.file_name() else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let (file, part) = create_beside(&target, file_name.to_owned())?;
        let output = Self {
            file,
            name: name.to_owned(),
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

    /// The path as it was given, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Brings everything to the disk and gives the file its name.
    ///
    /// # Errors
    /// [`Error::Write`] if the disk is full or the rename fails; then nothing is left behind.
    pub fn finish(mut self) -> Result<(), Error> {
        self.commit().map_err(|source| Error::Write {
            name: self.name.clone(),
            source,
        })
    }

    fn commit(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let Some((part, target)) = &self.rename else {
            return Ok(());
        };
        // Some file systems report a full disk only here.
        self.file.sync_all()?;
        fs::rename(part, target)?;
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
            // Nobody is left to tell if this fails, and the target itself is untouched.
            let _ = fs::remove_file(part);
        }
    }
}

/// Writes all of `bytes` as the file `path`.
///
/// # Errors
/// As [`OutputFile::create`] and [`OutputFile::finish`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = OutputFile::create(path)?;
    file.write_all(bytes).map_err(|source| Error::Write {
        name: file.name().to_owned(),
        source,
    })?;
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
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (file, part)),
        }
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

    /// The message names the path and says what to do.
    #[test]
    fn a_missing_directory_is_said_clearly() {
        let dir = tempfile::tempdir().unwrap();
        let error = OutputFile::create(&dir.path().join("no/such.wav")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("such.wav"), "{message}");
        assert!(message.contains("make its directory first"), "{message}");
        let error = OutputFile::create(dir.path()).unwrap_err().to_string();
        assert!(error.contains("give the name of a file in it"), "{error}");
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
        assert_eq!(error.io_kind(), Some(io::ErrorKind::StorageFull));
        assert!(error.to_string().contains("free some space"), "{error}");
    }
}
