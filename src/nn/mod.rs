//! The networks, each written once over the kernels of a [`Backend`](crate::backend::Backend).
//!
//! [`tacotron2`] turns symbol ids into mel frames, [`waveglow`] mel frames into audio, both block by
//! block; [`denoiser`] takes off what the vocoder hums. `window` is the one piece of machinery they share:
//! rows of a stream with the context that the next block needs.

pub mod denoiser;
mod load;
pub mod tacotron2;
pub mod waveglow;
mod window;

/// What can go wrong while a network is loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The voice file.
    #[error(transparent)]
    Voice(#[from] crate::voice::Error),
    /// The device.
    #[error(transparent)]
    Device(#[from] crate::backend::Error),
    /// Weights that no network can use.
    #[error("voice file: {0}")]
    Weights(String),
}

/// Result of loading a network.
pub type Result<T> = std::result::Result<T, Error>;
