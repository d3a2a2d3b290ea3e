//! One utterance, pulled chunk by chunk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::options::Settings;
use super::session::Session;
use super::{Error, Mark, Result, SentenceReport, Synthesizer};
use crate::room;
use crate::text::Sentence;

/// What an utterance gives.
#[derive(Clone, Debug)]
pub enum Event {
    /// Samples, mono, at the voice's rate, never empty. What a sentence brings begins with its
    /// first sample and ends before its report.
    Audio(Vec<f32>),
    /// A sentence is complete. One without symbols, a pause of SSML, has a report as well.
    Sentence(Box<SentenceReport>),
}

/// One utterance: an iterator of [`Event`]s. Each call of `next` works until there is one.
pub struct Speech<'a> {
    /// Samples a second, and seconds of silence between two sentences.
    rate: f64,
    pause: f32,
    sentences: Box<dyn Iterator<Item = Sentence> + Send + 'a>,
    /// Sentences that were looked at already.
    first: VecDeque<Sentence>,
    /// What became of a sentence without sound, after its pause.
    silent: Option<Box<SentenceReport>>,
    session: Box<dyn Session>,
    index: usize,
    samples: u64,
    marks: Vec<Mark>,
    cancelled: Arc<AtomicBool>,
    over: bool,
}

impl<'a> Speech<'a> {
    pub(super) fn new(
        synthesizer: &Synthesizer,
        sentences: impl Iterator<Item = Sentence> + Send + 'a,
        settings: &Settings,
    ) -> Self {
        let rate = f64::from(synthesizer.config().audio.sampling_rate);
        Self {
            rate,
            pause: settings.sentence_pause,
            session: synthesizer.voice.clone().session(settings),
            sentences: Box::new(sentences),
            first: VecDeque::new(),
            silent: None,
            index: 0,
            samples: 0,
            marks: Vec::new(),
            cancelled: Arc::default(),
            over: false,
        }
    }

    /// Takes the first sentences, as far as one that has sound.
    pub(super) fn check(&mut self) -> Result<()> {
        for sentence in self.sentences.by_ref() {
            let found = !sentence.ids.is_empty();
            self.first.push_back(sentence);
            if found {
                return Ok(());
            }
        }
        Err(crate::text::Error::NothingToSpeak.into())
    }

    /// The marks that became known with the last event, in order. They are known no later than the
    /// sound that they belong to: the first sample of an [`Event::Audio`] is never after a mark that
    /// is not known yet.
    pub fn new_marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Uses this flag instead of its own.
    pub fn set_cancel_flag(&mut self, flag: Arc<AtomicBool>) {
        self.cancelled = flag;
    }

    /// A flag that cancels the utterance when it is set, from any thread: the next event is
    /// [`Error::Cancelled`].
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.cancelled.clone()
    }

    /// Starts the next sentence, if there is one, with the pause before it. Unless the sentence says, there
    /// is a pause before every one but the first.
    fn start(&mut self) -> Result<Option<Event>> {
        let next = self.first.pop_front();
        let Some(sentence) = next.or_else(|| self.sentences.next()) else {
            return Ok(None);
        };
        let pause = samples_before(&sentence, self.index, self.pause, self.rate);
        self.samples += pause as u64;
        if sentence.ids.is_empty() {
            let report = SentenceReport::of_silence(sentence, self.index, self.samples);
            self.marks.extend_from_slice(&report.marks);
            self.silent = Some(Box::new(report));
        } else {
            self.session.start(sentence, self.index, self.samples)?;
            self.index += 1;
        }
        Ok(Some(Event::Audio(room::zeros(pause))))
    }

    fn step(&mut self) -> Result<Option<Event>> {
        loop {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            if let Some(report) = self.silent.take() {
                return Ok(Some(Event::Sentence(report)));
            }
            if !self.session.is_busy() {
                match self.start()? {
                    Some(Event::Audio(pause)) if pause.is_empty() => continue,
                    event => return Ok(event),
                }
            }
            let audio = self.session.advance()?;
            self.samples += audio.len() as u64;
            self.marks.append(&mut self.session.take_marks());
            if !audio.is_empty() {
                return Ok(Some(Event::Audio(audio)));
            }
            if let Some(report) = self.session.finish() {
                return Ok(Some(Event::Sentence(Box::new(report))));
            }
        }
    }
}

/// Samples of silence before a sentence.
pub(super) fn samples_before(sentence: &Sentence, index: usize, pause: f32, rate: f64) -> usize {
    let usual = if index > 0 { pause } else { 0.0 };
    (f64::from(sentence.pause.unwrap_or(usual)) * rate).round() as usize
}

impl Iterator for Speech<'_> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.marks.clear();
        let event = room::or_error(|| {
            room::check();
            self.step()
        });
        let event = event.transpose();
        // After `None` there may be more, if the sentences go on.
        self.over = matches!(event, Some(Err(_)));
        event
    }
}
