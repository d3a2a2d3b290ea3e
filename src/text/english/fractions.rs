//! Fractions: "1/2", "3 1/2", "¾".

use super::digits::Number;
use super::scan::Scan;
use super::units;
use crate::text::numerals::{below_hundred, integer, ordinal, year};

pub(super) fn fraction_sign(c: char) -> Option<(u32, u32)> {
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
pub(super) fn fraction(s: &Scan, i: usize) -> Option<(usize, String)> {
    if let Some((n, d)) = fraction_sign(s.at(i)) {
        return Some(units::behind_fraction(
            s,
            i + 1,
            fraction_words(n, d),
            false,
        ));
    }
    if let Some((end, n, d)) = slashed(s, i) {
        // "7/8ths"
        let suffix = ["ths", "th", "rds", "rd"]
            .iter()
            .find(|x| s.word_is(end, x));
        let end = end + suffix.map_or(0, |x| x.len());
        let words = match (n, d) {
            (24, 7) => "twenty-four seven".to_owned(),
            (9, 11) => "nine eleven".to_owned(),
            // "50/50", "20/20 vision"
            _ if n == d && n >= 10 => format!("{0} {0}", integer(&n.to_string())),
            // "2020/21", a season.
            (1900..2100, _) if (n + 1) % 100 == d => format!("{} {}", year(n), below_hundred(d)),
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
