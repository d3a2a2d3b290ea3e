//! What a batch gains over its lines one by one: table of BENCHMARKS.md. `cargo bench --bench batch`

use std::error::Error;
use std::time::Instant;

use tts::synth::{Engine, EngineConfig, Event, SpeakOptions, Synthesizer};
use tts::voice::config::{
    AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig,
};
use tts::voice::{StorageType, Voice};

/// Lines as games have them, of 4 to 67 letters.
const LINES: [&str; 16] = [
    "The birch canoe slid on the smooth planks.",
    "Hello world, this is my first sentence.",
    "She had your dark suit in greasy wash water all year.",
    "Four hours of steady work faced us.",
    "Please open the door before the guests arrive.",
    "Yes.",
    "A rainbow is a division of white light into many beautiful colors.",
    "Why did the ship leave the harbor so late in the evening?",
    "Not now.",
    "Behind the mill you will find a path.",
    "They took everything, even the old lamp.",
    "Come back tomorrow, and bring the letter.",
    "Is anybody there?",
    "The king has not been seen since the first snow.",
    "I would not go there alone.",
    "Good luck, my friend.",
];

fn main() -> Result<(), Box<dyn Error>> {
    let threads = std::thread::available_parallelism()?.get();
    println!(
        "{threads} threads. One by one and batch in turns; medians, and the range of the turns' \
         ratios.\n"
    );
    println!("| voice | lines | one by one, s | batch, s | faster by |");
    println!("|---|---:|---:|---:|---:|");
    let bundled = Voice::open("voices/heart.safetensors")?;
    let bundled = Engine::new(&EngineConfig::default())?.load(&bundled, None)?;
    for lines in [1, 2, 3, 8, 16] {
        compare("bundled", &bundled, &LINES[..lines], 400, 11)?;
    }
    let mut config = VoiceConfig {
        name: "random".to_owned(),
        language: "en-US".to_owned(),
        audio: AudioConfig::default(),
        frontend: FrontendConfig::default(),
        tacotron2: Tacotron2Config::default(),
        waveglow: WaveGlowConfig::default(),
    };
    config.waveglow.wn.n_channels = 256;
    let full = Voice::random(config, 0, StorageType::F16)?;
    let full = Engine::new(&EngineConfig::default())?.load(&full, None)?;
    // Random weights never say that they have finished.
    compare("published sizes, 256 channels", &full, &LINES[..8], 40, 5)
}

/// Speaks the lines both ways, turn after turn: the machine's moods meet both alike. The first turn warms up.
fn compare(
    name: &str,
    voice: &Synthesizer,
    lines: &[&str],
    max_decoder_steps: usize,
    turns: usize,
) -> Result<(), Box<dyn Error>> {
    let options = SpeakOptions {
        seed: 7,
        max_decoder_steps: Some(max_decoder_steps),
        ..SpeakOptions::default()
    };
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for turn in 0..=turns {
        let begun = Instant::now();
        let mut one_by_one = Vec::new();
        for line in lines {
            for event in voice.speak(line, &options)? {
                if let Event::Audio(samples) = event? {
                    one_by_one.extend(samples);
                }
            }
        }
        let middle = Instant::now();
        let texts = lines
            .iter()
            .map(|line| voice.front_end().sentences(line).collect());
        let batch = voice.speak_texts(texts.collect(), &options, &|| false)?;
        let end = Instant::now();
        let batch: Vec<f32> = batch.into_iter().flat_map(|text| text.audio).collect();
        if batch != one_by_one {
            return Err("a batch sounds otherwise".into());
        }
        if turn > 0 {
            alone.push((middle - begun).as_secs_f64());
            together.push((end - middle).as_secs_f64());
        }
    }
    let mut ratios: Vec<_> = alone.iter().zip(&together).map(|(a, t)| a / t).collect();
    let [alone, together, ratio] = [&mut alone, &mut together, &mut ratios].map(|values| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    });
    println!(
        "| {name} | {} | {alone:.3} | {together:.3} | {ratio:.2} ({:.2}–{:.2}) |",
        lines.len(),
        ratios[0],
        ratios[ratios.len() - 1]
    );
    Ok(())
}
