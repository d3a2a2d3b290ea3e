//! What there is to compute on, and how it is opened.

use super::{EngineConfig, Error, Result};
use crate::backend::cpu::{Cpu, Host};
#[cfg(feature = "gpu")]
use crate::backend::gpu;
use crate::backend::{self, Ledger};

/// Which device to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best that works: a graphics processor if there is a real one, or else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, be it one in software.
    Gpu,
    /// The one with this place in the list that [`devices`] gives.
    Index(usize),
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
    /// Whether weights in half precision stay so.
    pub f16: bool,
    /// Bytes of its memory, if known.
    pub memory: Option<u64>,
}

/// Every device, usable or not.
pub fn devices() -> Vec<DeviceInfo> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let set = Cpu::new(1);
    let cpu = DeviceInfo {
        kind: "cpu",
        name: format!("CPU, {}", set.instruction_set()),
        usable: true,
        note: format!("{threads} threads"),
        f16: set.has_f16(),
        memory: main_memory(),
    };
    std::iter::once(cpu).chain(gpus()).collect()
}

/// Bytes of main memory, where the system tells.
fn main_memory() -> Option<u64> {
    let facts = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = facts.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
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
            f16: adapter.has_f16(),
            memory: adapter.memory(),
        }
    });
    adapters.collect()
}

#[cfg(not(feature = "gpu"))]
fn gpus() -> Vec<DeviceInfo> {
    Vec::new()
}

/// An open device.
#[derive(Clone)]
pub(super) enum Device {
    Cpu(Host),
    #[cfg(feature = "gpu")]
    Gpu(gpu::Device),
}

/// Opens the device that is asked for. The text says why it is the CPU, if that was not asked for.
pub(super) fn open(config: &EngineConfig, threads: usize) -> Result<(Device, Option<String>)> {
    let cpu = || Device::Cpu(Host::new(threads, Ledger::new(config.memory_limit)));
    match config.device {
        DeviceChoice::Cpu | DeviceChoice::Index(0) => Ok((cpu(), None)),
        DeviceChoice::Auto => Ok(match real_gpu(config) {
            Ok(device) => (device, None),
            Err(reason) => (cpu(), Some(reason)),
        }),
        DeviceChoice::Gpu => Ok((any_gpu(config)?, None)),
        DeviceChoice::Index(index) => Ok((gpu_at(config, index - 1)?, None)),
    }
}

#[cfg(feature = "gpu")]
fn gpu_options(config: &EngineConfig) -> gpu::Options {
    gpu::Options {
        memory_limit: config.memory_limit,
        budget: config.submission_budget,
        pipeline_cache: config.pipeline_cache.clone(),
        ..gpu::Options::default()
    }
}

/// Opens the best graphics processor, or says why there is none.
#[cfg(feature = "gpu")]
fn real_gpu(config: &EngineConfig) -> std::result::Result<Device, String> {
    let options = gpu_options(config);
    let mut reasons = Vec::new();
    for adapter in gpu::adapters() {
        if !adapter.is_real() {
            reasons.push(format!("{}: it works in software", adapter.name()));
            continue;
        }
        match adapter.open(&options) {
            Ok(device) => return Ok(Device::Gpu(device)),
            Err(error) => reasons.push(error.to_string()),
        }
    }
    if reasons.is_empty() {
        return Err("no graphics adapter was found".into());
    }
    Err(format!(
        "no graphics processor works here ({})",
        reasons.join("; ")
    ))
}

#[cfg(feature = "gpu")]
fn any_gpu(config: &EngineConfig) -> Result<Device> {
    let usable = gpu::adapters().iter().find(|a| a.obstacle().is_none());
    let adapter = usable.ok_or_else(|| {
        let message = "there is no graphics adapter that works; use the device cpu or auto";
        backend::Error::Unavailable(message.into())
    })?;
    Ok(Device::Gpu(adapter.open(&gpu_options(config))?))
}

#[cfg(feature = "gpu")]
fn gpu_at(config: &EngineConfig, index: usize) -> Result<Device> {
    let adapter = gpu::adapters()
        .get(index)
        .ok_or_else(|| absent(index + 1))?;
    Ok(Device::Gpu(adapter.open(&gpu_options(config))?))
}

/// There is no device at this place of the list.
fn absent(index: usize) -> Error {
    Error::Option {
        name: "device",
        value: index.to_string(),
        expected: "the index of a device",
    }
}

#[cfg(not(feature = "gpu"))]
fn gpu_at(_: &EngineConfig, index: usize) -> Result<Device> {
    Err(absent(index + 1))
}

#[cfg(not(feature = "gpu"))]
fn real_gpu(_: &EngineConfig) -> std::result::Result<Device, String> {
    Err("this library was built without the GPU engine".into())
}

#[cfg(not(feature = "gpu"))]
fn any_gpu(_: &EngineConfig) -> Result<Device> {
    let message = "this library was built without the GPU engine; use the device cpu or auto";
    Err(backend::Error::Unavailable(message.into()).into())
}
