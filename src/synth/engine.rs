//! A device and its threads.

use std::sync::Arc;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Result, Synthesizer};
use crate::backend::cpu::Cpu;
#[cfg(feature = "gpu")]
use crate::backend::gpu;
use crate::backend::{self, KernelTime, Precision};
use crate::room;
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
    let cpu = DeviceInfo {
        kind: "cpu",
        name: format!("CPU, {}", Cpu::new(1).instruction_set()),
        usable: true,
        note: format!("{threads} threads"),
    };
    std::iter::once(cpu).chain(gpus()).collect()
}

#[cfg(feature = "gpu")]
fn gpus() -> Vec<DeviceInfo> {
    let adapters = gpu::adapters().iter().map(|adapter| {
        let obstacle = adapter.obstacle();
        let numbers = if adapter.has_f16() { "f16" } else { "f32 only" };
        let kind = if adapter.is_real() {
            ""
        } else {
            ", in software"
        };
        DeviceInfo {
            kind: "gpu",
            name: adapter.name(),
            usable: obstacle.is_none(),
            note: obstacle.unwrap_or_else(|| format!("{}, {numbers}{kind}", adapter.driver())),
        }
    });
    adapters.collect()
}

#[cfg(not(feature = "gpu"))]
fn gpus() -> Vec<DeviceInfo> {
    Vec::new()
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
    #[cfg(feature = "gpu")]
    Gpu(gpu::Device),
}

/// Opens the device that is asked for. `Auto` takes a graphics processor if there is a real one that works.
#[cfg(feature = "gpu")]
fn open(choice: DeviceChoice) -> Result<Device> {
    let options = gpu::Options::default();
    let usable = |adapter: &&gpu::Adapter| adapter.obstacle().is_none();
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto => {
            let mut real = gpu::adapters()
                .iter()
                .filter(usable)
                .filter(|a| a.is_real());
            let opened = real.find_map(|adapter| match adapter.open(&options) {
                Ok(device) => Some(Device::Gpu(device)),
                Err(error) => {
                    log::warn!("{error}");
                    None
                }
            });
            if opened.is_none() {
                log::info!("no graphics processor that works: speaking on the CPU");
            }
            Ok(opened.unwrap_or(Device::Cpu))
        }
        DeviceChoice::Gpu => {
            let adapter = gpu::adapters().iter().find(usable).ok_or_else(|| {
                let message = "there is no graphics adapter that works; use the device cpu or auto";
                backend::Error::Unavailable(message.into())
            })?;
            Ok(Device::Gpu(adapter.open(&options)?))
        }
    }
}

#[cfg(not(feature = "gpu"))]
fn open(choice: DeviceChoice) -> Result<Device> {
    if choice == DeviceChoice::Gpu {
        let message = "this library was built without the GPU engine; use the device cpu or auto";
        return Err(backend::Error::Unavailable(message.into()).into());
    }
    Ok(Device::Cpu)
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
        room::or_error(|| {
            room::probe();
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("tts {i}"))
                .build()
                .map_err(|e| backend::Error::Unavailable(format!("cannot start threads: {e}")))?;
            Ok(Self {
                pool: Arc::new(pool),
                device: open(config.device)?,
            })
        })
    }

    /// `cpu` or `gpu`, and what it is.
    pub fn device(&self) -> String {
        match &self.device {
            Device::Cpu => format!("cpu ({})", Cpu::new(1).instruction_set()),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => format!("gpu ({})", device.name()),
        }
    }

    /// Threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Times each kernel from now on, by the device's own clock. Speaking takes longer meanwhile.
    ///
    /// # Errors
    /// The device has no clock: the CPU, and adapters without timestamp queries.
    pub fn start_profile(&self) -> Result<()> {
        match &self.device {
            Device::Cpu => {
                let message = "the CPU does not time its kernels; use the device gpu";
                Err(backend::Error::Unavailable(message.into()).into())
            }
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => Ok(device.start_profile()?),
        }
    }

    /// Ends [`Engine::start_profile`] and gives what each kernel took, the most expensive first.
    pub fn end_profile(&self) -> Vec<KernelTime> {
        match &self.device {
            Device::Cpu => Vec::new(),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => device.end_profile(),
        }
    }

    /// How long each submission since the last call took on a GPU, by its own clock: the last 16,384 at most. None
    /// from the CPU, and from adapters without timestamp queries.
    pub fn take_submissions(&self) -> Vec<Duration> {
        match &self.device {
            Device::Cpu => Vec::new(),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => device.take_submissions(),
        }
    }

    /// Loads a voice. Weights are stored as `precision` says, or as in the file.
    ///
    /// # Errors
    /// Weights that are not finite or not invertible, or no memory for them.
    pub fn load(&self, voice: &Voice, precision: Option<Precision>) -> Result<Synthesizer> {
        room::or_error(|| Synthesizer::load(self, voice, precision))
    }
}
