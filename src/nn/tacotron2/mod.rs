//! Tacotron 2: symbol ids to mel frames (Shen et al., "Natural TTS synthesis by conditioning WaveNet
//! on mel spectrogram predictions", 2018, section 2.2; sizes and names as NVIDIA published them).
//!
//! ```text
//! ids -> embedding -> 3 convolutions -> bidirectional LSTM = memory        (encoder)
//! previous frame -> prenet -> attention LSTM -> attention -> decoder LSTM
//!                -> projection = mel frames and gate                       (decoder, step by step)
//! mel -> 5 convolutions, added to the mel                                  (postnet)
//! ```
//!
//! A batch is a list of sentences, not a padded block: the encoder runs each by itself and the
//! attention sees each sentence's own symbols, so there is nothing to mask and a sentence's result
//! does not depend on its neighbours.

mod decoder;
mod encoder;
mod postnet;

pub use decoder::{DecoderBlock, DecoderState, PendingBlock};
pub use postnet::PostnetStream;

use super::Result;
use super::load::Loader;
use crate::backend::{Backend, Precision};
use crate::voice::Voice;
use crate::voice::config::Tacotron2Config;
use decoder::Decoder;
use encoder::Encoder;
use postnet::Postnet;

/// The network on a device.
pub struct Tacotron2<B: Backend> {
    config: Tacotron2Config,
    encoder: Encoder<B>,
    decoder: Decoder<B>,
    postnet: Postnet<B>,
}

impl<B: Backend> Tacotron2<B> {
    /// Packs the weights of `voice` for `backend`.
    ///
    /// # Errors
    /// Weights that are missing, not finite, or too large for the device.
    pub fn load(voice: &Voice, backend: &mut B, precision: Precision) -> Result<Self> {
        let config = voice.config().tacotron2.clone();
        let mut loader = Loader {
            voice,
            backend,
            precision,
        };
        Ok(Self {
            encoder: Encoder::load(&mut loader, &config)?,
            decoder: Decoder::load(&mut loader, &config)?,
            postnet: Postnet::load(&mut loader, &config)?,
            config,
        })
    }

    /// Sizes of the network.
    pub fn config(&self) -> &Tacotron2Config {
        &self.config
    }
}
