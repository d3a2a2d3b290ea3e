//! Misuse returns a status: each case is a process of its own, which must come to its end.

use std::fs;
use std::time::Instant;

use crate::tools;

/// Every case of the programs in `misuse/` ends well and prints nothing.
#[test]
fn misuse_returns_a_status() {
    let Some(compiler) = tools::c_compilers().pop() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for name in ["values", "handles", "callbacks", "threads", "memory"] {
        if name == "memory" && !cfg!(all(target_os = "linux", target_env = "gnu")) {
            continue; // only glibc lets a program stand in for its allocator like this
        }
        let misuse = dir.path().join(name);
        let source = tools::root().join(format!("tests/capi/misuse/{name}.c"));
        tools::build(compiler, "gnu99", &source, &misuse);
        let cases = tools::run(tools::program(&misuse).arg("list")).stdout;
        for case in String::from_utf8(cases).unwrap().lines() {
            let begun = Instant::now();
            let output = tools::run(tools::program(&misuse).arg(case).arg(tools::voice()));
            let silent = output.stdout.is_empty() && output.stderr.is_empty();
            assert!(silent, "{case} prints something");
            eprintln!("{name}: {case}, {:.1} s", begun.elapsed().as_secs_f32());
            count += 1;
        }
    }
    eprintln!("{count} cases, a process each");
}

/// There is no function that the cases leave out.
#[test]
fn every_function_is_misused() {
    let folder = fs::read_dir(tools::root().join("tests/capi/misuse")).unwrap();
    let cases: String = folder
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for function in tools::functions(&tools::header()) {
        assert!(cases.contains(&format!("{function}(")), "{function}");
    }
}

/// A host may unload the library while it speaks: nothing crashes, then or later.
#[test]
#[cfg(target_os = "linux")]
fn unloading_with_work_in_flight() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut unload) = tools::test_program(dir.path(), "unload") else {
        return;
    };
    let library = tools::library(&tools::library_dir());
    tools::run(unload.arg(library).arg(tools::voice()));
}
