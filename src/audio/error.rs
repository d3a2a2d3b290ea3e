//! What can go wrong with audio, said so that the reader knows what to do.

use std::io;
use std::path::Path;

use crate::disk::advice;

/// An error of reading, writing or analysing audio. The message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or stream could not be read.
    #[error("cannot read {name}: {source}{}", advice(.source, false))]
    Read {
        /// The file, or `standard input`.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file or stream could not be written. Nothing was left at its place.
    #[error("cannot write {name}: {source}{}", advice(.source, true))]
    Write {
        /// The file, or `standard output`.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what its format says.
    #[error("{name}: {reason}")]
    Format {
        /// The file.
        name: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A value given by the caller makes no sense.
    #[error("{0}")]
    Argument(String),
}

impl Error {
    /// The kind of the system's error, where there was one: lets a command line tell a broken pipe
    /// from a full disk.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source.kind()),
            Self::Format { .. } | Self::Argument(_) => None,
        }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            name: path.display().to_string(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            name: path.display().to_string(),
            source,
        }
    }

    pub(super) fn format(name: &str, reason: impl Into<String>) -> Self {
        Self::Format {
            name: name.to_owned(),
            reason: reason.into(),
        }
    }
}
