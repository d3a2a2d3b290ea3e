//! Frames of the denoiser, by the real transforms of the `realfft` crate.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::audio::stft::StftSizes;
use crate::backend::DENOISER_FRAME;

/// The plans of both transforms, and what they work in.
pub(super) struct Transforms {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transforms {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(DENOISER_FRAME);
        let inverse = planner.plan_fft_inverse(DENOISER_FRAME);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            window: StftSizes::PUBLISHED.hann(),
            frame: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::ZERO; scratch],
            forward,
            inverse,
        }
    }

    /// Denoises a frame.
    pub(super) fn denoise(&mut self, subtract: &[f32], x: &[f32], y: &mut [f32]) {
        const PLANNED: &str = "the buffers were made by these very plans";
        for ((f, x), w) in self.frame.iter_mut().zip(x).zip(&self.window) {
            *f = x * w;
        }
        let (frame, spectrum) = (&mut self.frame, &mut self.spectrum);
        self.forward
            .process_with_scratch(frame, spectrum, &mut self.scratch)
            .expect(PLANNED);
        for (s, subtract) in spectrum.iter_mut().zip(subtract) {
            let magnitude = s.norm();
            if magnitude > *subtract {
                *s *= (magnitude - subtract) / magnitude;
            } else {
                *s = Complex::ZERO;
            }
        }
        // The spectrum of a real signal is real at both ends.
        spectrum[0].im = 0.0;
        spectrum[DENOISER_FRAME / 2].im = 0.0;
        self.inverse
            .process_with_scratch(spectrum, frame, &mut self.scratch)
            .expect(PLANNED);
        let scale = 1.0 / DENOISER_FRAME as f32;
        for ((y, f), w) in y.iter_mut().zip(frame).zip(&self.window) {
            *y = *f * scale * w;
        }
    }
}
