//! The door of the front end.

use std::collections::VecDeque;

use super::split::Splitter;
use super::{Error, Sentence, SymbolTable, UserLexicon, ssml};
use crate::voice::config::{FrontendConfig, LexiconUse};

/// How written text becomes spoken words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cleaner {
    /// Everything is written out as it is said; a missing final mark is added, since Tacotron 2 may
    /// not stop without one.
    #[default]
    English,
    /// The published English cleaners, mistakes included (section 1.2 of the recipe).
    Published,
}

/// Text to symbol ids, for one voice. It is immutable and may be used from several threads.
#[derive(Clone, Debug)]
pub struct FrontEnd {
    pub(super) table: SymbolTable,
    pub(super) cleaner: Cleaner,
    /// Known words are written as phonemes.
    pub(super) phonemes: bool,
    pub(super) user: UserLexicon,
    /// 0 is no limit.
    pub(super) max_symbols: usize,
}

impl FrontEnd {
    /// A front end for a voice, with the [`Cleaner::English`] cleaner and no user lexicon.
    ///
    /// # Errors
    ///
    /// [`Error::Symbols`] if the voice's symbol table cannot be used.
    pub fn new(config: &FrontendConfig) -> Result<Self, Error> {
        let table = if config.symbols.is_empty() {
            SymbolTable::published()
        } else {
            SymbolTable::new(&config.symbols)?
        };
        // A table without letters leaves no choice.
        let phonemes =
            config.lexicon == LexiconUse::Cmudict && table.has_phonemes() || !table.has_letters();
        Ok(Self {
            table,
            cleaner: Cleaner::default(),
            phonemes,
            user: UserLexicon::default(),
            max_symbols: config.max_symbols,
        })
    }

    /// Chooses the cleaner.
    #[must_use]
    pub fn with_cleaner(mut self, cleaner: Cleaner) -> Self {
        self.cleaner = cleaner;
        self
    }

    /// Adds the user's words, which come before the voice's lexicon and the rules of the English
    /// cleaner. Words given as phonemes are used if the voice has phonemes. The published cleaners do
    /// not look words up.
    #[must_use]
    pub fn with_lexicon(mut self, lexicon: UserLexicon) -> Self {
        self.user = lexicon;
        self
    }

    /// The symbols of the voice.
    #[must_use]
    pub fn table(&self) -> &SymbolTable {
        &self.table
    }

    /// The sentences of a text of any length, one at a time. Sentences without a speakable symbol are
    /// left out, so that none at all means: nothing to speak. Each ends in `.`, `?` or `!`, and has at
    /// most `max_symbols` symbols if the voice says so.
    pub fn sentences<'a>(&'a self, text: &'a str) -> Sentences<'a> {
        Sentences {
            front_end: self,
            source: Source::Plain {
                text,
                splitter: Splitter::new(text),
            },
            ready: VecDeque::new(),
        }
    }

    /// The sentences of an SSML document. All of it is read at once; places in the sentences are places in
    /// the document. A sentence without symbols is a pause, or the place of marks after which nothing is
    /// spoken.
    ///
    /// # Errors
    ///
    /// [`Error::Ssml`] if it is not one element `speak`, not well-formed, or too large.
    pub fn ssml(&self, text: &str) -> Result<Sentences<'_>, Error> {
        Ok(Sentences {
            front_end: self,
            source: Source::Ssml(ssml::read(text, self)?),
            ready: VecDeque::new(),
        })
    }

    /// The whole text as one sentence, however long. With [`Cleaner::Published`] the ids are exactly those
    /// of the published front end: nothing added, nothing trimmed. They may be none: see
    /// [`Sentence::is_speakable`].
    #[must_use]
    pub fn encode(&self, text: &str) -> Sentence {
        match self.cleaner {
            Cleaner::English => {
                self.assemble(text, 0..text.len(), &self.said(self.pieces(text, 0)))
            }
            Cleaner::Published => self.published(text, 0),
        }
    }

    /// Whether there is anything to speak in a text.
    ///
    /// # Errors
    ///
    /// [`Error::NothingToSpeak`] if [`Self::sentences`] would give no sentence.
    pub fn check(&self, text: &str) -> Result<(), Error> {
        self.sentences(text)
            .next()
            .map(|_| ())
            .ok_or(Error::NothingToSpeak)
    }
}

/// Iterator over the sentences of a text; holds one at a time.
#[derive(Debug)]
pub struct Sentences<'a> {
    front_end: &'a FrontEnd,
    source: Source<'a>,
    /// Parts of a sentence that was too long.
    ready: VecDeque<Sentence>,
}

#[derive(Debug)]
enum Source<'a> {
    Plain {
        text: &'a str,
        splitter: Splitter<'a>,
    },
    Ssml(ssml::Blocks),
}

impl Sentences<'_> {
    /// What in an SSML document is not followed, in words: elements and values that are not known.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match &self.source {
            Source::Plain { .. } => &[],
            Source::Ssml(blocks) => &blocks.warnings,
        }
    }
}

impl Iterator for Sentences<'_> {
    type Item = Sentence;

    fn next(&mut self) -> Option<Sentence> {
        loop {
            if let Some(sentence) = self.ready.pop_front() {
                return Some(sentence);
            }
            match &mut self.source {
                Source::Plain { text, splitter } => {
                    let range = splitter.next()?;
                    let text = text.get(range.clone())?;
                    self.front_end
                        .speakable_parts(text, range.start, &mut self.ready);
                }
                Source::Ssml(blocks) => {
                    if !blocks.next(self.front_end, &mut self.ready) {
                        return None;
                    }
                }
            }
        }
    }
}

impl FrontEnd {
    /// Runs a text through everything and checks what is promised of the result. It is meant for fuzzing and
    /// tests.
    ///
    /// # Panics
    ///
    /// If a promise is broken: that is a bug of this crate.
    #[doc(hidden)]
    pub fn prove(&self, text: &str) {
        let mut end = 0;
        let whole = self.encode(text);
        for (sentence, split) in self
            .sentences(text)
            .map(|s| (s, true))
            .chain([(whole, false)])
        {
            assert_eq!(sentence.symbols.len(), sentence.ids.len());
            assert!(
                sentence
                    .ids
                    .iter()
                    .all(|&id| (id as usize) < self.table.len())
            );
            assert_eq!(
                text.get(sentence.source.clone()),
                Some(sentence.text.as_str())
            );
            let mut last = 0;
            for word in &sentence.words {
                assert!(
                    text.get(word.source.clone()).is_some(),
                    "{word:?} is no part of the input"
                );
                assert!(last <= word.symbols.start && word.symbols.start < word.symbols.end);
                assert!(word.symbols.end <= sentence.ids.len());
                last = word.symbols.end;
            }
            if split {
                assert!(sentence.is_speakable());
                assert!(
                    sentence.source.start >= end || self.max_symbols > 0,
                    "sentences are in order"
                );
                end = sentence.source.end;
                let mark = sentence.symbols.last().map(|name| &**name);
                assert!(
                    matches!(mark, Some("." | "!" | "?")),
                    "{mark:?} ends the sentence"
                );
            }
        }
    }
}
