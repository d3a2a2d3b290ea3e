//! Digits that are read one by one or in parts: telephone numbers, versions, other codes.

use super::scan::Scan;
use crate::text::numerals::{each_digit, integer, label};

/// Telephone numbers: "555-1234", "(555) 123-4567", "1-800-555-0199", "+44 20 7946 0958", "020 7946 0958". Digits one
/// by one, with a pause between the groups.
pub(super) fn phone(s: &Scan, i: usize) -> Option<(usize, String)> {
    // "1-800-FLOWERS"
    if s.starts(i, "1-8")
        && s.digits(i + 2) == i + 5
        && s.at(i + 5) == '-'
        && s.at(i + 6).is_ascii_uppercase()
    {
        return Some((i + 6, format!("one, {},", label(&s.text(i + 2, i + 5)))));
    }
    let mut groups: Vec<String> = Vec::new();
    let mut at = i;
    let plus = s.at(i) == '+';
    at += usize::from(plus);
    let mut shape = String::new();
    while groups.len() < 6 {
        let bracket = s.at(at) == '(';
        let from = at + usize::from(bracket);
        let end = s.digits(from);
        if end == from || end - from > if plus { 12 } else { 6 } || bracket && s.at(end) != ')' {
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
    if groups.len() < 2 && !plus || groups.is_empty() {
        return None;
    }
    if matches!(s.before(at), '-' | '.' | ' ') {
        at -= 1;
        shape.pop();
    }
    let total: usize = groups.iter().map(String::len).sum();
    // "0800 123 456", "(020) 7946-0018"
    let national = groups[0].starts_with('0')
        && (9..=11).contains(&total)
        && (!shape.contains(['-', '.']) || shape.starts_with('('));
    let known = match shape.as_str() {
        "3-3-4" | "3.3.4" | "(3 3-4" | "(3-3-4" | "(3 3 4" | "3 3-4" | "1-3-3-4" | "1 (3 3-4"
        | "1 3 3 4" | "1-(3 3-4" | "1.3.3.4" => true,
        "3-4" => s
            .text(i, i + 3)
            .starts_with(['5', '2', '3', '4', '6', '7', '8', '9']),
        _ => national || plus && (7..=15).contains(&total),
    };
    if !known || !s.ends(at) || s.at(at) == '-' && s.at(at + 1).is_ascii_digit() {
        return None;
    }
    let words: Vec<String> = groups.iter().map(|g| each_digit(g)).collect();
    let words = format!("{}{}", if plus { "plus " } else { "" }, words.join(", "));
    // "x56"
    let extension = at + 2;
    let end = s.digits(extension);
    if s.at(at) == ' ' && s.at(at + 1) == 'x' && end > extension && s.ends(end) {
        let digits = each_digit(&s.text(extension, end));
        return Some((end, format!("{words}, extension {digits}")));
    }
    Some((at, words))
}

/// Versions and addresses: "1.2.3" one point two point three, "192.168.0.1" with dots.
pub(super) fn dots(s: &Scan, i: usize) -> Option<(usize, String)> {
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

/// Groups of digits with hyphens, one by one.
pub(super) fn code(s: &Scan, i: usize) -> Option<(usize, String)> {
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
