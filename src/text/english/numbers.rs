//! Numbers, with the signs and words around them that decide how they are read.

use super::codes::{code, dots, phone};
use super::digits::Number;
use super::fractions::{fraction, fraction_sign};
use super::scan::Scan;
use super::years::{decade, short_year};
use super::{dates, money, units};
use crate::text::numerals::{
    below_hundred, each_digit, integer, label, ordinal, ordinal_of, plural, year,
};

/// What stands before a number.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The word before, as it was written; empty if none is there.
    pub(super) previous: &'a str,
    /// Inside double quotes.
    pub(super) in_quotes: bool,
}

impl Context<'_> {
    /// "a 5 km race": the unit after an article is one.
    pub(super) fn after_article(self) -> bool {
        self.previous.eq_ignore_ascii_case("a") || self.previous.eq_ignore_ascii_case("an")
    }
}

/// The number at `i` with all that belongs to it.
pub(super) fn read(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    let (c, before) = (s.at(i), s.before(i));
    if before.is_ascii_digit() {
        return None;
    }
    if c.is_ascii_alphabetic() {
        return dates::month_first(s, i)
            .or_else(|| dates::weekdays(s, i))
            .or_else(|| money::read(s, i, ctx));
    }
    // A sign belongs to the number if it does not join it to what is before.
    let apart = matches!(
        before,
        ' ' | '\n' | '(' | '[' | '"' | '\'' | '=' | '/' | '—' | ':' | '*' | '×' | '÷' | '^'
    );
    match c {
        '0'..='9' => digits(s, i, ctx),
        '.' if apart && s.at(i + 1).is_ascii_digit() => quantity(s, i, ctx),
        '-' | '−' if apart => {
            let (end, words) = unsigned(s, i + 1, ctx)?;
            Some((end, format!("minus {words}")))
        }
        '±' => unsigned(s, i + 1, ctx).map(|(end, words)| (end, format!("plus or minus {words}"))),
        '+' if apart => phone(s, i).or_else(|| {
            let (end, words) = unsigned(s, i + 1, ctx)?;
            Some((end, format!("plus {words}")))
        }),
        '(' => phone(s, i),
        '\'' if !before.is_ascii_alphanumeric() => short_year(s, i),
        _ if fraction_sign(c).is_some() => fraction(s, i),
        _ => money::read(s, i, ctx),
    }
}

/// What may follow a sign.
fn unsigned(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    let c = s.at(i);
    if c.is_ascii_digit() || c == '.' && s.at(i + 1).is_ascii_digit() {
        return range(s, i, ctx)
            .or_else(|| fraction(s, i))
            .or_else(|| quantity(s, i, ctx));
    }
    money::read(s, i, ctx).or_else(|| fraction(s, i))
}

fn digits(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    phone(s, i)
        .or_else(|| dates::numeric(s, i))
        .or_else(|| dates::day_first(s, i, ctx.previous))
        .or_else(|| dates::month_and_day(s, i, ctx.previous))
        .or_else(|| dates::duration(s, i))
        .or_else(|| verse(s, i, ctx))
        .or_else(|| dates::time(s, i))
        .or_else(|| dots(s, i))
        .or_else(|| fraction(s, i))
        .or_else(|| ordinal_number(s, i))
        .or_else(|| decade(s, i))
        .or_else(|| range(s, i, ctx))
        .or_else(|| ratio(s, i))
        .or_else(|| quantity(s, i, ctx))
}

/// Words whose numbers are names.
const LABELLED: &[&str] = &[
    "airbus",
    "area",
    "boeing",
    "bus",
    "channel",
    "flight",
    "gate",
    "highway",
    "interstate",
    "route",
    "room",
    "suite",
    "train",
];

/// What is counted in millions and not in meters.
const COUNTED: &[&str] = &[
    "children",
    "customers",
    "homes",
    "jobs",
    "people",
    "users",
    "views",
    "viewers",
    "visitors",
    "votes",
    "workers",
];

/// Words before telephone numbers.
const CALLED: &[&str] = &["call", "called", "calling", "dial", "dialed", "dialled"];

/// Books whose places are chapter and verse.
#[rustfmt::skip]
const BOOKS: &[&str] = &[
    "genesis", "exodus", "leviticus", "numbers", "deuteronomy", "joshua", "judges", "ruth", "samuel", "kings",
    "chronicles", "job", "psalm", "psalms", "proverbs", "ecclesiastes", "isaiah", "jeremiah", "ezekiel", "daniel",
    "matthew", "mark", "luke", "john", "acts", "romans", "corinthians", "galatians", "ephesians", "philippians",
    "colossians", "thessalonians", "timothy", "titus", "hebrews", "james", "peter", "jude", "revelation",
];

/// "John 3:16", "Genesis 1:1-3".
fn verse(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    let middle = s.digits(i);
    let end = s.digits(middle + 1);
    let known = BOOKS.contains(&ctx.previous.to_ascii_lowercase().as_str());
    if !known || s.at(middle) != ':' || end == middle + 1 || end - i > 7 {
        return None;
    }
    let words = format!(
        "{} {}",
        integer(&s.text(i, middle)),
        integer(&s.text(middle + 1, end))
    );
    let last = s.digits(end + 1);
    if matches!(s.at(end), '-' | '–') && last > end + 1 {
        return Some((
            last,
            format!("{words} to {}", integer(&s.text(end + 1, last))),
        ));
    }
    Some((end, words))
}

/// A number with its unit, currency or scale behind it.
pub(super) fn quantity(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    let number = Number::read(s, i)?;
    if let Some(found) = units::feet_and_inches(s, &number, ctx) {
        return Some(found);
    }
    // "1.2m people"
    let next = s.spaces(number.end + 1);
    if s.starts(number.end, "m ") && COUNTED.iter().any(|what| s.word_is(next, what)) {
        return Some((number.end + 1, format!("{} million", number.words())));
    }
    if let Some(found) = units::read(s, &number, ctx).or_else(|| money::behind(s, &number, ctx)) {
        return Some(found);
    }
    let end = number.end;
    // "3x4", "1920×1080", "3x"; but "3×10^8".
    if matches!(s.at(end), 'x' | 'X' | '×') && !s.starts(end + 1, "10^") {
        if s.at(end + 1).is_ascii_digit() {
            // The other side is read next.
            return Some((end + 1, format!("{} by", number.size_words())));
        }
        if s.ends(end + 1) {
            return Some((end + 1, format!("{} times", number.words())));
        }
    }
    // "6.02e23", "1e-9", "3×10^8" (the power is read by itself).
    if matches!(s.at(end), 'e' | 'E') {
        let sign = usize::from(matches!(s.at(end + 1), '-' | '+' | '−'));
        let last = s.digits(end + 1 + sign);
        if last > end + 1 + sign && s.ends(last) {
            let minus = if matches!(s.at(end + 1), '-' | '−') {
                "minus "
            } else {
                ""
            };
            let power = integer(&s.text(end + 1 + sign, last));
            return Some((
                last,
                format!(
                    "{} times ten to the power of {minus}{power}",
                    number.words()
                ),
            ));
        }
    }
    if let Some((end, scale)) = scale(s, end) {
        return Some((end, format!("{} {scale}", number.words())));
    }
    // "221B", "1080p": a name.
    if s.at(end).is_ascii_alphabetic() && number.decimals.is_none() && !number.grouped {
        return Some((end, label(&number.whole)));
    }
    // The other side of a size.
    if matches!(s.before(i), 'x' | 'X' | '×') {
        return Some((end, number.size_words()));
    }
    // "Room 101", "flight 237".
    let name = LABELLED.contains(&ctx.previous.to_ascii_lowercase().as_str());
    if name && number.decimals.is_none() && !number.grouped {
        return Some((end, label(&number.whole)));
    }
    let emergency = matches!(number.whole.as_str(), "911" | "999" | "112" | "988");
    if emergency && CALLED.contains(&ctx.previous.to_ascii_lowercase().as_str()) {
        return Some((end, each_digit(&number.whole)));
    }
    Some((end, number.bare_words()))
}

/// "M", "bn" directly behind a number, which then counts.
pub(super) fn scale(s: &Scan, i: usize) -> Option<(usize, &'static str)> {
    [
        ("bn", "billion"),
        ("mn", "million"),
        ("tn", "trillion"),
        ("M", "million"),
    ]
    .into_iter()
    .find(|(short, _)| s.starts(i, short) && s.ends(i + short.len()))
    .map(|(short, long)| (i + short.len(), long))
}

/// "21st", "1,000th", "1st-3rd".
fn ordinal_number(s: &Scan, i: usize) -> Option<(usize, String)> {
    let (end, words) = one_ordinal(s, i)?;
    match dash(s, end).and_then(|next| one_ordinal(s, next)) {
        Some((end, to)) => Some((end, format!("{words} to {to}"))),
        None => Some((end, words)),
    }
}

fn one_ordinal(s: &Scan, i: usize) -> Option<(usize, String)> {
    let number = Number::read(s, i).filter(|n| n.decimals.is_none())?;
    let end = number.end;
    // "1,000s".
    if number.grouped && s.at(end) == 's' && s.ends(end + 1) {
        let words = number.words();
        return Some((
            end + 1,
            plural(words.strip_prefix("one ").unwrap_or(&words)),
        ));
    }
    let suffix = s.text(end, end + 2).to_ascii_lowercase();
    if matches!(suffix.as_str(), "st" | "nd" | "rd" | "th") && s.ends(end + 2) {
        return Some((end + 2, ordinal(&number.whole)));
    }
    (s.at(end) == 'º').then(|| (end + 1, ordinal(&number.whole)))
}

/// A sign between two numbers of a range, and where the second begins.
fn dash(s: &Scan, i: usize) -> Option<usize> {
    let next = match s.at(i) {
        '-' | '–' | '—' => i + 1,
        ' ' if matches!(s.at(i + 1), '–' | '—') && s.at(i + 2) == ' ' => i + 3,
        _ => return None,
    };
    s.at(next).is_ascii_digit().then_some(next)
}

/// "10-20", "1914–1918", "1914-18", "5-10 km", "10%-20%".
fn range(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    let first = Number::read(s, i)?;
    let percent = usize::from(matches!(s.at(first.end), '%' | '°'));
    let next = dash(s, first.end + percent)?;
    let second = Number::read(s, next)?;
    if (first.whole.as_str(), second.whole.as_str()) == ("50", "50") {
        return Some((second.end, "fifty fifty".to_owned()));
    }
    // Three and more groups are a code: "978-3-16", "12-34-56".
    if dash(s, second.end).is_some() {
        return code(s, i);
    }
    // "Boeing 737-800"
    if matches!(ctx.previous, "Boeing" | "Airbus") {
        let words = format!("{} {}", label(&first.whole), label(&second.whole));
        return Some((second.end, words));
    }
    let years = match (first.year(), second.year(), second.whole.len()) {
        (Some(a), Some(b), _) => Some((year(a), year(b))),
        (Some(a), None, 2) if second.decimals.is_none() => {
            let b = second.whole.parse().unwrap_or(0);
            let end = if b < 10 {
                format!("oh {}", below_hundred(b))
            } else {
                below_hundred(b)
            };
            (b > a % 100).then(|| (year(a), end))
        }
        _ => None,
    };
    if let Some((from, to)) = years {
        return Some((second.end, format!("{from} to {to}")));
    }
    let from = match s.at(first.end) {
        '%' => format!("{} percent", first.words()),
        '°' => format!("{} degrees", first.words()),
        _ => first.words(),
    };
    let (end, to) = dates::time(s, next)
        .or_else(|| ordinal_number(s, next))
        .or_else(|| fraction(s, next))
        .or_else(|| quantity(s, next, ctx))?;
    Some((end, format!("{from} to {to}")))
}

/// "16:9", "3:1": what is not a time.
fn ratio(s: &Scan, i: usize) -> Option<(usize, String)> {
    let middle = s.digits(i);
    let end = s.digits(middle + 1);
    if s.at(middle) != ':'
        || end == middle + 1
        || middle - i > 4
        || end - middle > 5
        || s.at(end) == ':'
    {
        return None;
    }
    Some((
        end,
        format!(
            "{} to {}",
            integer(&s.text(i, middle)),
            integer(&s.text(middle + 1, end))
        ),
    ))
}

/// Used by [`dates`] for days of a month.
pub(super) fn day_ordinal(day: u32) -> String {
    ordinal_of(&below_hundred(day))
}
