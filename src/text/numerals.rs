//! Numbers in English words, without any reading of what they stand for.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
/// Short scale, thousands up to 10^33.
const SCALES: [&str; 12] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
];

/// How the parts of a cardinal are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// "one thousand two hundred five"
    Plain,
    /// "one thousand, two hundred five", "one thousand five": the published reading of integers.
    Comma,
    /// "one thousand, two hundred and five": the published reading of ordinals.
    CommaAnd,
}

/// Words of a number below 100.
pub(super) fn below_hundred(n: u32) -> String {
    match n {
        0..20 => ONES[n as usize].to_owned(),
        20..100 if n.is_multiple_of(10) => TENS[(n / 10) as usize].to_owned(),
        20..100 => format!("{}-{}", TENS[(n / 10) as usize], ONES[(n % 10) as usize]),
        _ => n.to_string(),
    }
}

fn below_thousand(n: u32, joint: Joint) -> String {
    let (hundreds, rest) = (n / 100, n % 100);
    let and = if joint == Joint::CommaAnd {
        " and "
    } else {
        " "
    };
    match (hundreds, rest) {
        (0, _) => below_hundred(rest),
        (_, 0) => format!("{} hundred", ONES[hundreds as usize % 20]),
        _ => format!(
            "{} hundred{and}{}",
            ONES[hundreds as usize % 20],
            below_hundred(rest)
        ),
    }
}

/// Words of a run of decimal digits, or `None` if it reaches 10^36, for which there is no name here.
pub(super) fn cardinal(digits: &str, joint: Joint) -> Option<String> {
    let digits = digits.trim_start_matches('0');
    if digits.len() > 36 {
        return None;
    }
    if digits.is_empty() {
        return Some(ONES[0].to_owned());
    }
    let groups: Vec<u32> = digits
        .as_bytes()
        .rchunks(3)
        .map(|group| {
            group
                .iter()
                .fold(0, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0')))
        })
        .collect();
    let mut out = String::new();
    for (scale, &group) in groups.iter().enumerate().rev() {
        if group == 0 {
            continue;
        }
        if !out.is_empty() {
            out.push_str(match joint {
                Joint::CommaAnd if scale == 0 && group < 100 => " and ",
                Joint::Plain => " ",
                Joint::Comma if scale == 0 && group < 100 => " ",
                _ => ", ",
            });
        }
        out.push_str(&below_thousand(group, joint));
        if scale > 0 {
            out.push(' ');
            out.push_str(SCALES[scale]);
        }
    }
    Some(out)
}

/// Words of an integer as English text reads it: no "and", no commas, digit by digit above 10^18.
pub(super) fn integer(digits: &str) -> String {
    let significant = digits.trim_start_matches('0');
    if significant.len() > 19 || (significant.len() == 19 && significant > "1000000000000000000") {
        return each_digit(digits);
    }
    cardinal(digits, Joint::Plain).unwrap_or_default()
}

/// "three one four".
pub(super) fn each_digit(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 5);
    for b in digits.bytes() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(ONES[usize::from(b.wrapping_sub(b'0')) % 10]);
    }
    out
}

/// Turns the last word of a cardinal into an ordinal: "twenty-one" to "twenty-first".
pub(super) fn ordinal_of(cardinal: &str) -> String {
    let at = cardinal.rfind([' ', '-']).map_or(0, |i| i + 1);
    let (head, last) = cardinal.split_at(at);
    let tail = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        _ => match last.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{last}th"),
        },
    };
    format!("{head}{tail}")
}

/// Words of an ordinal: "112" to "one hundred twelfth".
pub(super) fn ordinal(digits: &str) -> String {
    ordinal_of(&integer(digits))
}

/// Plural of a number word: "nineties", "hundreds", "sixes".
pub(super) fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}

/// Four digits in two pairs, as years are read: 1905 "nineteen oh five", 1900 "nineteen hundred", 2005
/// "two thousand five", 2024 "twenty twenty-four". Other numbers are read as they are.
pub(super) fn year(n: u32) -> String {
    let (high, low) = (n / 100, n % 100);
    match n {
        1000 | 2000..2010 => integer(&n.to_string()),
        1001..10_000 if low == 0 && high % 10 != 0 => {
            format!("{} hundred", below_hundred(high))
        }
        1001..10_000 if low == 0 => integer(&n.to_string()),
        1001..10_000 if low < 10 => format!("{} oh {}", below_hundred(high), below_hundred(low)),
        1001..10_000 => format!("{} {}", below_hundred(high), below_hundred(low)),
        // "seven fifty-three" BC
        100..1000 if low >= 10 => format!("{} {}", below_hundred(high), below_hundred(low)),
        _ => integer(&n.to_string()),
    }
}

/// Digits of a name such as a flight, a road or a model: three and four digits in pairs from the
/// right ("three eighty"), longer ones and those with a leading zero one by one.
pub(super) fn label(digits: &str) -> String {
    let n: u32 = match digits.parse() {
        Ok(n) if digits.len() <= 4 => n,
        _ => return each_digit(digits),
    };
    if digits.len() > 1 && digits.starts_with('0') {
        return each_digit(digits);
    }
    match (n / 100, n % 100) {
        (0, low) => below_hundred(low),
        (high, 0) if high % 10 == 0 => integer(&format!("{high}00")),
        (high, 0) => format!("{} hundred", below_hundred(high)),
        (high, low @ 1..10) => format!("{} oh {}", below_hundred(high), below_hundred(low)),
        (high, low) => format!("{} {}", below_hundred(high), below_hundred(low)),
    }
}
