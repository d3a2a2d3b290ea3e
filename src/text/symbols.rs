//! The symbols a voice was trained on, and their ids.

use std::collections::HashMap;

use super::Error;

/// The ARPAbet symbols of the published table, in its order: the consonants, and each vowel plain and
/// with the stress digits 0 (none), 1 (primary), 2 (secondary).
#[rustfmt::skip]
pub const ARPABET: [&str; 84] = [
    "AA", "AA0", "AA1", "AA2", "AE", "AE0", "AE1", "AE2", "AH", "AH0", "AH1", "AH2",
    "AO", "AO0", "AO1", "AO2", "AW", "AW0", "AW1", "AW2", "AY", "AY0", "AY1", "AY2",
    "B", "CH", "D", "DH", "EH", "EH0", "EH1", "EH2", "ER", "ER0", "ER1", "ER2",
    "EY", "EY0", "EY1", "EY2", "F", "G", "HH", "IH", "IH0", "IH1", "IH2",
    "IY", "IY0", "IY1", "IY2", "JH", "K", "L", "M", "N", "NG", "OW", "OW0", "OW1", "OW2",
    "OY", "OY0", "OY1", "OY2", "P", "R", "S", "SH", "T", "TH", "UH", "UH0", "UH1", "UH2",
    "UW", "UW0", "UW1", "UW2", "V", "W", "Y", "Z", "ZH",
];

/// Pad and punctuation of the published table, then the letters.
const CHARACTERS: &str = "_-!'(),.:;? ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Symbols by id, and ids by symbol.
#[derive(Clone, Debug)]
pub struct SymbolTable {
    names: Vec<String>,
    ids: HashMap<String, u32>,
    /// What stands before the name of a phoneme: `@`, or nothing in tables without letters.
    phoneme_prefix: &'static str,
    has_letters: bool,
    has_phonemes: bool,
}

impl SymbolTable {
    /// The published table of 148 symbols: pad, punctuation, letters, ARPAbet with `@` before it.
    #[must_use]
    pub fn published() -> Self {
        let names = CHARACTERS
            .chars()
            .map(String::from)
            .chain(ARPABET.iter().map(|p| format!("@{p}")));
        // The table is a constant, and a test makes it: it cannot be refused.
        Self::index(names.collect())
    }

    /// A voice's own table; id = position. Phonemes are ARPAbet names with `@` before them, or bare
    /// names in a table that has no lower-case letters (torchaudio's 96 symbols).
    ///
    /// # Errors
    ///
    /// [`Error::Symbols`] if a symbol is empty or stands there twice, or nothing could be said with it.
    pub fn new(names: &[String]) -> Result<Self, Error> {
        if let Some(id) = names.iter().position(String::is_empty) {
            return Err(Error::Symbols(format!("symbol {id} is empty")));
        }
        let table = Self::index(names.to_vec());
        if table.ids.len() != names.len() {
            let twice = names
                .iter()
                .enumerate()
                .find(|&(id, name)| table.ids.get(name) != Some(&(id as u32)));
            let name = twice.map_or("", |(_, name)| name.as_str());
            return Err(Error::Symbols(format!("{name:?} stands there twice")));
        }
        if !table.has_letters && !table.has_phonemes {
            return Err(Error::Symbols(format!(
                "{} symbols, but neither the letters a to z nor ARPAbet phonemes among them",
                names.len()
            )));
        }
        Ok(table)
    }

    fn index(names: Vec<String>) -> Self {
        let ids: HashMap<String, u32> = names
            .iter()
            .enumerate()
            .map(|(id, name)| (name.clone(), id as u32))
            .collect();
        let all = |prefix: &str, all: &[&str]| {
            all.iter()
                .all(|name| ids.contains_key(&format!("{prefix}{name}")))
        };
        let has_letters = ('a'..='z').all(|c| ids.contains_key(c.encode_utf8(&mut [0; 4]) as &str));
        // Without `@`, the phonemes B, D, ... would be the letters B, D, ... of a table with both.
        let stressed = ["AA1", "IY0", "SH", "NG", "K"];
        let phoneme_prefix = if all("@", &stressed) || has_letters {
            "@"
        } else {
            ""
        };
        let has_phonemes = all(phoneme_prefix, &stressed);
        Self {
            names,
            ids,
            phoneme_prefix,
            has_letters,
            has_phonemes,
        }
    }

    /// Number of symbols.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a table is never empty
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The symbol with this id.
    #[must_use]
    pub fn name(&self, id: u32) -> Option<&str> {
        self.names.get(id as usize).map(String::as_str)
    }

    /// Names of many ids; ids that are not in the table are left out.
    pub(super) fn names(&self, ids: &[u32]) -> Vec<String> {
        ids.iter()
            .filter_map(|&id| self.names.get(id as usize).cloned())
            .collect()
    }

    /// The id of a character; the pad `_` and `~` are never text.
    #[must_use]
    pub fn character(&self, c: char) -> Option<u32> {
        if c == '_' || c == '~' {
            return None;
        }
        let id = self.ids.get(c.encode_utf8(&mut [0; 4]) as &str).copied();
        // In a table without letters, `B` is a phoneme.
        id.filter(|_| self.has_letters || !c.is_ascii_alphabetic())
    }

    /// The id of a phoneme given by its ARPAbet name, such as `AH0`.
    #[must_use]
    pub fn phoneme(&self, name: &str) -> Option<u32> {
        if self.phoneme_prefix.is_empty() {
            // Punctuation is not a phoneme.
            return ARPABET
                .contains(&name)
                .then(|| self.ids.get(name).copied())?;
        }
        let mut key = String::with_capacity(name.len() + 1);
        key.push_str(self.phoneme_prefix);
        key.push_str(name);
        self.ids.get(&key).copied()
    }

    /// Whether words can be written with letters.
    #[must_use]
    pub fn has_letters(&self) -> bool {
        self.has_letters
    }

    /// Whether words can be written with phonemes.
    #[must_use]
    pub fn has_phonemes(&self) -> bool {
        self.has_phonemes
    }

    /// Whether the symbol is sound: a letter or a phoneme, not a pause or a mark.
    #[must_use]
    pub fn is_sound(&self, id: u32) -> bool {
        self.name(id)
            .is_some_and(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))
    }
}
