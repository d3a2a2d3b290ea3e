//! A lexicon file that the user brings: it overrides everything else.

use std::collections::HashMap;
use std::str::FromStr;

use crate::text::{ARPABET, Error};

/// How a word is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::text) enum Saying {
    /// ARPAbet names.
    Phonemes(Vec<&'static str>),
    /// Other words, lower case, to be said in its place.
    Words(Vec<String>),
}

/// Words and how to say them. One word a line:
///
/// ```text
/// # a comment, as is what begins with ;;;
/// tacoglow  T AA1 K OW0 G L OW2
/// Nguyen = win
/// SQL = sequel
/// ```
///
/// Phonemes are ARPAbet with stress digits, as in CMUdict; they are used if the voice knows phonemes.
/// A respelling is letters, apostrophes, hyphens and spaces. Case does not matter. The first of several
/// lines for one word counts, as do those marked `WORD(1)`, `WORD(2)` in CMUdict's manner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLexicon {
    words: HashMap<String, Saying>,
}

impl UserLexicon {
    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How to say a lower-case word.
    pub(in crate::text) fn get(&self, word: &str) -> Option<&Saying> {
        self.words.get(word)
    }
}

impl FromStr for UserLexicon {
    type Err = Error;

    /// Reads a lexicon file.
    ///
    /// # Errors
    ///
    /// [`Error::Lexicon`] with the number of the line that cannot be read.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = HashMap::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with(";;;") {
                continue;
            }
            let (word, saying) = entry(line).map_err(|message| Error::Lexicon {
                line: index + 1,
                message,
            })?;
            words.entry(word).or_insert(saying);
        }
        Ok(Self { words })
    }
}

fn entry(line: &str) -> Result<(String, Saying), String> {
    let (word, saying) = match line.split_once('=') {
        Some((word, respelling)) => (word.trim(), words(respelling)?),
        None => match line.split_once(char::is_whitespace) {
            Some((word, phonemes)) => (word, self::phonemes(phonemes)?),
            None => return Err(format!("{line:?} has no pronunciation")),
        },
    };
    // CMUdict marks alternatives: HELLO(1).
    let base = match word.split_once('(') {
        Some((base, number)) if number.trim_end_matches(')').parse::<u32>().is_ok() => base,
        _ => word,
    };
    if base.is_empty() || base.chars().any(char::is_whitespace) {
        return Err(format!("{base:?} is not a word"));
    }
    Ok((base.to_lowercase(), saying))
}

fn phonemes(text: &str) -> Result<Saying, String> {
    // CMUdict ends a line with a comment.
    let text = text.split('#').next().unwrap_or("");
    let names: Result<Vec<_>, String> = text
        .split_whitespace()
        .map(|name| {
            let upper = name.to_ascii_uppercase();
            let known = ARPABET.iter().find(|&&p| p == upper);
            known
                .copied()
                .ok_or_else(|| format!("{name:?} is not an ARPAbet phoneme"))
        })
        .collect();
    match names? {
        names if names.is_empty() => Err("no phonemes".to_owned()),
        names => Ok(Saying::Phonemes(names)),
    }
}

fn words(text: &str) -> Result<Saying, String> {
    if let Some(inner) = text
        .trim()
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
    {
        return phonemes(inner);
    }
    if let Some(c) = text
        .chars()
        .find(|&c| !(c.is_ascii_alphabetic() || " \t'-".contains(c)))
    {
        return Err(format!(
            "{c:?} in a respelling; letters, apostrophes, hyphens and spaces only"
        ));
    }
    let words: Vec<String> = text
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        return Err("no respelling".to_owned());
    }
    Ok(Saying::Words(words))
}
