//! Help, exit codes, and command lines that make no sense.

use crate::{Place, failure, success, tts};

const COMMANDS: [&str; 8] = [
    "say", "vocode", "mel", "text", "import", "info", "bench", "devices",
];

/// Help exists for every command, goes to stdout, and is a success.
#[test]
fn help_is_there() {
    let all = success(&tts(&["--help"]));
    for command in COMMANDS {
        assert!(all.contains(command), "{command} is listed");
        let help = success(&tts(&[command, "--help"]));
        assert!(help.contains("Usage: tts"), "{help}");
        if command != "devices" {
            assert!(help.contains("Examples"), "{command} has examples");
        }
    }
    assert!(success(&tts(&["--version"])).starts_with("tts "));
}

/// What was not understood ends with exit code 2 and names the option.
#[test]
fn nonsense_is_a_usage_error() {
    for (args, named) in [
        (&["sing"][..], "sing"),
        (&["say", "Hi."], "--output"),
        (&["say", "-o", "x.wav"], "TEXT"),
        (&["say", "Hi.", "--file", "f", "-o", "x.wav"], "--file"),
        (&["say", "Hi.", "-o", "x.wav", "--sigma", "-1"], "--sigma"),
        (&["say", "Hi.", "-o", "x.wav", "--sigma", "NaN"], "--sigma"),
        (
            &["say", "Hi.", "-o", "x.wav", "--denoise", "inf"],
            "--denoise",
        ),
        (&["say", "Hi.", "-o", "x.wav", "--speed", "0"], "--speed"),
        (
            &["say", "Hi.", "-o", "x.wav", "--gate-threshold", "2"],
            "--gate-threshold",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--sample-rate", "0"],
            "--sample-rate",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--sample-rate", "4294967296"],
            "--sample-rate",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--threads", "0"],
            "--threads",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--device", "abacus"],
            "--device",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--format", "mp3"],
            "--format",
        ),
        (&["say", "Hi.", "-o", "-", "--json"], "--json"),
        (&["say", "Hi.", "-o", "x.wav", "--seed", "-1"], "--seed"),
        (&["say", "Hi.", "-o", "x.wav", "--plot", "-"], "--plot"),
        (
            &["say", "Hi.", "-o", "x.wav", "--marks", "./x.wav"],
            "--marks and -o",
        ),
        (
            &["say", "Hi.", "-o", "x.wav", "--marks", "m", "--plot", "m"],
            "--plot and --marks",
        ),
        (
            &["mel", "a.wav", "-o", "m.npy", "--plot", "m.npy"],
            "--plot",
        ),
        (&["mel", "a.wav", "-o", "-", "--json"], "--json"),
        (&["text", "Hi.", "--cleaner", "german"], "--cleaner"),
        (&["bench", "--random", "300"], "--random"),
        (&["bench", "--runs", "0"], "--runs"),
        (&["import", "--tacotron2", "t.pt", "-o", "v"], "--waveglow"),
        (
            &["import", "--tacotron2", "t", "--waveglow", "w", "-o", "-"],
            "-o",
        ),
        (
            &[
                "import",
                "--tacotron2",
                "t",
                "--waveglow",
                "w",
                "-o",
                "v",
                "--name",
                "",
            ],
            "--name",
        ),
    ] {
        let message = failure(&tts(args), 2);
        assert!(message.contains(named), "{args:?} said: {message}");
    }
}

/// Without a command, the help is shown as an error.
#[test]
fn no_command_shows_the_help() {
    let output = tts(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Examples"));
}

/// Lists at least the CPU.
#[test]
fn devices() {
    assert!(success(&tts(&["devices"])).contains("cpu"));
    let devices = crate::json(&tts(&["devices", "--json"]));
    assert_eq!(devices["devices"][0]["device"], "cpu");
    assert_eq!(devices["devices"][0]["usable"], true);
    assert!(devices["devices"][0]["f16"].is_boolean());
    #[cfg(target_os = "linux")]
    assert!(devices["devices"][0]["memory_mb"].as_f64().unwrap() > 100.0);
}

/// A voice that does not fit into the memory that it may have is a failure that says so.
#[test]
fn memory_is_limited() {
    let args = ["bench", "--device", "cpu", "--memory-limit", "2"];
    let message = failure(&tts(&args), 1);
    assert!(message.contains("limit of 2000000"), "{message}");
}

/// A small run of the benchmark has every number that the tables have, and they agree.
#[test]
fn bench() {
    let place = Place::new();
    let report = crate::json(&tts(&[
        "bench",
        "--chars",
        "20",
        "--frames",
        "40",
        "--batch",
        "2",
        "--runs",
        "3",
        "--threads",
        "1",
        "--precision",
        "f32",
        "--json",
    ]));
    for (key, value) in [
        ("chars", 20),
        ("frames", 40),
        ("batch", 2),
        ("runs", 3),
        ("threads", 1),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_eq!(report["device"], "cpu");
    assert_eq!(report["precision"], "f32");
    let number = |v: &serde_json::Value| v.as_f64().unwrap_or_else(|| panic!("{v} is no number"));
    let latency = &report["latency_s"];
    for key in ["mean", "std", "p50", "p90", "p95", "p99"] {
        assert!(number(&latency[key]) >= 0.0, "{key}");
    }
    assert!(number(&latency["p50"]) <= number(&latency["p99"]));
    let samples = 2.0 * 40.0 * 256.0;
    let rate = samples / number(&latency["mean"]);
    assert!((number(&report["samples_per_s"]) / rate - 1.0).abs() < 0.05);
    for key in [
        "rtf",
        "decoder_ms_per_step",
        "vocoder_samples_per_s",
        "vocoder_gflops",
        "load_s",
        "peak_rss_mb",
        "device_memory_mb",
    ] {
        assert!(number(&report[key]) > 0.0, "{key}");
    }
    assert!(place.files().is_empty());
}
