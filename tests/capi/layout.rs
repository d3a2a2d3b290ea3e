//! Sizes and places of the members of every struct, in Rust and in C, from one table.

use std::fmt::Write as _;
use std::fs;
use std::mem::{offset_of, size_of};
use std::process::Command;

use tts::capi::*;

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
        tts_device_info: 416 {
            struct_size: 0, kind: 4, usable: 8, reserved: 12, name: 16, note: 144, memory: 400, f16: 408,
            reserved2: 412,
        }
        tts_engine_config: 64 {
            struct_size: 0, device: 4, threads: 8, log_level: 12, on_log: 16, user_data: 24, memory_limit: 32,
            pipeline_cache: 40, pipeline_cache_size: 48, submission_ms: 56, reserved: 60,
        }
        tts_reader: 24 { struct_size: 0, reserved: 4, read: 8, user_data: 16 }
        tts_voice_info: 48 {
            struct_size: 0, sample_rate: 4, hop_length: 8, mel_channels: 12, symbols: 16, phonemes: 20,
            max_steps: 24, weight_bits: 28, max_seconds: 32, sigma: 36, denoise: 40, gate_threshold: 44,
        }
        tts_mark: 72 {
            struct_size: 0, kind: 4, sample: 8, text_begin: 16, text_end: 24, name: 32, viseme: 64, reserved: 68,
        }
        tts_chunk: 40 { struct_size: 0, sample_rate: 4, position: 8, count: 16, f32: 24, s16: 32 }
        tts_utterance_config: 112 {
            struct_size: 0, format: 4, seed: 8, sigma: 16, denoise: 20, gate_threshold: 24, speed: 28,
            pitch: 32, gain: 36, sentence_pause: 40, sample_rate: 44, max_steps: 48, flags: 52,
            priority: 56, buffer_ms: 60, lexicon: 64, on_audio: 72, on_mark: 80, user_data: 88,
            text_format: 96, retry_window_ms: 100, look_ahead: 104, reserved: 108,
        }
        tts_stats: 120 {
            struct_size: 0, state: 4, result: 8, sample_rate: 12, samples_made: 16, samples_read: 24,
            underruns: 32, sentences: 40, sentences_cut_off: 48, steps: 56, marks_lost: 64,
            first_audio_ms: 72, elapsed_ms: 80, work_ms: 88, real_time_factor: 96,
            sentences_retried: 104, sentences_lost: 112,
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

/// A program that was built against the first header runs with the library of today.
#[test]
#[cfg(all(target_pointer_width = "64", unix))]
fn a_program_of_the_first_header_still_runs() {
    let dir = tempfile::tempdir().unwrap();
    let source = tools::root().join("tests/capi/frozen/program.c");
    for compiler in tools::c_compilers() {
        let program = dir.path().join(compiler);
        tools::build(compiler, "c99", &source, &program);
        let output = tools::run(tools::program(&program).arg(tools::voice()));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
    }
}
