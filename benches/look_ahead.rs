//! What the first sound of an utterance loses when the vocoder waits for fewer mel frames after it, and what
//! it gains in time: the table in BENCHMARKS.md. `cargo bench --bench look_ahead`

use std::error::Error;
use std::time::Instant;

use tts::audio::MelAnalyzer;
use tts::synth::{Engine, EngineConfig, Event, SpeakOptions, Synthesizer};
use tts::voice::config::{
    AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig,
};
use tts::voice::{StorageType, Voice};

const SENTENCES: [&str; 8] = [
    "The birch canoe slid on the smooth planks.",
    "Hello world, this is my first sentence.",
    "She had your dark suit in greasy wash water all year.",
    "Four hours of steady work faced us.",
    "Please open the door before the guests arrive.",
    "Yes.",
    "A rainbow is a division of white light into many beautiful colors.",
    "Why did the ship leave the harbor so late in the evening?",
];

const TRIES: usize = 3;
/// 16 frames: what is not exact.
const FIRST_SOUND: usize = 16 * 256;

fn main() -> Result<(), Box<dyn Error>> {
    trained()?;
    full_size()
}

/// Error and time of the bundled voice.
fn trained() -> Result<(), Box<dyn Error>> {
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
        waits(&synthesizer, &SENTENCES, Some(frames))?;
    }
    print!("| all (48) | exact | exact | 0 |");
    waits(&synthesizer, &SENTENCES, None)
}

/// Time only: there are no trained weights of these sizes here.
fn full_size() -> Result<(), Box<dyn Error>> {
    let mut config = VoiceConfig {
        name: "random".to_owned(),
        language: "en-US".to_owned(),
        audio: AudioConfig::default(),
        frontend: FrontendConfig::default(),
        tacotron2: Tacotron2Config::default(),
        waveglow: WaveGlowConfig::default(),
    };
    config.waveglow.wn.n_channels = 256;
    let voice = Voice::random(config, 0, StorageType::F16)?;
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
