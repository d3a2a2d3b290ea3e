//! Mel frames of the caller's to audio: copy-synthesis.

use super::options::Settings;
use super::{Result, Synthesizer};
use crate::audio::denoise::Denoiser;
use crate::backend::RandomKey;
use crate::backend::cpu::Cpu;
use crate::nn::waveglow::WaveGlowStream;

/// A vocoder in the middle of an utterance.
pub struct Vocoder {
    synthesizer: Synthesizer,
    backend: Cpu,
    stream: WaveGlowStream<Cpu>,
    denoiser: Option<Denoiser>,
}

impl Vocoder {
    pub(super) fn new(synthesizer: &Synthesizer, settings: &Settings) -> Result<Self> {
        let voice = &synthesizer.voice;
        let mut backend = synthesizer.backend();
        let (stream, denoiser) = synthesizer.pool.install(|| {
            let key = RandomKey {
                seed: settings.seed,
                sentence: 0,
            };
            let block = voice.vocoder_block();
            let stream = voice
                .waveglow
                .stream(&mut backend, block, key, settings.sigma);
            Ok::<_, super::Error>((stream, voice.denoiser(&mut backend, settings.denoise)?))
        })?;
        Ok(Self {
            synthesizer: synthesizer.clone(),
            backend,
            stream,
            denoiser,
        })
    }

    /// Takes log-mel frames `[frames, mel]` and appends to `audio` the samples that they complete;
    /// with `last`, all of them: hop length × frames in total.
    pub fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) {
        let Self {
            synthesizer,
            backend,
            stream,
            denoiser,
        } = self;
        let mut raw = Vec::new();
        let waveglow = &synthesizer.voice.waveglow;
        synthesizer
            .pool
            .install(|| waveglow.push(backend, stream, mel, last, &mut raw));
        match denoiser {
            None => audio.append(&mut raw),
            Some(denoiser) => {
                denoiser.process(&raw, audio);
                if last {
                    denoiser.finish(audio);
                }
            }
        }
    }
}
