//! One sentence on its way through both networks.
//!
//! The decoder runs ahead of the sound, by [`SpeakOptions::retry_window`](super::SpeakOptions::retry_window).
//! A sentence that loses its place in that time is begun anew with another seed while nothing of it has been
//! heard. Later, or after the last try, it is spoken as it is, and reported; only where the attention stands
//! still for good, the sentence ends. What is tried again depends on the decoder's steps alone, so that the
//! same seed gives the same sound whatever the chunks, threads and device.

use std::time::{Duration, Instant};

use super::Result;
use super::loaded::Loaded;
use super::marks::{Follower, Mark};
use super::options::Settings;
use super::report::{End, SentenceReport, SentenceTensors, Timings};
use super::shift::Shift;
use super::tempo::Tempo;
use super::watchdog::{Loss, Watchdog};
use super::workspace::Workspace;
use crate::backend::{Backend, RandomKey};
use crate::nn::tacotron2::DecoderBlock;
use crate::room;
use crate::text::Sentence;

/// Mel frames of an early first sound: 0.19 s, to be played while the next is made.
const EARLY_FRAMES: usize = 16;

/// Samples beyond this factor of full scale become silence, as do those that are not numbers: a vocoder overflows for a
/// sigma that it was not trained for, and one such sample would silence a game's mixer for good.
const LOUDEST: f32 = 1e6;

/// Most times that a sentence is made again.
const RETRIES: u32 = 3;

/// A sentence in work: first [`Self::decode`] until it is ready, then [`Self::vocode`], and so on in turn.
pub(super) struct Job {
    sentence: Sentence,
    index: usize,
    start: u64,
    /// Frames, and decoder steps, that the decoder is ahead of the sound.
    ahead: usize,
    retry_until: usize,
    retries: u32,
    watchdog: Watchdog,
    loss: Option<Loss>,
    tempo: Tempo,
    /// If the sentence has a prosody of its own.
    shift: Option<Shift>,
    /// Until the first sound of the utterance has been made, if that is to be early.
    look_ahead: Option<usize>,
    /// Samples that were heard before the vocoder has made them for good.
    early: usize,
    /// Changes of prosody so far.
    changes: usize,
    follower: Follower,
    /// The decoder's mel frames that wait for a block of the postnet and the vocoder.
    mel: Vec<f32>,
    steps: usize,
    frames: usize,
    samples: u64,
    end: Option<End>,
    /// The vocoder has begun: this try is the one that is heard.
    settled: bool,
    done: bool,
    timings: Timings,
    tensors: Option<SentenceTensors>,
}

/// What a block of decoder steps came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoded {
    /// The sentence goes on, or has its end.
    Kept,
    /// The attention was lost: the decoder is to begin anew, with [`Job::key`].
    Again,
}

impl Job {
    pub(super) fn new<B: Backend>(
        voice: &Loaded<B>,
        settings: &Settings,
        sentence: Sentence,
        (index, start): (usize, u64),
    ) -> Self {
        let rate = frame_rate(voice);
        let per_step = voice.config.tacotron2.n_frames_per_step;
        let ahead = (f64::from(settings.retry_window) * rate).round() as usize;
        Self {
            ahead,
            // Without dropout another seed changes nothing.
            retry_until: if settings.prenet_dropout {
                ahead / per_step
            } else {
                0
            },
            retries: 0,
            watchdog: watchdog(voice, &sentence),
            loss: None,
            tempo: tempo(voice, settings),
            look_ahead: settings
                .look_ahead
                .filter(|&frames| index == 0 && frames < voice.waveglow.look_ahead()),
            early: 0,
            shift: (!sentence.prosody.is_empty()).then(Shift::new),
            changes: 0,
            follower: Follower::new(&sentence, start),
            sentence,
            index,
            start,
            mel: Vec::new(),
            steps: 0,
            frames: 0,
            samples: 0,
            end: None,
            settled: false,
            done: false,
            timings: Timings::default(),
            tensors: settings.keep_tensors.then(SentenceTensors::default),
        }
    }

    /// The random key of the vocoder's noise.
    pub(super) fn noise_key(&self, settings: &Settings) -> RandomKey {
        RandomKey {
            seed: settings.seed,
            sentence: self.index as u32,
        }
    }

    /// The random key of the decoder's dropout, another one in each try.
    pub(super) fn key(&self, settings: &Settings) -> RandomKey {
        let key = self.noise_key(settings);
        // An odd number, so that all tries differ, with its bits spread over the word.
        let other = u64::from(self.retries).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        RandomKey {
            seed: key.seed.wrapping_add(other),
            ..key
        }
    }

    /// Symbols of the sentence.
    pub(super) fn symbols(&self) -> usize {
        self.sentence.ids.len()
    }

    /// Mel values that wait for the vocoder.
    pub(super) fn waiting(&self) -> usize {
        self.mel.len()
    }

    /// Encodes the sentence: its memory, and the number of its symbols.
    pub(super) fn encode<B: Backend>(
        &mut self,
        voice: &Loaded<B>,
        backend: &mut B,
    ) -> Result<(B::Tensor, usize)> {
        let begun = Instant::now();
        let symbols = self.sentence.ids.len();
        let memory = voice.tacotron2.encode(backend, &self.sentence.ids);
        if let Some(tensors) = &mut self.tensors {
            tensors.encoder = backend.read(&memory, 0..symbols)?;
        }
        self.timings.encode += begun.elapsed();
        Ok((memory, symbols))
    }

    /// Whether all audio has been made.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the decoder has made all of the sentence.
    pub(super) fn is_decoded(&self) -> bool {
        self.end.is_some()
    }

    /// Whether there is enough for the vocoder to work on, and the decoder far enough ahead.
    pub(super) fn is_ready<B: Backend>(&self, voice: &Loaded<B>, backend: &B) -> bool {
        let frames = self.chunk(voice, backend) + self.ahead;
        self.is_decoded() || self.mel.len() >= frames * voice.config.audio.n_mel_channels
    }

    /// Frames of the decoder's that the next chunk of sound is made of.
    fn chunk<B: Backend>(&self, voice: &Loaded<B>, backend: &B) -> usize {
        match self.look_ahead {
            Some(frames) => EARLY_FRAMES + frames + voice.tacotron2.postnet_reach(),
            None => voice.vocoder_block(backend),
        }
    }

    /// Takes the next block of decoder steps; none after the step limit.
    pub(super) fn decode<B: Backend>(
        &mut self,
        voice: &Loaded<B>,
        settings: &Settings,
        block: Option<&DecoderBlock>,
    ) -> Decoded {
        let Some(block) = block else {
            self.end = self.end.or(Some(End::Limit));
            return Decoded::Kept;
        };
        let count = block.gate.len();
        let threshold = logit(settings.gate_threshold);
        let fired = block.gate.iter().position(|&gate| gate > threshold);
        // The frames of the step on which the gate fires do not count.
        let mut kept = fired.unwrap_or(count);
        if fired.is_some() {
            self.end = Some(End::Gate);
        } else if self.steps + kept == settings.max_decoder_steps {
            self.end = Some(End::Limit);
        }
        let symbols = self.sentence.ids.len();
        let mut in_vain = 0;
        for (i, weights) in block.alignment.chunks_exact(symbols).take(kept).enumerate() {
            let loss = self.watchdog.watch(weights).filter(|_| settings.watch);
            if loss.is_some() && self.may_try_again(i) {
                return self.again(voice, settings);
            }
            self.loss = self.loss.or(loss);
            self.change_prosody(voice, settings, i);
            if loss == Some(Loss::Stuck) {
                self.end = Some(End::Lost);
                in_vain = self.watchdog.in_vain();
                kept = i + 1;
                break;
            }
        }
        if self.end == Some(End::Gate)
            && let Some(loss) = self.watchdog.finish().filter(|_| settings.watch)
        {
            if self.may_try_again(kept) {
                return self.again(voice, settings);
            }
            self.loss = self.loss.or(Some(loss));
        }
        if self.end.is_some() && self.loss.is_some() {
            self.end = Some(End::Lost);
        }
        self.keep(voice, block, kept);
        let frame =
            voice.config.tacotron2.n_frames_per_step * voice.config.tacotron2.n_mel_channels;
        // What has gone to the vocoder cannot be taken back.
        let in_vain = in_vain.min(self.mel.len() / frame);
        self.mel.truncate(self.mel.len() - in_vain * frame);
        self.steps -= in_vain;
        Decoded::Kept
    }

    /// Whether the sentence may be begun anew, if its place was lost `steps` steps after those kept so far.
    fn may_try_again(&self, steps: usize) -> bool {
        self.retries < RETRIES && self.loss.is_none() && self.steps + steps < self.retry_until
    }

    fn again<B: Backend>(&mut self, voice: &Loaded<B>, settings: &Settings) -> Decoded {
        self.retries += 1;
        self.watchdog = watchdog(voice, &self.sentence);
        self.tempo = tempo(voice, settings);
        self.shift = self.shift.take().map(|_| Shift::new());
        self.changes = 0;
        self.follower = Follower::new(&self.sentence, self.start);
        self.mel.clear();
        self.steps = 0;
        self.end = None;
        if let Some(tensors) = &mut self.tensors {
            tensors.mel.clear();
            tensors.gate.clear();
            tensors.alignment.clear();
        }
        Decoded::Again
    }

    /// The attention has taken a step, `step` after those kept so far: what it has reached may be spoken in
    /// another manner.
    fn change_prosody<B: Backend>(&mut self, voice: &Loaded<B>, settings: &Settings, step: usize) {
        let Some(shift) = &mut self.shift else { return };
        while let Some(&(symbol, prosody)) = self.sentence.prosody.get(self.changes)
            && symbol <= self.watchdog.front()
        {
            let frame = ((self.steps + step) * voice.config.tacotron2.n_frames_per_step) as u64;
            let speed = (settings.speed * prosody.rate / prosody.pitch).clamp(0.25, 4.0);
            self.tempo.change(frame, speed);
            let hop = f64::from(voice.config.audio.hop_length as u32);
            let sample = (self.tempo.place(frame as f64) * hop).round() as u64;
            shift.change(sample, prosody.pitch, prosody.volume);
            self.changes += 1;
        }
    }

    /// Keeps the first steps of a block.
    fn keep<B: Backend>(&mut self, voice: &Loaded<B>, block: &DecoderBlock, steps: usize) {
        let symbols = self.sentence.ids.len();
        let alignment = &block.alignment[..steps * symbols];
        let config = &voice.config.tacotron2;
        let hop = f64::from(voice.config.audio.hop_length as u32);
        let per_step = f64::from(config.n_frames_per_step as u32);
        let (tempo, shift, start) = (&self.tempo, &self.shift, self.start);
        let sample = |step: usize| {
            let made = tempo.place(step as f64 * per_step) * hop;
            let heard = shift.as_ref().map_or(made, |shift| shift.place(made));
            start + heard.round() as u64
        };
        self.follower.follow(alignment, symbols, sample);
        let mel = &block.mel[..steps * config.n_frames_per_step * config.n_mel_channels];
        room::reserve(&mut self.mel, mel.len());
        self.mel.extend_from_slice(mel);
        self.steps += steps;
        if let Some(tensors) = &mut self.tensors {
            tensors.mel.extend_from_slice(mel);
            let gates = (steps + 1).min(block.gate.len());
            tensors.gate.extend_from_slice(&block.gate[..gates]);
            tensors.alignment.extend_from_slice(alignment);
        }
    }

    /// Makes the next chunk of audio of what is ready. The chunk may be empty while the networks look ahead.
    pub(super) fn vocode<B: Backend>(
        &mut self,
        voice: &Loaded<B>,
        workspace: &mut Workspace<B>,
    ) -> Result<Vec<f32>> {
        if self.done {
            return Ok(Vec::new());
        }
        self.settled = true;
        let channels = voice.config.audio.n_mel_channels;
        let chunk = self.chunk(voice, &workspace.backend) * channels;
        let count = chunk.min(self.mel.len());
        let last = self.is_decoded() && count == self.mel.len();
        let mel = self.refine(voice, workspace, count, last)?;
        let begun = Instant::now();
        self.frames += mel.len() / channels;
        let mut audio = self.early_sound(voice, workspace, &mel, last)?;
        let (backend, vocoder) = (&mut workspace.backend, &mut workspace.vocoder);
        let mut made = Vec::new();
        voice
            .waveglow
            .push(backend, vocoder, &mel, last, &mut made)?;
        let heard = self.early.min(made.len());
        audio.extend_from_slice(&made[heard..]);
        self.early -= heard;
        for sample in &mut audio {
            if sample.abs() > LOUDEST || sample.is_nan() {
                *sample = 0.0;
            }
        }
        audio = workspace.denoise(audio, last)?;
        if let Some(shift) = &mut self.shift {
            audio = shift.process(&audio, last);
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

    /// The first frames of an utterance as if it ended where `mel` does, without the last of them, which that
    /// would be heard in. The vocoder is back at the beginning then: from there it makes them again, and all
    /// that follows for good.
    fn early_sound<B: Backend>(
        &mut self,
        voice: &Loaded<B>,
        workspace: &mut Workspace<B>,
        mel: &[f32],
        last: bool,
    ) -> Result<Vec<f32>> {
        let mut audio = Vec::new();
        if let Some(look_ahead) = self.look_ahead.take()
            && !last
        {
            let (backend, vocoder) = (&mut workspace.backend, &mut workspace.vocoder);
            voice
                .waveglow
                .push(backend, vocoder, mel, true, &mut audio)?;
            vocoder.rewind(backend);
            let samples = look_ahead * voice.config.audio.hop_length;
            audio.truncate(audio.len().saturating_sub(samples));
            self.early = audio.len();
        }
        Ok(audio)
    }

    /// The marks that have become known since the last call; none while the sentence may be begun anew.
    pub(super) fn take_marks(&mut self) -> Vec<Mark> {
        if self.settled {
            self.follower.take()
        } else {
            Vec::new()
        }
    }

    /// Adds to the time that the decoder took.
    pub(super) fn add_decoding(&mut self, time: Duration) {
        self.timings.decode += time;
    }

    /// The final mel frames that the first waiting frames complete, at the tempo asked for.
    fn refine<B: Backend>(
        &mut self,
        voice: &Loaded<B>,
        workspace: &mut Workspace<B>,
        count: usize,
        last: bool,
    ) -> Result<Vec<f32>> {
        let begun = Instant::now();
        let mel: Vec<f32> = self.mel.drain(..count).collect();
        let (backend, postnet) = (&mut workspace.backend, &mut workspace.postnet);
        let refined = voice.tacotron2.refine(backend, postnet, &mel, last)?;
        if let Some(tensors) = &mut self.tensors {
            tensors.mel_postnet.extend_from_slice(&refined);
        }
        let mel = self.tempo.process(refined, last);
        self.timings.postnet += begun.elapsed();
        Ok(mel)
    }

    /// What became of the sentence, once it is done.
    pub(super) fn report(self) -> SentenceReport {
        SentenceReport {
            index: self.index,
            sentence: self.sentence,
            steps: self.steps,
            frames: self.frames,
            start: self.start,
            samples: self.samples,
            end: self.end.unwrap_or(End::Limit),
            retries: self.retries,
            loss: self.loss,
            timings: self.timings,
            marks: self.follower.into_marks(),
            tensors: self.tensors,
        }
    }
}

/// Mel frames a second.
fn frame_rate<B: Backend>(voice: &Loaded<B>) -> f64 {
    let audio = &voice.config.audio;
    f64::from(audio.sampling_rate) / f64::from(audio.hop_length as u32)
}

fn watchdog<B: Backend>(voice: &Loaded<B>, sentence: &Sentence) -> Watchdog {
    let per_step = f64::from(voice.config.tacotron2.n_frames_per_step as u32);
    Watchdog::new(sentence.ids.len(), frame_rate(voice) / per_step)
}

fn tempo<B: Backend>(voice: &Loaded<B>, settings: &Settings) -> Tempo {
    Tempo::new(settings.speed, voice.config.audio.n_mel_channels)
}

/// The logit of a probability: gates are compared before the sigmoid.
fn logit(probability: f32) -> f32 {
    (probability / (1.0 - probability)).ln()
}
