//! Addresses of the Internet: "example.com/a-b", "https://...", "name@host.org".

use super::scan::Scan;
use crate::text::lexicon;
use crate::text::numerals::{each_digit, label};

/// Endings of host names without which a word with dots is not taken for an address.
const ENDINGS: &[&str] = &[
    "ai", "app", "au", "biz", "ca", "ch", "cn", "co", "com", "de", "dev", "edu", "eu", "fm", "fr",
    "gov", "in", "info", "int", "io", "it", "jp", "ly", "me", "mil", "net", "nl", "nz", "online",
    "org", "ru", "se", "shop", "tv", "uk", "us", "xyz",
];

/// Longest address that is read; a longer one is data, not text.
const LONGEST: usize = 300;

/// The address at `i`, in words.
pub(super) fn read(s: &Scan, i: usize) -> Option<(usize, String)> {
    if !s.at(i).is_ascii_alphanumeric() {
        return None;
    }
    let chunk_end = (i..i + LONGEST).find(|&k| {
        matches!(
            s.at(k),
            ' ' | '\n' | '\0' | '"' | '<' | '>' | ')' | ']' | '}'
        )
    })?;
    // Marks behind an address belong to the sentence.
    let mut end = chunk_end;
    while end > i
        && matches!(
            s.at(end - 1),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '-' | '…'
        )
    {
        end -= 1;
    }
    let text = s.text(i, end);
    if !text.contains('.') && !text.contains("://") {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = match lower.split_once("://") {
        Some((scheme @ ("http" | "https" | "ftp"), rest)) => (Some(scheme), rest),
        Some(_) => return None,
        None => (None, lower.as_str()),
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or("");
    let (user, host) = match host.split_once('@') {
        Some((user, host)) if !user.is_empty() => (true, host),
        Some(_) => return None,
        None => (false, host),
    };
    let mut labels = host.split('.');
    let plain =
        |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let ending = host.rsplit('.').next().unwrap_or("");
    let local = scheme.is_some() && host == "localhost";
    if !(host.contains('.') || local)
        || !labels.all(plain)
        || !ending.bytes().all(|b| b.is_ascii_alphabetic())
    {
        return None;
    }
    // "end.In" is a missing space; "Amazon.com" is a name.
    let sure = scheme.is_some() || host.starts_with("www.") || user;
    let odd_case = !sure
        && s.text(end - ending.len().min(end - i), end)
            .starts_with(|c: char| c.is_ascii_uppercase());
    if !sure && (!ENDINGS.contains(&ending) || odd_case || host.len() < 5 && !rest.contains('/')) {
        return None;
    }
    // The scheme of a web page is noise.
    Some((end, spell(rest.trim_end_matches('/'))))
}

/// Reads an address sign by sign: known words as words, the rest letter by letter.
fn spell(address: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let bytes = address.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let of_kind = |test: fn(&u8) -> bool| bytes[i..].iter().take_while(|&b| test(b)).count();
        let (letters, digits) = (
            of_kind(u8::is_ascii_alphabetic),
            of_kind(u8::is_ascii_digit),
        );
        match bytes[i] {
            _ if letters > 0 => out.push(word(&address[i..i + letters])),
            _ if digits > 4 => out.push(each_digit(&address[i..i + digits])),
            _ if digits > 0 => out.push(label(&address[i..i + digits])),
            b => out.push(sign(b).to_owned()),
        }
        i += letters.max(digits).max(1);
    }
    out.retain(|words| !words.is_empty());
    out.join(" ")
}

fn sign(b: u8) -> &'static str {
    match b {
        b'.' => "dot",
        b'/' => "slash",
        b'@' => "at",
        b'-' => "dash",
        b'_' => "underscore",
        b'?' => "question mark",
        b'=' => "equals",
        b'&' => "and",
        b'#' => "hash",
        b':' => "colon",
        b'%' => "percent",
        b'+' => "plus",
        b'~' => "tilde",
        _ => "",
    }
}

fn word(word: &str) -> String {
    let vowels = word.bytes().any(|b| b"aeiouy".contains(&b));
    let spelled = matches!(
        word,
        "co" | "io" | "js" | "uk" | "us" | "eu" | "tv" | "ai" | "de" | "fr" | "fm" | "jp" | "ca"
    );
    if !spelled
        && word.len() > 1
        && (vowels && word.len() > 3
            || word == "com"
            || lexicon::pronounce(word).is_some() && !lexicon::is_initials(word))
    {
        return word.to_owned();
    }
    let letters: Vec<String> = word
        .chars()
        .map(|c| c.to_ascii_uppercase().to_string())
        .collect();
    letters.join(" ")
}
