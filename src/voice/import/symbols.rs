//! The symbol table that belongs to an embedding of a given size.

use crate::voice::check::PUBLISHED_SYMBOLS;
use crate::voice::config::{FrontendConfig, LexiconUse};
use crate::voice::error::{Error, Result};

/// Symbols that all published tables begin with: padding, hyphen, punctuation, space.
const COMMON: &str = "_-!'(),.:;? ";

/// Published voices lose their way beyond some ten seconds of speech.
const MAX_SYMBOLS: usize = 160;

/// ARPAbet in the order of the published table; those marked `*` also have the stresses 0, 1, 2.
const ARPABET: &str = "AA* AE* AH* AO* AW* AY* B CH D DH EH* ER* EY* F G HH IH* IY* JH K L M N NG \
                       OW* OY* P R S SH T TH UH* UW* V W Y Z ZH";

/// The front end of a voice with `n_symbols` rows in its embedding.
pub(super) fn frontend(n_symbols: usize, symbols: Option<Vec<String>>) -> Result<FrontendConfig> {
    let (symbols, lexicon) = match (symbols, n_symbols) {
        (Some(symbols), _) => (symbols, LexiconUse::None),
        (None, PUBLISHED_SYMBOLS) => (Vec::new(), LexiconUse::None),
        // torchaudio's tables: its characters are small letters, its phonemes have no letters at all.
        (None, 38) => (
            common().chain(('a'..='z').map(String::from)).collect(),
            LexiconUse::None,
        ),
        (None, 96) => (common().chain(arpabet()).collect(), LexiconUse::Cmudict),
        (None, other) => {
            return Err(Error::Checkpoint(format!(
                "Tacotron 2: an embedding of {other} symbols; tables are known for 148, 38 and 96, others must be given"
            )));
        }
    };
    Ok(FrontendConfig {
        symbols,
        lexicon,
        max_symbols: MAX_SYMBOLS,
    })
}

fn common() -> impl Iterator<Item = String> {
    COMMON.chars().map(String::from)
}

fn arpabet() -> impl Iterator<Item = String> {
    ARPABET.split_whitespace().flat_map(|name| {
        let plain = name.trim_end_matches('*');
        let stresses: &[&str] = if name == plain {
            &[""]
        } else {
            &["", "0", "1", "2"]
        };
        stresses
            .iter()
            .map(move |stress| format!("@{plain}{stress}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torchaudio's two tables have 38 and 96 entries in the order of its documentation.
    #[test]
    fn torchaudio_tables() {
        let chars = frontend(38, None).unwrap().symbols;
        assert_eq!(
            (chars.len(), chars[11].as_str(), chars[12].as_str()),
            (38, " ", "a")
        );
        let phones = frontend(96, None).unwrap().symbols;
        assert_eq!(phones.len(), 96);
        assert_eq!((phones[12].as_str(), phones[95].as_str()), ("@AA", "@ZH"));
        // The published table has the same phonemes from 64 on: B is 88 and HH is 106 there.
        assert_eq!(
            (phones[88 - 52].as_str(), phones[106 - 52].as_str()),
            ("@B", "@HH")
        );
        assert!(frontend(100, None).is_err());
    }
}
