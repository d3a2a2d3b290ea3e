//! Mel frames of the caller's to audio: copy-synthesis.

use std::sync::Arc;

use super::loaded::Loaded;
use super::options::Settings;
use super::{Result, Synthesizer};
use crate::audio::denoise::Denoiser;
use crate::backend::{Backend, RandomKey};
use crate::nn::waveglow::WaveGlowStream;

/// A vocoder in the middle of an utterance.
pub struct Vocoder(Box<dyn VocoderSession>);

impl Vocoder {
    pub(super) fn new(synthesizer: &Synthesizer, settings: &Settings) -> Result<Self> {
        Ok(Self(synthesizer.voice.clone().vocoder(settings)?))
    }

    /// Takes log-mel frames `[frames, mel]` and appends to `audio` the samples that they complete;
    /// with `last`, all of them: hop length × frames in total.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()> {
        self.0.push(mel, last, audio)
    }
}

/// What a [`Vocoder`] needs of a device, whichever it is.
pub(super) trait VocoderSession: Send {
    /// As [`Vocoder::push`].
    fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()>;
}

/// A vocoder on a backend.
pub(super) struct DeviceVocoder<B: Backend> {
    voice: Arc<Loaded<B>>,
    backend: B,
    stream: WaveGlowStream<B>,
    denoiser: Option<Denoiser>,
}

impl<B: Backend> DeviceVocoder<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Result<Self> {
        let mut backend = voice.backend();
        let (stream, denoiser) = voice.pool.install(|| {
            let key = RandomKey {
                seed: settings.seed,
                sentence: 0,
            };
            let block = voice.vocoder_block(&backend);
            let stream = voice
                .waveglow
                .stream(&mut backend, block, key, settings.sigma);
            Ok::<_, super::Error>((stream, voice.denoiser(&mut backend, settings.denoise)?))
        })?;
        Ok(Self {
            voice,
            backend,
            stream,
            denoiser,
        })
    }
}

impl<B: Backend> VocoderSession for DeviceVocoder<B> {
    fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()> {
        let (voice, backend, stream) = (&*self.voice, &mut self.backend, &mut self.stream);
        let mut raw = Vec::new();
        voice
            .pool
            .install(|| voice.waveglow.push(backend, stream, mel, last, &mut raw))?;
        match &mut self.denoiser {
            None => audio.append(&mut raw),
            Some(denoiser) => {
                denoiser.process(&raw, audio);
                if last {
                    denoiser.finish(audio);
                }
            }
        }
        Ok(())
    }
}
