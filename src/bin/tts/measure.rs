//! Statistics of repeated runs, and the memory of this process.

use serde::Serialize;

/// Statistics of a series, in the unit of its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) mean: f64,
    /// Standard deviation of the series itself (not of a population it was drawn from).
    pub(crate) std: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

impl Summary {
    /// Statistics of a series; all zero if it is empty.
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let percentile = |p| percentile(&sorted, p);
        Self {
            mean,
            std: variance.sqrt(),
            p50: percentile(50.0),
            p90: percentile(90.0),
            p95: percentile(95.0),
            p99: percentile(99.0),
        }
    }
}

/// Linear between the two nearest ranks, as NumPy's `percentile`.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let at = percent / 100.0 * last as f64;
    let lower = at as usize;
    let upper = (lower + 1).min(last);
    sorted[lower] + (sorted[upper] - sorted[lower]) * (at - lower as f64)
}

/// Most physical memory that this process ever held, in MB (10^6 bytes); `None` where the system
/// does not tell.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    peak_rss_bytes().map(|bytes| bytes as f64 / 1e6)
}

#[cfg(target_os = "linux")]
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn peak_rss_bytes() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a whole `rusage`, which `getrusage` fills; all zero is valid too.
    #[allow(unsafe_code)]
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) != 0 {
            return None;
        }
        usage.assume_init()
    };
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1024
    };
    Some(u64::try_from(usage.ru_maxrss).ok()? * unit)
}

#[cfg(not(unix))]
fn peak_rss_bytes() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same numbers as NumPy's mean, std and percentile.
    #[test]
    fn statistics_are_numpys() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0]);
        let expected = [2.5, 1.118_033_988_749_895, 2.5, 3.7, 3.85, 3.97];
        let Summary {
            mean,
            std,
            p50,
            p90,
            p95,
            p99,
        } = summary;
        for (found, expected) in [mean, std, p50, p90, p95, p99].into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} is not {expected}"
            );
        }
        assert!(Summary::of(&[]).p99.abs() < 1e-12);
        assert!((Summary::of(&[7.0]).p99 - 7.0).abs() < 1e-12);
    }

    /// A process that runs has used some memory.
    #[test]
    #[cfg(unix)]
    fn memory_is_plausible() {
        let mb = peak_rss_mb().unwrap();
        assert!(mb > 0.5 && mb < 1e6, "{mb} MB");
    }
}
