//! Any text through the front end: both cleaners, letters and phonemes, split and whole, and the
//! user's lexicon. The first byte chooses; the rest is the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tts::text::{Cleaner, FrontEnd, UserLexicon};
use tts::voice::config::{FrontendConfig, LexiconUse};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let config = FrontendConfig {
        lexicon: if choice & 1 == 0 {
            LexiconUse::None
        } else {
            LexiconUse::Cmudict
        },
        max_symbols: [0, 1, 20, 150][usize::from(choice >> 2 & 3)],
        ..FrontendConfig::default()
    };
    let Ok(mut front_end) = FrontEnd::new(&config) else {
        return;
    };
    if choice & 2 != 0 {
        front_end = front_end.with_cleaner(Cleaner::Published);
    }
    if choice & 16 != 0
        && let Ok(lexicon) = text.parse::<UserLexicon>()
    {
        front_end = front_end.with_lexicon(lexicon);
    }
    front_end.prove(&text);
});
