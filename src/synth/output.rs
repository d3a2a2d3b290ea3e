//! What the caller wants to hear: another rate, pitch or loudness, after everything else.

use super::{Error, Result};
use crate::audio::resample::Resampler;

/// How the voice's samples are handed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputOptions {
    /// Samples per second; the voice's rate if `None`.
    pub sample_rate: Option<u32>,
    /// Factor of loudness, in [0, 100].
    pub gain: f32,
    /// Factor of pitch, in [0.5, 2]: the samples are played that much faster. To keep the tempo, speak
    /// at [`speed`](super::SpeakOptions::speed)` / pitch`.
    pub pitch: f32,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            sample_rate: None,
            gain: 1.0,
            pitch: 1.0,
        }
    }
}

/// The last step of an utterance, in a stream.
pub struct Output {
    resampler: Resampler,
    gain: f32,
    /// Rate that the voice's samples are taken to have, and rate of the output, Hz.
    from: u32,
    to: u32,
}

impl Output {
    /// The last step for samples of `voice_rate` Hz.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn new(voice_rate: u32, options: &OutputOptions) -> Result<Self> {
        let check = |name, value: f32, good: bool, expected| {
            let wrong = Error::Option {
                name,
                value: value.to_string(),
                expected,
            };
            if good { Ok(()) } else { Err(wrong) }
        };
        check(
            "gain",
            options.gain,
            (0.0..=100.0).contains(&options.gain),
            "a number from 0 to 100",
        )?;
        check(
            "pitch",
            options.pitch,
            (0.5..=2.0).contains(&options.pitch),
            "a number from 0.5 to 2",
        )?;
        let from = (f64::from(voice_rate) * f64::from(options.pitch)).round() as u32;
        let to = options.sample_rate.unwrap_or(voice_rate);
        Ok(Self {
            resampler: Resampler::new(from, to)?,
            gain: options.gain,
            from,
            to,
        })
    }

    /// Samples per second of the output.
    pub fn sample_rate(&self) -> u32 {
        self.to
    }

    /// Where sample `sample` of the voice is in the output.
    pub fn place(&self, sample: u64) -> u64 {
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        ((u128::from(sample) * to * 2 + from) / (from * 2)) as u64
    }

    /// Takes the voice's next samples and appends to `out` what they complete.
    pub fn process(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let begin = out.len();
        self.resampler.process(samples, out);
        self.amplify(&mut out[begin..]);
    }

    /// Ends the signal and appends its last samples.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let begin = out.len();
        self.resampler.finish(out);
        self.amplify(&mut out[begin..]);
    }

    fn amplify(&self, samples: &mut [f32]) {
        // A gain of 1 changes no bit.
        for sample in samples {
            *sample *= self.gain;
        }
    }
}

/// The nearest 16-bit sample; beyond full scale it clips, and what is not a number is silence.
pub fn to_s16(sample: f32) -> i16 {
    (sample * 32768.0).round() as i16
}
