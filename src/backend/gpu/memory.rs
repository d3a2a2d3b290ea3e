//! Memory on the device: buffers that are used again, and a limit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wgpu::{BufferDescriptor, BufferUsages, Device, ErrorFilter};

use crate::backend::Error;

/// A buffer on the device. Its number is its name in the cache of bind groups, and is never given again.
#[derive(Clone)]
pub(super) struct Buffer {
    pub(super) raw: wgpu::Buffer,
    pub(super) id: u32,
}

/// All of a device's memory.
pub(super) struct Memory {
    device: Device,
    next_id: AtomicU32,
    used: AtomicU64,
    limit: u64,
    /// Buffers that are not in use, by use and size.
    idle: Mutex<HashMap<(BufferUsages, u64), Vec<Buffer>>>,
    /// Numbers of buffers that were freed, for the cache of bind groups.
    freed: Mutex<Vec<u32>>,
}

impl Memory {
    pub(super) fn new(device: Device, limit: Option<u64>) -> Self {
        Self {
            device,
            next_id: AtomicU32::new(0),
            used: AtomicU64::new(0),
            limit: limit.unwrap_or(u64::MAX),
            idle: Mutex::default(),
            freed: Mutex::default(),
        }
    }

    /// Bytes in use, those of idle buffers included.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// A buffer of exactly this size, filled with `data` if there is any.
    pub(super) fn create(
        &self,
        size: u64,
        usage: BufferUsages,
        data: Option<&[u8]>,
    ) -> Result<Buffer, Error> {
        let binding = self.device.limits().max_storage_buffer_binding_size;
        if size > binding {
            return Err(Error::OutOfMemory(format!(
                "a piece of {size} bytes, but this device takes {binding} at most"
            )));
        }
        let before = self.used.fetch_add(size, Ordering::Relaxed);
        if before + size > self.limit {
            self.used.fetch_sub(size, Ordering::Relaxed);
            return Err(Error::OutOfMemory(format!(
                "{size} bytes more than the {before} in use would exceed the limit of {}",
                self.limit
            )));
        }
        let scope = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let raw = self.device.create_buffer(&BufferDescriptor {
            label: None,
            size,
            usage,
            mapped_at_creation: data.is_some(),
        });
        if let Some(error) = pollster::block_on(scope.pop()) {
            self.used.fetch_sub(size, Ordering::Relaxed);
            return Err(Error::OutOfMemory(format!("{size} bytes: {error}")));
        }
        if let Some(data) = data {
            let mut view = raw
                .get_mapped_range_mut(..)
                .map_err(|e| Error::Lost(e.to_string()))?;
            view.slice(..data.len()).copy_from_slice(data);
            drop(view);
            raw.unmap();
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Ok(Buffer { raw, id })
    }

    /// Gives the memory of a buffer back to the system.
    pub(super) fn free(&self, buffer: &Buffer) {
        self.used.fetch_sub(buffer.raw.size(), Ordering::Relaxed);
        lock(&self.freed).push(buffer.id);
    }

    /// The numbers of the buffers that were freed since the last call.
    pub(super) fn take_freed(&self) -> Vec<u32> {
        std::mem::take(&mut lock(&self.freed))
    }

    /// A buffer of at least this size, used before or new.
    pub(super) fn take(&self, size: u64, usage: BufferUsages) -> Result<Buffer, Error> {
        let size = class(size);
        let idle = lock(&self.idle).get_mut(&(usage, size)).and_then(Vec::pop);
        match idle {
            Some(buffer) => Ok(buffer),
            None => self.create(size, usage, None),
        }
    }

    /// Takes a buffer back that [`Memory::take`] gave. What was submitted with it may still be running: the
    /// queue does one submission after the other.
    pub(super) fn give_back(&self, buffer: Buffer) {
        let key = (buffer.raw.usage(), buffer.raw.size());
        lock(&self.idle).entry(key).or_default().push(buffer);
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

/// Where a recorder's dropped tensors go. Another recorder must not write to them before this one has handed
/// over what it recorded, so they wait here until then.
pub(super) struct Returns {
    memory: Arc<Memory>,
    buffers: Mutex<Vec<Buffer>>,
}

impl Returns {
    pub(super) fn new(memory: Arc<Memory>) -> Arc<Self> {
        Arc::new(Self {
            memory,
            buffers: Mutex::default(),
        })
    }

    pub(super) fn push(&self, buffer: Buffer) {
        lock(&self.buffers).push(buffer);
    }

    /// Everything recorded so far has been handed over.
    pub(super) fn flush(&self) {
        for buffer in std::mem::take(&mut *lock(&self.buffers)) {
            self.memory.give_back(buffer);
        }
    }
}

impl Drop for Returns {
    fn drop(&mut self) {
        self.flush();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
