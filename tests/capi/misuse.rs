//! Misuse returns a status: each case is a process of its own, which must come to its end.

use crate::tools;

/// Every case of `misuse.c` ends well and prints nothing.
#[test]
fn misuse_returns_a_status() {
    let Some(compiler) = tools::c_compilers().pop() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let misuse = dir.path().join("misuse");
    let source = tools::root().join("tests/capi/misuse.c");
    tools::build(compiler, "gnu99", &source, &misuse);
    let cases = tools::run(tools::program(&misuse).arg("list")).stdout;
    let cases = String::from_utf8(cases).unwrap();
    assert!(cases.lines().count() > 15);
    for case in cases.lines() {
        let output = tools::run(tools::program(&misuse).arg(case).arg(tools::voice()));
        let silent = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(silent, "{case} prints something");
    }
}

/// A host may unload the library while it speaks: nothing crashes, then or later.
#[test]
#[cfg(target_os = "linux")]
fn unloading_with_work_in_flight() {
    let Some(compiler) = tools::c_compilers().pop() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let unload = dir.path().join("unload");
    let source = tools::root().join("tests/capi/unload.c");
    tools::build(compiler, "gnu99", &source, &unload);
    let library = tools::library(&tools::library_dir());
    tools::run(tools::program(&unload).arg(library).arg(tools::voice()));
}
