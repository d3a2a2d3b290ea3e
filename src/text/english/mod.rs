//! English text as it is spoken: every number, sign and abbreviation becomes words.
//!
//! The text of one sentence is folded to known characters ([`scan`]), then read from left to right. At each
//! place the rules are asked in turn: addresses ([`web`]), numbers with all that stands around them
//! ([`numbers`], [`dates`], [`money`], [`units`]), words ([`words`], [`roman`]), then single signs. Each rule
//! looks ahead a bounded way, or consumes what it looked at, so the whole is linear.
//!
//! Dates like 3/4/2024 are read month first, as in the USA, unless only the other order is possible.

pub(super) mod abbreviations;
mod acronyms;
mod codes;
mod dates;
mod digits;
mod fold;
mod fractions;
mod marks;
mod money;
mod numbers;
mod places;
mod roman;
mod scan;
mod units;
mod web;
mod words;
mod years;

use std::ops::Range;

use scan::Scan;

/// A piece of normalised text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) item: Item,
    /// Bytes of the input that it stands for.
    pub(super) source: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A word: lower-case letters, apostrophes and hyphens.
    Word(String),
    /// A letter (lower case) that is said by its name, perhaps with an "s" behind it: "CDs".
    Letter(char, Ending),
    /// ARPAbet names given in braces.
    Phonemes(Vec<String>),
    /// One of `, . ; : ! ?`.
    Mark(char),
}

/// What follows a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    None,
    S,
}

/// Normalises one sentence whose first byte is at `base` in the input. `knows` tells whether the user's
/// lexicon has a (lower-case) word: such a word is left as it is.
pub(super) fn normalize(text: &str, base: usize, knows: &dyn Fn(&str) -> bool) -> Vec<Piece> {
    let mut reader = Reader {
        shouts: acronyms::is_shouting(text),
        scan: Scan::new(text, base),
        out: Vec::new(),
        previous: String::new(),
        open_quote: false,
        quiet_bracket: false,
        no_brace_before: 0,
        knows,
    };
    reader.read();
    marks::tidy(reader.out)
}

/// The state of reading a sentence.
struct Reader<'a> {
    scan: Scan,
    out: Vec<Piece>,
    /// The word before, as it was written, for rules that depend on it.
    previous: String,
    /// The sentence is in capitals, so capitals mean nothing.
    shouts: bool,
    /// Inside double quotes, so that `10"` is not ten inches.
    open_quote: bool,
    /// A bracket was opened inside a word, which makes no pause, nor does its end.
    quiet_bracket: bool,
    /// There is no closing brace before this place.
    no_brace_before: usize,
    knows: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut i = 0;
        while i < self.scan.len() {
            let c = self.scan.at(i);
            let next = match c {
                ' ' => i + 1,
                '\n' => self.line_break(i),
                '{' => self.braces(i),
                _ => self
                    .address(i)
                    .or_else(|| self.number(i))
                    .or_else(|| words::read(self, i))
                    .unwrap_or_else(|| marks::read(self, i)),
            };
            // Rules consume at least a character; this makes an endless loop impossible.
            i = next.max(i + 1);
        }
    }

    fn push(&mut self, item: Item, from: usize, to: usize) {
        let source = self.scan.source(from, to);
        self.out.push(Piece { item, source });
    }

    fn mark(&mut self, mark: char, i: usize) {
        self.push(Item::Mark(mark), i, i + 1);
    }

    /// Pushes words separated by spaces, all for the characters `from..to`. A capital letter alone is
    /// said by its name; a comma at the end of a word is a pause.
    fn say(&mut self, phrase: &str, from: usize, to: usize) {
        let source = self.scan.source(from, to);
        for word in phrase.split(' ').filter(|word| !word.is_empty()) {
            let (word, pause) = match word.strip_suffix(',') {
                Some(word) => (word, true),
                None => (word, false),
            };
            let item = match word.as_bytes() {
                &[b @ b'A'..=b'Z'] => {
                    Item::Letter(char::from(b.to_ascii_lowercase()), Ending::None)
                }
                _ => Item::Word(word.to_owned()),
            };
            self.out.push(Piece {
                item,
                source: source.clone(),
            });
            if pause {
                self.out.push(Piece {
                    item: Item::Mark(','),
                    source: source.clone(),
                });
            }
        }
        self.previous.clear();
    }

    fn address(&mut self, i: usize) -> Option<usize> {
        if !matches!(
            self.scan.before(i),
            ' ' | '\n' | '(' | '[' | '<' | '"' | '\''
        ) {
            return None;
        }
        let (end, words) = web::read(&self.scan, i)?;
        self.say(&words, i, end);
        Some(end)
    }

    fn number(&mut self, i: usize) -> Option<usize> {
        let context = numbers::Context {
            previous: &self.previous,
            in_quotes: self.open_quote,
        };
        let (end, words) = numbers::read(&self.scan, i, context)?;
        self.say(&words, i, end);
        Some(end)
    }

    /// An empty line ends a sentence, if the caller did not split the text.
    fn line_break(&mut self, i: usize) -> usize {
        let mut next = i + 1;
        while self.scan.at(next) == ' ' {
            next += 1;
        }
        if self.scan.at(next) == '\n' {
            self.mark('.', i);
        }
        next
    }

    /// `{HH AH0 L OW1}`: on one line, as published. Names are checked when symbols are made.
    fn braces(&mut self, i: usize) -> usize {
        if i < self.no_brace_before {
            return i + 1;
        }
        let mut end = i + 1;
        while !matches!(self.scan.at(end), '}' | '\n' | '\0') {
            end += 1;
        }
        if self.scan.at(end) != '}' {
            self.no_brace_before = end;
            return i + 1;
        }
        let inner = self.scan.text(i + 1, end);
        let names: Vec<String> = inner.split_whitespace().map(str::to_owned).collect();
        if !names.is_empty() {
            self.push(Item::Phonemes(names), i, end + 1);
            self.previous.clear();
        }
        end + 1
    }
}
