//! Mel analysis: the log-mel spectrogram that Tacotron 2 predicts and WaveGlow speaks.
//!
//! The published settings: magnitude of a centred, reflection-padded STFT, triangular filters on
//! Slaney's mel scale with Slaney's area normalisation (librosa's defaults), natural logarithm
//! after a clamp.

use super::stft::{Stft, StftSizes};
use super::{Error, Result};
use crate::voice::config::AudioConfig;

/// Streaming mel analysis.
pub struct MelAnalyzer {
    stft: Stft,
    filters: Vec<Filter>,
    clamp: f32,
    magnitude: Vec<f32>,
}

/// One triangular filter: weights of the bins from `first` on.
struct Filter {
    first: usize,
    weights: Vec<f32>,
}

impl MelAnalyzer {
    /// An analysis at the start of a signal, with a voice's settings.
    ///
    /// # Errors
    /// [`Error::Argument`] for settings that cannot be: sizes of zero, band edges out of order.
    pub fn new(config: &AudioConfig) -> Result<Self> {
        let sizes = StftSizes {
            fft: config.filter_length,
            hop: config.hop_length,
            window: config.win_length,
        };
        let stft = Stft::new(sizes)?;
        Ok(Self {
            stft,
            filters: filters(config)?,
            clamp: config.log_clamp_min,
            magnitude: vec![0.0; sizes.bins()],
        })
    }

    /// Mel bands of a frame.
    pub fn bands(&self) -> usize {
        self.filters.len()
    }

    /// Takes the next samples (full scale at ±1) and appends to `mel` the frames `[frames, bands]`
    /// that they complete.
    pub fn process(&mut self, samples: &[f32], mel: &mut Vec<f32>) {
        let Self {
            stft,
            filters,
            clamp,
            magnitude,
        } = self;
        stft.process(samples, |s| log_mel(s, filters, *clamp, magnitude, mel));
    }

    /// Ends the signal and appends the last frames; then ready for the next signal. In all, `n`
    /// samples give `n / hop + 1` frames, none if there was no sample.
    pub fn finish(&mut self, mel: &mut Vec<f32>) {
        let Self {
            stft,
            filters,
            clamp,
            magnitude,
        } = self;
        stft.finish(|s| log_mel(s, filters, *clamp, magnitude, mel));
    }

    /// Analyses a whole signal: `[frames, bands]`.
    pub fn analyze(&mut self, samples: &[f32]) -> Vec<f32> {
        let mut mel = Vec::with_capacity(self.stft.sizes().frames(samples.len()) * self.bands());
        self.process(samples, &mut mel);
        self.finish(&mut mel);
        mel
    }
}

fn log_mel(
    spectrum: &[realfft::num_complex::Complex<f32>],
    filters: &[Filter],
    clamp: f32,
    magnitude: &mut [f32],
    mel: &mut Vec<f32>,
) {
    for (m, s) in magnitude.iter_mut().zip(spectrum) {
        *m = s.norm();
    }
    mel.extend(filters.iter().map(|filter| {
        let bins = &magnitude[filter.first..];
        let sum: f32 = filter.weights.iter().zip(bins).map(|(w, m)| w * m).sum();
        sum.max(clamp).ln()
    }));
}

/// Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.
fn hz_to_mel(hz: f64) -> f64 {
    if hz < 1000.0 {
        hz * 3.0 / 200.0
    } else {
        15.0 + (hz / 1000.0).ln() * 27.0 / 6.4_f64.ln()
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    if mel < 15.0 {
        mel * 200.0 / 3.0
    } else {
        1000.0 * (6.4_f64.ln() / 27.0 * (mel - 15.0)).exp()
    }
}

/// Centre frequencies of a voice's mel bands in Hz, for axes of pictures.
pub fn band_centers(config: &AudioConfig) -> Vec<f32> {
    edges(config)
        .skip(1)
        .take(config.n_mel_channels)
        .map(|hz| hz as f32)
        .collect()
}

/// The edges of the triangles: filter `m` goes up from edge `m` to `m + 1` and down to `m + 2`.
fn edges(config: &AudioConfig) -> impl Iterator<Item = f64> + use<> {
    let bands = config.n_mel_channels;
    let low = hz_to_mel(f64::from(config.mel_fmin));
    let high = hz_to_mel(f64::from(config.mel_fmax));
    (0..bands + 2).map(move |i| mel_to_hz(low + (high - low) * i as f64 / (bands + 1) as f64))
}

fn filters(config: &AudioConfig) -> Result<Vec<Filter>> {
    let bands = config.n_mel_channels;
    if bands == 0 || bands > 1024 {
        return Err(Error::Argument(format!(
            "the number of mel bands is {bands}, but must be from 1 to 1024"
        )));
    }
    if !(config.mel_fmin >= 0.0 && config.mel_fmin < config.mel_fmax && config.mel_fmax.is_finite())
    {
        return Err(Error::Argument(format!(
            "mel bands from {} to {} Hz cannot be",
            config.mel_fmin, config.mel_fmax
        )));
    }
    if config.sampling_rate == 0
        || !(config.log_clamp_min > 0.0 && config.log_clamp_min.is_finite())
    {
        return Err(Error::Argument(format!(
            "a sample rate of {} Hz with a logarithm floor of {} cannot be",
            config.sampling_rate, config.log_clamp_min
        )));
    }
    let edges: Vec<f64> = edges(config).collect();
    let bin_hz = f64::from(config.sampling_rate) / config.filter_length as f64;
    let filters = edges.windows(3).map(|edge| {
        let area = 2.0 / (edge[2] - edge[0]);
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let up = (hz - edge[0]) / (edge[1] - edge[0]);
            let down = (edge[2] - hz) / (edge[2] - edge[1]);
            (up.min(down).max(0.0) * area) as f32
        };
        let last = config.filter_length / 2;
        let first = ((edge[0] / bin_hz) as usize).min(last);
        let end = ((edge[2] / bin_hz) as usize + 1).min(last + 1);
        Filter {
            first,
            weights: (first..end).map(weight).collect(),
        }
    });
    Ok(filters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings that a hostile voice could claim are refused, not trusted.
    #[test]
    fn settings_are_checked() {
        let with = |change: fn(&mut AudioConfig)| {
            let mut config = AudioConfig::default();
            change(&mut config);
            MelAnalyzer::new(&config).is_ok()
        };
        assert!(with(|_| {}));
        assert!(!with(|c| c.n_mel_channels = 0));
        assert!(!with(|c| c.n_mel_channels = usize::MAX));
        assert!(!with(|c| c.mel_fmax = f32::NAN));
        assert!(!with(|c| c.mel_fmin = 9000.0));
        assert!(!with(|c| c.hop_length = 0));
        assert!(!with(|c| c.filter_length = 1 << 50));
        assert!(!with(|c| c.sampling_rate = 0));
        assert!(!with(|c| c.log_clamp_min = 0.0));
    }

    /// Bands above half the sample rate are empty, not out of bounds.
    #[test]
    fn bands_may_exceed_the_spectrum() {
        let config = AudioConfig {
            sampling_rate: 4000,
            ..AudioConfig::default()
        };
        let mel = MelAnalyzer::new(&config).unwrap().analyze(&[0.5; 300]);
        assert_eq!(mel.len(), 2 * 80);
        assert!(mel.iter().all(|m| m.is_finite()));
    }
}
