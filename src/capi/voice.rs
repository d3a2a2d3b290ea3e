//! Voices
//!
//! A voice is the weights of both networks and what the voice file says about them, loaded on an engine. It
//! never changes, and any number of threads may speak with it at once.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::boundary::{Failure, Result, boundary, outside_callbacks};
use super::engine::{EngineObject, Log, TTS_LOG_INFO, TTS_LOG_WARNING, tts_engine};
use super::facts::Facts;
use super::handle::{Object, Registry};
use super::memory;
use super::reader::{self, tts_reader};
use super::status::{TTS_ERROR_ENGINE_GONE, tts_status};
use crate::room;
use crate::synth::Synthesizer;
use crate::synth::queue::{Feed, Queue, Sink, Utterance, UtteranceOptions};
use crate::voice::Voice;

/// A voice. Made by one of the functions tts_voice_open_*, ended by tts_voice_destroy.
pub struct tts_voice {
    _private: [u8; 0],
}

/// The weights of a voice on a device, which go with the engine if the voice stays longer.
pub(super) struct Weights(RwLock<Option<Synthesizer>>);

impl Weights {
    pub(super) fn free(&self) {
        drop(
            self.0
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

/// What a voice handle stands for.
pub(super) struct VoiceObject {
    pub(super) facts: Facts,
    pub(super) queue: Arc<Queue>,
    /// Set when the voice is being destroyed: who speaks and waits comes back.
    pub(super) closing: Arc<AtomicBool>,
    log: Log,
    weights: Arc<Weights>,
}

impl Object for VoiceObject {
    type C = tts_voice;
    const NAME: &'static str = "voice";
    const KIND: usize = 2;

    fn registry() -> &'static Registry<Self> {
        static VOICES: Registry<VoiceObject> = Registry::new();
        &VOICES
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    fn is_forked(&self) -> bool {
        self.queue.is_forked()
    }
}

impl VoiceObject {
    /// Starts to speak with this voice, behind any front end.
    pub(super) fn start(
        &self,
        synthesizer: &Synthesizer,
        feed: Feed,
        options: &UtteranceOptions,
        sink: Box<dyn Sink>,
    ) -> Result<Utterance> {
        let started = self.queue.start(synthesizer, feed, options, sink);
        started.map_err(|error| {
            if self.queue.is_shut_down() {
                return gone(); // meanwhile
            }
            error.into()
        })
    }

    /// A whole text, if there is something to speak in it. The log hears of what in it is not followed.
    pub(super) fn checked(&self, synthesizer: &Synthesizer, feed: Feed) -> Result<Feed> {
        for warning in feed.check(synthesizer)? {
            self.log.say(TTS_LOG_WARNING, &warning);
        }
        Ok(feed)
    }

    /// The voice, ready to speak in this process.
    pub(super) fn synthesizer(&self) -> Result<Synthesizer> {
        room::check();
        if self.queue.is_forked() {
            return Err(Failure::forked());
        }
        let weights = self
            .weights
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        weights.clone().ok_or_else(gone)
    }
}

/// The failure of a call that speaks when the voice is destroyed.
pub(super) fn gone_meanwhile() -> Failure {
    let message = "the voice or its engine was destroyed while it spoke";
    Failure::new(TTS_ERROR_ENGINE_GONE, message)
}

fn gone() -> Failure {
    let message = "the engine of this voice has been destroyed";
    Failure::new(TTS_ERROR_ENGINE_GONE, message)
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
    engine.at_home()?;
    let voice = open()?;
    let synthesizer = engine.engine.load(&voice, None)?;
    let facts = Facts::new(&voice, &synthesizer);
    let name = facts.name();
    let weights = Arc::new(Weights(RwLock::new(Some(synthesizer))));
    engine.adopt(&weights);
    let (queue, closing) = (engine.queue.clone(), Arc::default());
    let object = VoiceObject {
        facts,
        queue,
        closing,
        log: engine.log,
        weights,
    };
    memory::put(out, VoiceObject::registry().insert(object)?);
    engine
        .log
        .say(TTS_LOG_INFO, &format!("voice {name} loaded"));
    Ok(())
}

/// Opens a voice file. `path` is UTF-8 on every system, and ends in NUL.
///
/// Ownership: the voice is yours; end it with tts_voice_destroy. Threads: any; the call takes as long as
/// the file takes to load. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8,
/// TTS_ERROR_VOICE_READ, TTS_ERROR_VOICE_FORMAT, TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_DEVICE_LOST, TTS_ERROR_FORKED.
/// Since 0.1.
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

/// Opens a voice from bytes that a function of yours gives: out of an archive, say, or decrypted.
///
/// Ownership, threads and errors: as tts_voice_open_path, and TTS_ERROR_STRUCT_SIZE. The reader is used
/// during the call and on its thread alone. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_open_reader(
    engine: *mut tts_engine,
    reader: *const tts_reader,
    out_voice: *mut *mut tts_voice,
) -> tts_status {
    boundary(|| {
        load(engine, out_voice, || {
            Ok(Voice::from_bytes(reader::read_all(reader)?)?)
        })
    })
}

/// Ends a voice. Utterances that speak with it go on; calls of tts_voice_speak come back early. NULL is
/// allowed and does nothing.
///
/// Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_destroy(voice: *mut tts_voice) -> tts_status {
    boundary(|| {
        if voice.is_null() {
            return Ok(());
        }
        outside_callbacks("tts_voice_destroy")?;
        VoiceObject::registry().remove(voice).map(drop)
    })
}
