//! A device and its threads.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Result, Synthesizer};
use crate::backend::cpu::Cpu;
use crate::backend::{self, Precision};
use crate::voice::Voice;

/// Which device to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best that works.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU.
    Gpu,
}

/// A device that can be used, or why it cannot.
#[derive(Clone, Debug)]
pub struct DeviceInfo {
    /// `cpu` or `gpu`.
    pub kind: &'static str,
    /// What it is.
    pub name: String,
    /// Whether it works here.
    pub usable: bool,
    /// Why not, or what it offers.
    pub note: String,
}

/// Every device, usable or not.
pub fn devices() -> Vec<DeviceInfo> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    vec![
        DeviceInfo {
            kind: "cpu",
            name: format!("CPU, {}", Cpu::new(1).instruction_set()),
            usable: true,
            note: format!("{threads} threads"),
        },
        DeviceInfo {
            kind: "gpu",
            name: "GPU".into(),
            usable: false,
            note: "this version has no GPU engine yet".into(),
        },
    ]
}

/// How an engine is made.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// Which device.
    pub device: DeviceChoice,
    /// Threads; 0 means one per processor that the process may use.
    pub threads: usize,
}

/// An open device.
#[derive(Clone)]
pub(super) enum Device {
    Cpu,
}

/// A device and its threads. Cheap to clone; may be used from any thread.
#[derive(Clone)]
pub struct Engine {
    pub(super) pool: Arc<ThreadPool>,
    pub(super) device: Device,
}

impl Engine {
    /// Opens the device and starts the threads.
    ///
    /// # Errors
    /// The device is not there, or the system gives no threads.
    pub fn new(config: &EngineConfig) -> Result<Self> {
        if config.device == DeviceChoice::Gpu {
            let message = "this version has no GPU engine yet; use the device cpu or auto";
            return Err(backend::Error::Unavailable(message.into()).into());
        }
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if config.threads == 0 {
            available
        } else {
            config.threads
        };
        if threads > 1024 {
            let message = format!("{threads} threads are too many; 1024 at most");
            return Err(backend::Error::Unavailable(message).into());
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("tts {i}"))
            .build()
            .map_err(|e| backend::Error::Unavailable(format!("cannot start threads: {e}")))?;
        Ok(Self {
            pool: Arc::new(pool),
            device: Device::Cpu,
        })
    }

    /// `cpu`, and what it is.
    pub fn device(&self) -> String {
        format!("cpu ({})", Cpu::new(1).instruction_set())
    }

    /// Threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Loads a voice. Weights are stored as `precision` says, or as in the file.
    ///
    /// # Errors
    /// Weights that are not finite or not invertible, or no memory for them.
    pub fn load(&self, voice: &Voice, precision: Option<Precision>) -> Result<Synthesizer> {
        Synthesizer::load(self, voice, precision)
    }
}
