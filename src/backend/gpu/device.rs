//! An open device, and what is kept for all that works on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wgpu::Features;

use super::bind_groups::BindGroups;
use super::cooperative;
use super::download::Download;
use super::forecast::Forecast;
use super::memory::{Buffer, Memory, TENSOR, lock};
use super::pipeline_cache;
use super::pipelines::Pipelines;
use super::profile::Profile;
use super::recorder::MOST_UNDERWAY;
use super::shaders::{Shader, Storage};
use crate::backend::{Error, KernelTime, Precision};

/// How a device is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bytes of the device's memory that may be used.
    pub memory_limit: Option<u64>,
    /// Longest time that a submission is to take, so that others' frames come through in between. Submissions, and kernels
    /// that are longer, are cut by what those before took, or by a guess if the device has no clock; a single workgroup
    /// is never cut.
    pub budget: Option<Duration>,
    /// Whether every access of a kernel is checked: for tests.
    pub checked: bool,
    /// Whether kernels reduce with subgroup operations; `None` where a graphics processor offers them. An adapter in
    /// software gains nothing by them.
    pub subgroups: Option<bool>,
    /// Whether products of half precision use cooperative matrices, where they are offered; `None` where they are right and
    /// faster. Only with the feature `cooperative-matrix`.
    pub cooperative: Option<bool>,
    /// What an earlier run's [`Device::pipeline_cache`] gave; empty for none. What was damaged, or comes from another
    /// adapter, driver or version is passed over.
    pub pipeline_cache: Vec<u8>,
}

/// Objects made on a device so far. Making them takes time, and in the steady state none are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Buffers.
    pub buffers: u64,
    /// Pipelines.
    pub pipelines: u64,
    /// Bind groups.
    pub bind_groups: u64,
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
    /// Whether kernels reduce with subgroup operations.
    pub(super) subgroups: bool,
    /// Whether products of half precision use cooperative matrices.
    cooperative: AtomicBool,
    pub(super) memory: Arc<Memory>,
    pub(super) bind_groups: Arc<BindGroups>,
    /// Stands for a buffer that could not be had.
    pub(super) nothing: Buffer,
    pub(super) pipelines: Pipelines,
    pub(super) profile: Option<Profile>,
    pub(super) budget: Option<Duration>,
    pub(super) forecast: Forecast,
    pub(super) fault: Arc<Mutex<Option<Error>>>,
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

/// Notes what went wrong: the first of it, but that the device is lost before all else.
pub(super) fn note(fault: &Mutex<Option<Error>>, error: Error) {
    let mut fault = lock(fault);
    match (&*fault, &error) {
        (None, _) | (Some(Error::OutOfMemory(_)), Error::Lost(_)) => *fault = Some(error),
        _ => {}
    }
}

impl Device {
    pub(super) fn new(
        name: String,
        device: wgpu::Device,
        queue: wgpu::Queue,
        options: &Options,
    ) -> Result<Self, Error> {
        let features = device.features();
        let fault: Arc<Mutex<Option<Error>>> = Arc::default();
        let sink = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            let error = match error {
                wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory(error.to_string()),
                _ => Error::Lost(error.to_string()),
            };
            note(&sink, error);
        }));
        let sink = fault.clone();
        device.set_device_lost_callback(move |reason, message| {
            note(&sink, Error::Lost(format!("{reason:?}: {message}")));
        });
        let cache = features
            .contains(Features::PIPELINE_CACHE)
            .then(|| pipeline_cache::open(&device, &options.pipeline_cache));
        let bind_groups = Arc::new(BindGroups::new(device.clone()));
        let memory = Memory::new(device.clone(), bind_groups.clone(), options.memory_limit);
        let memory = Arc::new(memory);
        let timed = features.contains(Features::TIMESTAMP_QUERY);
        if timed && options.budget.is_some() {
            // How many are needed at once is a matter of chance, so they are made now.
            let two = 2 * size_of::<u64>() as u64;
            let places = (0..=MOST_UNDERWAY).map(|_| memory.take(two, Download::USAGE));
            for place in places.collect::<Result<Vec<_>, _>>()? {
                memory.give_back(place);
            }
        }
        let device = Self(Arc::new(Shared {
            name,
            f16: features.contains(Features::SHADER_F16),
            subgroups: features.contains(Features::SUBGROUP) && options.subgroups != Some(false),
            cooperative: AtomicBool::new(false),
            nothing: memory.create(256, TENSOR, None)?,
            memory,
            pipelines: Pipelines::new(device.clone(), bind_groups.clone(), options.checked, cache),
            bind_groups,
            profile: timed.then(|| Profile::new(&device, &queue)),
            budget: options.budget,
            forecast: Forecast::new(),
            fault,
            device,
            queue,
        }));
        if features.contains(Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
            let on = match options.cooperative {
                None => cooperative::wins(&device)?,
                Some(on) => on,
            };
            device.use_cooperative(on);
        }
        Ok(device)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether weights in half precision stay so.
    pub fn has_f16(&self) -> bool {
        self.0.f16
    }

    /// Whether its products of half precision use cooperative matrices.
    pub fn has_cooperative(&self) -> bool {
        self.0.cooperative.load(Ordering::Relaxed)
    }

    pub(super) fn use_cooperative(&self, on: bool) {
        self.0.cooperative.store(on, Ordering::Relaxed);
    }

    /// Whether its kernels reduce with subgroup operations.
    pub fn has_subgroups(&self) -> bool {
        self.0.subgroups
    }

    /// Bytes of its memory in use.
    pub fn memory_used(&self) -> u64 {
        self.0.memory.used()
    }

    /// Makes every pipeline that weights of this precision need, and tells how far it is, from 0 to 1.
    ///
    /// # Errors
    /// The driver could not make one, or the device is lost.
    pub fn warm_up(
        &self,
        precision: Precision,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(), Error> {
        // Some weights are in single precision whatever the others are.
        let half = self.has_f16() && precision == Precision::F16;
        let storages = [Storage::Any, Storage::F32, Storage::F16];
        let storages = &storages[..2 + usize::from(half)];
        let is_wanted = |shader: &Shader| {
            storages.contains(&shader.storage)
                && shader.subgroups.is_none_or(|s| s == self.has_subgroups())
                && (self.has_cooperative() || !shader.cooperative)
        };
        self.0.pipelines.warm_up(&is_wanted, progress);
        self.0.fault()
    }

    /// What the driver compiled so far, for [`Options::pipeline_cache`] of another run on the same adapter and
    /// driver; empty if the driver does not tell.
    pub fn pipeline_cache(&self) -> Vec<u8> {
        self.0.pipelines.cache_data()
    }

    /// What was made on it so far.
    pub fn made(&self) -> Made {
        Made {
            buffers: self.0.memory.made(),
            pipelines: self.0.pipelines.made(),
            bind_groups: self.0.bind_groups.made(),
        }
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
