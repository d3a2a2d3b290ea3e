//! The short-time Fourier transform of a signal that arrives in pieces, and the overlap-add that undoes its frames.
//!
//! Frames are centred: frame `i` is the window around sample `i * hop`, the signal being extended
//! at both ends by its reflection, as `torch.stft(center=True)` and librosa do. A signal of `n`
//! samples has `n / hop + 1` frames (integer division).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::{Error, Result};

/// Largest FFT length accepted: well above any in use, well below what could exhaust memory.
const MAX_FFT: usize = 1 << 16;

/// Sizes of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StftSizes {
    /// FFT length in samples; even.
    pub fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Length of the periodic Hann window in samples, centred in the FFT; at most `fft`.
    pub window: usize,
}

impl StftSizes {
    /// What Tacotron 2 and WaveGlow were published with: 1024 / 256 / 1024.
    pub const PUBLISHED: Self = Self {
        fft: 1024,
        hop: 256,
        window: 1024,
    };

    /// Frequency bins of a spectrum: `fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Frames of a signal of `samples` samples.
    pub fn frames(&self, samples: usize) -> usize {
        if samples == 0 {
            0
        } else {
            samples / self.hop + 1
        }
    }

    fn check(&self) -> Result<()> {
        let Self { fft, hop, window } = *self;
        if !(2..=MAX_FFT).contains(&fft) || fft % 2 != 0 {
            return Err(Error::Argument(format!(
                "the FFT length is {fft}, but must be even and from 2 to {MAX_FFT}"
            )));
        }
        if window == 0 || window > fft {
            return Err(Error::Argument(format!(
                "the window is {window} samples long, but must be from 1 to the FFT length {fft}"
            )));
        }
        if hop == 0 || hop > fft {
            return Err(Error::Argument(format!(
                "the hop is {hop} samples, but must be from 1 to the FFT length {fft}"
            )));
        }
        Ok(())
    }

    /// The periodic Hann window, zero-padded on both sides to the FFT length.
    pub(crate) fn hann(&self) -> Vec<f32> {
        let mut window = vec![0.0; self.fft];
        let start = (self.fft - self.window) / 2;
        for (i, w) in window[start..start + self.window].iter_mut().enumerate() {
            let phase = std::f64::consts::TAU * i as f64 / self.window as f64;
            *w = (0.5 - 0.5 * phase.cos()) as f32;
        }
        window
    }
}

/// Cuts a signal that arrives in pieces into frames.
pub struct Frames {
    sizes: StftSizes,
    /// The extended signal, from a sample on.
    signal: Vec<f32>,
    /// Where the next frame starts in `signal`.
    next: usize,
    /// Whether the reflection before the first sample is in `signal`.
    started: bool,
}

impl Frames {
    /// At the start of a signal.
    ///
    /// # Errors
    /// [`Error::Argument`] for sizes that cannot be.
    pub fn new(sizes: StftSizes) -> Result<Self> {
        sizes.check()?;
        Ok(Self {
            sizes,
            signal: Vec::new(),
            next: 0,
            started: false,
        })
    }

    /// Takes the next samples and calls `each` with every frame (`[fft]`, without a window) that they complete, in
    /// order.
    pub fn process(&mut self, samples: &[f32], mut each: impl FnMut(&[f32])) {
        self.signal.extend_from_slice(samples);
        let half = self.sizes.fft / 2;
        if !self.started {
            // The reflection of the first samples can only be made once they are all there.
            if self.signal.len() <= half {
                return;
            }
            self.extend_front();
        }
        self.emit(&mut each);
    }

    /// Ends the signal: calls `each` with the frames that needed the reflection at its end. Then ready for the next
    /// signal.
    pub fn finish(&mut self, mut each: impl FnMut(&[f32])) {
        let half = self.sizes.fft / 2;
        if !self.started && !self.signal.is_empty() {
            self.extend_front();
        }
        if self.started {
            // The samples that the signal ends with, or their reflection where it is that short.
            let tail = self.signal[self.signal.len() - half - 1..].to_vec();
            self.signal.extend(tail[..half].iter().rev());
            self.emit(&mut each);
        }
        self.restart();
    }

    /// Before the first sample of a signal, whatever came before.
    pub fn restart(&mut self) {
        self.signal.clear();
        self.next = 0;
        self.started = false;
    }

    fn extend_front(&mut self) {
        let n = self.signal.len();
        let half = self.sizes.fft / 2;
        let mut extended = Vec::with_capacity(n + 2 * half);
        extended.extend(
            (1..=half)
                .rev()
                .map(|i| self.signal[reflect(-(i as isize), n)]),
        );
        extended.append(&mut self.signal);
        self.signal = extended;
        self.started = true;
    }

    fn emit(&mut self, each: &mut impl FnMut(&[f32])) {
        let StftSizes { fft, hop, .. } = self.sizes;
        while self.signal.len() - self.next.min(self.signal.len()) >= fft {
            each(&self.signal[self.next..self.next + fft]);
            self.next += hop;
        }
        // The last half window and one sample stay, for the reflection at the end.
        let keep = (fft / 2 + 1).min(self.signal.len());
        let drop = self.next.min(self.signal.len() - keep);
        self.signal.drain(..drop);
        self.next -= drop;
    }
}

/// Streaming forward transform.
pub struct Stft {
    frames: Frames,
    transform: Transform,
}

/// What a frame's transform works with.
struct Transform {
    forward: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Stft {
    /// A transform at the start of a signal.
    ///
    /// # Errors
    /// [`Error::Argument`] for sizes that cannot be.
    pub fn new(sizes: StftSizes) -> Result<Self> {
        let frames = Frames::new(sizes)?;
        let forward = RealFftPlanner::new().plan_fft_forward(sizes.fft);
        let transform = Transform {
            window: sizes.hann(),
            frame: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: forward.make_scratch_vec(),
            forward,
        };
        Ok(Self { frames, transform })
    }

    /// The sizes it was made with.
    pub fn sizes(&self) -> StftSizes {
        self.frames.sizes
    }

    /// Takes the next samples and calls `each` with every spectrum (`[bins]`, to be changed
    /// freely) that they complete, in order.
    pub fn process(&mut self, samples: &[f32], mut each: impl FnMut(&mut [Complex<f32>])) {
        let Self { frames, transform } = self;
        frames.process(samples, |frame| each(transform.of(frame)));
    }

    /// Ends the signal: calls `each` with the spectra that needed the reflection at its end. The
    /// transform is then ready for the next signal.
    pub fn finish(&mut self, mut each: impl FnMut(&mut [Complex<f32>])) {
        let Self { frames, transform } = self;
        frames.finish(|frame| each(transform.of(frame)));
    }
}

impl Transform {
    /// The spectrum of a frame.
    fn of(&mut self, samples: &[f32]) -> &mut [Complex<f32>] {
        for ((f, s), w) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *f = s * w;
        }
        self.forward
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers were made by this very plan");
        &mut self.spectrum
    }
}

/// Index of position `i` in a signal of `n` samples that is reflected at its ends, without the end
/// samples twice; again and again where it is shorter than the reflection.
fn reflect(i: isize, n: usize) -> usize {
    if n == 1 {
        return 0;
    }
    let period = 2 * (n as isize - 1);
    let i = i.rem_euclid(period);
    (if i < n as isize { i } else { period - i }) as usize
}

/// Adds overlapping frames up to a signal, divided by the sum of the squared windows (Griffin and Lim 1984), the reflections
/// at both ends cut off.
pub struct OverlapAdd {
    sizes: StftSizes,
    window: Vec<f32>,
    /// Sums of windowed frames, and of squared windows, from the next sample to give out.
    sum: Vec<f32>,
    weight: Vec<f32>,
    /// Samples of the reflection before the first sample that are still to be cut off.
    skip: usize,
}

impl OverlapAdd {
    /// At the start of a signal.
    ///
    /// # Errors
    /// [`Error::Argument`] for sizes that cannot be.
    pub fn new(sizes: StftSizes) -> Result<Self> {
        sizes.check()?;
        Ok(Self {
            sizes,
            window: sizes.hann(),
            sum: vec![0.0; sizes.fft],
            weight: vec![0.0; sizes.fft],
            skip: sizes.fft / 2,
        })
    }

    /// Adds the next frame (`[fft]`, windowed twice: before its transform and after) and appends to `out` the samples that no
    /// later frame touches.
    ///
    /// # Panics
    /// If the frame has another length.
    pub fn process(&mut self, frame: &[f32], out: &mut Vec<f32>) {
        assert_eq!(frame.len(), self.sizes.fft);
        for (i, w) in self.window.iter().enumerate() {
            self.sum[i] += frame[i];
            self.weight[i] += w * w;
        }
        self.give(self.sizes.hop, out);
    }

    /// Ends the signal: appends to `out` what is left, up to half a window beyond the centre of
    /// the last frame. Then ready for the next signal.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        self.give(self.sizes.fft - self.sizes.hop, out);
        self.restart();
    }

    /// Before the first sample of a signal, whatever came before.
    pub fn restart(&mut self) {
        self.sum.fill(0.0);
        self.weight.fill(0.0);
        self.skip = self.sizes.fft / 2;
    }

    /// Gives out the first `n` samples of the sums and moves the rest to the front.
    fn give(&mut self, n: usize, out: &mut Vec<f32>) {
        let skipped = self.skip.min(n);
        self.skip -= skipped;
        out.extend(
            self.sum[skipped..n]
                .iter()
                .zip(&self.weight[skipped..n])
                .map(|(sum, weight)| sum / weight.max(f32::MIN_POSITIVE)),
        );
        for sums in [&mut self.sum, &mut self.weight] {
            sums.copy_within(n.., 0);
            let kept = sums.len() - n;
            sums[kept..].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reflection repeats no end sample and works for signals shorter than the padding.
    #[test]
    fn reflection_matches_numpy() {
        let at = |n, range: std::ops::Range<isize>| -> Vec<usize> {
            range.map(|i| reflect(i, n)).collect()
        };
        assert_eq!(at(4, -3..7), [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(at(2, -3..4), [1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(at(1, -3..4), [0; 7]);
    }

    /// Overlapping frames add up to the signal, for every length around the sizes of a frame, and the
    /// number of frames is the documented one.
    #[test]
    fn frames_add_up_to_the_signal() {
        const ROUNDING: f32 = 1e-5;
        let sizes = StftSizes {
            fft: 64,
            hop: 16,
            window: 64,
        };
        let window = sizes.hann();
        let mut cut = Frames::new(sizes).unwrap();
        let mut overlap = OverlapAdd::new(sizes).unwrap();
        for n in (1..=70).chain([127, 128, 129, 1000]) {
            let signal: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin()).collect();
            let (mut out, mut frames) = (Vec::new(), 0);
            let mut each = |frame: &[f32]| {
                frames += 1;
                let windowed = frame.iter().zip(&window).map(|(x, w)| x * w * w);
                overlap.process(&windowed.collect::<Vec<_>>(), &mut out);
            };
            cut.process(&signal, &mut each);
            cut.finish(&mut each);
            overlap.finish(&mut out);
            assert_eq!(frames, sizes.frames(n), "frames of {n} samples");
            assert!(out.len() >= n);
            for (a, b) in signal.iter().zip(&out) {
                assert!((a - b).abs() < ROUNDING, "{n} samples: {a} became {b}");
            }
        }
    }

    /// An empty signal has no frames; sizes that cannot be are refused.
    #[test]
    fn bounds() {
        let mut stft = Stft::new(StftSizes::PUBLISHED).unwrap();
        stft.process(&[], |_| panic!("no frame"));
        stft.finish(|_| panic!("no frame"));
        for (fft, hop, window) in [(0, 1, 1), (7, 1, 1), (8, 0, 8), (8, 2, 9), (1 << 40, 1, 1)] {
            assert!(Stft::new(StftSizes { fft, hop, window }).is_err());
        }
    }
}
