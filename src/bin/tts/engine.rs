//! The engine with a voice loaded, as the options ask for it.

use std::time::{Duration, Instant};

use tts::backend::Precision;
use tts::synth::{self, DeviceChoice, Engine, EngineConfig, Synthesizer};
use tts::voice::Voice;

use crate::args::{DeviceArgs, EngineArgs, PrecisionArg};
use crate::fail::{Fail, Result};
use crate::input::open_voice;

/// A voice ready to speak, and what the reports say about it.
pub(crate) struct Ready {
    pub(crate) engine: Engine,
    pub(crate) synthesizer: Synthesizer,
    /// `cpu (AVX-512)` and the like.
    pub(crate) device: String,
    /// Why `auto` took the CPU, if it did.
    pub(crate) fallback: Option<String>,
    pub(crate) threads: usize,
    /// From opening the voice to being ready.
    pub(crate) load: Duration,
}

impl Ready {
    /// Opens the voice and loads it.
    pub(crate) fn new(args: &EngineArgs) -> Result<Self> {
        let precision = args.precision;
        Self::with(&args.device, precision, || {
            Ok(open_voice(args.voice.as_deref())?.0)
        })
    }

    /// Makes a voice and loads it.
    pub(crate) fn with(
        device: &DeviceArgs,
        precision: Option<PrecisionArg>,
        voice: impl FnOnce() -> Result<Voice>,
    ) -> Result<Self> {
        let engine = Engine::new(&EngineConfig {
            device: match device.device.as_str() {
                "cpu" => DeviceChoice::Cpu,
                "gpu" => DeviceChoice::Gpu,
                _ => DeviceChoice::Auto,
            },
            threads: device.threads.unwrap_or(0) as usize,
            memory_limit: device.memory_limit.map(|mb| mb * 1_000_000),
            submission_budget: (device.submission_ms > 0.0)
                .then(|| Duration::from_secs_f32(device.submission_ms / 1000.0)),
            ..EngineConfig::default()
        })?;
        let begun = Instant::now();
        let precision = precision.map(|precision| match precision {
            PrecisionArg::F32 => Precision::F32,
            PrecisionArg::F16 => Precision::F16,
        });
        let synthesizer = engine.load(&voice()?, precision)?;
        Ok(Self {
            synthesizer,
            device: engine.device(),
            fallback: engine.fallback().map(str::to_owned),
            threads: engine.threads(),
            load: begun.elapsed(),
            engine,
        })
    }

    /// What it runs on, for people.
    pub(crate) fn place(&self) -> String {
        match &self.fallback {
            None => self.device.clone(),
            Some(reason) => format!("{} since {reason}", self.device),
        }
    }

    pub(crate) fn precision(&self) -> &'static str {
        match self.synthesizer.precision() {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
        }
    }

    /// Samples per second of the voice.
    pub(crate) fn sample_rate(&self) -> u32 {
        self.synthesizer.config().audio.sampling_rate
    }
}

impl From<synth::Error> for Fail {
    fn from(error: synth::Error) -> Self {
        match error {
            synth::Error::Option { .. } => Self::Usage(error.to_string()),
            synth::Error::Audio(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}
