//! Sentences: where one ends is a question of meaning, not of dots.
//!
//! The input is walked once. At a mark that may end a sentence, the word before it and the text after it
//! decide; both are looked at over a bounded distance, so the work is linear in the input, and no
//! more than one sentence is held. A sentence without an end is cut at [`LONGEST`] bytes.

use std::ops::Range;

use super::english::abbreviations::{self, Dot};

/// A sentence is cut here if no mark ends it before: about a minute and a half of speech. It bounds the
/// memory of everything that works on one sentence.
pub(super) const LONGEST: usize = 1500;

/// How far the text after a mark is looked at, in characters.
const LOOK_AHEAD: usize = 40;

/// The sentences of a text, as byte ranges without the white space around them.
#[derive(Debug)]
pub(super) struct Splitter<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Splitter<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self::from(text, 0)
    }

    /// The sentences from byte `at` on.
    pub(super) fn from(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }
}

impl Iterator for Splitter<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + (rest.len() - rest.trim_start().len());
        if start == self.text.len() {
            self.at = start;
            return None;
        }
        let end = end_of_sentence(self.text, start);
        self.at = end;
        let len = self.text[start..end].trim_end().len();
        Some(start..start + len)
    }
}

/// Byte offset behind the sentence that starts at `start` (which is not white space).
fn end_of_sentence(text: &str, start: usize) -> usize {
    // Last good place to cut a sentence that has no end: after a clause mark, or white space.
    let (mut clause, mut space) = (None, None);
    let mut braces: Option<usize> = None;
    let mut no_brace_before = start;
    for (offset, c) in text[start..].char_indices() {
        let at = start + offset;
        let after = at + c.len_utf8();
        if offset >= LONGEST {
            // A place too near would leave nearly all of this to be walked again.
            let far = |place: &usize| *place > start + LONGEST / 2;
            return clause.filter(far).or(space.filter(far)).unwrap_or(at);
        }
        // Phonemes in braces are one piece, on one line.
        match (c, braces) {
            ('{', None) if at >= no_brace_before => match closing_brace(text, after) {
                Ok(close) => braces = Some(close),
                Err(end) => no_brace_before = end,
            },
            (_, Some(close)) if at >= close => braces = None,
            _ => {}
        }
        if braces.is_some() {
            continue;
        }
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{0b}' | '\u{0c}' => {
                if line_break_ends(text, start, at) {
                    return at;
                }
                space = Some(after);
            }
            // Ideographic marks need no white space after them.
            '。' | '！' | '？' | '｡' => return behind_closers(text, after),
            '.' | '!' | '?' | '…' => {
                // "...", "?!", "!!": the last mark of the run decides.
                if text[after..].starts_with(['.', '!', '?', '…']) {
                    continue;
                }
                let end = behind_closers(text, after);
                if mark_ends(text, start, at, end) {
                    return end;
                }
            }
            ',' | ';' | ':' | '—' if text[after..].starts_with(char::is_whitespace) => {
                clause = Some(after);
            }
            c if c.is_whitespace() => space = Some(after),
            _ => {}
        }
    }
    text.len()
}

/// The partner of a brace on the same line, or how far there is none.
fn closing_brace(text: &str, from: usize) -> Result<usize, usize> {
    let mut end = from;
    for (offset, c) in text[from..].char_indices().take(LONGEST / 4) {
        end = from + offset;
        match c {
            '}' => return Ok(end),
            '\n' => break,
            _ => {}
        }
    }
    Err(end)
}

/// Quotes and brackets that close behind a mark belong to its sentence.
fn behind_closers(text: &str, from: usize) -> usize {
    let closer = |c: char| {
        matches!(
            c,
            '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '』' | '」' | '*' | '_'
        )
    };
    let len: usize = text[from..]
        .chars()
        .take(LOOK_AHEAD)
        .take_while(|&c| closer(c))
        .map(char::len_utf8)
        .sum();
    from + len
}

/// A line break ends a sentence at an empty line, before an item of a list, and after a short line (a
/// title, a verse, an item) that is followed by a capital. Otherwise it only wraps the line.
fn line_break_ends(text: &str, start: usize, at: usize) -> bool {
    let after = &text[at..];
    let mut breaks = 0;
    let mut next = None;
    for c in after.chars().take(4 * LOOK_AHEAD) {
        match c {
            '\n' | '\u{2028}' | '\u{0b}' => breaks += 1,
            '\u{2029}' | '\u{0c}' => breaks += 2,
            c if c.is_whitespace() => {}
            c => {
                next = Some(c);
                break;
            }
        }
    }
    let Some(next) = next else { return true };
    if breaks >= 2 || is_list_item(after.trim_start()) {
        return true;
    }
    let line = &text[start..at];
    let line = line.rsplit('\n').next().unwrap_or(line);
    let goes_on = line
        .trim_end()
        .ends_with([',', ';', '-', '–', '—', '&', '(']);
    line.len() < 50 && !goes_on && !next.is_lowercase()
}

/// `- x`, `* x`, `• x`, `1. x`, `2) x`, `(a) x`.
fn is_list_item(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('-' | '*' | '•' | '·' | '–' | '◦' | '‣') => chars.next() == Some(' '),
        Some(c) if c.is_ascii_digit() => {
            let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
            text.len() - rest.len() <= 3 && (rest.starts_with(". ") || rest.starts_with(") "))
        }
        Some('(') => {
            chars.next().is_some_and(|c| c.is_ascii_alphanumeric()) && chars.next() == Some(')')
        }
        _ => false,
    }
}

/// Whether the mark at `at`, with what closes behind it up to `end`, ends the sentence from `start`.
fn mark_ends(text: &str, start: usize, at: usize, end: usize) -> bool {
    let after = &text[end..];
    if after.is_empty() {
        return true;
    }
    if !after.starts_with(char::is_whitespace) {
        return false;
    }
    let next = after
        .chars()
        .take(4 * LOOK_AHEAD)
        .find(|c| !c.is_whitespace() && !"\"'“‘«([*_¿¡".contains(*c));
    let Some(next) = next else { return true };
    // "What?" he said. It goes on with a small letter, or with a dash or comma.
    if next.is_lowercase() || matches!(next, ',' | ';' | ':' | '—' | '–' | '.' | '!' | '?') {
        return false;
    }
    let mark = text[at..].chars().next().unwrap_or('.');
    if mark != '.' || end > at + 1 || text[..at].ends_with(['.', '!', '?', '…']) {
        return true;
    }
    let word = last_word(&text[start..at]);
    if word.is_empty() {
        return true;
    }
    let rest = after.trim_start();
    // "1. Buy milk": a number that opens the sentence is the number of an item.
    if word.bytes().all(|b| b.is_ascii_digit())
        && word.len() <= 3
        && text[start..at].len() == word.len()
    {
        return false;
    }
    match abbreviations::dot(word) {
        Dot::EndsSentence => true,
        Dot::NeverEnds => false,
        Dot::NumberFollows => !abbreviations::is_number(word, rest),
        Dot::NameMayFollow => abbreviations::opens_sentence(rest),
        Dot::DateMayFollow => !next.is_ascii_digit() && !abbreviations::continues_date(rest),
    }
}

/// The letters, digits, apostrophes and inner dots at the end of `text`.
fn last_word(text: &str) -> &str {
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '\'' | '’' | '&');
    let len: usize = text
        .chars()
        .rev()
        .take(LOOK_AHEAD)
        .take_while(|&c| of_word(c))
        .map(char::len_utf8)
        .sum();
    &text[text.len() - len..]
}
