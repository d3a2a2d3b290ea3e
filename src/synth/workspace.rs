//! What an utterance works in: a recorder, and the buffers of both networks.

use super::Result;
use super::loaded::Loaded;
use crate::backend::{Backend, RandomKey};
use crate::nn::tacotron2::PostnetStream;
use crate::nn::waveglow::WaveGlowStream;

/// Most of an utterance's memory. It serves one sentence after the other, and then the next utterance:
/// to take it fresh from the system costs a short sentence as much as some of its computing.
pub(super) struct Workspace<B: Backend> {
    pub(super) backend: B,
    pub(super) postnet: PostnetStream<B>,
    pub(super) vocoder: WaveGlowStream<B>,
}

impl<B: Backend> Workspace<B> {
    pub(super) fn new(voice: &Loaded<B>) -> Self {
        let mut backend = voice.backend();
        let block = voice.vocoder_block(&backend);
        Self {
            postnet: voice.tacotron2.postnet(&mut backend, block),
            vocoder: voice.waveglow.stream(&mut backend, block),
            backend,
        }
    }

    /// Before the first frame of a sentence, whatever came before. `sigma` is the standard deviation of
    /// the vocoder's noise.
    pub(super) fn restart(&mut self, key: RandomKey, sigma: f32) {
        self.postnet.restart(&mut self.backend);
        self.vocoder.restart(&mut self.backend, key, sigma);
    }
}

/// Waits until all that was asked of the device is there.
pub(super) fn settle<B: Backend>(backend: &mut B) -> Result<()> {
    let last = backend.zeros(1, 1);
    backend.read(&last, 0..1)?;
    Ok(())
}
