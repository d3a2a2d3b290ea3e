//! What every exported function goes through: errors become a status, panics stop here.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_char;
use std::fmt;
use std::io::ErrorKind;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::status::{
    TTS_ERROR_ARGUMENT, TTS_ERROR_CALLBACK, TTS_ERROR_DEVICE, TTS_ERROR_DEVICE_LOST,
    TTS_ERROR_FORKED, TTS_ERROR_INTERNAL, TTS_ERROR_LEXICON, TTS_ERROR_NOTHING_TO_SPEAK,
    TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_SSML, TTS_ERROR_VOICE_FORMAT, TTS_ERROR_VOICE_READ, TTS_OK,
    tts_status,
};
use crate::room::NoRoom;
use crate::{backend, nn, synth, text, voice};

/// An error on its way to C.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: tts_status,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(status: tts_status, message: impl fmt::Display) -> Self {
        Self {
            status,
            message: message.to_string(),
        }
    }
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

impl From<voice::Error> for Failure {
    fn from(error: voice::Error) -> Self {
        let status = match &error {
            voice::Error::Read { source, .. } if source.kind() == ErrorKind::OutOfMemory => {
                TTS_ERROR_OUT_OF_MEMORY
            }
            voice::Error::Read { .. } => TTS_ERROR_VOICE_READ,
            _ => TTS_ERROR_VOICE_FORMAT,
        };
        Self::new(status, error)
    }
}

impl From<text::Error> for Failure {
    fn from(error: text::Error) -> Self {
        Self::of(&error.into())
    }
}

impl From<synth::Error> for Failure {
    fn from(error: synth::Error) -> Self {
        Self::of(&error)
    }
}

impl Failure {
    /// The failure that an error of the engine is.
    pub(super) fn of(error: &synth::Error) -> Self {
        Self::new(status_of(error), error)
    }

    /// A call in a child process to a worker of its parent.
    pub(super) fn forked() -> Self {
        let message =
            "the process was forked after the engine was made; make a new engine in the child";
        Self::new(TTS_ERROR_FORKED, message)
    }
}

fn status_of(error: &synth::Error) -> tts_status {
    match error {
        synth::Error::Text(text::Error::NothingToSpeak) => TTS_ERROR_NOTHING_TO_SPEAK,
        synth::Error::Text(text::Error::Lexicon { .. }) => TTS_ERROR_LEXICON,
        synth::Error::Text(text::Error::Ssml { .. }) => TTS_ERROR_SSML,
        synth::Error::Device(error) | synth::Error::Network(nn::Error::Device(error)) => {
            match error {
                backend::Error::Unavailable(_) => TTS_ERROR_DEVICE,
                backend::Error::OutOfMemory(_) => TTS_ERROR_OUT_OF_MEMORY,
                backend::Error::Lost(_) => TTS_ERROR_DEVICE_LOST,
            }
        }
        synth::Error::Text(_) | synth::Error::Network(_) => TTS_ERROR_VOICE_FORMAT,
        synth::Error::Option { .. } | synth::Error::Audio(_) => TTS_ERROR_ARGUMENT,
        // An outcome of an utterance, and of no call.
        synth::Error::Cancelled => TTS_ERROR_INTERNAL,
    }
}

/// Runs the body of an exported function.
pub(super) fn boundary(body: impl FnOnce() -> Result<()>) -> tts_status {
    status_boundary(|| body().map(|()| TTS_OK))
}

/// As [`boundary`], for functions that have more than one way to succeed.
pub(super) fn status_boundary(body: impl FnOnce() -> Result<tts_status>) -> tts_status {
    // A body that panics has lost what it owned; what it shared is behind locks that are not poisoned
    // silently, or atomics: hence AssertUnwindSafe.
    match catch(body) {
        Ok(status) => status,
        Err(failure) => {
            set_last_error(&failure.message);
            failure.status
        }
    }
}

/// As [`status_boundary`], for functions that an audio callback may call. They leave no message: it would lie in
/// thread-local storage, which the system may allocate at the first touch.
pub(super) fn wait_free_boundary(
    body: impl FnOnce() -> std::result::Result<tts_status, tts_status>,
) -> tts_status {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status) | Err(status)) => status,
        Err(_) => TTS_ERROR_INTERNAL,
    }
}

/// Calls a function of the caller.
pub(super) fn in_callback<T>(call: impl FnOnce() -> T) -> T {
    let outer = IN_CALLBACK.replace(true);
    let result = call();
    IN_CALLBACK.set(outer);
    result
}

/// Refuses what would wait for the callback that this thread is in.
pub(super) fn outside_callbacks(function: &str) -> Result<()> {
    if IN_CALLBACK.get() {
        let message = format!("{function} was called in a callback, which it would wait for");
        return Err(Failure::new(TTS_ERROR_CALLBACK, message));
    }
    Ok(())
}

/// Runs `body`; a panic becomes [`TTS_ERROR_INTERNAL`] and nothing is printed.
pub(super) fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let outer = INSIDE.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(outer);
    result.unwrap_or_else(|panic| {
        Err(match panic.downcast_ref::<NoRoom>() {
            Some(no_room) => Failure::new(TTS_ERROR_OUT_OF_MEMORY, no_room),
            None => Failure::new(TTS_ERROR_INTERNAL, panic_message(&*panic)),
        })
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "internal error: {}",
        text.unwrap_or("a panic without a message")
    )
}

/// Keeps panics of this library's calls and threads off standard error. Rust code in the same
/// process keeps its own hook.
pub(super) fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let ours = || {
                std::thread::current()
                    .name()
                    .is_some_and(|name| name.starts_with("tts "))
            };
            if !INSIDE.get() && !ours() {
                others(info);
            }
        }));
    });
}

/// Bytes of a message, its end included.
const MESSAGE: usize = 1024;

thread_local! {
    /// Whether this thread is in a call of the library.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread is in a function of the caller's, called by the library.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
    /// Without a destructor, so that no thread's end runs code of a library that is unloaded.
    static LAST_ERROR: UnsafeCell<[u8; MESSAGE]> = const { UnsafeCell::new([0; MESSAGE]) };
}

pub(super) fn last_error() -> *const c_char {
    LAST_ERROR.with(|message| message.get().cast())
}

pub(super) fn set_last_error(message: &str) {
    let cut = message.floor_char_boundary(MESSAGE - 1);
    LAST_ERROR.with(|buffer| {
        // SAFETY: the buffer is this thread's alone, and no reference to it outlives this closure: C
        // holds a pointer, and knows that the text changes.
        let buffer = unsafe { &mut *buffer.get() };
        buffer[..cut].copy_from_slice(&message.as_bytes()[..cut]);
        // C would see the text end at a zero inside it.
        buffer[..cut]
            .iter_mut()
            .filter(|byte| **byte == 0)
            .for_each(|byte| *byte = b' ');
        buffer[cut..].fill(0);
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn message() -> &'static str {
        // SAFETY: the buffer ends in a zero and belongs to this thread.
        unsafe { CStr::from_ptr(last_error()) }.to_str().unwrap()
    }

    /// A panic inside a call becomes a status, and its text can be asked for.
    #[test]
    fn a_panic_becomes_a_status() {
        silence_panics();
        assert_eq!(boundary(|| panic!("lost {}", 7)), TTS_ERROR_INTERNAL);
        assert_eq!(message(), "internal error: lost 7");
        assert_eq!(boundary(|| Ok(())), TTS_OK);
        assert_eq!(
            message(),
            "internal error: lost 7",
            "success leaves the message alone"
        );
    }

    /// A message longer than the buffer is cut between characters, and zeros in it do not end it.
    #[test]
    fn a_message_is_cut_at_a_character() {
        set_last_error(&"ü".repeat(2000));
        assert_eq!(message(), "ü".repeat(511));
        set_last_error("a\0b");
        assert_eq!(message(), "a b");
    }
}
