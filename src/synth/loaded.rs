//! Both networks on one device, and the work that a voice does there.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::ThreadPool;

use super::batch::{BatchTimings, Spoken};
use super::options::Settings;
use super::session::{DeviceSession, Session};
use super::vocode::{DeviceVocoder, VocoderSession};
use super::workspace::{Workspace, settle};
use super::{Error, Result};
use crate::backend::{Backend, Precision, RandomKey};
use crate::nn::denoiser::bias_from_audio;
use crate::nn::tacotron2::Tacotron2;
use crate::nn::waveglow::WaveGlow;
use crate::text::Sentence;
use crate::voice::Voice;
use crate::voice::config::VoiceConfig;

/// Most mel frames that go to the vocoder at once: a chunk of sound stays under a second.
const MOST_FRAMES: usize = 60;

/// A voice on a device, whichever device it is: the only place where that is decided at run time.
pub(super) trait DeviceVoice: Send + Sync {
    /// How the weights are stored.
    fn precision(&self) -> Precision;
    /// Multiply-adds of the vocoder per sample of audio.
    fn vocoder_macs_per_sample(&self) -> f64;
    /// Compiles what there is to compile, and tells how far it is.
    fn warm_up(&self, progress: &mut dyn FnMut(f32)) -> Result<()>;
    /// A session for one utterance.
    fn session(self: Arc<Self>, settings: &Settings) -> Box<dyn Session>;
    /// A vocoder for mel frames of the caller's.
    fn vocoder(self: Arc<Self>, settings: &Settings) -> Result<Box<dyn VocoderSession>>;
    /// Speaks many sentences at once; each has its number in its text.
    fn speak_batch(
        &self,
        batch: Vec<(Sentence, usize)>,
        settings: &Settings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Vec<Spoken>, BatchTimings)>;
}

/// Both networks on a device, and what surrounds them.
pub(super) struct Loaded<B: Backend> {
    pub(super) config: VoiceConfig,
    precision: Precision,
    /// What the last utterance worked in, for the next. Before the weights, with which a device gives back what idles.
    spare: Mutex<Option<Workspace<B>>>,
    pub(super) tacotron2: Tacotron2<B>,
    pub(super) waveglow: WaveGlow<B>,
    pub(super) device: B::Device,
    /// The threads that the host's part of the work runs on, and all of it on a CPU.
    pub(super) pool: Arc<ThreadPool>,
    /// The denoiser's bias spectrum, computed when first asked for.
    bias: OnceLock<Vec<f32>>,
}

impl<B: Backend> Loaded<B> {
    /// Packs the weights of `voice` for a device.
    pub(super) fn new(
        voice: &Voice,
        device: B::Device,
        pool: Arc<ThreadPool>,
        precision: Precision,
    ) -> Result<Self> {
        let (tacotron2, waveglow) = pool.install(|| {
            let mut backend = B::on(&device);
            let tacotron2 = Tacotron2::load(voice, &mut backend, precision)?;
            voice.release();
            let waveglow = WaveGlow::load(voice, &mut backend, precision)?;
            voice.release();
            // The jobs to come have recorders of their own, which must find the weights there, all of them.
            settle(&mut backend)?;
            Ok::<_, Error>((tacotron2, waveglow))
        })?;
        Ok(Self {
            config: voice.config().clone(),
            precision,
            spare: Mutex::new(None),
            tacotron2,
            waveglow,
            device,
            pool,
            bias: OnceLock::new(),
        })
    }

    /// A recorder for one job.
    pub(super) fn backend(&self) -> B {
        B::on(&self.device)
    }

    /// Something to work in; it is in no particular state.
    pub(super) fn workspace(&self) -> Workspace<B> {
        let spare = self.spare().take();
        spare.unwrap_or_else(|| Workspace::new(self))
    }

    /// Takes a workspace back, unless one is there already: one is kept, however many were in use.
    pub(super) fn put_back(&self, workspace: Workspace<B>) {
        self.spare().get_or_insert(workspace);
    }

    fn spare(&self) -> MutexGuard<'_, Option<Workspace<B>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mel frames that go to the vocoder at once.
    pub(super) fn vocoder_block(&self, backend: &B) -> usize {
        (backend.pace().rows / self.waveglow.groups_per_frame()).clamp(1, MOST_FRAMES)
    }

    /// The vocoder's constant hum: what it makes, without noise, of a mel of zeros (88 frames, as
    /// published).
    fn bias(&self, workspace: &mut Workspace<B>) -> Result<&[f32]> {
        if let Some(bias) = self.bias.get() {
            return Ok(bias);
        }
        let mel = vec![0.0; 88 * self.config.waveglow.n_mel_channels];
        let key = RandomKey {
            seed: 0,
            sentence: 0,
        };
        workspace.restart(key, 0.0, None);
        let (backend, vocoder) = (&mut workspace.backend, &mut workspace.vocoder);
        let mut hum = Vec::new();
        self.waveglow.push(backend, vocoder, &mel, true, &mut hum)?;
        // Another job may have been faster; it found the same.
        Ok(self.bias.get_or_init(|| bias_from_audio(&hum)))
    }

    /// Puts a workspace before the first frame of a sentence, whose noise has this key.
    pub(super) fn begin(
        &self,
        workspace: &mut Workspace<B>,
        key: RandomKey,
        settings: &Settings,
    ) -> Result<()> {
        let strength = settings.denoise;
        if strength == 0.0 {
            workspace.restart(key, settings.sigma, None);
            return Ok(());
        }
        let bias = self.bias(workspace)?;
        if !bias.iter().all(|bin| (bin * strength).is_finite()) {
            return Err(Error::Option {
                name: "denoise",
                value: strength.to_string(),
                expected: "0, as it must be for this voice, whose hum is not finite",
            });
        }
        workspace.restart(key, settings.sigma, Some((bias, strength)));
        Ok(())
    }
}

impl<B: Backend> DeviceVoice for Loaded<B> {
    fn precision(&self) -> Precision {
        self.precision
    }

    fn vocoder_macs_per_sample(&self) -> f64 {
        self.waveglow.macs_per_sample()
    }

    fn warm_up(&self, progress: &mut dyn FnMut(f32)) -> Result<()> {
        Ok(B::warm_up(&self.device, self.precision, progress)?)
    }

    fn session(self: Arc<Self>, settings: &Settings) -> Box<dyn Session> {
        Box::new(DeviceSession::new(self, settings))
    }

    fn vocoder(self: Arc<Self>, settings: &Settings) -> Result<Box<dyn VocoderSession>> {
        Ok(Box::new(DeviceVocoder::new(self, settings)?))
    }

    fn speak_batch(
        &self,
        batch: Vec<(Sentence, usize)>,
        settings: &Settings,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Vec<Spoken>, BatchTimings)> {
        self.run_batch(batch, settings, cancelled)
    }
}
