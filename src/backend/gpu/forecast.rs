//! How long kernels are going to take, learned from what submissions took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::shaders::SHADERS;

/// What a dispatch has to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    pub(super) macs: u64,
    pub(super) bytes: u64,
}

/// Units of an empty kernel, which costs some microseconds.
const START: u64 = 2_000_000;

impl Work {
    /// One number for both: a device moves a byte in about the time of a few multiply-adds.
    fn units(self) -> u64 {
        self.macs + 8 * self.bytes + START
    }

    /// What so many of its workgroups have to do.
    pub(super) fn part(self, groups: usize, of: usize) -> Self {
        let part = |n: u64| n * groups as u64 / of as u64;
        Self {
            macs: part(self.macs),
            bytes: part(self.bytes),
        }
    }
}

/// Nanoseconds of a unit of work, until it is known: about 10^12 units a second.
const FIRST_PACE: f64 = 1e-3;

/// The pace of each shader: what a unit of its work takes, in nanoseconds, as the bits of an `f64`.
pub(super) struct Forecast(Vec<AtomicU64>);

impl Forecast {
    pub(super) fn new() -> Self {
        let pace = |_| AtomicU64::new(FIRST_PACE.to_bits());
        Self(SHADERS.iter().map(pace).collect())
    }

    /// How long a shader is going to take for so much work.
    pub(super) fn of(&self, shader: usize, work: Work) -> Duration {
        Duration::from_nanos((work.units() as f64 * self.pace(shader)) as u64)
    }

    /// How many of a shader's workgroups, which have to do this work together, keep to a budget: at least one, which cannot be
    /// cut.
    pub(super) fn groups_within(
        &self,
        budget: Duration,
        shader: usize,
        work: Work,
        groups: usize,
    ) -> usize {
        let time = self.of(shader, work);
        let part = budget.div_duration_f64(time.max(budget));
        ((groups as f64 * part) as usize).max(1)
    }

    fn pace(&self, shader: usize) -> f64 {
        f64::from_bits(self.0[shader].load(Ordering::Relaxed))
    }

    /// Learns from a submission of these shaders, whose paces are all off by the same factor as far as it tells; others will
    /// tell them apart. A slow one counts more than a fast one, since it is the slow ones that a budget is for.
    pub(super) fn learn(&self, kernels: &[(usize, Work)], took: Duration) {
        let expected: Duration = kernels.iter().map(|&(s, work)| self.of(s, work)).sum();
        if expected.is_zero() {
            return;
        }
        let mut off = took.div_duration_f64(expected);
        // What takes long with hardly any work has waited for others. Smaller pieces would do so too, only more of them.
        if kernels.iter().all(|(_, work)| work.units() < 2 * START) {
            off = off.min(1.0);
        }
        let factor = if off > 1.0 {
            f64::midpoint(1.0, off)
        } else {
            off.max(0.875)
        };
        let mut shaders: Vec<usize> = kernels.iter().map(|&(shader, _)| shader).collect();
        shaders.sort_unstable();
        shaders.dedup();
        for shader in shaders {
            // Never nothing, or it would stay so.
            let pace = (self.pace(shader) * factor).max(FIRST_PACE / 1e6);
            self.0[shader].store(pace.to_bits(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Two shaders that come together and alone, one of them a hundred times slower.
    #[test]
    fn shaders_are_told_apart() {
        const SLOW: Duration = Duration::from_millis(100);
        let forecast = Forecast::new();
        let work = Work {
            macs: 50_000_000,
            bytes: 1_000_000,
        };
        for _ in 0..100 {
            forecast.learn(&[(0, work)], MILLISECOND);
            forecast.learn(&[(0, work), (1, work), (0, work)], SLOW + 2 * MILLISECOND);
        }
        let [fast, slow] = [0, 1].map(|shader| forecast.of(shader, work));
        assert!(fast < 2 * MILLISECOND, "{fast:?}");
        assert!(SLOW * 9 / 10 < slow && slow < SLOW * 11 / 10, "{slow:?}");
    }

    /// A device that needs as long for any piece is not given ever smaller ones.
    #[test]
    fn pieces_stay_worth_their_start() {
        let forecast = Forecast::new();
        let work = Work {
            macs: 100 * START,
            bytes: 0,
        };
        let cut = || forecast.groups_within(MILLISECOND, 0, work, 1000);
        assert_eq!(cut(), 1000);
        for _ in 0..100 {
            let groups = cut();
            forecast.learn(&[(0, work.part(groups, 1000))], MILLISECOND * 3);
        }
        assert!((4..=10).contains(&cut()), "{}", cut());
        assert_eq!(
            forecast.groups_within(Duration::from_nanos(1), 0, work, 1000),
            1
        );
    }

    /// A device that was busy for once is forgiven.
    #[test]
    fn a_delay_is_forgotten() {
        let forecast = Forecast::new();
        let work = Work {
            macs: 10 * START,
            bytes: 0,
        };
        for i in 0..60 {
            let delay = if i == 20 { 30 } else { 1 };
            forecast.learn(&[(0, work)], MILLISECOND * delay);
        }
        let expected = forecast.of(0, work);
        assert!(expected < MILLISECOND * 11 / 10, "{expected:?}");
    }

    /// The parts of a kernel are all of it, each with its own start.
    #[test]
    fn parts_make_up_the_whole() {
        let whole = Work {
            macs: 1001,
            bytes: 77,
        };
        let parts = [whole.part(1, 7), whole.part(6, 7)];
        assert!(parts[0].macs + parts[1].macs <= whole.macs);
        assert!(parts[0].units() + parts[1].units() > whole.units());
    }
}
