//! The binary interface only grows: `abidiff` between the header of today and `frozen/tts-abi1.xml`.
//!
//! Both sides are libraries of empty functions, made from a header, so that the description is of C types and small.
//! That the real library exports the same functions and has the same layouts is shown in `header` and `layout`.
//! After an addition, write the description anew, so that it is guarded as well:
//! `TTS_ACCEPT_ABI=1 cargo test --release --test capi abi::`.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::tools;

/// The library of a header's functions, which do nothing.
fn library(dir: &Path, header: &str) -> PathBuf {
    let mut source = header.to_owned();
    for line in header.lines().filter(|line| line.starts_with("TTS_API ")) {
        let head = line
            .strip_suffix(';')
            .expect("a function is declared on one line");
        writeln!(source, "{head} {{ __builtin_trap(); }}").unwrap();
    }
    fs::write(dir.join("tts.c"), source).unwrap();
    // By its name alone, which the description holds.
    let mut command = Command::new("gcc");
    command.args(["-g", "-shared", "-fPIC", "-o", "libtts.so", "tts.c"]);
    tools::run(command.current_dir(dir));
    dir.join("libtts.so")
}

/// What is not an addition to `baseline` in a header.
fn breaks(baseline: &Path, header: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path(), header);
    let options = [
        "--leaf-changes-only",
        "--harmless",
        "--no-added-syms",
        "--no-show-locs",
    ];
    let mut command = Command::new("abidiff");
    let output = command
        .args(options)
        .arg(baseline)
        .arg(library)
        .output()
        .unwrap();
    // Bits 0 and 1: it could not do its work.
    assert_eq!(output.status.code().unwrap() & 3, 0, "{output:?}");
    let report = String::from_utf8(output.stdout).unwrap();
    (!only_additions(&report)).then_some(report)
}

/// Whether all that a report tells of is that structs have new members at their end: they carry their size.
fn only_additions(report: &str) -> bool {
    let mut old_size = 0;
    report.lines().map(str::trim).all(|line| {
        if let Some(sizes) = line.strip_prefix("type size changed from ") {
            let mut sizes = sizes.split(' ').filter_map(|word| word.parse().ok());
            old_size = sizes.next().unwrap_or(u32::MAX);
            sizes.next() > Some(old_size)
        } else if let Some((_, offset)) = line.split_once(", at offset ") {
            let offset = offset.split(' ').next().and_then(|bits| bits.parse().ok());
            offset >= Some(old_size)
        } else {
            line.is_empty()
                || line.contains(" summary: ")
                || line.starts_with("'struct tts_") && line.ends_with(" changed:")
                || line.ends_with(" data member insertion:")
                || line.ends_with(" data member insertions:")
        }
    })
}

/// What was once published stays as it is.
#[test]
fn interface_only_grows() {
    if !["abidiff", "abidw", "gcc"].into_iter().all(tools::have) {
        return;
    }
    let version = tts::capi::TTS_ABI_VERSION;
    let baseline = tools::root().join(format!("tests/capi/frozen/tts-abi{version}.xml"));
    let header = tools::header();
    if env::var_os("TTS_ACCEPT_ABI").is_some() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("abidw");
        command.args([
            "--no-corpus-path",
            "--no-comp-dir-path",
            "--no-show-locs",
            "--no-elf-needed",
        ]);
        command.arg("--out-file").arg(&baseline);
        tools::run(command.arg(library(dir.path(), &header)));
    }
    if let Some(report) = breaks(&baseline, &header) {
        panic!("programs that are built against the published header would break:\n{report}");
    }
    // And what is no addition is noticed.
    let replaced = |from: &str, to: &str| {
        assert!(header.contains(from), "{from}");
        header.replacen(from, to, 1)
    };
    let end = "} tts_utterance_config;";
    let function = "TTS_API const char *tts_version(void);";
    let more = replaced(end, &format!("    uint32_t x, y;\n{end}"));
    let more = more.replace(function, &format!("{function}\nTTS_API int tts_new(void);"));
    assert_eq!(breaks(&baseline, &more), None);
    for broken in [
        replaced(function, ""),
        replaced("uint32_t timeout_ms)", "uint64_t timeout_ms)"),
        replaced("    uint32_t flags;\n", "    int32_t flags;\n"),
        replaced("    uint32_t flags;\n", "    uint32_t other;\n"),
        replaced("    uint32_t flags;\n", "    uint32_t flags, x, y;\n"),
        replaced("    uint32_t flags;\n", ""),
        more.replace("    uint32_t flags;\n", "    uint64_t flags;\n"),
    ] {
        assert!(breaks(&baseline, &broken).is_some());
    }
}

/// Constants keep their values.
#[test]
fn constants_stay() {
    let version = tts::capi::TTS_ABI_VERSION;
    let frozen = format!("tests/capi/frozen/tts-abi{version}.h");
    let frozen = fs::read_to_string(tools::root().join(frozen)).unwrap();
    let header = tools::header();
    let constants = frozen.lines().filter(|line| {
        let mut words = line.split_whitespace().skip(1);
        let name = words.next().unwrap_or_default();
        line.starts_with("#define TTS_")
            && !name.starts_with("TTS_VERSION_")
            && words.next().is_some()
    });
    assert!(constants.clone().count() > 40);
    for constant in constants {
        assert!(header.lines().any(|line| line == constant), "{constant}");
    }
}
