//! What the front end gives: a sentence with its symbols, and where they come from.

use std::ops::Range;

use super::Prosody;

/// A sentence, ready to be spoken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sentence {
    /// The text as it was given; of SSML, the text without its elements.
    pub text: String,
    /// Where it stands in the input, in bytes.
    pub source: Range<usize>,
    /// The text as it will be said; phonemes given by the caller stand in braces.
    pub normalized: String,
    /// Names of the symbols: characters, and ARPAbet with `@` before it.
    pub symbols: Vec<String>,
    /// Ids of the symbols, for the network.
    pub ids: Vec<u32>,
    /// The words of the input in order, and which symbols came of them.
    pub words: Vec<Word>,
    /// Seconds of silence before it; `None` leaves it to the caller. Only SSML sets this and what follows.
    pub pause: Option<f32>,
    /// From which symbols on it is spoken in another manner than the voice's own, in order.
    pub prosody: Vec<(usize, Prosody)>,
    /// Marks that the author has put into the text, in order.
    pub marks: Vec<NamedMark>,
}

/// A mark with a name, put into the text by its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMark {
    /// The symbol before which it stands.
    pub symbol: usize,
    /// Its name.
    pub name: String,
    /// Where it stands in the input, in bytes.
    pub source: Range<usize>,
}

/// A word of the input: "$3.50" is one, although three are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Bytes of the input.
    pub source: Range<usize>,
    /// Positions in the sentence's `symbols` and `ids`.
    pub symbols: Range<usize>,
}

impl Sentence {
    /// Whether there is a letter or phoneme in it, and not marks alone.
    #[must_use]
    pub fn is_speakable(&self) -> bool {
        self.symbols
            .iter()
            .any(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))
    }
}
