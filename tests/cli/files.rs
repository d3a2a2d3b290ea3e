//! Commands that read files: text, mel, info, import; and files that are not what they should be.

use std::io::Read;
use std::process::Stdio;

use crate::{Place, command, failure, fixture, json, success, tts};

/// The ids of the published front end, from the command line's own text and from a file.
#[test]
fn text_gives_published_ids() {
    let args = [
        "text",
        "Hi, Mr. B",
        "--cleaner",
        "published",
        "--no-split",
        "--json",
    ];
    let shown = json(&tts(&args));
    let sentence = &shown["sentences"][0];
    assert_eq!(sentence["normalized"], "hi, mister b");
    assert_eq!(
        sentence["ids"],
        serde_json::json!([45, 46, 6, 11, 50, 46, 56, 57, 42, 55, 11, 39])
    );
    assert_eq!(sentence["symbols"][2], ",");
    assert_eq!(shown["sentences"].as_array().unwrap().len(), 1);
}

/// Sentences are split, and shown to people one after the other.
#[test]
fn text_splits_sentences() {
    let text = success(&tts(&["text", "Dr. Who paid $3.50. Why?"]));
    assert!(text.contains("three dollars"), "{text}");
    assert!(text.contains("why?"), "{text}");
    let shown = json(&tts(&["text", "One. Two. Three.", "--json"]));
    assert_eq!(shown["sentences"].as_array().unwrap().len(), 3);
}

/// Text that cannot be: each is exit code 1 and says what is wrong.
#[test]
fn text_that_cannot_be_spoken() {
    let place = Place::new();
    let latin1 = place.path("latin1.txt");
    std::fs::write(&latin1, b"fine\ncaf\xe9").unwrap();
    for (args, said) in [
        (&["text", ""][..], "nothing to speak"),
        (&["text", " \n\t "], "nothing to speak"),
        (&["text", "... !? --"], "nothing to speak"),
        (&["text", "...", "--no-split"], "nothing to speak"),
        (&["text", "\u{0}\u{1}\u{7f}"], "nothing to speak"),
        (&["text", "--file", "/no/such/file"], "/no/such/file"),
        (&["text", "--file", &latin1], "line 2"),
        (&["text", "--file", &latin1], "not UTF-8"),
        (
            &["text", "Hi.", "--voice", "/no/such/voice"],
            "/no/such/voice",
        ),
        (
            &["text", "Hi.", "--lexicon", "/no/such/lexicon"],
            "/no/such/lexicon",
        ),
    ] {
        if args[1].contains('\u{0}') {
            // No program can be given a zero byte.
            continue;
        }
        let message = failure(&tts(args), 1);
        assert!(message.contains(said), "{args:?} said: {message}");
    }
    let controls = place.path("controls.txt");
    std::fs::write(&controls, "\u{0}\u{1}\u{1b}[31m\u{7f}").unwrap();
    let output = tts(&["text", "--file", &controls]);
    assert!(matches!(output.status.code(), Some(0 | 1)));
}

/// A reader that has seen enough is no failure, and no panic.
#[test]
fn closed_pipe_is_quiet() {
    let place = Place::new();
    let long = place.path("long.txt");
    std::fs::write(&long, "This is a sentence. ".repeat(20_000)).unwrap();
    let mut child = command(&["text", "--file", &long])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write_tone(path: &str, sample_rate: u32, seconds: f32) {
    use tts::audio::wav::{SampleFormat, WavSpec, WavWriter};
    let spec = WavSpec {
        sample_rate,
        format: SampleFormat::F32,
    };
    let mut writer = WavWriter::create(path.as_ref(), spec).unwrap();
    let n = (sample_rate as f32 * seconds) as usize;
    let tone = |i| (std::f32::consts::TAU * 440.0 * i as f32 / sample_rate as f32).sin() * 0.3;
    let samples: Vec<f32> = (0..n).map(tone).collect();
    writer.write(&samples).unwrap();
    writer.finish().unwrap();
}

/// A recording of any rate becomes frames of 80 bands; both layouts hold the same numbers.
#[test]
fn mel_of_a_recording() {
    let place = Place::new();
    let (wav, npy, flipped) = (
        place.path("a.wav"),
        place.path("a.npy"),
        place.path("b.npy"),
    );
    write_tone(&wav, 44_100, 1.0);
    let made = json(&tts(&[
        "mel",
        &wav,
        "-o",
        &npy,
        "--plot",
        &place.path("a.png"),
        "--json",
    ]));
    assert_eq!(made["frames"], 22050 / 256 + 1);
    assert_eq!(made["resampled_from"], 44_100);
    let mel = tts::audio::npy::read_file(npy.as_ref()).unwrap();
    assert_eq!(mel.shape, [87, 80]);
    success(&tts(&["mel", &wav, "-o", &flipped, "--bands-first"]));
    let flipped = tts::audio::npy::read_file(flipped.as_ref()).unwrap();
    assert_eq!(flipped.shape, [80, 87]);
    assert_eq!(
        flipped.data[3 * 87 + 50].to_bits(),
        mel.data[50 * 80 + 3].to_bits()
    );
    assert!(
        std::fs::read(place.path("a.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    assert_eq!(place.files(), ["a.npy", "a.png", "a.wav", "b.npy"]);
}

/// Standard output and input take the place of the file between analysis and synthesis.
#[test]
fn mel_through_a_pipe() {
    let place = Place::new();
    let (wav, npy) = (place.path("a.wav"), place.path("a.npy"));
    write_tone(&wav, 22_050, 0.5);
    success(&tts(&["mel", &wav, "-o", &npy]));
    let output = command(&["mel", "-", "-o", "-"])
        .stdin(std::fs::File::open(&wav).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stdout == std::fs::read(&npy).unwrap());
    let (from_file, from_pipe) = (place.path("b.wav"), place.path("c.wav"));
    success(&tts(&["vocode", &npy, "-o", &from_file]));
    let piped = command(&["vocode", "-", "-o", &from_pipe])
        .stdin(std::fs::File::open(&npy).unwrap())
        .output();
    success(&piped.unwrap());
    assert!(std::fs::read(from_file).unwrap() == std::fs::read(from_pipe).unwrap());
}

/// What is no recording, and places that cannot be written to, are exit code 1.
#[test]
fn mel_refuses() {
    let place = Place::new();
    let (wav, empty, text) = (
        place.path("a.wav"),
        place.path("e.wav"),
        place.path("t.wav"),
    );
    write_tone(&wav, 22_050, 0.1);
    write_tone(&empty, 22_050, 0.0);
    std::fs::write(&text, "no sound here").unwrap();
    let out = place.path("out.npy");
    for (input, output, said) in [
        ("/no/such.wav", &out, "/no/such.wav"),
        (text.as_str(), &out, "not a WAV file"),
        (empty.as_str(), &out, "no samples"),
        (
            wav.as_str(),
            &place.path("no/dir/x.npy"),
            "make its directory",
        ),
        (wav.as_str(), &place.path(""), "name of a file"),
    ] {
        let message = failure(&tts(&["mel", input, "-o", output]), 1);
        assert!(message.contains(said), "{message}");
    }
    if cfg!(target_os = "linux") {
        let message = failure(&tts(&["mel", &wav, "-o", "/dev/full"]), 1);
        assert!(
            message.contains("/dev/full") && message.contains("space"),
            "{message}"
        );
    }
    assert_eq!(place.files(), ["a.wav", "e.wav", "t.wav"]);
}

/// The bundled voice describes itself, found by its name too.
#[test]
fn info_of_the_bundled_voice() {
    let text = success(&tts(&["info", "heart"]));
    assert!(
        text.contains("squeezed WaveGlow") && text.contains("Apache-2.0"),
        "{text}"
    );
    let info = json(&tts(&["info", "voices/heart.safetensors", "--json"]));
    assert_eq!(info["name"], "heart");
    assert_eq!(info["config"]["audio"]["sampling_rate"], 22050);
}

/// A voice that is missing, cut off, damaged or no voice at all is refused by name, whatever command
/// is given it.
#[test]
fn damaged_voices_are_refused() {
    let place = Place::new();
    let good = std::fs::read("voices/heart.safetensors").unwrap();
    let damaged = |name: &str, bytes: &[u8]| {
        std::fs::write(place.path(name), bytes).unwrap();
        place.path(name)
    };
    let mut huge = good.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut lying = good.clone();
    // The configuration is text in the header: another size of the same length is a lie.
    let at = good
        .windows(16)
        .position(|w| w.starts_with(b"prenet_dim"))
        .unwrap();
    let digit = at + good[at..].iter().position(u8::is_ascii_digit).unwrap();
    lying[digit] ^= 1;
    let voices = [
        place.path("missing.safetensors"),
        damaged("empty.safetensors", b""),
        damaged("short.safetensors", &good[..5]),
        damaged("header.safetensors", &good[..10_000]),
        damaged("cut.safetensors", &good[..good.len() - 1]),
        damaged("long.safetensors", &[&good[..], &[0]].concat()),
        damaged("huge.safetensors", &huge),
        damaged("lying.safetensors", &lying),
        damaged("text.safetensors", b"this is not a voice, it is a text"),
    ];
    let out = place.path("out.wav");
    for voice in &voices {
        for args in [
            &["info", voice][..],
            &["say", "Hello.", "--voice", voice, "-o", &out],
            &["text", "Hello.", "--voice", voice],
            &["bench", "--voice", voice, "--runs", "1"],
        ] {
            let message = failure(&tts(args), 1);
            assert!(message.contains(voice), "{args:?} said: {message}");
        }
    }
    assert!(!place.files().contains(&"out.wav".to_owned()));
}

/// Flipping any one of a sample of bits gives a voice or a clear refusal, never a crash.
#[test]
fn flipped_bits_do_not_crash() {
    let place = Place::new();
    let mut bytes = std::fs::read("voices/heart.safetensors").unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let voice = place.path("flipped.safetensors");
    for i in 0..24 {
        // Spread over the header, where the structure is.
        let at = (i * 7919 * 13) % (8 + header);
        bytes[at] ^= 1 << (i % 8);
        std::fs::write(&voice, &bytes).unwrap();
        let output = tts(&["info", &voice]);
        if output.status.code() != Some(0) {
            failure(&output, 1);
        }
        bytes[at] ^= 1 << (i % 8);
    }
}

/// Checkpoints become a voice that can be described; a hostile one is refused by what it asks for,
/// and leaves no file.
#[test]
fn import_of_checkpoints() {
    let place = Place::new();
    let checkpoint = |name: &str| fixture("checkpoints").join(name).display().to_string();
    let (tacotron2, waveglow) = (
        checkpoint("tacotron2_bare.pt"),
        checkpoint("waveglow_module.pt"),
    );
    let (f32_voice, f16_voice) = (
        place.path("small.safetensors"),
        place.path("half.safetensors"),
    );
    let import = |t: &str, w: &str, out: &str, more: &[&str]| {
        tts(&[
            &["import", "--tacotron2", t, "--waveglow", w, "-o", out],
            more,
        ]
        .concat())
    };
    success(&import(
        &tacotron2,
        &waveglow,
        &f32_voice,
        &["--license", "CC0-1.0"],
    ));
    let info = json(&tts(&["info", &f32_voice, "--json"]));
    assert_eq!(
        (&info["name"], &info["license"]),
        (&"small".into(), &"CC0-1.0".into())
    );
    let made = json(&import(
        &tacotron2,
        &waveglow,
        &f16_voice,
        &["--f16", "--name", "other", "--json"],
    ));
    assert_eq!(made["name"], "other");
    let size = |path: &str| std::fs::metadata(path).unwrap().len();
    assert!(size(&f16_voice) < size(&f32_voice));
    let before = place.files();
    for (t, w, said) in [
        (
            checkpoint("hostile_os_system.pt"),
            waveglow.clone(),
            "system",
        ),
        (waveglow.clone(), tacotron2.clone(), "swapped"),
        ("/no/such.pt".to_owned(), waveglow.clone(), "/no/such.pt"),
        (
            "voices/README.md".to_owned(),
            waveglow.clone(),
            "voices/README.md",
        ),
    ] {
        let message = failure(&import(&t, &w, &place.path("bad.safetensors"), &[]), 1);
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(place.files(), before);
}

/// A voice goes into a pipe or through a link, and never takes the place of one.
#[cfg(unix)]
#[test]
fn import_keeps_pipes_and_links() {
    use std::os::unix::fs::FileTypeExt;
    let place = Place::new();
    let checkpoint = |name: &str| fixture("checkpoints").join(name).display().to_string();
    let import = |out: &str| {
        let (t, w) = (
            checkpoint("tacotron2_bare.pt"),
            checkpoint("waveglow_module.pt"),
        );
        command(&["import", "--tacotron2", &t, "--waveglow", &w, "-o", out])
    };
    let (file, link, pipe) = (place.path("v"), place.path("link"), place.path("pipe"));
    success(&import(&file).output().unwrap());
    std::os::unix::fs::symlink(&file, &link).unwrap();
    success(&import(&link).output().unwrap());
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let child = import(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    let read = std::fs::read(&pipe).unwrap();
    success(&child.wait_with_output().unwrap());
    let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
    assert!(kind.is_fifo());
    // The two differ in the voice's name alone, which is the file's.
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size.abs_diff(read.len() as u64) < 64);
}
