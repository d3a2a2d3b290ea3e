//! Sizes and places of the members of every struct, in Rust and in C, from one table.

use std::fmt::Write as _;
use std::fs;
use std::mem::{offset_of, size_of};
use std::process::Command;

use tts::capi::{tts_audio, tts_engine_config, tts_utterance_config};

use crate::tools;

/// One line of the table: a struct, a member (or none, for the whole) and where it is on machines
/// with pointers of 8 bytes.
type Row = (&'static str, &'static str, usize);

/// Asserts in Rust what the table says, and gives the table's rows for C.
macro_rules! table {
    ($($name:ident: $size:literal { $($member:ident: $offset:literal),* $(,)? })*) => {{
        let mut rows: Vec<Row> = Vec::new();
        $(
            assert_eq!(size_of::<$name>(), $size, "{}", stringify!($name));
            rows.push((stringify!($name), "", $size));
            $(
                assert_eq!(offset_of!($name, $member), $offset, "{}", stringify!($member));
                rows.push((stringify!($name), stringify!($member), $offset));
            )*
        )*
        rows
    }};
}

/// Layouts are what they were in the first version, and the same on both sides.
#[test]
#[cfg(target_pointer_width = "64")]
fn structs_have_their_published_layout() {
    let rows = table! {
        tts_engine_config: 16 { struct_size: 0, device: 4, threads: 8, reserved: 12 }
        tts_utterance_config: 64 {
            struct_size: 0, format: 4, seed: 8, sigma: 16, denoise: 20, gate_threshold: 24, speed: 28,
            pitch: 32, gain: 36, sentence_pause: 40, sample_rate: 44, max_steps: 48, flags: 52, lexicon: 56,
        }
        tts_audio: 32 { struct_size: 0, sample_rate: 4, count: 8, f32: 16, s16: 24 }
    };
    let mut source = String::from("#include \"tts.h\"\n");
    for (i, (name, member, value)) in rows.iter().enumerate() {
        let place = if member.is_empty() {
            format!("sizeof({name})")
        } else {
            format!("offsetof({name}, {member})")
        };
        // An array of negative size is what C89 has for a static assertion.
        writeln!(
            source,
            "typedef char assert_{i}[{place} == {value} ? 1 : -1];"
        )
        .unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("layout.c");
    fs::write(&file, source).unwrap();
    for compiler in tools::c_compilers() {
        let include = tools::root().join("include");
        tools::run(
            Command::new(compiler)
                .args(["-fsyntax-only", "-std=c89", "-I"])
                .arg(include)
                .arg(&file),
        );
    }
}
