//! One utterance on one device: sentence after sentence, chunk after chunk.

use std::sync::Arc;

use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::{Job, Streams};
use super::{Mark, Result, SentenceReport};
use crate::backend::Backend;
use crate::text::Sentence;

/// What an utterance needs of a device, whichever it is.
pub(super) trait Session: Send {
    /// Starts a sentence, which is number `index` of the utterance and begins at sample `start`.
    fn start(&mut self, sentence: Sentence, index: usize, start: u64) -> Result<()>;
    /// Whether a sentence is in work.
    fn is_busy(&self) -> bool;
    /// Makes the next chunk of audio; empty while the networks look ahead.
    fn advance(&mut self) -> Result<Vec<f32>>;
    /// The marks that have become known since the last call.
    fn take_marks(&mut self) -> Vec<Mark>;
    /// The sentence's report, once all of its audio has been made.
    fn finish(&mut self) -> Option<SentenceReport>;
}

/// A session on a backend.
pub(super) struct DeviceSession<B: Backend> {
    voice: Arc<Loaded<B>>,
    settings: Settings,
    backend: B,
    job: Option<Job<B>>,
    /// Between two sentences.
    streams: Option<Streams<B>>,
}

impl<B: Backend> DeviceSession<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Self {
        Self {
            backend: voice.backend(),
            voice,
            settings: settings.clone(),
            job: None,
            streams: None,
        }
    }
}

impl<B: Backend> Session for DeviceSession<B> {
    fn start(&mut self, sentence: Sentence, index: usize, start: u64) -> Result<()> {
        let (voice, settings) = (&*self.voice, &self.settings);
        let (backend, streams) = (&mut self.backend, self.streams.take());
        let job = voice.pool.install(|| {
            let streams = streams.unwrap_or_else(|| Streams::new(voice, backend, settings));
            Job::new(voice, backend, settings, streams, sentence, (index, start))
        })?;
        self.job = Some(job);
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    fn advance(&mut self) -> Result<Vec<f32>> {
        let Some(job) = &mut self.job else {
            return Ok(Vec::new());
        };
        let (voice, backend, settings) = (&*self.voice, &mut self.backend, &self.settings);
        voice.pool.install(|| job.advance(voice, backend, settings))
    }

    fn take_marks(&mut self) -> Vec<Mark> {
        self.job.as_mut().map_or_else(Vec::new, Job::take_marks)
    }

    fn finish(&mut self) -> Option<SentenceReport> {
        let job = self.job.take_if(|job| job.is_done())?;
        let (report, streams) = job.report();
        self.streams = Some(streams);
        Some(report)
    }
}
