//! How a command fails: what is said, and the exit code.

use std::io;
use std::path::Path;

/// Exit codes: 1 something went wrong, 2 the command was not understood, as clap has it.
#[derive(Debug)]
pub(crate) enum Fail {
    /// The command line asks for something that cannot be: exit code 2.
    Usage(String),
    /// It could not be done: exit code 1.
    Failed(String),
    /// Whoever read our output has seen enough: silence, exit code 0.
    BrokenPipe,
}

pub(crate) type Result<T = ()> = std::result::Result<T, Fail>;

impl Fail {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

/// An error of writing the file `path`.
pub(crate) fn cannot_write(path: &Path, source: io::Error) -> Fail {
    let name = path.display().to_string();
    tts::audio::Error::Write { name, source }.into()
}

impl From<tts::audio::Error> for Fail {
    fn from(error: tts::audio::Error) -> Self {
        if error.io_kind() == Some(io::ErrorKind::BrokenPipe) {
            return Self::BrokenPipe;
        }
        Self::Failed(error.to_string())
    }
}

/// Errors of writing to standard output; files have errors that name them.
impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::Failed(format!("cannot write to standard output: {error}"))
    }
}
