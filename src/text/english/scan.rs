//! The text of one sentence with its characters folded to what the rules know, each with its place
//! in the input, and small steps over it that the rules are made of. All positions are character
//! numbers; reading past the end gives NUL.

use std::ops::Range;

use super::fold::{Folded, fold};

/// Folded text.
pub(super) struct Scan {
    chars: Vec<char>,
    /// Byte range in the input of each character.
    source: Vec<(u32, u32)>,
}

impl Scan {
    /// Folds `text`; places in the input are counted from `base`.
    pub(super) fn new(text: &str, base: usize) -> Self {
        let mut scan = Self {
            chars: Vec::with_capacity(text.len()),
            source: Vec::with_capacity(text.len()),
        };
        let mut previous = '\0';
        let mut folded = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            // Colours and the like of terminals: ESC [, numbers, a letter.
            if c == '\u{1b}' && chars.next_if(|&(_, c)| c == '[').is_some() {
                while chars.next_if(|&(_, c)| matches!(c, '0'..='?')).is_some() {}
                chars.next_if(|&(_, c)| matches!(c, '@'..='~'));
                continue;
            }
            let next = chars.peek().map_or('\0', |&(_, c)| c);
            let place = ((base + at) as u32, (base + at + c.len_utf8()) as u32);
            match fold(c, previous, next, &mut folded) {
                Folded::Same(c) => scan.push(c, place),
                Folded::Text => folded.chars().for_each(|c| scan.push(c, place)),
                Folded::Nothing => {}
            }
            previous = c;
        }
        scan
    }

    fn push(&mut self, c: char, place: (u32, u32)) {
        self.chars.push(c);
        self.source.push(place);
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    pub(super) fn at(&self, i: usize) -> char {
        self.chars.get(i).copied().unwrap_or('\0')
    }

    /// The character before `i`, or a space at the beginning.
    pub(super) fn before(&self, i: usize) -> char {
        i.checked_sub(1).map_or(' ', |i| self.at(i))
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.chars
            .get(from..to)
            .map(|c| c.iter().collect())
            .unwrap_or_default()
    }

    /// Byte range in the input of the characters `from..to`.
    pub(super) fn source(&self, from: usize, to: usize) -> Range<usize> {
        let first = self.source.get(from).map_or(0, |&(start, _)| start);
        let last = self
            .source
            .get(to.saturating_sub(1))
            .map_or(first, |&(_, end)| end);
        first as usize..last.max(first) as usize
    }

    /// Whether `text` stands at `i`.
    pub(super) fn starts(&self, i: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.at(i + n) == c)
    }

    /// Whether `text` (lower case) stands at `i` in any case, and no letter or digit follows.
    pub(super) fn word_is(&self, i: usize, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(n, c)| self.at(i + n).to_ascii_lowercase() == c)
            && !self.at(i + text.len()).is_ascii_alphanumeric()
    }

    fn run(&self, i: usize, of: impl Fn(char) -> bool) -> usize {
        i + self
            .chars
            .get(i..)
            .unwrap_or(&[])
            .iter()
            .take_while(|&&c| of(c))
            .count()
    }

    /// End of the digits from `i`.
    pub(super) fn digits(&self, i: usize) -> usize {
        self.run(i, |c| c.is_ascii_digit())
    }

    /// End of the letters from `i`.
    pub(super) fn letters(&self, i: usize) -> usize {
        self.run(i, |c| c.is_ascii_alphabetic())
    }

    /// End of a word from `i`: letters with apostrophes between them.
    pub(super) fn word(&self, i: usize) -> usize {
        let mut end = self.letters(i);
        while end > i && self.at(end) == '\'' && self.at(end + 1).is_ascii_alphabetic() {
            end = self.letters(end + 1);
        }
        end
    }

    /// `i` behind up to two spaces or one line break: words of one phrase.
    pub(super) fn spaces(&self, i: usize) -> usize {
        i + (0..2)
            .take_while(|&n| matches!(self.at(i + n), ' ' | '\n'))
            .count()
    }

    /// Whether a word cannot go on at `i`.
    pub(super) fn ends(&self, i: usize) -> bool {
        !self.at(i).is_ascii_alphanumeric()
    }

    /// What follows from `i`, for a look at the next words.
    pub(super) fn ahead(&self, i: usize) -> String {
        self.text(i, (i + 24).min(self.len()))
    }

    /// Whether a sentence could end at `i`: the end, or white space and then what opens one.
    pub(super) fn could_end(&self, i: usize) -> bool {
        let next = self.run(i, char::is_whitespace);
        next >= self.len() || next > i && self.at(next).is_ascii_uppercase()
    }
}
