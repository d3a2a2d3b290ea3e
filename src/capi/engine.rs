//! Engines
//!
//! An engine is a device, the threads that compute on it, and a worker thread that speaks. A program needs
//! one.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::boundary::{Failure, Result, boundary, in_callback, outside_callbacks, silence_panics};
use super::device::{self, tts_device};
use super::handle::{Object, Registry};
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use super::voice::Weights;
use crate::synth::queue::Queue;
use crate::synth::{Engine, EngineConfig};

/// An engine. Made by tts_engine_create, ended by tts_engine_destroy.
pub struct tts_engine {
    _private: [u8; 0],
}

/// How much a message of the log matters: one of the constants TTS_LOG_*.
pub type tts_log_level = i32;
/// Something does not work as it should.
pub const TTS_LOG_WARNING: tts_log_level = 1;
/// What was done.
pub const TTS_LOG_INFO: tts_log_level = 2;

/// Takes a message for the log, which ends in NUL and lives as long as the call. Called on whichever thread
/// has something to say, also on several at once.
pub type tts_log_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, level: tts_log_level, message: *const c_char),
>;

/// How an engine is made. Initialise it with tts_engine_config_init, then change what you like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_engine_config {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Which device. Default TTS_DEVICE_AUTO, which falls back to the processor; the log tells why.
    pub device: tts_device,
    /// Threads that compute, 1024 at most; 0, the default, is one for each processor that the process may use.
    pub threads: u32,
    /// Messages up to this level go to the log; 0 is none. Default TTS_LOG_INFO.
    pub log_level: tts_log_level,
    /// Takes messages for the log. Default NULL: nobody is told.
    pub on_log: tts_log_callback,
    /// Given to `on_log`.
    pub user_data: *mut c_void,
    /// Bytes that the voices of this engine may take on its device, weights and what they work in: graphics memory on a
    /// GPU, main memory on the CPU, where text and the sound that waits are not counted. 0, the default, is no limit.
    /// What would exceed it fails with TTS_ERROR_OUT_OF_MEMORY: a voice that is opened, or an utterance. Since 0.1.
    pub memory_limit: u64,
    /// What tts_engine_pipeline_cache gave in an earlier run: pipelines are there sooner then. It is read during
    /// tts_engine_create alone. A blob that is damaged, or of another GPU, driver or version of this library is passed
    /// over; do not load one that somebody else may have written. Default NULL: none. Since 0.1.
    pub pipeline_cache: *const c_void,
    /// Bytes of `pipeline_cache`.
    pub pipeline_cache_size: usize,
    /// On a GPU, the longest time in milliseconds that a submission should take, so that the frames of a game come
    /// through in between. Long kernels are run in parts for it. It follows from what submissions took before, so that some
    /// take longer. 0 to 1000; default 2. 0 does not cut: most throughput, for programs that draw nothing. Since 0.1.
    pub submission_ms: f32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, four members of four bytes, two pointers, one member of eight bytes, two as wide as
// pointers and two of four, no padding, all bits are values.
unsafe impl Versioned for tts_engine_config {
    const NAME: &'static str = "engine config";
    const FIRST_SIZE: usize = 16 + 2 * size_of::<*const c_void>();

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            device: device::TTS_DEVICE_AUTO,
            threads: 0,
            log_level: TTS_LOG_INFO,
            on_log: None,
            user_data: ptr::null_mut(),
            memory_limit: 0,
            pipeline_cache: ptr::null(),
            pipeline_cache_size: 0,
            submission_ms: SUBMISSION_MS,
            reserved: 0,
        }
    }
}

/// An eighth of a frame of a game that draws 60 a second.
const SUBMISSION_MS: f32 = 2.0;

/// A system takes a submission that runs for longer for one that never ends.
const MOST_SUBMISSION_MS: f32 = 1000.0;

/// Who is told what happens.
#[derive(Clone, Copy)]
pub(super) struct Log {
    on_log: tts_log_callback,
    level: tts_log_level,
    user_data: *mut c_void,
}

// SAFETY: the pointer is not followed here, only given back to the caller's function, which by the
// contract of the header is ready to be called on any thread.
unsafe impl Send for Log {}
// SAFETY: as above, and at the same time on several.
unsafe impl Sync for Log {}

impl Log {
    pub(super) fn say(&self, level: tts_log_level, message: &str) {
        let (Some(on_log), true) = (self.on_log, level <= self.level) else {
            return;
        };
        let text = memory::c_text(message);
        let user_data = self.user_data;
        // SAFETY: by the contract of the header the function may be called until the engine has been
        // destroyed; the text outlives the call.
        in_callback(|| unsafe { on_log(user_data, level, text.as_ptr()) });
    }
}

/// What an engine handle stands for.
pub(super) struct EngineObject {
    pub(super) engine: Engine,
    pub(super) queue: Arc<Queue>,
    pub(super) log: Log,
    /// What the voices of this engine hold of it.
    voices: Mutex<Vec<Weak<Weights>>>,
}

impl Object for EngineObject {
    type C = tts_engine;
    const NAME: &'static str = "engine";
    const KIND: usize = 1;

    fn registry() -> &'static Registry<Self> {
        static ENGINES: Registry<EngineObject> = Registry::new();
        &ENGINES
    }

    fn is_forked(&self) -> bool {
        self.queue.is_forked()
    }
}

impl EngineObject {
    /// Remembers a voice, to take its weights away when the engine ends.
    pub(super) fn adopt(&self, weights: &Arc<Weights>) {
        let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
        voices.retain(|voice| voice.strong_count() > 0);
        voices.push(Arc::downgrade(weights));
    }

    pub(super) fn at_home(&self) -> Result<()> {
        if self.queue.is_forked() {
            Err(Failure::forked())
        } else {
            Ok(())
        }
    }
}

/// Fills a config with the defaults. `size` is sizeof(tts_engine_config).
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_config_init(
    config: *mut tts_engine_config,
    size: usize,
) -> tts_status {
    boundary(|| memory::init(config, size))
}

/// Opens a device and starts its threads. `config` may be NULL, which means all defaults.
///
/// Ownership: the engine is yours; end it with tts_engine_destroy. Threads: any. Errors:
/// TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_DEVICE, TTS_ERROR_OUT_OF_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_create(
    config: *const tts_engine_config,
    out_engine: *mut *mut tts_engine,
) -> tts_status {
    silence_panics();
    boundary(|| {
        let out = memory::not_null(out_engine, "out_engine")?;
        let c = memory::read(config)?;
        memory::reserved(c.reserved)?;
        if !(0..=TTS_LOG_INFO).contains(&c.log_level) {
            let message = format!("{} is not a level of the log", c.log_level);
            return Err(Failure::new(TTS_ERROR_ARGUMENT, message));
        }
        let log = Log {
            on_log: c.on_log,
            level: c.log_level,
            user_data: c.user_data,
        };
        let config = EngineConfig {
            device: device::choice(c.device)?,
            threads: c.threads as usize,
            memory_limit: (c.memory_limit > 0).then_some(c.memory_limit),
            submission_budget: budget(c.submission_ms)?,
            pipeline_cache: memory::bytes(
                c.pipeline_cache,
                c.pipeline_cache_size,
                "pipeline_cache",
            )?
            .to_vec(),
        };
        let engine = Engine::new(&config)?;
        let mut message = format!(
            "engine on {}, {} threads",
            engine.device(),
            engine.threads()
        );
        if let Some(reason) = engine.fallback() {
            message = format!("{message}: {reason}");
        }
        let queue = Arc::new(Queue::new()?);
        let object = EngineObject {
            engine,
            queue,
            log,
            voices: Mutex::default(),
        };
        memory::put(out, EngineObject::registry().insert(object)?);
        log.say(TTS_LOG_INFO, &message);
        Ok(())
    })
}

/// The longest time of a submission.
fn budget(milliseconds: f32) -> Result<Option<Duration>> {
    if !(0.0..=MOST_SUBMISSION_MS).contains(&milliseconds) {
        let message = format!("submission_ms: {milliseconds} is not in [0, {MOST_SUBMISSION_MS}]");
        return Err(Failure::new(TTS_ERROR_ARGUMENT, message));
    }
    Ok((milliseconds > 0.0).then(|| Duration::from_secs_f32(milliseconds / 1000.0)))
}

/// Ends an engine: its utterances are cancelled, its threads end, and what its voices keep on the device is
/// freed. The handles of those voices and utterances remain, only to be destroyed. The call takes as long as
/// the worker takes for a chunk of sound, or for the callback that it is in. NULL is allowed and does nothing.
///
/// Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_destroy(engine: *mut tts_engine) -> tts_status {
    boundary(|| {
        if engine.is_null() {
            return Ok(());
        }
        outside_callbacks("tts_engine_destroy")?;
        let Some(object) = EngineObject::registry().remove(engine)? else {
            return Ok(());
        };
        object.queue.shutdown();
        let voices = object.voices.lock().unwrap_or_else(PoisonError::into_inner);
        for weights in voices.iter().filter_map(Weak::upgrade) {
            weights.free();
        }
        Ok(())
    })
}
