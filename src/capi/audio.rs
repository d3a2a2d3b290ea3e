//! Whole utterances in memory
//!
//! The simplest way to speak: a text goes in, all of its sound comes out.

use std::collections::HashMap;
use std::ffi::c_char;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{mem, ptr};

use super::boundary::{Failure, Result, boundary, outside_callbacks, status_boundary};
use super::handle::Object as _;
use super::memory::{self, Versioned};
use super::options::{Settings, tts_utterance_config};
use super::sink::WholeSink;
use super::status::{TTS_CANCELLED, TTS_ERROR_HANDLE, TTS_ERROR_INTERNAL, tts_status};
use super::utterance::result;
use super::voice::{VoiceObject, gone_meanwhile, tts_voice};
use crate::room;
use crate::synth::to_s16;

/// Sound in memory, mono. Set struct_size to sizeof(tts_audio) before the call that fills it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_audio {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Number of samples.
    pub count: u64,
    /// The samples if the format is TTS_FORMAT_F32, else NULL.
    pub f32: *const f32,
    /// The samples if the format is TTS_FORMAT_S16, else NULL.
    pub s16: *const i16,
}

// SAFETY: repr(C), struct_size first; 4, 4, 8 bytes and two pointers have no padding; all bits are
// values.
unsafe impl Versioned for tts_audio {
    const NAME: &'static str = "audio";
    const FIRST_SIZE: usize = 16 + 2 * size_of::<*const f32>();

    fn defaults() -> Self {
        let struct_size = size_of::<Self>() as u32;
        Self {
            struct_size,
            sample_rate: 0,
            count: 0,
            f32: ptr::null(),
            s16: ptr::null(),
        }
    }
}

/// Samples that C holds, by address.
static LENT: LazyLock<Mutex<HashMap<usize, Samples>>> = LazyLock::new(Mutex::default);

enum Samples {
    F32(Vec<f32>),
    S16(Vec<i16>),
}

/// Lends samples to C until tts_audio_free.
pub(super) fn lend(samples: Vec<f32>, sample_rate: u32, s16: bool) -> tts_audio {
    let mut audio = tts_audio {
        sample_rate,
        count: samples.len() as u64,
        ..tts_audio::defaults()
    };
    if samples.is_empty() {
        return audio; // no address to know it by, and nothing to give back
    }
    let (address, samples) = if s16 {
        let mut converted = Vec::new();
        room::reserve(&mut converted, samples.len());
        converted.extend(samples.into_iter().map(to_s16));
        audio.s16 = converted.as_ptr();
        (converted.as_ptr().addr(), Samples::S16(converted))
    } else {
        audio.f32 = samples.as_ptr();
        (samples.as_ptr().addr(), Samples::F32(samples))
    };
    LENT.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(address, samples);
    audio
}

/// Speaks a text, which ends in NUL, and returns when all of it has been spoken. `config` may be NULL,
/// which means all defaults; its `on_audio` and `buffer_ms` have no part in this, its `on_mark` has. Gives
/// TTS_OK, TTS_ATTENTION_LOST if a sentence lost its place, or TTS_STEP_LIMIT if one was cut off at the step
/// limit.
///
/// Ownership: the samples are the library's until you give them back with tts_audio_free; the voice may be
/// destroyed before that. Threads: any, and several may speak at once, but not in a callback. Errors:
/// TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_UTF8,
/// TTS_ERROR_NOTHING_TO_SPEAK, TTS_ERROR_LEXICON, TTS_ERROR_SSML, TTS_ERROR_OUT_OF_MEMORY,
/// TTS_ERROR_DEVICE_LOST, TTS_ERROR_CALLBACK, TTS_ERROR_FORKED, and TTS_ERROR_ENGINE_GONE if the voice or its
/// engine was destroyed meanwhile. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_speak(
    voice: *const tts_voice,
    text: *const c_char,
    config: *const tts_utterance_config,
    out_audio: *mut tts_audio,
) -> tts_status {
    status_boundary(|| speak(voice, memory::text(text, "text")?, config, out_audio))
}

/// As tts_voice_speak, for a text of `text_size` bytes that need not end in NUL. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_speak_n(
    voice: *const tts_voice,
    text: *const c_char,
    text_size: usize,
    config: *const tts_utterance_config,
    out_audio: *mut tts_audio,
) -> tts_status {
    status_boundary(|| {
        speak(
            voice,
            memory::text_n(text, text_size, "text")?,
            config,
            out_audio,
        )
    })
}

fn speak(
    voice: *const tts_voice,
    text: &str,
    config: *const tts_utterance_config,
    out: *mut tts_audio,
) -> Result<tts_status> {
    memory::check_out(out)?;
    outside_callbacks("tts_voice_speak")?;
    let settings = Settings::read(config)?;
    let voice = VoiceObject::registry().get(voice)?;
    let (samples, rate, status) = whole(&voice, text, &settings)?;
    memory::write(out, lend(samples, rate, settings.s16))?;
    Ok(status)
}

/// Speaks a text to its end: samples, their rate, and how it ended.
pub(super) fn whole(
    voice: &VoiceObject,
    text: &str,
    settings: &Settings,
) -> Result<(Vec<f32>, u32, tts_status)> {
    let synthesizer = settings.front_end(voice.synthesizer()?)?;
    let feed = voice.checked(&synthesizer, settings.feed(text))?;
    let samples = Arc::new(Mutex::new(Vec::new()));
    let sink = WholeSink {
        samples: samples.clone(),
        callbacks: settings.callbacks,
        closing: voice.closing.clone(),
    };
    let rate = settings.sample_rate(&synthesizer);
    let utterance = voice.start(&synthesizer, feed, &settings.options, Box::new(sink))?;
    utterance.wait(None);
    let Some(outcome) = utterance.outcome() else {
        return Err(Failure::new(
            TTS_ERROR_INTERNAL,
            "an utterance without an end",
        ));
    };
    let status = result(&outcome)?;
    if status == TTS_CANCELLED {
        return Err(gone_meanwhile());
    }
    let samples = mem::take(&mut *samples.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((samples, rate, status))
}

/// Gives samples back and empties the struct, so that a second call does nothing. NULL is allowed and does
/// nothing.
///
/// Threads: any. Errors: TTS_ERROR_STRUCT_SIZE, TTS_ERROR_HANDLE for samples that are not the library's
/// or were given back before. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_audio_free(audio: *mut tts_audio) -> tts_status {
    boundary(|| {
        if audio.is_null() {
            return Ok(());
        }
        let given = memory::read(audio)?;
        let address = given.f32.addr() | given.s16.addr(); // one of them is NULL
        if address == 0 {
            return Ok(());
        }
        let removed = LENT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&address);
        match removed {
            Some(Samples::F32(samples)) => drop(samples),
            Some(Samples::S16(samples)) => drop(samples),
            None => {
                let message = "samples that are not the library's, or were given back before";
                return Err(Failure::new(TTS_ERROR_HANDLE, message));
            }
        }
        memory::write(audio, tts_audio::defaults())
    })
}
