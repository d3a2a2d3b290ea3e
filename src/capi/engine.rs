//! Engines
//!
//! An engine is a device and the threads that compute on it. A program needs one.

use super::boundary::{Failure, Result, boundary, silence_panics};
use super::handle::{Object, Registry};
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use crate::synth::{DeviceChoice, Engine, EngineConfig};

/// An engine. Made by tts_engine_create, ended by tts_engine_destroy.
pub struct tts_engine {
    _private: [u8; 0],
}

/// A kind of device: one of the constants TTS_DEVICE_*.
pub type tts_device = i32;
/// The best one that works.
pub const TTS_DEVICE_AUTO: tts_device = 0;
/// The processor.
pub const TTS_DEVICE_CPU: tts_device = 1;
/// A graphics processor.
pub const TTS_DEVICE_GPU: tts_device = 2;

/// How an engine is made. Initialise it with tts_engine_config_init, then change what you like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_engine_config {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Which device. Default TTS_DEVICE_AUTO.
    pub device: tts_device,
    /// Threads that compute; 0, the default, is one for each processor that the process may use.
    pub threads: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, four members of four bytes, no padding, all bits are values.
unsafe impl Versioned for tts_engine_config {
    const NAME: &'static str = "engine config";
    const FIRST_SIZE: usize = 16;

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            device: TTS_DEVICE_AUTO,
            threads: 0,
            reserved: 0,
        }
    }
}

/// What an engine handle stands for.
pub(super) struct EngineObject {
    pub(super) engine: Engine,
}

impl Object for EngineObject {
    type C = tts_engine;
    const NAME: &'static str = "engine";
    const KIND: usize = 1;

    fn registry() -> &'static Registry<Self> {
        static ENGINES: Registry<EngineObject> = Registry::new();
        &ENGINES
    }
}

fn device(device: tts_device) -> Result<DeviceChoice> {
    match device {
        TTS_DEVICE_AUTO => Ok(DeviceChoice::Auto),
        TTS_DEVICE_CPU => Ok(DeviceChoice::Cpu),
        TTS_DEVICE_GPU => Ok(DeviceChoice::Gpu),
        other => Err(Failure::new(
            TTS_ERROR_ARGUMENT,
            format!("{other} is not a kind of device"),
        )),
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
/// TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_DEVICE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_create(
    config: *const tts_engine_config,
    out_engine: *mut *mut tts_engine,
) -> tts_status {
    silence_panics();
    boundary(|| {
        let out = memory::not_null(out_engine, "out_engine")?;
        let config = memory::read(config)?;
        if config.reserved != 0 {
            return Err(Failure::new(
                TTS_ERROR_ARGUMENT,
                "a reserved member of the engine config is not 0",
            ));
        }
        let config = EngineConfig {
            device: device(config.device)?,
            threads: config.threads as usize,
        };
        let object = EngineObject {
            engine: Engine::new(&config)?,
        };
        memory::put(out, EngineObject::registry().insert(object)?);
        Ok(())
    })
}

/// Ends an engine and its threads. Calls that still use it are waited for. Voices that were opened on it
/// must still be destroyed, before or after. NULL is allowed and does nothing.
///
/// Threads: any, but never from a callback of this library. Errors: TTS_ERROR_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_destroy(engine: *mut tts_engine) -> tts_status {
    boundary(|| {
        if engine.is_null() {
            Ok(())
        } else {
            EngineObject::registry().remove(engine).map(drop)
        }
    })
}
