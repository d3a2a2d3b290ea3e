//! Handles: what C holds is a number dressed as a pointer, never an address.
//!
//! A handle names a slot of its type's [`Registry`], and the generation of the object in it. A
//! handle that was destroyed, made up, or belongs to another type is therefore recognised, not followed. To
//! look a handle up is wait-free and allocates nothing, so that an audio callback may do it; the slot
//! counts the calls that are inside, and [`Registry::remove`] waits for them.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Duration;

use super::boundary::{Failure, Result};
use super::status::{TTS_ERROR_HANDLE, TTS_ERROR_INTERNAL, TTS_ERROR_NULL, tts_status};
use crate::sync::UnsafeCell;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::thread;

/// A Rust object that C holds a handle to.
pub(super) trait Object: Send + Sync + Sized + 'static {
    /// The opaque type of the header.
    type C;
    /// What messages call it.
    const NAME: &'static str;
    /// Different for each type, below 16.
    const KIND: usize;

    /// Where all of its kind live.
    fn registry() -> &'static Registry<Self>;

    /// Makes calls that wait inside come back. No new call can begin by now.
    fn close(&self) {}

    /// Whether its threads are those of a parent process.
    fn is_forked(&self) -> bool {
        false
    }
}

/// Bits of a handle: kind below, then the slot, then the generation.
const KIND_BITS: u32 = 4;
const SLOT_BITS: u32 = if usize::BITS == 64 { 24 } else { 14 };
const GENERATION_BITS: u32 = usize::BITS - KIND_BITS - SLOT_BITS;
/// Slots of the first segment; each next one is twice as large.
const FIRST: usize = 64;
const SEGMENTS: usize = SLOT_BITS as usize - FIRST.trailing_zeros() as usize;

/// Bits of a slot's word: users below, two of state, and the generation above.
const USERS: u64 = (1 << 30) - 1;
/// An object is being put in or taken out.
const BUSY: u64 = 1 << 30;
/// An object is there for use.
const LIVE: u64 = 1 << 31;
const GENERATION: u32 = 32;
/// Generations begin here: small numbers and addresses of memory are then no handles.
const FIRST_GENERATION: u64 = 0x7454_5331;

struct Slot<T> {
    word: AtomicU64,
    object: UnsafeCell<Option<T>>,
}

// SAFETY: `object` is written only by the thread that has set BUSY, while no user is inside; users
// share it, for which `T: Sync` is asked, and it moves between threads, for which `T: Send` is.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

/// All objects of a kind.
pub(super) struct Registry<T> {
    segments: [OnceLock<Box<[Slot<T>]>>; SEGMENTS],
}

impl<T: Object> Registry<T> {
    pub(super) const fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
        }
    }

    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let segment = (index / FIRST + 1).ilog2() as usize;
        let first = FIRST * ((1 << segment) - 1);
        self.segments.get(segment)?.get()?.get(index - first)
    }

    /// Takes an object in and gives its handle.
    pub(super) fn insert(&self, object: T) -> Result<*mut T::C> {
        for segment in 0..SEGMENTS {
            let slots = self.segments[segment].get_or_init(|| {
                let free = || Slot {
                    word: AtomicU64::new(FIRST_GENERATION << GENERATION),
                    object: UnsafeCell::new(None),
                };
                std::iter::repeat_with(free)
                    .take(FIRST << segment)
                    .collect()
            });
            for (i, slot) in slots.iter().enumerate() {
                let claim = |word| (word & (LIVE | BUSY) == 0).then_some(word | BUSY);
                let Ok(word) = slot
                    .word
                    .fetch_update(Ordering::Acquire, Ordering::Relaxed, claim)
                else {
                    continue;
                };
                // SAFETY: BUSY is ours, and nobody looks inside a slot that is not LIVE.
                slot.object.with_mut(|at| unsafe { *at = Some(object) });
                slot.word.fetch_add(LIVE - BUSY, Ordering::Release);
                let index = FIRST * ((1 << segment) - 1) + i;
                return Ok(handle::<T>(index, word >> GENERATION));
            }
        }
        Err(Failure::new(
            TTS_ERROR_INTERNAL,
            format!("too many handles of type {}", T::NAME),
        ))
    }

    /// Looks a handle up; the object stays while the result lives.
    pub(super) fn get(&'static self, handle: *const T::C) -> Result<Use<T>> {
        self.look_up(handle).map_err(|status| match status {
            TTS_ERROR_NULL => Failure::new(status, format!("the {} is NULL", T::NAME)),
            _ => invalid::<T>(),
        })
    }

    /// As [`Self::get`], for calls that must not even allocate a message.
    pub(super) fn look_up(
        &'static self,
        handle: *const T::C,
    ) -> std::result::Result<Use<T>, tts_status> {
        if handle.is_null() {
            return Err(TTS_ERROR_NULL);
        }
        let (slot, generation) = self.find(handle).ok_or(TTS_ERROR_HANDLE)?;
        let user = Use {
            slot,
            registry: PhantomData,
        };
        let word = slot.word.fetch_add(1, Ordering::Acquire);
        if word & LIVE == 0 || !is_of(word, generation) {
            return Err(TTS_ERROR_HANDLE); // dropping `user` leaves the slot again
        }
        Ok(user)
    }

    fn find(&self, handle: *const T::C) -> Option<(&Slot<T>, u64)> {
        let bits = handle.addr();
        let kind = bits & ((1 << KIND_BITS) - 1);
        let index = bits >> KIND_BITS & ((1 << SLOT_BITS) - 1);
        let generation = bits >> (KIND_BITS + SLOT_BITS);
        (kind == T::KIND).then(|| Some((self.slot(index)?, generation as u64)))?
    }

    /// Ends a handle: waits until no call uses the object any more, and gives it back. In a child process it
    /// gives nothing: locks of the object may be held, and uses of it counted, by threads that are not there.
    pub(super) fn remove(&'static self, handle: *const T::C) -> Result<Option<T>> {
        let user = self.get(handle)?;
        let slot = user.slot;
        let generation = (handle.addr() >> (KIND_BITS + SLOT_BITS)) as u64;
        let close =
            |word| (word & LIVE != 0 && is_of(word, generation)).then_some(word - LIVE + BUSY);
        slot.word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, close)
            .map_err(|_| invalid::<T>())?;
        if user.is_forked() {
            return Ok(None); // and the slot stays BUSY
        }
        user.close();
        drop(user);
        let mut waits = 0;
        while slot.word.load(Ordering::Acquire) & USERS != 0 {
            waits += 1;
            if waits < 100 {
                thread::yield_now();
            } else {
                thread::sleep(Duration::from_micros(200));
            }
        }
        // SAFETY: BUSY is ours, and the last user has left; who enters now sees that the slot is not
        // LIVE and leaves without a look inside.
        let object = slot.object.with_mut(|at| unsafe { (*at).take() });
        slot.word
            .fetch_add((1 << GENERATION) - BUSY, Ordering::Release);
        Ok(object)
    }
}

/// A slot's generation has more bits than a handle has room for.
fn is_of(word: u64, generation: u64) -> bool {
    let kept = GENERATION_BITS.min(32);
    word >> GENERATION & ((1 << kept) - 1) == generation
}

fn handle<T: Object>(index: usize, generation: u64) -> *mut T::C {
    let kept = GENERATION_BITS.min(32);
    let generation = (generation & ((1 << kept) - 1)) as usize;
    let bits = generation << (KIND_BITS + SLOT_BITS) | index << KIND_BITS | T::KIND;
    std::ptr::without_provenance_mut(bits)
}

fn invalid<T: Object>() -> Failure {
    let message = format!(
        "not a living {}: never made, already destroyed, or of another kind",
        T::NAME
    );
    Failure::new(TTS_ERROR_HANDLE, message)
}

/// An object in use by a call.
pub(super) struct Use<T: Object> {
    slot: &'static Slot<T>,
    registry: PhantomData<&'static Registry<T>>,
}

impl<T: Object> Deref for Use<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `Registry::get` gives a `Use` out only when the slot was LIVE after this user was
        // counted; `remove` takes the object out only when the count is 0.
        let object = self.slot.object.with(|at| unsafe { &*at });
        object.as_ref().expect("a live slot holds an object")
    }
}

impl<T: Object> Drop for Use<T> {
    fn drop(&mut self) {
        self.slot.word.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;

    struct Thing {
        value: u32,
        closed: AtomicBool,
        /// Counts how many are alive.
        alive: Arc<()>,
    }

    struct CThing;

    static THINGS: Registry<Thing> = Registry::new();

    impl Object for Thing {
        type C = CThing;
        const NAME: &'static str = "thing";
        const KIND: usize = 9;

        fn registry() -> &'static Registry<Self> {
            &THINGS
        }

        fn close(&self) {
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    fn thing(value: u32, alive: &Arc<()>) -> Thing {
        Thing {
            value,
            closed: AtomicBool::new(false),
            alive: alive.clone(),
        }
    }

    /// Handles of destroyed objects stay invalid when their slot is used again; every object is
    /// dropped once.
    #[test]
    fn a_handle_is_valid_from_insert_to_remove() {
        let alive = Arc::new(());
        let handles: Vec<_> = (0..if cfg!(miri) { 70 } else { 500 })
            .map(|i| THINGS.insert(thing(i, &alive)).unwrap())
            .collect();
        for (i, &handle) in handles.iter().enumerate() {
            assert_eq!(THINGS.get(handle).unwrap().value, i as u32);
        }
        for &handle in &handles {
            assert!(THINGS.remove(handle).is_ok());
            assert_eq!(THINGS.get(handle).err().unwrap().status, TTS_ERROR_HANDLE);
        }
        let again = THINGS.insert(thing(1, &alive)).unwrap();
        assert!(!handles.contains(&again));
        assert!(handles.iter().all(|&handle| THINGS.remove(handle).is_err()));
        drop(THINGS.remove(again).unwrap());
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    /// Numbers that were never handles are refused, whatever their bits.
    #[test]
    fn what_is_no_handle_is_refused() {
        for bits in [1, 9, 0xdead_beef, usize::MAX, usize::MAX - 6, 9 | 1 << 27] {
            let handle = std::ptr::without_provenance::<CThing>(bits);
            assert_eq!(
                THINGS.get(handle).err().unwrap().status,
                TTS_ERROR_HANDLE,
                "{bits:#x}"
            );
        }
        assert_eq!(
            THINGS.get(std::ptr::null()).err().unwrap().status,
            TTS_ERROR_NULL
        );
    }

    /// `remove` waits for the calls inside, and only one of several removers wins.
    #[test]
    fn remove_waits_for_users_and_happens_once() {
        let alive = Arc::new(());
        for round in 0..if cfg!(miri) { 5 } else { 200 } {
            let handle = THINGS.insert(thing(round, &alive)).unwrap().addr();
            let handle = move || std::ptr::without_provenance::<CThing>(handle);
            let removed = std::thread::scope(|scope| {
                let user = scope.spawn(move || {
                    while let Ok(user) = THINGS.get(handle()) {
                        assert_eq!(user.value, round);
                        assert!(Arc::strong_count(&user.alive) > 1);
                    }
                });
                let removers = [(); 3].map(|()| scope.spawn(move || THINGS.remove(handle())));
                let removed = removers
                    .into_iter()
                    .filter_map(|remover| remover.join().unwrap().ok().flatten())
                    .collect::<Vec<_>>();
                user.join().unwrap();
                removed
            });
            assert_eq!(removed.len(), 1);
            assert!(removed[0].closed.load(Ordering::Relaxed));
        }
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
