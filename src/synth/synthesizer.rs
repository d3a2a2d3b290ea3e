//! A voice loaded on a device.

use std::sync::Arc;

use super::devices::Device;
use super::loaded::{DeviceVoice, Loaded};
use super::options::Settings;
use super::{Engine, Result, SpeakOptions, Speech, VocodeOptions, Vocoder};
use crate::backend::Precision;
use crate::backend::cpu::Cpu;
#[cfg(feature = "gpu")]
use crate::backend::gpu::Gpu;
use crate::text::{FrontEnd, Sentence};
use crate::voice::Voice;
use crate::voice::config::VoiceConfig;

/// A voice loaded on a device. Cheap to clone, shared by its utterances, usable from any thread.
#[derive(Clone)]
pub struct Synthesizer {
    pub(super) voice: Arc<dyn DeviceVoice>,
    config: Arc<VoiceConfig>,
    front_end: Arc<FrontEnd>,
}

impl Synthesizer {
    pub(super) fn load(
        engine: &Engine,
        voice: &Voice,
        precision: Option<Precision>,
    ) -> Result<Self> {
        let config = Arc::new(voice.config().clone());
        let front_end = Arc::new(FrontEnd::new(&config.frontend)?);
        let precision = precision.unwrap_or_else(|| stored_precision(voice));
        let pool = engine.pool.clone();
        let voice: Arc<dyn DeviceVoice> = match &engine.device {
            Device::Cpu(host) => {
                Arc::new(Loaded::<Cpu>::new(voice, host.clone(), pool, precision)?)
            }
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => {
                Arc::new(Loaded::<Gpu>::new(voice, device.clone(), pool, precision)?)
            }
        };
        Ok(Self {
            voice,
            config,
            front_end,
        })
    }

    /// The voice's configuration.
    pub fn config(&self) -> &VoiceConfig {
        &self.config
    }

    /// How the weights are stored.
    pub fn precision(&self) -> Precision {
        self.voice.precision()
    }

    /// The text front end.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// The same voice, weights shared, behind another front end: one with the user's lexicon, say.
    #[must_use]
    pub fn with_front_end(&self, front_end: FrontEnd) -> Self {
        Self {
            front_end: Arc::new(front_end),
            ..self.clone()
        }
    }

    /// Multiply-adds of the vocoder per sample of audio.
    pub fn vocoder_macs_per_sample(&self) -> f64 {
        self.voice.vocoder_macs_per_sample()
    }

    /// Makes everything that the device has to compile for this voice, which it otherwise does in the middle of the first
    /// sentence, and tells how far it is, from 0 to 1. There is nothing to compile for the CPU.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn warm_up(&self, progress: &mut dyn FnMut(f32)) -> Result<()> {
        self.voice.warm_up(progress)
    }

    /// Speaks raw text of any length.
    ///
    /// # Errors
    /// An option outside its range; text with nothing to speak.
    pub fn speak<'a>(&'a self, text: &'a str, options: &SpeakOptions) -> Result<Speech<'a>> {
        let settings = Settings::new(options, &self.config)?;
        let mut speech = Speech::new(self, self.front_end.sentences(text), &settings);
        speech.check()?;
        Ok(speech)
    }

    /// Speaks an SSML document.
    ///
    /// # Errors
    /// An option outside its range; what is no SSML; a document with nothing to speak.
    pub fn speak_ssml(&self, document: &str, options: &SpeakOptions) -> Result<Speech<'_>> {
        let settings = Settings::new(options, &self.config)?;
        let mut speech = Speech::new(self, self.front_end.ssml(document)?, &settings);
        speech.check()?;
        Ok(speech)
    }

    /// Speaks sentences as they come. When the iterator gives `None`, so does the result, and goes on
    /// if the iterator does later.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn speak_sentences<'a>(
        &self,
        sentences: impl Iterator<Item = Sentence> + Send + 'a,
        options: &SpeakOptions,
    ) -> Result<Speech<'a>> {
        let settings = Settings::new(options, &self.config)?;
        Ok(Speech::new(self, sentences, &settings))
    }

    /// A vocoder for mel frames of the caller's: copy-synthesis.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn vocoder(&self, options: &VocodeOptions) -> Result<Vocoder> {
        Vocoder::new(self, &Settings::of_vocoder(options, &self.config)?)
    }
}

/// f16 for a voice that is stored in half precision or less, f32 otherwise.
fn stored_precision(voice: &Voice) -> Precision {
    use crate::voice::Dtype;
    let weight = voice.tensor("tacotron2.decoder.decoder_rnn.weight_hh");
    match weight.map(|t| t.dtype()) {
        Ok(Dtype::F32) => Precision::F32,
        _ => Precision::F16,
    }
}
