//! The program `tts` on a GPU.

use std::process::{Command, Output};

use serde_json::Value;

use super::{common, device};

fn tts(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tts"));
    command.args(args).current_dir(common::repository(""));
    command.output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = tts(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A small benchmark.
const BENCH: [&str; 8] = [
    "bench", "--chars", "10", "--frames", "10", "--runs", "1", "--json",
];

/// The profile has every kernel that speaks, each with its time, and their shares are of the whole.
#[test]
fn a_profile_has_every_kernel() {
    if device().is_none() {
        return;
    }
    let report = json(&[&BENCH[..], &["--device", "gpu", "--profile"]].concat());
    let rows = report["kernels"].as_array().unwrap();
    let row = |kernel: &str| {
        let mut named = rows
            .iter()
            .filter(|row| row["name"].as_str().unwrap().split('.').next() == Some(kernel));
        named.next().unwrap_or_else(|| panic!("no {kernel}"))
    };
    // Two in each of ten decoder steps, or of five that make two frames.
    let calls = row("prenet")["calls"].as_u64().unwrap();
    assert_eq!(calls, row("lstm_cell")["calls"]);
    assert_eq!(
        calls,
        2 * row("attention_context")["calls"].as_u64().unwrap()
    );
    assert!([10, 20].contains(&calls), "{calls}");
    for kernel in ["lstm_cell", "wn_gate_separable", "wn_res_skip", "conv"] {
        for figure in ["time_ms", "gflops", "gb_per_s"] {
            assert!(
                row(kernel)[figure].as_f64().unwrap() > 0.0,
                "{kernel}: {figure}"
            );
        }
    }
    let submissions = &report["gpu_submission_ms"];
    let [p50, p99] = ["p50", "p99"].map(|p| submissions[p].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p99, "{submissions}");
    let shares: f64 = rows.iter().map(|row| row["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
}

/// The CPU has no clock of its own: said before anything is spoken.
#[test]
fn a_profile_of_the_cpu_is_refused() {
    let output = tts(&[&BENCH[..], &["--device", "cpu", "--profile"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("use the device gpu"), "{errors}");
    assert!(output.stdout.is_empty());
}
