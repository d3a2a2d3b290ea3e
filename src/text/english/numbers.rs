//! Numbers, with the signs and words around them that decide how they are read.

use super::scan::Scan;
use super::{dates, money, units};
use crate::text::numerals::{
    below_hundred, each_digit, integer, label, ordinal, ordinal_of, plural, year,
};

/// A number in digits: `1,234.56` has the whole part `1234` and the decimals `56`.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) end: usize,
    pub(super) whole: String,
    pub(super) decimals: Option<String>,
    /// Thousands were marked, so it is a quantity.
    pub(super) grouped: bool,
}

impl Number {
    /// Reads `123`, `1,234,567`, `3.14`, `.5` at `i`.
    pub(super) fn read(s: &Scan, i: usize) -> Option<Self> {
        let mut end = s.digits(i);
        let mut whole = s.text(i, end);
        let mut grouped = false;
        if (1..=3).contains(&(end - i)) {
            while s.at(end) == ',' && s.digits(end + 1) == end + 4 {
                whole.push_str(&s.text(end + 1, end + 4));
                end += 4;
                grouped = true;
            }
        }
        let decimals_end = s.digits(end + 1);
        let decimals =
            (s.at(end) == '.' && decimals_end > end + 1).then(|| s.text(end + 1, decimals_end));
        if decimals.is_some() {
            end = decimals_end;
        }
        (!whole.is_empty() || decimals.is_some()).then_some(Self {
            end,
            whole,
            decimals,
            grouped,
        })
    }

    /// As a quantity: "three point one four".
    pub(super) fn words(&self) -> String {
        let whole = match self.whole.as_str() {
            "" => "zero".to_owned(),
            w if w.len() > 1 && w.starts_with('0') && self.decimals.is_none() => each_digit(w),
            w => integer(w),
        };
        match &self.decimals {
            Some(decimals) => format!("{whole} point {}", each_digit(decimals)),
            None => whole,
        }
    }

    pub(super) fn is_one(&self) -> bool {
        self.whole == "1" && self.decimals.is_none()
    }

    /// A whole number that is written like a year.
    pub(super) fn year(&self) -> Option<u32> {
        if self.grouped || self.decimals.is_some() || self.whole.len() != 4 {
            return None;
        }
        self.whole.parse().ok().filter(|n| (1100..2100).contains(n))
    }

    /// As a side of "1920x1080".
    fn size_words(&self) -> String {
        let short = self.decimals.is_none() && !self.grouped && self.whole.len() <= 4;
        if short {
            label(&self.whole)
        } else {
            self.words()
        }
    }

    /// As it is read when nothing says what it counts.
    fn bare_words(&self) -> String {
        self.year().map_or_else(|| self.words(), year)
    }
}

/// The number at `i` with all that belongs to it. `previous` is the word before it.
pub(super) fn read(s: &Scan, i: usize, previous: &str, in_quotes: bool) -> Option<(usize, String)> {
    let (c, before) = (s.at(i), s.before(i));
    if before.is_ascii_digit() {
        return None;
    }
    if c.is_ascii_alphabetic() {
        return dates::month_first(s, i).or_else(|| money::read(s, i));
    }
    // A sign belongs to the number if it does not join it to what is before.
    let apart = matches!(
        before,
        ' ' | '\n' | '(' | '[' | '"' | '\'' | '=' | '/' | '—' | ':' | '*' | '×' | '÷' | '^'
    );
    match c {
        '0'..='9' => digits(s, i, previous, in_quotes),
        '.' if apart && s.at(i + 1).is_ascii_digit() => quantity(s, i, in_quotes),
        '-' | '−' if apart => {
            let (end, words) = unsigned(s, i + 1, in_quotes)?;
            Some((end, format!("minus {words}")))
        }
        '±' => unsigned(s, i + 1, in_quotes)
            .map(|(end, words)| (end, format!("plus or minus {words}"))),
        '+' if apart => phone(s, i).or_else(|| {
            let (end, words) = unsigned(s, i + 1, in_quotes)?;
            Some((end, format!("plus {words}")))
        }),
        '(' => phone(s, i),
        '\'' if !before.is_ascii_alphanumeric() => short_year(s, i),
        _ if fraction_sign(c).is_some() => fraction(s, i),
        _ => money::read(s, i),
    }
}

/// What may follow a sign.
fn unsigned(s: &Scan, i: usize, in_quotes: bool) -> Option<(usize, String)> {
    let c = s.at(i);
    if c.is_ascii_digit() || c == '.' && s.at(i + 1).is_ascii_digit() {
        return range(s, i, in_quotes)
            .or_else(|| fraction(s, i))
            .or_else(|| quantity(s, i, in_quotes));
    }
    money::read(s, i).or_else(|| fraction(s, i))
}

fn digits(s: &Scan, i: usize, previous: &str, in_quotes: bool) -> Option<(usize, String)> {
    phone(s, i)
        .or_else(|| dates::numeric(s, i))
        .or_else(|| dates::day_first(s, i, previous))
        .or_else(|| dates::time(s, i))
        .or_else(|| dots(s, i))
        .or_else(|| fraction(s, i))
        .or_else(|| ordinal_number(s, i))
        .or_else(|| decade(s, i))
        .or_else(|| range(s, i, in_quotes))
        .or_else(|| ratio(s, i))
        .or_else(|| quantity(s, i, in_quotes))
}

/// A number with its unit, currency or scale behind it.
pub(super) fn quantity(s: &Scan, i: usize, in_quotes: bool) -> Option<(usize, String)> {
    let number = Number::read(s, i)?;
    if let Some(found) = units::feet_and_inches(s, &number, in_quotes) {
        return Some(found);
    }
    if let Some(found) = units::read(s, &number).or_else(|| money::behind(s, &number)) {
        return Some(found);
    }
    let end = number.end;
    // "3x4", "1920×1080", "3x"; but "3×10^8".
    if matches!(s.at(end), 'x' | 'X' | '×') && !s.starts(end + 1, "10^") {
        if s.at(end + 1).is_ascii_digit() {
            let (end, words) = quantity(s, end + 1, in_quotes)?;
            return Some((end, format!("{} by {words}", number.size_words())));
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

/// "21st", "1,000th", "3rd".
fn ordinal_number(s: &Scan, i: usize) -> Option<(usize, String)> {
    let number = Number::read(s, i).filter(|n| n.decimals.is_none())?;
    let end = number.end;
    let suffix = s.text(end, end + 2).to_ascii_lowercase();
    if matches!(suffix.as_str(), "st" | "nd" | "rd" | "th") && s.ends(end + 2) {
        return Some((end + 2, ordinal(&number.whole)));
    }
    (s.at(end) == 'º').then(|| (end + 1, ordinal(&number.whole)))
}

/// "1990s", "80s", "1800s", "747s".
fn decade(s: &Scan, i: usize) -> Option<(usize, String)> {
    let end = s.digits(i);
    let apostrophe = usize::from(s.at(end) == '\'');
    let after = end + apostrophe + 1;
    if s.at(after - 1) != 's' || !s.ends(after) || end - i > 4 {
        return None;
    }
    let text = s.text(i, end);
    Some((after, decade_words(&text)))
}

fn decade_words(digits: &str) -> String {
    let n: u32 = digits.parse().unwrap_or(0);
    match n {
        1100..2100 => plural(&year(n)),
        _ if digits.len() == 2 => plural(&below_hundred(n)),
        _ => plural(&label(digits)),
    }
}

/// "'90s", "'99".
fn short_year(s: &Scan, i: usize) -> Option<(usize, String)> {
    let end = s.digits(i + 1);
    if end != i + 3 {
        return None;
    }
    let digits = s.text(i + 1, end);
    if s.at(end) == 's' && s.ends(end + 1) {
        return Some((end + 1, decade_words(&digits)));
    }
    // A quote that closes behind the number is no sign of a year.
    (s.ends(end) && s.at(end) != '\'').then(|| {
        let n = digits.parse().unwrap_or(0);
        let words = if digits.starts_with('0') {
            format!("oh {}", below_hundred(n))
        } else {
            below_hundred(n)
        };
        (end, words)
    })
}

fn fraction_sign(c: char) -> Option<(u32, u32)> {
    Some(match c {
        '½' => (1, 2),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        '⅐' => (1, 7),
        '⅑' => (1, 9),
        '⅒' => (1, 10),
        _ => return None,
    })
}

fn fraction_words(n: u32, d: u32) -> String {
    let top = integer(&n.to_string());
    let bottom = match d {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        _ => ordinal(&d.to_string()),
    };
    match (n, d) {
        (1, _) => format!("one {bottom}"),
        (_, 2) => format!("{top} halves"),
        _ => format!("{top} {bottom}s"),
    }
}

/// `1/2` at `i`, as two small numbers.
fn slashed(s: &Scan, i: usize) -> Option<(usize, u32, u32)> {
    let middle = s.digits(i);
    let end = s.digits(middle + 1);
    if s.at(middle) != '/' || middle == i || end == middle + 1 || end > i + 9 {
        return None;
    }
    // "1/2/3" is no fraction, nor is "1/2nd".
    if s.at(end) == '/' && s.at(end + 1).is_ascii_digit() || s.before(i) == '/' {
        return None;
    }
    let n = s.text(i, middle).parse().ok()?;
    let d = s.text(middle + 1, end).parse().ok()?;
    Some((end, n, d))
}

/// "1/2", "3 1/2", "½", "3¾", with a unit behind it; other slashes between numbers are "over".
fn fraction(s: &Scan, i: usize) -> Option<(usize, String)> {
    if let Some((n, d)) = fraction_sign(s.at(i)) {
        return Some(units::behind_fraction(
            s,
            i + 1,
            fraction_words(n, d),
            false,
        ));
    }
    if let Some((end, n, d)) = slashed(s, i) {
        let words = match (n, d) {
            (24, 7) => "twenty-four seven".to_owned(),
            (9, 11) => "nine eleven".to_owned(),
            (50, 50) => "fifty fifty".to_owned(),
            _ if n > 0
                && matches!(d, 2..=10 | 12 | 16 | 20 | 32 | 64 | 100 | 1000)
                && n < d.max(10) =>
            {
                return Some(units::behind_fraction(s, end, fraction_words(n, d), false));
            }
            _ => format!(
                "{} over {}",
                integer(&n.to_string()),
                integer(&d.to_string())
            ),
        };
        return Some((end, words));
    }
    let number = Number::read(s, i).filter(|n| n.decimals.is_none() && n.whole.len() < 7)?;
    let gap = usize::from(matches!(s.at(number.end), ' ' | '-'));
    let (end, n, d) =
        match fraction_sign(s.at(number.end)).or_else(|| fraction_sign(s.at(number.end + gap))) {
            Some((n, d)) => (
                number.end + 1 + usize::from(fraction_sign(s.at(number.end)).is_none()),
                n,
                d,
            ),
            None if gap > 0 => {
                slashed(s, number.end + 1).filter(|&(_, n, d)| n > 0 && n < d && d <= 64)?
            }
            None => return None,
        };
    let part = fraction_words(n, d);
    let part = if (n, d) == (1, 2) {
        "a half".to_owned()
    } else {
        part
    };
    Some(units::behind_fraction(
        s,
        end,
        format!("{} and {part}", number.words()),
        true,
    ))
}

/// Versions and addresses: "1.2.3" one point two point three, "192.168.0.1" with dots.
fn dots(s: &Scan, i: usize) -> Option<(usize, String)> {
    let mut parts = Vec::new();
    let mut at = i;
    loop {
        let end = s.digits(at);
        if end == at {
            return None;
        }
        parts.push(s.text(at, end));
        at = end;
        if s.at(at) != '.' || !s.at(at + 1).is_ascii_digit() {
            break;
        }
        at += 1;
    }
    let address = parts.len() == 4 && parts.iter().all(|p| p.parse::<u8>().is_ok());
    let words: Vec<String> = match parts.len() {
        0..=2 => return None,
        _ if address => parts.iter().map(|p| each_digit(p)).collect(),
        _ => parts
            .iter()
            .map(|p| {
                if p.len() > 1 && p.starts_with('0') {
                    each_digit(p)
                } else {
                    integer(p)
                }
            })
            .collect(),
    };
    Some((at, words.join(if address { " dot " } else { " point " })))
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
fn range(s: &Scan, i: usize, in_quotes: bool) -> Option<(usize, String)> {
    let first = Number::read(s, i)?;
    let percent = usize::from(s.at(first.end) == '%');
    let next = dash(s, first.end + percent)?;
    let second = Number::read(s, next)?;
    // Three and more groups are a code: "978-3-16", "12-34-56".
    if dash(s, second.end).is_some() {
        return code(s, i);
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
    let from = if percent > 0 {
        format!("{} percent", first.words())
    } else {
        first.words()
    };
    let (end, to) = dates::time(s, next)
        .or_else(|| ordinal_number(s, next))
        .or_else(|| fraction(s, next))
        .or_else(|| quantity(s, next, in_quotes))?;
    Some((end, format!("{from} to {to}")))
}

/// Groups of digits with hyphens, one by one.
fn code(s: &Scan, i: usize) -> Option<(usize, String)> {
    let mut at = i;
    let mut words = Vec::new();
    loop {
        let end = s.digits(at);
        if end == at {
            return None;
        }
        words.push(each_digit(&s.text(at, end)));
        at = end;
        match s.at(at) {
            '-' | '–' if s.at(at + 1).is_ascii_digit() => at += 1,
            _ => return Some((at, words.join(", "))),
        }
    }
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

/// Telephone numbers: "555-1234", "(555) 123-4567", "1-800-555-0199", "+44 20 7946 0958". Digits one
/// by one, with a pause between the groups.
fn phone(s: &Scan, i: usize) -> Option<(usize, String)> {
    let mut groups: Vec<String> = Vec::new();
    let mut at = i;
    let plus = s.at(i) == '+';
    at += usize::from(plus);
    let mut shape = String::new();
    while groups.len() < 6 {
        let bracket = s.at(at) == '(';
        let from = at + usize::from(bracket);
        let end = s.digits(from);
        if end == from || end - from > if plus { 12 } else { 4 } || bracket && s.at(end) != ')' {
            break;
        }
        groups.push(s.text(from, end));
        if bracket {
            shape.push('(');
        }
        shape.push(char::from(b'0' + (end - from).min(9) as u8));
        at = end + usize::from(bracket);
        let joint = s.at(at);
        let gap = match joint {
            '-' | '.' | ' ' if s.at(at + 1).is_ascii_digit() || s.at(at + 1) == '(' => 1,
            '(' => 0,
            _ if bracket && s.at(at).is_ascii_digit() => 0,
            _ => break,
        };
        shape.push(if joint == ' ' || gap == 0 { ' ' } else { joint });
        at += gap;
    }
    if matches!(s.before(at), '-' | '.' | ' ') {
        at -= 1;
        shape.pop();
    }
    let total: usize = groups.iter().map(String::len).sum();
    let known = match shape.as_str() {
        "3-3-4" | "3.3.4" | "(3 3-4" | "(3-3-4" | "(3 3 4" | "3 3-4" | "1-3-3-4" | "1 (3 3-4"
        | "1 3 3 4" | "1-(3 3-4" => true,
        "3-4" => s
            .text(i, i + 3)
            .starts_with(['5', '2', '3', '4', '6', '7', '8', '9']),
        _ => plus && (7..=15).contains(&total),
    };
    if !known || !s.ends(at) || s.at(at) == '-' && s.at(at + 1).is_ascii_digit() {
        return None;
    }
    let words: Vec<String> = groups.iter().map(|g| each_digit(g)).collect();
    Some((
        at,
        format!("{}{}", if plus { "plus " } else { "" }, words.join(", ")),
    ))
}

/// Used by [`dates`] for days of a month.
pub(super) fn day_ordinal(day: u32) -> String {
    ordinal_of(&below_hundred(day))
}
