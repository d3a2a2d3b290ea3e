//! What the caller may ask for.

use super::{Error, Result};

/// How to speak. `None` leaves a value to the voice.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeakOptions {
    /// Seed of the prenet's dropout and the vocoder's noise: the same seed gives the same audio.
    pub seed: u64,
    /// Standard deviation of the vocoder's noise, at least 0.
    pub sigma: Option<f32>,
    /// Strength of the denoiser, at least 0; 0 is off.
    pub denoise: Option<f32>,
    /// Probability of the gate above which a sentence ends, in (0, 1).
    pub gate_threshold: Option<f32>,
    /// Decoder steps after which a sentence is cut off, at least 1.
    pub max_decoder_steps: Option<usize>,
    /// Whether the prenet's dropout is on, as trained. Without it the attention often fails.
    pub prenet_dropout: bool,
    /// Tempo: 2 is twice as fast, at the same pitch; in [0.25, 4].
    pub speed: f32,
    /// Silence between sentences, seconds, in [0, 10].
    pub sentence_pause: f32,
    /// How far the decoder runs ahead of the sound, seconds of speech in [0, 10]. A sentence that loses its
    /// place within that time from its start is made again with another seed, unheard; 0 leaves every
    /// sentence as it comes.
    pub retry_window: f32,
    /// Mel frames after the first sound of an utterance that the vocoder waits for, 0 to 96; `None` is all that
    /// it uses (48 if squeezed, 96 if published), and exact. With fewer, the first 16 frames (0.19 s) are
    /// made as if the utterance ended there, which BENCHMARKS.md weighs; all that follows is exact. It pays
    /// for vocoders that look far ahead, not for squeezed ones.
    pub look_ahead: Option<usize>,
    /// Whether reports carry the networks' tensors (for inspection; they cost memory).
    pub keep_tensors: bool,
}

impl Default for SpeakOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            sigma: None,
            denoise: None,
            gate_threshold: None,
            max_decoder_steps: None,
            prenet_dropout: true,
            speed: 1.0,
            sentence_pause: 0.2,
            retry_window: 2.0,
            look_ahead: None,
            keep_tensors: false,
        }
    }
}

/// How to turn mel frames into audio.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VocodeOptions {
    /// Seed of the noise.
    pub seed: u64,
    /// Standard deviation of the noise; the voice's if `None`.
    pub sigma: Option<f32>,
    /// Strength of the denoiser; the voice's if `None`.
    pub denoise: Option<f32>,
}

/// Options after the voice's values have filled the gaps and every range is checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) seed: u64,
    pub(super) sigma: f32,
    pub(super) denoise: f32,
    pub(super) gate_threshold: f32,
    pub(super) max_decoder_steps: usize,
    pub(super) prenet_dropout: bool,
    pub(super) speed: f32,
    pub(super) sentence_pause: f32,
    pub(super) retry_window: f32,
    /// `None` is all that the vocoder can use.
    pub(super) look_ahead: Option<usize>,
    /// Whether the attention is watched; not where the steps are counted out.
    pub(super) watch: bool,
    pub(super) keep_tensors: bool,
}

impl Settings {
    pub(super) fn new(
        o: &SpeakOptions,
        config: &crate::voice::config::VoiceConfig,
    ) -> Result<Self> {
        let (t, w) = (&config.tacotron2, &config.waveglow);
        let settings = Self {
            seed: o.seed,
            sigma: o.sigma.unwrap_or(w.sigma),
            denoise: o.denoise.unwrap_or(w.denoiser_strength),
            gate_threshold: o.gate_threshold.unwrap_or(t.gate_threshold),
            max_decoder_steps: o.max_decoder_steps.unwrap_or(t.max_decoder_steps),
            prenet_dropout: o.prenet_dropout,
            speed: o.speed,
            sentence_pause: o.sentence_pause,
            retry_window: o.retry_window,
            look_ahead: o.look_ahead,
            watch: true,
            keep_tensors: o.keep_tensors,
        };
        let s = &settings;
        check(
            "sigma",
            s.sigma,
            (0.0..=10.0).contains(&s.sigma),
            "a number from 0 to 10",
        )?;
        check(
            "denoise",
            s.denoise,
            (0.0..=100.0).contains(&s.denoise),
            "a number from 0 to 100",
        )?;
        let open = s.gate_threshold > 0.0 && s.gate_threshold < 1.0;
        check(
            "gate-threshold",
            s.gate_threshold,
            open,
            "a probability between 0 and 1",
        )?;
        let steps = (1..=1_000_000).contains(&s.max_decoder_steps);
        check(
            "max-decoder-steps",
            s.max_decoder_steps,
            steps,
            "a number from 1 to 1000000",
        )?;
        check(
            "speed",
            s.speed,
            (0.25..=4.0).contains(&s.speed),
            "a number from 0.25 to 4",
        )?;
        let pause = (0.0..=10.0).contains(&s.sentence_pause);
        check(
            "sentence-pause",
            s.sentence_pause,
            pause,
            "a number of seconds from 0 to 10",
        )?;
        let window = (0.0..=10.0).contains(&s.retry_window);
        check(
            "retry-window",
            s.retry_window,
            window,
            "a number of seconds from 0 to 10",
        )?;
        let frames = s.look_ahead.unwrap_or(0);
        check(
            "look-ahead",
            frames,
            frames <= 96,
            "a number of frames from 0 to 96",
        )?;
        Ok(settings)
    }

    pub(super) fn of_vocoder(
        o: &VocodeOptions,
        config: &crate::voice::config::VoiceConfig,
    ) -> Result<Self> {
        let speak = SpeakOptions {
            seed: o.seed,
            sigma: o.sigma,
            denoise: o.denoise,
            ..Default::default()
        };
        Self::new(&speak, config)
    }
}

fn check(
    name: &'static str,
    value: impl ToString,
    good: bool,
    expected: &'static str,
) -> Result<()> {
    if good {
        Ok(())
    } else {
        Err(Error::Option {
            name,
            value: value.to_string(),
            expected,
        })
    }
}
