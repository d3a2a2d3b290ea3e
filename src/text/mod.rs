//! Text front end: raw text to sentences, to normalised words, to symbol ids.
//!
//! [`FrontEnd`] is the door. It is made from the voice's configuration, because the symbol table,
//! the lexicon and the longest sentence are the voice's:
//!
//! ```
//! use tts::text::FrontEnd;
//! use tts::voice::config::FrontendConfig;
//!
//! let front_end = FrontEnd::new(&FrontendConfig::default())?;
//! let sentences: Vec<_> = front_end.sentences("Dr. Who paid $3.50. Why?").collect();
//! assert_eq!(sentences[0].normalized, "doctor who paid three dollars and fifty cents.");
//! assert_eq!(sentences[1].normalized, "why?");
//! # Ok::<(), tts::text::Error>(())
//! ```
//!
//! The way of a text, one file each:
//!
//! ```text
//! input -> split       sentences, on meaning
//!       -> english     words and punctuation, each with its place in the input  (or published)
//!       -> clauses     too long a sentence is cut
//!       -> lexicon     known words become phonemes
//!       -> encode      symbols and ids
//! ```
//!
//! [`FrontEnd::ssml`] takes SSML in place of plain text: `ssml` turns it into plain text first.
//!
//! Every step takes any input, is linear in its length, and never panics.

mod clauses;
mod encode;
mod english;
mod error;
mod frontend;
mod lexicon;
mod numerals;
mod published;
mod sentence;
mod split;
mod ssml;
mod symbols;
#[cfg(test)]
mod tests;
mod transliterate;

pub use error::Error;
pub use frontend::{Cleaner, FrontEnd, Sentences};
pub use lexicon::UserLexicon;
pub use sentence::{NamedMark, Sentence, Word};
pub use ssml::{MAX_BYTES as MAX_SSML_BYTES, Prosody};
pub use symbols::{ARPABET, SymbolTable};
