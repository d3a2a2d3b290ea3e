//! Many sentences at once: the decoder's weights are read once per step for all of them.

use std::time::{Duration, Instant};

use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::{End, logit};
use super::{Result, SpeakOptions, Synthesizer, Timings};
use crate::backend::{Backend, RandomKey};

/// How to speak a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchOptions {
    /// As for a single utterance; tempo, pauses and tensors do not apply.
    pub speak: SpeakOptions,
    /// Makes exactly this many decoder steps, whatever the gate says: for benchmarks.
    pub exact_steps: Option<usize>,
}

/// One sentence of a batch.
#[derive(Clone, Debug)]
pub struct BatchItem {
    /// Samples at the voice's rate.
    pub audio: Vec<f32>,
    /// Mel frames.
    pub frames: usize,
    /// How it ended.
    pub end: End,
}

/// Time that a batch took.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchTimings {
    /// From the start of Tacotron 2 to the end of WaveGlow.
    pub total: Duration,
    /// By part.
    pub parts: Timings,
    /// Decoder steps made.
    pub steps: usize,
}

impl Synthesizer {
    /// Speaks sentences given as symbol ids, all in one batch. Each is spoken as it would be alone:
    /// sentences of different lengths do not see each other, so nothing is padded or masked.
    ///
    /// # Errors
    /// An option outside its range, or ids that are not in the symbol table.
    pub fn speak_batch(
        &self,
        batch: &[Vec<u32>],
        options: &BatchOptions,
    ) -> Result<(Vec<BatchItem>, BatchTimings)> {
        let mut settings = Settings::new(&options.speak, self.config())?;
        settings.max_decoder_steps = options.exact_steps.unwrap_or(settings.max_decoder_steps);
        let symbols = self.config().tacotron2.n_symbols;
        for ids in batch {
            if ids.is_empty() || ids.iter().any(|&id| id as usize >= symbols) {
                return Err(super::Error::Option {
                    name: "ids",
                    value: format!("{ids:?}"),
                    expected: "a list of ids of the voice's symbol table",
                });
            }
        }
        self.voice
            .speak_batch(batch, &settings, options.exact_steps.is_some())
    }
}

impl<B: Backend> Loaded<B> {
    pub(super) fn run_batch(
        &self,
        backend: &mut B,
        batch: &[Vec<u32>],
        settings: &Settings,
        exact: bool,
    ) -> Result<(Vec<BatchItem>, BatchTimings)> {
        let voice = self;
        let config = &voice.config.tacotron2;
        let mut timings = BatchTimings::default();
        let begun = Instant::now();
        let key = |i| RandomKey {
            seed: settings.seed,
            sentence: i as u32,
        };
        let keys: Vec<_> = (0..batch.len()).map(key).collect();
        let memories = batch
            .iter()
            .map(|ids| (voice.tacotron2.encode(backend, ids), ids.len()))
            .collect();
        let pace = backend.pace();
        let decoder = voice
            .tacotron2
            .start(backend, memories, &keys, pace.decoder_steps);
        timings.parts.encode = begun.elapsed();

        let decoding = Instant::now();
        let threshold = if exact {
            f32::INFINITY
        } else {
            logit(settings.gate_threshold)
        };
        let mut blocks_of = DecoderBlocks::new(decoder, settings);
        let mut mels = vec![Vec::new(); batch.len()];
        let mut ends = vec![None; batch.len()];
        while ends.iter().any(Option::is_none) {
            let Some(blocks) = blocks_of.next(&voice.tacotron2, backend)? else {
                break;
            };
            let count = blocks[0].gate.len();
            for ((block, mel), end) in blocks.iter().zip(&mut mels).zip(&mut ends) {
                if end.is_none() {
                    let fired = block.gate.iter().position(|&gate| gate > threshold);
                    let kept =
                        fired.unwrap_or(count) * config.n_frames_per_step * config.n_mel_channels;
                    mel.extend_from_slice(&block.mel[..kept]);
                    *end = fired.map(|_| End::Gate);
                }
            }
            timings.steps += count;
        }
        timings.parts.decode = decoding.elapsed();

        let mut items = Vec::new();
        for ((mel, end), key) in mels.into_iter().zip(ends).zip(keys) {
            let refining = Instant::now();
            let mut postnet = voice.tacotron2.postnet(backend, 256);
            let mel = voice.tacotron2.refine(backend, &mut postnet, &mel, true)?;
            timings.parts.postnet += refining.elapsed();
            let vocoding = Instant::now();
            let mut audio = Vec::new();
            let block = voice.vocoder_block(backend);
            let mut vocoder = voice.waveglow.stream(backend, block, key, settings.sigma);
            voice
                .waveglow
                .push(backend, &mut vocoder, &mel, true, &mut audio)?;
            if let Some(mut denoiser) = voice.denoiser(backend, settings.denoise)? {
                let raw = std::mem::take(&mut audio);
                denoiser.process(&raw, &mut audio);
                denoiser.finish(&mut audio);
            }
            timings.parts.vocode += vocoding.elapsed();
            let frames = mel.len() / config.n_mel_channels;
            items.push(BatchItem {
                audio,
                frames,
                end: end.unwrap_or(End::Limit),
            });
        }
        timings.total = begun.elapsed();
        Ok((items, timings))
    }
}
