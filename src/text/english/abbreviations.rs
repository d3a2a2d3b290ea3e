//! Abbreviations that are written with a dot: what they stand for, and what the dot may mean. The
//! sentence splitter and the normaliser ask the same tables, so that they cannot disagree.

/// What a dot behind a word says about the end of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) enum Dot {
    /// An ordinary word: the sentence ends.
    EndsSentence,
    /// A title or the like, which goes on: "Dr.", "e.g.".
    NeverEnds,
    /// An abbreviation if a number follows: "No.", "Fig.", "Vol.".
    NumberFollows,
    /// Stands before names and at the end of sentences: "Inc.", "U.S.", initials.
    NameMayFollow,
    /// Ends a sentence if anything but a date or a time zone follows with a capital: "etc.", "p.m.".
    DateMayFollow,
}

/// Titles before names, written with a capital. `Dr.` and `St.` have a second reading, in
/// [`super::words`].
const TITLES: &[(&str, &str)] = &[
    ("adm", "admiral"),
    ("brig", "brigadier"),
    ("capt", "captain"),
    ("cmdr", "commander"),
    ("col", "colonel"),
    ("cpl", "corporal"),
    ("dr", "doctor"),
    ("drs", "doctors"),
    ("fr", "father"),
    ("ft", "fort"),
    ("gen", "general"),
    ("gov", "governor"),
    ("hon", "honorable"),
    ("lt", "lieutenant"),
    ("maj", "major"),
    ("messrs", "messieurs"),
    ("mlle", "mademoiselle"),
    ("mme", "madame"),
    ("mr", "mister"),
    ("mrs", "missus"),
    ("ms", "miz"),
    ("mt", "mount"),
    ("pres", "president"),
    ("prof", "professor"),
    ("profs", "professors"),
    ("pvt", "private"),
    ("rep", "representative"),
    ("rev", "reverend"),
    ("sen", "senator"),
    ("sens", "senators"),
    ("sgt", "sergeant"),
    ("supt", "superintendent"),
];

/// Small words that always go on.
const SMALL: &[(&str, &str)] = &[
    ("approx", "approximately"),
    ("asst", "assistant"),
    ("ca", "circa"),
    ("cf", "compare"),
    ("e.g", "for example"),
    ("esp", "especially"),
    ("excl", "excluding"),
    ("i.e", "that is"),
    ("incl", "including"),
    ("sq", "square"),
    ("v", "versus"),
    ("viz", "namely"),
    ("vs", "versus"),
];

/// Words for what is numbered.
const NUMBERED: &[(&str, &str)] = &[
    ("apt", "apartment"),
    ("art", "article"),
    ("c", "circa"),
    ("ch", "chapter"),
    ("chap", "chapter"),
    ("eq", "equation"),
    ("est", "established"),
    ("ex", "example"),
    ("ext", "extension"),
    ("fig", "figure"),
    ("figs", "figures"),
    ("hwy", "highway"),
    ("no", "number"),
    ("nos", "numbers"),
    ("op", "opus"),
    ("p", "page"),
    ("pg", "page"),
    ("pp", "pages"),
    ("pt", "part"),
    ("sec", "section"),
    ("sect", "section"),
    ("tel", "telephone"),
    ("vol", "volume"),
    ("vols", "volumes"),
];

/// Parts of names, written with a capital.
const NAMES: &[(&str, &str)] = &[
    ("assn", "association"),
    ("ave", "avenue"),
    ("bldg", "building"),
    ("blvd", "boulevard"),
    ("bros", "brothers"),
    ("co", "company"),
    ("corp", "corporation"),
    ("dept", "department"),
    ("esq", "esquire"),
    ("govt", "government"),
    ("inc", "incorporated"),
    ("intl", "international"),
    ("jr", "junior"),
    ("ln", "lane"),
    ("ltd", "limited"),
    ("rd", "road"),
    ("sr", "senior"),
    ("st", "saint"),
    ("univ", "university"),
];

/// Months, written with a capital.
pub(super) const MONTHS: &[(&str, &str)] = &[
    ("jan", "january"),
    ("feb", "february"),
    ("mar", "march"),
    ("apr", "april"),
    ("may", "may"),
    ("jun", "june"),
    ("jul", "july"),
    ("aug", "august"),
    ("sep", "september"),
    ("oct", "october"),
    ("nov", "november"),
    ("dec", "december"),
    ("sept", "september"),
];

/// Words that end a list, a time or a measure.
const LAST: &[(&str, &str)] = &[
    ("al", "al"),
    ("avg", "average"),
    ("dept", "department"),
    ("ed", "edition"),
    ("eds", "editors"),
    ("etc", "et cetera"),
    ("ft", "feet"),
    ("govt", "government"),
    ("hr", "hour"),
    ("hrs", "hours"),
    ("lb", "pound"),
    ("lbs", "pounds"),
    ("max", "maximum"),
    ("min", "minute"),
    ("mins", "minutes"),
    ("misc", "miscellaneous"),
    ("oz", "ounces"),
    ("tbsp", "tablespoons"),
    ("temp", "temperature"),
    ("tsp", "teaspoons"),
];

/// Weekdays, written with a capital.
pub(super) const WEEKDAYS: &[(&str, &str)] = &[
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("tues", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("thur", "thursday"),
    ("thurs", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

/// Words that open sentences far more often than names.
const OPENERS: &[&str] = &[
    "A",
    "About",
    "After",
    "All",
    "Also",
    "Although",
    "Among",
    "An",
    "And",
    "Another",
    "Are",
    "As",
    "At",
    "Because",
    "Before",
    "But",
    "By",
    "Can",
    "Could",
    "Despite",
    "Did",
    "Do",
    "Does",
    "During",
    "Each",
    "Even",
    "Every",
    "Everyone",
    "Few",
    "For",
    "From",
    "Had",
    "Has",
    "Have",
    "He",
    "Her",
    "Here",
    "His",
    "How",
    "However",
    "I",
    "If",
    "In",
    "Instead",
    "Is",
    "It",
    "Its",
    "Later",
    "Let",
    "Many",
    "Maybe",
    "Meanwhile",
    "Most",
    "My",
    "Never",
    "No",
    "Nobody",
    "Not",
    "Nothing",
    "Now",
    "On",
    "Once",
    "One",
    "Only",
    "Or",
    "Other",
    "Others",
    "Our",
    "Perhaps",
    "Please",
    "She",
    "Should",
    "Since",
    "So",
    "Some",
    "Someone",
    "Soon",
    "Still",
    "Such",
    "Than",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "Though",
    "Thus",
    "To",
    "Today",
    "Under",
    "Until",
    "Was",
    "We",
    "Were",
    "What",
    "When",
    "Where",
    "Which",
    "While",
    "Who",
    "Why",
    "Will",
    "With",
    "Would",
    "Yes",
    "Yet",
    "You",
    "Your",
];

fn look_up(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(short, _)| *short == word)
        .map(|(_, long)| *long)
}

/// The abbreviation that `word` (what stands before a dot) is: its reading, and its dot.
pub(super) fn abbreviation(word: &str) -> Option<(&'static str, Dot)> {
    if word.len() > 8 || !word.is_ascii() || word.is_empty() {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let capital = word.starts_with(|c: char| c.is_ascii_uppercase());
    let find = |table, dot| look_up(table, &lower).map(|long| (long, dot));
    if capital {
        let of_name = find(TITLES, Dot::NeverEnds)
            .or_else(|| find(NAMES, Dot::NameMayFollow))
            .or_else(|| find(MONTHS, Dot::DateMayFollow).filter(|_| lower != "may"));
        if of_name.is_some() {
            return of_name;
        }
    }
    find(SMALL, Dot::NeverEnds)
        .or_else(|| find(NUMBERED, Dot::NumberFollows))
        .or_else(|| find(LAST, Dot::DateMayFollow))
}

/// What a dot behind `word` may mean.
pub(in crate::text) fn dot(word: &str) -> Dot {
    if let Some((_, dot)) = abbreviation(word) {
        return dot;
    }
    let mut letters = word.split('.');
    let initials = word.contains('.')
        && letters.all(|part| {
            (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
        });
    match word.as_bytes() {
        // "b. 1920", "d. 1999"
        [b'b' | b'd'] => Dot::NumberFollows,
        _ if capital_weekday(word) => Dot::DateMayFollow,
        _ if initials && word.eq_ignore_ascii_case("a.m") || word.eq_ignore_ascii_case("p.m") => {
            Dot::DateMayFollow
        }
        _ if initials => Dot::NameMayFollow,
        [b'A'..=b'Z'] => Dot::NameMayFollow,
        _ => Dot::EndsSentence,
    }
}

fn capital_weekday(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    word.starts_with(|c: char| c.is_ascii_uppercase()) && look_up(WEEKDAYS, &lower).is_some()
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| "\"'“‘«([*_".contains(c));
    let end = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len().min(40));
    text.get(..end).unwrap_or("")
}

/// Whether `text`, which follows a dot that may stand inside a name, opens a sentence.
pub(in crate::text) fn opens_sentence(text: &str) -> bool {
    let word = first_word(text);
    // "J. A. Smith": a letter with a dot is an initial.
    !text[word.len()..].starts_with('.') && OPENERS.binary_search(&word).is_ok()
}

/// Whether `text`, which follows "p.m." or the like, belongs to the time: a weekday, a month, a zone.
pub(in crate::text) fn continues_date(text: &str) -> bool {
    let word = first_word(text);
    let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .any(|d| word.starts_with(d));
    let month = word.len() >= 3
        && MONTHS
            .iter()
            .any(|(_, long)| *long == word.to_ascii_lowercase());
    let zone = (2..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    day && (word.len() == 3 || word.ends_with("day")) || month || zone
}

/// Whether `text`, which follows the abbreviation `of`, begins with a number, in digits or Roman numerals.
pub(in crate::text) fn is_number(of: &str, text: &str) -> bool {
    let word = first_word(text);
    // "No. I do not.": a letter is a word, too.
    let word = if of.eq_ignore_ascii_case("no") && word.len() == 1 {
        ""
    } else {
        word
    };
    let text = text.trim_start_matches([':', ' ', '(', '+']);
    text.starts_with(|c: char| c.is_ascii_digit())
        || text.starts_with('#')
        || super::roman::value(word).is_some()
}
