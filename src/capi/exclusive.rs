//! A value that one thread at a time may use, and others are turned away from instead of waiting.

use crate::sync::UnsafeCell;
use crate::sync::atomic::{AtomicBool, Ordering};

pub(super) struct Exclusive<T> {
    busy: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `busy` lets one thread in at a time, so that the value only moves between threads.
unsafe impl<T: Send> Sync for Exclusive<T> {}

impl<T> Exclusive<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            busy: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Uses the value, unless somebody else does. Wait-free.
    pub(super) fn try_with<R>(&self, body: impl FnOnce(&mut T) -> R) -> Option<R> {
        /// Opens the door again, also after a panic.
        struct Leave<'a>(&'a AtomicBool);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }
        self.busy
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        let _leave = Leave(&self.busy);
        // SAFETY: `busy` was false and is true now by this thread's doing, so nobody else is here.
        Some(self.value.with_mut(|value| body(unsafe { &mut *value })))
    }
}
