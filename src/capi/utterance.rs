//! Utterances
//!
//! An utterance is a text on its way to sound. The engine's worker thread speaks it; its sound is taken with
//! tts_utterance_read as it becomes ready, or goes to a callback. Any number may be on their way at once.

use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::boundary::{
    Failure, Result, boundary, outside_callbacks, status_boundary, wait_free_boundary,
};
use super::exclusive::Exclusive;
use super::handle::{Object, Registry};
use super::mark::tts_mark;
use super::memory;
use super::options::{Settings, tts_utterance_config};
use super::sink::{CallbackSink, PolledSink};
use super::status::{
    TTS_ATTENTION_LOST, TTS_CANCELLED, TTS_EMPTY, TTS_END, TTS_ERROR_ARGUMENT, TTS_ERROR_BUSY,
    TTS_ERROR_INTERNAL, TTS_ERROR_NULL, TTS_ERROR_STATE, TTS_OK, TTS_STEP_LIMIT, TTS_TIMEOUT,
    TTS_UNDERRUN, tts_status,
};
use super::voice::{VoiceObject, tts_voice};
use crate::room;
use crate::synth::queue::{
    Feed, MarkReader, Outcome, Pull, Queue, RingReader, Sink, Utterance, ring,
};
use crate::synth::{Mark, to_s16};

/// An utterance. Made by tts_utterance_start or tts_utterance_open, ended by tts_utterance_destroy.
pub struct tts_utterance {
    _private: [u8; 0],
}

/// Marks that may wait to be taken, at least.
const MARKS: usize = 1024;
/// As many may wait as the sound in the buffer can have: more than anyone speaks a second, at the highest tempo.
const MARKS_A_SECOND: usize = 100;

/// What an utterance handle stands for.
pub(super) struct UtteranceObject {
    pub(super) utterance: Utterance,
    queue: Arc<Queue>,
    reader: Exclusive<RingReader>,
    marks: Exclusive<MarkReader>,
    /// Sound goes to a callback and not to the reader.
    by_callback: bool,
    /// Whether it was made to be fed.
    pub(super) fed: bool,
    pub(super) read: AtomicU64,
    pub(super) underruns: AtomicU64,
    pub(super) lost_marks: AtomicU64,
    pub(super) sample_rate: u32,
    /// What tts_utterance_error has given out.
    error: OnceLock<CString>,
}

impl Object for UtteranceObject {
    type C = tts_utterance;
    const NAME: &'static str = "utterance";
    const KIND: usize = 3;

    fn registry() -> &'static Registry<Self> {
        static UTTERANCES: Registry<UtteranceObject> = Registry::new();
        &UTTERANCES
    }

    fn close(&self) {
        self.utterance.abandon();
    }

    fn is_forked(&self) -> bool {
        self.queue.is_forked()
    }
}

impl UtteranceObject {
    /// Refuses to talk to a worker that is not in this process.
    pub(super) fn at_home(&self) -> Result<()> {
        if self.queue.is_forked() {
            return Err(Failure::forked());
        }
        Ok(())
    }
}

/// What became of an utterance, as a status.
pub(super) fn result(outcome: &Outcome) -> Result<tts_status> {
    match outcome {
        Outcome::Complete => Ok(TTS_OK),
        Outcome::StepLimit => Ok(TTS_STEP_LIMIT),
        Outcome::AttentionLost => Ok(TTS_ATTENTION_LOST),
        Outcome::Cancelled => Ok(TTS_CANCELLED),
        Outcome::Failed(error) => Err(Failure::of(error)),
        Outcome::Panicked(text) => Err(Failure::new(
            TTS_ERROR_INTERNAL,
            format!("internal error: {text}"),
        )),
    }
}

/// Starts with a whole text, or without one, to be fed.
pub(super) fn start(
    voice: *const tts_voice,
    text: Option<&str>,
    config: *const tts_utterance_config,
    out: *mut *mut tts_utterance,
) -> Result<()> {
    let out = memory::not_null(out, "out_utterance")?;
    let settings = Settings::read(config)?;
    let voice = VoiceObject::registry().get(voice)?;
    let synthesizer = settings.front_end(voice.synthesizer()?)?;
    let feed = match text {
        Some(text) => voice.checked(&synthesizer, settings.feed(text))?,
        None if settings.ssml => {
            let message =
                "SSML cannot be fed in pieces; start an utterance with the whole document";
            return Err(Failure::new(TTS_ERROR_ARGUMENT, message));
        }
        None => Feed::default(),
    };
    let sample_rate = settings.sample_rate(&synthesizer);
    let callbacks = settings.callbacks;
    let by_callback = callbacks.on_audio.is_some();
    let buffer_ms = if by_callback { 0 } else { settings.buffer_ms };
    let capacity = samples(buffer_ms, sample_rate);
    let most_marks = MARKS.max(buffer_ms as usize * MARKS_A_SECOND / 1000);
    room::expect::<f32>(capacity);
    room::expect::<Mark>(most_marks);
    let (ring, reader, marks) = ring(capacity, most_marks);
    let sink: Box<dyn Sink> = if by_callback {
        Box::new(CallbackSink::new(
            callbacks,
            settings.s16,
            sample_rate,
            ring,
        ))
    } else {
        Box::new(PolledSink { ring, callbacks })
    };
    let utterance = voice.start(&synthesizer, feed, &settings.options, sink)?;
    let object = UtteranceObject {
        utterance,
        queue: voice.queue.clone(),
        reader: Exclusive::new(reader),
        marks: Exclusive::new(marks),
        by_callback,
        fed: text.is_none(),
        read: AtomicU64::new(0),
        underruns: AtomicU64::new(0),
        lost_marks: AtomicU64::new(0),
        sample_rate,
        error: OnceLock::new(),
    };
    memory::put(out, UtteranceObject::registry().insert(object)?);
    Ok(())
}

fn samples(ms: u32, rate: u32) -> usize {
    (u64::from(ms) * u64::from(rate) / 1000) as usize
}

/// Starts to speak a text, which ends in NUL. The call returns at once; the text is copied. `config` may be
/// NULL, which means all defaults.
///
/// Ownership: the utterance is yours; end it with tts_utterance_destroy. The voice may be destroyed
/// before. Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE,
/// TTS_ERROR_ARGUMENT, TTS_ERROR_UTF8, TTS_ERROR_NOTHING_TO_SPEAK, TTS_ERROR_LEXICON, TTS_ERROR_SSML,
/// TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_ENGINE_GONE, TTS_ERROR_FORKED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_start(
    voice: *const tts_voice,
    text: *const c_char,
    config: *const tts_utterance_config,
    out_utterance: *mut *mut tts_utterance,
) -> tts_status {
    boundary(|| {
        let text = memory::text(text, "text")?;
        start(voice, Some(text), config, out_utterance)
    })
}

/// As tts_utterance_start, for a text of `text_size` bytes that need not end in NUL. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_start_n(
    voice: *const tts_voice,
    text: *const c_char,
    text_size: usize,
    config: *const tts_utterance_config,
    out_utterance: *mut *mut tts_utterance,
) -> tts_status {
    boundary(|| {
        let text = memory::text_n(text, text_size, "text")?;
        start(voice, Some(text), config, out_utterance)
    })
}

/// Copies the next samples that are ready, `count` at most. It never waits, locks, allocates or enters the
/// system, so that it may be called in an audio callback. What `count` exceeds the samples by is filled with
/// silence; `out_count` says how many are speech.
///
/// Gives TTS_OK for `count` samples; TTS_UNDERRUN for fewer, because more are not ready yet; TTS_END for
/// fewer, because these were the last, also if the utterance failed; TTS_CANCELLED for none, because it or its
/// engine was ended. tts_utterance_stats says how it ended. After an error the buffer is as it was.
///
/// Threads: any, but one at a time. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT for a buffer
/// that is not aligned, TTS_ERROR_BUSY if another thread is reading, TTS_ERROR_STATE if sound goes to a callback.
/// They come without a message of tts_last_error, for which memory may have to be allocated. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_read(
    utterance: *mut tts_utterance,
    out_samples: *mut f32,
    count: usize,
    out_count: *mut usize,
) -> tts_status {
    wait_free_boundary(|| read(utterance, out_samples, count, out_count, |sample| sample))
}

/// As tts_utterance_read, in 16-bit samples. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_read_s16(
    utterance: *mut tts_utterance,
    out_samples: *mut i16,
    count: usize,
    out_count: *mut usize,
) -> tts_status {
    wait_free_boundary(|| read(utterance, out_samples, count, out_count, to_s16))
}

fn read<T: Copy + Default>(
    utterance: *mut tts_utterance,
    out_samples: *mut T,
    count: usize,
    out_count: *mut usize,
    convert: impl Fn(f32) -> T,
) -> std::result::Result<tts_status, tts_status> {
    let object = UtteranceObject::registry().look_up(utterance)?;
    if out_count.is_null() {
        return Err(TTS_ERROR_NULL);
    }
    let out = memory::samples(out_samples, count)?;
    if object.by_callback {
        return Err(TTS_ERROR_STATE);
    }
    if object.utterance.is_cancelled() {
        out.fill(T::default());
        memory::put(out_count, 0);
        return Ok(TTS_CANCELLED);
    }
    let read = object.reader.try_with(|reader| reader.read(out, convert));
    let (read, pull) = read.ok_or(TTS_ERROR_BUSY)?;
    out[read..].fill(T::default());
    memory::put(out_count, read);
    let before = object.read.fetch_add(read as u64, Ordering::Relaxed);
    Ok(match pull {
        Pull::Full => TTS_OK,
        Pull::Underrun => {
            // Silence before the first sound is waiting, not a gap.
            if before + read as u64 > 0 {
                object.underruns.fetch_add(1, Ordering::Relaxed);
            }
            TTS_UNDERRUN
        }
        Pull::End => TTS_END,
    })
}

/// Takes the next mark. Gives TTS_OK, or TTS_EMPTY if no mark waits; then `out_mark` is left alone. Marks
/// come in the order of their samples, no later than the samples. If nobody takes them, 1024 are kept, or 100
/// for each second of `buffer_ms` if that is more; later ones are dropped, as tts_utterance_stats counts.
///
/// Threads: any but that of an audio callback, one at a time; another may read sound meanwhile. Errors: TTS_ERROR_NULL,
/// TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_BUSY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_next_mark(
    utterance: *mut tts_utterance,
    out_mark: *mut tts_mark,
) -> tts_status {
    status_boundary(|| {
        memory::check_out(out_mark)?;
        let object = UtteranceObject::registry().get(utterance)?;
        let taken = object.marks.try_with(|marks| {
            object
                .lost_marks
                .store(marks.lost_marks(), Ordering::Relaxed);
            marks.take()
        });
        let Some(mark) = taken else {
            return Err(Failure::new(
                TTS_ERROR_BUSY,
                "another thread is taking marks",
            ));
        };
        let Some(mark) = mark else {
            return Ok(TTS_EMPTY);
        };
        memory::write(out_mark, tts_mark::from(&mark))?;
        Ok(TTS_OK)
    })
}

/// Ends an utterance early. It sets a flag and waits for nothing, so that it may be called in an audio
/// callback too. After it returns, nothing more can be read; a callback that the worker is in, or about to enter,
/// comes to its end and is the last. Twice, or after the end, is fine.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, without a message as for tts_utterance_read. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_cancel(utterance: *mut tts_utterance) -> tts_status {
    wait_free_boundary(|| {
        let object = UtteranceObject::registry().look_up(utterance)?;
        object.utterance.cancel();
        Ok(TTS_OK)
    })
}

/// Waits until everything has been made (not: read), `timeout_ms` at most; UINT32_MAX waits without end.
/// An utterance that nobody reads stops when its buffer is full, so read it elsewhere meanwhile.
///
/// Gives TTS_OK when everything was spoken, TTS_ATTENTION_LOST if a sentence lost its place, else
/// TTS_STEP_LIMIT if one was cut off at the step limit, TTS_CANCELLED, or TTS_TIMEOUT.
///
/// Threads: any, but not in a callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK,
/// TTS_ERROR_FORKED, or what the utterance failed with. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_wait(
    utterance: *mut tts_utterance,
    timeout_ms: u32,
) -> tts_status {
    status_boundary(|| {
        outside_callbacks("tts_utterance_wait")?;
        let object = UtteranceObject::registry().get(utterance)?;
        object.at_home()?;
        let timeout =
            (timeout_ms != u32::MAX).then(|| Duration::from_millis(u64::from(timeout_ms)));
        if !object.utterance.wait(timeout) {
            return Ok(TTS_TIMEOUT);
        }
        let outcome = object.utterance.outcome();
        outcome.map_or(Ok(TTS_TIMEOUT), |outcome| result(&outcome))
    })
}

/// Gives what an utterance failed with, in English; an empty text if it has not failed, or not yet.
///
/// Ownership: the utterance's; the text lives until it is destroyed. Threads: any but that of an audio callback.
/// Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_error(
    utterance: *const tts_utterance,
    out_text: *mut *const c_char,
) -> tts_status {
    boundary(|| {
        let out = memory::not_null(out_text, "out_text")?;
        let object = UtteranceObject::registry().get(utterance)?;
        let outcome = object.utterance.outcome();
        let failure = outcome.and_then(|outcome| result(&outcome).err());
        let text = failure.map_or(c"", |failure| {
            object
                .error
                .get_or_init(|| memory::c_text(&failure.message))
        });
        memory::put(out, text.as_ptr());
        Ok(())
    })
}

/// Ends an utterance, whether it is over or not. Calls that wait for it come back; when this returns, its
/// callbacks are not running and will not be called again. NULL is allowed and does nothing.
///
/// Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_destroy(utterance: *mut tts_utterance) -> tts_status {
    boundary(|| {
        if utterance.is_null() {
            return Ok(());
        }
        outside_callbacks("tts_utterance_destroy")?;
        UtteranceObject::registry().remove(utterance).map(drop)
    })
}
