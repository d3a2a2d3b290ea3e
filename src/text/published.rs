//! The published English front end, byte for byte (`english_cleaners` of NVIDIA/tacotron2): to ASCII,
//! lower case, numbers, abbreviations, white space. Its mistakes are kept, since voices were trained
//! with them: pounds are never read, and £ is "ps".
//!
//! No step looks across ASCII white space, so a text is cleaned in chunks between it, and each chunk
//! keeps its place in the input.

use std::ops::Range;

use super::numerals::{Joint, below_hundred, cardinal, each_digit, ordinal_of};
use super::transliterate::to_ascii;

/// Part of a text, as the published code finds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text for the cleaners, as a byte range.
    Plain(Range<usize>),
    /// What stands between braces: ARPAbet symbols.
    Braces(Range<usize>),
}

/// Splits at `{...}`. As published, the search ends at the first newline: braces after it are plain
/// text, and when a brace was found before it, everything from the newline on is lost.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let line = text.find('\n').unwrap_or(text.len());
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some((open, close)) = braces(text, at, line) {
        parts.push(Part::Plain(at..open));
        parts.push(Part::Braces(open + 1..close));
        at = close + 1;
    }
    let end = if at == 0 { text.len() } else { line };
    parts.push(Part::Plain(at..end));
    parts
}

/// The next brace and its partner in `text[from..line]`, with at least one character in between. If the
/// first brace has no partner, no later one has.
fn braces(text: &str, from: usize, line: usize) -> Option<(usize, usize)> {
    let open = from + text.get(from..line)?.find('{')?;
    let inner = text.get(open + 1..line)?.chars().next()?.len_utf8();
    let after = open + 1 + inner;
    let close = after + text.get(after..line)?.find('}')?;
    Some((open, close))
}

/// White space of ASCII as Python's `\s` knows it.
pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | 0x09..=0x0d | 0x1c..=0x1f)
}

/// Cleans one piece of plain text. `emit` is given each cleaned chunk, with its byte range in `text`;
/// white space is a chunk " " of its own.
pub(super) fn clean(text: &str, mut emit: impl FnMut(Range<usize>, &str)) {
    let bytes = text.as_bytes();
    let (mut at, mut after_space) = (0, false);
    while at < bytes.len() {
        let space = is_space(bytes[at]);
        let len = bytes[at..]
            .iter()
            .take_while(|&&b| is_space(b) == space)
            .count();
        let range = at..at + len;
        at += len;
        if space {
            if !after_space {
                emit(range, " ");
            }
            after_space = true;
            continue;
        }
        // Transliteration makes white space too ("½" is " 1/2 "), and it joins what is around it.
        let mut said = String::new();
        for c in clean_chunk(&text[range.clone()]).chars() {
            if c.is_ascii() && is_space(c as u8) {
                if !after_space {
                    said.push(' ');
                }
                after_space = true;
            } else {
                said.push(c);
                after_space = false;
            }
        }
        emit(range, &said);
    }
}

fn clean_chunk(chunk: &str) -> String {
    let mut text = String::with_capacity(chunk.len());
    to_ascii(chunk, &mut text);
    text.make_ascii_lowercase();
    if text.bytes().any(|b| b.is_ascii_digit()) {
        text = join_thousands(&text);
        text = dollars(&text);
        text = points(&text);
        text = integers(&text);
    }
    abbreviations(text)
}

fn run(bytes: &[u8], from: usize, of: impl Fn(u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|&&b| of(b)).count()
}

/// `[0-9][0-9,]+[0-9]` without its commas.
fn join_thousands(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() {
            let run_end = run(bytes, at, |b| b.is_ascii_digit() || b == b',');
            // Backtracks to the last digit: commas at the end of the run stay.
            let end = at + text[at..run_end].trim_end_matches(',').len();
            let keep_commas = end - at < 3;
            out.extend(text[at..end].chars().filter(|&c| keep_commas || c != ','));
            at = end;
        } else {
            let end = run(bytes, at, |b| !b.is_ascii_digit());
            out.push_str(&text[at..end]);
            at = end;
        }
    }
    out
}

/// `\$([0-9.,]*[0-9]+)` as dollars and cents, the numbers still in digits.
fn dollars(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(sign) = text[at..].find('$').map(|i| at + i) {
        out.push_str(&text[at..sign]);
        let run_end = run(bytes, sign + 1, |b| {
            b.is_ascii_digit() || b == b'.' || b == b','
        });
        let amount = text[sign + 1..run_end].trim_end_matches(['.', ',']);
        if amount.is_empty() {
            out.push('$');
            at = sign + 1;
            continue;
        }
        at = sign + 1 + amount.len();
        let mut parts = amount.split('.');
        let (whole, cents) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if parts.next().is_some() {
            out.push_str(amount);
            out.push_str(" dollars");
            continue;
        }
        // A comma left in here makes the published code fail; here it is skipped.
        let number = |part: &str| {
            let digits: String = part.chars().filter(char::is_ascii_digit).collect();
            digits.trim_start_matches('0').to_owned()
        };
        let name = |n: &str, one: &str| format!("{n} {one}{}", if n == "1" { "" } else { "s" });
        match (number(whole).as_str(), number(cents).as_str()) {
            ("", "") => out.push_str("zero dollars"),
            (d, "") => out.push_str(&name(d, "dollar")),
            ("", c) => out.push_str(&name(c, "cent")),
            (d, c) => {
                out.push_str(&name(d, "dollar"));
                out.push_str(", ");
                out.push_str(&name(c, "cent"));
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

/// `[0-9]+\.[0-9]+`: the dot is said. Matches do not overlap, so "1.2.3" has one point.
fn points(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut usable) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'.' if usable && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                out.push_str(" point ");
                let end = run(bytes, at + 1, |b| b.is_ascii_digit());
                out.push_str(&text[at + 1..end]);
                at = end;
                usable = false;
            }
            b => {
                usable = b.is_ascii_digit();
                out.push(char::from(b));
                at += 1;
            }
        }
    }
    out
}

/// `[0-9]+(st|nd|rd|th)` as ordinals, other digits as integers or years.
fn integers(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() * 4);
    let mut at = 0;
    while at < bytes.len() {
        let end = run(bytes, at, |b| b.is_ascii_digit());
        if end == at {
            let next = run(bytes, at, |b| !b.is_ascii_digit());
            out.push_str(&text[at..next]);
            at = next;
            continue;
        }
        let digits = &text[at..end];
        at = end;
        if ["st", "nd", "rd", "th"]
            .iter()
            .any(|s| text[end..].starts_with(s))
        {
            at += 2;
            let words = cardinal(digits, Joint::CommaAnd);
            out.push_str(&ordinal_of(&words.unwrap_or_else(|| each_digit(digits))));
        } else {
            out.push_str(&integer(digits));
        }
    }
    out
}

/// From 10^36 on the published code fails; here the digits are read.
fn integer(digits: &str) -> String {
    let n: u32 = digits.parse().unwrap_or(u32::MAX);
    match n {
        2000 => "two thousand".to_owned(),
        2001..2010 => format!("two thousand {}", below_hundred(n % 100)),
        1001..3000 if n.is_multiple_of(100) => format!("{} hundred", below_hundred(n / 100)),
        1001..3000 if n % 100 < 10 => {
            format!("{} oh {}", below_hundred(n / 100), below_hundred(n % 100))
        }
        1001..3000 => format!("{} {}", below_hundred(n / 100), below_hundred(n % 100)),
        _ => cardinal(digits, Joint::Comma).unwrap_or_else(|| each_digit(digits)),
    }
}

/// In the published order, which shows where one replacement ends at the next abbreviation.
const ABBREVIATIONS: [(&str, &str); 18] = [
    ("mrs.", "misess"),
    ("mr.", "mister"),
    ("dr.", "doctor"),
    ("st.", "saint"),
    ("co.", "company"),
    ("jr.", "junior"),
    ("maj.", "major"),
    ("gen.", "general"),
    ("drs.", "doctors"),
    ("rev.", "reverend"),
    ("lt.", "lieutenant"),
    ("hon.", "honorable"),
    ("sgt.", "sergeant"),
    ("capt.", "captain"),
    ("esq.", "esquire"),
    ("ltd.", "limited"),
    ("col.", "colonel"),
    ("ft.", "fort"),
];

fn abbreviations(mut text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    for (short, long) in ABBREVIATIONS {
        let mut out = String::new();
        let mut done = 0;
        for (at, _) in text.match_indices(short) {
            let before = at.checked_sub(1).map(|i| text.as_bytes()[i]);
            if !before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
                out.push_str(&text[done..at]);
                out.push_str(long);
                done = at + short.len();
            }
        }
        if done > 0 {
            out.push_str(&text[done..]);
            text = out;
        }
    }
    text
}
