//! A voice loaded on a device.

use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;

use super::options::Settings;
use super::{Engine, Result, SpeakOptions, Speech, VocodeOptions, Vocoder};
use crate::audio;
use crate::backend::cpu::Cpu;
use crate::backend::{Backend, Precision, RandomKey};
use crate::nn::tacotron2::Tacotron2;
use crate::nn::waveglow::WaveGlow;
use crate::text::{FrontEnd, Sentence};
use crate::voice::Voice;
use crate::voice::config::{VoiceConfig, WaveGlowKind};

/// Both networks on a device, and what surrounds them.
pub(super) struct Loaded<B: Backend> {
    pub(super) config: VoiceConfig,
    pub(super) precision: Precision,
    pub(super) tacotron2: Tacotron2<B>,
    pub(super) waveglow: WaveGlow<B>,
    /// The denoiser's bias spectrum, computed when first asked for.
    bias: OnceLock<Vec<f32>>,
}

impl<B: Backend> Loaded<B> {
    /// Mel frames that go to the vocoder at once: large enough for its products, small enough for
    /// the caches.
    pub(super) fn vocoder_block(&self) -> usize {
        match self.config.waveglow.kind {
            WaveGlowKind::Waveglow => (256 / self.waveglow.groups_per_frame()).max(1),
            WaveGlowKind::Squeezewave => (128 / self.waveglow.groups_per_frame()).max(1),
        }
    }

    /// The vocoder's constant hum: what it makes, without noise, of a mel of zeros (88 frames, as
    /// published).
    fn bias(&self, backend: &mut B) -> &[f32] {
        self.bias.get_or_init(|| {
            let mel = vec![0.0; 88 * self.config.waveglow.n_mel_channels];
            let key = RandomKey {
                seed: 0,
                sentence: 0,
            };
            let mut stream = self
                .waveglow
                .stream(backend, self.vocoder_block(), key, 0.0);
            let mut hum = Vec::new();
            self.waveglow
                .push(backend, &mut stream, &mel, true, &mut hum);
            audio::denoise::bias_from_audio(&hum)
        })
    }

    /// A denoiser of this strength, or none if it is 0.
    pub(super) fn denoiser(
        &self,
        backend: &mut B,
        strength: f32,
    ) -> Result<Option<audio::denoise::Denoiser>> {
        if strength == 0.0 {
            return Ok(None);
        }
        Ok(Some(audio::denoise::Denoiser::new(
            self.bias(backend).to_vec(),
            strength,
        )?))
    }
}

/// A voice loaded on a device. Cheap to clone, shared by its utterances, usable from any thread.
#[derive(Clone)]
pub struct Synthesizer {
    pub(super) pool: Arc<ThreadPool>,
    pub(super) voice: Arc<Loaded<Cpu>>,
    front_end: Arc<FrontEnd>,
}

impl Synthesizer {
    pub(super) fn load(
        engine: &Engine,
        voice: &Voice,
        precision: Option<Precision>,
    ) -> Result<Self> {
        let config = voice.config().clone();
        let front_end = Arc::new(FrontEnd::new(&config.frontend)?);
        let precision = precision.unwrap_or_else(|| stored_precision(voice));
        let pool = engine.pool.clone();
        let (tacotron2, waveglow) = pool.install(|| {
            let mut backend = Cpu::new(pool.current_num_threads());
            let tacotron2 = Tacotron2::load(voice, &mut backend, precision)?;
            voice.release();
            let waveglow = WaveGlow::load(voice, &mut backend, precision)?;
            voice.release();
            Ok::<_, crate::nn::Error>((tacotron2, waveglow))
        })?;
        let bias = OnceLock::new();
        let voice = Arc::new(Loaded {
            config,
            precision,
            tacotron2,
            waveglow,
            bias,
        });
        Ok(Self {
            pool,
            voice,
            front_end,
        })
    }

    /// The voice's configuration.
    pub fn config(&self) -> &VoiceConfig {
        &self.voice.config
    }

    /// How the weights are stored.
    pub fn precision(&self) -> Precision {
        self.voice.precision
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
        self.voice.waveglow.macs_per_sample()
    }

    /// A backend for one job.
    pub(super) fn backend(&self) -> Cpu {
        Cpu::new(self.pool.current_num_threads())
    }

    /// Speaks raw text of any length.
    ///
    /// # Errors
    /// An option outside its range; text with nothing to speak.
    pub fn speak<'a>(&'a self, text: &'a str, options: &SpeakOptions) -> Result<Speech<'a>> {
        let settings = Settings::new(options, &self.voice.config)?;
        let mut speech = Speech::new(self, self.front_end.sentences(text), settings);
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
        let settings = Settings::new(options, &self.voice.config)?;
        Ok(Speech::new(self, sentences, settings))
    }

    /// A vocoder for mel frames of the caller's: copy-synthesis.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn vocoder(&self, options: &VocodeOptions) -> Result<Vocoder> {
        Vocoder::new(self, &Settings::of_vocoder(options, &self.voice.config)?)
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
