//! Mel frames of the caller's to audio: copy-synthesis.

use std::sync::Arc;

use super::loaded::Loaded;
use super::options::Settings;
use super::workspace::Workspace;
use super::{Result, Synthesizer};
use crate::backend::{Backend, Error, RandomKey};

/// A vocoder in the middle of an utterance.
pub struct Vocoder(Box<dyn VocoderSession>);

impl Vocoder {
    pub(super) fn new(synthesizer: &Synthesizer, settings: &Settings) -> Result<Self> {
        Ok(Self(synthesizer.voice.clone().vocoder(settings)?))
    }

    /// Takes log-mel frames `[frames, mel]` and appends to `audio` the samples that they complete;
    /// with `last`, all of them: hop length × frames in total.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()> {
        self.0.push(mel, last, audio)
    }
}

/// What a [`Vocoder`] needs of a device, whichever it is.
pub(super) trait VocoderSession: Send {
    /// As [`Vocoder::push`].
    fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()>;
}

/// A vocoder on a backend.
pub(super) struct DeviceVocoder<B: Backend> {
    voice: Arc<Loaded<B>>,
    /// Not while something is done in it, nor after a failure.
    workspace: Option<Workspace<B>>,
}

impl<B: Backend> DeviceVocoder<B> {
    pub(super) fn new(voice: Arc<Loaded<B>>, settings: &Settings) -> Result<Self> {
        let mut workspace = voice.workspace();
        voice.pool.install(|| {
            let key = RandomKey {
                seed: settings.seed,
                sentence: 0,
            };
            voice.begin(&mut workspace, key, settings)
        })?;
        Ok(Self {
            voice,
            workspace: Some(workspace),
        })
    }
}

impl<B: Backend> VocoderSession for DeviceVocoder<B> {
    fn push(&mut self, mel: &[f32], last: bool, audio: &mut Vec<f32>) -> Result<()> {
        let Some(mut workspace) = self.workspace.take() else {
            let message = "the vocoder failed before; make another";
            return Err(Error::Unavailable(message.into()).into());
        };
        let voice = &*self.voice;
        let made = voice.pool.install(|| {
            let (backend, vocoder) = (&mut workspace.backend, &mut workspace.vocoder);
            let mut raw = Vec::new();
            voice.waveglow.push(backend, vocoder, mel, last, &mut raw)?;
            workspace.denoise(raw, last)
        })?;
        self.workspace = Some(workspace);
        audio.extend(made);
        Ok(())
    }
}

impl<B: Backend> Drop for DeviceVocoder<B> {
    fn drop(&mut self) {
        if let Some(workspace) = self.workspace.take() {
            self.voice.put_back(workspace);
        }
    }
}
