//! Watches the attention of a sentence for the ways in which Tacotron 2 loses its place.
//!
//! A sentence that is spoken well moves through its symbols steadily, with its weight on one or two of them.
//! The bounds were chosen on the bundled voice: 508 sentences (everyday ones, numbers, repeated words,
//! single letters; four seeds) stay well inside all of them, as the constants say.

use std::collections::VecDeque;

/// How a sentence lost its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The attention stopped moving.
    Stuck,
    /// It looked everywhere at once.
    Scattered,
    /// It went back to what had been spoken.
    Repeated,
    /// It jumped over symbols, or the sentence ended before its last ones.
    Skipped,
}

/// Seconds without a new symbol. The longest pause of a sentence that was spoken well: 0.58.
const STUCK: f64 = 1.25;
/// The largest weight stays below this ...
const SHARPEST: f32 = 0.12;
/// ... for so many seconds. The least sharp half second of a sentence that was spoken well: 0.23.
const SCATTERED: f64 = 0.5;
/// Symbols back, for a [`MOMENT`]. The most of a sentence that was spoken well: 2.
const BACK: usize = 5;
/// Symbols forward within a [`MOMENT`]. The most of a sentence that was spoken well: 6.
const FORWARD: usize = 10;
/// Seconds.
const MOMENT: f64 = 0.1;

/// The bounds in decoder steps, and what has been seen.
pub(super) struct Watchdog {
    symbols: usize,
    stuck: usize,
    scattered: usize,
    moment: usize,
    /// The furthest symbol that the attention has reached, and where that was in the steps of the last
    /// moment.
    front: usize,
    fronts: VecDeque<usize>,
    /// Steps in a row without a new symbol, without a clear one, and behind the furthest.
    still: usize,
    unclear: usize,
    behind: usize,
}

impl Watchdog {
    /// For a sentence of so many symbols, in a voice that makes `rate` decoder steps a second.
    pub(super) fn new(symbols: usize, rate: f64) -> Self {
        let steps = |seconds: f64| ((seconds * rate).round() as usize).max(1);
        Self {
            symbols,
            stuck: steps(STUCK),
            scattered: steps(SCATTERED),
            moment: steps(MOMENT),
            front: 0,
            fronts: VecDeque::from([0]),
            still: 0,
            unclear: 0,
            behind: 0,
        }
    }

    /// Takes the attention weights `[symbols]` of the next step.
    pub(super) fn watch(&mut self, weights: &[f32]) -> Option<Loss> {
        let peaks = weights.iter().copied().enumerate();
        let (peak, weight) = peaks.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let moved = peak > self.front;
        self.front = self.front.max(peak);
        self.fronts.push_back(self.front);
        if self.fronts.len() > self.moment + 1 {
            self.fronts.pop_front();
        }
        let in_a_row = |count: usize, goes_on: bool| if goes_on { count + 1 } else { 0 };
        self.still = in_a_row(self.still, !moved);
        self.unclear = in_a_row(self.unclear, weight < SHARPEST);
        self.behind = in_a_row(self.behind, peak + BACK <= self.front);
        if self.still >= self.stuck {
            Some(Loss::Stuck)
        } else if self.front - self.fronts[0] >= FORWARD {
            Some(Loss::Skipped)
        } else if self.behind >= self.moment {
            Some(Loss::Repeated)
        } else {
            (self.unclear >= self.scattered).then_some(Loss::Scattered)
        }
    }

    /// The gate has ended the sentence.
    pub(super) fn finish(&self) -> Option<Loss> {
        (self.front + FORWARD < self.symbols).then_some(Loss::Skipped)
    }

    /// The furthest symbol that the attention has reached.
    pub(super) fn front(&self) -> usize {
        self.front
    }

    /// Steps at the end that may be left away of a sentence that is stuck: all but a natural pause.
    pub(super) fn in_vain(&self) -> usize {
        self.still.saturating_sub(self.stuck / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decoder steps a second of the bundled voice.
    const RATE: f64 = 22_050.0 / 512.0;

    /// Follows a path of symbols, with `sharp` of the weight on the symbol and the rest on all; gives the
    /// first loss and its step.
    fn follow(
        symbols: usize,
        path: impl Iterator<Item = usize>,
        sharp: f32,
    ) -> Option<(usize, Loss)> {
        let mut watchdog = Watchdog::new(symbols, RATE);
        for (step, at) in path.enumerate() {
            let mut weights = vec![(1.0 - sharp) / symbols as f32; symbols];
            weights[at] += sharp;
            if let Some(loss) = watchdog.watch(&weights) {
                return Some((step, loss));
            }
        }
        watchdog.finish().map(|loss| (usize::MAX, loss))
    }

    /// Two to three steps a symbol, as people speak.
    fn steady(symbols: usize) -> impl Iterator<Item = usize> {
        (0..symbols * 5 / 2).map(|step| step * 2 / 5)
    }

    /// What is spoken well is left alone: also fast, with pauses, and with a glance back.
    #[test]
    fn good_sentences_pass() {
        assert_eq!(follow(60, steady(60), 0.8), None);
        assert_eq!(follow(60, 0..60, 0.8), None, "43 symbols a second");
        assert_eq!(follow(60, steady(60), 0.2), None, "a soft focus");
        let pause = steady(30).chain([29; 40]).chain(steady(60).skip(75));
        assert_eq!(follow(60, pause, 0.8), None, "0.9 s of pause");
        let glance = steady(30).chain([22; 3]).chain(steady(60).skip(75));
        assert_eq!(follow(60, glance, 0.8), None);
        assert_eq!(
            follow(60, steady(53), 0.8),
            None,
            "the last marks are not reached"
        );
        assert_eq!(follow(3, [0, 0, 1, 1, 2].into_iter(), 0.8), None);
    }

    /// Each way to lose the place is noticed, in time.
    #[test]
    fn losses_are_noticed() {
        let stuck = steady(30).chain(std::iter::repeat_n(29, 100));
        assert!(matches!(follow(60, stuck, 0.8), Some((step, Loss::Stuck)) if step < 75 + 54));
        let back = steady(30).chain(steady(60).skip(50));
        assert_eq!(follow(60, back, 0.8), Some((75 + 3, Loss::Repeated)));
        let skip = steady(30).chain(steady(60).skip(100));
        assert_eq!(follow(60, skip, 0.8), Some((75, Loss::Skipped)));
        assert_eq!(
            follow(60, steady(40), 0.8),
            Some((usize::MAX, Loss::Skipped))
        );
        let begins_late = steady(60).skip(50);
        assert_eq!(follow(60, begins_late, 0.8), Some((0, Loss::Skipped)));
        assert_eq!(follow(60, steady(60), 0.05), Some((21, Loss::Scattered)));
        let not_a_number = vec![f32::NAN; 60];
        let mut watchdog = Watchdog::new(60, RATE);
        assert!((0..100).any(|_| watchdog.watch(&not_a_number).is_some()));
    }

    /// Bounds are times: a voice with twice the steps a second has twice the steps.
    #[test]
    fn bounds_are_times() {
        let mut watchdog = Watchdog::new(60, 2.0 * RATE);
        let stuck = (0..1000).find(|_| watchdog.watch(&[0.9, 0.1]).is_some());
        assert_eq!(stuck, Some(107));
    }
}
