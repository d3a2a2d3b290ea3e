//! What can go wrong in the front end.

/// An error of the text front end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The voice's symbol table cannot be used.
    #[error("symbol table: {0}")]
    Symbols(String),
    /// A line of a user lexicon cannot be read.
    #[error("lexicon, line {line}: {message}")]
    Lexicon {
        /// Line number, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A document is not SSML.
    #[error("SSML, byte {at}: {message}")]
    Ssml {
        /// Where, in bytes.
        at: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The text holds no letter, digit or phoneme that the voice could say.
    #[error("nothing to speak: the text is empty or holds no speakable symbol")]
    NothingToSpeak,
}
