//! The examples, built as their users would with every compiler that is there, and run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tools;

/// Builds an example with every compiler for its language, and gives the programs.
fn programs(dir: &Path, source: &str, standards: &[&str]) -> Vec<PathBuf> {
    let source = tools::root().join("examples").join(source);
    let compilers = match source.extension().unwrap().to_str() {
        Some("c") => tools::c_compilers(),
        _ => tools::cpp_compilers(),
    };
    let mut programs = Vec::new();
    for compiler in compilers {
        for standard in standards {
            let program = dir.join(format!("{compiler}-{standard}"));
            tools::build(compiler, standard, &source, &program);
            programs.push(program);
        }
    }
    programs
}

/// What a program prints when all is well.
#[track_caller]
fn prints(program: &Path, arguments: &[&str]) -> String {
    let output = tools::run(tools::program(program).arg(tools::voice()).args(arguments));
    assert!(output.stderr.is_empty(), "nothing but the example prints");
    String::from_utf8(output.stdout).unwrap()
}

/// `say` speaks a text into a WAV file, from its first standard of C to the last.
#[test]
fn say_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("äöü 🗣.wav");
    for say in programs(dir.path(), "c/say.c", &["c89", "c17"]) {
        prints(&say, &[wav.to_str().unwrap(), "Hello world."]);
        let bytes = fs::read(&wav).unwrap();
        let samples = bytes[44..].as_chunks::<2>().0;
        let peak = samples
            .iter()
            .map(|b| i16::from_le_bytes(*b).unsigned_abs())
            .max();
        assert!(
            bytes.len() > 20_000 && peak > Some(1000),
            "{} bytes, peak {peak:?}",
            bytes.len()
        );
        fs::remove_file(&wav).unwrap();
    }
}

/// What went wrong reaches the user as a message and an exit code.
#[test]
fn say_explains_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let Some(say) = programs(dir.path(), "c/say.c", &["c99"]).pop() else {
        return;
    };
    let wav = dir.path().join("out.wav");
    for (voice, text, message) in [
        (
            "missing.safetensors",
            "Hello.",
            "cannot read missing.safetensors",
        ),
        (file!(), "Hello.", "not a safetensors file"),
        (tools::voice().to_str().unwrap(), "...", "nothing to speak"),
    ] {
        let mut command = tools::program(&say);
        let output = command
            .current_dir(tools::root())
            .arg(voice)
            .arg(&wav)
            .arg(text)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(!wav.exists());
    }
}

/// A callback takes a text to its end, or stops it, and hears of its words.
#[test]
fn a_callback_takes_the_sound_and_may_stop_it() {
    let dir = tempfile::tempdir().unwrap();
    for callback in programs(dir.path(), "c/callback.c", &["c89"]) {
        let all = prints(&callback, &["60", "Here are four words."]);
        assert!(all.contains("4 words, heard to the end"), "{all}");
        let long = "This is a sentence of a text that is long. ".repeat(20);
        let cut = prints(&callback, &["1", &long]);
        assert!(
            cut.contains("cancelled") && cut.contains("stopped"),
            "{cut}"
        );
    }
}

/// Several lines at once, pulled by a simulated audio callback, one of them skipped.
#[test]
fn a_game_pulls_several_lines() {
    let dir = tempfile::tempdir().unwrap();
    for game in programs(dir.path(), "c/game.c", &["c99"]) {
        let report = prints(&game, &[]);
        eprintln!("{report}");
        assert!(report.contains("11 words, 100 % loaded"), "{report}");
        assert!(report.contains("2: cancelled"), "{report}");
    }
}

/// Text that is fed by tokens is spoken while it comes, and its words are told in time.
#[test]
fn text_is_spoken_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.f32");
    for stream in programs(dir.path(), "cpp/stream.cpp", &["c++11", "c++20"]) {
        let report = prints(&stream, &[out.to_str().unwrap()]);
        let words: Vec<_> = report
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect();
        assert_eq!(
            words[..10].join(" "),
            "Once upon a time There was a voice The end",
            "{report}"
        );
        assert!(report.contains("3 sentences"), "{report}");
        assert!(fs::metadata(&out).unwrap().len() > 100_000);
    }
}
