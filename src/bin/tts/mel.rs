//! `tts mel`: a recording as a mel spectrogram.

use std::fs::File;
use std::io::BufReader;

use serde::Serialize;

use tts::audio::mel::{MelAnalyzer, band_centers};
use tts::audio::resample::Resampler;
use tts::audio::{npy, output, wav};
use tts::voice::config::AudioConfig;

use crate::args::Mel;
use crate::fail::{Fail, Result};
use crate::input::open_voice;
use crate::{plot, print};

#[derive(Serialize)]
struct Made {
    frames: usize,
    bands: usize,
    seconds: f64,
    sample_rate: u32,
    resampled_from: Option<u32>,
}

pub(crate) fn run(args: &Mel) -> Result {
    let config = match &args.voice {
        Some(path) => open_voice(Some(path))?.0.config().audio.clone(),
        None => AudioConfig::default(),
    };
    let wav = if args.wav.as_os_str() == "-" {
        wav::read(BufReader::new(std::io::stdin()), "standard input")?
    } else if args.wav.is_dir() {
        return Err(Fail::failed(format!(
            "{} is a directory; give a WAV file",
            args.wav.display()
        )));
    } else {
        let file = File::open(&args.wav).map_err(|e| {
            Fail::failed(format!(
                "cannot read {}: {e}; check the path",
                args.wav.display()
            ))
        })?;
        wav::read(BufReader::new(file), &args.wav.display().to_string())?
    };
    if wav.samples.is_empty() {
        return Err(Fail::failed(format!(
            "{} has no samples",
            args.wav.display()
        )));
    }
    if wav.samples.iter().any(|s| !s.is_finite()) {
        return Err(Fail::failed(format!(
            "{} has samples that are not numbers",
            args.wav.display()
        )));
    }
    let rate = config.sampling_rate;
    let samples = if wav.sample_rate == rate {
        wav.samples
    } else {
        let mut resampler = Resampler::new(wav.sample_rate, rate)?;
        let mut samples = Vec::new();
        resampler.process(&wav.samples, &mut samples);
        resampler.finish(&mut samples);
        samples
    };
    let mut analyzer = MelAnalyzer::new(&config)?;
    let mel = analyzer.analyze(&samples);
    let bands = analyzer.bands();
    let frames = mel.len() / bands;
    if args.bands_first {
        npy::write_f32(
            &args.output,
            &[bands, frames],
            &transpose(&mel, frames, bands),
        )?;
    } else {
        npy::write_f32(&args.output, &[frames, bands], &mel)?;
    }
    if let Some(path) = &args.plot {
        let sentence = plot::Sentence {
            title: &args.wav.display().to_string(),
            mel: &mel,
            band_hz: &band_centers(&config),
            frame_seconds: config.hop_length as f64 / f64::from(rate),
            alignment: &[],
            symbols: &[],
        };
        output::write_file(
            path,
            &plot::draw(&sentence)
                .png()
                .map_err(|e| Fail::failed(e.to_string()))?,
        )?;
    }
    let made = Made {
        frames,
        bands,
        seconds: samples.len() as f64 / f64::from(rate),
        sample_rate: rate,
        resampled_from: (wav.sample_rate != rate).then_some(wav.sample_rate),
    };
    if args.json {
        return print::json(&made);
    }
    print::line(&format!(
        "{}: {frames} frames of {bands} bands, {:.2} s",
        args.output.display(),
        made.seconds
    ))
}

/// `[columns, rows]` from `[rows, columns]`.
pub(crate) fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| data[row * columns + column]))
        .collect()
}
