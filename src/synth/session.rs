//! One utterance on one device: sentence after sentence, chunk after chunk.

use std::sync::Arc;

use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::Job;
use super::workspace::Workspace;
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
    job: Option<Job<B>>,
    /// From the first sentence on; not while something is done in it, so that what a failure leaves behind is not used
    /// again.
    workspace: Option<Workspace<B>>,
}

impl<B: Backend> DeviceSession<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Self {
        Self {
            voice,
            settings: settings.clone(),
            job: None,
            workspace: None,
        }
    }
}

impl<B: Backend> Session for DeviceSession<B> {
    fn start(&mut self, sentence: Sentence, index: usize, start: u64) -> Result<()> {
        let (voice, settings) = (&*self.voice, &self.settings);
        let workspace = self.workspace.take();
        let mut workspace = workspace.unwrap_or_else(|| voice.workspace());
        let job = voice
            .pool
            .install(|| Job::new(voice, &mut workspace, settings, sentence, (index, start)))?;
        (self.job, self.workspace) = (Some(job), Some(workspace));
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    fn advance(&mut self) -> Result<Vec<f32>> {
        let (Some(job), Some(mut workspace)) = (&mut self.job, self.workspace.take()) else {
            return Ok(Vec::new());
        };
        let (voice, settings) = (&*self.voice, &self.settings);
        let audio = voice
            .pool
            .install(|| job.advance(voice, &mut workspace, settings))?;
        self.workspace = Some(workspace);
        Ok(audio)
    }

    fn take_marks(&mut self) -> Vec<Mark> {
        self.job.as_mut().map_or_else(Vec::new, Job::take_marks)
    }

    fn finish(&mut self) -> Option<SentenceReport> {
        let job = self.job.take_if(|job| job.is_done())?;
        Some(job.report())
    }
}

impl<B: Backend> Drop for DeviceSession<B> {
    fn drop(&mut self) {
        if let Some(workspace) = self.workspace.take() {
            self.voice.put_back(workspace);
        }
    }
}
