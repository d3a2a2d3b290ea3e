//! What streaming costs, and what the first sound of an utterance loses and gains when the vocoder waits for
//! fewer mel frames after it: tables of BENCHMARKS.md. `cargo bench --bench streaming`

mod common;

use std::error::Error;
use std::time::Instant;

use common::{LINES, full_size};
use tts::audio::MelAnalyzer;
use tts::backend::cpu::Cpu;
use tts::backend::{Backend, Precision, RandomKey};
use tts::nn::waveglow::WaveGlow;
use tts::synth::{Engine, EngineConfig, Event, SpeakOptions, Synthesizer};
use tts::voice::Voice;

/// The first of the lines.
const SENTENCES: &[&str] = LINES.split_at(8).0;

const TRIES: usize = 3;
/// 16 frames: what is not exact.
const FIRST_SOUND: usize = 16 * 256;

fn main() -> Result<(), Box<dyn Error>> {
    pieces()?;
    look_ahead()?;
    look_ahead_full_size()
}

/// Time of the bundled vocoder for a sentence of mel that arrives in pieces, in blocks as they are spoken, over
/// the time in one piece and one block.
fn pieces() -> Result<(), Box<dyn Error>> {
    const FRAMES: usize = 430;
    let voice = Voice::open("voices/heart.safetensors")?;
    let threads = std::thread::available_parallelism()?.get();
    let mut cpu = Cpu::new(threads);
    let waveglow = WaveGlow::load(&voice, &mut cpu, Precision::F16)?;
    let bands = waveglow.config().n_mel_channels;
    let mel: Vec<f32> = (0..FRAMES * bands)
        .map(|i| -4.0 - (i % 71) as f32 / 20.0)
        .collect();
    let spoken = cpu.pace().rows / waveglow.groups_per_frame();
    let mut streams: Vec<_> = [
        (FRAMES, FRAMES),
        (8, spoken),
        (16, spoken),
        (spoken, spoken),
        (FRAMES, spoken),
    ]
    .map(|(piece, block)| (piece, block, waveglow.stream(&mut cpu, block), Vec::new()))
    .into();
    let key = RandomKey {
        seed: 1,
        sentence: 0,
    };
    // In turns: the machine's moods meet all alike. The first turn warms up.
    for turn in 0..=15 {
        for (piece, _, stream, times) in &mut streams {
            let mut audio = Vec::new();
            let begun = Instant::now();
            stream.restart(&mut cpu, key, 0.6);
            let mut left = FRAMES;
            for frames in mel.chunks(*piece * bands) {
                left -= frames.len() / bands;
                waveglow.push(&mut cpu, stream, frames, left == 0, &mut audio)?;
            }
            if turn > 0 {
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    println!("{FRAMES} frames of mel, {threads} threads:\n");
    println!("| mel in pieces of, frames | blocks of, frames | ms | against one piece |");
    println!("|---:|---:|---:|---:|");
    let mut whole = None;
    for (piece, block, _, mut times) in streams {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let whole = *whole.get_or_insert(median);
        println!(
            "| {piece} | {block} | {median:.1} | {:.3} |",
            median / whole
        );
    }
    println!();
    Ok(())
}

/// Error and time of the bundled voice.
fn look_ahead() -> Result<(), Box<dyn Error>> {
    let voice = Voice::open("voices/heart.safetensors")?;
    let synthesizer = Engine::new(&EngineConfig::default())?.load(&voice, None)?;
    let exact: Vec<_> = SENTENCES
        .iter()
        .map(|text| speak(&synthesizer, text, None))
        .collect::<Result<_, _>>()?;
    println!(
        "| look-ahead, frames | SNR of the first sound, dB: median | worst | log-mel distance | first \
         sound after, ms | without retry window, ms |"
    );
    println!("|---:|---:|---:|---:|---:|---:|");
    for frames in [0, 2, 4, 6, 8, 10, 12, 16, 24, 32] {
        let (mut noise, mut distance) = (Vec::new(), 0.0);
        for (text, exact) in SENTENCES.iter().zip(&exact) {
            let early = speak(&synthesizer, text, Some(frames))?;
            let (exact, early) = (&exact[..FIRST_SOUND], &early[..FIRST_SOUND]);
            noise.push(snr(exact, early));
            distance += log_mel_distance(&voice, exact, early)? / SENTENCES.len() as f64;
        }
        noise.sort_by(f64::total_cmp);
        print!(
            "| {frames} | {:.1} | {:.1} | {distance:.5} |",
            noise[noise.len() / 2],
            noise[0]
        );
        waits(&synthesizer, SENTENCES, Some(frames))?;
    }
    print!("| all (48) | exact | exact | 0 |");
    waits(&synthesizer, SENTENCES, None)
}

/// Time only: there are no trained weights of these sizes here.
fn look_ahead_full_size() -> Result<(), Box<dyn Error>> {
    let voice = full_size()?;
    let synthesizer = Engine::new(&EngineConfig::default())?.load(&voice, None)?;
    println!("\nPublished sizes, WaveGlow with 256 channels:\n");
    println!("| look-ahead, frames | first sound after, ms | without retry window, ms |");
    println!("|---:|---:|---:|");
    for frames in [Some(0), Some(12), Some(48), None] {
        print!(
            "| {} |",
            frames.map_or("all (96)".to_owned(), |n| n.to_string())
        );
        waits(&synthesizer, &SENTENCES[..1], frames)?;
    }
    Ok(())
}

/// Prints the median times to the first sound, with and without a retry window.
fn waits(
    synthesizer: &Synthesizer,
    texts: &[&str],
    look_ahead: Option<usize>,
) -> Result<(), Box<dyn Error>> {
    for window in [2.0, 0.0] {
        let options = options(look_ahead, window);
        let mut waits = Vec::new();
        for text in texts.iter().cycle().take(TRIES * texts.len()) {
            let begun = Instant::now();
            let mut speech = synthesizer.speak(text, &options)?;
            while !matches!(speech.next().ok_or("no sound")??, Event::Audio(_)) {}
            waits.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        waits.sort_by(f64::total_cmp);
        print!(" {:.1} |", waits[waits.len() / 2]);
    }
    println!();
    Ok(())
}

fn options(look_ahead: Option<usize>, retry_window: f32) -> SpeakOptions {
    SpeakOptions {
        seed: 7,
        look_ahead,
        retry_window,
        ..SpeakOptions::default()
    }
}

fn speak(
    synthesizer: &Synthesizer,
    text: &str,
    look_ahead: Option<usize>,
) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut audio = Vec::new();
    for event in synthesizer.speak(text, &options(look_ahead, 2.0))? {
        if let Event::Audio(samples) = event? {
            audio.extend(samples);
        }
    }
    Ok(audio)
}

/// Signal over error, in dB.
fn snr(exact: &[f32], other: &[f32]) -> f64 {
    let power =
        |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>();
    let signal = power(&mut exact.iter().copied());
    let error = power(&mut exact.iter().zip(other).map(|(a, b)| a - b));
    10.0 * (signal / error).log10()
}

/// Mean absolute difference of the log-mel spectrograms.
fn log_mel_distance(voice: &Voice, exact: &[f32], other: &[f32]) -> Result<f64, Box<dyn Error>> {
    let mut mel = MelAnalyzer::new(&voice.config().audio)?;
    let (exact, other) = (mel.analyze(exact), mel.analyze(other));
    let sum: f64 = exact
        .iter()
        .zip(&other)
        .map(|(a, b)| f64::from((a - b).abs()))
        .sum();
    Ok(sum / exact.len() as f64)
}
