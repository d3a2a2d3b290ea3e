//! `tts say`: text to sound.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use tts::synth::{End, Event, SentenceReport, SpeakOptions, Timings};
use tts::text::FrontEnd;

use crate::args::Say;
use crate::engine::Ready;
use crate::fail::{Fail, Result};
use crate::input::read_lexicon;
use crate::marks::Marks;
use crate::progress::Progress;
use crate::sink::Sink;
use crate::{dump, outputs, print};

/// What was made, as `--json` prints it.
#[derive(Serialize)]
struct Made {
    output: String,
    voice: String,
    device: String,
    /// Why `auto` took the CPU, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<String>,
    precision: &'static str,
    threads: usize,
    seed: u64,
    sample_rate: u32,
    sentences: Vec<SentenceMade>,
    frames: usize,
    samples: u64,
    /// Length of the sound.
    seconds: f64,
    timings_s: Times,
    /// Seconds of speech made per second, loading not counted.
    rtf: f64,
}

#[derive(Serialize)]
struct SentenceMade {
    text: String,
    symbols: usize,
    steps: usize,
    frames: usize,
    start_s: f64,
    seconds: f64,
    /// `gate`; `limit` for a sentence that was cut off; `lost` for one that lost its place.
    end: &'static str,
    /// How often it was made again because it had lost its place.
    retries: u32,
    timings_s: Parts,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Parts {
    encode: f64,
    decode: f64,
    postnet: f64,
    vocode: f64,
}

#[derive(Serialize)]
struct Times {
    load: f64,
    first_audio: f64,
    total: f64,
    #[serde(flatten)]
    parts: Parts,
}

pub(crate) fn run(args: &Say) -> Result {
    let further = [
        ("--marks", args.marks.as_deref()),
        ("--plot", args.plot.as_deref()),
        ("--dump", args.dump.as_deref()),
    ];
    outputs::check(&args.output.output, args.json, &further)?;
    let text = args.input.read()?;
    let mut ready = Ready::new(&args.engine)?;
    if let Some(path) = &args.lexicon {
        let front_end = FrontEnd::new(&ready.synthesizer.config().frontend);
        let front_end = front_end.map_err(|e| Fail::failed(e.to_string()))?;
        let front_end = front_end.with_lexicon(read_lexicon(path)?);
        ready.synthesizer = ready.synthesizer.with_front_end(front_end);
    }
    let options = SpeakOptions {
        seed: args.vocoder.seed,
        sigma: args.vocoder.sigma,
        denoise: args.vocoder.denoise,
        gate_threshold: args.gate_threshold,
        max_decoder_steps: args.max_decoder_steps.map(|n| n as usize),
        prenet_dropout: !args.no_prenet_dropout,
        speed: args.speed,
        sentence_pause: args.pause,
        retry_window: args.retry_window,
        look_ahead: args.look_ahead.map(|frames| frames as usize),
        keep_tensors: args.plot.is_some() || args.dump.is_some(),
    };
    let begun = Instant::now();
    let speech = if args.ssml {
        let document = ready.synthesizer.front_end().ssml(&text);
        let document = document.map_err(|e| Fail::failed(e.to_string()))?;
        document.warnings().iter().for_each(|warning| warn(warning));
        ready.synthesizer.speak_ssml(&text, &options)?
    } else {
        ready.synthesizer.speak(&text, &options)?
    };
    // Only now that there is something to speak: bad text leaves no trace of an output.
    let mut sink = Sink::create(&args.output, ready.sample_rate())?;
    let rate = f64::from(ready.sample_rate());
    let marks = args
        .marks
        .as_ref()
        .map(|path| Marks::create(path, &sink, ready.sample_rate()));
    let mut marks = marks.transpose()?;
    let mut sentences = Vec::new();
    let mut first_audio = None;
    let mut spoken = 0;
    let progress = Progress::new(text.len() as u64, "speaking");
    for event in speech {
        match event? {
            Event::Audio(samples) => {
                first_audio.get_or_insert_with(|| begun.elapsed());
                spoken += samples.len();
                sink.write(&samples)?;
                progress.message(format!("{:.1} s of speech", spoken as f64 / rate));
            }
            Event::Sentence(report) => {
                progress.set(report.sentence.source.end as u64);
                if let Some(marks) = &mut marks {
                    marks.add(&report, &text);
                }
                let spoken = report.tensors.is_some();
                if let Some(dir) = args.dump.as_ref().filter(|_| spoken) {
                    dump::write(dir, &report, ready.synthesizer.config())?;
                }
                if let Some(path) = args.plot.as_ref().filter(|_| spoken) {
                    dump::draw(
                        &numbered(path, report.index),
                        &report,
                        ready.synthesizer.config(),
                    )?;
                }
                // A pause of SSML is not a sentence.
                if !report.sentence.ids.is_empty() {
                    sentences.push(sentence_made(&report, rate));
                }
            }
        }
    }
    drop(progress);
    let total = begun.elapsed();
    let sample_rate = sink.sample_rate();
    // Everything is on the disk before anything gets its name.
    if let Some(marks) = &mut marks {
        marks.write()?;
    }
    let samples = sink.finish()?;
    if let Some(marks) = marks {
        marks.finish()?;
    }
    let made = Made {
        output: args.output.output.display().to_string(),
        voice: ready.synthesizer.config().name.clone(),
        device: ready.device.clone(),
        fallback: ready.fallback.clone(),
        precision: ready.precision(),
        threads: ready.threads,
        seed: args.vocoder.seed,
        sample_rate,
        frames: sentences.iter().map(|s| s.frames).sum(),
        samples,
        seconds: samples as f64 / f64::from(sample_rate),
        timings_s: Times {
            load: ready.load.as_secs_f64(),
            first_audio: first_audio.unwrap_or_default().as_secs_f64(),
            total: total.as_secs_f64(),
            parts: sum(sentences.iter().map(|s| s.timings_s)),
        },
        rtf: samples as f64 / f64::from(sample_rate) / total.as_secs_f64(),
        sentences,
    };
    warn_of_ends(&made.sentences);
    if args.json {
        return print::json(&made);
    }
    let output = &args.output.output;
    outputs::tell(
        output,
        &for_people(&made, &outputs::name(output), &ready.place()),
    )
}

/// `OUT.png` for the first sentence, then `OUT-2.png` and so on.
fn numbered(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{}", index + 1));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn sentence_made(report: &SentenceReport, rate: f64) -> SentenceMade {
    SentenceMade {
        text: report.sentence.text.clone(),
        symbols: report.sentence.ids.len(),
        steps: report.steps,
        frames: report.frames,
        start_s: report.start as f64 / rate,
        seconds: report.samples as f64 / rate,
        end: match report.end {
            End::Gate => "gate",
            End::Limit => "limit",
            End::Lost => "lost",
        },
        retries: report.retries,
        timings_s: parts(&report.timings),
    }
}

fn parts(timings: &Timings) -> Parts {
    let seconds = |part: Duration| part.as_secs_f64();
    Parts {
        encode: seconds(timings.encode),
        decode: seconds(timings.decode),
        postnet: seconds(timings.postnet),
        vocode: seconds(timings.vocode),
    }
}

fn sum(all: impl Iterator<Item = Parts>) -> Parts {
    all.fold(Parts::default(), |a, b| Parts {
        encode: a.encode + b.encode,
        decode: a.decode + b.decode,
        postnet: a.postnet + b.postnet,
        vocode: a.vocode + b.vocode,
    })
}

/// A sentence that was cut off, or lost its place, is a thing that the user should hear of, though not a
/// failure.
fn warn_of_ends(sentences: &[SentenceMade]) {
    let told = |end: &str| {
        let mut bad = sentences.iter().filter(|s| s.end == end);
        let first = bad.next()?;
        let more = match bad.count() {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        Some((format!("\"{}\"{more}", first.text.trim()), first.steps))
    };
    if let Some((text, steps)) = told("limit") {
        warn(&format!(
            "{text} did not end by itself and was cut off after {steps} decoder steps; \
             try another --seed, or a higher --max-decoder-steps if it is that long"
        ));
    }
    if sentences.iter().any(|s| s.frames == 0) {
        warn("a sentence ended before its first sound; a higher --gate-threshold keeps it going");
    }
    if let Some((text, _)) = told("lost") {
        warn(&format!(
            "{text} lost its place, so that words may be missing, repeated or unclear; \
             try another --seed, or other words"
        ));
    }
}

fn warn(message: &str) {
    // Where nobody listens, the sound is still complete.
    let _ = writeln!(std::io::stderr(), "warning: {message}");
}

fn for_people(made: &Made, output: &str, place: &str) -> String {
    let times = &made.timings_s;
    let sentences = print::count(made.sentences.len(), "sentence");
    format!(
        "{output}: {:.2} s of speech, {sentences}, {} Hz, by voice {}\n\
         made in {} s, {} x real time, first sound after {} s; voice loaded in {} s\n\
         on {place}, {}, {} weights, seed {}",
        made.seconds,
        made.sample_rate,
        made.voice,
        print::digits(times.total),
        print::digits(made.rtf),
        print::digits(times.first_audio),
        print::digits(times.load),
        print::count(made.threads, "thread"),
        made.precision,
        made.seed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of further sentences lie beside the first.
    #[test]
    fn pictures_are_numbered() {
        let name = |path: &str, index| numbered(Path::new(path), index).display().to_string();
        assert_eq!(name("dir/a.png", 0), "dir/a.png");
        assert_eq!(name("dir/a.png", 1), "dir/a-2.png");
        assert_eq!(name("a", 11), "a-12");
    }
}
