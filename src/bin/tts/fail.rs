//! How a command fails: what is said, and the exit code.

use std::io;

/// Exit codes: 1 something went wrong, 2 the command was not understood, as clap has it.
#[derive(Debug)]
pub(crate) enum Fail {
    /// The command line asks for something that cannot be: exit code 2.
    Usage(String),
    /// It could not be done: exit code 1.
    Failed(String),
    /// Whoever read our output has seen enough: silence, exit code 0.
    BrokenPipe,
    /// The user pressed Ctrl-C: exit code 130, as shells have it.
    Interrupted,
}

pub(crate) type Result<T = ()> = std::result::Result<T, Fail>;

impl Fail {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
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
