//! Handles and doors: `src/capi/{handle,exclusive}.rs`.

use loom::thread;

use super::exclusive::Exclusive;
use super::handle::{Object, Registry};
use super::status::TTS_ERROR_HANDLE;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// An object that counts how often it was dropped.
struct Thing {
    name: char,
    dropped: Arc<AtomicUsize>,
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

struct CThing;

impl Object for Thing {
    type C = CThing;
    const NAME: &'static str = "thing";
    const KIND: usize = 9;

    fn registry() -> &'static Registry<Self> {
        unreachable!("each run of a model has a registry of its own")
    }
}

/// A registry for one run of a model, which must have ended its threads when it frees it.
struct Scene {
    things: &'static Registry<Thing>,
    dropped: Arc<AtomicUsize>,
}

impl Scene {
    fn new() -> Self {
        Self {
            things: Box::leak(Box::new(Registry::new())),
            dropped: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// Handles travel between threads as numbers.
    fn insert(&self, name: char) -> usize {
        let dropped = self.dropped.clone();
        self.things.insert(Thing { name, dropped }).unwrap().addr()
    }

    fn end(self, dropped: usize) {
        assert_eq!(self.dropped.load(Ordering::Relaxed), dropped);
        // SAFETY: the threads that had the reference were joined.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(self.things).cast_mut()) });
    }
}

fn handle(number: usize) -> *const CThing {
    std::ptr::without_provenance(number)
}

/// A call uses an object while two threads destroy it: the object stays until the call has left, one of the
/// two succeeds, and the handle is dead from then on.
pub(crate) fn destroyed_in_use_and_twice() {
    let scene = Scene::new();
    let (things, thing) = (scene.things, scene.insert('a'));
    let user = thread::spawn(move || {
        if let Ok(user) = things.get(handle(thing)) {
            assert_eq!(user.name, 'a');
            assert_eq!(user.dropped.load(Ordering::Relaxed), 0);
        }
    });
    let remover = thread::spawn(move || things.remove(handle(thing)).is_ok());
    let here = things.remove(handle(thing)).is_ok();
    let there = remover.join().unwrap();
    user.join().unwrap();
    assert!(here != there, "removed by one of the two");
    assert_eq!(things.get(handle(thing)).err().unwrap().0, TTS_ERROR_HANDLE);
    scene.end(1);
}

/// The slot of a destroyed object is used again while somebody still holds the old handle: it never leads to
/// the new object.
pub(crate) fn an_old_handle_never_leads_to_a_new_object() {
    let scene = Scene::new();
    let (things, old) = (scene.things, scene.insert('a'));
    let late = thread::spawn(move || {
        if let Ok(user) = things.get(handle(old)) {
            assert_eq!(user.name, 'a');
        }
    });
    drop(things.remove(handle(old)).unwrap());
    let new = scene.insert('b');
    assert_ne!(old, new);
    assert_eq!(things.get(handle(new)).unwrap().name, 'b');
    late.join().unwrap();
    drop(things.remove(handle(new)).unwrap());
    scene.end(2);
}

/// Two threads read at once: one at a time is inside, and who is turned away has changed nothing.
pub(crate) fn one_at_a_time_behind_the_door() {
    let door = Arc::new(Exclusive::new(0));
    let other = door.clone();
    let there = thread::spawn(move || usize::from(other.try_with(|value| *value += 1).is_some()));
    let here = usize::from(door.try_with(|value| *value += 1).is_some());
    let entered = here + there.join().unwrap();
    assert!(entered >= 1);
    assert_eq!(door.try_with(|value| *value), Some(entered));
}
