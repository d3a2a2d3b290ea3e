//! Limits of an engine, and what it does before it speaks, on both kinds of device.

#[cfg(feature = "gpu")]
use std::io::Write as _;

use crate::tools;

fn run(device: &str) {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut program) = tools::test_program(dir.path(), "limits") else {
        return;
    };
    tools::run(program.arg(device).arg(tools::voice()));
}

#[test]
fn limits_of_the_cpu() {
    run("cpu");
}

#[test]
#[cfg(feature = "gpu")]
fn limits_of_a_gpu() {
    let devices = tts::synth::devices();
    if devices.iter().any(|d| d.kind == "gpu" && d.usable) {
        return run("gpu");
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "a graphics adapter must be there in CI"
    );
    // Not by `eprintln!`, whose output is kept back from tests that pass.
    let why = "SKIPPED: limits_of_a_gpu: there is no graphics adapter (Mesa's lavapipe will do)";
    let _ = writeln!(std::io::stderr(), "{why}");
}
