//! The published WaveGlow denoiser: subtracts from every spectrum what the vocoder adds to all of
//! them.
//!
//! WaveGlow leaves stationary tones at multiples of an eighth of the sample rate. Their spectrum,
//! the *bias*, is what it makes of an empty mel without noise; a fraction of its magnitude is
//! taken off each frame's magnitude and the phase is kept.

use realfft::num_complex::Complex;

use super::stft::{InverseStft, Stft, StftSizes};
use super::{Error, Result};

/// Magnitudes in a bias spectrum: the bins of the published transform.
pub const BIAS_BINS: usize = 513;

/// Streaming denoiser. It gives back as many samples as it was given, up to about 1024 samples
/// later.
pub struct Denoiser {
    stft: Stft,
    inverse: InverseStft,
    /// Magnitude taken off each bin, the strength included.
    subtract: Vec<f32>,
    /// Samples taken in and given out so far.
    taken: usize,
    given: usize,
}

impl Denoiser {
    /// A denoiser with a bias spectrum (`[513]`, magnitudes, from [`bias_from_audio`]) and a
    /// strength: 0 changes nothing, the published programs use 0.01 to 0.1.
    ///
    /// # Errors
    /// [`Error::Argument`] if the bias has another length or either is not a finite number of at
    /// least 0.
    pub fn new(bias: Vec<f32>, strength: f32) -> Result<Self> {
        if bias.len() != BIAS_BINS {
            return Err(Error::Argument(format!(
                "the denoiser's bias has {} magnitudes, not {BIAS_BINS}",
                bias.len()
            )));
        }
        if !(strength >= 0.0 && strength.is_finite()) {
            return Err(Error::Argument(format!(
                "the denoiser's strength is {strength}, but must be 0 or more (0.01 to 0.1 is usual)"
            )));
        }
        let mut subtract = bias;
        for s in &mut subtract {
            *s *= strength;
            if !(*s >= 0.0 && s.is_finite()) {
                return Err(Error::Argument(
                    "the denoiser's bias is not a spectrum of finite magnitudes".to_owned(),
                ));
            }
        }
        Ok(Self {
            stft: Stft::new(StftSizes::PUBLISHED)?,
            inverse: InverseStft::new(StftSizes::PUBLISHED)?,
            subtract,
            taken: 0,
            given: 0,
        })
    }

    /// Takes the next samples and appends to `out` those that are done.
    pub fn process(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let before = out.len();
        let Self {
            stft,
            inverse,
            subtract,
            ..
        } = self;
        stft.process(input, |s| denoise_frame(s, subtract, inverse, out));
        self.taken += input.len();
        self.given += out.len() - before;
    }

    /// Ends the signal and appends the last samples, so that as many came out as went in. The
    /// denoiser is then ready for the next signal.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let before = out.len();
        let Self {
            stft,
            inverse,
            subtract,
            ..
        } = self;
        stft.finish(|s| denoise_frame(s, subtract, inverse, out));
        inverse.finish(out);
        // Frames reach up to half a window beyond the last sample.
        out.truncate(before + self.taken - self.given);
        self.taken = 0;
        self.given = 0;
    }
}

fn denoise_frame(
    spectrum: &mut [Complex<f32>],
    subtract: &[f32],
    inverse: &mut InverseStft,
    out: &mut Vec<f32>,
) {
    for (s, subtract) in spectrum.iter_mut().zip(subtract) {
        let magnitude = s.norm();
        if magnitude > *subtract {
            *s *= (magnitude - subtract) / magnitude;
        } else {
            *s = Complex::ZERO;
        }
    }
    inverse
        .process(spectrum, out)
        .expect("both transforms have the published sizes");
}

/// The bias spectrum (`[513]`, magnitudes) of a vocoder, from the audio that it makes of a mel of
/// zeros without noise: as published, the first frame of its STFT. All zero for empty audio.
pub fn bias_from_audio(audio: &[f32]) -> Vec<f32> {
    let mut bias = Vec::with_capacity(BIAS_BINS);
    let mut first = |spectrum: &mut [Complex<f32>]| {
        if bias.is_empty() {
            bias.extend(spectrum.iter().map(|s| s.norm()));
        }
    };
    // The published sizes are always accepted.
    if let Ok(mut stft) = Stft::new(StftSizes::PUBLISHED) {
        stft.process(audio, &mut first);
        stft.finish(&mut first);
    }
    bias.resize(BIAS_BINS, 0.0);
    bias
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(denoiser: &mut Denoiser, signal: &[f32], chunk: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for piece in signal.chunks(chunk) {
            denoiser.process(piece, &mut out);
        }
        denoiser.finish(&mut out);
        out
    }

    /// As many samples come out as went in, the same ones however they were cut, and the denoiser
    /// can be used again.
    #[test]
    fn pieces_do_not_matter() {
        let mut denoiser = Denoiser::new(vec![1.0; BIAS_BINS], 0.3).unwrap();
        for n in [0, 1, 255, 256, 511, 512, 513, 1024, 5000] {
            let signal: Vec<f32> = (0..n).map(|i| (i as f32 * 0.1).sin()).collect();
            let whole = run(&mut denoiser, &signal, n.max(1));
            assert_eq!(whole.len(), n);
            for chunk in [1, 7, 256, 1000] {
                assert!(
                    run(&mut denoiser, &signal, chunk) == whole,
                    "{n} by {chunk}"
                );
            }
        }
    }

    /// Strength 0 gives the signal back.
    #[test]
    fn strength_zero_changes_nothing() {
        const ROUNDING: f32 = 1e-6;
        let mut denoiser = Denoiser::new(vec![9.0; BIAS_BINS], 0.0).unwrap();
        let signal: Vec<f32> = (0..3000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
        let out = run(&mut denoiser, &signal, 300);
        assert!(
            signal
                .iter()
                .zip(&out)
                .all(|(a, b)| (a - b).abs() < ROUNDING)
        );
    }

    /// What makes no sense is refused.
    #[test]
    fn arguments_are_checked() {
        assert!(Denoiser::new(vec![0.0; 12], 0.1).is_err());
        assert!(Denoiser::new(vec![0.0; BIAS_BINS], -1.0).is_err());
        assert!(Denoiser::new(vec![0.0; BIAS_BINS], f32::NAN).is_err());
        assert!(Denoiser::new(vec![f32::INFINITY; BIAS_BINS], 0.1).is_err());
    }
}
