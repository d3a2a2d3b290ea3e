//! `say-as`: text that is to be read in a certain way, as words that the front end leaves alone.

use crate::text::FrontEnd;
use crate::text::lexicon;
use crate::text::numerals::{each_digit, integer, ordinal};

/// What is to be spoken for `text`; `None` leaves it as it is, since the front end reads it that way by itself,
/// or there is nothing in it to read that way.
pub(super) fn say(
    text: &str,
    interpret_as: &str,
    format: &str,
    front_end: &FrontEnd,
) -> Option<String> {
    let text = text.trim();
    match interpret_as {
        "characters" | "spell-out" | "verbatim" => Some(characters(text, front_end)),
        "cardinal" | "number" if format != "ordinal" => cardinal(text),
        "ordinal" | "number" => {
            let digits = digits_of(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()))?;
            Some(ordinal(&digits))
        }
        "digits" => Some(digits(text)).filter(|words| !words.is_empty()),
        "telephone" => Some(telephone(text)).filter(|words| !words.is_empty()),
        "date" => date(text, format),
        // Times, currencies, units and fractions are read as such wherever they stand.
        _ => None,
    }
}

/// Each letter by its name, each digit, and signs by what they are called.
fn characters(text: &str, front_end: &FrontEnd) -> String {
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        let name = front_end
            .phonemes
            .then(|| lexicon::letter_name(c.to_ascii_lowercase(), false));
        let word = match c {
            '0'..='9' => each_digit(c.encode_utf8(&mut [0; 4])),
            _ if c.is_ascii_alphabetic() => match name.flatten() {
                Some(phonemes) => format!("{{{}}}", phonemes.join(" ")),
                None => c.to_ascii_lowercase().to_string(),
            },
            '.' => "dot".into(),
            '-' => "dash".into(),
            '_' => "underscore".into(),
            '/' => "slash".into(),
            '@' => "at".into(),
            '#' => "hash".into(),
            '+' => "plus".into(),
            '*' => "star".into(),
            '&' => "and".into(),
            ' ' => {
                // A pause where there was a space.
                if let Some(last) = words.last_mut().filter(|word| !word.ends_with(',')) {
                    last.push(',');
                }
                continue;
            }
            _ if c.is_alphanumeric() => c.to_string(),
            _ => continue,
        };
        words.push(word);
    }
    words.join(" ")
}

/// The digits of a number whose thousands may be parted; `None` if there is anything else in it.
fn digits_of(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    good.then_some(digits)
}

fn cardinal(text: &str) -> Option<String> {
    let (sign, number) = match text.strip_prefix(['-', '−']) {
        Some(number) => ("minus ", number),
        None => ("", text),
    };
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) => (whole, Some(digits_of(decimals)?)),
        None => (number, None),
    };
    let whole = integer(&digits_of(whole)?);
    Some(match decimals {
        Some(decimals) => format!("{sign}{whole} point {}", each_digit(&decimals)),
        None => format!("{sign}{whole}"),
    })
}

/// Digit by digit; what is none parts them.
fn digits(text: &str) -> String {
    let groups = text.split(|c: char| !c.is_ascii_digit());
    let groups = groups.filter(|group| !group.is_empty());
    groups.map(each_digit).collect::<Vec<_>>().join(" ")
}

/// Digit by digit, with a pause between groups.
fn telephone(text: &str) -> String {
    let groups = text.split(|c: char| !c.is_ascii_digit());
    let groups: Vec<_> = groups
        .filter(|group| !group.is_empty())
        .map(each_digit)
        .collect();
    let plus = if text.starts_with('+') && !groups.is_empty() {
        "plus "
    } else {
        ""
    };
    format!("{plus}{}", groups.join(", "))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Numbers in the order that `format` gives ("mdy", "dmy", "ymd", "ym", "md", ...), as a date that the front
/// end knows: "March 5, 2024".
fn date(text: &str, format: &str) -> Option<String> {
    let fields: Vec<&str> = text.split(['/', '-', '.', ' ']).collect();
    if fields.len() != format.len() {
        return None;
    }
    let field = |name: char| {
        let at = format.find(name)?;
        digits_of(fields[at]).and_then(|digits| digits.parse::<u32>().ok())
    };
    let (day, month, year) = (field('d'), field('m'), field('y'));
    let asked = format.chars().filter(|c| "dmy".contains(*c)).count();
    if asked != format.len() || [day, month, year].iter().flatten().count() != asked {
        return None;
    }
    let name = match month {
        Some(month) => Some(*MONTHS.get(month.checked_sub(1)? as usize)?),
        None => None,
    };
    match (name, day, year) {
        (Some(name), Some(day @ 1..=31), Some(year)) => Some(format!("{name} {day}, {year}")),
        (Some(name), Some(day @ 1..=31), None) => Some(format!("{name} {day}")),
        (Some(name), None, Some(year)) => Some(format!("{name} {year}")),
        (Some(name), None, None) => Some(name.to_owned()),
        (None, None, Some(year)) => Some(year.to_string()),
        (None, Some(day @ 1..=31), None) => Some(ordinal(&day.to_string())),
        _ => None,
    }
}
