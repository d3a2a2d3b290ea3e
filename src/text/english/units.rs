//! Units of measure behind numbers.

use super::digits::Number;
use super::numbers::Context;
use super::scan::Scan;
use crate::text::numerals::integer;

/// How a unit may stand behind its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// "5km", "5 km", "5-km".
    Free,
    /// Only "5 s" and "1.5s": "5s" is a plural.
    Apart,
    /// Only "5MP": "5 MP" may be letters.
    Joined,
    /// "5in" or "5 in.": otherwise a word.
    JoinedOrDot,
}

/// A unit: its sign, one, many, its place.
struct Unit(&'static str, &'static str, &'static str, Place);

use Place::{Apart, Free, Joined, JoinedOrDot};

#[rustfmt::skip]
const UNITS: &[Unit] = &[
    Unit("%", "percent", "percent", Free), Unit("‰", "per mille", "per mille", Free),
    Unit("°C", "degree celsius", "degrees celsius", Free),
    Unit("°F", "degree fahrenheit", "degrees fahrenheit", Free),
    Unit("°N", "degree north", "degrees north", Free), Unit("°S", "degree south", "degrees south", Free),
    Unit("°E", "degree east", "degrees east", Free), Unit("°W", "degree west", "degrees west", Free),
    Unit("°", "degree", "degrees", Free),
    Unit("km", "kilometer", "kilometers", Free), Unit("cm", "centimeter", "centimeters", Free),
    Unit("mm", "millimeter", "millimeters", Free), Unit("nm", "nanometer", "nanometers", Free),
    Unit("µm", "micrometer", "micrometers", Free), Unit("dm", "decimeter", "decimeters", Free),
    Unit("m", "meter", "meters", Free), Unit("mi", "mile", "miles", Free),
    Unit("yd", "yard", "yards", Free), Unit("yds", "yard", "yards", Free),
    Unit("ft", "foot", "feet", Free), Unit("in", "inch", "inches", JoinedOrDot),
    Unit("kg", "kilogram", "kilograms", Free), Unit("mg", "milligram", "milligrams", Free),
    Unit("µg", "microgram", "micrograms", Free), Unit("g", "gram", "grams", Free),
    Unit("t", "ton", "tons", Apart), Unit("lb", "pound", "pounds", Free),
    Unit("lbs", "pound", "pounds", Free), Unit("oz", "ounce", "ounces", Free),
    Unit("l", "liter", "liters", Free), Unit("L", "liter", "liters", Free),
    Unit("ml", "milliliter", "milliliters", Free), Unit("mL", "milliliter", "milliliters", Free),
    Unit("cl", "centiliter", "centiliters", Free), Unit("dl", "deciliter", "deciliters", Free),
    Unit("gal", "gallon", "gallons", Free), Unit("pt", "pint", "pints", Free), Unit("qt", "quart", "quarts", Free),
    Unit("fl oz", "fluid ounce", "fluid ounces", Free), Unit("fl. oz", "fluid ounce", "fluid ounces", Free),
    Unit("sq ft", "square foot", "square feet", Free), Unit("sq. ft", "square foot", "square feet", Free),
    Unit("sq mi", "square mile", "square miles", Free), Unit("sq m", "square meter", "square meters", Free),
    Unit("sq km", "square kilometer", "square kilometers", Free), Unit("ha", "hectare", "hectares", Apart),
    Unit("tbsp", "tablespoon", "tablespoons", Free), Unit("tsp", "teaspoon", "teaspoons", Free),
    Unit("Ω", "ohm", "ohms", Free), Unit("kΩ", "kilohm", "kilohms", Free), Unit("MΩ", "megohm", "megohms", Free),
    Unit("mph", "mile per hour", "miles per hour", Free),
    Unit("kph", "kilometer per hour", "kilometers per hour", Free),
    Unit("kmh", "kilometer per hour", "kilometers per hour", Free),
    Unit("mpg", "mile per gallon", "miles per gallon", Free),
    Unit("rpm", "R P M", "R P M", Free), Unit("fps", "frame per second", "frames per second", Free),
    Unit("dpi", "D P I", "D P I", Free), Unit("ppm", "part per million", "parts per million", Free),
    Unit("h", "hour", "hours", Free), Unit("hr", "hour", "hours", Free),
    Unit("hrs", "hour", "hours", Free), Unit("min", "minute", "minutes", Free),
    Unit("mins", "minute", "minutes", Free), Unit("s", "second", "seconds", Apart),
    Unit("sec", "second", "seconds", Free), Unit("secs", "second", "seconds", Free),
    Unit("ms", "millisecond", "milliseconds", Free), Unit("µs", "microsecond", "microseconds", Free),
    Unit("ns", "nanosecond", "nanoseconds", Free), Unit("yr", "year", "years", Free),
    Unit("yrs", "year", "years", Free),
    Unit("Hz", "hertz", "hertz", Free), Unit("kHz", "kilohertz", "kilohertz", Free),
    Unit("MHz", "megahertz", "megahertz", Free), Unit("GHz", "gigahertz", "gigahertz", Free),
    Unit("W", "watt", "watts", Free), Unit("kW", "kilowatt", "kilowatts", Free),
    Unit("MW", "megawatt", "megawatts", Free), Unit("GW", "gigawatt", "gigawatts", Free),
    Unit("kWh", "kilowatt hour", "kilowatt hours", Free), Unit("Wh", "watt hour", "watt hours", Free),
    Unit("V", "volt", "volts", Free), Unit("mV", "millivolt", "millivolts", Free),
    Unit("kV", "kilovolt", "kilovolts", Free), Unit("mA", "milliamp", "milliamps", Free),
    Unit("mAh", "milliamp hour", "milliamp hours", Free), Unit("kJ", "kilojoule", "kilojoules", Free),
    Unit("cal", "calorie", "calories", Free), Unit("kcal", "kilocalorie", "kilocalories", Free),
    Unit("Pa", "pascal", "pascals", Free), Unit("kPa", "kilopascal", "kilopascals", Free),
    Unit("hPa", "hectopascal", "hectopascals", Free), Unit("psi", "P S I", "P S I", Free),
    Unit("dB", "decibel", "decibels", Free), Unit("hp", "horsepower", "horsepower", Free),
    Unit("kB", "kilobyte", "kilobytes", Free), Unit("KB", "kilobyte", "kilobytes", Free),
    Unit("MB", "megabyte", "megabytes", Free), Unit("GB", "gigabyte", "gigabytes", Free),
    Unit("TB", "terabyte", "terabytes", Free), Unit("KiB", "kibibyte", "kibibytes", Free),
    Unit("MiB", "mebibyte", "mebibytes", Free), Unit("GiB", "gibibyte", "gibibytes", Free),
    Unit("kbps", "kilobit per second", "kilobits per second", Free),
    Unit("Mbps", "megabit per second", "megabits per second", Free),
    Unit("Gbps", "gigabit per second", "gigabits per second", Free),
    Unit("kbit", "kilobit", "kilobits", Free), Unit("Mbit", "megabit", "megabits", Free),
    Unit("Gbit", "gigabit", "gigabits", Free),
    Unit("px", "pixel", "pixels", Free), Unit("MP", "megapixel", "megapixels", Joined),
];

/// The longest unit at `i`, and where it ends; a word may not go on there.
fn unit_at(s: &Scan, i: usize) -> Option<(usize, &'static Unit)> {
    let fits = |unit: &&Unit| {
        let end = i + unit.0.chars().count();
        s.starts(i, unit.0)
            && (s.ends(end) || unit.0.ends_with(['%', '°']) || power(s, end).is_some())
    };
    let unit = UNITS.iter().filter(fits).max_by_key(|unit| unit.0.len())?;
    Some((i + unit.0.chars().count(), unit))
}

/// "²", "^3", "2" behind a unit of length.
fn power(s: &Scan, i: usize) -> Option<(usize, &'static str)> {
    let caret = usize::from(s.at(i) == '^');
    let name = match s.at(i + caret) {
        '²' | '2' => "square",
        '³' | '3' => "cubic",
        _ => return None,
    };
    s.ends(i + caret + 1).then_some((i + caret + 1, name))
}

/// Whether there are square and cubic ones.
fn of_length_unit(unit: &Unit) -> bool {
    unit.0.ends_with('m') && !unit.0.contains(' ') || matches!(unit.0, "ft" | "in" | "yd" | "mi")
}

/// A unit behind `i`, where a number ended, in words.
fn measure(s: &Scan, i: usize, one: bool, decimal: bool) -> Option<(usize, String)> {
    let gap = usize::from(matches!(s.at(i), ' ' | '-'));
    let (mut end, unit) = unit_at(s, i + gap)?;
    let hyphen = s.at(i) == '-';
    let placed = match unit.3 {
        Free => true,
        Apart => gap > 0 || decimal,
        Joined => gap == 0,
        JoinedOrDot => gap == 0 || s.at(end) == '.',
    };
    // "45 W. 34th St."
    let street =
        gap > 0 && matches!(unit.0, "W" | "V") && s.at(end) == '.' && s.at(end + 1) != '\0';
    // "6-month" is no measure of length, and "5 m" is one only as long as no word goes on.
    if !placed || street || s.at(end) == '\'' || hyphen && unit.0.len() == 1 {
        return None;
    }
    let mut words = if one || hyphen { unit.1 } else { unit.2 }.to_owned();
    if of_length_unit(unit)
        && let Some((after, name)) = power(s, end)
    {
        words = format!("{name} {words}");
        end = after;
    }
    if s.at(end) == '/'
        && let Some((after, per)) = unit_at(s, end + 1).filter(|(_, u)| !u.0.starts_with('°'))
    {
        // "m/s²" is not of square seconds, "W/m²" is of square meters.
        words = match power(s, after) {
            Some((after, name)) if of_length_unit(per) => {
                end = after;
                format!("{words} per {name} {}", per.1)
            }
            Some((after, name)) => {
                end = after;
                let power = if name == "square" { "squared" } else { "cubed" };
                format!("{words} per {} {power}", per.1)
            }
            None => {
                end = after;
                format!("{words} per {}", per.1)
            }
        };
    }
    // "5 ft. tall": the dot is the unit's, unless the sentence may end.
    let shortened = matches!(
        unit.0,
        "ft" | "in"
            | "lb"
            | "lbs"
            | "oz"
            | "fl oz"
            | "fl. oz"
            | "sq ft"
            | "sq. ft"
            | "pt"
            | "qt"
            | "gal"
            | "hr"
            | "hrs"
            | "min"
            | "mins"
            | "sec"
            | "yd"
            | "yds"
            | "mi"
            | "tbsp"
            | "tsp"
    );
    if s.at(end) == '.'
        && shortened
        && !s.could_end(end + 1)
        && !s.at(end + 1).is_ascii_alphanumeric()
    {
        end += 1;
    }
    Some((end, words))
}

/// "5 km", "10°C", "50%", "5m²", "100 km/h".
pub(super) fn read(s: &Scan, number: &Number, ctx: Context<'_>) -> Option<(usize, String)> {
    let one = number.is_one() || ctx.after_article();
    let (end, words) = measure(s, number.end, one, number.decimals.is_some())?;
    let words = format!("{} {words}", number.words());
    // "6 ft 2 in"
    let at = s.spaces(end);
    let digits = s.digits(at);
    let unit = digits + usize::from(s.at(digits) == ' ');
    let feet = words.ends_with("feet") || words.ends_with("foot");
    if feet && at > end && (1..=2).contains(&(digits - at)) && s.word_is(unit, "in") {
        let dot = s.at(unit + 2) == '.' && !s.could_end(unit + 3);
        let words = format!("{words} {}", inches(&s.text(at, digits)));
        return Some((unit + 2 + usize::from(dot), words));
    }
    Some((end, words))
}

/// "/kg" behind an amount of money.
pub(super) fn per(s: &Scan, i: usize) -> Option<(usize, String)> {
    let (end, unit) = unit_at(s, i)?;
    Some((end, format!("per {}", unit.1)))
}

/// A unit behind a fraction: "one half kilometer", "three and a half kilometers".
pub(super) fn behind_fraction(s: &Scan, end: usize, words: String, mixed: bool) -> (usize, String) {
    match measure(s, end, !mixed, false) {
        Some((end, unit)) => (end, format!("{words} {unit}")),
        None => (end, words),
    }
}

fn inches(n: &str) -> String {
    let unit = if n == "1" { "inch" } else { "inches" };
    format!("{} {unit}", integer(n))
}

/// `5'10"`, `6' 2"`, `10"`; a lone `'` may be a quote.
pub(super) fn feet_and_inches(
    s: &Scan,
    number: &Number,
    ctx: Context<'_>,
) -> Option<(usize, String)> {
    let inch_sign = |i: usize| match (s.at(i), s.at(i + 1)) {
        ('"', _) => 1,
        ('\'', '\'') => 2,
        _ => 0,
    };
    if s.at(number.end) == '\'' && number.decimals.is_none() && number.whole.len() <= 3 {
        let at = number.end + 1 + usize::from(s.at(number.end + 1) == ' ');
        let end = s.digits(at);
        let sign = inch_sign(end);
        let small = (1..=2).contains(&(end - at));
        if small && (sign > 0 || at == number.end + 1 && s.ends(end)) {
            let feet = if number.whole == "1" { "foot" } else { "feet" };
            return Some((
                end + sign,
                format!("{} {feet} {}", number.words(), inches(&s.text(at, end))),
            ));
        }
    }
    let alone = s.at(number.end) == '"' && !ctx.in_quotes && number.whole.len() <= 3;
    alone.then(|| {
        let unit = if number.is_one() || ctx.after_article() {
            "inch"
        } else {
            "inches"
        };
        (number.end + 1, format!("{} {unit}", number.words()))
    })
}
