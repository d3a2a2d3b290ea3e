//! Changing the sample rate of a stream.
//!
//! Band-limited interpolation with a linear-phase windowed sinc in polyphase form (Smith, *Digital
//! Audio Resampling*). Positions are whole numbers, so that there is no drift; every output sample
//! is one dot product over a fixed set of input samples, so that the result does not depend on how
//! the input is cut, and its delay is taken off. (General resampling crates work in blocks whose
//! size shows in the output's length and delay.)

use super::{Error, Result};
use crate::room;

/// Lowest rate accepted, Hz.
pub const MIN_RATE: u32 = 4_000;
/// Highest rate accepted, Hz.
pub const MAX_RATE: u32 = 384_000;

/// Zero crossings of the sinc on each side: a transition band of a tenth of the lower rate's
/// spectrum.
const HALF_CROSSINGS: usize = 64;
/// Shape of the Kaiser window: side lobes 90 dB down, below the noise of 16 bits.
const KAISER_BETA: f64 = 9.0;
/// The cut-off, as a fraction of the lower rate's half: what folds back lies in the transition band.
const CUTOFF: f64 = 0.955;
/// Most coefficients kept. More phases than fit are interpolated linearly between neighbours, whose
/// error is below the side lobes.
const MAX_COEFFICIENTS: usize = 1 << 18;

/// A streaming resampler.
///
/// `n` samples in give `round(n * output / input)` samples out; sample `i` of the output is the
/// signal at time `i / output` seconds. Before its start and after its end the signal is silence.
pub struct Resampler {
    /// The ratio of the rates in lowest terms: `input` samples last as long as `output` ones.
    input: u64,
    output: u64,
    /// Input samples that an output sample is made of.
    taps: usize,
    /// Positions between two input samples for which there are coefficients.
    phases: usize,
    /// `[phases + 1, taps]`; the last row is the first one, an input sample later.
    coefficients: Vec<f32>,
    /// Input from sample `start` on, where sample `-taps / 2` is the first that is looked at.
    history: Vec<f32>,
    start: i64,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A resampler from one rate to another, both in Hz.
    ///
    /// # Errors
    /// [`Error::Argument`] for a rate below [`MIN_RATE`] or above [`MAX_RATE`].
    pub fn new(input_rate: u32, output_rate: u32) -> Result<Self> {
        for rate in [input_rate, output_rate] {
            if !(MIN_RATE..=MAX_RATE).contains(&rate) {
                return Err(Error::Argument(format!(
                    "a sample rate of {rate} Hz cannot be made; \
                     choose one from {MIN_RATE} to {MAX_RATE}, for example 44100 or 48000"
                )));
            }
        }
        let divisor = gcd(input_rate, output_rate);
        let (input, output) = (input_rate / divisor, output_rate / divisor);
        let stretch = (f64::from(input) / f64::from(output)).max(1.0);
        let half = (HALF_CROSSINGS as f64 * stretch / CUTOFF).ceil() as usize;
        let taps = 2 * half;
        let phases = (output as usize).min(MAX_COEFFICIENTS / taps);
        let mut resampler = Self {
            input: u64::from(input),
            output: u64::from(output),
            taps,
            phases,
            coefficients: Vec::new(),
            history: Vec::new(),
            start: 0,
            taken: 0,
            given: 0,
        };
        if input != output {
            resampler.coefficients = coefficients(phases, half, CUTOFF / stretch);
            resampler.reset();
        }
        Ok(resampler)
    }

    /// Takes the next samples and appends to `out` those that they complete.
    pub fn process(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let ratio = self.output.div_ceil(self.input) as usize;
        room::reserve(out, (samples.len() + 1) * ratio);
        if self.coefficients.is_empty() {
            out.extend_from_slice(samples);
            return;
        }
        self.history.extend_from_slice(samples);
        self.taken += samples.len() as u64;
        self.emit(u64::MAX, out);
    }

    /// Ends the signal and appends the last samples; then ready for the next signal.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        if self.coefficients.is_empty() {
            return;
        }
        let total = (u128::from(self.taken) * u128::from(self.output) * 2 + u128::from(self.input))
            / (u128::from(self.input) * 2);
        // The last sample may lie up to one input sample beyond the end.
        self.history.extend(std::iter::repeat_n(0.0, self.taps + 1));
        self.emit(total as u64, out);
        self.reset();
    }

    fn reset(&mut self) {
        self.history.clear();
        self.history.resize(self.taps / 2, 0.0);
        self.start = -(self.taps as i64 / 2);
        self.taken = 0;
        self.given = 0;
    }

    /// Makes samples as far as the input reaches, `total` of them at most.
    fn emit(&mut self, total: u64, out: &mut Vec<f32>) {
        while self.given < total {
            // The output sample lies `fraction / output` after input sample `whole`.
            let position = u128::from(self.given) * u128::from(self.input);
            let whole = (position / u128::from(self.output)) as i64;
            let fraction = (position % u128::from(self.output)) as u64;
            let first = (whole - (self.taps as i64 / 2 - 1) - self.start) as usize;
            let Some(samples) = self.history.get(first..first + self.taps) else {
                break;
            };
            out.push(self.interpolate(samples, fraction));
            self.given += 1;
        }
        let position = u128::from(self.given) * u128::from(self.input) / u128::from(self.output);
        let needed = position as i64 - (self.taps as i64 / 2 - 1);
        let drop = ((needed - self.start).max(0) as usize).min(self.history.len());
        self.history.drain(..drop);
        self.start += drop as i64;
    }

    fn interpolate(&self, samples: &[f32], fraction: u64) -> f32 {
        let row = |i: usize| &self.coefficients[i * self.taps..(i + 1) * self.taps];
        if self.phases as u64 == self.output {
            return dot(row(fraction as usize), samples);
        }
        let at = fraction as f64 * self.phases as f64 / self.output as f64;
        let lower = (at as usize).min(self.phases - 1);
        let weight = (at - lower as f64) as f32;
        dot(row(lower), samples) * (1.0 - weight) + dot(row(lower + 1), samples) * weight
    }
}

/// In eight sums, so that it becomes vector instructions: the same ones whatever the chunk.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// `[phases + 1, 2 * half]`: row `p` weighs the samples around a position `p / phases` after the
/// sample of column `half - 1`.
pub(crate) fn coefficients(phases: usize, half: usize, cutoff: f64) -> Vec<f32> {
    let mut all = Vec::with_capacity((phases + 1) * 2 * half);
    for phase in 0..=phases {
        let position = phase as f64 / phases as f64 + (half - 1) as f64;
        let row: Vec<f64> = (0..2 * half)
            .map(|column| {
                let distance = column as f64 - position;
                let window = kaiser(distance / half as f64);
                window * sinc(cutoff * distance)
            })
            .collect();
        // Every phase passes a constant unchanged.
        let gain: f64 = row.iter().sum();
        all.extend(row.iter().map(|c| (c / gain) as f32));
    }
    all
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// The Kaiser window at `x` from -1 to 1, zero beyond.
fn kaiser(x: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside < 0.0 {
        return 0.0;
    }
    bessel_i0(KAISER_BETA * inside.sqrt()) / bessel_i0(KAISER_BETA)
}

/// Modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
