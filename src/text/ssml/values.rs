//! The values of attributes. What cannot be understood is `None`.

use super::Prosody;

/// Silence of a `break`: by its time, or by its strength, which is medium unless it says otherwise.
pub(super) fn pause(time: Option<&str>, strength: Option<&str>) -> Option<f32> {
    match (time, strength) {
        (Some(time), _) => seconds(time),
        (None, None) => Some(MEDIUM),
        (None, Some(strength)) => Some(match strength.trim() {
            "none" => 0.0,
            "x-weak" => 0.1,
            "weak" => 0.2,
            "medium" => MEDIUM,
            "strong" => STRONG,
            "x-strong" => 1.2,
            _ => return None,
        }),
    }
}

const MEDIUM: f32 = 0.4;
/// Seconds of silence between paragraphs.
pub(super) const STRONG: f32 = 0.7;
/// The longest break, seconds.
const LONGEST: f32 = 10.0;

/// "250ms", "1.5s".
fn seconds(time: &str) -> Option<f32> {
    let time = time.trim();
    let (number, unit) = match time.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (time.strip_suffix('s')?, 1.0),
    };
    let seconds = number.trim().trim_start_matches('+').parse::<f32>().ok()? * unit;
    (seconds >= 0.0).then_some(seconds.min(LONGEST))
}

/// "fast", "120%", "+20%", "1.2", within the `rate` around it.
pub(super) fn rate(value: &str, around: f32) -> Option<f32> {
    let rate = match value.trim() {
        "x-slow" => 0.5,
        "slow" => 0.75,
        "medium" | "default" => 1.0,
        "fast" => 1.35,
        "x-fast" => 1.75,
        value => around * factor(value).or_else(|| value.parse().ok())?,
    };
    limited(rate, 0.25, 4.0)
}

/// "high", "+10%", "-2st", within the `pitch` around it. Hertz say nothing to a voice whose own pitch is not
/// known.
pub(super) fn pitch(value: &str, around: f32) -> Option<f32> {
    let value = value.trim();
    let pitch = match value {
        "x-low" => 0.75,
        "low" => 0.87,
        "medium" | "default" => 1.0,
        "high" => 1.15,
        "x-high" => 1.33,
        _ => {
            let semitones = value.strip_suffix("st").and_then(|n| n.parse::<f32>().ok());
            let semitones = semitones.map(|n| (n / 12.0).exp2());
            around * semitones.or_else(|| factor(value))?
        }
    };
    limited(pitch, 0.5, 2.0)
}

/// "loud", "+6dB", "80" of 100, within the `volume` around it.
pub(super) fn volume(value: &str, around: f32) -> Option<f32> {
    let value = value.trim();
    let decibels = |n: f32| 10_f32.powf(n / 20.0);
    let volume = match value {
        "silent" => 0.0,
        "x-soft" => decibels(-12.0),
        "soft" => decibels(-6.0),
        "medium" | "default" => 1.0,
        "loud" => decibels(4.0),
        "x-loud" => decibels(8.0),
        _ => match value.strip_suffix("dB") {
            Some(number) => around * decibels(number.trim().parse().ok()?),
            None if value.ends_with('%') => around * factor(value)?,
            None => value.parse::<f32>().ok()? / 100.0,
        },
    };
    limited(volume, 0.0, 4.0)
}

/// "120%" of something, and "+20%" more of it.
fn factor(value: &str) -> Option<f32> {
    let number = value.strip_suffix('%')?.trim();
    let percent = number.parse::<f32>().ok()?;
    let more = number.starts_with(['+', '-']);
    Some(percent / 100.0 + if more { 1.0 } else { 0.0 })
}

/// What can be spoken; what is no number, or below nothing, is an error.
fn limited(value: f32, low: f32, high: f32) -> Option<f32> {
    (value.is_finite() && value >= 0.0).then_some(value.clamp(low, high))
}

/// The prosody of an element with these attributes inside `around`, and the name of one that was not
/// understood.
pub(super) fn prosody<'a>(
    attribute: impl Fn(&str) -> Option<&'a str>,
    around: Prosody,
) -> (Prosody, Option<&'static str>) {
    let mut wrong = None;
    let mut read = |name, around, read: fn(&str, f32) -> Option<f32>| {
        let Some(value) = attribute(name) else {
            return around;
        };
        read(value, around).unwrap_or_else(|| {
            wrong = Some(name);
            around
        })
    };
    let prosody = Prosody {
        rate: read("rate", around.rate, rate),
        pitch: read("pitch", around.pitch, pitch),
        volume: read("volume", around.volume, volume),
    };
    (prosody, wrong)
}
