//! `tts bench`: the columns of the published performance tables, for this machine.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use tts::synth::{BatchOptions, BatchTimings};
use tts::voice::config::{
    AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig,
};
use tts::voice::{StorageType, Voice};

use crate::args::{Bench, PrecisionArg};
use crate::engine::Ready;
use crate::fail::{Fail, Result};
use crate::input::open_voice;
use crate::measure::{Summary, peak_rss_mb};
use crate::print;
use crate::profile::{self, KernelRow};
use crate::progress::Progress;

/// Cut to the length that is asked for, repeated if that is longer.
const TEXT: &str = "The quick brown fox had been asleep beside the river since noon, and nobody in \
    the village wanted to be the one who woke him up again. ";

/// The published benchmarks make 602 mel frames of 128 characters.
const PUBLISHED: (u32, u32) = (602, 128);

#[derive(Serialize)]
struct Report {
    device: String,
    device_name: String,
    /// Why `auto` took the CPU, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<String>,
    precision: &'static str,
    threads: usize,
    voice: String,
    chars: u32,
    frames: usize,
    batch: u32,
    runs: u32,
    /// From the start of Tacotron 2 to the end of WaveGlow.
    latency_s: Summary,
    /// Samples of the whole batch per second of latency: the throughput.
    samples_per_s: f64,
    /// Seconds of one sentence per second of latency, as in the published tables: how much faster than it
    /// is spoken a sentence is there, although it shares the time with the rest of its batch.
    rtf: f64,
    decoder_ms_per_step: f64,
    vocoder_samples_per_s: f64,
    /// Two operations per multiply-add.
    vocoder_gflops: f64,
    load_s: f64,
    peak_rss_mb: Option<f64>,
    /// What the voice takes on its device.
    device_memory_mb: f64,
    /// What the submissions of all timed runs took on the GPU, by its clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu_submission_ms: Option<Summary>,
    /// The most expensive first.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernels: Option<Vec<KernelRow>>,
}

pub(crate) fn run(args: &Bench) -> Result {
    let ready = load(args)?;
    let config = ready.synthesizer.config();
    let frames = args
        .frames
        .unwrap_or_else(|| (args.chars * PUBLISHED.0).div_ceil(PUBLISHED.1));
    let per_step = config.tacotron2.n_frames_per_step;
    let steps = (frames as usize).div_ceil(per_step);
    let text: String = TEXT.chars().cycle().take(args.chars as usize).collect();
    let ids = ready.synthesizer.front_end().encode(&text).ids;
    if ids.is_empty() {
        return Err(Fail::failed(
            "the voice has no symbols for the text of the benchmark",
        ));
    }
    let batch = vec![ids; args.batch as usize];
    let options = BatchOptions {
        exact_steps: Some(steps),
        ..BatchOptions::default()
    };

    let progress = Progress::new(
        u64::from(args.runs) + 1 + u64::from(args.profile),
        "warming up",
    );
    let mut runs = 0;
    let mut speak = || {
        let (items, taken) = ready.synthesizer.speak_batch(&batch, &options)?;
        let made = items.first().map_or(0, |item| item.frames);
        if made != steps * per_step {
            return Err(Fail::failed(format!(
                "{made} frames were made instead of {}",
                steps * per_step
            )));
        }
        runs += 1;
        progress.set(runs);
        progress.message(format!(
            "last run {} s",
            print::digits(taken.total.as_secs_f64())
        ));
        Ok(taken)
    };
    let engine = &ready.engine;
    if args.profile {
        // A device that cannot says so before anything takes long.
        engine.start_profile()?;
        engine.end_profile();
    }
    // The first run warms up: pages, caches and clocks.
    speak()?;
    engine.take_submissions();
    let timings = (0..args.runs).map(|_| speak());
    let timings = timings.collect::<Result<Vec<_>>>()?;
    let submissions = engine.take_submissions();
    let mut kernels = None;
    if args.profile {
        engine.start_profile()?;
        speak()?;
        kernels = Some(profile::rows(&engine.end_profile()));
    }
    drop(progress);

    let mut report = report(args, &ready, steps * per_step, &timings);
    report.gpu_submission_ms = milliseconds(&submissions);
    report.kernels = kernels;
    if args.json {
        return print::json(&report);
    }
    print::line(&for_people(&report, &ready.place()))
}

/// Statistics of times, if there are any.
fn milliseconds(times: &[Duration]) -> Option<Summary> {
    let times: Vec<f64> = times.iter().map(|t| t.as_secs_f64() * 1e3).collect();
    (!times.is_empty()).then(|| Summary::of(&times))
}

fn load(args: &Bench) -> Result<Ready> {
    let Some(channels) = &args.random else {
        return Ready::with(&args.device, args.precision, || {
            Ok(open_voice(args.voice.as_deref())?.0)
        });
    };
    let channels = channels
        .parse()
        .map_err(|_| Fail::Usage("--random takes 256 or 512".to_owned()))?;
    Ready::with(&args.device, args.precision, || {
        let mut config = VoiceConfig {
            name: format!("random-{channels}"),
            language: "en-US".to_owned(),
            audio: AudioConfig::default(),
            frontend: FrontendConfig::default(),
            tacotron2: Tacotron2Config::default(),
            waveglow: WaveGlowConfig::default(),
        };
        config.waveglow.wn.n_channels = channels;
        let storage = match args.precision {
            Some(PrecisionArg::F16) => StorageType::F16,
            _ => StorageType::F32,
        };
        Voice::random(config, 0, storage).map_err(|e| Fail::failed(e.to_string()))
    })
}

fn report(args: &Bench, ready: &Ready, frames: usize, timings: &[BatchTimings]) -> Report {
    let config = ready.synthesizer.config();
    let latencies: Vec<f64> = timings.iter().map(|t| t.total.as_secs_f64()).collect();
    let latency = Summary::of(&latencies);
    let sentence = (frames * config.audio.hop_length) as f64;
    let samples = f64::from(args.batch) * sentence;
    let runs = timings.len() as f64;
    let mean = |part: fn(&BatchTimings) -> f64| timings.iter().map(part).sum::<f64>() / runs;
    let decode = mean(|t| t.parts.decode.as_secs_f64() / t.steps as f64);
    let vocoder_rate = samples / mean(|t| t.parts.vocode.as_secs_f64());
    Report {
        // Its kind, as `--device` takes it; the rest is what it is.
        device: ready
            .device
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned(),
        device_name: ready.device.clone(),
        fallback: ready.fallback.clone(),
        precision: ready.precision(),
        threads: ready.threads,
        voice: config.name.clone(),
        chars: args.chars,
        frames,
        batch: args.batch,
        runs: args.runs,
        samples_per_s: samples / latency.mean,
        rtf: sentence / f64::from(config.audio.sampling_rate) / latency.mean,
        latency_s: latency,
        decoder_ms_per_step: decode * 1000.0,
        vocoder_samples_per_s: vocoder_rate,
        vocoder_gflops: vocoder_rate * ready.synthesizer.vocoder_macs_per_sample() * 2.0 / 1e9,
        load_s: ready.load.as_secs_f64(),
        peak_rss_mb: peak_rss_mb(),
        device_memory_mb: ready.engine.memory_used() as f64 / 1e6,
        gpu_submission_ms: None,
        kernels: None,
    }
}

fn for_people(report: &Report, place: &str) -> String {
    let l = &report.latency_s;
    let latency = [l.mean, l.std, l.p50, l.p90, l.p95, l.p99].map(print::digits);
    let [mean, std, p50, p90, p95, p99] = &latency;
    let memory = report
        .peak_rss_mb
        .map_or("unknown".to_owned(), |mb| format!("{mb:.0} MB"));
    let mut text = format!(
        "{} on {place}, {} threads, {} weights\n\
         {} characters, {} frames, batch {}, {} runs after one to warm up\n\
         \n\
         latency    mean {mean} s, std {std}, p50 {p50}, p90 {p90}, p95 {p95}, p99 {p99}\n\
         speech     {} samples/s; each sentence at {} x real time\n\
         decoder    {} ms a step\n\
         vocoder    {} samples/s, {} GFLOP/s\n\
         load       {} s\n\
         memory     {memory} at most; the voice takes {} MB of its device",
        report.voice,
        report.threads,
        report.precision,
        report.chars,
        report.frames,
        report.batch,
        report.runs,
        print::thousands(report.samples_per_s.round() as u64),
        print::digits(report.rtf),
        print::digits(report.decoder_ms_per_step),
        print::thousands(report.vocoder_samples_per_s.round() as u64),
        print::digits(report.vocoder_gflops),
        print::digits(report.load_s),
        print::digits(report.device_memory_mb),
    );
    if let Some(s) = &report.gpu_submission_ms {
        let [p50, p99] = [s.p50, s.p99].map(print::digits);
        let _ = write!(text, "\nsubmission p50 {p50} ms on the GPU, p99 {p99}");
    }
    if let Some(kernels) = &report.kernels {
        text.push_str("\n\n");
        text.push_str(&profile::table(kernels));
    }
    text
}
