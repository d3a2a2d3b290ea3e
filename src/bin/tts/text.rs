//! `tts text`: what a text becomes on its way to the voice.

use std::cell::RefCell;

use serde::{Serialize, Serializer};

use tts::text::{Cleaner, FrontEnd, Sentence, UserLexicon};
use tts::voice::config::FrontendConfig;

use crate::args::{CleanerArg, Text};
use crate::fail::{Fail, Result};
use crate::input::{open_voice, read_lexicon};
use crate::print;

/// `{"sentences": [...]}`, made as it is written: of a long text no more than a sentence is held.
#[derive(Serialize)]
struct Sentences<I: Iterator<Item = Sentence>> {
    #[serde(serialize_with = "in_a_row")]
    sentences: RefCell<I>,
}

fn in_a_row<I, S>(sentences: &RefCell<I>, serializer: S) -> std::result::Result<S::Ok, S::Error>
where
    I: Iterator<Item = Sentence>,
    S: Serializer,
{
    serializer.collect_seq(sentences.borrow_mut().by_ref().map(Shown::from))
}

#[derive(Serialize)]
struct Shown {
    text: String,
    normalized: String,
    symbols: Vec<String>,
    ids: Vec<u32>,
}

impl From<Sentence> for Shown {
    fn from(sentence: Sentence) -> Self {
        Self {
            text: sentence.text,
            normalized: sentence.normalized,
            symbols: sentence.symbols,
            ids: sentence.ids,
        }
    }
}

pub(crate) fn run(args: &Text) -> Result {
    let text = args.input.read()?;
    let published = args.cleaner == CleanerArg::Published;
    // The published front end has its own table, and no voice is needed to see what it does.
    let config = if published && args.voice.is_none() {
        FrontendConfig::default()
    } else {
        open_voice(args.voice.as_deref())?
            .0
            .config()
            .frontend
            .clone()
    };
    let lexicon = args
        .lexicon
        .as_deref()
        .map_or(Ok(UserLexicon::default()), read_lexicon)?;
    let front_end = FrontEnd::new(&config)
        .map_err(|e| Fail::failed(e.to_string()))?
        .with_cleaner(if published {
            Cleaner::Published
        } else {
            Cleaner::English
        })
        .with_lexicon(lexicon);
    // The published front end takes whatever it is given, nothing included.
    if !(published && args.no_split) {
        let checked = front_end.check(&text);
        checked.map_err(|e| Fail::failed(e.to_string()))?;
    }
    if args.no_split {
        return show(args.json, std::iter::once(front_end.encode(&text)));
    }
    show(args.json, front_end.sentences(&text))
}

fn show(json: bool, sentences: impl Iterator<Item = Sentence>) -> Result {
    if json {
        return print::json(&Sentences {
            sentences: RefCell::new(sentences),
        });
    }
    for sentence in sentences {
        print::line(&format!(
            "{}\n    {}",
            sentence.normalized,
            symbols(&sentence.symbols)
        ))?;
    }
    Ok(())
}

/// Symbols as one would write them: letters as they are, phonemes in braces.
fn symbols(symbols: &[String]) -> String {
    let mut line = String::new();
    let mut phonemes: Vec<&str> = Vec::new();
    let close = |line: &mut String, phonemes: &mut Vec<&str>| {
        if !phonemes.is_empty() {
            line.push('{');
            line.push_str(&phonemes.join(" "));
            line.push('}');
            phonemes.clear();
        }
    };
    for symbol in symbols {
        if let Some(phoneme) = symbol.strip_prefix('@') {
            phonemes.push(phoneme);
        } else {
            close(&mut line, &mut phonemes);
            line.push_str(symbol);
        }
    }
    close(&mut line, &mut phonemes);
    line
}

#[cfg(test)]
mod tests {
    /// Phonemes in a row stand in one pair of braces, as they may be written in the input.
    #[test]
    fn phonemes_stand_in_braces() {
        let of = |symbols: &str| {
            let names: Vec<String> = symbols.split('|').map(str::to_owned).collect();
            super::symbols(&names)
        };
        assert_eq!(of("@HH|@AY1| |y|o|u|!"), "{HH AY1} you!");
        assert_eq!(of("a|@B"), "a{B}");
    }
}
