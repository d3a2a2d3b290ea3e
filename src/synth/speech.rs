//! One utterance, pulled chunk by chunk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::options::Settings;
use super::sentence::{Job, Streams};
use super::{Error, Result, SentenceReport, Synthesizer};
use crate::backend::cpu::Cpu;
use crate::text::Sentences;

/// What an utterance gives.
#[derive(Clone, Debug)]
pub enum Event {
    /// Samples, mono, at the voice's rate, never empty. What a sentence brings begins with its
    /// first sample and ends before its report.
    Audio(Vec<f32>),
    /// A sentence is complete.
    Sentence(Box<SentenceReport>),
}

/// One utterance: an iterator of [`Event`]s. Each call of `next` works until there is one.
pub struct Speech<'a> {
    synthesizer: &'a Synthesizer,
    settings: Settings,
    sentences: Sentences<'a>,
    next_sentence: Option<crate::text::Sentence>,
    backend: Cpu,
    job: Option<Job<Cpu>>,
    /// Between two sentences.
    streams: Option<Streams<Cpu>>,
    index: usize,
    samples: u64,
    cancelled: Arc<AtomicBool>,
    over: bool,
}

impl<'a> Speech<'a> {
    pub(super) fn new(
        synthesizer: &'a Synthesizer,
        text: &'a str,
        settings: Settings,
    ) -> Result<Self> {
        let mut sentences = synthesizer.front_end().sentences(text);
        let Some(first) = sentences.next() else {
            return Err(crate::text::Error::NothingToSpeak.into());
        };
        Ok(Self {
            synthesizer,
            settings,
            sentences,
            next_sentence: Some(first),
            backend: synthesizer.backend(),
            job: None,
            streams: None,
            index: 0,
            samples: 0,
            cancelled: Arc::default(),
            over: false,
        })
    }

    /// A flag that cancels the utterance when it is set, from any thread: the next event is
    /// [`Error::Cancelled`].
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.cancelled.clone()
    }

    /// Starts the next sentence, if there is one. A pause comes before every sentence but the first.
    fn start(&mut self) -> Result<Option<Event>> {
        let Some(sentence) = self.next_sentence.take() else {
            return Ok(None);
        };
        let voice = &*self.synthesizer.voice;
        let mut pause = Vec::new();
        if self.index > 0 {
            let rate = f64::from(voice.config.audio.sampling_rate);
            pause.resize(
                (f64::from(self.settings.sentence_pause) * rate).round() as usize,
                0.0,
            );
            self.samples += pause.len() as u64;
        }
        let (settings, place) = (&self.settings, (self.index, self.samples));
        let (backend, streams) = (&mut self.backend, self.streams.take());
        let job = self.synthesizer.pool.install(|| {
            let streams = streams.unwrap_or_else(|| Streams::new(voice, backend, settings));
            Job::new(voice, backend, settings, streams, sentence, place)
        })?;
        self.job = Some(job);
        self.index += 1;
        Ok(Some(Event::Audio(pause)))
    }

    fn step(&mut self) -> Result<Option<Event>> {
        loop {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let Some(job) = &mut self.job else {
                match self.start()? {
                    Some(Event::Audio(pause)) if pause.is_empty() => continue,
                    event => return Ok(event),
                }
            };
            let (voice, settings, backend) =
                (&*self.synthesizer.voice, &self.settings, &mut self.backend);
            let audio = self
                .synthesizer
                .pool
                .install(|| job.advance(voice, backend, settings));
            self.samples += audio.len() as u64;
            if !audio.is_empty() {
                return Ok(Some(Event::Audio(audio)));
            }
            if job.is_done() {
                let Some(job) = self.job.take() else { continue };
                let (report, streams) = job.report(voice);
                self.streams = Some(streams);
                self.next_sentence = self.sentences.next();
                return Ok(Some(Event::Sentence(Box::new(report))));
            }
        }
    }
}

impl Iterator for Speech<'_> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let event = self.step().transpose();
        self.over = !matches!(event, Some(Ok(_)));
        event
    }
}
