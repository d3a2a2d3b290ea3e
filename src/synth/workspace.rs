//! What an utterance works in: a recorder, and the buffers of both networks.

use super::Result;
use super::loaded::Loaded;
use crate::backend::{Backend, RandomKey};
use crate::nn::denoiser::Denoiser;
use crate::nn::tacotron2::PostnetStream;
use crate::nn::waveglow::WaveGlowStream;

/// Most of an utterance's memory. It serves one sentence after the other, and then the next utterance:
/// to take it fresh from the system costs a short sentence as much as some of its computing.
pub(super) struct Workspace<B: Backend> {
    pub(super) backend: B,
    pub(super) postnet: PostnetStream<B>,
    pub(super) vocoder: WaveGlowStream<B>,
    /// Made for the first sentence that is to be denoised.
    denoiser: Option<Denoiser<B>>,
    is_denoised: bool,
}

impl<B: Backend> Workspace<B> {
    pub(super) fn new(voice: &Loaded<B>) -> Self {
        let mut backend = voice.backend();
        let block = voice.vocoder_block(&backend);
        Self {
            postnet: voice.tacotron2.postnet(&mut backend, block),
            vocoder: voice.waveglow.stream(&mut backend, block),
            denoiser: None,
            is_denoised: false,
            backend,
        }
    }

    /// Before the first frame of a sentence, whatever came before. `sigma` is the standard deviation of
    /// the vocoder's noise; `denoise` the vocoder's bias and the strength of the denoiser, if it is on.
    pub(super) fn restart(&mut self, key: RandomKey, sigma: f32, denoise: Option<(&[f32], f32)>) {
        self.postnet.restart(&mut self.backend);
        self.vocoder.restart(&mut self.backend, key, sigma);
        self.is_denoised = denoise.is_some();
        if let Some((bias, strength)) = denoise {
            let backend = &mut self.backend;
            let denoiser = self.denoiser.get_or_insert_with(|| Denoiser::new(backend));
            denoiser.restart(backend, bias, strength);
        }
    }

    /// What the denoiser completes of the next samples of a sentence; with `last`, all of them.
    pub(super) fn denoise(&mut self, audio: Vec<f32>, last: bool) -> Result<Vec<f32>> {
        let Some(denoiser) = self.denoiser.as_mut().filter(|_| self.is_denoised) else {
            return Ok(audio);
        };
        let mut clean = Vec::new();
        denoiser.process(&mut self.backend, &audio, &mut clean)?;
        if last {
            denoiser.finish(&mut self.backend, &mut clean)?;
        }
        Ok(clean)
    }
}

/// Waits until all that was asked of the device is there.
pub(super) fn settle<B: Backend>(backend: &mut B) -> Result<()> {
    let last = backend.zeros(1, 1);
    backend.read(&last, 0..1)?;
    Ok(())
}
