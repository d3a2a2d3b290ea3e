//! Memory on the device: buffers that are used again, and a limit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wgpu::{BufferDescriptor, BufferUsages, Device, ErrorFilter};

use super::bind_groups::BindGroups;
use crate::backend::ledger::Share;
use crate::backend::{Error, Ledger};

/// A buffer on the device.
#[derive(Clone)]
pub(super) struct Buffer {
    pub(super) raw: wgpu::Buffer,
    /// Its name in the cache of bind groups; never given again.
    pub(super) id: u32,
    /// Its bytes in the ledger, until its last clone goes.
    _share: Arc<Share>,
}

/// All of a device's memory.
pub(super) struct Memory {
    device: Device,
    bind_groups: Arc<BindGroups>,
    next_id: AtomicU32,
    ledger: Arc<Ledger>,
    idle: Mutex<Idle>,
}

/// Buffers that are not in use, by use, size and number.
#[derive(Default)]
struct Idle(BTreeMap<(u32, u64, u32), Buffer>);

/// An idle buffer may be so many times larger than what it is taken for.
const LOOSE: u64 = 16;

impl Idle {
    /// A buffer of at least this size. Of those that fit the first, so that work that is done again finds the buffers
    /// that it had, and their bind groups.
    fn take(&mut self, size: u64, usage: BufferUsages) -> Option<Buffer> {
        let fitting = (usage.bits(), size, 0)..=(usage.bits(), size * LOOSE, u32::MAX);
        let (&key, _) = self.0.range(fitting).next()?;
        self.0.remove(&key)
    }

    fn put(&mut self, buffer: Buffer) {
        let key = (buffer.raw.usage().bits(), buffer.raw.size(), buffer.id);
        self.0.insert(key, buffer);
    }
}

impl Memory {
    pub(super) fn new(device: Device, bind_groups: Arc<BindGroups>, limit: Option<u64>) -> Self {
        Self {
            device,
            bind_groups,
            next_id: AtomicU32::new(0),
            ledger: Ledger::new(limit),
            idle: Mutex::default(),
        }
    }

    /// Bytes in use, those of idle buffers included.
    pub(super) fn used(&self) -> u64 {
        self.ledger.used()
    }

    /// Buffers made so far.
    pub(super) fn made(&self) -> u64 {
        u64::from(self.next_id.load(Ordering::Relaxed))
    }

    /// A buffer of exactly this size, filled with `data` if there is any.
    pub(super) fn create(
        &self,
        size: u64,
        usage: BufferUsages,
        data: Option<&[u8]>,
    ) -> Result<Buffer, Error> {
        let limits = self.device.limits();
        let most = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        if size > most {
            return Err(Error::OutOfMemory(format!(
                "a piece of {size} bytes, but this device takes {most} at most"
            )));
        }
        let buffer = self.allocate(size, usage, data.is_some()).or_else(|_| {
            // What is idle may be what is missing.
            self.trim(&[]);
            self.allocate(size, usage, data.is_some())
        })?;
        if let Some(data) = data {
            let mut view = buffer
                .raw
                .get_mapped_range_mut(..)
                .map_err(|e| Error::Lost(e.to_string()))?;
            view.slice(..data.len()).copy_from_slice(data);
            drop(view);
            buffer.raw.unmap();
        }
        Ok(buffer)
    }

    fn allocate(&self, size: u64, usage: BufferUsages, mapped: bool) -> Result<Buffer, Error> {
        let share = self.ledger.take(size)?;
        let scope = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let raw = self.device.create_buffer(&BufferDescriptor {
            label: None,
            size,
            usage,
            mapped_at_creation: mapped,
        });
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(Error::OutOfMemory(format!("{size} bytes: {error}")));
        }
        Ok(Buffer {
            raw,
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            _share: Arc::new(share),
        })
    }

    /// Gives the memory of idle buffers back to the system, and that of `others`, which go as well.
    pub(super) fn trim(&self, others: &[&Buffer]) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        let freed = idle.0.values().chain(others.iter().copied());
        let ids: Vec<u32> = freed.map(|buffer| buffer.id).collect();
        self.bind_groups.forget(&ids);
    }

    /// A buffer of at least this size, used before or new.
    pub(super) fn take(&self, size: u64, usage: BufferUsages) -> Result<Buffer, Error> {
        let size = class(size);
        let idle = lock(&self.idle).take(size, usage);
        idle.map_or_else(|| self.create(size, usage, None), Ok)
    }

    /// Takes a buffer back that [`Memory::take`] gave. What was submitted with it may still be running: the
    /// queue does one submission after the other.
    pub(super) fn give_back(&self, buffer: Buffer) {
        lock(&self.idle).put(buffer);
    }
}

/// What may be done with the buffer of a tensor.
pub(super) const TENSOR: BufferUsages = BufferUsages::STORAGE
    .union(BufferUsages::COPY_SRC)
    .union(BufferUsages::COPY_DST);

/// Sizes come in steps of a half, so that buffers fit again.
fn class(size: u64) -> u64 {
    let power = size.max(256).next_power_of_two();
    if size <= power / 4 * 3 {
        power / 4 * 3
    } else {
        power
    }
}

/// The memory of one recorder's tensors. A buffer that it is done with may serve it again at once, since its commands run
/// in their order. Another recorder must not have it before they are handed over, so it stays here until this one is gone,
/// or memory is short.
pub(super) struct Tensors {
    memory: Arc<Memory>,
    idle: Mutex<Idle>,
}

impl Tensors {
    pub(super) fn new(memory: Arc<Memory>) -> Arc<Self> {
        Arc::new(Self {
            memory,
            idle: Mutex::default(),
        })
    }

    /// A buffer of at least this size.
    pub(super) fn take(&self, size: u64) -> Result<Buffer, Error> {
        let idle = lock(&self.idle).take(class(size), TENSOR);
        idle.map_or_else(|| self.memory.take(size, TENSOR), Ok)
    }

    pub(super) fn give_back(&self, buffer: Buffer) {
        lock(&self.idle).put(buffer);
    }

    /// Lets others have what idles. Everything recorded so far must have been handed over.
    pub(super) fn flush(&self) {
        for buffer in std::mem::take(&mut *lock(&self.idle)).0.into_values() {
            self.memory.give_back(buffer);
        }
    }
}

impl Drop for Tensors {
    fn drop(&mut self) {
        self.flush();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
