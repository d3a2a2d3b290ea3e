//! The one thread that computes, and how it divides its time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use super::feed::FedSentences;
use super::job::{Job, Progress, Sink};
use super::utterance::{Outcome, Shared};
use super::{Feed, Utterance};
use crate::backend;
use crate::synth::{Output, OutputOptions, Result, SpeakOptions, Synthesizer};

/// How an utterance is spoken by a [`Queue`].
#[derive(Clone, Debug, Default)]
pub struct UtteranceOptions {
    /// As for any utterance.
    pub speak: SpeakOptions,
    /// What the output is.
    pub output: OutputOptions,
    /// Higher ones are served first; the same ones in turn.
    pub priority: i32,
}

/// A job in the worker's list.
struct Entry {
    /// Empty when the job is over, or was abandoned.
    job: Arc<Mutex<Option<Job>>>,
    priority: i32,
    /// When it was last served, on the worker's own clock.
    served: u64,
    stalled_until: Option<Instant>,
}

impl Entry {
    /// False once the job was abandoned.
    fn is_alive(&self) -> bool {
        self.job.try_lock().map_or(true, |job| job.is_some())
    }
}

impl Drop for Entry {
    /// Nobody is to wait for a job that the worker will not see again.
    fn drop(&mut self) {
        empty(&self.job);
    }
}

enum Order {
    Start(Entry),
    /// Look at all jobs again.
    Wake,
    Shutdown,
}

/// Wakes a worker.
#[derive(Clone)]
pub(super) struct Waker(Sender<Order>);

impl Waker {
    pub(super) fn wake(&self) {
        // A worker that is gone has nothing to wake up for.
        let _ = self.0.send(Order::Wake);
    }
}

/// A worker thread, and the utterances that it speaks.
pub struct Queue {
    orders: Sender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
    id: ThreadId,
    closed: AtomicBool,
    /// The process that the thread belongs to: a fork has no threads but its own.
    process: u32,
}

impl Queue {
    /// Starts the worker.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new() -> Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("tts worker".into())
            .spawn(move || run(&inbox))
            .map_err(|e| backend::Error::Unavailable(format!("cannot start a thread: {e}")))?;
        let id = thread.thread().id();
        Ok(Self {
            orders,
            thread: Mutex::new(Some(thread)),
            id,
            closed: AtomicBool::new(false),
            process: std::process::id(),
        })
    }

    /// Starts to speak `feed` into `sink`.
    ///
    /// # Errors
    /// An option outside its range; a whole text with nothing to speak; a worker that was shut down.
    pub fn start(
        &self,
        synthesizer: &Synthesizer,
        feed: Feed,
        options: &UtteranceOptions,
        sink: Box<dyn Sink>,
    ) -> Result<Utterance> {
        let rate = synthesizer.config().audio.sampling_rate;
        let output = Output::new(rate, &options.output)?;
        let shared = Arc::new(Shared::new());
        let sentences = FedSentences::new(feed.clone(), synthesizer.clone(), options.output.pitch);
        let mut speech = synthesizer.speak_sentences(sentences, &options.speak)?;
        speech.set_cancel_flag(shared.cancelled.clone());
        let job = Job::new(shared.clone(), speech, feed.clone(), output, sink);
        let job = Arc::new(Mutex::new(Some(job)));
        let entry = Entry {
            job: job.clone(),
            priority: options.priority,
            // The newest is served next among those of its priority.
            served: 0,
            stalled_until: None,
        };
        let waker = Waker(self.orders.clone());
        self.orders
            .send(Order::Start(entry))
            .map_err(|_| backend::Error::Unavailable("the engine has been shut down".into()))?;
        Ok(Utterance {
            shared,
            job,
            feed,
            waker,
        })
    }

    /// Whether the calling thread is the worker.
    pub fn is_worker(&self) -> bool {
        std::thread::current().id() == self.id
    }

    /// Whether the process was forked after the worker was started: the child has no worker.
    pub fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    /// Whether it was shut down, and takes no more utterances.
    pub fn is_shut_down(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Cancels every utterance, and waits for the worker to end: as long as a chunk of sound at most, or
    /// as a sink takes.
    pub fn shutdown(&self) {
        if self.is_forked() {
            return;
        }
        self.closed.store(true, Ordering::SeqCst);
        // The worker may have ended by a shutdown before.
        let _ = self.orders.send(Order::Shutdown);
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take()
            && !self.is_worker()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// The worker's life.
fn run(inbox: &Receiver<Order>) {
    let mut jobs: Vec<Entry> = Vec::new();
    let mut clock = 0;
    loop {
        // All orders first: thousands of short-lived utterances must not pile up.
        while let Ok(order) = inbox.try_recv() {
            if !follow(order, &mut jobs) {
                return; // what is left, here and in the inbox, is dropped, and thereby ended as cancelled
            }
        }
        jobs.retain(Entry::is_alive);
        let now = Instant::now();
        if let Some(next) = choose(&jobs, now) {
            clock += 1;
            serve(&mut jobs, next, clock);
            continue;
        }
        let order = match sleep(&jobs, now) {
            None => inbox.recv().ok(),
            Some(time) => match inbox.recv_timeout(time) {
                Err(RecvTimeoutError::Timeout) => continue,
                order => order.ok(),
            },
        };
        if !order.is_some_and(|order| follow(order, &mut jobs)) {
            return;
        }
    }
}

/// Follows an order; false if it is the last one.
fn follow(order: Order, jobs: &mut Vec<Entry>) -> bool {
    match order {
        Order::Start(entry) => jobs.push(entry),
        Order::Wake => {
            for job in jobs {
                job.stalled_until = None;
            }
        }
        Order::Shutdown => return false,
    }
    true
}

/// The job to serve: of those that are not stalled the most urgent, and of these the one that has waited
/// longest.
fn choose(jobs: &[Entry], now: Instant) -> Option<usize> {
    let ready = |job: &Entry| job.stalled_until.is_none_or(|until| until <= now);
    (0..jobs.len())
        .filter(|&i| ready(&jobs[i]))
        .min_by_key(|&i| (std::cmp::Reverse(jobs[i].priority), jobs[i].served))
}

/// How long until the first of the stalled jobs is to be looked at; `None` without jobs.
fn sleep(jobs: &[Entry], now: Instant) -> Option<Duration> {
    let times = jobs.iter().filter_map(|job| job.stalled_until);
    times
        .min()
        .map(|until| until.saturating_duration_since(now))
}

fn serve(jobs: &mut Vec<Entry>, index: usize, clock: u64) {
    let entry = &mut jobs[index];
    entry.served = clock;
    entry.stalled_until = None;
    let mut slot = entry.job.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(job) = &mut *slot else {
        drop(slot);
        jobs.swap_remove(index);
        return;
    };
    // A job that panics is taken out and never looked at again; the worker has no state of its own that
    // it could have left half-changed.
    let outcome = match catch_unwind(AssertUnwindSafe(|| job.step())) {
        Ok(Progress::Worked) => return,
        Ok(Progress::Stalled(time)) => {
            drop(slot);
            entry.stalled_until = Some(Instant::now() + time);
            return;
        }
        Ok(Progress::Ended) => None,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Some(text.unwrap_or_else(|| "a panic without a message".into()))
        }
    };
    if let Some(text) = outcome {
        let ended = AssertUnwindSafe(|| job.end(Outcome::Panicked(text)));
        drop(catch_unwind(ended));
    }
    *slot = None;
    drop(slot);
    jobs.swap_remove(index);
}

fn empty(job: &Mutex<Option<Job>>) {
    *job.lock().unwrap_or_else(PoisonError::into_inner) = None;
}
