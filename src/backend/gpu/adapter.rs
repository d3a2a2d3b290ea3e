//! Graphics adapters, and how they are opened.

use std::sync::OnceLock;

#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
use wgpu::InstanceDescriptor;
use wgpu::{
    Backends, CooperativeMatrixProperties, CooperativeScalarType, DeviceDescriptor, DeviceType,
    ExperimentalFeatures, Features, Instance, InstanceFlags, Limits, MemoryHints, Trace,
};

use super::device::{Device, Options};
use crate::backend::Error;

/// Bytes of parameters that a kernel may take.
const IMMEDIATES: u32 = 64;

/// What the kernels use where it is offered.
const WELCOME: Features = Features::SHADER_F16
    .union(Features::TIMESTAMP_QUERY)
    .union(Features::PIPELINE_CACHE);

/// What kernels with cooperative matrices need.
const COOPERATIVE: Features = Features::EXPERIMENTAL_COOPERATIVE_MATRIX.union(Features::SUBGROUP);

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

    /// Whether it lists the cooperative matrices of the kernels: 16 by 16 of half precision, summed in single, held by a
    /// subgroup of 32 lanes.
    pub fn has_cooperative(&self) -> bool {
        let info = self.adapter.get_info();
        let half = CooperativeScalarType::F16;
        let lists = |p: &CooperativeMatrixProperties| {
            (p.m_size, p.n_size, p.k_size) == (16, 16, 16)
                && (p.ab_type, p.cr_type) == (half, CooperativeScalarType::F32)
        };
        self.has_f16()
            && self.adapter.features().contains(COOPERATIVE)
            && (info.subgroup_min_size, info.subgroup_max_size) == (32, 32)
            && self
                .adapter
                .cooperative_matrix_properties()
                .iter()
                .any(lists)
    }

    /// Bytes of its own memory, or of the main memory if it works in that. Vulkan alone tells.
    pub fn memory(&self) -> Option<u64> {
        #[cfg(any(
            windows,
            target_os = "linux",
            target_os = "android",
            target_os = "freebsd"
        ))]
        {
            // SAFETY: nothing of it is destroyed.
            #[allow(unsafe_code)]
            let adapter = unsafe { self.adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
            let instance = adapter.shared_instance().raw_instance();
            let device = adapter.raw_physical_device();
            // SAFETY: the device is one of this instance, which both live as long as the adapter.
            #[allow(unsafe_code)]
            let properties = unsafe { instance.get_physical_device_memory_properties(device) };
            let heaps = &properties.memory_heaps[..properties.memory_heap_count as usize];
            // The bit for memory of the device's own: VK_MEMORY_HEAP_DEVICE_LOCAL_BIT.
            let own = heaps.iter().filter(|heap| heap.flags.as_raw() & 1 != 0);
            own.map(|heap| heap.size).max()
        }
        #[cfg(not(any(
            windows,
            target_os = "linux",
            target_os = "android",
            target_os = "freebsd"
        )))]
        None
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
        let mut features = Features::IMMEDIATES | (self.adapter.features() & WELCOME);
        if options.subgroups.unwrap_or(self.is_real()) {
            features |= self.adapter.features() & Features::SUBGROUP;
        }
        let mut experimental_features = ExperimentalFeatures::disabled();
        if cfg!(feature = "cooperative-matrix")
            && options.cooperative != Some(false)
            && self.has_cooperative()
        {
            features |= COOPERATIVE;
            // SAFETY: the token acknowledges that experimental features may have mistakes. They are used in shaders of our
            // own alone, and where their results were looked at.
            #[allow(unsafe_code)]
            unsafe {
                experimental_features = ExperimentalFeatures::enabled();
            }
        }
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
            experimental_features,
            memory_hints: MemoryHints::MemoryUsage,
            trace: Trace::Off,
        }));
        let (device, queue) =
            opened.map_err(|e| Error::Unavailable(format!("{}: {e}", self.name())))?;
        Device::new(self.name(), device, queue, options)
    }
}
