//! An utterance as a job: text to sentences, to mel, to audio, chunk by chunk.
//!
//! [`Engine`] is a device and its threads, [`Synthesizer`] a voice loaded on it, [`Speech`] one
//! utterance that is pulled chunk by chunk. Memory is bounded by a sentence, not by the text.
//!
//! ```no_run
//! use tts::synth::{Engine, EngineConfig, Event, SpeakOptions};
//! use tts::voice::Voice;
//!
//! let engine = Engine::new(&EngineConfig::default())?;
//! let synthesizer = engine.load(&Voice::open("voices/heart.safetensors")?, None)?;
//! let mut audio = Vec::new();
//! for event in synthesizer.speak("Hello world.", &SpeakOptions::default())? {
//!     if let Event::Audio(samples) = event? {
//!         audio.extend(samples);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod blocks;
mod devices;
mod engine;
mod loaded;
mod marks;
mod options;
mod output;
pub mod queue;
mod report;
mod sentence;
mod session;
mod shift;
mod speech;
mod synthesizer;
mod tempo;
mod vocode;
mod watchdog;
mod workspace;

pub use batch::{BatchItem, BatchOptions, BatchText, BatchTimings};
pub use devices::{DeviceChoice, DeviceInfo, devices};
pub use engine::{Engine, EngineConfig};
pub use marks::{Mark, MarkKind};
pub use options::{SpeakOptions, VocodeOptions};
pub use output::{Output, OutputOptions, to_s16};
pub use report::{End, SentenceReport, SentenceTensors, Timings};
pub use speech::{Event, Speech};
pub use synthesizer::Synthesizer;
pub use vocode::Vocoder;
pub use watchdog::Loss;

/// What can go wrong while speaking.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device.
    #[error(transparent)]
    Device(#[from] crate::backend::Error),
    /// The voice or its networks.
    #[error(transparent)]
    Network(#[from] crate::nn::Error),
    /// The text or the lexicon.
    #[error(transparent)]
    Text(#[from] crate::text::Error),
    /// The denoiser or another step on the audio.
    #[error(transparent)]
    Audio(#[from] crate::audio::Error),
    /// An option outside its range.
    #[error("option {name}: {value} is not {expected}")]
    Option {
        /// Which option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The utterance was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// Result of speaking.
pub type Result<T> = std::result::Result<T, Error>;
