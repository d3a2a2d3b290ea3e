//! Results on standard output, for programs and for people.

use std::io::{self, Write};

use serde::Serialize;

use crate::fail::{Fail, Result};

/// Prints a value as indented JSON.
pub(crate) fn json(value: &impl Serialize) -> Result {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Fail::failed(format!("cannot express the result as JSON: {e}")))?;
    line(&text)
}

/// Prints a line.
pub(crate) fn line(text: &str) -> Result {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    // Here rather than at exit, where nobody would hear of a failure.
    out.flush()?;
    Ok(())
}

/// Three significant digits: 0.0123, 1.23, 12.3, 123.
pub(crate) fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.decimals$}")
}

/// A whole number with commas between thousands.
pub(crate) fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers are short and readable.
    #[test]
    fn numbers() {
        for (value, text) in [
            (0.0, "0"),
            (0.012_345, "0.0123"),
            (1.2345, "1.23"),
            (98.76, "98.8"),
            (1234.5, "1234"),
        ] {
            assert_eq!(digits(value), text);
        }
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(123_456), "123,456");
    }
}
