//! Any input: no panic, linear time, bounded sentences, ids within the table.

use std::time::{Duration, Instant};

use crate::text::{Cleaner, FrontEnd};
use crate::voice::config::{FrontendConfig, LexiconUse};

/// A quadratic step would need many minutes; a slow and busy machine needs seconds.
const LINEAR: Duration = Duration::from_mins(1);

/// Reads `unit` repeated up to `size` bytes, split and whole, with both cleaners.
fn time(unit: &str, size: usize) {
    let config = FrontendConfig {
        lexicon: LexiconUse::Cmudict,
        max_symbols: 120,
        ..FrontendConfig::default()
    };
    let english = FrontEnd::new(&config).expect("table");
    let published = english.clone().with_cleaner(Cleaner::Published);
    let text = unit.repeat(size / unit.len());
    for front_end in [english, published] {
        let start = Instant::now();
        let split: usize = front_end.sentences(&text).map(|s| s.ids.len()).sum();
        let whole = front_end.encode(&text).ids.len();
        let elapsed = start.elapsed();
        println!("{unit:?}: {elapsed:.0?}, {split} and {whole} symbols");
        assert!(elapsed < LINEAR, "{unit:?} took {elapsed:?}");
    }
}

#[test]
fn a_megabyte_of_one_character_is_read_in_linear_time() {
    for unit in ["a", ".", "1", "(", "{"] {
        time(unit, 1 << 20);
    }
}

#[test]
fn rows_of_the_same_few_characters_are_read_in_linear_time() {
    #[rustfmt::skip]
    let units = [
        "A", "I", "}", "-", "'", "\"", " ", "\n", "é", "😀", "½", "北", "a.", "A. ", "1.", "1,", "1-", "1:", "1/",
        "1 ", "1x", "1st-", "'39-", "123 ", "123_", "XVI, ", "1h", "1.234,50 ", "N. Main ", "¹", "\u{1b}[1;", "a@", "a/", "a-", "http://", "$1", "5'", "a\n", "{a", "MP3 ", "Mr. ", "1st ", "x.y ", "+1 ", "(1) ",
        "the cat sat on the mat, and then ",
    ];
    for unit in units {
        time(unit, 1 << 17);
    }
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

#[test]
fn random_mixtures_keep_the_promises() {
    const PIECES: &[&str] = &[
        "1",
        "0",
        "23",
        "1999",
        "$",
        "£",
        "€",
        ".",
        ",",
        ":",
        "/",
        "-",
        "–",
        "—",
        "'",
        "\"",
        "(",
        ")",
        "{",
        "}",
        "HH",
        "AH0",
        " ",
        "  ",
        "\n",
        "\n\n",
        "st",
        "nd",
        "pm",
        "a.m.",
        "km",
        "%",
        "°",
        "°C",
        "½",
        "Dr.",
        "St.",
        "No.",
        "etc.",
        "March",
        "May",
        "VIII",
        "Henry",
        "FBI",
        "CDs",
        "iPhone",
        "well-known",
        "a",
        "I",
        "x",
        "é",
        "ß",
        "北",
        "😀",
        "\u{301}",
        "\u{0}",
        "@",
        "&",
        "#",
        "+",
        "=",
        "*",
        "^",
        "²",
        "www.",
        "example.com",
        "http://",
        "…",
        "?",
        "!",
        "T",
        "e",
        "k",
        "M",
        "bn",
        "million",
        "of",
        "the",
        "[",
        "]",
        "<",
        ">",
        "|",
        "_",
        "~",
        "\t",
        "\u{a0}",
        "\u{200b}",
        "ﬁ",
        "'s",
        "+44",
        "555",
        "2222222222222",
        "1234",
    ];
    let mut random = Random(7);
    let front_ends: Vec<FrontEnd> = [0, 1, 12, 50]
        .into_iter()
        .flat_map(|max_symbols| {
            [LexiconUse::None, LexiconUse::Cmudict].map(|lexicon| {
                FrontEnd::new(&FrontendConfig {
                    symbols: Vec::new(),
                    lexicon,
                    max_symbols,
                })
                .expect("table")
            })
        })
        .flat_map(|f| [f.clone(), f.with_cleaner(Cleaner::Published)])
        .collect();
    for round in 0..20_000 {
        let count = 1 + random.below(14);
        let text: String = (0..count)
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        front_ends[round % front_ends.len()].prove(&text);
    }
}

#[test]
fn sentences_cover_the_input_in_order_with_what_is_spoken() {
    let front_end = FrontEnd::new(&FrontendConfig::default()).expect("table");
    let text = "One two. Three—four! 5.5?\n\n- six\n- Dr. Seven";
    front_end.prove(text);
    let spoken: String = front_end.sentences(text).map(|s| s.text).collect();
    let letters = |s: &str| {
        s.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
    };
    assert_eq!(letters(&spoken), letters(text));
}
