//! Decades, and years without their century.

use super::scan::Scan;
use crate::text::numerals::{below_hundred, label, plural, year};

/// "1990s", "80s", "1800s", "747s".
pub(super) fn decade(s: &Scan, i: usize) -> Option<(usize, String)> {
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

/// "'90s", "'99", "'39-'45".
pub(super) fn short_year(s: &Scan, i: usize) -> Option<(usize, String)> {
    let (end, words) = one_short_year(s, i)?;
    let range = matches!(s.at(end), '-' | '–') && s.at(end + 1) == '\'';
    match range.then(|| one_short_year(s, end + 1)).flatten() {
        Some((end, to)) => Some((end, format!("{words} to {to}"))),
        None => Some((end, words)),
    }
}

fn one_short_year(s: &Scan, i: usize) -> Option<(usize, String)> {
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
