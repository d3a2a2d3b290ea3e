//! Pitch and loudness that change inside a sentence, after the vocoder.
//!
//! Pitch is a change of rate: samples are read faster or slower, by the same interpolation as in the
//! [`Resampler`](crate::audio::resample::Resampler), while [`Tempo`](super::tempo::Tempo) makes up for the
//! time.

use crate::audio::resample::{coefficients, dot};

/// Zero crossings of the sinc on each side.
const HALF_CROSSINGS: usize = 32;
/// Positions between two samples for which there are coefficients; others are interpolated linearly.
const PHASES: usize = 256;
/// The cut-off, as a fraction of the lower rate's half.
const CUTOFF: f64 = 0.93;
/// Samples in which a new loudness is reached: a step would click.
const RAMP: f64 = 256.0;

/// Changes of pitch and loudness, whatever the chunks.
pub(super) struct Shift {
    pieces: Vec<Piece>,
    /// Input from sample `start` on.
    history: Vec<f32>,
    start: i64,
    taken: u64,
    given: u64,
}

/// Samples of one pitch and loudness.
struct Piece {
    pitch: f64,
    volume: f32,
    /// Where it begins, in samples of the input and of the output.
    from: f64,
    to: f64,
    /// `[PHASES + 1, 2 half]`; empty if the pitch is the voice's own.
    coefficients: Vec<f32>,
    half: usize,
}

impl Piece {
    fn new(pitch: f32, volume: f32, from: f64, to: f64) -> Self {
        let pitch = f64::from(pitch);
        let stretch = pitch.max(1.0);
        let half = (HALF_CROSSINGS as f64 * stretch / CUTOFF).ceil() as usize;
        let coefficients = if pitch == 1.0 {
            Vec::new()
        } else {
            coefficients(PHASES, half, CUTOFF / stretch)
        };
        Self {
            pitch,
            volume,
            from,
            to,
            coefficients,
            half,
        }
    }
}

/// Samples that are looked at before a position: as many as the highest pitch needs.
const REACH: usize = 2 * (HALF_CROSSINGS + 4);

impl Shift {
    pub(super) fn new() -> Self {
        Self {
            pieces: vec![Piece::new(1.0, 1.0, 0.0, 0.0)],
            history: vec![0.0; REACH],
            start: -(REACH as i64),
            taken: 0,
            given: 0,
        }
    }

    /// Another pitch and loudness from sample `sample` of the input on, which comes after all changes so far.
    pub(super) fn change(&mut self, sample: u64, pitch: f32, volume: f32) {
        let from = sample as f64;
        // Whole samples, so that a voice of its own pitch keeps its samples.
        let to = self.place(from).round();
        self.pieces.retain(|piece| piece.from < from);
        self.pieces.push(Piece::new(pitch, volume, from, to));
    }

    /// Where sample `sample` of the input is in the output.
    pub(super) fn place(&self, sample: f64) -> f64 {
        let next = self.pieces.partition_point(|piece| piece.from <= sample);
        let piece = &self.pieces[next.max(1) - 1];
        piece.to + (sample - piece.from) / piece.pitch
    }

    /// Takes samples and gives those that they complete; with `last`, all.
    pub(super) fn process(&mut self, samples: &[f32], last: bool) -> Vec<f32> {
        self.history.extend_from_slice(samples);
        self.taken += samples.len() as u64;
        let mut total = u64::MAX;
        if last {
            self.history.extend([0.0; 2 * REACH]);
            total = self.place(self.taken as f64).round() as u64;
        }
        let mut out = Vec::new();
        let mut position = 0;
        while self.given < total {
            let at = self.given as f64;
            let next = self.pieces.partition_point(|piece| piece.to <= at).max(1);
            let piece = &self.pieces[next - 1];
            let exact = piece.from + (at - piece.to) * piece.pitch;
            position = exact.floor() as i64;
            // All pieces wait for as much as the longest filter needs.
            if !last && position + REACH as i64 >= self.taken as i64 {
                break;
            }
            let before = self.pieces[next.max(2) - 2].volume;
            let ramp = ((at - piece.to) / RAMP).min(1.0) as f32;
            let volume = before + (piece.volume - before) * ramp;
            out.push(
                volume * self.interpolate(piece, position, (exact - exact.floor()) * PHASES as f64),
            );
            self.given += 1;
        }
        let drop = (position - REACH as i64 - self.start).max(0) as usize;
        self.history.drain(..drop.min(self.history.len()));
        self.start += drop as i64;
        out
    }

    /// The signal `phase / PHASES` after input sample `position`.
    fn interpolate(&self, piece: &Piece, position: i64, phase: f64) -> f32 {
        let at = (position - self.start) as usize;
        if piece.coefficients.is_empty() {
            return self.history.get(at).copied().unwrap_or(0.0);
        }
        let taps = 2 * piece.half;
        let first = at + 1 - piece.half;
        let Some(samples) = self.history.get(first..first + taps) else {
            return 0.0;
        };
        let lower = (phase as usize).min(PHASES - 1);
        let weight = (phase - lower as f64) as f32;
        let row = |i: usize| &piece.coefficients[i * taps..(i + 1) * taps];
        dot(row(lower), samples) * (1.0 - weight) + dot(row(lower + 1), samples) * weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sine of 100 samples a period, in chunks, with changes.
    fn run(changes: &[(u64, f32, f32)], n: usize, chunk: usize) -> Vec<f32> {
        let signal: Vec<f32> = (0..n)
            .map(|i| (i as f32 * std::f32::consts::TAU / 100.0).sin())
            .collect();
        let mut shift = Shift::new();
        for &(sample, pitch, volume) in changes {
            shift.change(sample, pitch, volume);
        }
        let mut out = Vec::new();
        for samples in signal.chunks(chunk) {
            out.extend(shift.process(samples, false));
        }
        out.extend(shift.process(&[], true));
        out
    }

    /// Upward crossings of zero.
    fn periods(signal: &[f32]) -> usize {
        signal
            .windows(2)
            .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
            .count()
    }

    #[test]
    fn chunks_do_not_change_a_sample() {
        let changes = [(1000, 1.3, 0.5), (2500, 0.7, 2.0), (3000, 1.0, 1.0)];
        let whole = run(&changes, 5000, 5000);
        for chunk in [1, 63, 777] {
            assert_eq!(run(&changes, 5000, chunk), whole, "chunks of {chunk}");
        }
    }

    /// Samples of the voice's own pitch stay as they are, at whatever place.
    #[test]
    fn loudness_alone_changes_no_sample() {
        let quiet = run(&[(1000, 1.0, 0.5)], 4000, 100);
        let plain = run(&[], 4000, 100);
        assert_eq!(quiet.len(), 4000);
        assert_eq!(quiet[..1000], plain[..1000]);
        let half: Vec<_> = plain[1300..].iter().map(|x| x * 0.5).collect();
        assert_eq!(quiet[1300..], half);
        let jump = quiet
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(jump < 0.07, "no click: {jump}");
    }

    /// Pitch is frequency; length and places go with it.
    #[test]
    fn pitch_moves_frequencies() {
        let high = run(&[(0, 2.0, 1.0)], 20_000, 1000);
        assert_eq!(high.len(), 10_000);
        assert!(periods(&high).abs_diff(200) <= 1, "{}", periods(&high));
        let low = run(&[(10_000, 0.5, 1.0)], 20_000, 1000);
        assert_eq!(low.len(), 30_000);
        assert!(periods(&low[..10_000]).abs_diff(100) <= 1);
        assert!(periods(&low[10_000..]).abs_diff(100) <= 1);
        let peak = high[500..9500].iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        assert!((peak - 1.0).abs() < 0.01, "{peak}");
        let mut shift = Shift::new();
        shift.change(100, 2.0, 1.0);
        assert_eq!(
            [50.0, 100.0, 200.0].map(|sample| shift.place(sample)),
            [50.0, 100.0, 150.0]
        );
    }
}
