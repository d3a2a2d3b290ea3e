//! Status codes and messages
//!
//! 0 is success, above 0 is success with something to say, below 0 is an error. The numbers never change
//! their meaning; later versions may add some, so treat an unknown negative one as an error.

use std::ffi::c_char;

use super::boundary;

/// What a function has to say: one of TTS_OK and the constants beside it.
pub type tts_status = i32;

/// Done.
pub const TTS_OK: tts_status = 0;
/// These were the last samples.
pub const TTS_END: tts_status = 1;
/// Fewer samples than asked for: more are not ready yet.
pub const TTS_UNDERRUN: tts_status = 2;
/// Nothing is waiting to be taken.
pub const TTS_EMPTY: tts_status = 3;
/// The time is over, what was waited for is not.
pub const TTS_TIMEOUT: tts_status = 4;
/// The utterance was cancelled.
pub const TTS_CANCELLED: tts_status = 5;
/// Everything was spoken, but a sentence was cut off at the limit of decoder steps.
pub const TTS_STEP_LIMIT: tts_status = 6;
/// Everything was spoken, but a sentence lost its place, and words of it may be missing, repeated or unclear.
pub const TTS_ATTENTION_LOST: tts_status = 7;

/// An argument is NULL that must not be.
pub const TTS_ERROR_NULL: tts_status = -101;
/// A handle that is not one: never made, already destroyed, or of another kind.
pub const TTS_ERROR_HANDLE: tts_status = -102;
/// A value is outside its range, or not a number.
pub const TTS_ERROR_ARGUMENT: tts_status = -103;
/// A struct_size that no header of this library has had: initialise the struct first.
pub const TTS_ERROR_STRUCT_SIZE: tts_status = -104;
/// A text is not UTF-8.
pub const TTS_ERROR_UTF8: tts_status = -105;
/// Another thread is in a call that only one may be in.
pub const TTS_ERROR_BUSY: tts_status = -106;
/// The object is not in a state in which this can be done.
pub const TTS_ERROR_STATE: tts_status = -107;
/// This cannot be done in a callback of the library, which would wait for itself.
pub const TTS_ERROR_CALLBACK: tts_status = -108;
/// The process was forked after the engine was made: make a new engine in the child.
pub const TTS_ERROR_FORKED: tts_status = -109;

/// The voice file cannot be read.
pub const TTS_ERROR_VOICE_READ: tts_status = -201;
/// The voice file can be read, but is no voice: damaged, of another format, or contradicting itself.
pub const TTS_ERROR_VOICE_FORMAT: tts_status = -202;

/// There is nothing to speak in the text.
pub const TTS_ERROR_NOTHING_TO_SPEAK: tts_status = -301;
/// A lexicon entry cannot be read.
pub const TTS_ERROR_LEXICON: tts_status = -302;
/// The text is not SSML, although it should be.
pub const TTS_ERROR_SSML: tts_status = -303;

/// The device is not there, or does not work.
pub const TTS_ERROR_DEVICE: tts_status = -401;
/// The engine that the handle belongs to has been destroyed.
pub const TTS_ERROR_ENGINE_GONE: tts_status = -402;
/// There is no room for it: the system's or the device's memory is full, or the engine's memory_limit is reached.
pub const TTS_ERROR_OUT_OF_MEMORY: tts_status = -403;
/// The device stopped working: it was removed or reset, say, or its driver gave up. Nothing more can be spoken on this
/// engine; destroy it and make another.
pub const TTS_ERROR_DEVICE_LOST: tts_status = -404;

/// A mistake of this library; please report the message. The object can only be destroyed.
pub const TTS_ERROR_INTERNAL: tts_status = -901;

/// A short English text for a status, also for one that this version does not know. It lives as long as
/// the library.
///
/// Threads: any. Errors: none. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn tts_status_string(status: tts_status) -> *const c_char {
    text(status).as_ptr()
}

fn text(status: tts_status) -> &'static std::ffi::CStr {
    match status {
        TTS_OK => c"done",
        TTS_END => c"these were the last samples",
        TTS_UNDERRUN => c"more samples are not ready yet",
        TTS_EMPTY => c"nothing is waiting",
        TTS_TIMEOUT => c"the time is over",
        TTS_CANCELLED => c"cancelled",
        TTS_STEP_LIMIT => c"a sentence was cut off at the step limit",
        TTS_ATTENTION_LOST => c"a sentence lost its place",
        TTS_ERROR_NULL => c"an argument is NULL",
        TTS_ERROR_HANDLE => c"not a handle, or already destroyed",
        TTS_ERROR_ARGUMENT => c"a value is outside its range",
        TTS_ERROR_STRUCT_SIZE => c"wrong struct_size",
        TTS_ERROR_UTF8 => c"text is not UTF-8",
        TTS_ERROR_BUSY => c"another thread is in this call",
        TTS_ERROR_STATE => c"not possible in this state",
        TTS_ERROR_CALLBACK => c"not possible in a callback",
        TTS_ERROR_FORKED => c"the engine belongs to another process",
        TTS_ERROR_VOICE_READ => c"the voice file cannot be read",
        TTS_ERROR_VOICE_FORMAT => c"not a voice file, or damaged",
        TTS_ERROR_NOTHING_TO_SPEAK => c"nothing to speak",
        TTS_ERROR_LEXICON => c"a lexicon entry cannot be read",
        TTS_ERROR_SSML => c"not SSML",
        TTS_ERROR_DEVICE => c"the device does not work",
        TTS_ERROR_ENGINE_GONE => c"the engine has been destroyed",
        TTS_ERROR_OUT_OF_MEMORY => c"no room left in memory",
        TTS_ERROR_DEVICE_LOST => c"the device was lost",
        TTS_ERROR_INTERNAL => c"internal error",
        _ => c"unknown status",
    }
}

/// What went wrong in the last call on this thread that returned an error, in English, with the values
/// concerned. Never NULL; empty if nothing went wrong so far. Calls that succeed leave it alone, and so do
/// tts_utterance_read and tts_utterance_cancel, which must not allocate. Of an utterance that failed on the worker's
/// thread, tts_utterance_error tells.
///
/// Ownership: the library's; the text changes with the next error on this thread. Threads: any, each
/// has its own. Errors: none. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn tts_last_error() -> *const c_char {
    boundary::last_error()
}
