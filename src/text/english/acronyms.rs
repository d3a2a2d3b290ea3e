//! Capitals: which are words, and which are letters to be said one by one.

use super::{Ending, Item, Reader};
use crate::text::lexicon;

/// Acronyms that are said as words.
const SAID: &[&str] = &[
    "AIDS", "ASCII", "ASEAN", "BAFTA", "BASIC", "BIOS", "CAPTCHA", "CERN", "COBOL", "COVID",
    "CRISPR", "DOS", "EBITDA", "FAQ", "FEMA", "FIFA", "FORTRAN", "GIF", "GUI", "HIPAA", "IKEA",
    "INTERPOL", "JPEG", "JSON", "LAN", "LASER", "LEGO", "LIDAR", "MIDI", "MODEM", "MPEG", "NAFTA",
    "NASA", "NASDAQ", "NATO", "NIMBY", "NOAA", "OPEC", "OSHA", "OXFAM", "PIN", "POSIX", "RADAR",
    "RAID", "RAM", "REST", "ROM", "SARS", "SCUBA", "SIM", "SONAR", "SWAT", "TASER", "TED", "UEFA",
    "UNESCO", "UNICEF", "WAN", "WASP", "YOLO", "ZIP",
];

/// Capitals that are letters although they look like words.
const SPELLED: &[&str] = &[
    "AC", "AD", "AI", "AM", "AWOL", "BA", "BBC", "CAD", "CEO", "CFO", "CIA", "CO", "CSS", "CTO",
    "DIY", "DJ", "DNA", "EDT", "EST", "EU", "FBI", "GDP", "GMT", "GPS", "HD", "HR", "ID", "IMO",
    "IOS", "IRA", "IRS", "IT", "LA", "LED", "MA", "MIA", "MS", "NBA", "NFL", "OS", "PA", "PE",
    "PM", "PDT", "PR", "PST", "RAF", "RNA", "SAT", "SMS", "SOS", "SUV", "TV", "UAE", "UFO", "UI",
    "UK", "UN", "URL", "US", "USA", "USB", "UTC", "UX", "VIP", "VR", "WHO",
];

/// Ordinary words that are written in capitals for emphasis, or are no acronyms.
const COMMON: &[&str] = &[
    "OK", "NO", "SO", "GO", "ON", "IN", "OF", "TO", "AT", "BY", "IF", "IS", "BE", "DO", "WE", "HE",
    "ME", "MY", "UP", "OR", "AS", "AN",
];

/// Whether nearly all words of a text are in capitals, which then do not mark acronyms.
pub(super) fn is_shouting(text: &str) -> bool {
    let (mut capital, mut small) = (0, 0);
    for word in text
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| w.chars().nth(1).is_some())
    {
        if word.chars().all(char::is_uppercase) {
            capital += 1;
        } else {
            small += 1;
        }
    }
    capital >= 2 && capital > 2 * small && (small > 0 || capital > 2 || text.trim().len() > 10)
}

pub(super) fn all_capitals(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether a word is said letter by letter.
pub(super) fn is_spelled(r: &Reader, word: &str, attached: bool) -> bool {
    let lower = word.to_ascii_lowercase();
    if word.len() == 1 {
        // The article and the pronoun are words.
        return attached || !matches!(word, "a" | "A" | "I" | "i" | "O" | "o");
    }
    if !all_capitals(word) {
        // "b2b", "mp3": short and with digits.
        let vowel = lower.bytes().any(|b| b"aeiouy".contains(&b));
        // "mc", "html", but not "shh"
        let unsayable =
            !vowel && word.len() < 6 && !lower.ends_with("hh") && !lower.ends_with("mm");
        return word.len() < 4 && lexicon::is_initials(&lower)
            || unsayable && lexicon::pronounce(&lower).is_none()
            || attached && word.len() <= 3 && (!vowel || lexicon::pronounce(&lower).is_none());
    }
    if SAID.contains(&word) || word.len() > 6 && lexicon::pronounce(&lower).is_some() {
        return false;
    }
    if r.shouts {
        // Among other capitals only sure acronyms are spelled.
        return lexicon::is_initials(&lower)
            || lexicon::pronounce(&lower).is_none() && (word.len() <= 3 || !has_vowel(&lower));
    }
    if attached && word.len() <= 3 || SPELLED.contains(&word) {
        return !COMMON.contains(&word) || attached;
    }
    if COMMON.contains(&word) {
        return false;
    }
    lexicon::is_initials(&lower)
        || lexicon::pronounce(&lower).is_none() && (word.len() <= 5 || !has_vowel(&lower))
}

fn has_vowel(lower: &str) -> bool {
    lower.bytes().any(|b| b"aeiouy".contains(&b))
}

/// Says letters by name; `plural` puts an "s" behind the last.
pub(super) fn spell(r: &mut Reader, letters: &str, plural: bool, from: usize, to: usize) {
    let last = letters.chars().count();
    for (n, letter) in letters.chars().enumerate() {
        let ending = if plural && n + 1 == last {
            Ending::S
        } else {
            Ending::None
        };
        r.push(Item::Letter(letter, ending), from, to);
    }
    r.previous.clear();
}

/// A capital after a small letter, which known words do not have.
pub(super) fn camel(word: &str) -> bool {
    word.as_bytes()
        .windows(2)
        .any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase())
        && lexicon::pronounce(&word.to_ascii_lowercase()).is_none()
}

/// "iPhone", "MyWidget": read in parts if they are words.
pub(super) fn camel_parts(r: &mut Reader, word: &str, i: usize) {
    let mut cuts = vec![0];
    let bytes = word.as_bytes();
    cuts.extend(
        (1..bytes.len())
            .filter(|&k| bytes[k - 1].is_ascii_lowercase() && bytes[k].is_ascii_uppercase()),
    );
    cuts.push(word.len());
    let parts: Vec<(usize, usize)> = cuts.windows(2).map(|w| (w[0], w[1])).collect();
    let known = |&(from, to): &(usize, usize)| {
        let part = &word[from..to];
        to - from == 1
            || all_capitals(part)
            || lexicon::pronounce(&part.to_ascii_lowercase()).is_some()
    };
    // "McDonald", "LaTeX": better as one than in shreds.
    if !parts.iter().all(known) {
        r.push(Item::Word(word.to_ascii_lowercase()), i, i + word.len());
        return;
    }
    for (from, to) in parts {
        let part = word[from..to].to_ascii_lowercase();
        if to - from == 1 || all_capitals(&word[from..to]) && is_spelled(r, &word[from..to], false)
        {
            spell(r, &part, false, i + from, i + to);
        } else {
            r.push(Item::Word(part), i + from, i + to);
        }
    }
}
