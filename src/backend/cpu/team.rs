//! Fork and join for chains of short kernels.
//!
//! A decoder step is a chain of kernels of a few to a few hundred microseconds, each of which waits for
//! the one before. To wake a sleeping thread takes as long as many of them last. So a thread of the pool
//! that was called to help stays for a moment and looks out for the next kernel before it goes back.
#![allow(unsafe_code)]

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a helper looks out for more: longer than what a decoder step does on one thread.
const LINGER: Duration = Duration::from_micros(200);

/// Looks at the desk before the processor is offered to other threads, which may be the awaited ones
/// where there are more threads than cores.
const LOOKS: u32 = 256;

/// The caller's thread and its helpers from the current rayon pool. One thread at a time may give it
/// work, and no part of that work can give it more: the type is not `Sync`.
pub(super) struct Team {
    pool: usize,
    jobs: Arc<Jobs>,
    desk: Arc<Desk>,
    not_sync: PhantomData<std::cell::Cell<()>>,
}

/// How many teams share a pool.
#[derive(Debug, Default)]
pub(super) struct Jobs(AtomicUsize);

/// Work in parts: `run(0..parts)`, in any order, on any thread.
struct Task<'a> {
    run: &'a (dyn Fn(usize) + Sync),
    parts: usize,
}

/// Where work lies until it is taken.
#[derive(Default)]
struct Desk {
    /// The task's number in the upper half, and in the lower how many of its parts nobody has taken.
    open: AtomicU64,
    /// The task with that number: alive until its last part is finished.
    task: AtomicPtr<Task<'static>>,
    finished: AtomicUsize,
    /// Threads that were called and have not gone back to the pool.
    helpers: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Team {
    /// A team of all threads of the rayon pool in which it will work, `pool` in number.
    pub(super) fn new(pool: usize) -> Self {
        Self::beside(Arc::default(), pool)
    }

    /// A team that shares the pool evenly, as far as its threads divide, with those of the other `jobs` that are there.
    pub(super) fn beside(jobs: Arc<Jobs>, pool: usize) -> Self {
        jobs.0.fetch_add(1, Ordering::Relaxed);
        Self {
            pool,
            jobs,
            desk: Arc::default(),
            not_sync: PhantomData,
        }
    }

    /// Threads that are its own now, with the caller's.
    pub(super) fn threads(&self) -> usize {
        (self.pool / self.jobs.0.load(Ordering::Relaxed)).max(1)
    }

    /// Runs `run(0..parts)` and returns when all are done. A panic in one of them comes out here.
    pub(super) fn run(&self, parts: usize, run: &(dyn Fn(usize) + Sync)) {
        let threads = self.threads();
        if threads == 1 || parts <= 1 {
            (0..parts).for_each(run);
            return;
        }
        let desk = &self.desk;
        let task = Task { run, parts };
        let number = (desk.open.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        desk.finished.store(0, Ordering::Relaxed);
        desk.task
            .store(ptr::from_ref(&task).cast_mut().cast(), Ordering::Relaxed);
        desk.open
            .store(number << 32 | parts as u64, Ordering::Release);
        for _ in desk.helpers.load(Ordering::Relaxed)..parts.min(threads) - 1 {
            desk.helpers.fetch_add(1, Ordering::Relaxed);
            let desk = desk.clone();
            rayon::spawn(move || desk.help());
        }
        while desk.work() {}
        let mut looks = 0;
        while desk.finished.load(Ordering::Acquire) < parts {
            pause(&mut looks);
        }
        let panic = desk
            .panic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.jobs.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Desk {
    /// Takes a part and does it; false if none is left.
    fn work(&self) -> bool {
        let take = |open: u64| (open as u32 != 0).then(|| open - 1);
        let taken = self
            .open
            .fetch_update(Ordering::Acquire, Ordering::Acquire, take);
        let Ok(open) = taken else { return false };
        // SAFETY: a part of the task with this number is taken and not finished, so `run` has not
        // returned and the task is alive; its pointer was stored before `open`.
        let task = unsafe { &*self.task.load(Ordering::Relaxed) };
        let part = task.parts - open as u32 as usize;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (task.run)(part))) {
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
        self.finished.fetch_add(1, Ordering::Release);
        true
    }

    /// A helper's stay.
    fn help(&self) {
        let (mut idle, mut looks) = (Instant::now(), 0);
        loop {
            if self.work() {
                (idle, looks) = (Instant::now(), 0);
            } else if pause(&mut looks) && idle.elapsed() > LINGER {
                break;
            }
        }
        self.helpers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits a few cycles, or now and then as long as other threads want; says when it was the latter.
fn pause(looks: &mut u32) -> bool {
    *looks += 1;
    let long = looks.is_multiple_of(LOOKS);
    if long {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
    long
}

#[cfg(test)]
mod tests {
    use super::Team;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn in_a_pool(threads: usize, work: impl FnOnce() + Send) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(work);
    }

    /// A thousand tasks in a row, with pauses that let the helpers go: each part runs once, and all of
    /// them before `run` returns.
    #[test]
    fn every_part_runs_once() {
        for threads in [1, 2, 3, 8] {
            in_a_pool(threads, || {
                let team = Team::new(threads);
                for round in 0..1000 {
                    let parts = round % 11;
                    let ran: Vec<_> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    team.run(parts, &|i| {
                        ran[i].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(ran.iter().all(|n| n.load(Ordering::Relaxed) == 1));
                    if round % 250 == 249 {
                        std::thread::sleep(3 * super::LINGER);
                    }
                }
            });
        }
    }

    /// Teams divide the threads among those that are there, each with one at least.
    #[test]
    fn teams_share_a_pool() {
        let jobs = std::sync::Arc::default();
        let team = || Team::beside(std::sync::Arc::clone(&jobs), 8);
        let first = team();
        assert_eq!(first.threads(), 8);
        let others: Vec<_> = (0..2).map(|_| team()).collect();
        assert_eq!(first.threads(), 2);
        let many: Vec<_> = (0..9).map(|_| team()).collect();
        assert_eq!(first.threads(), 1);
        drop((others, many));
        assert_eq!(first.threads(), 8);
    }

    /// A pool without a free thread: the caller does it all.
    #[test]
    fn nobody_has_to_come() {
        in_a_pool(1, || {
            let sum = AtomicUsize::new(0);
            Team::new(4).run(10, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 45);
        });
    }

    #[test]
    fn a_panic_comes_out_after_the_other_parts() {
        in_a_pool(2, || {
            let (team, others) = (Team::new(2), AtomicUsize::new(0));
            let run = std::panic::AssertUnwindSafe(|| {
                team.run(8, &|i| {
                    assert!(i != 3, "part three");
                    others.fetch_add(1, Ordering::Relaxed);
                });
            });
            let panic = std::panic::catch_unwind(run).expect_err("a panic");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"part three"));
            assert_eq!(others.into_inner(), 7);
        });
    }
}
