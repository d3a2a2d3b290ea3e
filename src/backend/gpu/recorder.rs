//! Work recorded as data: what a job asks for is collected here, and handed to the queue in submissions.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::Arc;

use wgpu::{
    BindGroup, BufferUsages, CommandEncoder, CommandEncoderDescriptor, ComputePass,
    ComputePassDescriptor, ComputePassTimestampWrites,
};

use super::device::Shared;
use super::download::{Download, wait_for};
use super::forecast::Work;
use super::memory::{Buffer, TENSOR, Tensors};
use super::profile::{Profile, TIMESTAMPS, Timed};
use super::shaders::SHADERS;
use crate::backend::Error;

/// Submissions that may wait for the device where there is a budget: enough to keep it busy, and few enough for a job to
/// be cancelled soon.
pub(super) const MOST_UNDERWAY: usize = 16;

/// Bytes of the upload buffer at least: a block of mel frames for the vocoder, several times.
const UPLOAD: u64 = 64 << 10;

/// Workgroups of a dispatch, at most: what WebGPU guarantees.
const MOST_GROUPS: usize = 65_535;

/// Bytes of weights after which loading waits for the device.
const MOST_WEIGHTS_UNDERWAY: u64 = 32 << 20;

/// Something for the device to do.
enum Command {
    Dispatch {
        shader: usize,
        buffers: BindGroup,
        parameters: [u8; 64],
        groups: u32,
    },
    /// Bytes of the upload to a buffer.
    Upload {
        from: u64,
        to: wgpu::Buffer,
        at: u64,
        size: u64,
    },
    /// Bytes of a buffer to the host.
    Download {
        from: wgpu::Buffer,
        at: u64,
        to: wgpu::Buffer,
        size: u64,
    },
}

impl Command {
    fn is_dispatch(&self) -> bool {
        matches!(self, Self::Dispatch { .. })
    }
}

/// Collects commands of one job.
pub(super) struct Recorder {
    pub(super) shared: Arc<Shared>,
    pub(super) tensors: Arc<Tensors>,
    commands: Vec<Command>,
    /// What goes to the device before the commands run, and the buffer for it.
    upload: Vec<u8>,
    upload_buffer: Option<Buffer>,
    downloads: Vec<Arc<Download>>,
    timed: Timed,
    /// Bytes of weights that may be on their way to the device.
    weights_underway: u64,
    /// Timestamps of submissions that have not come back yet.
    timing: VecDeque<(Timed, Arc<Download>)>,
    /// The first thing that went wrong; nothing more is recorded after it.
    failure: Option<Error>,
}

impl Recorder {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            tensors: Tensors::new(shared.memory.clone()),
            shared,
            commands: Vec::new(),
            upload: Vec::new(),
            upload_buffer: None,
            downloads: Vec::new(),
            timed: Timed::default(),
            weights_underway: 0,
            timing: VecDeque::new(),
            failure: None,
        }
    }

    /// Remembers what went wrong.
    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Whether nothing is recorded any more.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// A buffer for a tensor of this many bytes. Without room it is a smaller one, which no kernel will see, since nothing
    /// is recorded after a failure.
    pub(super) fn take(&mut self, bytes: u64) -> Buffer {
        let buffer = self.tensors.take(bytes).or_else(|_| {
            // What this recorder is done with may be what is missing.
            self.submit();
            self.tensors.flush();
            self.tensors.take(bytes)
        });
        buffer.unwrap_or_else(|error| {
            self.fail(error);
            self.shared.nothing.clone()
        })
    }

    /// Records a kernel of so many workgroups: in pieces, if it would take longer than a submission may.
    pub(super) fn dispatch(
        &mut self,
        shader: usize,
        buffers: &[&Buffer],
        parameters: &[u8],
        groups: usize,
        work: Work,
    ) {
        if self.failure.is_some() || groups == 0 {
            return;
        }
        let facts = &SHADERS[shader];
        assert_eq!(buffers.len(), facts.writes.len(), "{}", facts.name);
        // Before them comes the number of the first workgroup.
        let size = facts.immediates as usize - 4;
        assert_eq!(parameters.len(), size, "{}", facts.name);
        let mut padded = [0; 64];
        padded[4..4 + size].copy_from_slice(parameters);
        let buffers = self.shared.bind_groups.get(shader, buffers);
        let most = self
            .groups_within_budget(shader, work, groups)
            .min(MOST_GROUPS);
        for first in (0..groups).step_by(most) {
            padded[..4].copy_from_slice(&(first as u32).to_ne_bytes());
            let count = most.min(groups - first);
            let command = Command::Dispatch {
                shader,
                buffers: buffers.clone(),
                parameters: padded,
                groups: count as u32,
            };
            self.record(shader, command, work.part(count, groups));
        }
    }

    /// Whether every kernel is timed.
    fn times_kernels(&self) -> bool {
        self.shared
            .profile
            .as_ref()
            .is_some_and(Profile::is_by_kernel)
    }

    /// How many of a kernel's workgroups keep to the budget. A profile is of whole kernels.
    fn groups_within_budget(&self, shader: usize, work: Work, groups: usize) -> usize {
        let Some(budget) = self.shared.budget.filter(|_| !self.times_kernels()) else {
            return groups;
        };
        let forecast = &self.shared.forecast;
        forecast.groups_within(budget, shader, work, groups)
    }

    /// Records a dispatch: in a submission of its own, if this one would take longer than it may with it.
    fn record(&mut self, shader: usize, dispatch: Command, work: Work) {
        let forecast = self.shared.forecast.of(shader, work);
        if let Some(budget) = self.shared.budget
            && !self.timed.kernels.is_empty()
            && self.timed.forecast + forecast > budget
        {
            self.submit();
        }
        if self.timed.kernels.is_empty() {
            self.timed.by_kernel = self.times_kernels();
        }
        self.commands.push(dispatch);
        self.timed.kernels.push((shader, work));
        self.timed.forecast += forecast;
        let is_full = self.timed.kernels.len() as u32 * 2 >= TIMESTAMPS;
        if self.timed.by_kernel && is_full {
            self.submit();
        }
    }

    /// Records that `data` is to be written to a buffer.
    pub(super) fn upload(&mut self, to: &Buffer, at: u64, data: &[u8]) {
        if self.failure.is_some() || data.is_empty() {
            return;
        }
        let from = self.upload.len() as u64;
        self.upload.extend_from_slice(data);
        self.commands.push(Command::Upload {
            from,
            to: to.raw.clone(),
            at,
            size: data.len() as u64,
        });
    }

    /// Notes that so many bytes of weights were written. wgpu keeps a copy of them until the device has read it, so
    /// from time to time it is waited for: loading a voice does not take its size twice.
    pub(super) fn note_weights(&mut self, bytes: u64) -> Result<(), Error> {
        self.weights_underway += bytes;
        if self.weights_underway < MOST_WEIGHTS_UNDERWAY {
            return Ok(());
        }
        self.weights_underway = 0;
        let submission = self.shared.queue.submit([]);
        wait_for(&self.shared, Some(submission))
    }

    /// Records that bytes of a buffer are to come to the host.
    pub(super) fn download(&mut self, from: &Buffer, at: u64, size: u64) -> Option<Arc<Download>> {
        if self.failure.is_some() {
            return None;
        }
        match Download::of_results(&self.shared, size) {
            Err(error) => {
                self.fail(error);
                None
            }
            Ok(download) => {
                let download = Arc::new(download);
                self.commands.push(Command::Download {
                    from: from.raw.clone(),
                    at,
                    to: download.staging().clone(),
                    size,
                });
                self.downloads.push(download.clone());
                Some(download)
            }
        }
    }

    /// Hands over everything recorded so far.
    pub(super) fn submit(&mut self) {
        if self.failure.is_none()
            && !self.commands.is_empty()
            && let Err(error) = self.hand_over()
        {
            self.fail(error);
        }
        self.commands.clear();
        self.upload.clear();
        self.downloads.clear();
        self.timed = Timed::default();
    }

    fn hand_over(&mut self) -> Result<(), Error> {
        let shared = self.shared.clone();
        if !self.upload.is_empty() {
            let size = self.upload.len() as u64;
            if self
                .upload_buffer
                .as_ref()
                .is_none_or(|b| b.raw.size() < size)
            {
                if let Some(old) = self.upload_buffer.take() {
                    self.tensors.give_back(old);
                }
                // Not one of this recorder's own, which a command before may write to.
                self.upload_buffer = Some(shared.memory.take(size.max(UPLOAD), TENSOR)?);
            }
            if let Some(buffer) = &self.upload_buffer {
                shared.queue.write_buffer(&buffer.raw, 0, &self.upload);
            }
        }
        let mut encoder = shared
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        let profile = shared.profile.as_ref();
        let timed = profile.filter(|_| self.timed.by_kernel || shared.budget.is_some());
        let ticks = self.encode(&mut encoder, timed);
        let mut timing = None;
        if let Some(profile) = timed
            && ticks > 0
        {
            let size = u64::from(ticks) * 8;
            let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
            let resolved = shared.memory.take(size, usage)?;
            let download = Arc::new(Download::of_timestamps(&shared, size)?);
            encoder.resolve_query_set(&profile.queries, 0..ticks, &resolved.raw, 0);
            encoder.copy_buffer_to_buffer(&resolved.raw, 0, download.staging(), 0, size);
            shared.memory.give_back(resolved);
            timing = Some(download);
        }
        let submission = shared.queue.submit([encoder.finish()]);
        for download in self.downloads.drain(..).chain(timing.clone()) {
            download.map(submission.clone());
        }
        if let Some(download) = timing {
            let underway = if self.timed.by_kernel {
                0
            } else {
                MOST_UNDERWAY
            };
            self.timing.push_back((take(&mut self.timed), download));
            self.take_timings(underway)?;
        }
        Ok(())
    }

    /// Encodes the commands; kernels between two copies share a pass. Gives the number of timestamps.
    fn encode(&self, encoder: &mut CommandEncoder, timed: Option<&Profile>) -> u32 {
        let by_kernel = self.timed.by_kernel;
        let share_a_pass =
            |a: &Command, b: &Command| !by_kernel && a.is_dispatch() && b.is_dispatch();
        let runs: Vec<_> = self.commands.chunk_by(share_a_pass).collect();
        let last = runs.iter().rposition(|run| run[0].is_dispatch());
        let mut ticks = 0;
        for (i, run) in runs.into_iter().enumerate() {
            match &run[0] {
                Command::Upload { from, to, at, size } => {
                    if let Some(buffer) = &self.upload_buffer {
                        encoder.copy_buffer_to_buffer(&buffer.raw, *from, to, *at, *size);
                    }
                }
                Command::Download { from, at, to, size } => {
                    encoder.copy_buffer_to_buffer(from, *at, to, 0, *size);
                }
                Command::Dispatch { .. } => {
                    // Of a whole submission the first pass's beginning and the last one's end count.
                    let begins = by_kernel || ticks == 0;
                    let ends = by_kernel || Some(i) == last;
                    let first = if by_kernel { ticks } else { 0 };
                    let timestamp_writes = timed.filter(|_| begins || ends).map(|profile| {
                        ComputePassTimestampWrites {
                            query_set: &profile.queries,
                            beginning_of_pass_write_index: begins.then_some(first),
                            end_of_pass_write_index: ends.then_some(first + 1),
                        }
                    });
                    if timestamp_writes.is_some() {
                        ticks = first + 2;
                    }
                    let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor {
                        label: None,
                        timestamp_writes,
                    });
                    for kernel in run {
                        self.encode_kernel(&mut pass, kernel);
                    }
                }
            }
        }
        ticks
    }

    fn encode_kernel(&self, pass: &mut ComputePass<'_>, command: &Command) {
        if let Command::Dispatch {
            shader,
            buffers,
            parameters,
            groups,
        } = command
        {
            let size = SHADERS[*shader].immediates as usize;
            pass.set_pipeline(self.shared.pipelines.get(*shader));
            pass.set_bind_group(0, buffers, &[]);
            pass.set_immediates(0, &parameters[..size]);
            pass.dispatch_workgroups(*groups, 1, 1);
        }
    }

    /// Takes the timestamps that are there, and waits until no more than so many submissions are underway.
    fn take_timings(&mut self, underway: usize) -> Result<(), Error> {
        while let Some((timed, download)) = self.timing.front() {
            if self.timing.len() <= underway && download.is_underway() {
                break;
            }
            let bytes = download.wait(&self.shared)?;
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
            if let Some(profile) = &self.shared.profile {
                let took = profile.take(timed, &ticks);
                self.shared.forecast.learn(&timed.kernels, took);
            }
            self.timing.pop_front();
        }
        Ok(())
    }

    /// Waits for bytes that were asked for.
    pub(super) fn wait(&mut self, download: Option<Arc<Download>>) -> Result<Vec<u8>, Error> {
        if download.as_ref().is_some_and(|d| !d.is_submitted()) {
            self.submit();
        }
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let Some(download) = download else {
            return Err(Error::Lost("nothing was recorded".into()));
        };
        let bytes = download.wait(&self.shared);
        self.take_timings(MOST_UNDERWAY)?;
        bytes
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(buffer) = self.upload_buffer.take() {
            self.tensors.give_back(buffer);
        }
    }
}
