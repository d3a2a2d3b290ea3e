//! The published front end, against what the Python packages it was made of give
//! (`tests/fixtures/make_published_cleaners.py`).

use serde::Deserialize;

use crate::text::transliterate::push_ascii;
use crate::text::{Cleaner, FrontEnd};
use crate::voice::config::FrontendConfig;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    blocks: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    clean: String,
    ids: Vec<u32>,
}

fn fixture() -> Fixture {
    let text = include_str!("../../../tests/fixtures/published_cleaners.json");
    serde_json::from_str(text).expect("fixture")
}

fn front_end() -> FrontEnd {
    FrontEnd::new(&FrontendConfig::default())
        .expect("published table")
        .with_cleaner(Cleaner::Published)
}

#[test]
fn ids_are_those_of_the_published_front_end() {
    let front_end = front_end();
    let mut wrong = Vec::new();
    for case in fixture().cases {
        let sentence = front_end.encode(&case.text);
        if sentence.ids != case.ids {
            wrong.push(format!(
                "{:?}: {:?}, expected {:?}",
                case.text, sentence.normalized, case.clean
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn cleaned_text_is_that_of_the_published_cleaners() {
    for case in fixture().cases {
        let mut clean = String::new();
        crate::text::published::clean(&case.text, |_, chunk| clean.push_str(chunk));
        assert_eq!(clean, case.clean, "{:?}", case.text);
    }
}

/// 64-bit FNV-1a, as in the script.
fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[test]
fn transliteration_agrees_for_every_character_of_planes_0_and_1() {
    let mut wrong = Vec::new();
    for (block, expected) in fixture().blocks.iter().enumerate() {
        let mut hash = 0xcbf2_9ce4_8422_2325;
        for cp in 256 * block as u32..256 * (block as u32 + 1) {
            let mut ascii = String::new();
            if let Some(c) = char::from_u32(cp) {
                push_ascii(c, &mut ascii);
            }
            hash = ascii.bytes().chain([0xff]).fold(hash, fnv);
        }
        if format!("{hash:016x}") != *expected {
            wrong.push(format!("{block:#x}"));
        }
    }
    assert!(wrong.is_empty(), "blocks {}", wrong.join(" "));
}
