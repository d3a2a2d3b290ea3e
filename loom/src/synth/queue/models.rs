//! The ring and the state of a job: `src/synth/queue/{ring,utterance}.rs`.

use loom::thread;

use super::Feed;
use super::job::{Job, Sink as _};
use super::ring::{Pull, ring};
use super::utterance::{Outcome, Shared, Utterance};
use super::worker::Waker;
use crate::sync::{Arc, Mutex, UnsafeCell};

/// Who is told that these were the last samples has all of them.
pub(crate) fn the_end_comes_after_the_last_sample() {
    let (mut sink, mut reader, _) = ring(2, 1);
    let writer = thread::spawn(move || {
        let mut rest = &[1.0, 2.0][..];
        while !rest.is_empty() {
            let (count, _) = sink.audio(&rest[..1]);
            rest = &rest[count..];
        }
        sink.end();
    });
    let mut heard = Vec::new();
    loop {
        let mut block = [0.0; 3];
        let (count, pull) = reader.read(&mut block, |sample| sample);
        heard.extend_from_slice(&block[..count]);
        match pull {
            Pull::End => break,
            Pull::Underrun => thread::yield_now(),
            Pull::Full => unreachable!("there are fewer than three samples"),
        }
    }
    assert_eq!(heard, [1.0, 2.0]);
    writer.join().unwrap();
}

/// An utterance with a job, and what its owner and the worker share.
struct Scene {
    utterance: Arc<Utterance>,
    shared: Arc<Shared>,
    job: Arc<Mutex<Option<Job>>>,
    /// Counted by the job.
    alive: Arc<()>,
    /// The caller's memory, which callbacks write to.
    heard: Arc<UnsafeCell<u32>>,
}

impl Scene {
    fn new() -> Self {
        let shared = Arc::new(Shared::new());
        let alive = Arc::new(());
        let job = Arc::new(Mutex::new(Some(Job(alive.clone()))));
        let utterance = Utterance {
            shared: shared.clone(),
            job: job.clone(),
            feed: Feed,
            waker: Waker,
        };
        Self {
            utterance: Arc::new(utterance),
            shared,
            job,
            alive,
            heard: Arc::new(UnsafeCell::new(0)),
        }
    }

    /// The worker: two chunks for the sink unless it is cancelled, the end, and the job is gone.
    fn worker(&self) -> thread::JoinHandle<()> {
        let (shared, job, heard) = (self.shared.clone(), self.job.clone(), self.heard.clone());
        thread::spawn(move || {
            let mut slot = job.lock().unwrap();
            if slot.is_none() {
                return; // abandoned before it began
            }
            for _ in 0..2 {
                let Some(guard) = shared.enter_sink() else {
                    shared.end(Outcome::Cancelled);
                    break;
                };
                // SAFETY: this is what the model proves.
                heard.with_mut(|heard| unsafe { *heard += 1 });
                drop(guard);
            }
            shared.end(Outcome::Complete);
            *slot = None;
        })
    }

    /// Nothing is left, and only one end was announced.
    fn end(self, worker: thread::JoinHandle<()>) {
        worker.join().unwrap();
        assert!(self.job.lock().unwrap().is_none(), "the job was freed");
        assert_eq!(Arc::strong_count(&self.alive), 1);
        assert!(self.utterance.outcome().is_some());
    }
}

/// After `abandon` the caller's callbacks are not running and will not run: it may free what they use.
pub(crate) fn nothing_is_heard_after_a_destroy() {
    let scene = Scene::new();
    let worker = scene.worker();
    scene.utterance.abandon();
    // SAFETY: as above; loom fails if the worker may be there too.
    let heard = scene.heard.with_mut(|heard| unsafe { *heard });
    assert!(heard <= 2);
    scene.end(worker);
}

/// A thread that waits for the end comes back, whether the utterance is spoken to the end or destroyed.
pub(crate) fn who_waits_comes_back() {
    let scene = Scene::new();
    let worker = scene.worker();
    let waiting = scene.utterance.clone();
    let waiter = thread::spawn(move || {
        assert!(waiting.wait(None));
        let outcome = waiting.outcome().unwrap();
        assert!(matches!(*outcome, Outcome::Complete | Outcome::Cancelled));
    });
    scene.utterance.abandon();
    waiter.join().unwrap();
    scene.end(worker);
}

/// A cancel alone, as from an audio callback, ends it too, by the worker.
pub(crate) fn a_cancel_is_seen() {
    let scene = Scene::new();
    let worker = scene.worker();
    scene.utterance.cancel();
    assert!(scene.utterance.wait(None));
    scene.end(worker);
}
