//! Voices
//!
//! A voice is the weights of both networks and what the voice file says about them, loaded on an engine. It
//! never changes, and any number of threads may speak with it at once.

use std::ffi::{c_char, c_void};

use super::boundary::{Result, boundary};
use super::engine::{EngineObject, tts_engine};
use super::handle::{Object, Registry};
use super::memory;
use super::status::tts_status;
use crate::synth::Synthesizer;
use crate::voice::Voice;

/// A voice. Made by one of the functions tts_voice_open_*, ended by tts_voice_destroy.
pub struct tts_voice {
    _private: [u8; 0],
}

/// What a voice handle stands for.
pub(super) struct VoiceObject {
    pub(super) synthesizer: Synthesizer,
}

impl Object for VoiceObject {
    type C = tts_voice;
    const NAME: &'static str = "voice";
    const KIND: usize = 2;

    fn registry() -> &'static Registry<Self> {
        static VOICES: Registry<VoiceObject> = Registry::new();
        &VOICES
    }
}

/// Loads what `open` opens. A voice is packed for its device while it loads; the source is not needed
/// after that.
fn load(
    engine: *mut tts_engine,
    out: *mut *mut tts_voice,
    open: impl FnOnce() -> Result<Voice>,
) -> Result<()> {
    let out = memory::not_null(out, "out_voice")?;
    let engine = EngineObject::registry().get(engine)?;
    let voice = open()?;
    let synthesizer = engine.engine.load(&voice, None)?;
    memory::put(
        out,
        VoiceObject::registry().insert(VoiceObject { synthesizer })?,
    );
    Ok(())
}

/// Opens a voice file. `path` is UTF-8 on every system, and ends in NUL.
///
/// Ownership: the voice is yours; end it with tts_voice_destroy. Threads: any; the call takes as long as
/// the file takes to load. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8,
/// TTS_ERROR_VOICE_READ, TTS_ERROR_VOICE_FORMAT. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_open_path(
    engine: *mut tts_engine,
    path: *const c_char,
    out_voice: *mut *mut tts_voice,
) -> tts_status {
    boundary(|| {
        load(engine, out_voice, || {
            Ok(Voice::open(memory::text(path, "path")?)?)
        })
    })
}

/// Opens a voice from the bytes of a voice file in memory, which may be freed after the call.
///
/// Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_open_memory_copied(
    engine: *mut tts_engine,
    data: *const c_void,
    size: usize,
    out_voice: *mut *mut tts_voice,
) -> tts_status {
    // Nothing refers to the source once it is loaded, so that there is no need to copy it first.
    boundary(|| load(engine, out_voice, || borrowed(data, size)))
}

/// Opens a voice from the bytes of a voice file in memory, which must stay where they are, unchanged, until
/// the voice has been destroyed. This version reads them during the call alone; a later one may keep them
/// instead of a copy.
///
/// Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_open_memory_borrowed(
    engine: *mut tts_engine,
    data: *const c_void,
    size: usize,
    out_voice: *mut *mut tts_voice,
) -> tts_status {
    boundary(|| load(engine, out_voice, || borrowed(data, size)))
}

/// A voice over the caller's bytes: it must not outlive the call.
fn borrowed(data: *const c_void, size: usize) -> Result<Voice> {
    Ok(Voice::from_static(memory::bytes(data, size, "data")?)?)
}

/// Samples per second that the voice speaks with, before any change of rate.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_sample_rate(
    voice: *const tts_voice,
    out_rate: *mut u32,
) -> tts_status {
    boundary(|| {
        let out = memory::not_null(out_rate, "out_rate")?;
        let voice = VoiceObject::registry().get(voice)?;
        memory::put(out, voice.synthesizer.config().audio.sampling_rate);
        Ok(())
    })
}

/// Ends a voice. Calls that still use it are waited for. NULL is allowed and does nothing.
///
/// Threads: any, but never from a callback of this library. Errors: TTS_ERROR_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_destroy(voice: *mut tts_voice) -> tts_status {
    boundary(|| {
        if voice.is_null() {
            Ok(())
        } else {
            VoiceObject::registry().remove(voice).map(drop)
        }
    })
}
