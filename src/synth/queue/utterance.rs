//! What the caller holds of an utterance in flight.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Feed;
use super::job::Job;
use super::worker::Waker;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::synth::Error;

/// Where an utterance is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing can be heard yet.
    Waiting,
    /// Sound is being made.
    Speaking,
    /// It is over: see [`Outcome`].
    Ended,
}

/// How an utterance ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was spoken.
    Complete,
    /// Everything was spoken, but sentences reached the limit of decoder steps and were cut off.
    StepLimit,
    /// Everything was spoken, but a sentence lost its place and could not be made again unheard: words of it
    /// may be missing, repeated or unclear.
    AttentionLost,
    /// It was cancelled.
    Cancelled,
    /// The device or the text failed.
    Failed(Error),
    /// A mistake of this library, by its message.
    Panicked(String),
}

/// Figures of an utterance, so far or in the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// From the start to the first sound that could be taken.
    pub time_to_first_audio: Option<Duration>,
    /// From the start to the end, or until now.
    pub elapsed: Duration,
    /// Time that the worker spent on it.
    pub work: Duration,
    /// Samples of the output made so far.
    pub samples: u64,
    /// Sentences that are complete.
    pub sentences: u64,
    /// Decoder steps of those.
    pub steps: u64,
    /// Sentences that were cut off at the step limit.
    pub cut_off: u64,
    /// Sentences that were made again because the attention was lost.
    pub retried: u64,
    /// Sentences in which it was lost for good.
    pub lost: u64,
}

/// What the worker and the caller share.
pub(super) struct Shared {
    /// The flag that the synthesis looks at.
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) begun: Instant,
    pub(super) samples: AtomicU64,
    inner: Mutex<Inner>,
    changed: Condvar,
    /// Held while the sink is in use, so that a caller can wait for it to be left.
    sink: Mutex<()>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) stats: Stats,
    outcome: Option<Arc<Outcome>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            cancelled: Arc::default(),
            begun: Instant::now(),
            samples: AtomicU64::new(0),
            inner: Mutex::default(),
            changed: Condvar::new(),
            sink: Mutex::default(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters the sink, unless the utterance has been cancelled.
    pub(super) fn enter_sink(&self) -> Option<MutexGuard<'_, ()>> {
        let guard = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        (!self.cancelled.load(Ordering::SeqCst)).then_some(guard)
    }

    /// Says how it ended, once.
    pub(super) fn end(&self, outcome: Outcome) {
        let mut inner = self.inner();
        if inner.outcome.is_none() {
            inner.stats.elapsed = self.begun.elapsed();
            if matches!(outcome, Outcome::Cancelled) {
                // Whoever reads is to know that no more will come, also if the engine went away.
                self.cancelled.store(true, Ordering::SeqCst);
            }
            inner.outcome = Some(Arc::new(outcome));
            self.changed.notify_all();
        }
    }
}

/// An utterance in flight. Dropping it cancels it.
pub struct Utterance {
    pub(super) shared: Arc<Shared>,
    pub(super) job: Arc<Mutex<Option<Job>>>,
    pub(super) feed: Feed,
    pub(super) waker: Waker,
}

impl Utterance {
    /// Ends the utterance as soon as possible: sets a flag, and waits for nothing. Any thread, also one
    /// that must not wait.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::SeqCst);
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::SeqCst)
    }

    /// Cancels, wakes who waits for the end, and waits until the sink is not in use any more: it will
    /// not be used again. To be called from within the sink would wait for ever.
    ///
    /// What the utterance holds is freed here, or by the worker if that is busy with it.
    pub fn abandon(&self) {
        self.cancel();
        self.shared.end(Outcome::Cancelled);
        drop(self.shared.sink.lock());
        if let Ok(mut job) = self.job.try_lock() {
            drop(job.take());
        }
    }

    /// The text, if it may still grow.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Tells the worker that there is more text.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Waits for the end, at most `timeout`; whether it is there.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut inner = self.shared.inner();
        while inner.outcome.is_none() {
            let changed = &self.shared.changed;
            inner = match until {
                None => changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = changed.wait_timeout(inner, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Arc<Outcome>> {
        self.shared.inner().outcome.clone()
    }

    /// Where it is.
    pub fn state(&self) -> State {
        let inner = self.shared.inner();
        match (&inner.outcome, inner.stats.time_to_first_audio) {
            (Some(_), _) => State::Ended,
            (None, Some(_)) => State::Speaking,
            (None, None) => State::Waiting,
        }
    }

    /// Figures so far.
    pub fn stats(&self) -> Stats {
        let inner = self.shared.inner();
        let mut stats = inner.stats;
        if inner.outcome.is_none() {
            stats.elapsed = self.shared.begun.elapsed();
        }
        stats.samples = self.shared.samples.load(Ordering::Relaxed);
        stats
    }
}

impl Drop for Utterance {
    fn drop(&mut self) {
        self.cancel();
    }
}
