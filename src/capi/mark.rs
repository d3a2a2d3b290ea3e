//! Marks
//!
//! When in the sound each sentence, word and phoneme is spoken: for lip-sync and subtitles. A mark is
//! there no later than the sound that it belongs to.

use std::ffi::{c_char, c_void};

use super::memory::{self, Versioned};
use crate::synth::{Mark, MarkKind};

/// What a mark marks: one of the constants TTS_MARK_*.
pub type tts_mark_kind = i32;
/// A sentence begins.
pub const TTS_MARK_SENTENCE: tts_mark_kind = 1;
/// A word begins.
pub const TTS_MARK_WORD: tts_mark_kind = 2;
/// A phoneme begins; its name is one of ARPAbet. Only for words that the voice speaks by phonemes.
pub const TTS_MARK_PHONEME: tts_mark_kind = 3;
/// A sentence is over.
pub const TTS_MARK_END: tts_mark_kind = 4;
/// An element `mark` of SSML; its name is that of the element.
pub const TTS_MARK_SSML: tts_mark_kind = 5;

/// A place in the sound, and the text that is spoken there.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_mark {
    /// Size of this struct as the program knows it. Set it to sizeof(tts_mark) before the call that
    /// fills it.
    pub struct_size: u32,
    /// What is here.
    pub kind: tts_mark_kind,
    /// Sample of the utterance's output, counted from its start.
    pub sample: u64,
    /// First byte of the text that is spoken here. In a text that is fed in pieces, bytes are counted
    /// from the first piece on.
    pub text_begin: u64,
    /// First byte after it.
    pub text_end: u64,
    /// The phoneme, such as "AH0", or the name of a mark of SSML, cut to 31 bytes; empty for other kinds.
    /// Ends in NUL.
    pub name: [c_char; 32],
}

// SAFETY: repr(C), struct_size first; 4, 4, three times 8 and 32 bytes have no padding; all bits are
// values.
unsafe impl Versioned for tts_mark {
    const NAME: &'static str = "mark";
    const FIRST_SIZE: usize = 64;

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            kind: 0,
            sample: 0,
            text_begin: 0,
            text_end: 0,
            name: [0; 32],
        }
    }
}

impl From<&Mark> for tts_mark {
    fn from(mark: &Mark) -> Self {
        Self {
            kind: match mark.kind {
                MarkKind::Sentence => TTS_MARK_SENTENCE,
                MarkKind::Word => TTS_MARK_WORD,
                MarkKind::Phoneme => TTS_MARK_PHONEME,
                MarkKind::End => TTS_MARK_END,
                MarkKind::Named => TTS_MARK_SSML,
            },
            sample: mark.sample,
            text_begin: mark.source.start as u64,
            text_end: mark.source.end as u64,
            name: memory::fixed_text(&mark.name),
            ..Self::defaults()
        }
    }
}

/// Takes a mark. Called on the engine's worker thread, before the sound that the mark belongs to. What
/// tts_audio_callback says of its calls holds here too.
pub type tts_mark_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, mark: *const tts_mark)>;
