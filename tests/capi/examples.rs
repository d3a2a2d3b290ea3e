//! The examples, built as their users would and run.

use std::fs;

use crate::tools;

/// `say` speaks a text into a WAV file, from its first standard of C to the last.
#[test]
fn say_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let source = tools::root().join("examples/c/say.c");
    for compiler in tools::c_compilers() {
        for standard in ["c89", "c17"] {
            let say = dir.path().join(format!("say-{compiler}-{standard}"));
            tools::build(compiler, standard, &source, &say);
            let wav = dir.path().join("äöü 🗣.wav");
            let mut command = tools::program(&say);
            let output = tools::run(command.arg(tools::voice()).arg(&wav).arg("Hello world."));
            assert!(output.stderr.is_empty(), "nothing but the example prints");
            let bytes = fs::read(&wav).unwrap();
            let peak = bytes[44..]
                .as_chunks::<2>()
                .0
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
}

/// What went wrong reaches the user as a message and an exit code.
#[test]
fn say_explains_what_is_wrong() {
    let Some(compiler) = tools::c_compilers().pop() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let say = dir.path().join("say");
    tools::build(
        compiler,
        "c99",
        &tools::root().join("examples/c/say.c"),
        &say,
    );
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
        let output = tools::program(&say)
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
