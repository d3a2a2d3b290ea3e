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

/// A shape of the mouth: one of the constants TTS_VISEME_*. They are the fifteen that faces of games commonly have, in
/// the usual order, so that a number is the index of a blend shape.
pub type tts_viseme = i32;
/// The mark says nothing of the mouth.
pub const TTS_VISEME_NONE: tts_viseme = -1;
/// At rest.
pub const TTS_VISEME_SIL: tts_viseme = 0;
/// P, B, M.
pub const TTS_VISEME_PP: tts_viseme = 1;
/// F, V.
pub const TTS_VISEME_FF: tts_viseme = 2;
/// TH, DH.
pub const TTS_VISEME_TH: tts_viseme = 3;
/// T, D.
pub const TTS_VISEME_DD: tts_viseme = 4;
/// K, G, NG, HH.
pub const TTS_VISEME_KK: tts_viseme = 5;
/// CH, JH, SH, ZH.
pub const TTS_VISEME_CH: tts_viseme = 6;
/// S, Z.
pub const TTS_VISEME_SS: tts_viseme = 7;
/// N, L.
pub const TTS_VISEME_NN: tts_viseme = 8;
/// R, ER.
pub const TTS_VISEME_RR: tts_viseme = 9;
/// AA, AE, AH, AW, AY.
pub const TTS_VISEME_AA: tts_viseme = 10;
/// EH, EY.
pub const TTS_VISEME_E: tts_viseme = 11;
/// IH, IY, Y.
pub const TTS_VISEME_IH: tts_viseme = 12;
/// AO, OW, OY.
pub const TTS_VISEME_OH: tts_viseme = 13;
/// UH, UW, W.
pub const TTS_VISEME_OU: tts_viseme = 14;

/// The shape that a phoneme of ARPAbet begins with; a vowel may have its stress behind it.
fn viseme(phoneme: &str) -> tts_viseme {
    match phoneme.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "P" | "B" | "M" => TTS_VISEME_PP,
        "F" | "V" => TTS_VISEME_FF,
        "TH" | "DH" => TTS_VISEME_TH,
        "T" | "D" => TTS_VISEME_DD,
        "K" | "G" | "NG" | "HH" => TTS_VISEME_KK,
        "CH" | "JH" | "SH" | "ZH" => TTS_VISEME_CH,
        "S" | "Z" => TTS_VISEME_SS,
        "N" | "L" => TTS_VISEME_NN,
        "R" | "ER" => TTS_VISEME_RR,
        "AA" | "AE" | "AH" | "AW" | "AY" => TTS_VISEME_AA,
        "EH" | "EY" => TTS_VISEME_E,
        "IH" | "IY" | "Y" => TTS_VISEME_IH,
        "AO" | "OW" | "OY" => TTS_VISEME_OH,
        "UH" | "UW" | "W" => TTS_VISEME_OU,
        _ => TTS_VISEME_NONE,
    }
}

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
    /// The shape of the mouth from here on: that of a phoneme, TTS_VISEME_SIL at the end of a sentence, else
    /// TTS_VISEME_NONE. Since 0.1.
    pub viseme: tts_viseme,
    /// Must not be looked at.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first; 4, 4, three times 8, 32, 4 and 4 bytes have no padding; all bits are
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
            viseme: TTS_VISEME_NONE,
            reserved: 0,
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
            viseme: match mark.kind {
                MarkKind::Phoneme => viseme(&mark.name),
                MarkKind::End => TTS_VISEME_SIL,
                _ => TTS_VISEME_NONE,
            },
            ..Self::defaults()
        }
    }
}

/// Takes a mark. Called on the engine's worker thread, before the sound that the mark belongs to. What
/// tts_audio_callback says of its calls holds here too.
pub type tts_mark_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, mark: *const tts_mark)>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ARPABET;

    /// Every phoneme that a voice may have moves the mouth, whatever its stress.
    #[test]
    fn every_phoneme_has_a_viseme() {
        for phoneme in ARPABET {
            let shape = viseme(phoneme);
            assert!(
                (TTS_VISEME_PP..=TTS_VISEME_OU).contains(&shape),
                "{phoneme}"
            );
        }
        assert_eq!([viseme("AH0"), viseme("AH1")], [TTS_VISEME_AA; 2]);
        assert_eq!(viseme("start"), TTS_VISEME_NONE);
    }
}
