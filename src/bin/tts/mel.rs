//! `tts mel`: a recording as a mel spectrogram.

use serde::Serialize;

use tts::audio::mel::{MelAnalyzer, band_centers};
use tts::audio::resample::Resampler;
use tts::audio::{npy, wav};
use tts::disk::write_file;
use tts::voice::config::AudioConfig;

use crate::args::Mel;
use crate::fail::{Fail, Result, cannot_write};
use crate::input::{self, open_voice};
use crate::{outputs, plot, print};

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
    let further = [("--plot", args.plot.as_deref())];
    outputs::check(&args.output, args.json, &further)?;
    let (input, name) = input::open(&args.wav)?;
    let wav = wav::read(input, &name)?;
    if wav.samples.is_empty() {
        return Err(Fail::failed(format!("{name} has no samples")));
    }
    if wav.samples.iter().any(|s| !s.is_finite()) {
        return Err(Fail::failed(format!(
            "{name} has samples that are not numbers"
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
    if let Some(path) = &args.plot {
        let sentence = plot::Sentence {
            title: &name,
            mel: &mel,
            band_hz: &band_centers(&config),
            frame_seconds: config.hop_length as f64 / f64::from(rate),
            alignment: &[],
            symbols: &[],
        };
        let png = plot::draw(&sentence).png();
        let png = png.map_err(|e| Fail::failed(e.to_string()))?;
        write_file(path, &png).map_err(|e| cannot_write(path, e))?;
    }
    let (shape, mel) = if args.bands_first {
        ([bands, frames], transpose(&mel, frames, bands))
    } else {
        ([frames, bands], mel)
    };
    if outputs::is_stdout(&args.output) {
        print::bytes(&npy::encode_f32(&shape, &mel)?)?;
    } else {
        npy::write_f32(&args.output, &shape, &mel)?;
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
    let text = format!(
        "{}: {} of {bands} bands, {:.2} s",
        outputs::name(&args.output),
        print::count(frames, "frame"),
        made.seconds
    );
    outputs::tell(&args.output, &text)
}

/// `[columns, rows]` from `[rows, columns]`.
pub(crate) fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| data[row * columns + column]))
        .collect()
}
