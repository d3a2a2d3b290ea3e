//! Dates and times of day.

use super::abbreviations::{MONTHS, WEEKDAYS};
use super::numbers::day_ordinal;
use super::scan::Scan;
use crate::text::numerals::{below_hundred, integer, year};

/// A month's name with a capital at `i`, in full or shortened ("Mar.", "Mar").
fn month(s: &Scan, i: usize) -> Option<(usize, &'static str)> {
    if !s.at(i).is_ascii_uppercase() {
        return None;
    }
    let end = s.letters(i);
    if end - i < 3 || end - i > 9 {
        return None;
    }
    let word = s.text(i, end).to_ascii_lowercase();
    let &(short, name) = MONTHS
        .iter()
        .find(|(short, name)| *short == word || *name == word)?;
    let dot = usize::from(s.at(end) == '.' && short == word && short != name);
    Some((end + dot, name))
}

fn weekday(s: &Scan, i: usize) -> Option<(usize, &'static str)> {
    let end = s.letters(i);
    if end - i > 9 || !s.at(i).is_ascii_uppercase() {
        return None;
    }
    let word = s.text(i, end).to_ascii_lowercase();
    let (_, name) = WEEKDAYS
        .iter()
        .find(|(short, name)| *short == word || *name == word)?;
    Some((end + usize::from(s.at(end) == '.'), name))
}

/// "Mon.", "Mon-Fri", "Sat 3 May": a weekday if a date, a comma or another weekday follows.
pub(super) fn weekdays(s: &Scan, i: usize) -> Option<(usize, String)> {
    if !s.at(i).is_ascii_uppercase() || s.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let (end, name) = weekday(s, i)?;
    if matches!(s.at(end), '-' | '–')
        && let Some((last, to)) = weekday(s, end + 1)
    {
        return Some((last, format!("{name} to {to}")));
    }
    let next = s.spaces(end);
    // "He sat.", "the sun.": those need more than a dot, or a comma.
    let dot = s.before(end) == '.';
    let word = matches!(name, "saturday" | "sunday");
    let comma = s.at(end) == ',' && (dot || !word);
    let date = next > end && (s.at(next).is_ascii_digit() || month(s, next).is_some());
    let stop = dot && stop_is_wanted(s, end);
    (comma || date || dot && !word).then(|| (end - usize::from(stop), name.to_owned()))
}

/// A day of the month, with or without "st", "nd", "rd", "th".
fn day(s: &Scan, i: usize) -> Option<(usize, u32)> {
    let end = s.digits(i);
    if !(1..=2).contains(&(end - i)) {
        return None;
    }
    let n = s
        .text(i, end)
        .parse()
        .ok()
        .filter(|n| (1..=31).contains(n))?;
    let suffix = ["st", "nd", "rd", "th"].iter().any(|x| s.word_is(end, x));
    let end = end + if suffix { 2 } else { 0 };
    // "March 3.5", "March 3:00", "May 5%", "May 3,000".
    let goes_on = matches!(s.at(end), '.' | ':' | '/' | ',') && s.at(end + 1).is_ascii_digit();
    (s.ends(end) && !goes_on && s.at(end) != '%').then_some((end, n))
}

/// Four digits of a year, perhaps behind a comma.
fn year_behind(s: &Scan, i: usize) -> Option<(usize, String)> {
    let at = s.spaces(i + usize::from(s.at(i) == ','));
    let end = s.digits(at);
    if at == i
        || end != at + 4
        || !s.ends(end)
        || s.at(end) == '.' && s.at(end + 1).is_ascii_digit()
    {
        return None;
    }
    let n = s
        .text(at, end)
        .parse()
        .ok()
        .filter(|n| (1000..2200).contains(n))?;
    Some((end, year(n)))
}

/// "March 3", "Mar. 3rd, 2024", "March 3-5", "March 2024".
pub(super) fn month_first(s: &Scan, i: usize) -> Option<(usize, String)> {
    if s.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let (after, name) = month(s, i)?;
    // "May–June 2020", "Jan-Feb".
    let dashed = matches!(s.at(after), '-' | '–');
    if dashed && let Some((end, to)) = month(s, after + 1) {
        return Some(match year_behind(s, end) {
            Some((end, year)) => (end, format!("{name} to {to} {year}")),
            None => (end, format!("{name} to {to}")),
        });
    }
    let at = s.spaces(after);
    if at == after {
        return None;
    }
    if let Some((end, words)) = year_behind(s, after).filter(|_| s.at(after) != ',') {
        return Some((end, format!("{name} {words}")));
    }
    let (mut end, n) = day(s, at)?;
    let mut words = format!("{name} {}", day_ordinal(n));
    if matches!(s.at(end), '-' | '–')
        && let Some((last, m)) = day(s, end + 1)
    {
        words = format!("{words} to {}", day_ordinal(m));
        end = last;
    }
    match year_behind(s, end) {
        Some((end, year)) => Some((end, format!("{words}, {year}"))),
        None => Some((end, words)),
    }
}

/// "3 March 2024", "3rd of March", "3-5 March".
pub(super) fn day_first(s: &Scan, i: usize, previous: &str) -> Option<(usize, String)> {
    let (mut end, n) = day(s, i)?;
    let mut words = day_ordinal(n);
    if matches!(s.at(end), '-' | '–')
        && let Some((last, m)) = day(s, end + 1)
    {
        words = format!("{words} to {}", day_ordinal(m));
        end = last;
    }
    let mut at = s.spaces(end);
    if at == end {
        return None;
    }
    if s.word_is(at, "of") {
        at = s.spaces(at + 2);
    }
    let (end, name) = month(s, at)?;
    let the = if previous.eq_ignore_ascii_case("the") {
        ""
    } else {
        "the "
    };
    let words = format!("{the}{words} of {name}");
    match year_behind(s, end) {
        Some((end, year)) => Some((end, format!("{words}, {year}"))),
        None => Some((end, words)),
    }
}

/// "2024-03-03", "3/4/2024", "13.4.2024".
pub(super) fn numeric(s: &Scan, i: usize) -> Option<(usize, String)> {
    let first = s.digits(i);
    let joint = s.at(first);
    let second = s.digits(first + 1);
    let third = s.digits(second + 1);
    if !matches!(joint, '-' | '/' | '.')
        || s.at(second) != joint
        || !s.ends(third) && s.at(third) != 'T'
    {
        return None;
    }
    if s.at(third) == joint && s.at(third + 1).is_ascii_digit() {
        return None;
    }
    let lengths = (first - i, second - first - 1, third - second - 1);
    let n = |from: usize, to: usize| s.text(from, to).parse::<u32>().unwrap_or(0);
    let (a, b, c) = (n(i, first), n(first + 1, second), n(second + 1, third));
    let (y, m, d) = match (lengths, joint) {
        ((4, 1..=2, 1..=2), '-' | '/') => (a, b, c),
        ((1..=2, 1..=2, 4), '.') => (c, b, a),
        ((1..=2, 1..=2, 4), _) if a > 12 => (c, b, a),
        ((1..=2, 1..=2, 4), _) => (c, a, b),
        ((1..=2, 1..=2, 2), '/') => {
            let y = if c < 50 { 2000 + c } else { 1900 + c };
            if a > 12 { (y, b, a) } else { (y, a, b) }
        }
        _ => return None,
    };
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) || !(1000..2200).contains(&y) {
        return None;
    }
    let words = format!(
        "{} {}, {}",
        MONTHS[m as usize - 1].1,
        day_ordinal(d),
        year(y)
    );
    // "2024-03-03T12:30": the time is read next.
    let end = if s.at(third) == 'T' && s.at(third + 1).is_ascii_digit() {
        third + 1
    } else {
        third
    };
    Some((end, words))
}

/// "03/05", "on 3/4": a month and a day, which a fraction is not.
pub(super) fn month_and_day(s: &Scan, i: usize, previous: &str) -> Option<(usize, String)> {
    let middle = s.digits(i);
    let end = s.digits(middle + 1);
    let of_two = |from: usize, to: usize| (1..=2).contains(&(to - from));
    if s.at(middle) != '/' || !of_two(i, middle) || !of_two(middle + 1, end) || !s.ends(end) {
        return None;
    }
    let zero = s.at(i) == '0' || s.at(middle + 1) == '0';
    let part_of = s.word_is(s.spaces(end), "of");
    let dated = match previous.to_ascii_lowercase().as_str() {
        "on" => !part_of,
        // Divided by 1/2, but due by 12/15.
        "after" | "before" | "by" | "due" | "since" | "until" => {
            s.digits(middle + 1) == middle + 3 && !s.starts(middle + 1, "10") && !part_of
        }
        _ => false,
    };
    if s.at(end) == '/' || !zero && !dated {
        return None;
    }
    let m: usize = s.text(i, middle).parse().ok()?;
    let d: u32 = s.text(middle + 1, end).parse().ok()?;
    let month = MONTHS[..12].get(m.checked_sub(1)?)?.1;
    (1..=31)
        .contains(&d)
        .then(|| (end, format!("{month} {}", day_ordinal(d))))
}

/// "2h 15m", "1h30", "5m 30s": two or three of hours, minutes and seconds in their order.
pub(super) fn duration(s: &Scan, i: usize) -> Option<(usize, String)> {
    const PARTS: [(&[&str], &str); 3] = [
        (&["h", "hr", "hrs"], "hour"),
        (&["m", "min", "mins"], "minute"),
        (&["s", "sec", "secs"], "second"),
    ];
    let (mut at, mut first, mut words) = (i, 0, Vec::new());
    let mut end = i;
    while first < PARTS.len() {
        let digits = s.digits(at);
        if !(1..=3).contains(&(digits - at)) {
            break;
        }
        let n: u32 = s.text(at, digits).parse().ok()?;
        let unit = |short: &&&str| {
            s.starts(digits, short) && !s.at(digits + short.len()).is_ascii_alphabetic()
        };
        let part =
            (first..PARTS.len()).find_map(|p| Some((p, PARTS[p].0.iter().find(unit)?.len())));
        let (part, len) = match part {
            Some(part) => part,
            // "1h30"
            None if !words.is_empty() && at == end && s.ends(digits) => (first, 0),
            None => break,
        };
        let plural = if n == 1 { "" } else { "s" };
        words.push(format!(
            "{} {}{plural}",
            integer(&n.to_string()),
            PARTS[part].1
        ));
        (end, first) = (digits + len, part + 1);
        at = end + usize::from(s.at(end) == ' ');
    }
    (words.len() > 1 && s.ends(end)).then(|| (end, words.join(" ")))
}

/// "am", "p.m.", behind a time. The last dot is left if it may end the sentence.
fn half_of_day(s: &Scan, i: usize) -> Option<(usize, &'static str)> {
    let at = s.spaces(i);
    let words = match s.at(at) {
        'a' | 'A' => "A M",
        'p' | 'P' => "P M",
        _ => return None,
    };
    let dot = usize::from(s.at(at + 1) == '.');
    let gap = usize::from(dot > 0 && s.at(at + 2) == ' ' && s.at(at + 3) == 'm');
    let m = at + 1 + dot + gap;
    if !matches!(s.at(m), 'm' | 'M') || !s.ends(m + 1) {
        return None;
    }
    let stop = dot > 0 && s.at(m + 1) == '.' && !stop_is_wanted(s, m + 2);
    Some((m + 1 + usize::from(stop), words))
}

/// Whether a dot before `i`, of an abbreviation, ends the sentence too.
pub(super) fn stop_is_wanted(s: &Scan, i: usize) -> bool {
    let next = s.spaces(i);
    s.could_end(i) && !super::abbreviations::continues_date(&s.ahead(next))
}

/// "12:30", "5 pm", "17:05:30", "9am-5pm".
pub(super) fn time(s: &Scan, i: usize) -> Option<(usize, String)> {
    let (end, words) = one_time(s, i)?;
    if matches!(s.at(end), '-' | '–')
        && let Some((last, to)) = one_time(s, end + 1)
    {
        return Some((last, format!("{words} to {to}")));
    }
    Some((end, words))
}

fn one_time(s: &Scan, i: usize) -> Option<(usize, String)> {
    let hours = s.digits(i);
    if !(1..=2).contains(&(hours - i)) || s.before(i) == ':' {
        return None;
    }
    let h: u32 = s.text(i, hours).parse().ok().filter(|&h| h <= 24)?;
    let hour = below_hundred(h);
    if s.at(hours) != ':' {
        let (end, half) = half_of_day(s, hours).filter(|_| (1..=12).contains(&h))?;
        return Some((end, format!("{hour} {half}")));
    }
    let two = |at: usize| -> Option<u32> {
        let n: u32 = s.text(at, at + 2).parse().ok()?;
        (s.digits(at) == at + 2 && n < 60).then_some(n)
    };
    let m = two(hours + 1)?;
    let mut end = hours + 3;
    let seconds = (s.at(end) == ':').then(|| two(end + 1)).flatten();
    end += if seconds.is_some() { 3 } else { 0 };
    if s.at(end) == ':' || !s.ends(end) && half_of_day(s, end).is_none() {
        return None;
    }
    let half = half_of_day(s, end);
    let minutes = match m {
        0 if half.is_some() => String::new(),
        0 if (1..=12).contains(&h) && seconds.is_none() => " o'clock".to_owned(),
        0 => " hundred".to_owned(),
        1..10 => format!(" oh {}", below_hundred(m)),
        _ => format!(" {}", below_hundred(m)),
    };
    let seconds = match seconds {
        Some(1) => " and one second".to_owned(),
        Some(n) => format!(" and {} seconds", below_hundred(n)),
        None => String::new(),
    };
    let (end, half) = match half {
        Some((end, half)) => (end, format!(" {half}")),
        // "14:30 hrs"
        None if s.word_is(s.spaces(end), "hrs") => (s.spaces(end) + 3, " hours".to_owned()),
        None => (end, String::new()),
    };
    Some((end, format!("{hour}{minutes}{seconds}{half}")))
}
