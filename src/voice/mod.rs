//! The voice file: configuration, weights, and what may be trusted in them.
//!
//! A voice is one safetensors file. [`config`] is what it says about itself, [`Voice`] opens it,
//! [`layout`] is the table of tensors that its configuration calls for, [`VoiceWriter`] makes one, and
//! [`Voice::random`] makes one up for benchmarks. Nothing in a file is trusted: [`check`] bounds every size
//! and the shapes are compared with the table before any weight can be asked for.

pub mod check;
pub mod config;
mod error;
mod file;
pub mod import;
mod info;
pub mod layout;
mod map;
mod random;
mod tensor;
mod write;

pub use config::VoiceConfig;
pub use error::{Error, Result};
pub use file::Voice;
pub use info::{Tacotron2Info, VoiceInfo, WaveGlowInfo};
pub use tensor::{Dtype, TensorView, Values};
pub use write::{FORMAT, StorageType, VoiceWriter};

#[cfg(test)]
mod tests;
