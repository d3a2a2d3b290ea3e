//! Speaking: what `say` and `vocode` make, and that no failure leaves half a file.

use std::io::Read;
use std::process::Stdio;

use tts::audio::{npy, wav};

use crate::{Place, command, failure, json, success, tts};

/// A short sentence is spoken into a WAV file by the bundled voice, with a line about it, and
/// nothing else is left in the directory.
#[test]
fn says_a_sentence() {
    let place = Place::new();
    let out = place.path("hello.wav");
    let output = tts(&["say", "Hello world.", "-o", &out]);
    let text = success(&output);
    assert!(
        text.contains("hello.wav") && text.contains("x real time"),
        "{text}"
    );
    assert!(output.stderr.is_empty(), "progress is for terminals");
    let wav = wav::read_file(out.as_ref()).unwrap();
    assert_eq!(wav.sample_rate, 22_050);
    let seconds = wav.samples.len() as f32 / 22_050.0;
    assert!((0.4..4.0).contains(&seconds), "{seconds} s");
    let loudest = wav.samples.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert!(loudest > 0.05, "silence");
    assert_eq!(place.files(), ["hello.wav"]);
}

/// Every output at once: they agree with each other in length, shapes and times.
#[test]
fn outputs_agree() {
    let place = Place::new();
    let path = |name: &str| place.path(name);
    let made = json(&tts(&[
        "say",
        "Hello there. It is late.",
        "-o",
        &path("a.wav"),
        "--format",
        "f32",
        "--sample-rate",
        "44100",
        "--pause",
        "0.5",
        "--marks",
        &path("m.json"),
        "--plot",
        &path("p.png"),
        "--dump",
        &path("d"),
        "--json",
    ]));
    let sentences = made["sentences"].as_array().unwrap();
    assert_eq!(sentences.len(), 2);
    for sentence in sentences {
        assert!(["gate", "limit"].contains(&sentence["end"].as_str().unwrap()));
    }
    let frames: u64 = sentences
        .iter()
        .map(|s| s["frames"].as_u64().unwrap())
        .sum();
    assert_eq!(made["frames"], frames);
    let wav = wav::read_file(path("a.wav").as_ref()).unwrap();
    assert_eq!(wav.sample_rate, 44_100);
    assert_eq!(made["samples"].as_u64().unwrap(), wav.samples.len() as u64);
    // Frames of 256 samples at 22,050 Hz, and half a second between the sentences.
    assert_eq!(wav.samples.len() as u64, frames * 512 + 22_050);

    for (i, sentence) in sentences.iter().enumerate() {
        let array =
            |name: &str| npy::read_file(path(&format!("d/00{i}/{name}.npy")).as_ref()).unwrap();
        let (frames, steps) = (&sentence["frames"], &sentence["steps"]);
        let (frames, steps) = (
            frames.as_u64().unwrap() as usize,
            steps.as_u64().unwrap() as usize,
        );
        let symbols = sentence["symbols"].as_u64().unwrap() as usize;
        assert_eq!(array("mel").shape, [frames, 80]);
        assert_eq!(array("mel_postnet").shape, [frames, 80]);
        assert_eq!(array("alignment").shape, [steps, symbols]);
        assert_eq!(array("encoder").shape, [symbols, 256]);
        assert_eq!(array("audio").shape, [frames * 256]);
        assert!(array("gate").shape[0].abs_diff(steps) <= 1);
        // Ids are integers: eight bytes each after the header.
        let tokens = std::fs::metadata(path(&format!("d/00{i}/tokens.npy"))).unwrap();
        assert_eq!(tokens.len() as usize, 128 + 8 * symbols);
    }
    assert!(
        std::fs::read(path("p.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    assert!(
        std::fs::read(path("p-2.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    let marks: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("m.json")).unwrap()).unwrap();
    assert_eq!(marks["sample_rate"], 44_100);
    let marks = marks["marks"].as_array().unwrap();
    let words: Vec<_> = marks
        .iter()
        .filter(|m| m["kind"] == "word")
        .map(|m| &m["value"])
        .collect();
    assert_eq!(words.len(), 5, "{words:?}");
    let samples: Vec<_> = marks
        .iter()
        .map(|m| m["sample"].as_u64().unwrap())
        .collect();
    assert!(samples.is_sorted(), "marks are in order");
    assert!(*samples.last().unwrap() <= wav.samples.len() as u64);
    assert_eq!(place.files(), ["a.wav", "d", "m.json", "p-2.png", "p.png"]);
}

/// The same seed gives the same file whatever the threads; another seed another one.
#[test]
fn seeds_decide() {
    let place = Place::new();
    let say = |name: &str, options: &[&str]| {
        let out = place.path(name);
        success(&tts(
            &[&["say", "Good morning.", "-o", &out], options].concat()
        ));
        std::fs::read(out).unwrap()
    };
    let one = say("1.wav", &["--seed", "5", "--threads", "1"]);
    assert!(
        one == say("2.wav", &["--seed", "5", "--threads", "2"]),
        "threads change nothing"
    );
    assert!(one != say("3.wav", &["--seed", "6"]), "the seed matters");
}

/// Copy-synthesis: the mel of a spoken sentence becomes sound of the same length, in either layout.
#[test]
fn vocodes_a_mel() {
    let place = Place::new();
    let path = |name: &str| place.path(name);
    success(&tts(&["say", "One two three.", "-o", &path("a.wav")]));
    success(&tts(&["mel", &path("a.wav"), "-o", &path("a.npy")]));
    success(&tts(&[
        "mel",
        &path("a.wav"),
        "-o",
        &path("b.npy"),
        "--bands-first",
    ]));
    let made = json(&tts(&[
        "vocode",
        &path("a.npy"),
        "-o",
        &path("c.wav"),
        "--sigma",
        "0.5",
        "--denoise",
        "0.01",
        "--json",
    ]));
    let frames = npy::read_file(path("a.npy").as_ref()).unwrap().shape[0] as u64;
    assert_eq!(made["samples"], frames * 256);
    success(&tts(&[
        "vocode",
        &path("b.npy"),
        "--bands-first",
        "-o",
        &path("d.wav"),
        "--sigma",
        "0.5",
        "--denoise",
        "0.01",
    ]));
    assert!(std::fs::read(path("c.wav")).unwrap() == std::fs::read(path("d.wav")).unwrap());
    let message = failure(&tts(&["vocode", &path("b.npy"), "-o", &path("e.wav")]), 1);
    assert!(message.contains("--bands-first"), "{message}");
    npy::write_f32(path("nan.npy").as_ref(), &[2, 80], &[f32::NAN; 160]).unwrap();
    for (input, said) in [
        ("nan.npy", "NaN"),
        ("no.npy", "no.npy"),
        ("a.wav", "not a NumPy file"),
    ] {
        let message = failure(&tts(&["vocode", &path(input), "-o", &path("e.wav")]), 1);
        assert!(message.contains(said), "{message}");
    }
    assert!(!place.files().contains(&"e.wav".to_owned()));
}

/// A WAV stream on standard output, whose length is not known in advance; the words about it go to
/// standard error.
#[test]
fn streams_to_stdout() {
    let output = tts(&["say", "Hello.", "-o", "-"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"RIFF\xff\xff\xff\xffWAVE"));
    let wav = wav::read(&output.stdout[..], "stdout").unwrap();
    assert!(wav.samples.len() > 4_000);
    assert!(String::from_utf8_lossy(&output.stderr).contains("x real time"));
}

/// Text, files and places that cannot be: exit code 1, a clear message, and nothing left behind.
#[test]
fn failures_leave_nothing() {
    let place = Place::new();
    let out = place.path("out.wav");
    let latin1 = place.path("latin1.txt");
    std::fs::write(&latin1, b"caf\xe9").unwrap();
    for (args, said) in [
        (&["say", "", "-o", &out][..], "nothing to speak"),
        (&["say", "\u{1}\u{7f} ...", "-o", &out], "nothing to speak"),
        (&["say", "-", "-o", &out], "nothing to speak"),
        (&["say", "--file", &latin1, "-o", &out], "not UTF-8"),
        (
            &["say", "--file", "/no/such/file", "-o", &out],
            "/no/such/file",
        ),
        (
            &["say", "Hi.", "-o", &place.path("no/dir/x.wav")],
            "make its directory",
        ),
        (&["say", "Hi.", "-o", &place.path("")], "name of a file"),
        (
            &["say", "Hi.", "-o", &out, "--plot", "/no/dir/p.png"],
            "/no/dir/p.png",
        ),
        (
            &["say", "Hi.", "-o", &out, "--marks", "/no/dir/m.json"],
            "/no/dir/m.json",
        ),
        (
            &["say", "Hi.", "-o", &out, "--dump", &format!("{latin1}/d")],
            "latin1.txt",
        ),
        (
            &["say", "Hi.", "-o", &out, "--lexicon", "/no/such/lexicon"],
            "/no/such/lexicon",
        ),
    ] {
        let message = failure(&tts(args), 1);
        assert!(message.contains(said), "{args:?} said: {message}");
        assert_eq!(place.files(), ["latin1.txt"], "{args:?}");
    }
    if cfg!(target_os = "linux") {
        let message = failure(&tts(&["say", "Hi.", "-o", "/dev/full"]), 1);
        assert!(
            message.contains("/dev/full") && message.contains("space"),
            "{message}"
        );
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = command(&["say", "Hi.", "-o", "-"])
            .stdout(full)
            .output()
            .unwrap();
        failure(&output, 1);
    }
}

/// An old file survives a failure, and is replaced by a success.
#[test]
fn old_files_survive_failures() {
    let place = Place::new();
    let out = place.path("out.wav");
    std::fs::write(&out, "old").unwrap();
    failure(
        &tts(&["say", "Hi.", "-o", &out, "--plot", "/no/dir/p.png"]),
        1,
    );
    assert_eq!(std::fs::read(&out).unwrap(), b"old");
    success(&tts(&["say", "Hi.", "-o", &out]));
    assert!(std::fs::read(&out).unwrap().starts_with(b"RIFF"));
}

/// A sentence that hits the step limit is reported, not hidden.
#[test]
fn limits_are_reported() {
    let place = Place::new();
    let output = tts(&[
        "say",
        "This is a long sentence that has no time to end.",
        "-o",
        &place.path("a.wav"),
        "--max-decoder-steps",
        "8",
        "--json",
    ]);
    let made = json(&output);
    assert_eq!(made["sentences"][0]["end"], "limit");
    assert_eq!(made["sentences"][0]["steps"], 8);
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(
        warning.contains("cut off after 8 decoder steps"),
        "{warning}"
    );
}

/// A sentence that ends before it begins is told of: its WAV is empty.
#[test]
fn silence_is_reported() {
    let place = Place::new();
    let out = place.path("a.wav");
    let output = tts(&["say", "Hello.", "-o", &out, "--gate-threshold", "0.00001"]);
    success(&output);
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(warning.contains("before its first sound"), "{warning}");
}

/// A megabyte of text starts to speak at once and needs no more memory than a short one; when the
/// listener leaves, the program ends quietly.
#[test]
fn a_megabyte_streams() {
    const BOUND_MB: u64 = 400;
    let place = Place::new();
    let book = place.path("book.txt");
    std::fs::write(
        &book,
        "This is one of very many sentences.\n".repeat(29_128),
    )
    .unwrap();
    let mut child = command(&["say", "--file", &book, "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdout.take().unwrap();
    // Ten seconds of speech: several sentences.
    let mut speech = vec![0; 44 + 2 * 22_050 * 10];
    pipe.read_exact(&mut speech).unwrap();
    assert!(speech.starts_with(b"RIFF"));
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        let mb = line
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            / 1000;
        assert!(mb < BOUND_MB, "{mb} MB");
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Ctrl-C ends the program with the shell's exit code and leaves no file.
#[cfg(unix)]
#[test]
fn interrupted_speech_leaves_nothing() {
    let place = Place::new();
    let book = place.path("book.txt");
    std::fs::write(&book, "This is one of many sentences.\n".repeat(10_000)).unwrap();
    let (out, marks) = (place.path("out.wav"), place.path("m.json"));
    let mut child = command(&["say", "--file", &book, "-o", &out, "--marks", &marks])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Once the unfinished files are there, it is speaking.
    let begun = std::time::Instant::now();
    while place.files().len() < 3 && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let kill = std::process::Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status()
        .unwrap();
    assert!(kill.success() && child.try_wait().unwrap().is_none());
    failure(&child.wait_with_output().unwrap(), 130);
    assert_eq!(place.files(), ["book.txt"]);
}

/// Tempo, denoiser, noise and dropout options are understood and change the sound.
#[test]
fn options_change_the_sound() {
    let place = Place::new();
    let say = |name: &str, options: &[&str]| {
        let out = place.path(name);
        success(&tts(
            &[&["say", "Good morning.", "-o", &out], options].concat()
        ));
        wav::read_file(out.as_ref()).unwrap().samples
    };
    let plain = say("plain.wav", &[]);
    for (i, options) in [
        &["--sigma", "0"][..],
        &["--denoise", "0.1"],
        &["--no-prenet-dropout"],
    ]
    .into_iter()
    .enumerate()
    {
        assert!(say(&format!("{i}.wav"), options) != plain, "{options:?}");
    }
    let slow = say("slow.wav", &["--speed", "0.5"]);
    let ratio = slow.len() as f32 / plain.len() as f32;
    assert!(
        (1.8..2.2).contains(&ratio),
        "half the speed is {ratio} times as long"
    );
}
