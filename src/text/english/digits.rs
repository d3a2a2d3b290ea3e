//! Numbers as they are written in digits.

use super::scan::Scan;
use crate::text::numerals::{each_digit, integer, label, year};

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
    /// Reads `123`, `1,234,567`, `20 000`, `3.14`, `.5` at `i`.
    pub(super) fn read(s: &Scan, i: usize) -> Option<Self> {
        let mut end = s.digits(i);
        let mut whole = s.text(i, end);
        let mut grouped = false;
        if (1..=3).contains(&(end - i)) {
            let mark = s.at(end);
            let mut last = end;
            // What is not taken in the end is looked at over a bounded distance.
            let bound = if mark == ' ' { end + 24 } else { usize::MAX };
            while last < bound && s.at(last) == mark && s.digits(last + 1) == last + 4 {
                last += 4;
            }
            // "1,234", "1'234", "1_234"; "20 000", but "20 123" may be two numbers.
            let thousands = match mark {
                ',' | '\'' | '_' => last > end,
                ' ' => !whole.starts_with('0') && last > end && s.starts(last - 3, "000"),
                _ => false,
            };
            if thousands {
                whole = s.text(i, last).replace(mark, "");
                end = last;
                grouped = true;
            }
        }
        // "1.234,50", as in much of Europe.
        if !grouped && s.at(end) == '.' && s.digits(end + 1) == end + 4 {
            let comma = end + 4;
            let cents = s.digits(comma + 1);
            if s.at(comma) == ',' && cents == comma + 3 {
                whole.push_str(&s.text(end + 1, comma));
                let decimals = Some(s.text(comma + 1, cents));
                return Some(Self {
                    end: cents,
                    whole,
                    decimals,
                    grouped: true,
                });
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
    pub(super) fn size_words(&self) -> String {
        let short = self.decimals.is_none() && !self.grouped && self.whole.len() <= 4;
        if short {
            label(&self.whole)
        } else {
            self.words()
        }
    }

    /// As it is read when nothing says what it counts.
    pub(super) fn bare_words(&self) -> String {
        self.year().map_or_else(|| self.words(), year)
    }
}
