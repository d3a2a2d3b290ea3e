//! Roman numerals, where a name or a word before them makes them numbers.

use super::abbreviations::abbreviation;
use super::scan::Scan;
use crate::text::numerals::{integer, ordinal, year};

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

/// A numeral as it stands in the text.
struct Numeral {
    end: usize,
    letters: String,
    value: u32,
}

impl Numeral {
    /// The numeral at `i`, all of a word in capitals or small letters.
    fn at(s: &Scan, i: usize) -> Option<Self> {
        let end = s.letters(i);
        let dotted = s.at(end) == '.' && s.at(end + 1).is_ascii_alphabetic();
        if !(1..=15).contains(&(end - i)) || s.at(end).is_ascii_digit() || dotted {
            return None;
        }
        let letters = s.text(i, end);
        let small = letters.bytes().all(|b| b.is_ascii_lowercase());
        let value = value(&if small {
            letters.to_ascii_uppercase()
        } else {
            letters.clone()
        })?;
        // "mix", "di", "civil": small ones are numerals only if they are made of these.
        let sure = !small || letters.bytes().all(|b| b"ivx".contains(&b));
        sure.then_some(Self {
            end,
            letters,
            value,
        })
    }

    fn cardinal(&self) -> String {
        integer(&self.value.to_string())
    }

    fn ordinal(&self) -> String {
        ordinal(&self.value.to_string())
    }

    fn is_capital(&self) -> bool {
        self.letters.starts_with(|c: char| c.is_ascii_uppercase())
    }

    /// Nothing else is written like this: "VII", "MMXXIV", but not "IV", "XL" or "MIX".
    fn is_plain(&self) -> bool {
        let of_small_ones = self.letters.bytes().all(|b| b"IVX".contains(&b));
        match self.letters.as_str() {
            // A drip, kisses and a rating.
            "IV" | "XX" | "XXX" => false,
            letters => of_small_ones && letters.len() > 1 || self.is_capital() && letters.len() > 3,
        }
    }
}

/// The numeral at `i`, after the word `before` as it was written, with those that a list puts beside it, in
/// words.
pub(super) fn read(s: &Scan, i: usize, before: &str) -> Option<(usize, String)> {
    if let Some(found) = century(s, i) {
        return Some(found);
    }
    let numeral = Numeral::at(s, i)?;
    let in_words = reading(s, i, &numeral, before)?;
    let (mut end, mut words) = (numeral.end, in_words(&numeral));
    // "World War I and II", "Henry IV, V and VI": read like the first.
    loop {
        let joints = [" and ", " or ", " to ", " & ", ", ", "-", "–"];
        let next = joints.iter().find_map(|joint| {
            let next = Numeral::at(
                s,
                end + s.starts(end, joint).then(|| joint.chars().count())?,
            )?;
            let said = match joint.trim() {
                "&" => " and ",
                "-" | "–" => " to ",
                _ => joint,
            };
            let letter = next.letters.len() == 1 && !matches!(next.letters.as_str(), "V" | "X");
            let fits = next.is_capital() && !letter && s.at(next.end) != '-';
            fits.then_some((next, said))
        });
        let Some((next, joint)) = next else { break };
        words.push_str(joint);
        words.push_str(&in_words(&next));
        end = next.end;
    }
    Some((end, words))
}

/// How the numeral at `i` is read, if it is one.
fn reading(s: &Scan, i: usize, numeral: &Numeral, before: &str) -> Option<fn(&Numeral) -> String> {
    let the_ordinal: fn(&Numeral) -> String = |n| format!("the {}", n.ordinal());
    let capital = before.starts_with(|c: char| c.is_ascii_uppercase());
    let lower = before.to_ascii_lowercase();
    // "Vol. I", but "No. I do not."
    let long = abbreviation(before).filter(|_| lower != "no");
    let word = long.map_or(lower.as_str(), |(long, _)| long);
    let letters = numeral.letters.as_str();
    if NUMBERED.contains(&word) {
        // "part I" is a number; "the number I gave" is not.
        let pronoun = letters == "I" && !capital
            || letters == "i"
            || letters.len() == 1 && !numeral.is_capital();
        return (!pronoun).then_some(Numeral::cardinal);
    }
    // "(i) one, (ii) two", but "f(x)", and "(v)" may be the letter.
    let point =
        s.before(i) == '(' && s.at(numeral.end) == ')' && !s.before(i - 1).is_ascii_alphanumeric();
    if point && (letters.len() > 1 || letters == "i") {
        return Some(Numeral::cardinal);
    }
    if !numeral.is_capital() {
        return None;
    }
    // "Louis the XIV"
    if word == "the" && numeral.is_plain() && numeral.value < 100 {
        return Some(Numeral::ordinal);
    }
    let ruler = RULERS.contains(&lower.as_str()) && capital;
    if ruler && letters.len() == 1 {
        // "Henry V" is a king, "Vitamin C" is not a hundred; "John I think" is not a king either.
        let king = match letters {
            "I" => stands_alone(s, numeral.end),
            letters => matches!(letters, "V" | "X"),
        };
        return king.then_some(the_ordinal);
    }
    match letters.len() {
        1 => None,
        _ if ABBREVIATIONS.contains(&letters) => None,
        _ if ruler => Some(the_ordinal),
        _ if numeral.value > 1000 && numeral.is_plain() => Some(|n| year(n.value)),
        _ => (capital || numeral.is_plain()).then_some(Numeral::cardinal),
    }
}

/// Whether no word goes on behind "John I" that makes it a pronoun.
fn stands_alone(s: &Scan, end: usize) -> bool {
    let next = s.spaces(end);
    !s.at(next).is_ascii_lowercase()
        || ["of ", "and ", "died", "ruled", "reigned", "became"]
            .iter()
            .any(|word| s.starts(next, word))
}

/// "XXI century", "the XIXth": ordinals.
fn century(s: &Scan, i: usize) -> Option<(usize, String)> {
    let end = s.letters(i);
    let word = s.text(i, end.min(i + 10));
    if let Some(stem) = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|x| word.strip_suffix(x))
    {
        let value = value(stem).filter(|_| stem.len() > 1)?;
        return Some((end, ordinal(&value.to_string())));
    }
    let next = s.spaces(end + usize::from(s.at(end) == '-'));
    let of_time = next > end && (s.word_is(next, "century") || s.word_is(next, "centuries"));
    let value = value(&word).filter(|_| of_time)?;
    Some((end, ordinal(&value.to_string())))
}
