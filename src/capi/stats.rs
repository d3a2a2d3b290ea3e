//! Figures of an utterance
//!
//! How an utterance is getting on, or how it ended, and what it took.

use std::sync::atomic::Ordering::Relaxed;

use super::boundary::boundary;
use super::handle::Object as _;
use super::memory::{self, Versioned};
use super::status::{TTS_OK, tts_status};
use super::utterance::{UtteranceObject, result, tts_utterance};
use crate::synth::queue::State;

/// Where an utterance is: one of the constants TTS_STATE_*.
pub type tts_state = i32;
/// Nothing can be heard yet.
pub const TTS_STATE_WAITING: tts_state = 1;
/// Sound is being made.
pub const TTS_STATE_SPEAKING: tts_state = 2;
/// It is over; `result` says how.
pub const TTS_STATE_ENDED: tts_state = 3;

/// Figures of an utterance. Set struct_size to sizeof(tts_stats) before the call that fills it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_stats {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Where it is.
    pub state: tts_state,
    /// How it ended: TTS_OK, TTS_STEP_LIMIT, TTS_ATTENTION_LOST, TTS_CANCELLED or an error. TTS_OK before
    /// the end.
    pub result: tts_status,
    /// Samples per second of the output.
    pub sample_rate: u32,
    /// Samples made so far.
    pub samples_made: u64,
    /// Samples taken by tts_utterance_read so far.
    pub samples_read: u64,
    /// Reads that found too little after the first sound.
    pub underruns: u64,
    /// Sentences that are complete.
    pub sentences: u64,
    /// Of these, how many were cut off at the step limit.
    pub sentences_cut_off: u64,
    /// Steps of Tacotron 2's decoder in these.
    pub steps: u64,
    /// Marks that were dropped since nobody took them, as of the last tts_utterance_next_mark.
    pub marks_lost: u64,
    /// Milliseconds from the start to the first sound that could be taken; -1 before.
    pub first_audio_ms: f64,
    /// Milliseconds from the start to the end, or until now.
    pub elapsed_ms: f64,
    /// Milliseconds that the worker spent on it.
    pub work_ms: f64,
    /// Seconds of sound made in a second of work; 0 before the first sound.
    pub real_time_factor: f64,
    /// Sentences that lost their place and were made again before they were heard.
    pub sentences_retried: u64,
    /// Sentences that lost their place and are heard like that.
    pub sentences_lost: u64,
}

// SAFETY: repr(C), struct_size first; four times 4 bytes and thirteen times 8 have no padding; all bits
// are values.
unsafe impl Versioned for tts_stats {
    const NAME: &'static str = "stats";
    const FIRST_SIZE: usize = 104;

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            state: TTS_STATE_WAITING,
            result: TTS_OK,
            sample_rate: 0,
            samples_made: 0,
            samples_read: 0,
            underruns: 0,
            sentences: 0,
            sentences_cut_off: 0,
            steps: 0,
            marks_lost: 0,
            first_audio_ms: -1.0,
            elapsed_ms: 0.0,
            work_ms: 0.0,
            real_time_factor: 0.0,
            sentences_retried: 0,
            sentences_lost: 0,
        }
    }
}

/// Tells how an utterance is getting on. If it failed, tts_utterance_error says why.
///
/// Threads: any but that of an audio callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE,
/// TTS_ERROR_STRUCT_SIZE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_stats(
    utterance: *mut tts_utterance,
    out_stats: *mut tts_stats,
) -> tts_status {
    boundary(|| {
        memory::check_out(out_stats)?;
        let object = UtteranceObject::registry().get(utterance)?;
        let utterance = &object.utterance;
        let s = utterance.stats();
        let outcome = utterance
            .outcome()
            .map_or(Ok(TTS_OK), |outcome| result(&outcome));
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        let seconds = s.samples as f64 / f64::from(object.sample_rate);
        let work = s.work.as_secs_f64();
        let stats = tts_stats {
            state: match utterance.state() {
                State::Waiting => TTS_STATE_WAITING,
                State::Speaking => TTS_STATE_SPEAKING,
                State::Ended => TTS_STATE_ENDED,
            },
            result: outcome.unwrap_or_else(|failure| failure.status),
            sample_rate: object.sample_rate,
            samples_made: s.samples,
            samples_read: object.read.load(Relaxed),
            underruns: object.underruns.load(Relaxed),
            sentences: s.sentences,
            sentences_cut_off: s.cut_off,
            steps: s.steps,
            marks_lost: object.lost_marks.load(Relaxed),
            first_audio_ms: s.time_to_first_audio.map_or(-1.0, ms),
            elapsed_ms: ms(s.elapsed),
            work_ms: ms(s.work),
            real_time_factor: if work > 0.0 { seconds / work } else { 0.0 },
            sentences_retried: s.retried,
            sentences_lost: s.lost,
            ..tts_stats::defaults()
        };
        memory::write(out_stats, stats)
    })
}
