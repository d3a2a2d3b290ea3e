//! The header: generated, complete, and accepted by every C and C++ since 1989.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::tools;

/// `include/tts.h` is what build.rs makes of `src/capi`.
#[test]
fn header_is_generated() {
    let generated = include_str!(concat!(env!("OUT_DIR"), "/tts.h"));
    assert!(
        tools::header() == generated,
        "include/tts.h is not up to date: build, and commit it"
    );
}

/// The header alone compiles without a warning, in every standard.
#[test]
fn header_compiles_alone() {
    let c = ["c89", "c99", "c11", "c17"];
    let cpp = ["c++98", "c++11", "c++17", "c++20"];
    let compilers = tools::c_compilers().into_iter().map(|tool| (tool, "c", c));
    let compilers = compilers.chain(
        tools::cpp_compilers()
            .into_iter()
            .map(|tool| (tool, "c++", cpp)),
    );
    for (compiler, language, standards) in compilers {
        for standard in standards {
            let mut command = Command::new(compiler);
            command.args([
                "-fsyntax-only",
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
                "-x",
                language,
            ]);
            command
                .arg(format!("-std={standard}"))
                .arg(tools::root().join("include/tts.h"));
            // "#pragma once in main file" has no counterpart here, but clang warns of unused macros of
            // a main file; neither is asked for.
            tools::run(&mut command);
        }
    }
}

/// So does the wrapper for C++, without exceptions and run-time types.
#[test]
fn wrapper_compiles_alone() {
    for compiler in tools::cpp_compilers() {
        for standard in ["c++11", "c++14", "c++17", "c++20"] {
            let mut command = Command::new(compiler);
            command.args([
                "-fsyntax-only",
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
                "-x",
                "c++",
            ]);
            command.args(["-fno-exceptions", "-fno-rtti"]);
            command
                .arg(format!("-std={standard}"))
                .arg(tools::root().join("include/tts.hpp"));
            tools::run(&mut command);
        }
    }
}

/// Each function says on which threads, with which errors and since when; or as which other.
#[test]
fn every_function_is_documented() {
    let header = tools::header();
    let mut count = 0;
    for (at, _) in header.match_indices("\nTTS_API ") {
        let begin = header[..at].rfind("/**").unwrap();
        let comment = &header[begin..at];
        let says = |word: &str| comment.contains(word);
        let complete = says("hreads") && says("rrors") || comment.starts_with("/** As tts_");
        assert!(
            complete && says("Since ") && comment.ends_with("*/"),
            "{comment}"
        );
        count += 1;
    }
    assert_eq!(count, tools::functions(&header).len());
}

/// The wrapper leaves out no function of an object.
#[test]
fn wrapper_is_complete() {
    let wrapper = fs::read_to_string(tools::root().join("include/tts.hpp")).unwrap();
    let header = tools::header();
    let objects = ["tts_engine_", "tts_voice_", "tts_utterance_", "tts_audio_"];
    for function in tools::functions(&header) {
        let of_object = objects.iter().any(|object| function.starts_with(object));
        assert!(!of_object || wrapper.contains(function), "{function}");
    }
}

/// The program that the header opens with compiles as it stands there, and speaks.
#[test]
fn program_in_the_header_runs() {
    let header = tools::header();
    let lines = header
        .lines()
        .skip_while(|line| !line.contains("#include <stdio.h>"));
    let program: String = lines
        .take_while(|line| !line.contains("@endcode"))
        .map(|line| line.trim_start_matches(" *").to_owned() + "\n")
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("hello.c"), dir.path().join("hello.raw"));
    fs::write(&source, program).unwrap();
    for compiler in tools::c_compilers() {
        let hello = dir.path().join(compiler);
        tools::build(compiler, "c89", &source, &hello);
        tools::run(tools::program(&hello).arg(tools::voice()).arg(&out));
        assert!(fs::metadata(&out).unwrap().len() > 10_000);
        fs::remove_file(&out).unwrap();
    }
}

/// The library exports the functions of the header and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn only_the_functions_of_the_header_are_exported() {
    let header = tools::header();
    let declared = tools::functions(&header);
    assert!(declared.len() > 10 && declared.iter().all(|name| name.starts_with("tts_")));
    if !tools::have("nm") {
        return;
    }
    let library = tools::library(&tools::library_dir());
    let output = tools::run(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(library),
    );
    let output = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<&str> = output
        .lines()
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    assert_eq!(exported, declared);
}
