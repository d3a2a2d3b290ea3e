//! `tts vocode`: a mel spectrogram to sound.

use std::time::Instant;

use serde::Serialize;

use tts::audio::npy::{self, Array};
use tts::synth::VocodeOptions;

use crate::args::Vocode;
use crate::engine::Ready;
use crate::fail::{Fail, Result};
use crate::mel::transpose;
use crate::progress::Progress;
use crate::sink::Sink;
use crate::{input, outputs, print};

/// Frames that go to the vocoder between two looks at the progress.
const FRAMES_AT_ONCE: usize = 256;

#[derive(Serialize)]
struct Made {
    output: String,
    voice: String,
    device: String,
    precision: &'static str,
    threads: usize,
    seed: u64,
    sample_rate: u32,
    frames: usize,
    samples: u64,
    seconds: f64,
    load_s: f64,
    vocode_s: f64,
    rtf: f64,
}

pub(crate) fn run(args: &Vocode) -> Result {
    outputs::check(&args.output.output, args.json, &[])?;
    let (input, name) = input::open(&args.mel)?;
    let array = npy::read(input, &name)?;
    let ready = Ready::new(&args.engine)?;
    let bands = ready.synthesizer.config().audio.n_mel_channels;
    let mel = frames_first(array, bands, args.bands_first)
        .map_err(|reason| Fail::failed(format!("{name}: {reason}")))?;
    let mut vocoder = ready.synthesizer.vocoder(&VocodeOptions {
        seed: args.vocoder.seed,
        sigma: args.vocoder.sigma,
        denoise: args.vocoder.denoise,
    })?;
    let mut sink = Sink::create(&args.output, ready.sample_rate())?;
    let begun = Instant::now();
    let frames = mel.len() / bands;
    let progress = Progress::new(frames as u64, "vocoding");
    let mut audio = Vec::new();
    let mut done = 0;
    for block in mel.chunks(FRAMES_AT_ONCE * bands) {
        done += block.len() / bands;
        audio.clear();
        vocoder.push(block, done == frames, &mut audio)?;
        sink.write(&audio)?;
        progress.set(done as u64);
    }
    drop(progress);
    let seconds_taken = begun.elapsed().as_secs_f64();
    let sample_rate = sink.sample_rate();
    let samples = sink.finish()?;
    let seconds = samples as f64 / f64::from(sample_rate);
    let made = Made {
        output: args.output.output.display().to_string(),
        voice: ready.synthesizer.config().name.clone(),
        device: ready.device.clone(),
        precision: ready.precision(),
        threads: ready.threads,
        seed: args.vocoder.seed,
        sample_rate,
        frames,
        samples,
        seconds,
        load_s: ready.load.as_secs_f64(),
        vocode_s: seconds_taken,
        rtf: seconds / seconds_taken,
    };
    if args.json {
        return print::json(&made);
    }
    let text = format!(
        "{}: {:.2} s of sound from {} in {} s, {} x real time",
        outputs::name(&args.output.output),
        made.seconds,
        print::count(frames, "frame"),
        print::digits(made.vocode_s),
        print::digits(made.rtf)
    );
    outputs::tell(&args.output.output, &text)
}

/// The mel as `[frames, bands]`, or what is wrong with it.
fn frames_first(
    array: Array,
    bands: usize,
    bands_first: bool,
) -> std::result::Result<Vec<f32>, String> {
    let Array { mut shape, data } = array;
    // A batch of one, as PyTorch programs write it.
    if shape.len() == 3 && shape[0] == 1 {
        shape.remove(0);
    }
    let &[rows, columns] = shape.as_slice() else {
        return Err(format!(
            "its shape is {shape:?}; a mel is [frames, {bands}]"
        ));
    };
    let (frames, found) = if bands_first {
        (columns, rows)
    } else {
        (rows, columns)
    };
    if found != bands {
        let hint = if frames == bands && !bands_first {
            "; it looks like [bands, frames]: use --bands-first"
        } else if frames == bands {
            "; it looks like [frames, bands]: leave --bands-first out"
        } else {
            ""
        };
        return Err(format!(
            "it has {found} bands, but the voice speaks from {bands}{hint}"
        ));
    }
    if frames == 0 {
        return Err("it has no frames".to_owned());
    }
    if let Some(at) = data.iter().position(|v| !v.is_finite()) {
        return Err(format!("value {at} is {}, which is no magnitude", data[at]));
    }
    Ok(if bands_first {
        transpose(&data, bands, frames)
    } else {
        data
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both layouts give the same frames, and a wrong one is explained.
    #[test]
    fn layouts() {
        let mel = |shape: &[usize], bands_first| {
            let data = (0..shape.iter().product())
                .map(|i: usize| i as f32)
                .collect();
            let shape = shape.to_vec();
            frames_first(Array { shape, data }, 2, bands_first)
        };
        assert_eq!(mel(&[3, 2], false).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(mel(&[2, 3], true).unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(mel(&[1, 3, 2], false).unwrap().len(), 6);
        assert!(
            mel(&[2, 3], false)
                .unwrap_err()
                .contains("use --bands-first")
        );
        assert!(
            mel(&[3, 2], true)
                .unwrap_err()
                .contains("leave --bands-first out")
        );
        assert!(mel(&[0, 2], false).unwrap_err().contains("no frames"));
        assert!(mel(&[6], false).unwrap_err().contains("a mel is"));
        assert!(mel(&[2, 3, 2], false).is_err());
    }
}
