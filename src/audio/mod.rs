//! Sound as numbers: WAV files, sample rates, spectra, and the arrays they are kept in.
//!
//! A leaf of the crate: nothing here knows of networks, text or devices. Audio is mono `f32`, full
//! scale at ±1. Everything that works on a signal takes it in pieces of any size and gives the
//! same samples however it was cut.
//!
//! - [`wav`] writes and reads WAV files, [`npy`] NumPy arrays;
//! - [`resample`] changes the sample rate;
//! - [`stft`] cuts a signal into windowed frames and their spectra, for [`mel`] (analysis) and the denoiser.

mod error;
pub mod mel;
pub mod npy;
pub mod resample;
pub mod stft;
pub mod wav;

pub use error::Error;
pub use mel::MelAnalyzer;
pub use resample::Resampler;
pub use wav::{SampleFormat, WavSpec, WavWriter};

/// What the functions of this module return.
pub type Result<T> = std::result::Result<T, Error>;
