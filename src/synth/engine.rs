//! A device and its threads.

use std::sync::Arc;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::devices::{self, Device, DeviceChoice};
use super::{Error, Result, Synthesizer};
use crate::backend::cpu::Cpu;
#[cfg(feature = "gpu")]
use crate::backend::gpu;
use crate::backend::{self, KernelTime, Precision};
use crate::room;
use crate::voice::Voice;

/// How an engine is made.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Which device.
    pub device: DeviceChoice,
    /// Threads, 1024 at most; 0 means one per processor that the process may use.
    pub threads: usize,
    /// Bytes that the voices of this engine may take on its device, weights and what they work in, or `None` for as many
    /// as there are. On the CPU this is main memory; text, lexicon and the sound that waits are not counted.
    pub memory_limit: Option<u64>,
    /// On a GPU, the longest time that a submission should take, so that a game's frames come through in between; 2 ms
    /// by default. Long kernels are run in parts for it. It follows from what submissions took before, so that some take
    /// longer. With `None` a submission is a block of the decoder or of the vocoder.
    pub submission_budget: Option<Duration>,
    /// On a GPU, what [`Engine::pipeline_cache`] gave in an earlier run; empty for none. A blob that is damaged, or of
    /// another adapter, driver or version, is passed over; one that was forged can make the driver do anything.
    pub pipeline_cache: Vec<u8>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            threads: 0,
            memory_limit: None,
            submission_budget: Some(Duration::from_millis(2)),
            pipeline_cache: Vec::new(),
        }
    }
}

/// A device and its threads. Cheap to clone; may be used from any thread.
#[derive(Clone)]
pub struct Engine {
    pub(super) pool: Arc<ThreadPool>,
    pub(super) device: Device,
    fallback: Option<Arc<str>>,
}

/// More than any machine has processors, and fewer than a system refuses.
const MOST_THREADS: usize = 1024;

impl Engine {
    /// Opens the device and starts the threads.
    ///
    /// # Errors
    /// An option outside its range; the device is not there, or the system gives no threads.
    pub fn new(config: &EngineConfig) -> Result<Self> {
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if config.threads == 0 {
            available
        } else {
            config.threads
        };
        if threads > MOST_THREADS {
            return Err(Error::Option {
                name: "threads",
                value: threads.to_string(),
                expected: "a number from 0 to 1024",
            });
        }
        room::or_error(|| {
            room::probe();
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("tts {i}"))
                .build()
                .map_err(|e| backend::Error::Unavailable(format!("cannot start threads: {e}")))?;
            let (device, fallback) = devices::open(config, threads)?;
            if let Some(reason) = &fallback {
                log::info!("speaking on the CPU: {reason}");
            }
            Ok(Self {
                pool: Arc::new(pool),
                device,
                fallback: fallback.map(Into::into),
            })
        })
    }

    /// `cpu` or `gpu`, and what it is.
    pub fn device(&self) -> String {
        match &self.device {
            Device::Cpu(_) => format!("cpu ({})", Cpu::new(1).instruction_set()),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => format!("gpu ({})", device.name()),
        }
    }

    /// The GPU that it runs on, if it does.
    #[cfg(feature = "gpu")]
    pub fn gpu(&self) -> Option<&gpu::Device> {
        match &self.device {
            Device::Cpu(_) => None,
            Device::Gpu(device) => Some(device),
        }
    }

    /// Why [`DeviceChoice::Auto`] took the CPU, if it did.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// Bytes that its voices take on the device.
    pub fn memory_used(&self) -> u64 {
        match &self.device {
            Device::Cpu(host) => host.memory_used(),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => device.memory_used(),
        }
    }

    /// What the GPU's driver compiled so far, for [`EngineConfig::pipeline_cache`] of another run: pipelines are there
    /// sooner then. Ask after [`Synthesizer::warm_up`]. Empty on the CPU, and where the driver does not tell (all but
    /// Vulkan).
    pub fn pipeline_cache(&self) -> Vec<u8> {
        match &self.device {
            Device::Cpu(_) => Vec::new(),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => device.pipeline_cache(),
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
            Device::Cpu(_) => {
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
            Device::Cpu(_) => Vec::new(),
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => device.end_profile(),
        }
    }

    /// How long each submission since the last call took on a GPU, by its own clock: the last 16,384 at most. None
    /// from the CPU, and from adapters without timestamp queries.
    pub fn take_submissions(&self) -> Vec<Duration> {
        match &self.device {
            Device::Cpu(_) => Vec::new(),
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
