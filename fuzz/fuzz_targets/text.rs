//! Any text through the front end: both cleaners, letters and phonemes, split and whole, and the
//! user's lexicon. The first byte chooses; the rest is the text.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tts::text::{Cleaner, FrontEnd, UserLexicon};
use tts::voice::config::{FrontendConfig, LexiconUse};

/// By the low four bits of the first byte: lexicon, cleaner, longest sentence.
static FRONT_ENDS: LazyLock<Vec<FrontEnd>> = LazyLock::new(|| {
    (0..16)
        .map(|choice| {
            let config = FrontendConfig {
                lexicon: if choice & 1 == 0 {
                    LexiconUse::None
                } else {
                    LexiconUse::Cmudict
                },
                max_symbols: [0, 1, 20, 150][choice >> 2],
                ..FrontendConfig::default()
            };
            let front_end = FrontEnd::new(&config).expect("the published table");
            let cleaner = if choice & 2 == 0 {
                Cleaner::English
            } else {
                Cleaner::Published
            };
            front_end.with_cleaner(cleaner)
        })
        .collect()
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let front_end = &FRONT_ENDS[usize::from(choice & 15)];
    match text.parse::<UserLexicon>() {
        Ok(lexicon) if choice & 16 != 0 => front_end.clone().with_lexicon(lexicon).prove(&text),
        _ => front_end.prove(&text),
    }
});
