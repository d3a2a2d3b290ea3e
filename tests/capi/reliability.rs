//! What a host relies on for hours: an audio thread that is never held up, and memory that stays flat.
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

use std::os::unix::process::ExitStatusExt as _;

use crate::tools;

/// A read takes no lock, allocates nothing and enters the system nowhere; and the test would see it if it did.
#[test]
fn a_read_waits_for_nothing() {
    const SIGSYS: i32 = 31;
    let dir = tempfile::tempdir().unwrap();
    let Some(mut clean) = tools::test_program(dir.path(), "wait_free") else {
        return;
    };
    tools::run(clean.arg(tools::voice()));
    for mischief in ["allocate", "lock"] {
        let mut program = tools::program(&dir.path().join("wait_free"));
        let output = program.arg(tools::voice()).arg(mischief).output().unwrap();
        assert_eq!(output.status.signal(), Some(SIGSYS), "{mischief} was seen");
    }
}

/// A text of a megabyte takes no more memory than a page, besides the copy of it. RELIABILITY.md has the figure of all
/// its sentences; here are a thousand.
#[test]
fn memory_does_not_grow_with_the_text() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut book) = tools::test_program(dir.path(), "book") else {
        return;
    };
    let output = tools::run(book.arg(tools::voice()).arg("1000"));
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
}

/// Utterances of every kind leave no byte behind. RELIABILITY.md has the figures of 2,000.
#[test]
fn memory_stays_flat_over_many_utterances() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut soak) = tools::test_program(dir.path(), "soak") else {
        return;
    };
    let output = tools::run(soak.arg(tools::voice()).arg("100"));
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
}
