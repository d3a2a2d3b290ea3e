//! What became of a sentence.

use std::time::Duration;

use super::marks::{Mark, MarkKind};
use super::watchdog::Loss;
use crate::text::{NamedMark, Sentence};

/// How a sentence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The gate said so.
    Gate,
    /// The step limit was reached: the sentence is cut off.
    Limit,
    /// The attention was lost, and no try was left: words are missing, repeated or unclear.
    Lost,
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
    /// How often it was begun anew because the attention was lost.
    pub retries: u32,
    /// How the attention was lost first, in the try that is heard.
    pub loss: Option<Loss>,
    /// Time spent.
    pub timings: Timings,
    /// When its words are spoken.
    pub marks: Vec<Mark>,
    /// The networks' tensors, if they were asked for.
    pub tensors: Option<SentenceTensors>,
}

impl SentenceReport {
    /// A sentence without symbols: a pause before sample `start` is all there is of it, and marks after it.
    pub(super) fn of_silence(sentence: Sentence, index: usize, start: u64) -> Self {
        let named = |m: &NamedMark| Mark {
            kind: MarkKind::Named,
            sample: start,
            source: m.source.clone(),
            name: m.name.clone(),
        };
        Self {
            index,
            marks: sentence.marks.iter().map(named).collect(),
            sentence,
            steps: 0,
            frames: 0,
            start,
            samples: 0,
            end: End::Gate,
            retries: 0,
            loss: None,
            timings: Timings::default(),
            tensors: None,
        }
    }

    /// The same, of a sentence that was made to begin at sample 0.
    pub(super) fn moved_to(mut self, start: u64) -> Self {
        self.start = start;
        for mark in &mut self.marks {
            mark.sample += start;
        }
        self
    }
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
