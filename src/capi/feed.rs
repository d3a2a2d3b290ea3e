//! Text in pieces
//!
//! An utterance may begin to speak before its text is complete: as a language model writes it, say.

use std::ffi::c_char;

use super::boundary::{Failure, Result, boundary};
use super::handle::Object as _;
use super::memory;
use super::options::tts_utterance_config;
use super::status::{TTS_ERROR_STATE, tts_status};
use super::utterance::{UtteranceObject, start, tts_utterance};
use super::voice::tts_voice;
use crate::synth::queue::Feed;

/// Opens an utterance whose text comes in pieces: see tts_utterance_feed.
///
/// Ownership, threads and errors: as tts_utterance_start, but for those of the text; and TTS_ERROR_ARGUMENT for
/// SSML, which is a whole document. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_open(
    voice: *const tts_voice,
    config: *const tts_utterance_config,
    out_utterance: *mut *mut tts_utterance,
) -> tts_status {
    boundary(|| start(voice, None, config, out_utterance))
}

/// Adds a piece to the text of an utterance that was opened. Pieces may end anywhere, also within a word or a
/// character; a sentence is spoken as soon as the next one begins. A piece that is not UTF-8 is left out, together
/// with the beginning of a character before it.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8, TTS_ERROR_OUT_OF_MEMORY,
/// TTS_ERROR_FORKED, and TTS_ERROR_STATE if the utterance was not opened, or finished before. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_feed(
    utterance: *mut tts_utterance,
    text: *const c_char,
) -> tts_status {
    boundary(|| push(utterance, memory::text_bytes(text, "text")?))
}

/// As tts_utterance_feed, for a piece of `text_size` bytes that need not end in NUL. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_feed_n(
    utterance: *mut tts_utterance,
    text: *const c_char,
    text_size: usize,
) -> tts_status {
    boundary(|| push(utterance, memory::bytes(text.cast(), text_size, "text")?))
}

/// Speaks what was fed so far without waiting for the end of its sentence.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_FORKED, and TTS_ERROR_STATE as for
/// tts_utterance_feed. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_flush(utterance: *mut tts_utterance) -> tts_status {
    boundary(|| feed(utterance, |feed| Ok(feed.flush())))
}

/// Says that no more text will be fed. The rest is spoken, then the utterance ends; if there was nothing to speak
/// in all of it, with TTS_ERROR_NOTHING_TO_SPEAK. A character without its end is left out.
///
/// Threads and errors: as tts_utterance_flush. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_finish(utterance: *mut tts_utterance) -> tts_status {
    boundary(|| feed(utterance, |feed| Ok(feed.finish())))
}

fn push(utterance: *mut tts_utterance, piece: &[u8]) -> Result<()> {
    feed(utterance, |feed| {
        feed.push(piece)
            .map_err(|error| memory::not_utf8("text", error))
    })
}

/// Does something to the text, which must still be growing, and tells the worker.
fn feed(utterance: *mut tts_utterance, act: impl FnOnce(&Feed) -> Result<bool>) -> Result<()> {
    let object = UtteranceObject::registry().get(utterance)?;
    object.at_home()?;
    if !object.fed {
        let message = "the utterance was started with its whole text, and takes no more";
        return Err(Failure::new(TTS_ERROR_STATE, message));
    }
    if !act(object.utterance.feed())? {
        return Err(Failure::new(
            TTS_ERROR_STATE,
            "the text was finished before",
        ));
    }
    object.utterance.wake();
    Ok(())
}
