//! What can go wrong with a voice file or a checkpoint.

use std::path::{Path, PathBuf};

use super::Dtype;
use crate::disk::advice;

/// Result of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a voice file or a checkpoint was refused. The text is meant for the person who has the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read a file.
    #[error("cannot read {}: {source}{}", path.display(), advice(.source, false))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The operating system refused to write a file; nothing is left behind at its path.
    #[error("cannot write {}: {source}{}", path.display(), advice(.source, true))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are not a whole, well-formed safetensors file.
    #[error("voice file: {0}")]
    Container(String),
    /// The configuration is missing, malformed, or contradicts itself.
    #[error("voice file: config: {0}")]
    Config(String),
    /// The configuration calls for a tensor that the file lacks.
    #[error("voice file: tensor {name} of shape {expected:?} is missing")]
    MissingTensor {
        /// Its name.
        name: String,
        /// The shape that the configuration gives it.
        expected: Vec<usize>,
    },
    /// The file holds a tensor that its configuration does not call for.
    #[error("voice file: tensor {name} is not part of the networks that the config describes")]
    UnknownTensor {
        /// Its name.
        name: String,
    },
    /// A tensor's shape differs from what the configuration calls for.
    #[error("voice file: tensor {name} has shape {found:?}, config says {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that the configuration gives it.
        expected: Vec<usize>,
    },
    /// A tensor is stored as numbers that weights cannot be.
    #[error(
        "voice file: tensor {name} is stored as {found}; weights are f32, f16, bf16 or int8 with a scale"
    )]
    StoredAs {
        /// Its name.
        name: String,
        /// The safetensors name of the type.
        found: String,
    },
    /// A weight is NaN or infinite, or a BatchNorm variance is negative.
    #[error("voice file: tensor {name} holds {value} at index {index}, which is no usable weight")]
    BadWeight {
        /// The tensor.
        name: String,
        /// Flat index of the first such weight.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A weight is too large for the storage type that was asked for.
    #[error("tensor {name} holds {value}, which does not fit {dtype}: store the voice as f32")]
    Overflow {
        /// The tensor.
        name: String,
        /// The value.
        value: f32,
        /// The storage type.
        dtype: Dtype,
    },
    /// The caller's buffer has the wrong length for a tensor.
    #[error("tensor {name} has {expected} values, the buffer has room for {found}")]
    Length {
        /// The tensor.
        name: String,
        /// Values in the tensor.
        expected: usize,
        /// Values in the buffer.
        found: usize,
    },
    /// A checkpoint cannot be read: damaged, hostile, or of a kind that is not supported.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// A checkpoint's pickle wants to build something that is not on the whitelist. Nothing was run.
    #[error(
        "checkpoint: its pickle asks for `{0}`, which is not one of the constructors that weights need; refused, nothing was run"
    )]
    ForbiddenGlobal(String),
}

impl Error {
    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
