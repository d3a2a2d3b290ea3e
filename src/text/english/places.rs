//! Places in addresses of the USA: "Atlanta, GA", "Springfield, IL 62704", "123 N. Main".

use super::Reader;
use super::acronyms::all_capitals;
use super::scan::Scan;
use crate::text::numerals::each_digit;

const STATES: &[(&str, &str)] = &[
    ("AL", "alabama"),
    ("AK", "alaska"),
    ("AZ", "arizona"),
    ("AR", "arkansas"),
    ("CA", "california"),
    ("CO", "colorado"),
    ("CT", "connecticut"),
    ("DE", "delaware"),
    ("FL", "florida"),
    ("GA", "georgia"),
    ("HI", "hawaii"),
    ("ID", "idaho"),
    ("IL", "illinois"),
    ("IN", "indiana"),
    ("IA", "iowa"),
    ("KS", "kansas"),
    ("KY", "kentucky"),
    ("LA", "louisiana"),
    ("ME", "maine"),
    ("MD", "maryland"),
    ("MA", "massachusetts"),
    ("MI", "michigan"),
    ("MN", "minnesota"),
    ("MS", "mississippi"),
    ("MO", "missouri"),
    ("MT", "montana"),
    ("NE", "nebraska"),
    ("NV", "nevada"),
    ("NH", "new hampshire"),
    ("NJ", "new jersey"),
    ("NM", "new mexico"),
    ("NY", "new york"),
    ("NC", "north carolina"),
    ("ND", "north dakota"),
    ("OH", "ohio"),
    ("OK", "oklahoma"),
    ("OR", "oregon"),
    ("PA", "pennsylvania"),
    ("RI", "rhode island"),
    ("SC", "south carolina"),
    ("SD", "south dakota"),
    ("TN", "tennessee"),
    ("TX", "texas"),
    ("UT", "utah"),
    ("VT", "vermont"),
    ("VA", "virginia"),
    ("WA", "washington"),
    ("WV", "west virginia"),
    ("WI", "wisconsin"),
    ("WY", "wyoming"),
];

/// Whether the name of a street stands at `i`: "Main St.", "5th Avenue".
fn street(s: &Scan, i: usize) -> bool {
    const KINDS: [&str; 8] = [
        "st",
        "street",
        "ave",
        "avenue",
        "blvd",
        "boulevard",
        "rd",
        "road",
    ];
    let end = s.digits(i).max(s.letters(i));
    let end = if s.at(i).is_ascii_digit() {
        s.letters(end)
    } else {
        end
    };
    let next = s.spaces(end);
    next > end && KINDS.iter().any(|kind| s.word_is(next, kind))
}

/// The state or direction at `i`.
pub(super) fn read(r: &Reader, i: usize) -> Option<(usize, String)> {
    let s = &r.scan;
    if !s.at(i).is_ascii_uppercase() || s.before(i) != ' ' {
        return None;
    }
    let before = i.checked_sub(2).map_or(' ', |i| s.at(i));
    if s.at(i + 1) == '.'
        && (before.is_ascii_digit() && s.at(s.spaces(i + 2)).is_ascii_uppercase()
            || street(s, s.spaces(i + 2)))
    {
        let direction = match s.at(i) {
            'N' => "north",
            'S' => "south",
            'E' => "east",
            'W' => "west",
            _ => return None,
        };
        return Some((i + 2, direction.to_owned()));
    }
    let end = s.letters(i);
    let code = if end == i + 2 {
        s.text(i, end)
    } else {
        return None;
    };
    let (_, name) = STATES.iter().find(|(short, _)| *short == code)?;
    let zip = s.spaces(end);
    let zip_end = s.digits(zip);
    if zip > end && zip_end == zip + 5 && s.ends(zip_end) {
        let words = format!("{name} {}", each_digit(&s.text(zip, zip_end)));
        // "10001-1234"
        let last = s.digits(zip_end + 1);
        if s.at(zip_end) == '-' && last == zip_end + 5 && s.ends(last) {
            let more = each_digit(&s.text(zip_end + 1, last));
            return Some((last, format!("{words}, {more}")));
        }
        return Some((zip_end, words));
    }
    // After a name and a comma; in a list of acronyms the word before is one too.
    let name_before = r.previous.len() > 2
        && r.previous.starts_with(|c: char| c.is_ascii_uppercase())
        && !all_capitals(&r.previous);
    let state = before == ',' && name_before && !r.shouts && s.ends(end);
    state.then(|| (end, (*name).to_owned()))
}
