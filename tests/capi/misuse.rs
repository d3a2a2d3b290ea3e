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
    tools::build(
        compiler,
        "gnu99",
        &tools::root().join("tests/capi/misuse.c"),
        &misuse,
    );
    let cases = tools::run(tools::program(&misuse).arg("list")).stdout;
    let cases = String::from_utf8(cases).unwrap();
    assert!(cases.lines().count() > 5);
    for case in cases.lines() {
        let output = tools::run(tools::program(&misuse).arg(case).arg(tools::voice()));
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{case} prints something"
        );
    }
}
