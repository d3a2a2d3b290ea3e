//! One utterance on one device: sentence after sentence, chunk after chunk.

use std::sync::Arc;
use std::time::Instant;

use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::{Decoded, Job, Streams};
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
    backend: B,
    work: Option<(Job, DecoderBlocks<B>)>,
    /// From the first sentence on.
    streams: Option<Streams<B>>,
}

impl<B: Backend> DeviceSession<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Self {
        Self {
            backend: voice.backend(),
            voice,
            settings: settings.clone(),
            work: None,
            streams: None,
        }
    }
}

impl<B: Backend> Session for DeviceSession<B> {
    fn start(&mut self, sentence: Sentence, index: usize, start: u64) -> Result<()> {
        let (voice, settings) = (&*self.voice, &self.settings);
        let (backend, streams) = (&mut self.backend, &mut self.streams);
        let work = voice.pool.install(|| {
            let mut job = Job::new(voice, backend, settings, sentence, (index, start))?;
            let streams = streams.get_or_insert_with(|| Streams::new(voice, backend, settings));
            streams.restart(backend, job.noise_key(settings));
            let decoder = DecoderBlocks::start(voice, backend, settings, &mut [&mut job])?;
            Ok::<_, super::Error>((job, decoder))
        })?;
        self.work = Some(work);
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    fn advance(&mut self) -> Result<Vec<f32>> {
        let (Some((job, decoder)), Some(streams)) = (&mut self.work, &mut self.streams) else {
            return Ok(Vec::new());
        };
        let (voice, backend, settings) = (&*self.voice, &mut self.backend, &self.settings);
        voice.pool.install(|| {
            // The way ahead of the sound is long: a cancel is looked for in between.
            for _ in 0..BLOCKS {
                if job.is_ready(voice, backend) {
                    return job.vocode(voice, backend, streams);
                }
                let begun = Instant::now();
                let blocks = decoder.next(&voice.tacotron2, backend)?;
                let block = blocks.as_ref().map(|blocks| &blocks[0]);
                if job.decode(voice, settings, block) == Decoded::Again {
                    *decoder = DecoderBlocks::start(voice, backend, settings, &mut [&mut *job])?;
                }
                job.add_decoding(begun.elapsed());
            }
            Ok(Vec::new())
        })
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
