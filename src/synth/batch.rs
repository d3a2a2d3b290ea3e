//! Many sentences at once: the decoder's weights are read once per step for all of them.

use std::time::{Duration, Instant};

use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::options::Settings;
use super::report::{End, SentenceReport};
use super::sentence::{Decoded, Job};
use super::speech::samples_before;
use super::workspace::Workspace;
use super::{Error, Result, SpeakOptions, Synthesizer, Timings};
use crate::backend::Backend;
use crate::room;
use crate::text::Sentence;

/// How to speak a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchOptions {
    /// As for a single utterance; pauses do not apply.
    pub speak: SpeakOptions,
    /// Makes exactly this many decoder steps, whatever the gate and the attention say: for benchmarks.
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

/// One text of a batch.
#[derive(Clone, Debug)]
pub struct BatchText {
    /// Samples at the voice's rate, of all sentences with the pauses between them.
    pub audio: Vec<f32>,
    /// What became of its sentences.
    pub sentences: Vec<SentenceReport>,
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

/// A sentence and its samples.
pub(super) type Spoken = (SentenceReport, Vec<f32>);

/// Most sentences that the decoder makes at once. More bring little, and a step takes longer.
const AT_ONCE: usize = 16;

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
        if let Some(steps) = options.exact_steps {
            settings.max_decoder_steps = steps;
            settings.gate_threshold = 1.0; // beyond what a gate can say
            settings.watch = false;
        }
        let symbols = self.config().tacotron2.n_symbols;
        let mut sentences = Vec::new();
        for (index, ids) in batch.iter().enumerate() {
            if ids.is_empty() || ids.iter().any(|&id| id as usize >= symbols) {
                return Err(Error::Option {
                    name: "ids",
                    value: format!("{ids:?}"),
                    expected: "a list of ids of the voice's symbol table",
                });
            }
            let ids = ids.clone();
            let sentence = Sentence {
                ids,
                ..Sentence::default()
            };
            sentences.push((sentence, index));
        }
        let (spoken, timings) = self.voice.speak_batch(sentences, &settings, &|| false)?;
        let items = spoken.into_iter().map(|(report, audio)| BatchItem {
            audio,
            frames: report.frames,
            end: report.end,
        });
        Ok((items.collect(), timings))
    }

    /// Speaks texts, each a list of sentences, all in one batch: each text sounds as it would alone with the
    /// same options, and all together take less time. `cancelled` is asked now and then.
    ///
    /// # Errors
    /// An option outside its range, or [`Error::Cancelled`].
    pub fn speak_texts(
        &self,
        texts: Vec<Vec<Sentence>>,
        options: &SpeakOptions,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<BatchText>> {
        let settings = Settings::new(options, self.config())?;
        let rate = f64::from(self.config().audio.sampling_rate);
        let mut batch = Vec::new();
        for text in &texts {
            let speakable = text.iter().filter(|sentence| !sentence.ids.is_empty());
            batch.extend(
                speakable
                    .cloned()
                    .enumerate()
                    .map(|(i, sentence)| (sentence, i)),
            );
        }
        let (spoken, _) = self.voice.speak_batch(batch, &settings, cancelled)?;
        let mut spoken = spoken.into_iter();
        let mut join = |text: Vec<Sentence>| {
            let (mut audio, mut sentences) = (Vec::new(), Vec::new());
            let mut index = 0;
            for sentence in text {
                let pause = samples_before(&sentence, index, settings.sentence_pause, rate);
                room::reserve(&mut audio, pause);
                audio.resize(audio.len() + pause, 0.0);
                let start = audio.len() as u64;
                if sentence.ids.is_empty() {
                    sentences.push(SentenceReport::of_silence(sentence, index, start));
                } else if let Some((report, samples)) = spoken.next() {
                    room::reserve(&mut audio, samples.len());
                    audio.extend(samples);
                    sentences.push(report.moved_to(start));
                    index += 1;
                }
            }
            BatchText { audio, sentences }
        };
        Ok(texts.into_iter().map(&mut join).collect())
    }
}

impl<B: Backend> Loaded<B> {
    pub(super) fn run_batch(
        &self,
        workspace: &mut Workspace<B>,
        batch: Vec<(Sentence, usize)>,
        settings: &Settings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Vec<Spoken>, BatchTimings)> {
        let mut timings = BatchTimings::default();
        let begun = Instant::now();
        let jobs = batch.into_iter().map(|(sentence, index)| {
            let place = (index, 0);
            Job::new(self, workspace, settings, sentence, place)
        });
        let mut jobs = jobs.collect::<Result<Vec<_>>>()?;
        let decoding = Instant::now();
        let backend = &mut workspace.backend;
        self.decode_batch(backend, &mut jobs, settings, &mut timings, cancelled)?;
        let decoded = decoding.elapsed();

        let mut spoken = Vec::with_capacity(jobs.len());
        for mut job in jobs {
            workspace.restart(job.noise_key(settings), settings.sigma);
            let mut audio = Vec::new();
            while !job.is_done() {
                if cancelled() {
                    return Err(Error::Cancelled);
                }
                let samples = job.vocode(self, workspace)?;
                room::reserve(&mut audio, samples.len());
                audio.extend(samples);
            }
            let report = job.report();
            timings.parts.encode += report.timings.encode;
            timings.parts.postnet += report.timings.postnet;
            timings.parts.vocode += report.timings.vocode;
            spoken.push((report, audio));
        }
        timings.parts.decode = decoded.saturating_sub(timings.parts.encode);
        timings.total = begun.elapsed();
        Ok((spoken, timings))
    }

    /// Decodes all sentences, those of about the same length together.
    fn decode_batch(
        &self,
        backend: &mut B,
        jobs: &mut [Job],
        settings: &Settings,
        timings: &mut BatchTimings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let mut waiting: Vec<&mut Job> = jobs.iter_mut().collect();
        waiting.sort_by_key(|job| job.symbols());
        while !waiting.is_empty() {
            // The longest first; what has to be made again comes back as a batch of its own.
            let mut group = waiting.split_off(waiting.len().saturating_sub(AT_ONCE));
            let mut decoder = DecoderBlocks::start(self, backend, settings, &mut group)?;
            let mut again = vec![false; group.len()];
            while group
                .iter()
                .zip(&again)
                .any(|(job, again)| !job.is_decoded() && !again)
            {
                if cancelled() {
                    return Err(Error::Cancelled);
                }
                let blocks = decoder.next(&self.tacotron2, backend)?;
                timings.steps += blocks.as_ref().map_or(0, |blocks| blocks[0].gate.len());
                for (i, job) in group.iter_mut().enumerate() {
                    if !job.is_decoded() && !again[i] {
                        let block = blocks.as_ref().map(|blocks| &blocks[i]);
                        again[i] = job.decode(self, settings, block) == Decoded::Again;
                    }
                }
            }
            let left = group.into_iter().zip(again);
            waiting.extend(left.filter_map(|(job, again)| again.then_some(job)));
        }
        Ok(())
    }
}
