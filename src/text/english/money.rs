//! Amounts of money.

use super::digits::Number;
use super::numbers::{Context, scale};
use super::scan::Scan;
use crate::text::numerals::integer;

/// A currency: its sign, one and many of it, one and many of its hundredth.
struct Currency(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

impl Currency {
    /// Many of it; after an article, as in "a $5 million deal", it stands like one.
    fn name(&self, ctx: Context<'_>) -> &'static str {
        if ctx.after_article() { self.1 } else { self.2 }
    }
}

/// Longer signs first.
#[rustfmt::skip]
const SIGNS: &[Currency] = &[
    Currency("US$", "U S dollar", "U S dollars", "cent", "cents"),
    Currency("HK$", "hong kong dollar", "hong kong dollars", "cent", "cents"),
    Currency("NZ$", "new zealand dollar", "new zealand dollars", "cent", "cents"),
    Currency("AU$", "australian dollar", "australian dollars", "cent", "cents"),
    Currency("CA$", "canadian dollar", "canadian dollars", "cent", "cents"),
    Currency("A$", "australian dollar", "australian dollars", "cent", "cents"),
    Currency("C$", "canadian dollar", "canadian dollars", "cent", "cents"),
    Currency("R$", "real", "reals", "centavo", "centavos"),
    Currency("$", "dollar", "dollars", "cent", "cents"),
    Currency("£", "pound", "pounds", "penny", "pence"),
    Currency("€", "euro", "euros", "cent", "cents"),
    Currency("¥", "yen", "yen", "", ""),
    Currency("₹", "rupee", "rupees", "paisa", "paise"),
    Currency("₩", "won", "won", "", ""),
    Currency("₽", "ruble", "rubles", "kopeck", "kopecks"),
    Currency("₺", "lira", "lira", "kurush", "kurush"),
    Currency("₪", "shekel", "shekels", "agora", "agorot"),
    Currency("฿", "baht", "baht", "satang", "satang"),
    Currency("₿", "bitcoin", "bitcoins", "", ""),
];

/// Codes and signs that stand behind the number.
#[rustfmt::skip]
const BEHIND: &[Currency] = &[
    Currency("USD", "U S dollar", "U S dollars", "cent", "cents"),
    Currency("EUR", "euro", "euros", "cent", "cents"),
    Currency("GBP", "british pound", "british pounds", "penny", "pence"),
    Currency("JPY", "yen", "yen", "", ""),
    Currency("CHF", "swiss franc", "swiss francs", "centime", "centimes"),
    Currency("CAD", "canadian dollar", "canadian dollars", "cent", "cents"),
    Currency("AUD", "australian dollar", "australian dollars", "cent", "cents"),
    Currency("INR", "rupee", "rupees", "paisa", "paise"),
    Currency("CNY", "yuan", "yuan", "", ""),
    Currency("€", "euro", "euros", "cent", "cents"),
    Currency("£", "pound", "pounds", "penny", "pence"),
    Currency("$", "dollar", "dollars", "cent", "cents"),
    Currency("¥", "yen", "yen", "", ""),
    Currency("₽", "ruble", "rubles", "kopeck", "kopecks"),
    Currency("¢", "cent", "cents", "", ""),
    Currency("p", "penny", "pence", "", ""),
    Currency("c", "cent", "cents", "", ""),
];

fn sign(s: &Scan, i: usize) -> Option<&'static Currency> {
    // "CHF 20"
    let codes = BEHIND.iter().filter(|c| c.0.len() == 3 && c.0.is_ascii());
    SIGNS.iter().chain(codes).find(|c| s.starts(i, c.0))
}

/// "$3.50", "£5 million", "€10-20", "-" is read before.
pub(super) fn read(s: &Scan, i: usize, ctx: Context<'_>) -> Option<(usize, String)> {
    if s.at(i).is_ascii_alphabetic()
        && (s.before(i).is_ascii_alphanumeric() || s.letters(i) > i + 3)
    {
        return None;
    }
    let currency = sign(s, i)?;
    let at = i + currency.0.chars().count();
    let at = at + usize::from(s.at(at) == ' ' && s.at(at + 1).is_ascii_digit());
    let minus = usize::from(matches!(s.at(at), '-' | '−'));
    let number = Number::read(s, at + minus)?;
    let prefix = if minus > 0 { "minus " } else { "" };
    // "$10-20", "$10-$20", "$1.5–2 million".
    let dash = usize::from(matches!(s.at(number.end), '-' | '–' | '—'));
    if dash > 0 {
        let next = number.end + 1;
        let next = next + sign(s, next).map_or(0, |c| c.0.chars().count());
        if let Some(second) = Number::read(s, next) {
            let (end, words) = amount(s, currency, &second, ctx);
            return Some((end, format!("{prefix}{} to {words}", number.words())));
        }
    }
    let (end, words) = amount(s, currency, &number, ctx);
    // "$1.5M-$2M"
    if matches!(s.at(end), '-' | '–' | '—')
        && let Some(currency) = sign(s, end + 1)
        && let Some(second) = Number::read(s, end + 1 + currency.0.chars().count())
    {
        let (end, to) = amount(s, currency, &second, ctx);
        return Some((end, format!("{prefix}{words} to {to}")));
    }
    Some((end, format!("{prefix}{words}")))
}

/// "5€", "100 USD", "50p".
pub(super) fn behind(s: &Scan, number: &Number, ctx: Context<'_>) -> Option<(usize, String)> {
    let at = number.end + usize::from(s.at(number.end) == ' ');
    let fits = |c: &&Currency| {
        // "5 p" is no price, and "5 $" is a price only if the sign is not that of the next number.
        s.starts(at, c.0)
            && (!matches!(c.0, "p" | "c") || at == number.end)
            // Lines of a picture.
            && !(c.0 == "p" && matches!(number.whole.as_str(), "480" | "720" | "1080" | "1440" | "2160"))
            && !s.at(at + c.0.chars().count()).is_ascii_alphanumeric()
            && (c.0 != "$" || at == number.end)
    };
    let currency = BEHIND.iter().find(fits)?;
    let words = plain(currency, number, ctx);
    Some((at + currency.0.chars().count(), words))
}

/// What an amount tells the size of: "two $20 bills".
#[rustfmt::skip]
const THINGS: &[&str] = &[
    "bill", "bills", "bonus", "budget", "check", "checks", "cheque", "coin", "coins", "deal", "fee", "fine", "grant",
    "loan", "note", "notes", "prize", "salary", "ticket", "tickets",
];

/// An amount, with the word for its currency as what follows wants it.
fn amount(s: &Scan, currency: &Currency, number: &Number, ctx: Context<'_>) -> (usize, String) {
    let (end, words) = scaled(s, currency, number, ctx);
    let next = s.spaces(end);
    let thing = next > end && THINGS.iter().any(|thing| s.word_is(next, thing));
    if !thing {
        return (end, words);
    }
    let like_one = Context {
        previous: "a",
        ..ctx
    };
    scaled(s, currency, number, like_one)
}

/// The number is followed by "million" or "k", or it is all.
fn scaled(s: &Scan, currency: &Currency, number: &Number, ctx: Context<'_>) -> (usize, String) {
    let at = s.spaces(number.end + usize::from(s.at(number.end) == '-'));
    for name in [
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "quadrillion",
        "lakh",
        "crore",
    ] {
        if at > number.end && s.word_is(at, name) {
            // "$10-million deal"
            let unit = if s.at(number.end) == '-' {
                currency.1
            } else {
                currency.name(ctx)
            };
            let words = format!("{} {name} {unit}", number.words());
            return (at + name.len(), words);
        }
    }
    let short = scale(s, number.end).or_else(|| {
        let name = match s.at(number.end) {
            'k' | 'K' => "thousand",
            'm' => "million",
            'b' | 'B' => "billion",
            't' | 'T' => "trillion",
            _ => return None,
        };
        s.ends(number.end + 1).then_some((number.end + 1, name))
    });
    match short {
        Some((end, name)) => (
            end,
            format!("{} {name} {}", number.words(), currency.name(ctx)),
        ),
        None => (number.end, plain(currency, number, ctx)),
    }
}

fn plain(currency: &Currency, number: &Number, ctx: Context<'_>) -> String {
    let &Currency(_, one, many, hundredth, hundredths) = currency;
    let cents: Option<u32> = match &number.decimals {
        Some(d) if d.len() == 2 && !hundredth.is_empty() => d.parse().ok(),
        None => Some(0),
        Some(_) => None,
    };
    let whole = integer(if number.whole.is_empty() {
        "0"
    } else {
        &number.whole
    });
    let units = |words: &str| {
        let name = if words == "one" || ctx.after_article() {
            one
        } else {
            many
        };
        format!("{words} {name}")
    };
    match cents {
        None => format!("{} {}", number.words(), currency.name(ctx)),
        Some(0) => units(&whole),
        Some(c) => {
            let cents = format!(
                "{} {}",
                integer(&c.to_string()),
                if c == 1 { hundredth } else { hundredths }
            );
            if whole == "zero" {
                cents
            } else {
                format!("{} and {cents}", units(&whole))
            }
        }
    }
}
