//! SSML: text with elements that say how it is to be spoken (W3C, Speech Synthesis Markup Language 1.1).
//!
//! The subset is `speak`, `p`, `s`, `break`, `prosody` (rate, pitch, volume), `sub`, `phoneme` with the alphabet
//! x-arpabet, `say-as` and `mark`. Other elements are read through: their text is spoken. A document becomes
//! blocks of plain text, which end where a pause is asked for; replacements stand in the plain text already,
//! and each block knows where its text comes from. So the front end sees plain text only.
//!
//! ```text
//! parse    XML -> blocks: text, places, prosody, marks
//! values   the values of attributes
//! say_as   what is to be read in a certain way becomes words
//! block    a block's sentences, with their places in the document
//! ```

mod block;
mod parse;
mod say_as;
mod values;

pub(super) use block::Blocks;

use super::{Error, FrontEnd};

/// How a stretch of speech differs from the voice's own manner, as factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prosody {
    /// Tempo, in [0.25, 4].
    pub rate: f32,
    /// Pitch, in [0.5, 2].
    pub pitch: f32,
    /// Loudness, in [0, 4].
    pub volume: f32,
}

impl Default for Prosody {
    fn default() -> Self {
        Self {
            rate: 1.0,
            pitch: 1.0,
            volume: 1.0,
        }
    }
}

/// Most bytes of a document.
pub const MAX_BYTES: usize = 4 << 20;

/// Reads a document.
pub(super) fn read(text: &str, front_end: &FrontEnd) -> Result<Blocks, Error> {
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes are too many; {MAX_BYTES} at most", text.len());
        return Err(Error::Ssml { at: 0, message });
    }
    parse::Parser::new(text, front_end).parse()
}

#[cfg(test)]
mod tests;
