//! Whole utterances of the bundled voice: its attention is watched, SSML is followed, and batches equal what
//! is spoken alone.

mod common;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{bundled_voice, repository};
use tts::synth::{
    End, Engine, EngineConfig, Event, Loss, Mark, MarkKind, SentenceReport, SpeakOptions, Speech,
    Synthesizer,
};

static VOICE: LazyLock<Synthesizer> = LazyLock::new(|| with_threads(0));

fn with_threads(threads: usize) -> Synthesizer {
    let config = EngineConfig {
        threads,
        ..EngineConfig::default()
    };
    let engine = Engine::new(&config).unwrap();
    engine.load(&bundled_voice(), None).unwrap()
}

/// An utterance in one piece, with its marks as they were told.
struct Spoken {
    audio: Vec<f32>,
    sentences: Vec<SentenceReport>,
    marks: Vec<Mark>,
}

fn listen(mut speech: Speech<'_>) -> Spoken {
    let (mut audio, mut sentences, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(event) = speech.next() {
        for mark in speech.new_marks() {
            assert!(mark.sample >= audio.len() as u64, "{mark:?} comes too late");
            marks.push(mark.clone());
        }
        match event.unwrap() {
            Event::Audio(samples) => audio.extend(samples),
            Event::Sentence(report) => sentences.push(*report),
        }
    }
    Spoken {
        audio,
        sentences,
        marks,
    }
}

fn say(text: &str, options: &SpeakOptions) -> Spoken {
    listen(VOICE.speak(text, options).unwrap())
}

fn say_ssml(content: &str) -> Spoken {
    let document = format!("<speak>{content}</speak>");
    listen(
        VOICE
            .speak_ssml(&document, &SpeakOptions::default())
            .unwrap(),
    )
}

fn seed(seed: u64) -> SpeakOptions {
    SpeakOptions {
        seed,
        ..SpeakOptions::default()
    }
}

/// Nobody can say this, and the attention finds no way through equal symbols.
fn stutter(times: usize) -> String {
    format!("{{{}}}.", vec!["T"; times].join(" "))
}

/// Sentences of every day are never taken for lost.
#[test]
fn good_sentences_are_left_alone() {
    let text = std::fs::read_to_string(repository("training/tacoglow_train/everyday.txt")).unwrap();
    let sentences: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(sentences.len() >= 50);
    for sentence in sentences {
        let spoken = say(sentence, &seed(4));
        let report = &spoken.sentences[0];
        assert_eq!(
            (report.end, report.retries, report.loss),
            (End::Gate, 0, None),
            "{sentence}"
        );
    }
}

/// A sentence that loses its place is made again with another seed, unheard, and is whole then; with the
/// same seed it is always the same one.
#[test]
fn a_lost_sentence_is_made_again() {
    let (text, options) = (stutter(35), seed(1));
    let spoken = say(&text, &options);
    let report = &spoken.sentences[0];
    assert_eq!((report.end, report.loss), (End::Gate, None));
    assert!(report.retries > 0);
    let begins = spoken
        .marks
        .iter()
        .filter(|mark| mark.kind == MarkKind::Sentence);
    assert_eq!(begins.count(), 1, "nobody hears of the first try");
    assert_eq!(spoken.marks, report.marks);
    let one_thread = with_threads(1);
    let again = listen(one_thread.speak(&text, &options).unwrap());
    assert!(again.audio == spoken.audio, "threads change the choice");
    let without = SpeakOptions {
        retry_window: 0.0,
        ..options
    };
    let lost = say(&text, &without);
    assert_eq!(
        (lost.sentences[0].end, lost.sentences[0].retries),
        (End::Lost, 0)
    );
    assert!(lost.audio != spoken.audio);
}

/// With less look-ahead the first sound is nearly as it should be, and the rest exactly.
#[test]
fn look_ahead_changes_the_first_sound_only() {
    let text = "Hello world, this is my first sentence. And this is the second one.";
    let exact = say(text, &seed(3)).audio;
    let with = |frames| {
        let options = SpeakOptions {
            look_ahead: Some(frames),
            ..seed(3)
        };
        say(text, &options).audio
    };
    let error = |audio: &[f32]| {
        assert_eq!(audio.len(), exact.len());
        assert!(audio[4096..] == exact[4096..], "more than 16 frames differ");
        let differences = audio.iter().zip(&exact).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, f32::max)
    };
    assert!(error(&with(0)) > 1e-3, "nothing is early");
    let near = error(&with(12));
    assert!(near > 0.0 && near < 1e-5, "{near}");
    assert!(with(48) == exact, "the squeezed vocoder sees 48 frames");
}

/// When no try is left, the end says so; without dropout no other seed helps, and none is tried.
#[test]
fn a_sentence_that_stays_lost_is_reported() {
    let report = &say(&stutter(60), &seed(0)).sentences[0];
    assert_eq!((report.end, report.retries), (End::Lost, 3));
    let options = SpeakOptions {
        prenet_dropout: false,
        ..SpeakOptions::default()
    };
    let text = "Well, I do not know; perhaps we should ask somebody else.";
    let report = &say(text, &options).sentences[0];
    assert_eq!((report.end, report.retries), (End::Lost, 0));
    assert_eq!(report.loss, Some(Loss::Scattered));
    assert_eq!(
        say(text, &seed(0)).sentences[0].end,
        End::Gate,
        "with dropout"
    );
}

/// A decoder that stands still at the end, since its gate stays shut, does not drone on to the step limit.
#[test]
fn a_stuck_sentence_ends() {
    let options = SpeakOptions {
        gate_threshold: Some(0.999_999),
        max_decoder_steps: Some(2000),
        ..SpeakOptions::default()
    };
    let text = "The battery is almost empty.";
    let stuck = say(text, &options);
    let report = &stuck.sentences[0];
    let usual = say(text, &SpeakOptions::default()).audio.len();
    if report.end == End::Lost {
        assert_eq!(report.loss, Some(Loss::Stuck));
    }
    assert!(
        stuck.audio.len() < usual + 22_050,
        "{} samples, not about {usual}: {report:?}",
        stuck.audio.len()
    );
}

/// Text without elements is spoken as plain text, bit for bit.
#[test]
fn ssml_without_elements_is_plain_text() {
    let text = "Hello world. The engine can speak.";
    let (ssml, plain) = (say_ssml(text), say(text, &SpeakOptions::default()));
    assert!(ssml.audio == plain.audio);
    let places = |spoken: &Spoken, by: usize| -> Vec<_> {
        let marks = spoken.marks.iter();
        marks
            .map(|m| (m.kind, m.sample, m.source.start + by, m.source.end + by))
            .collect()
    };
    assert_eq!(places(&ssml, 0), places(&plain, "<speak>".len()));
}

/// Breaks are silence of their length, at the start, inside, and at the end.
#[test]
fn breaks_are_silence() {
    let spoken = say_ssml("<break time='100ms'/>Yes.<break time='1s'/>No.<break time='500ms'/>");
    let [yes, no, end] = &spoken.sentences[..] else {
        panic!("{:?}", spoken.sentences);
    };
    assert_eq!(yes.start, 2205);
    assert_eq!(no.start, yes.start + yes.samples + 22_050);
    assert_eq!(end.start, no.start + no.samples + 11_025);
    assert_eq!(spoken.audio.len() as u64, end.start);
    let pause = &spoken.audio[(no.start - 22_050) as usize..no.start as usize];
    assert!(pause.iter().all(|&sample| sample == 0.0));
}

/// Where words and named marks are, by what they are called.
fn places(spoken: &Spoken, kind: MarkKind) -> Vec<u64> {
    let marks = spoken.marks.iter().filter(|mark| mark.kind == kind);
    marks.map(|mark| mark.sample).collect()
}

fn loudness(audio: &[f32]) -> f32 {
    (audio.iter().map(|x| x * x).sum::<f32>() / audio.len() as f32).sqrt()
}

/// Prosody changes the words inside it and leaves the others as they are.
#[test]
fn prosody_follows_the_words() {
    let around = |open: &str| {
        say_ssml(&format!(
            "We saw {open} very large</prosody> animals there."
        ))
    };
    let plain = around("<prosody>");
    let at = places(&plain, MarkKind::Word);
    let [from, to] = [2, 4].map(|word| at[word] as usize);
    let slow = around("<prosody rate='50%'>");
    let longer = slow.audio.len() as i64 - plain.audio.len() as i64;
    assert!(
        longer.abs_diff((to - from) as i64) <= 512,
        "{longer} samples for {}",
        to - from
    );
    let slowed = places(&slow, MarkKind::Word);
    assert_eq!(slowed[..3], at[..3]);
    assert!((slowed[4] - slowed[2]).abs_diff(2 * (at[4] - at[2])) <= 512);

    let high = around("<prosody pitch='+4st'>");
    let difference = high.audio.len().abs_diff(plain.audio.len());
    assert!(difference <= 1024, "the time stays: {difference}");
    assert!(
        places(&high, MarkKind::Word)
            .iter()
            .zip(&at)
            .all(|(a, b)| a.abs_diff(*b) <= 1024)
    );

    let loud = around("<prosody volume='+6dB'>");
    assert!(loud.audio[..from] == plain.audio[..from]);
    assert!(loud.audio[to + 256..] == plain.audio[to + 256..]);
    let ratio = loudness(&loud.audio[from + 256..to]) / loudness(&plain.audio[from + 256..to]);
    assert!((ratio - 1.995).abs() < 0.01, "{ratio}");
    let silent = around("<prosody volume='silent'>");
    assert!(
        silent.audio[from + 256..to]
            .iter()
            .all(|&sample| sample == 0.0)
    );
}

/// Named marks come with the word that they stand before, or where nothing follows.
#[test]
fn named_marks_are_told() {
    let spoken = say_ssml("One <mark name='here'/>two.<break time='1s'/><mark name='end'/>");
    let word = places(&spoken, MarkKind::Word)[1];
    assert_eq!(
        places(&spoken, MarkKind::Named),
        [word, spoken.audio.len() as u64]
    );
    let names: Vec<_> = spoken
        .marks
        .iter()
        .filter(|m| m.kind == MarkKind::Named)
        .map(|m| &*m.name)
        .collect();
    assert_eq!(names, ["here", "end"]);
}

/// Texts of a batch sound as they do alone: also with several sentences, pauses, prosody, and a sentence that
/// has to be made again.
#[test]
fn texts_of_a_batch_are_spoken_as_alone() {
    let options = SpeakOptions {
        speed: 1.1,
        ..seed(1)
    };
    let documents = [
        "Hello.".to_owned(),
        "The price of coffee went up. It did so again.<break time='300ms'/>".to_owned(),
        stutter(35),
        "Where is the <prosody pitch='high'>small</prosody> green box?".to_owned(),
    ]
    .map(|content| format!("<speak>{content}</speak>"));
    let texts = documents
        .iter()
        .map(|text| VOICE.front_end().ssml(text).unwrap().collect());
    let batch = VOICE
        .speak_texts(texts.collect(), &options, &|| false)
        .unwrap();
    for (text, document) in batch.iter().zip(&documents) {
        let alone = listen(VOICE.speak_ssml(document, &options).unwrap());
        assert!(text.audio == alone.audio, "{document}");
        for (a, b) in text.sentences.iter().zip(&alone.sentences) {
            assert_eq!(
                (a.start, a.samples, a.retries, a.end),
                (b.start, b.samples, b.retries, b.end)
            );
            assert_eq!(a.marks, b.marks);
        }
        assert_eq!(text.sentences.len(), alone.sentences.len());
    }
    assert!(batch[2].sentences[0].retries > 0);
    let cancelled = VOICE.speak_texts(
        vec![VOICE.front_end().sentences("Hello.").collect()],
        &options,
        &|| true,
    );
    assert!(matches!(cancelled, Err(tts::synth::Error::Cancelled)));
}

/// Lines of a batch are spoken side by side as far as there is room for it. With less they sound the same, and with
/// less than one of them takes there is an error.
#[test]
fn a_batch_does_with_the_memory_that_there_is() {
    let lines = [
        "The birch canoe slid on the smooth planks.",
        "Yes.",
        "Is anybody there?",
        "Good luck, my friend.",
    ];
    let with = |memory_limit| {
        let config = EngineConfig {
            threads: 4,
            memory_limit,
            ..EngineConfig::default()
        };
        let engine = Engine::new(&config).unwrap();
        let voice = engine.load(&bundled_voice(), None).unwrap();
        (engine, voice)
    };
    let options = SpeakOptions {
        denoise: Some(0.01),
        ..seed(3)
    };
    let speak = |voice: &Synthesizer| {
        let texts = lines.map(|line| voice.front_end().sentences(line).collect());
        let batch = voice.speak_texts(texts.into(), &options, &|| false)?;
        let audio = batch.into_iter().map(|text| text.audio);
        Ok::<Vec<_>, tts::synth::Error>(audio.collect())
    };
    let (engine, voice) = with(None);
    let loaded = engine.memory_used();
    let exact = speak(&voice).unwrap();
    // What is kept for the next line: room for one.
    let line = engine.memory_used() - loaded;
    for (audio, line) in exact.iter().zip(lines) {
        assert!(*audio == listen(voice.speak(line, &options).unwrap()).audio);
    }
    // The last is enough for two lines but for a denoiser.
    for room in [line * 3 / 2, line * 5 / 2, line * 7 / 2, line * 2 - 100_000] {
        let (_, voice) = with(Some(loaded + room));
        assert!(speak(&voice).unwrap() == exact, "room for {room} bytes");
    }
    let (_, voice) = with(Some(loaded + line / 2));
    let error = speak(&voice).unwrap_err();
    assert!(error.to_string().contains("limit"), "{error}");
}

/// While a batch with more lines than threads makes its sound, other utterances are spoken: some end in the last part of
/// it, but before its very end, in terms of how often it has asked whether it is cancelled.
#[test]
fn a_batch_leaves_turns_to_others() {
    let voice = with_threads(2);
    let line = "The birch canoe slid on the smooth planks.";
    let texts = (0..24).map(|_| voice.front_end().sentences(line).collect());
    let texts: Vec<_> = texts.collect();
    let (asked, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut spoken = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let ask = || {
                asked.fetch_add(1, Ordering::Relaxed);
                false
            };
            voice.speak_texts(texts, &seed(1), &ask).unwrap();
            ended.store(true, Ordering::Relaxed);
        });
        while !ended.load(Ordering::Relaxed) {
            listen(voice.speak("Yes.", &seed(1)).unwrap());
            spoken.push(asked.load(Ordering::Relaxed));
        }
    });
    let all = asked.into_inner();
    let late = all * 6 / 10..all * 9 / 10;
    let late = spoken.iter().filter(|asked| late.contains(asked)).count();
    assert!(late > 0, "of {all}: {spoken:?}");
}
