//! What a batch gains over its lines one by one: table of BENCHMARKS.md. `cargo bench --bench batch`

mod common;

use std::error::Error;
use std::time::Instant;

use common::{LINES, full_size};
use tts::synth::{Engine, EngineConfig, Event, SpeakOptions, Synthesizer};
use tts::voice::Voice;

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
    let full = full_size()?;
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
