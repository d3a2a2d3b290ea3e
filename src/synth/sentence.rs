//! One sentence on its way through both networks.

use std::time::{Duration, Instant};

use super::Result;
use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::marks::{Follower, Mark};
use super::options::Settings;
use super::tempo::Tempo;
use crate::audio::denoise::Denoiser;
use crate::backend::{Backend, RandomKey};
use crate::nn::tacotron2::PostnetStream;
use crate::nn::waveglow::WaveGlowStream;
use crate::text::Sentence;

/// How a sentence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The gate said so.
    Gate,
    /// The step limit was reached: the sentence is cut off, or the attention was lost.
    Limit,
}

/// Time spent in each part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Encoder.
    pub encode: Duration,
    /// Decoder steps.
    pub decode: Duration,
    /// Postnet.
    pub postnet: Duration,
    /// WaveGlow and the denoiser.
    pub vocode: Duration,
}

/// What became of a sentence.
#[derive(Clone, Debug)]
pub struct SentenceReport {
    /// Which sentence of the utterance.
    pub index: usize,
    /// Its text and symbols.
    pub sentence: Sentence,
    /// Decoder steps kept.
    pub steps: usize,
    /// Mel frames that were spoken (after a change of tempo).
    pub frames: usize,
    /// First sample of its audio in the utterance.
    pub start: u64,
    /// Samples of its audio, without the pause after it.
    pub samples: u64,
    /// How it ended.
    pub end: End,
    /// Time spent.
    pub timings: Timings,
    /// When its words are spoken.
    pub marks: Vec<Mark>,
    /// The networks' tensors, if they were asked for.
    pub tensors: Option<SentenceTensors>,
}

/// The networks' tensors of one sentence, time first.
#[derive(Clone, Debug, Default)]
pub struct SentenceTensors {
    /// Encoder output `[symbols, encoder channels]`.
    pub encoder: Vec<f32>,
    /// Decoder output `[frames, mel]`.
    pub mel: Vec<f32>,
    /// After the postnet `[frames, mel]`.
    pub mel_postnet: Vec<f32>,
    /// Gate logits `[steps]`; the one that ended the sentence is the last.
    pub gate: Vec<f32>,
    /// Attention weights `[steps, symbols]`.
    pub alignment: Vec<f32>,
    /// Samples at the voice's rate.
    pub audio: Vec<f32>,
}

/// The parts of a job that a next sentence can use again: their buffers are most of its memory.
pub(super) struct Streams<B: Backend> {
    postnet: PostnetStream<B>,
    vocoder: WaveGlowStream<B>,
}

impl<B: Backend> Streams<B> {
    pub(super) fn new(voice: &Loaded<B>, backend: &mut B, settings: &Settings) -> Self {
        let block = voice.vocoder_block(backend);
        let key = RandomKey {
            seed: settings.seed,
            sentence: 0,
        };
        Self {
            postnet: voice.tacotron2.postnet(backend, block),
            vocoder: voice.waveglow.stream(backend, block, key, settings.sigma),
        }
    }
}

/// A sentence in work.
pub(super) struct Job<B: Backend> {
    sentence: Sentence,
    index: usize,
    start: u64,
    decoder: DecoderBlocks<B>,
    streams: Streams<B>,
    denoiser: Option<Denoiser>,
    tempo: Tempo,
    follower: Follower,
    /// The decoder's mel frames that wait for a block of the postnet and the vocoder.
    mel: Vec<f32>,
    steps: usize,
    frames: usize,
    samples: u64,
    end: Option<End>,
    done: bool,
    timings: Timings,
    tensors: Option<SentenceTensors>,
}

impl<B: Backend> Job<B> {
    pub(super) fn new(
        voice: &Loaded<B>,
        backend: &mut B,
        settings: &Settings,
        mut streams: Streams<B>,
        sentence: Sentence,
        (index, start): (usize, u64),
    ) -> Result<Self> {
        let begun = Instant::now();
        let key = RandomKey {
            seed: settings.seed,
            sentence: index as u32,
        };
        let symbols = sentence.ids.len();
        let memory = voice.tacotron2.encode(backend, &sentence.ids);
        let tensors = if settings.keep_tensors {
            Some(SentenceTensors {
                encoder: backend.read(&memory, 0..symbols)?,
                ..SentenceTensors::default()
            })
        } else {
            None
        };
        let block = backend.pace().decoder_steps;
        let memories = vec![(memory, symbols)];
        let decoder = voice.tacotron2.start(backend, memories, &[key], block);
        let mel_channels = voice.config.audio.n_mel_channels;
        streams.postnet.restart(backend);
        streams.vocoder.restart(backend, key);
        Ok(Self {
            follower: Follower::new(&sentence, start),
            sentence,
            index,
            start,
            decoder: DecoderBlocks::new(decoder, settings),
            streams,
            denoiser: voice.denoiser(backend, settings.denoise)?,
            tempo: Tempo::new(settings.speed, mel_channels),
            mel: Vec::new(),
            steps: 0,
            frames: 0,
            samples: 0,
            end: None,
            done: false,
            timings: Timings {
                encode: begun.elapsed(),
                ..Timings::default()
            },
            tensors,
        })
    }

    /// Whether all audio has been made.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Makes the next chunk of audio: decoder blocks until the vocoder has a block to work on, then
    /// that. The chunk may be empty while the networks look ahead.
    pub(super) fn advance(
        &mut self,
        voice: &Loaded<B>,
        backend: &mut B,
        settings: &Settings,
    ) -> Result<Vec<f32>> {
        if self.done {
            return Ok(Vec::new());
        }
        let channels = voice.config.audio.n_mel_channels;
        let block = voice.vocoder_block(backend) * channels;
        while self.end.is_none() && self.mel.len() < block {
            self.decode(voice, backend, settings)?;
        }
        let last = self.end.is_some();
        let mel = self.refine(voice, backend, last)?;
        let begun = Instant::now();
        self.frames += mel.len() / channels;
        let mut audio = Vec::new();
        voice
            .waveglow
            .push(backend, &mut self.streams.vocoder, &mel, last, &mut audio)?;
        if let Some(denoiser) = &mut self.denoiser {
            let raw = std::mem::take(&mut audio);
            denoiser.process(&raw, &mut audio);
            if last {
                denoiser.finish(&mut audio);
            }
        }
        self.samples += audio.len() as u64;
        if let Some(tensors) = &mut self.tensors {
            tensors.audio.extend_from_slice(&audio);
        }
        self.done = last;
        if last {
            self.follower.end(&self.sentence, self.start + self.samples);
        }
        self.timings.vocode += begun.elapsed();
        Ok(audio)
    }

    /// The marks that have become known since the last call.
    pub(super) fn take_marks(&mut self) -> Vec<Mark> {
        self.follower.take()
    }

    /// A block of decoder steps.
    fn decode(&mut self, voice: &Loaded<B>, backend: &mut B, settings: &Settings) -> Result<()> {
        let begun = Instant::now();
        let Some(mut blocks) = self.decoder.next(&voice.tacotron2, backend)? else {
            self.end = Some(End::Limit);
            return Ok(());
        };
        let block = blocks.swap_remove(0);
        let count = block.gate.len();
        let threshold = logit(settings.gate_threshold);
        let kept = block
            .gate
            .iter()
            .position(|&gate| gate > threshold)
            .unwrap_or(count);
        self.steps += kept;
        if kept < count {
            // The frames of the step on which the gate fires do not count.
            self.end = Some(End::Gate);
        } else if self.steps == settings.max_decoder_steps {
            self.end = Some(End::Limit);
        }
        let symbols = self.sentence.ids.len();
        let alignment = &block.alignment[..kept * symbols];
        let config = &voice.config.tacotron2;
        let hop = f64::from(voice.config.audio.hop_length as u32);
        let per_step = f64::from(config.n_frames_per_step as u32);
        let (tempo, start) = (&self.tempo, self.start);
        let sample =
            |step: usize| start + (tempo.place(step as f64 * per_step) * hop).round() as u64;
        self.follower.follow(alignment, symbols, sample);
        let mel = &block.mel[..kept * config.n_frames_per_step * config.n_mel_channels];
        self.mel.extend_from_slice(mel);
        if let Some(tensors) = &mut self.tensors {
            tensors.mel.extend_from_slice(mel);
            tensors
                .gate
                .extend_from_slice(&block.gate[..(kept + 1).min(count)]);
            tensors.alignment.extend_from_slice(alignment);
        }
        self.timings.decode += begun.elapsed();
        Ok(())
    }

    /// The final mel frames that the frames made so far complete, at the tempo asked for.
    fn refine(&mut self, voice: &Loaded<B>, backend: &mut B, last: bool) -> Result<Vec<f32>> {
        let begun = Instant::now();
        let (network, postnet) = (&voice.tacotron2, &mut self.streams.postnet);
        let refined = network.refine(backend, postnet, &self.mel, last)?;
        self.mel.clear();
        if let Some(tensors) = &mut self.tensors {
            tensors.mel_postnet.extend_from_slice(&refined);
        }
        let mel = self.tempo.process(refined, last);
        self.timings.postnet += begun.elapsed();
        Ok(mel)
    }

    /// What became of the sentence, once it is done.
    pub(super) fn report(self) -> (SentenceReport, Streams<B>) {
        let report = SentenceReport {
            index: self.index,
            sentence: self.sentence,
            steps: self.steps,
            frames: self.frames,
            start: self.start,
            samples: self.samples,
            end: self.end.unwrap_or(End::Limit),
            timings: self.timings,
            marks: self.follower.into_marks(),
            tensors: self.tensors,
        };
        (report, self.streams)
    }
}

/// The logit of a probability: gates are compared before the sigmoid.
pub(super) fn logit(probability: f32) -> f32 {
    (probability / (1.0 - probability)).ln()
}
