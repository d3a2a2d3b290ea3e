//! Roman numerals, where a name or a word before them makes them numbers.

use super::scan::Scan;
use crate::text::numerals::{integer, ordinal};

/// The value of a canonical Roman numeral in capitals, up to 3,999.
pub(super) fn value(numeral: &str) -> Option<u32> {
    const PARTS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let (mut rest, mut n) = (numeral, 0);
    for (value, part) in PARTS {
        // Canonical: at most three in a row of M, C, X, I, and one of each other.
        for _ in 0..if part.len() == 1 && !"DLV".contains(part) {
            3
        } else {
            1
        } {
            match rest.strip_prefix(part) {
                Some(tail) => (rest, n) = (tail, n + value),
                None => break,
            }
        }
    }
    (rest.is_empty() && n > 0).then_some(n)
}

/// Names of rulers and popes: a numeral after them is an ordinal, "Henry the eighth".
const RULERS: &[&str] = &[
    "adrian",
    "albert",
    "alexander",
    "alexios",
    "alfonso",
    "amenhotep",
    "augustus",
    "baldwin",
    "benedict",
    "boniface",
    "carl",
    "catherine",
    "charles",
    "christian",
    "clement",
    "cleopatra",
    "constantine",
    "cyrus",
    "darius",
    "david",
    "edward",
    "elizabeth",
    "emmanuel",
    "eric",
    "ferdinand",
    "francis",
    "frederick",
    "george",
    "gregory",
    "gustav",
    "haakon",
    "harald",
    "henri",
    "henry",
    "innocent",
    "isabella",
    "ivan",
    "james",
    "john",
    "joseph",
    "juan",
    "julius",
    "justinian",
    "karl",
    "kenneth",
    "leo",
    "leopold",
    "louis",
    "margaret",
    "martin",
    "mary",
    "maximilian",
    "mehmed",
    "napoleon",
    "nicholas",
    "olaf",
    "otto",
    "paul",
    "pedro",
    "peter",
    "philip",
    "pius",
    "ptolemy",
    "ramesses",
    "ramses",
    "richard",
    "robert",
    "rudolf",
    "selim",
    "sixtus",
    "stephen",
    "suleiman",
    "theodosius",
    "thutmose",
    "umberto",
    "urban",
    "victor",
    "vittorio",
    "wilhelm",
    "william",
    "xerxes",
];

/// Words that number what they name: any numeral after them is a cardinal, "chapter four".
const NUMBERED: &[&str] = &[
    "act",
    "apollo",
    "appendix",
    "article",
    "book",
    "canto",
    "category",
    "chapter",
    "class",
    "division",
    "episode",
    "figure",
    "gemini",
    "grade",
    "group",
    "level",
    "mark",
    "model",
    "number",
    "opus",
    "page",
    "paragraph",
    "part",
    "phase",
    "psalm",
    "saturn",
    "scene",
    "schedule",
    "section",
    "series",
    "stage",
    "step",
    "table",
    "tier",
    "title",
    "type",
    "unit",
    "volume",
    "war",
];

/// Capitals that are numerals by chance.
const ABBREVIATIONS: &[&str] = &[
    "CC", "CD", "CV", "DC", "DI", "DIM", "LCD", "LI", "MC", "MD", "MI", "MIX", "MM", "XL",
];

/// The numeral at `i`, after the word `before` as it was written, in words.
pub(super) fn read(s: &Scan, i: usize, before: &str) -> Option<(usize, String)> {
    let end = s.letters(i);
    if !(1..=9).contains(&(end - i))
        || s.at(end).is_ascii_digit()
        || s.at(end) == '.' && s.at(end + 1).is_ascii_alphabetic()
    {
        return None;
    }
    let numeral = s.text(i, end);
    let n = value(&numeral)?;
    let capital = before.starts_with(|c: char| c.is_ascii_uppercase());
    let word = before.to_ascii_lowercase();
    let words = integer(&n.to_string());
    if NUMBERED.contains(&word.as_str()) {
        // "part I" is a number; "the number I gave" is not.
        let pronoun = numeral == "I" && !capital;
        return (!pronoun).then_some((end, words));
    }
    if !capital || ABBREVIATIONS.contains(&numeral.as_str()) {
        return None;
    }
    let ruler = RULERS.contains(&word.as_str());
    // "Henry V" is a king, "Vitamin C" is not a hundred; "John I think" is not a king either.
    let alone = match s.at(s.spaces(end)) {
        c if c.is_ascii_lowercase() => ["of ", "and ", "died", "ruled", "reigned", "became"]
            .iter()
            .any(|next| s.starts(s.spaces(end), next)),
        _ => true,
    };
    match numeral.len() {
        1 if numeral == "I" => (ruler && alone).then(|| (end, "the first".to_owned())),
        1 => (ruler && matches!(n, 5 | 10))
            .then(|| (end, format!("the {}", ordinal(&n.to_string())))),
        _ if ruler => Some((end, format!("the {}", ordinal(&n.to_string())))),
        _ => Some((end, words)),
    }
}
