//! Normalised text to symbols and ids.

use std::collections::HashMap;
use std::ops::Range;

use super::english::{Ending, Item, Piece, normalize};
use super::lexicon::{self, Saying};
use super::{FrontEnd, Sentence, Word, published};

/// A piece and its symbols.
pub(super) struct Said {
    pub(super) piece: Piece,
    pub(super) ids: Vec<u32>,
}

impl FrontEnd {
    pub(super) fn pieces(&self, text: &str, base: usize) -> Vec<Piece> {
        normalize(text, base, &|word| self.user.get(word).is_some())
    }

    /// Symbols of a word or of phonemes; marks have one.
    pub(super) fn symbols(&self, item: &Item, out: &mut Vec<u32>) {
        match item {
            Item::Mark(mark) => out.extend(self.table.character(*mark)),
            Item::Phonemes(names) => out.extend(names.iter().filter_map(|n| self.table.phoneme(n))),
            Item::Letter(letter, ending) => {
                let plural = *ending == Ending::S;
                let name = self
                    .phonemes
                    .then(|| lexicon::letter_name(*letter, plural))
                    .flatten();
                if let Some(pron) = name {
                    return self.phoneme_ids(&pron, out);
                }
                self.letters(letter.encode_utf8(&mut [0; 4]), out);
                self.letters(if plural { "'s" } else { "" }, out);
            }
            Item::Word(word) => self.word(word, out),
        }
    }

    fn word(&self, word: &str, out: &mut Vec<u32>) {
        match self.user.get(word) {
            Some(Saying::Phonemes(pron)) if self.table.has_phonemes() => {
                return self.phoneme_ids(pron, out);
            }
            Some(Saying::Words(words)) => {
                for (n, word) in words.iter().enumerate() {
                    if n > 0 {
                        out.extend(self.table.character(' '));
                    }
                    self.known_or_letters(word, out);
                }
                return;
            }
            _ => {}
        }
        self.known_or_letters(word, out);
    }

    fn known_or_letters(&self, word: &str, out: &mut Vec<u32>) {
        if !self.phonemes {
            return self.letters(word, out);
        }
        if let Some(pron) = self.pronounce(word) {
            return self.phoneme_ids(&pron, out);
        }
        // A compound is phonemes if every part is known, as the voices were trained.
        let parts: Option<Vec<_>> = word.split('-').map(|part| self.pronounce(part)).collect();
        match parts {
            Some(parts) => {
                for (n, pron) in parts.iter().enumerate() {
                    if n > 0 {
                        out.extend(self.table.character('-'));
                    }
                    self.phoneme_ids(pron, out);
                }
            }
            None if self.table.has_letters() => self.letters(word, out),
            None => {
                for pron in word.chars().filter_map(|c| lexicon::letter_name(c, false)) {
                    self.phoneme_ids(&pron, out);
                }
            }
        }
    }

    fn pronounce(&self, word: &str) -> Option<Vec<&'static str>> {
        match self.user.get(word) {
            Some(Saying::Phonemes(pron)) => Some(pron.clone()),
            _ => lexicon::pronounce(word),
        }
    }

    fn phoneme_ids(&self, pron: &[&str], out: &mut Vec<u32>) {
        out.extend(pron.iter().filter_map(|name| self.table.phoneme(name)));
    }

    fn letters(&self, word: &str, out: &mut Vec<u32>) {
        out.extend(word.chars().filter_map(|c| self.table.character(c)));
    }

    fn is_speakable(&self, ids: &[u32]) -> bool {
        ids.iter().any(|&id| self.table.is_sound(id))
    }

    /// The pieces of a text with their symbols.
    pub(super) fn said(&self, pieces: Vec<Piece>) -> Vec<Said> {
        // A row of digits is a thousand words, but ten different ones, and each look-up takes a microsecond.
        let mut known: HashMap<String, Vec<u32>> = HashMap::new();
        let mut symbols = |item: &Item| match item {
            Item::Word(word) => known.get(word).cloned().unwrap_or_else(|| {
                let mut ids = Vec::new();
                self.word(word, &mut ids);
                known.insert(word.clone(), ids.clone());
                ids
            }),
            other => {
                let mut ids = Vec::new();
                self.symbols(other, &mut ids);
                ids
            }
        };
        let said = |piece: Piece| Said {
            ids: symbols(&piece.item),
            piece,
        };
        pieces.into_iter().map(said).collect()
    }

    /// Puts pieces together: spaces between words, a mark at the end.
    pub(super) fn assemble(&self, text: &str, source: Range<usize>, pieces: &[Said]) -> Sentence {
        let mut sentence = Sentence {
            text: text.to_owned(),
            source,
            ..Sentence::default()
        };
        for Said { piece, ids: said } in pieces {
            let mark = matches!(piece.item, Item::Mark(_));
            if !sentence.normalized.is_empty() && !mark {
                sentence.normalized.push(' ');
            }
            write_item(&piece.item, &mut sentence.normalized);
            if said.is_empty() {
                continue;
            }
            if !sentence.ids.is_empty() && !mark {
                sentence.ids.extend(self.table.character(' '));
            }
            let from = sentence.ids.len();
            sentence.ids.extend_from_slice(said);
            if !mark {
                add_word(
                    &mut sentence.words,
                    piece.source.clone(),
                    from..sentence.ids.len(),
                );
            }
        }
        self.end_with_mark(&mut sentence);
        self.name_symbols(&mut sentence);
        sentence
    }

    /// Adds a full stop, or puts it in the place of a clause mark. The symbols are to be named after it.
    pub(super) fn end_with_mark(&self, sentence: &mut Sentence) {
        if !self.is_speakable(&sentence.ids) {
            return;
        }
        let Some(stop) = self.table.character('.') else {
            return;
        };
        let space = self.table.character(' ');
        while sentence.ids.last().is_some_and(|&id| Some(id) == space) {
            sentence.ids.pop();
        }
        sentence
            .normalized
            .truncate(sentence.normalized.trim_end().len());
        let last = sentence.ids.last().and_then(|&id| self.table.name(id));
        let last = last.unwrap_or("");
        if matches!(last, "," | ";" | ":" | "-") {
            sentence.ids.pop();
            if sentence.normalized.ends_with(last) {
                sentence.normalized.pop();
            }
        }
        // In published text, what was taken away was part of a word.
        let len = sentence.ids.len();
        for word in &mut sentence.words {
            word.symbols.end = word.symbols.end.min(len);
        }
        sentence.words.retain(|word| !word.symbols.is_empty());
        if !matches!(last, "." | "!" | "?") {
            sentence.ids.push(stop);
            if !sentence.normalized.ends_with('.') {
                sentence.normalized.push('.');
            }
        }
    }

    pub(super) fn name_symbols(&self, sentence: &mut Sentence) {
        sentence.symbols = self.table.names(&sentence.ids);
    }

    pub(super) fn published(&self, text: &str, base: usize) -> Sentence {
        let source = base..base + text.len();
        let mut sentence = Sentence {
            text: text.to_owned(),
            source,
            ..Sentence::default()
        };
        for part in published::parts(text) {
            match part {
                published::Part::Plain(range) => {
                    let start = base + range.start;
                    published::clean(&text[range], |chunk, cleaned| {
                        let from = sentence.ids.len();
                        self.letters(cleaned, &mut sentence.ids);
                        sentence.normalized.push_str(cleaned);
                        let symbols = from..sentence.ids.len();
                        if self.is_speakable(&sentence.ids[from..]) {
                            add_word(
                                &mut sentence.words,
                                start + chunk.start..start + chunk.end,
                                symbols,
                            );
                        }
                    });
                }
                published::Part::Braces(range) => {
                    let inner = &text[range.clone()];
                    let from = sentence.ids.len();
                    let names = inner.split_whitespace();
                    sentence
                        .ids
                        .extend(names.filter_map(|name| self.table.phoneme(name)));
                    sentence.normalized.push('{');
                    sentence.normalized.push_str(inner);
                    sentence.normalized.push('}');
                    if sentence.ids.len() > from {
                        let source = base + range.start - 1..base + range.end + 1;
                        add_word(&mut sentence.words, source, from..sentence.ids.len());
                    }
                }
            }
        }
        self.name_symbols(&mut sentence);
        sentence
    }
}

/// What is said for one place of the input is one word.
fn add_word(words: &mut Vec<Word>, source: Range<usize>, symbols: Range<usize>) {
    match words.last_mut() {
        Some(last) if last.source == source => last.symbols.end = symbols.end,
        _ => words.push(Word { source, symbols }),
    }
}

fn write_item(item: &Item, out: &mut String) {
    match item {
        Item::Word(word) => out.push_str(word),
        // A capital tells the letter A from the article.
        Item::Letter(letter, ending) => {
            out.push(letter.to_ascii_uppercase());
            out.push_str(if *ending == Ending::S { "'s" } else { "" });
        }
        Item::Mark(mark) => out.push(*mark),
        Item::Phonemes(names) => {
            out.push('{');
            out.push_str(&names.join(" "));
            out.push('}');
        }
    }
}
