//! How long the device takes, from its own clock.
//!
//! Two timestamps a submission are enough to keep to a budget; the profile has two for every kernel.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wgpu::{Device, QuerySet, QuerySetDescriptor, QueryType, Queue};

use super::forecast::Work;
use super::memory::lock;
use super::shaders::SHADERS;
use crate::backend::KernelTime;

/// Timestamps of one submission, at most.
pub(super) const TIMESTAMPS: u32 = 4096;

/// Submissions whose times are remembered.
const REMEMBERED: usize = 1 << 14;

/// The clock of a device, and what it showed.
pub(super) struct Profile {
    /// Whether every kernel is timed.
    by_kernel: AtomicBool,
    pub(super) queries: QuerySet,
    /// Nanoseconds of a tick.
    period: f32,
    kernels: Mutex<HashMap<usize, KernelTime>>,
    submissions: Mutex<VecDeque<Duration>>,
}

/// What a submission's timestamps belong to.
#[derive(Default)]
pub(super) struct Timed {
    pub(super) kernels: Vec<(usize, Work)>,
    /// Whether each of them is timed.
    pub(super) by_kernel: bool,
    pub(super) forecast: Duration,
}

impl Profile {
    pub(super) fn new(device: &Device, queue: &Queue) -> Self {
        let queries = device.create_query_set(&QuerySetDescriptor {
            label: None,
            ty: QueryType::Timestamp,
            count: TIMESTAMPS,
        });
        Self {
            by_kernel: AtomicBool::new(false),
            queries,
            period: queue.get_timestamp_period(),
            kernels: Mutex::default(),
            submissions: Mutex::default(),
        }
    }

    /// Whether every kernel of the next submission is to be timed.
    pub(super) fn is_by_kernel(&self) -> bool {
        self.by_kernel.load(Ordering::Relaxed)
    }

    /// Times every kernel from now on, or no longer; forgets what it knew of them.
    pub(super) fn time_kernels(&self, on: bool) {
        lock(&self.kernels).clear();
        self.by_kernel.store(on, Ordering::Relaxed);
    }

    /// Takes the timestamps of a submission, and says what it took.
    pub(super) fn take(&self, timed: &Timed, ticks: &[u64]) -> Duration {
        let time = |from: u64, to: u64| {
            Duration::from_nanos((to.saturating_sub(from) as f64 * f64::from(self.period)) as u64)
        };
        let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) else {
            return Duration::ZERO;
        };
        let whole = time(first, last);
        let mut submissions = lock(&self.submissions);
        if submissions.len() == REMEMBERED {
            submissions.pop_front();
        }
        submissions.push_back(whole);
        drop(submissions);
        if !timed.by_kernel {
            return whole;
        }
        let mut kernels = lock(&self.kernels);
        for (&(shader, work), ticks) in timed.kernels.iter().zip(ticks.chunks_exact(2)) {
            let kernel = kernels.entry(shader).or_insert(KernelTime {
                name: SHADERS[shader].name,
                calls: 0,
                time: Duration::ZERO,
                macs: 0,
                bytes: 0,
            });
            kernel.calls += 1;
            kernel.time += time(ticks[0], ticks[1]);
            kernel.macs += work.macs;
            kernel.bytes += work.bytes;
        }
        whole
    }

    /// What each kernel took, the most expensive first.
    pub(super) fn kernels(&self) -> Vec<KernelTime> {
        let mut kernels: Vec<_> = lock(&self.kernels).values().cloned().collect();
        kernels.sort_by_key(|kernel| std::cmp::Reverse(kernel.time));
        kernels
    }

    /// What each submission took since the last call.
    pub(super) fn take_submissions(&self) -> Vec<Duration> {
        lock(&self.submissions).drain(..).collect()
    }
}
