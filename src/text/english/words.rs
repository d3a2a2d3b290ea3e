//! Words: ordinary ones, abbreviations, initials, and letters mixed with digits.

use super::abbreviations::{self, Dot};
use super::acronyms::{all_capitals, camel, camel_parts, is_spelled, spell};
use super::dates::stop_is_wanted;
use super::scan::Scan;
use super::{Item, Reader, places, roman};
use crate::text::numerals::label;

/// Reads the word at `i`; none if no letter stands there.
pub(super) fn read(r: &mut Reader, i: usize) -> Option<usize> {
    let s = &r.scan;
    if !s.at(i).is_ascii_alphabetic() {
        return None;
    }
    if let Some(words) = between_numbers(s, i) {
        r.say(words, i, i + 1);
        return Some(i + 1);
    }
    if let Some((end, words)) = short_form(r, i) {
        r.say(&words, i, end);
        return Some(end);
    }
    if let Some((end, words)) = places::read(r, i) {
        r.say(&words, i, end);
        return Some(end);
    }
    if let Some(end) = dotted(r, i) {
        return Some(end);
    }
    if let Some((end, words)) = abbreviated(r, i) {
        let written = r.scan.text(i, r.scan.letters(i));
        r.say(&words, i, end);
        r.previous = written;
        return Some(end);
    }
    let s = &r.scan;
    if !s.before(i).is_ascii_alphanumeric()
        && let Some((end, words)) = roman::read(s, i, &r.previous)
    {
        let possessive = s.starts(end, "'s") && s.ends(end + 2);
        let (words, end) = if possessive {
            (words + "'s", end + 2)
        } else {
            (words, end)
        };
        r.say(&words, i, end);
        return Some(end);
    }
    Some(compound(r, i))
}

/// The x of "3 x 4" and "6 x 10^23".
fn between_numbers(s: &Scan, i: usize) -> Option<&'static str> {
    let spaced = s.at(i) == 'x' && s.before(i) == ' ' && s.at(i + 1) == ' ';
    let numbers = i >= 2 && s.at(i - 2).is_ascii_digit() && s.at(i + 2).is_ascii_digit();
    let power = s.starts(i + 2, "10^");
    (spaced && numbers).then_some(if power { "times" } else { "by" })
}

/// Forms with signs inside.
fn short_form(r: &Reader, i: usize) -> Option<(usize, String)> {
    const FORMS: &[(&str, &str)] = &[
        ("w/o", "without"),
        ("c/o", "care of"),
        ("n/a", "N A"),
        ("c++", "C plus plus"),
        ("c#", "C sharp"),
        ("ctrl", "control"),
        ("f#", "F sharp"),
        ("a/c", "A C"),
        ("r&b", "R and B"),
        ("q&a", "Q and A"),
        ("r&d", "R and D"),
        ("at&t", "A T and T"),
        ("he/she", "he or she"),
        ("his/her", "his or her"),
        ("km/h", "kilometers per hour"),
        ("m/s", "meters per second"),
        ("wwi", "world war one"),
        ("wwii", "world war two"),
        ("ww1", "world war one"),
        ("ww2", "world war two"),
        ("phds", "P H D's"),
        ("and/or", "and or"),
        ("s/he", "she or he"),
        ("ph.d.s", "P H D's"),
        ("ph.d.'s", "P H D's"),
        ("ph.d.", "P H D"),
        ("ph.d", "P H D"),
        ("w/", "with"),
    ];
    let s = &r.scan;
    if s.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let (form, words) = FORMS.iter().find(|(form, _)| s.word_is(i, form))?;
    // The dot of "Ph.D." ends a sentence too.
    let end = i + form.len();
    let stop = form.ends_with('.') && s.could_end(end);
    Some((end - usize::from(stop), (*words).to_owned()))
}

/// "U.S.", "e.g.", "p.m.", "J.R.R.", and a single initial: "J. Smith".
fn dotted(r: &mut Reader, i: usize) -> Option<usize> {
    let s = &r.scan;
    if s.before(i).is_ascii_alphanumeric() || s.at(i + 1) != '.' {
        return None;
    }
    let mut letters = String::new();
    let mut end = i;
    while s.at(end).is_ascii_alphabetic() && s.at(end + 1) == '.' && letters.len() < 12 {
        letters.push(s.at(end));
        end += 2;
    }
    // "U.S" and "e.g" without the last dot.
    let last = s.at(end).is_ascii_alphabetic() && s.ends(end + 1);
    let dot = !last;
    if last {
        letters.push(s.at(end));
        end += 1;
    } else if s.at(end).is_ascii_alphanumeric() {
        return None;
    }
    let known = match letters.to_ascii_lowercase().as_str() {
        "eg" => Some("for example"),
        "ie" => Some("that is"),
        _ => None,
    };
    if letters.len() == 1 {
        // A capital with a dot is an initial if a name or another one follows.
        let next = s.spaces(end);
        let initial = s.at(i).is_ascii_uppercase()
            && s.at(next).is_ascii_uppercase()
            && !abbreviations::opens_sentence(&s.ahead(next));
        if !initial {
            return None;
        }
    }
    let next = s.spaces(end);
    let stop = dot
        && known.is_none()
        && letters.len() > 1
        && s.could_end(end)
        && match s.at(next) {
            '\0' => true,
            _ if letters.eq_ignore_ascii_case("am") || letters.eq_ignore_ascii_case("pm") => {
                stop_is_wanted(s, end)
            }
            _ => abbreviations::opens_sentence(&s.ahead(next)),
        };
    let end = end - usize::from(stop);
    if let Some(words) = known {
        r.say(words, i, end);
    } else {
        // "U.S.'s", "the M.D.s": the ending goes to the last letter.
        letters.make_ascii_lowercase();
        let ending = if r.scan.starts(end, "'s") && r.scan.ends(end + 2) {
            2
        } else {
            usize::from(r.scan.at(end) == 's' && r.scan.ends(end + 1))
        };
        spell(r, &letters, ending > 0, i, end + ending);
        return Some(end + ending);
    }
    Some(end)
}

/// Abbreviations with a dot, and a few that go without.
fn abbreviated(r: &Reader, i: usize) -> Option<(usize, String)> {
    let s = &r.scan;
    let end = s.letters(i);
    if s.before(i).is_ascii_alphanumeric() || end - i > 8 || !s.ends(end) {
        return None;
    }
    let word = s.text(i, end);
    let lower = word.to_ascii_lowercase();
    let after_name =
        r.previous.starts_with(|c: char| c.is_ascii_uppercase()) && !is_small_word(&r.previous);
    let ordinal = r.previous.is_empty()
        && matches!(r.out.last().map(|p| &p.item), Some(Item::Word(w)) if ["th", "rd", "nd", "st"].iter().any(|x| w.ends_with(x)));
    if s.at(end) != '.' {
        let capital_follows = s.at(s.spaces(end)).is_ascii_uppercase();
        let words = match word.as_str() {
            "Mr" => "mister",
            "Mrs" => "missus",
            "Ms" => "miz",
            "Dr" => "doctor",
            "Prof" => "professor",
            "Jr" => "junior",
            "Sr" => "senior",
            "Ltd" => "limited",
            "vs" => "versus",
            "etc" if s.before(i) != '/' => "et cetera",
            "Tel" if s.at(end) == ':' => "telephone",
            "Ave" if ordinal || after_name => "avenue",
            "Blvd" if ordinal || after_name => "boulevard",
            "St" if ordinal || after_name && !capital_follows => "street",
            "St" if capital_follows => "saint",
            "Mt" if capital_follows => "mount",
            _ => return None,
        };
        return Some((end, words.to_owned()));
    }
    let after = end + 1;
    let next = s.spaces(after);
    // "b. 1920", "d. 1999": people, if a year follows.
    if matches!(word.as_str(), "b" | "d") && s.digits(next) == next + 4 {
        let words = if word == "b" { "born" } else { "died" };
        return Some((after, words.to_owned()));
    }
    let (words, dot) = abbreviations::abbreviation(&word)?;
    let name_follows = s.at(next).is_ascii_uppercase();
    if dot == Dot::NumberFollows && !abbreviations::is_number(&lower, &s.ahead(next)) {
        return None;
    }
    // "the sun. May": a month needs its day; "two min." needs its number.
    if matches!(lower.as_str(), "mar" | "dec" | "al" | "ed" | "min" | "lb")
        && lower != "al"
        && r.previous.is_empty()
        && r.out.is_empty()
    {
        return None;
    }
    if dot == Dot::NeverEnds && s.at(next) == '\0' {
        return None;
    }
    let mut words = words;
    if lower == "v" && s.at(next).is_ascii_digit() {
        words = "verse";
    }
    if lower == "est" && s.digits(next) != next + 4 {
        words = "estimated";
    }
    if matches!(lower.as_str(), "st" | "dr") {
        // "Baker St." after a name is a street, before a name a saint; so with drives and doctors.
        let street = (after_name || ordinal)
            && (!name_follows || ordinal || abbreviations::opens_sentence(&s.ahead(next)));
        if street {
            words = if lower == "st" { "street" } else { "drive" };
        }
    }
    // The dot of "etc." may end the sentence as well.
    let stop = dot != Dot::NeverEnds
        && s.could_end(after)
        && (s.at(next) == '\0'
            || match dot {
                Dot::NameMayFollow => abbreviations::opens_sentence(&s.ahead(next)),
                Dot::DateMayFollow => !abbreviations::continues_date(&s.ahead(next)),
                _ => false,
            });
    Some((after - usize::from(stop), words.to_owned()))
}

/// Words that stand with a capital at the beginning of a sentence and are not names.
fn is_small_word(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "in" | "at"
            | "from"
            | "to"
            | "the"
            | "of"
            | "and"
            | "near"
            | "with"
            | "for"
            | "by"
            | "on"
            | "dear"
            | "see"
            | "ask"
            | "but"
            | "when"
            | "as"
            | "my"
            | "our"
            | "his"
            | "her"
            | "is"
            | "was"
            | "then"
            | "so"
            | "hello"
            | "hi"
            | "thanks"
            | "yes"
            | "no"
            | "meet"
            | "call"
    )
}

/// A word with what hyphens join to it.
fn compound(r: &mut Reader, i: usize) -> usize {
    let s = &r.scan;
    let first = s.word(i);
    // "well-known": one word with hyphens if all parts are ordinary.
    let mut end = first;
    let mut plain = is_plain(r, i, first);
    while plain && r.scan.at(end) == '-' && r.scan.at(end + 1).is_ascii_alphabetic() {
        let part_end = r.scan.word(end + 1);
        plain = is_plain(r, end + 1, part_end) && r.scan.ends(part_end);
        if plain {
            end = part_end;
        }
    }
    let s = &r.scan;
    if end > first && s.ends(end) {
        let word = s.text(i, end);
        r.previous.clone_from(&word);
        r.push(Item::Word(word.to_ascii_lowercase()), i, end);
        return end;
    }
    let end = one(r, i, first);
    // "F-16", "COVID-19", "GPT-4": the hyphen is not said, the digits are a label.
    let hyphen = usize::from(r.scan.at(end) == '-');
    let digits = r.scan.digits(end + hyphen);
    if digits > end + hyphen
        && digits - end < 8
        && !matches!(r.scan.at(digits), '.' | ',' | ':' | '/')
            | !r.scan.at(digits + 1).is_ascii_digit()
    {
        // "mid-1990s" is a decade.
        let decade = r.scan.at(digits) == 's' && r.scan.ends(digits + 1);
        if !decade {
            let mut words = label(&r.scan.text(end + hyphen, digits));
            let possessive = r.scan.starts(digits, "'s") && r.scan.ends(digits + 2);
            words.push_str(if possessive { "'s" } else { "" });
            let last = digits + if possessive { 2 } else { 0 };
            r.say(&words, end + hyphen, last);
            return last;
        }
    }
    end + hyphen * usize::from(r.scan.at(end + 1).is_ascii_alphanumeric())
}

/// Not capitals that may be spelled.
fn is_plain(r: &Reader, from: usize, to: usize) -> bool {
    let word = r.scan.text(from, to);
    let capitals = word.chars().filter(char::is_ascii_uppercase).count();
    r.shouts
        || capitals == 0
        || capitals == 1
            && (word.len() > 1 || matches!(word.as_str(), "I" | "A"))
            && word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Reads the letters from `i` to `end`, and returns where they end.
fn one(r: &mut Reader, i: usize, end: usize) -> usize {
    let word = r.scan.text(i, end);
    let lower = word.to_ascii_lowercase();
    let attached = r.scan.before(i).is_ascii_digit()
        || r.scan.at(end).is_ascii_digit()
        || r.scan.at(end) == '+'
        // "(a)", "a)": a letter, not the article.
        || matches!(r.scan.before(i), '(' | ' ') && end == i + 1 && r.scan.at(end) == ')';
    r.previous.clone_from(&word);
    if (r.knows)(&lower) {
        r.push(Item::Word(lower), i, end);
        return end;
    }
    let other = match lower.as_str() {
        "ok" => "okay",
        // "rock 'n' roll"
        "n" if r.scan.before(i) == '\'' && r.scan.at(end) == '\'' => "and",
        _ => "",
    };
    if !other.is_empty() {
        r.push(Item::Word(other.to_owned()), i, end);
        return end;
    }
    // "FBI's", "CDs": the ending is not part of the acronym.
    let (stem, ending) = match word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix("'S"))
        .or_else(|| word.strip_suffix('s'))
    {
        // One letter needs the apostrophe, "A's", "p's": "As" is a word.
        Some(stem) if all_capitals(stem) && stem.len() > 1 => (stem, true),
        Some(stem) if stem.len() == 1 && word.len() == 3 => (stem, true),
        _ => (word.as_str(), false),
    };
    if is_spelled(r, stem, attached || ending && stem.len() == 1) {
        spell(r, &stem.to_ascii_lowercase(), ending, i, end);
    } else if all_capitals(stem) || !camel(&word) {
        r.push(Item::Word(lower), i, end);
    } else {
        camel_parts(r, &word, i);
    }
    end
}
