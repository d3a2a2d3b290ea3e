//! Results on standard output, for programs and for people.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::fail::Result;

/// Prints a value as indented JSON, piece by piece.
pub(crate) fn json(value: &impl Serialize) -> Result {
    let mut out = BufWriter::new(io::stdout().lock());
    // All our values can be expressed, so that an error is one of writing.
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Prints a line.
pub(crate) fn line(text: &str) -> Result {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    // Here rather than at exit, where nobody would hear of a failure.
    Ok(out.flush()?)
}

/// Three significant digits: 0.0123, 1.23, 12.3, 123.
pub(crate) fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.decimals$}")
}

/// "1 sentence", "2,000 sentences".
pub(crate) fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(n as u64))
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
