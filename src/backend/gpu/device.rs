//! Adapters, and the device that an engine opens on one.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
use wgpu::InstanceDescriptor;
use wgpu::{
    Backends, DeviceDescriptor, DeviceType, ExperimentalFeatures, Features, Instance,
    InstanceFlags, Limits, MemoryHints, PipelineCacheDescriptor, Trace,
};

use super::memory::{Buffer, Memory, TENSOR, lock};
use super::pipelines::Pipelines;
use super::profile::Profile;
use super::shaders::Storage;
use crate::backend::{Error, KernelTime};

/// Bytes of parameters that a kernel may take.
const IMMEDIATES: u32 = 64;

/// What the kernels use where it is offered.
const WELCOME: Features = Features::SHADER_F16
    .union(Features::TIMESTAMP_QUERY)
    .union(Features::PIPELINE_CACHE);

/// A graphics adapter of this machine.
#[derive(Clone)]
pub struct Adapter {
    adapter: wgpu::Adapter,
}

/// The adapters of this machine, the best first. Asked for once: a driver may take long to load.
pub fn adapters() -> &'static [Adapter] {
    static ADAPTERS: OnceLock<Vec<Adapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let Some(instance) = instance() else {
            return Vec::new();
        };
        let found = pollster::block_on(instance.enumerate_adapters(Backends::all()));
        let mut adapters: Vec<Adapter> = found
            .into_iter()
            .map(|adapter| Adapter { adapter })
            .collect();
        // Vulkan before DirectX 12, whose usual compiler has no half precision.
        adapters.sort_by_key(|a| {
            (
                a.rank(),
                a.adapter.get_info().backend == wgpu::Backend::Dx12,
            )
        });
        adapters
    })
}

#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
fn instance() -> Option<Instance> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle();
    descriptor.backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    descriptor.flags = InstanceFlags::empty();
    Some(Instance::new(descriptor))
}

/// Vulkan without windows. Where it is asked for them, Mesa's layer that orders the adapters looks for a desktop, and
/// complains on standard error if there is none.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn instance() -> Option<Instance> {
    use wgpu::hal::{self, vulkan};

    let descriptor = hal::InstanceDescriptor {
        name: "tacoglow",
        flags: InstanceFlags::empty(),
        memory_budget_thresholds: wgpu::MemoryBudgetThresholds::default(),
        backend_options: wgpu::BackendOptions::default(),
        telemetry: None,
        display: None,
    };
    let without_windows = Box::new(
        |arguments: vulkan::CreateInstanceCallbackArgs<'_, '_, '_>| {
            const WINDOWS: [&std::ffi::CStr; 3] = [
                c"VK_KHR_wayland_surface",
                c"VK_KHR_xcb_surface",
                c"VK_KHR_xlib_surface",
            ];
            arguments.extensions.retain(|name| !WINDOWS.contains(name));
        },
    );
    // SAFETY: wgpu-hal asks that nothing be taken from the list, since its functions for surfaces rely on what is
    // there. The three taken are used to make a surface alone, each after a look at this very list (wgpu-hal 30,
    // vulkan/instance.rs), and a library that only computes never makes one.
    #[allow(unsafe_code)]
    let instance =
        unsafe { vulkan::Instance::init_with_callback(&descriptor, Some(without_windows)) };
    match instance {
        // SAFETY: it was just made, and nothing else has it.
        #[allow(unsafe_code)]
        Ok(instance) => Some(unsafe { Instance::from_hal::<hal::api::Vulkan>(instance) }),
        Err(error) => {
            log::info!("no Vulkan: {error}");
            None
        }
    }
}

impl Adapter {
    /// What it is called, with its driver.
    pub fn name(&self) -> String {
        self.adapter.get_info().name
    }

    /// The interface that it is reached through, and its driver.
    pub fn driver(&self) -> String {
        let info = self.adapter.get_info();
        format!("{:?}, {} {}", info.backend, info.driver, info.driver_info)
            .trim()
            .to_owned()
    }

    /// Whether it is a graphics processor and not a program that imitates one.
    pub fn is_real(&self) -> bool {
        !matches!(
            self.adapter.get_info().device_type,
            DeviceType::Cpu | DeviceType::Other
        )
    }

    /// Whether it computes in half precision.
    pub fn has_f16(&self) -> bool {
        self.adapter.features().contains(Features::SHADER_F16)
    }

    /// Why the kernels cannot run on it, if they cannot.
    pub fn obstacle(&self) -> Option<String> {
        if !self.adapter.features().contains(Features::IMMEDIATES) {
            return Some("it has no immediates (push constants)".into());
        }
        let has = self.adapter.limits();
        if has.max_immediate_size < IMMEDIATES {
            return Some(format!(
                "its kernels take {} bytes of parameters",
                has.max_immediate_size
            ));
        }
        let floor = Limits::default();
        if has.max_storage_buffers_per_shader_stage < floor.max_storage_buffers_per_shader_stage
            || has.max_compute_workgroup_storage_size < floor.max_compute_workgroup_storage_size
            || has.max_compute_invocations_per_workgroup
                < floor.max_compute_invocations_per_workgroup
        {
            return Some("it offers less than WebGPU guarantees".into());
        }
        None
    }

    fn rank(&self) -> u32 {
        match self.adapter.get_info().device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the reason.
    pub fn open(&self, options: &Options) -> Result<Device, Error> {
        if let Some(obstacle) = self.obstacle() {
            return Err(Error::Unavailable(format!("{}: {obstacle}", self.name())));
        }
        let has = self.adapter.limits();
        let features = Features::IMMEDIATES | (self.adapter.features() & WELCOME);
        // What WebGPU guarantees, and larger buffers where there are.
        let limits = Limits {
            max_immediate_size: IMMEDIATES,
            max_buffer_size: has.max_buffer_size,
            max_storage_buffer_binding_size: has.max_storage_buffer_binding_size,
            ..Limits::default().or_worse_values_from(&has)
        };
        let opened = pollster::block_on(self.adapter.request_device(&DeviceDescriptor {
            label: Some("tacoglow"),
            required_features: features,
            required_limits: limits,
            experimental_features: ExperimentalFeatures::disabled(),
            memory_hints: MemoryHints::MemoryUsage,
            trace: Trace::Off,
        }));
        let (device, queue) =
            opened.map_err(|e| Error::Unavailable(format!("{}: {e}", self.name())))?;
        let fault: Arc<Mutex<Option<Error>>> = Arc::default();
        let sink = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            let error = match error {
                wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory(error.to_string()),
                _ => Error::Lost(error.to_string()),
            };
            lock(&sink).get_or_insert(error);
        }));
        let sink = fault.clone();
        device.set_device_lost_callback(move |reason, message| {
            let text = format!("{reason:?}: {message}");
            lock(&sink).get_or_insert(Error::Lost(text));
        });
        let cache = features.contains(Features::PIPELINE_CACHE).then(|| {
            let data = (!options.pipeline_cache.is_empty()).then_some(&*options.pipeline_cache);
            // SAFETY: the driver checks the header of the data, and `fallback` makes it begin anew if that is
            // another's; a caller who forges the rest is told in tts.h that he must not.
            #[allow(unsafe_code)]
            unsafe {
                device.create_pipeline_cache(&PipelineCacheDescriptor {
                    label: None,
                    data,
                    fallback: true,
                })
            }
        });
        let memory = Arc::new(Memory::new(device.clone(), options.memory_limit));
        let timed = features.contains(Features::TIMESTAMP_QUERY);
        Ok(Device(Arc::new(Shared {
            name: self.name(),
            f16: features.contains(Features::SHADER_F16),
            nothing: memory.create(256, TENSOR, None)?,
            memory,
            pipelines: Pipelines::new(device.clone(), options.checked, cache),
            profile: timed.then(|| Profile::new(&device, &queue)),
            budget: options.budget,
            fault,
            device,
            queue,
        })))
    }
}

/// How a device is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bytes of the device's memory that may be used.
    pub memory_limit: Option<u64>,
    /// Longest time that a submission is to take, so that others' frames come through in between.
    pub budget: Option<Duration>,
    /// Whether every access of a kernel is checked: for tests.
    pub checked: bool,
    /// What an earlier run's [`Device::pipeline_cache`] gave; empty for none.
    pub pipeline_cache: Vec<u8>,
}

/// An open device. Cheap to clone.
#[derive(Clone)]
pub struct Device(pub(super) Arc<Shared>);

/// What all recorders on a device share.
pub(super) struct Shared {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) name: String,
    pub(super) f16: bool,
    pub(super) memory: Arc<Memory>,
    /// Stands for a buffer that could not be had.
    pub(super) nothing: Buffer,
    pub(super) pipelines: Pipelines,
    pub(super) profile: Option<Profile>,
    pub(super) budget: Option<Duration>,
    fault: Arc<Mutex<Option<Error>>>,
}

impl Shared {
    /// What went wrong since the last call. A lost device stays lost.
    pub(super) fn fault(&self) -> Result<(), Error> {
        let mut fault = lock(&self.fault);
        match &*fault {
            None => Ok(()),
            Some(Error::Lost(text)) => Err(Error::Lost(text.clone())),
            Some(_) => fault.take().map_or(Ok(()), Err),
        }
    }
}

impl Device {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether weights in half precision stay so.
    pub fn has_f16(&self) -> bool {
        self.0.f16
    }

    /// Bytes of its memory in use.
    pub fn memory_used(&self) -> u64 {
        self.0.memory.used()
    }

    /// Makes every pipeline that weights of single, and where there are any of half precision need.
    pub fn warm_up(&self, half: bool, progress: &mut dyn FnMut(f32)) {
        let storages = [Storage::Any, Storage::F32, Storage::F16];
        self.0
            .pipelines
            .warm_up(&storages[..2 + usize::from(half)], progress);
    }

    /// What the driver compiled so far, for [`Options::pipeline_cache`] of another run on the same adapter and
    /// driver; empty if the driver does not tell.
    pub fn pipeline_cache(&self) -> Vec<u8> {
        self.0.pipelines.cache_data()
    }

    /// Times each kernel from now on, by the device's own clock. Work is slower meanwhile: every kernel is a pass of
    /// its own, and every submission is waited for.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the device has no clock.
    pub fn start_profile(&self) -> Result<(), Error> {
        let Some(profile) = &self.0.profile else {
            let message = format!("{} has no clock (timestamp queries)", self.name());
            return Err(Error::Unavailable(message));
        };
        profile.time_kernels(true);
        Ok(())
    }

    /// Ends [`Device::start_profile`] and gives what each kernel took, the most expensive first.
    pub fn end_profile(&self) -> Vec<KernelTime> {
        let Some(profile) = &self.0.profile else {
            return Vec::new();
        };
        let kernels = profile.kernels();
        profile.time_kernels(false);
        kernels
    }

    /// How long each submission since the last call took on the device, the last 16,384 at most; none without a budget
    /// or a clock.
    pub fn take_submissions(&self) -> Vec<Duration> {
        let profile = self.0.profile.as_ref();
        profile.map_or_else(Vec::new, Profile::take_submissions)
    }

    /// Gives up the device as if it had been lost: for tests.
    pub fn lose(&self) {
        self.0.device.destroy();
    }
}
