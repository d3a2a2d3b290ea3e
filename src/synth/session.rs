//! One utterance on one device: sentence after sentence, chunk after chunk.

use std::sync::Arc;
use std::time::Instant;

use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::{Decoded, Job};
use super::workspace::Workspace;
use super::{Mark, Result, SentenceReport};
use crate::backend::Backend;
use crate::text::Sentence;

/// Decoder blocks between two looks at whether the utterance was cancelled.
const BLOCKS: usize = 8;

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
    work: Option<(Job, DecoderBlocks<B>)>,
    /// From the first sentence on; not while something is done in it, so that what a failure leaves behind is not used
    /// again.
    workspace: Option<Workspace<B>>,
}

impl<B: Backend> DeviceSession<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Self {
        Self {
            voice,
            settings: settings.clone(),
            work: None,
            workspace: None,
        }
    }
}

impl<B: Backend> Session for DeviceSession<B> {
    fn start(&mut self, sentence: Sentence, index: usize, start: u64) -> Result<()> {
        let (voice, settings) = (&*self.voice, &self.settings);
        let workspace = self.workspace.take();
        let mut workspace = workspace.unwrap_or_else(|| voice.workspace());
        let work = voice.pool.install(|| {
            let place = (index, start);
            let mut job = Job::new(voice, settings, sentence, place);
            voice.begin(&mut workspace, job.noise_key(settings), settings)?;
            let backend = &mut workspace.backend;
            let decoder = DecoderBlocks::start(voice, backend, settings, &mut [&mut job])?;
            Ok::<_, super::Error>((job, decoder))
        })?;
        (self.work, self.workspace) = (Some(work), Some(workspace));
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    fn advance(&mut self) -> Result<Vec<f32>> {
        let (Some((job, decoder)), Some(mut workspace)) = (&mut self.work, self.workspace.take())
        else {
            return Ok(Vec::new());
        };
        let (voice, settings) = (&*self.voice, &self.settings);
        let audio = voice.pool.install(|| {
            // The way ahead of the sound is long: a cancel is looked for in between.
            for _ in 0..BLOCKS {
                let backend = &mut workspace.backend;
                if job.is_ready(voice, backend) {
                    return job.vocode(voice, &mut workspace);
                }
                let begun = Instant::now();
                let blocks = decoder.next(&voice.tacotron2, backend)?;
                let block = blocks.as_ref().map(|blocks| &blocks[0]);
                if job.decode(voice, settings, block) == Decoded::Again {
                    decoder.restart(&voice.tacotron2, backend, &[job.key(settings)]);
                }
                job.add_decoding(begun.elapsed());
            }
            Ok(Vec::new())
        })?;
        self.workspace = Some(workspace);
        Ok(audio)
    }

    fn take_marks(&mut self) -> Vec<Mark> {
        let job = self.work.as_mut().map(|(job, _)| job);
        job.map_or_else(Vec::new, Job::take_marks)
    }

    fn finish(&mut self) -> Option<SentenceReport> {
        let (job, _) = self.work.take_if(|(job, _)| job.is_done())?;
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
