//! The parts of the library that threads share, tried in every order of events.
//!
//! The files under test are those of the library, compiled against loom's atomics, locks and cells. What they
//! lean on and does not matter here is made small below. `cargo run --release` in this folder runs every model
//! and says how many orders it tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// As `src/sync.rs`, by loom.
mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard, atomic};

    pub(crate) mod thread {
        pub(crate) use loom::thread::yield_now;

        /// Time does not pass in a model; others go on.
        pub(crate) fn sleep(_: std::time::Duration) {
            yield_now();
        }
    }
}

#[expect(dead_code, reason = "the files serve more than the models")]
mod capi {
    #[path = "../../../src/capi/exclusive.rs"]
    pub(crate) mod exclusive;
    #[path = "../../../src/capi/handle.rs"]
    pub(crate) mod handle;
    pub(crate) mod models;

    pub(crate) mod status {
        #[expect(non_camel_case_types, reason = "the name of C")]
        pub(crate) type tts_status = i32;
        pub(crate) const TTS_ERROR_NULL: i32 = -101;
        pub(crate) const TTS_ERROR_HANDLE: i32 = -102;
        pub(crate) const TTS_ERROR_INTERNAL: i32 = -901;
    }

    pub(crate) mod boundary {
        #[derive(Debug)]
        pub(crate) struct Failure(pub(crate) i32);

        impl Failure {
            pub(crate) fn new(status: i32, _: impl std::fmt::Display) -> Self {
                Self(status)
            }
        }

        pub(crate) type Result<T> = std::result::Result<T, Failure>;
    }
}

#[expect(dead_code, reason = "the files serve more than the models")]
mod synth {
    pub(crate) type Mark = u32;
    #[derive(Debug)]
    pub(crate) struct Error;

    pub(crate) mod queue {
        pub(crate) mod models;
        #[path = "../../../../src/synth/queue/ring.rs"]
        pub(crate) mod ring;
        #[path = "../../../../src/synth/queue/utterance.rs"]
        pub(crate) mod utterance;

        pub(crate) struct Feed;

        pub(crate) mod job {
            pub(crate) trait Sink {
                fn mark(&mut self, mark: crate::synth::Mark);
                fn audio(&mut self, samples: &[f32]) -> (usize, Want);
                fn end(&mut self);
            }

            #[derive(Debug, PartialEq)]
            pub(crate) enum Want {
                More,
            }

            /// What a job holds is freed with it.
            pub(crate) struct Job(pub(crate) crate::sync::Arc<()>);
        }

        pub(crate) mod worker {
            pub(crate) struct Waker;

            impl Waker {
                pub(crate) fn wake(&self) {}
            }
        }
    }
}

/// Tries a model in every order, with as many changes of thread as most mistakes need and more.
fn model(name: &str, body: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(4);
    let orders = Arc::new(AtomicU64::new(0));
    let count = orders.clone();
    builder.check(move || {
        count.fetch_add(1, Relaxed);
        body();
    });
    println!("{name}: {} orders", orders.load(Relaxed));
}

fn main() {
    use capi::models as handles;
    use synth::queue::models as jobs;
    let models: [(&str, fn()); 7] = [
        (
            "destroyed in use and twice",
            handles::destroyed_in_use_and_twice,
        ),
        (
            "an old handle never leads to a new object",
            handles::an_old_handle_never_leads_to_a_new_object,
        ),
        (
            "one at a time behind the door",
            handles::one_at_a_time_behind_the_door,
        ),
        (
            "the end comes after the last sample",
            jobs::the_end_comes_after_the_last_sample,
        ),
        (
            "nothing is heard after a destroy",
            jobs::nothing_is_heard_after_a_destroy,
        ),
        ("who waits comes back", jobs::who_waits_comes_back),
        ("a cancel is seen", jobs::a_cancel_is_seen),
    ];
    for (name, body) in models {
        model(name, body);
    }
}
