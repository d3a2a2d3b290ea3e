//! Many sentences at once: the decoder's weights are read once per step for all of them, and the vocoder makes as many
//! side by side as the device likes.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::blocks::DecoderBlocks;
use super::loaded::Loaded;
use super::options::Settings;
use super::report::{End, SentenceReport};
use super::sentence::{Decoded, Job};
use super::speech::samples_before;
use super::workspace::{Workspace, settle};
use super::{Error, Result, SpeakOptions, Synthesizer, Timings};
use crate::backend::{Backend, RandomKey};
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
    /// The pool is taken for a block of steps or a chunk of sound at a time, so that other utterances get their turns.
    pub(super) fn run_batch(
        &self,
        batch: Vec<(Sentence, usize)>,
        settings: &Settings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Vec<Spoken>, BatchTimings)> {
        let mut timings = BatchTimings::default();
        let begun = Instant::now();
        let mut workspace = self.pool.install(|| self.workspace());
        let jobs = batch.into_iter().map(|(sentence, index)| {
            let place = (index, 0);
            Job::new(self, settings, sentence, place)
        });
        let mut jobs: Vec<_> = jobs.collect();
        let decoding = Instant::now();
        let backend = &mut workspace.backend;
        self.decode_batch(backend, &mut jobs, settings, &mut timings, cancelled)?;
        let vocoding = Instant::now();
        let sounds = self.vocode_batch(workspace, &mut jobs, settings, cancelled)?;
        let end = Instant::now();

        let reports: Vec<_> = jobs.into_iter().map(Job::report).collect();
        let sum = |part: fn(&Timings) -> Duration| -> Duration {
            reports.iter().map(|report| part(&report.timings)).sum()
        };
        timings.parts.encode = sum(|t| t.encode);
        timings.parts.decode = (vocoding - decoding).saturating_sub(timings.parts.encode);
        // Sentences side by side share the time, in the proportion that each for itself took.
        let (postnet, vocode) = (sum(|t| t.postnet), sum(|t| t.vocode));
        let both = (postnet + vocode).as_secs_f64().max(f64::MIN_POSITIVE);
        timings.parts.postnet = (end - vocoding).mul_f64(postnet.as_secs_f64() / both);
        timings.parts.vocode = (end - vocoding).saturating_sub(timings.parts.postnet);
        timings.total = end - begun;
        Ok((reports.into_iter().zip(sounds).collect(), timings))
    }

    /// Makes the sound of all sentences, of as many at a time as the device does side by side.
    fn vocode_batch(
        &self,
        workspace: Workspace<B>,
        jobs: &mut [Job],
        settings: &Settings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Vec<f32>>> {
        let mut sounds = vec![Vec::new(); jobs.len()];
        let mut waiting: Vec<_> = jobs.iter_mut().zip(&mut sounds).collect();
        // The longest first, so that all workers end at about the same time.
        waiting.sort_by_key(|(job, _)| job.waiting());
        let workspaces = self.workspaces(workspace, waiting.len(), settings)?;
        let divided = workspaces.len() > 1;
        let waiting = Mutex::new(waiting);
        let waiting = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let next = || waiting().pop();
        let work = |mut workspace: Workspace<B>| -> Result<()> {
            while let Some((job, sound)) = next() {
                let key = job.noise_key(settings);
                self.pool
                    .install(|| self.begin(&mut workspace, key, settings))?;
                while !job.is_done() {
                    if cancelled() {
                        return Err(Error::Cancelled);
                    }
                    let samples = self.pool.install(|| job.vocode(self, &mut workspace))?;
                    room::reserve(sound, samples.len());
                    sound.extend(samples);
                }
            }
            // Who finds nothing left leaves its part of the device to the others.
            if divided {
                workspace.backend = self.backend();
            }
            self.put_back(workspace);
            Ok(())
        };
        let work = |workspace| {
            let result = room::or_error(|| work(workspace));
            if result.is_err() {
                // Nobody needs the rest.
                waiting().clear();
            }
            result
        };
        thread::scope(|scope| {
            let mut workspaces = workspaces.into_iter();
            let own = workspaces.next();
            let others: Vec<_> = workspaces
                .filter_map(|workspace| {
                    let worker = thread::Builder::new().name("tts-batch".to_owned());
                    worker.spawn_scoped(scope, || work(workspace)).ok()
                })
                .collect();
            let own = own.map_or(Ok(()), work);
            let others = others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.fold(own, Result::and)
        })?;
        Ok(sounds)
    }

    /// Workspaces for at most so many sentences side by side: as many as the device likes and has room for, and then
    /// some room is left for others.
    fn workspaces(
        &self,
        mut first: Workspace<B>,
        sentences: usize,
        settings: &Settings,
    ) -> Result<Vec<Workspace<B>>> {
        let key = RandomKey {
            seed: 0,
            sentence: 0,
        };
        // Each takes the room for its denoiser now, and the first finds what that is to take off.
        let begin = |workspace: &mut Workspace<B>| {
            self.pool.install(|| {
                self.begin(workspace, key, settings)?;
                settle(&mut workspace.backend)
            })
        };
        begin(&mut first)?;
        let (most, shared) = B::shared(&self.device);
        let mut workspaces = vec![first];
        while workspaces.len() < most.min(sentences) {
            let another = room::or_error(|| {
                room::probe();
                let mut workspace = Workspace::new(self);
                begin(&mut workspace).map(|()| workspace)
            });
            let Ok(another) = another else {
                workspaces.truncate((workspaces.len() - 1).max(1));
                break;
            };
            workspaces.push(another);
        }
        if workspaces.len() > 1 {
            for workspace in &mut workspaces {
                workspace.backend = B::on(&shared);
            }
        }
        Ok(workspaces)
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
            let start = || DecoderBlocks::start(self, backend, settings, &mut group);
            let mut decoder = self.pool.install(start)?;
            let mut again = vec![false; group.len()];
            while !decoder.is_empty() {
                if cancelled() {
                    return Err(Error::Cancelled);
                }
                let next = || decoder.next(&self.tacotron2, backend);
                let Some(blocks) = self.pool.install(next)? else {
                    let unfinished = group.iter_mut().zip(&again);
                    let unfinished =
                        unfinished.filter(|(job, again)| !job.is_decoded() && !**again);
                    unfinished.for_each(|(job, _)| {
                        job.decode(self, settings, None);
                    });
                    break;
                };
                timings.steps += blocks[0].gate.len();
                for block in &blocks {
                    let sentence = block.sentence;
                    let (job, again) = (&mut group[sentence], &mut again[sentence]);
                    // The block may have been on its way when the sentence ended.
                    if !job.is_decoded() && !*again {
                        *again = job.decode(self, settings, Some(block)) == Decoded::Again;
                        if *again || job.is_decoded() {
                            decoder.retire(backend, sentence);
                        }
                    }
                }
            }
            let left = group.into_iter().zip(again);
            waiting.extend(left.filter_map(|(job, again)| again.then_some(job)));
        }
        Ok(())
    }
}
