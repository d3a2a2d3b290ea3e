//! Bytes on their way from the device to the host.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wgpu::{BufferUsages, MapMode, PollType, SubmissionIndex};

use super::device::Shared;
use super::memory::{Buffer, Memory};
use crate::backend::Error;

/// How long a device may take for one submission before it counts as lost.
const PATIENCE: Duration = Duration::from_mins(2);

/// Bytes on their way to the host.
pub(super) struct Download {
    memory: Arc<Memory>,
    staging: Buffer,
    size: u64,
    state: Arc<AtomicU8>,
    submission: OnceLock<SubmissionIndex>,
}

const UNDERWAY: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

/// Bytes that a staging buffer of results has room for at least: what a block of sound takes. So all of them pass through the
/// same few buffers.
const RESULTS: u64 = 64 << 10;

impl Download {
    /// What the bytes pass through.
    pub(super) const USAGE: BufferUsages = BufferUsages::MAP_READ.union(BufferUsages::COPY_DST);

    /// For what a job made.
    pub(super) fn of_results(shared: &Shared, size: u64) -> Result<Self, Error> {
        Self::new(shared, size, size.max(RESULTS))
    }

    /// For what the clock showed.
    pub(super) fn of_timestamps(shared: &Shared, size: u64) -> Result<Self, Error> {
        Self::new(shared, size, size)
    }

    fn new(shared: &Shared, size: u64, room: u64) -> Result<Self, Error> {
        Ok(Self {
            staging: shared.memory.take(room, Self::USAGE)?,
            memory: shared.memory.clone(),
            size,
            state: Arc::new(AtomicU8::new(UNDERWAY)),
            submission: OnceLock::new(),
        })
    }

    /// Where a submission is to copy the bytes.
    pub(super) fn staging(&self) -> &wgpu::Buffer {
        &self.staging.raw
    }

    /// Whether they have been asked for.
    pub(super) fn is_submitted(&self) -> bool {
        self.submission.get().is_some()
    }

    /// Whether they have not come yet.
    pub(super) fn is_underway(&self) -> bool {
        self.state.load(Ordering::Acquire) == UNDERWAY
    }

    /// Asks for the bytes, which a submission copies.
    pub(super) fn map(&self, submission: SubmissionIndex) {
        let _ = self.submission.set(submission);
        let state = self.state.clone();
        let slice = self.staging.raw.slice(..self.size);
        slice.map_async(MapMode::Read, move |result| {
            let outcome = if result.is_ok() { MAPPED } else { FAILED };
            state.store(outcome, Ordering::Release);
        });
    }

    pub(super) fn wait(&self, shared: &Shared) -> Result<Vec<u8>, Error> {
        if self.is_underway() {
            wait_for(shared, self.submission.get().cloned())?;
        }
        shared.fault()?;
        if self.state.load(Ordering::Acquire) != MAPPED {
            return Err(Error::Lost("the device did not give its results".into()));
        }
        let view = self.staging.raw.slice(..self.size).get_mapped_range();
        let view = view.map_err(|e| Error::Lost(e.to_string()))?;
        Ok(view.to_vec())
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // Without a submission, or when that failed, it is not mapped.
        if self.is_submitted() && self.state.load(Ordering::Acquire) != FAILED {
            self.staging.raw.unmap();
        }
        self.memory.give_back(self.staging.clone());
    }
}

/// Waits until the device has done a submission, and hears of what went wrong.
pub(super) fn wait_for(shared: &Shared, submission: Option<SubmissionIndex>) -> Result<(), Error> {
    let waited = shared.device.poll(PollType::Wait {
        submission_index: submission,
        timeout: Some(PATIENCE),
    });
    shared.fault()?;
    waited.map_err(|error| Error::Lost(error.to_string()))?;
    Ok(())
}
