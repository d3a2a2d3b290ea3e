//! The published WaveGlow denoiser: subtracts from every spectrum what the vocoder adds to all of
//! them.
//!
//! WaveGlow leaves stationary tones at multiples of an eighth of the sample rate. Their spectrum,
//! the *bias*, is what it makes of an empty mel without noise; a fraction of its magnitude is
//! taken off each frame's magnitude and the phase is kept.

use realfft::num_complex::Complex;

use crate::audio::stft::{Frames, OverlapAdd, Stft, StftSizes};
use crate::backend::{Backend, Error, rows, rows_mut};
use crate::room;

/// The published transform's.
const SIZES: StftSizes = StftSizes::PUBLISHED;

/// Frames that a device is given at once: a block of sound.
const MOST_FRAMES: usize = 64;

/// Streaming denoiser on a device. It gives back as many samples as it was given, up to about 1024 samples
/// later.
pub struct Denoiser<B: Backend> {
    frames: Frames,
    overlap: OverlapAdd,
    /// `[1, 513]`: the magnitude taken off each bin, the strength included.
    subtract: B::Tensor,
    /// `[MOST_FRAMES, 1024]`: frames before, and after.
    noisy: B::Tensor,
    clean: B::Tensor,
    /// Samples taken in and given out so far.
    taken: usize,
    given: usize,
}

impl<B: Backend> Denoiser<B> {
    /// A denoiser that takes nothing off until [`Denoiser::restart`].
    #[allow(
        clippy::missing_panics_doc,
        reason = "the published sizes are accepted"
    )]
    pub fn new(backend: &mut B) -> Self {
        Self {
            frames: Frames::new(SIZES).expect("right sizes"),
            overlap: OverlapAdd::new(SIZES).expect("right sizes"),
            subtract: backend.zeros(1, SIZES.bins()),
            noisy: backend.zeros(MOST_FRAMES, SIZES.fft),
            clean: backend.zeros(MOST_FRAMES, SIZES.fft),
            taken: 0,
            given: 0,
        }
    }

    /// Before the first sample of a signal, with a bias spectrum (`[513]`, magnitudes, from [`bias_from_audio`]) and a
    /// strength of at least 0, which changes nothing; the published programs use 0.01 to 0.1.
    ///
    /// # Panics
    /// If the bias has another length.
    pub fn restart(&mut self, backend: &mut B, bias: &[f32], strength: f32) {
        assert_eq!(bias.len(), SIZES.bins());
        let subtract: Vec<f32> = bias.iter().map(|magnitude| magnitude * strength).collect();
        backend.write(rows_mut(&mut self.subtract, 0), &subtract);
        self.frames.restart();
        self.overlap.restart();
        self.taken = 0;
        self.given = 0;
    }

    /// Takes the next samples and appends to `out` those that are done.
    ///
    /// # Errors
    /// As [`Backend::wait`].
    pub fn process(
        &mut self,
        backend: &mut B,
        input: &[f32],
        out: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let before = out.len();
        let mut frames = Vec::new();
        self.frames.process(input, keep_in(&mut frames));
        self.denoise(backend, &frames, out)?;
        self.taken += input.len();
        self.given += out.len() - before;
        Ok(())
    }

    /// Ends the signal and appends the last samples, so that as many came out as went in. The
    /// denoiser is then ready for the next signal.
    ///
    /// # Errors
    /// As [`Backend::wait`].
    pub fn finish(&mut self, backend: &mut B, out: &mut Vec<f32>) -> Result<(), Error> {
        let before = out.len();
        let mut frames = Vec::new();
        self.frames.finish(keep_in(&mut frames));
        self.denoise(backend, &frames, out)?;
        self.overlap.finish(out);
        // Frames reach up to half a window beyond the last sample.
        out.truncate(before + self.taken - self.given);
        self.taken = 0;
        self.given = 0;
        Ok(())
    }

    fn denoise(
        &mut self,
        backend: &mut B,
        frames: &[f32],
        out: &mut Vec<f32>,
    ) -> Result<(), Error> {
        for frames in frames.chunks(MOST_FRAMES * SIZES.fft) {
            let n = frames.len() / SIZES.fft;
            backend.write(rows_mut(&mut self.noisy, 0), frames);
            let to = rows_mut(&mut self.clean, 0);
            backend.denoise(&self.subtract, rows(&self.noisy, 0), to, n);
            for frame in backend.read(&self.clean, 0..n)?.chunks_exact(SIZES.fft) {
                self.overlap.process(frame, out);
            }
        }
        Ok(())
    }
}

/// Keeps one frame after the other.
fn keep_in(frames: &mut Vec<f32>) -> impl FnMut(&[f32]) {
    |frame| {
        room::reserve(frames, frame.len());
        frames.extend_from_slice(frame);
    }
}

/// The bias spectrum (`[513]`, magnitudes) of a vocoder, from the audio that it makes of a mel of
/// zeros without noise: as published, the first frame of its STFT. All zero for empty audio.
pub fn bias_from_audio(audio: &[f32]) -> Vec<f32> {
    let mut bias = Vec::with_capacity(SIZES.bins());
    let mut first = |spectrum: &mut [Complex<f32>]| {
        if bias.is_empty() {
            bias.extend(spectrum.iter().map(|s| s.norm()));
        }
    };
    // The published sizes are always accepted.
    if let Ok(mut stft) = Stft::new(SIZES) {
        stft.process(audio, &mut first);
        stft.finish(&mut first);
    }
    bias.resize(SIZES.bins(), 0.0);
    bias
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::Cpu;

    fn run(
        backend: &mut Cpu,
        denoiser: &mut Denoiser<Cpu>,
        signal: &[f32],
        chunk: usize,
    ) -> Vec<f32> {
        let mut out = Vec::new();
        for piece in signal.chunks(chunk) {
            denoiser.process(backend, piece, &mut out).unwrap();
        }
        denoiser.finish(backend, &mut out).unwrap();
        out
    }

    /// As many samples come out as went in, the same ones however they were cut, and the denoiser
    /// can be used again.
    #[test]
    fn pieces_do_not_matter() {
        let backend = &mut Cpu::new(1);
        let denoiser = &mut Denoiser::new(backend);
        denoiser.restart(backend, &vec![1.0; SIZES.bins()], 0.3);
        denoiser
            .process(backend, &[1.0; 3000], &mut Vec::new())
            .unwrap();
        // What was not finished is forgotten.
        denoiser.restart(backend, &vec![1.0; SIZES.bins()], 0.3);
        // The last is more than goes to the device at once.
        for n in [0, 1, 255, 256, 511, 512, 513, 1024, 5000, 20_000] {
            let signal: Vec<f32> = (0..n).map(|i| (i as f32 * 0.1).sin()).collect();
            let whole = run(backend, denoiser, &signal, n.max(1));
            assert_eq!(whole.len(), n);
            for chunk in [1, 7, 256, 1000] {
                assert!(
                    run(backend, denoiser, &signal, chunk) == whole,
                    "{n} by {chunk}"
                );
            }
        }
    }

    /// Strength 0 gives the signal back.
    #[test]
    fn strength_zero_changes_nothing() {
        const ROUNDING: f32 = 1e-6;
        let backend = &mut Cpu::new(1);
        let denoiser = &mut Denoiser::new(backend);
        denoiser.restart(backend, &vec![9.0; SIZES.bins()], 0.0);
        let signal: Vec<f32> = (0..3000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
        let out = run(backend, denoiser, &signal, 300);
        assert!(
            signal
                .iter()
                .zip(&out)
                .all(|(a, b)| (a - b).abs() < ROUNDING)
        );
    }
}
