//! Symbols, ids, lexicons and places in the input.

use crate::text::{ARPABET, Cleaner, Error, FrontEnd, SymbolTable, UserLexicon};
use crate::voice::config::{FrontendConfig, LexiconUse};

fn config(lexicon: LexiconUse) -> FrontendConfig {
    FrontendConfig {
        lexicon,
        ..FrontendConfig::default()
    }
}

fn phonemes() -> FrontEnd {
    FrontEnd::new(&config(LexiconUse::Cmudict)).expect("published table")
}

#[test]
fn published_table_has_148_symbols_in_order() {
    let table = SymbolTable::published();
    assert_eq!(table.len(), 148);
    for (name, id) in [
        (' ', 11),
        ('-', 1),
        ('.', 7),
        ('A', 12),
        ('a', 38),
        ('z', 63),
    ] {
        assert_eq!(table.character(name), Some(id), "{name}");
    }
    for (n, name) in ARPABET.iter().enumerate() {
        assert_eq!(table.phoneme(name), Some(64 + n as u32), "{name}");
    }
    assert_eq!(
        (
            table.character('_'),
            table.character('5'),
            table.phoneme("XX")
        ),
        (None, None, None)
    );
}

#[test]
fn known_words_become_phonemes_as_the_starter_voice_was_trained() {
    let sentence = phonemes().encode("Hello world, the engine can speak.");
    let expected = "@HH @AH0 @L @OW1 _ @W @ER1 @L @D , _ @DH @AH0 _ @EH1 @N @JH @AH0 @N _ @K @AE1 @N _ @S @P @IY1 @K .";
    assert_eq!(sentence.symbols.join(" ").replace("   ", " _ "), expected);
    // Unknown words are letters; compounds of known words keep their hyphen.
    let sentence = phonemes().encode("tacoglow sea-green");
    assert_eq!(sentence.symbols.concat(), "tacoglow @S@IY1-@G@R@IY1@N.");
    // Letters have their names: the article would be AH0.
    assert_eq!(phonemes().encode("A4").symbols.concat(), "@EY1 @F@AO1@R.");
}

#[test]
fn endings_of_known_words_are_made_by_rule() {
    for (word, expected) in [
        ("zebra's", "@Z@IY1@B@R@AH0@Z"),
        ("lexicographers", ""),
        ("engine'll", "@EH1@N@JH@AH0@N@AH0@L"),
        ("gizmos'", "@G@IH1@Z@M@OW0@Z"),
    ] {
        let said = phonemes().encode(word).symbols.concat();
        if !expected.is_empty() {
            assert_eq!(said.trim_end_matches('.'), expected, "{word}");
        }
    }
}

#[test]
fn a_user_lexicon_overrides_and_names_the_line_of_an_error() {
    let lexicon: UserLexicon =
        "# mine\nhello  B AY1\nTacoglow = taco glow\nNATO = {EY1 T}\nhello(2) K AE1 T\n"
            .parse()
            .expect("lexicon");
    assert_eq!(lexicon.len(), 3);
    let said = |front_end: FrontEnd, text: &str| {
        front_end
            .with_lexicon(lexicon.clone())
            .encode(text)
            .symbols
            .concat()
    };
    assert_eq!(said(phonemes(), "Hello, NATO"), "@B@AY1, @EY1@T.");
    assert_eq!(said(phonemes(), "TACOGLOW"), "@T@AA1@K@OW0 @G@L@OW1.");
    let letters = FrontEnd::new(&config(LexiconUse::None)).expect("table");
    assert_eq!(said(letters, "tacoglow"), "taco glow.");
    for (text, line, message) in [
        ("a\nhello", 1, "no pronunciation"),
        (
            "ok = o k\nhello  HH XX",
            2,
            "\"XX\" is not an ARPAbet phoneme",
        ),
        ("\n\nx = 5", 3, "respelling"),
        ("= x", 1, "not a word"),
        ("x =", 1, "no respelling"),
        ("x  # nothing", 1, "no phonemes"),
    ] {
        let error = text.parse::<UserLexicon>().expect_err(text);
        let Error::Lexicon { line: at, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*at, line, "{text:?}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn words_say_where_they_come_from() {
    let text = "Pay $3.50, José — now!";
    let sentence = FrontEnd::new(&FrontendConfig::default())
        .expect("table")
        .encode(text);
    assert_eq!(
        sentence.normalized,
        "pay three dollars and fifty cents, jose, now!"
    );
    let words: Vec<(&str, String)> = sentence
        .words
        .iter()
        .map(|w| {
            (
                &text[w.source.clone()],
                sentence.symbols[w.symbols.clone()].concat(),
            )
        })
        .collect();
    let expected = [
        ("Pay", "pay"),
        ("$3.50", "three dollars and fifty cents"),
        ("José", "jose"),
        ("now", "now"),
    ];
    assert_eq!(words, expected.map(|(a, b)| (a, b.to_owned())));
    // In the second sentence places are counted from the beginning of the input.
    let front_end = FrontEnd::new(&FrontendConfig::default())
        .expect("table")
        .with_cleaner(Cleaner::Published);
    let input = "First. Dr. 2nd!";
    let second = front_end.sentences(input).nth(1).expect("two sentences");
    let words: Vec<&str> = second
        .words
        .iter()
        .map(|w| &input[w.source.clone()])
        .collect();
    assert_eq!(words, ["Dr.", "2nd!"]);
}

#[test]
fn other_tables_of_public_voices_work() {
    // torchaudio: 12 marks, then a to z, or ARPAbet without `@`.
    let marks = "_-!'(),.:;? ".chars().map(String::from);
    let characters: Vec<String> = marks.clone().chain(('a'..='z').map(String::from)).collect();
    let phones: Vec<String> = marks
        .chain(ARPABET.iter().map(|p| (*p).to_owned()))
        .collect();
    assert_eq!((characters.len(), phones.len()), (38, 96));
    let front_end = |symbols: &[String], lexicon| {
        FrontEnd::new(&FrontendConfig {
            symbols: symbols.to_vec(),
            lexicon,
            max_symbols: 0,
        })
        .expect("table")
    };
    let sentence = front_end(&characters, LexiconUse::Cmudict).encode("Hi Bob");
    assert_eq!(sentence.symbols.concat(), "hi bob.");
    assert_eq!(sentence.ids[..2], [19, 20]);
    // A table without letters speaks words it does not know letter by letter.
    let sentence = front_end(&phones, LexiconUse::None).encode("Hi xqz {B}");
    assert_eq!(
        sentence.symbols.join(" ").replace("   ", " _ "),
        "HH AY1 _ EH1 K S _ K Y UW1 _ Z IY1 _ B ."
    );
}

#[test]
fn tables_that_cannot_speak_are_refused() {
    for (symbols, message) in [
        (vec!["a", ""], "symbol 1 is empty"),
        (vec!["a", "b", "a"], "\"a\" stands there twice"),
        (vec!["_", "."], "neither the letters"),
    ] {
        let symbols: Vec<String> = symbols.into_iter().map(str::to_owned).collect();
        let error = SymbolTable::new(&symbols).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_final_mark_is_added_but_not_to_published_text_as_a_whole() {
    let english = FrontEnd::new(&FrontendConfig::default()).expect("table");
    for (text, expected) in [
        ("Hello", "hello."),
        ("Hello,", "hello."),
        ("Hello -", "hello."),
        ("Hello?", "hello?"),
        ("Hello \n", "hello."),
        ("(Hello)", "hello."),
    ] {
        assert_eq!(english.encode(text).symbols.concat(), expected, "{text:?}");
    }
    let published = english.with_cleaner(Cleaner::Published);
    assert_eq!(published.encode("Hello, \n").symbols.concat(), "hello, ");
    let split: Vec<String> = published
        .sentences("Hello, \n\n good")
        .map(|s| s.symbols.concat())
        .collect();
    assert_eq!(split, ["hello.", "good."]);
}

#[test]
fn nothing_to_speak_is_said_clearly() {
    for cleaner in [Cleaner::English, Cleaner::Published] {
        let front_end = FrontEnd::new(&FrontendConfig::default())
            .expect("table")
            .with_cleaner(cleaner);
        for text in [
            "",
            " ",
            "\n\n",
            "...",
            "?!",
            "😀🎉",
            "\u{0}\u{1}",
            "()",
            "—",
            "{}",
            "{XX}",
            "\"\"",
            "，。",
        ] {
            assert_eq!(front_end.sentences(text).count(), 0, "{text:?}");
            assert_eq!(
                front_end.check(text),
                Err(Error::NothingToSpeak),
                "{text:?}"
            );
            assert!(!front_end.encode(text).is_speakable(), "{text:?}");
        }
        assert_eq!(front_end.check("a"), Ok(()));
    }
}
