//! Memory that may not be there.
//!
//! Rust ends the process when an allocation fails. What grows with a voice, a text or a buffer is therefore asked for
//! here: without room for it the work unwinds, silently, as far as [`or_error`] or the C interface, where it becomes
//! an error. What is small comes out of the reserve of `capi::reserve`, and [`check`] sees to it that nothing is begun
//! on that.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backend;

/// There was no room for so many bytes.
#[derive(Debug, thiserror::Error)]
#[error("no room for {0} bytes")]
pub(crate) struct NoRoom(usize);

impl From<NoRoom> for backend::Error {
    fn from(no_room: NoRoom) -> Self {
        Self::OutOfMemory(no_room.to_string())
    }
}

fn unwind<T>(count: usize) -> ! {
    resume_unwind(Box::new(NoRoom(count.saturating_mul(size_of::<T>()))))
}

/// Makes room for `more` elements.
pub(crate) fn reserve<T>(vector: &mut Vec<T>, more: usize) {
    if vector.try_reserve(more).is_err() {
        unwind::<T>(more);
    }
}

/// As many zeros.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Vec<T> {
    let mut vector = Vec::new();
    if vector.try_reserve_exact(count).is_err() {
        unwind::<T>(count);
    }
    vector.resize(count, T::default());
    vector
}

/// A copy of a slice.
pub(crate) fn copy<T: Copy>(slice: &[T]) -> Vec<T> {
    let mut vector = Vec::new();
    if vector.try_reserve_exact(slice.len()).is_err() {
        unwind::<T>(slice.len());
    }
    vector.extend_from_slice(slice);
    vector
}

/// Adds to a text.
pub(crate) fn push_str(text: &mut String, piece: &str) {
    if text.try_reserve(piece.len()).is_err() {
        unwind::<u8>(piece.len());
    }
    text.push_str(piece);
}

/// Looks whether there is room for as many elements, for those who allocate by themselves.
pub(crate) fn expect<T>(count: usize) {
    reserve::<T>(&mut Vec::new(), count);
}

/// The error of `work`, also if there was no room for it.
pub(crate) fn or_error<T, E: From<backend::Error>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // What is left half-changed is not looked at again: the callers give it up with their error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| match panic.downcast::<NoRoom>() {
        Ok(no_room) => Err(backend::Error::from(*no_room).into()),
        Err(panic) => resume_unwind(panic),
    })
}

/// Whether the system had no memory when it was last asked.
static SHORT: AtomicBool = AtomicBool::new(false);

/// More than the reserve gives at once, so that the answer is the system's.
const PROBE: usize = 1 << 20;

/// The system has no memory left, and what goes on does so on the reserve.
#[cfg(feature = "reserve")]
pub(crate) fn say_short() {
    SHORT.store(true, Ordering::Relaxed);
}

/// Unwinds while the system has no memory: to be called before a piece of work.
pub(crate) fn check() {
    if SHORT.load(Ordering::Relaxed) {
        probe();
        SHORT.store(false, Ordering::Relaxed);
    }
}

/// Unwinds if the system has no memory. To be called before a thread is started: what the standard library needs for
/// that does not come from the reserve.
pub(crate) fn probe() {
    expect::<u8>(PROBE);
}
