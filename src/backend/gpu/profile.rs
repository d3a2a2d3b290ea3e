//! How long the device takes, from its own clock.
//!
//! Two timestamps a submission are enough to keep to a budget; the profile has two for every kernel.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use wgpu::{Device, QuerySet, QuerySetDescriptor, QueryType, Queue};

use super::memory::lock;
use super::shaders::SHADERS;
use crate::backend::KernelTime;

/// Timestamps of one submission, at most.
pub(super) const TIMESTAMPS: u32 = 4096;

/// Submissions whose times are remembered.
const REMEMBERED: usize = 1 << 14;

/// What a dispatch has to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    pub(super) macs: u64,
    pub(super) bytes: u64,
}

impl Work {
    /// One number for both: a device moves a byte in about the time of a few multiply-adds, and even an empty
    /// kernel costs some microseconds.
    pub(super) fn units(self) -> u64 {
        self.macs + 8 * self.bytes + 5_000_000
    }
}

/// Femtoseconds of a unit of work, until it is known: about 10^12 units a second.
const FIRST_PACE: u64 = 1000;

/// How long so much work takes on a device that does not tell.
pub(super) fn guess(units: u64) -> Duration {
    time_of(units, FIRST_PACE)
}

fn time_of(units: u64, pace: u64) -> Duration {
    Duration::from_nanos(units.saturating_mul(pace) / 1_000_000)
}

/// The clock of a device, and what it showed.
pub(super) struct Profile {
    /// Whether every kernel is timed.
    by_kernel: AtomicBool,
    pub(super) queries: QuerySet,
    /// Nanoseconds of a tick.
    period: f32,
    /// Femtoseconds of a unit of work.
    pace: AtomicU64,
    kernels: Mutex<HashMap<usize, KernelTime>>,
    submissions: Mutex<VecDeque<Duration>>,
}

/// What a submission's timestamps belong to.
#[derive(Default)]
pub(super) struct Timed {
    pub(super) kernels: Vec<(usize, Work)>,
    pub(super) units: u64,
}

impl Timed {
    pub(super) fn add(&mut self, shader: usize, work: Work, by_kernel: bool) {
        self.units += work.units();
        if by_kernel {
            self.kernels.push((shader, work));
        }
    }
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
            pace: AtomicU64::new(FIRST_PACE),
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

    /// How long this much work is going to take.
    pub(super) fn forecast(&self, units: u64) -> Duration {
        time_of(units, self.pace.load(Ordering::Relaxed))
    }

    /// Learns from a submission. A slow one counts at once and a fast one little by little, since it is the slow ones
    /// that a budget is for.
    fn learn(&self, units: u64, time: Duration) {
        let Some(measured) = (time.as_nanos() as u64 * 1_000_000).checked_div(units) else {
            return;
        };
        let before = self.pace.load(Ordering::Relaxed);
        let pace = measured.max(before - before / 8);
        self.pace.store(pace.max(1), Ordering::Relaxed);
    }

    /// Takes the timestamps of a submission.
    pub(super) fn take(&self, timed: &Timed, ticks: &[u64]) {
        let time = |from: u64, to: u64| {
            Duration::from_nanos((to.saturating_sub(from) as f64 * f64::from(self.period)) as u64)
        };
        let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) else {
            return;
        };
        let whole = time(first, last);
        self.learn(timed.units, whole);
        let mut submissions = lock(&self.submissions);
        if submissions.len() == REMEMBERED {
            submissions.pop_front();
        }
        submissions.push_back(whole);
        drop(submissions);
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
