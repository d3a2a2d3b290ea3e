//! The ring alone, and the worker with the bundled voice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::synth::{Engine, EngineConfig, Event, Mark, MarkKind, SpeakOptions, Synthesizer};
use crate::voice::Voice;

/// What a sink was given, in order.
#[derive(Default)]
struct Log {
    samples: Vec<f32>,
    /// Marks, and how many samples there were when they came.
    marks: Vec<(Mark, usize)>,
    ended: bool,
}

#[derive(Clone, Default)]
struct LogSink(Arc<Mutex<Log>>);

impl Sink for LogSink {
    fn mark(&mut self, mark: Mark) {
        let mut log = self.0.lock().unwrap();
        let at = log.samples.len();
        log.marks.push((mark, at));
    }

    fn audio(&mut self, samples: &[f32]) -> (usize, Want) {
        self.0.lock().unwrap().samples.extend_from_slice(samples);
        (samples.len(), Want::More)
    }

    fn end(&mut self) {
        self.0.lock().unwrap().ended = true;
    }
}

fn voice() -> Synthesizer {
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/voices/heart.safetensors");
    engine.load(&Voice::open(path).unwrap(), None).unwrap()
}

const TEXT: &str = "Hello there. This is a test.";

/// What is written is read, in order, through any sizes of pieces; the end comes after the last sample.
#[test]
fn a_ring_keeps_samples_in_order() {
    const COUNT: u32 = if cfg!(miri) { 300 } else { 10_000 };
    let (mut sink, mut reader, _) = ring(100, 4);
    let writer = std::thread::spawn(move || {
        let all: Vec<f32> = (0..COUNT).map(|i| i as f32).collect();
        let mut rest = &all[..];
        while !rest.is_empty() {
            let (count, _) = sink.audio(&rest[..rest.len().min(77)]);
            rest = &rest[count..];
        }
        sink.end();
    });
    let (mut next, mut buffer) = (0, [0.0; 33]);
    loop {
        let (count, pull) = reader.read(&mut buffer, |sample| sample);
        for &sample in &buffer[..count] {
            assert_eq!(sample, next as f32);
            next += 1;
        }
        if pull == Pull::End {
            break;
        }
    }
    assert_eq!(next, COUNT);
    writer.join().unwrap();
}

/// Marks come out as they went in; those that there is no room for are counted.
#[test]
fn a_ring_keeps_marks_until_it_is_full() {
    let (mut sink, _, mut reader) = ring(1, 2);
    let mark = |sample| Mark {
        kind: MarkKind::Word,
        sample,
        source: 0..1,
        name: "W".into(),
    };
    for sample in 1..=3 {
        sink.mark(mark(sample));
    }
    assert_eq!(reader.lost_marks(), 1);
    assert_eq!(reader.take(), Some(mark(1)));
    sink.mark(mark(4));
    assert_eq!(reader.take(), Some(mark(2)));
    drop(sink);
    assert_eq!(reader.take(), Some(mark(4)));
    assert_eq!(reader.take(), None);
}

/// Through the worker comes what the synthesis makes, and every mark before its sound.
#[test]
fn the_worker_changes_nothing() {
    let voice = voice();
    let mut whole = Vec::new();
    let mut marks = Vec::new();
    for event in voice.speak(TEXT, &SpeakOptions::default()).unwrap() {
        match event.unwrap() {
            Event::Audio(samples) => whole.extend(samples),
            Event::Sentence(report) => marks.extend(report.marks),
        }
    }
    let queue = Queue::new().unwrap();
    let sink = LogSink::default();
    let feed = Feed::whole(TEXT.into());
    let options = UtteranceOptions::default();
    let utterance = queue
        .start(&voice, feed, &options, Box::new(sink.clone()))
        .unwrap();
    assert!(utterance.wait(None));
    let log = sink.0.lock().unwrap();
    assert!(matches!(
        *utterance.outcome().unwrap(),
        Outcome::Complete | Outcome::StepLimit
    ));
    assert!(log.ended && log.samples == whole);
    assert_eq!(
        log.marks.iter().map(|(mark, _)| mark).collect::<Vec<_>>(),
        marks.iter().collect::<Vec<_>>()
    );
    for (mark, known) in &log.marks {
        assert!(
            *known as u64 <= mark.sample,
            "{mark:?} came after {known} samples"
        );
    }
    let kinds: Vec<_> = marks.iter().map(|mark| mark.kind).collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|&&kind| kind == MarkKind::Sentence)
            .count(),
        2
    );
    assert_eq!(
        kinds.iter().filter(|&&kind| kind == MarkKind::Word).count(),
        6
    );
    let stats = utterance.stats();
    assert_eq!((stats.sentences, stats.samples), (2, whole.len() as u64));
}

/// The same text in pieces of a word gives the same sound.
#[test]
fn fed_text_sounds_like_whole_text() {
    let voice = voice();
    let queue = Queue::new().unwrap();
    let options = UtteranceOptions::default();
    let (whole, fed) = (LogSink::default(), LogSink::default());
    let feed = Feed::default();
    let first = queue
        .start(
            &voice,
            Feed::whole(TEXT.into()),
            &options,
            Box::new(whole.clone()),
        )
        .unwrap();
    let second = queue
        .start(&voice, feed.clone(), &options, Box::new(fed.clone()))
        .unwrap();
    for word in TEXT.split_inclusive(' ') {
        assert_eq!(feed.push(word.as_bytes()), Ok(true));
        second.wake();
        std::thread::sleep(Duration::from_millis(5));
    }
    feed.finish();
    second.wake();
    assert!(first.wait(None) && second.wait(None));
    assert!(whole.0.lock().unwrap().samples == fed.0.lock().unwrap().samples);
}

/// Who is more urgent is done first, though it came last.
#[test]
fn priority_is_kept() {
    let voice = voice();
    let queue = Queue::new().unwrap();
    let options = |priority| UtteranceOptions {
        priority,
        ..Default::default()
    };
    let start = |priority| {
        let feed = Feed::whole(TEXT.into());
        queue
            .start(
                &voice,
                feed,
                &options(priority),
                Box::new(LogSink::default()),
            )
            .unwrap()
    };
    let low = start(0);
    let high = start(1);
    assert!(high.wait(None));
    assert!(
        low.outcome().is_none(),
        "the urgent one is over before the other"
    );
    queue.shutdown();
    assert!(matches!(*low.outcome().unwrap(), Outcome::Cancelled));
}

/// A cancelled utterance ends without its end being announced, and a shutdown ends all.
#[test]
fn a_cancel_ends_the_sound() {
    let voice = voice();
    let queue = Queue::new().unwrap();
    let sink = LogSink::default();
    let feed = Feed::whole(TEXT.repeat(50));
    let options = UtteranceOptions::default();
    let utterance = queue
        .start(&voice, feed, &options, Box::new(sink.clone()))
        .unwrap();
    while utterance.state() == State::Waiting {
        std::thread::yield_now();
    }
    utterance.abandon();
    let heard = sink.0.lock().unwrap().samples.len();
    assert!(matches!(*utterance.outcome().unwrap(), Outcome::Cancelled));
    queue.shutdown();
    let log = sink.0.lock().unwrap();
    assert!(
        !log.ended && log.samples.len() == heard,
        "nothing is heard after the cancel"
    );
    let late = queue.start(
        &voice,
        Feed::whole(TEXT.into()),
        &options,
        Box::new(LogSink::default()),
    );
    assert!(late.is_err());
}
