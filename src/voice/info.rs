//! What there is to know about a voice at a glance: the data behind `tts info`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::config::{LexiconUse, WaveGlowKind};
use super::file::Voice;
use super::layout::{TACOTRON2, expected_tensors};

/// A summary of a voice.
#[derive(Clone, Debug, Serialize)]
pub struct VoiceInfo {
    /// Short name.
    pub name: String,
    /// BCP 47 language tag.
    pub language: String,
    /// Licence, if the file says.
    pub license: Option<String>,
    /// Where it comes from, if the file says.
    pub provenance: Option<String>,
    /// Bytes of the file; 0 for a voice that was made up.
    pub bytes: usize,
    /// Samples per second of the output.
    pub sampling_rate: u32,
    /// Samples per mel frame.
    pub hop_length: usize,
    /// Mel bands.
    pub mel_channels: usize,
    /// Symbols that it can speak.
    pub symbols: usize,
    /// Whether known words become phonemes.
    pub lexicon: LexiconUse,
    /// Text to mel.
    pub tacotron2: Tacotron2Info,
    /// Mel to sound.
    pub waveglow: WaveGlowInfo,
    /// Weights by storage type, such as `{"f16": 11439413, "f32": 3584}`.
    pub stored_as: BTreeMap<String, usize>,
}

/// Sizes of a voice's Tacotron 2.
#[derive(Clone, Debug, Serialize)]
pub struct Tacotron2Info {
    /// Weights, running statistics included.
    pub parameters: usize,
    /// Channels of the encoder.
    pub encoder_channels: usize,
    /// Hidden sizes of the attention and the decoder LSTM.
    pub lstm: [usize; 2],
    /// Mel frames per decoder step.
    pub frames_per_step: usize,
    /// Longest sentence in seconds before it is cut off.
    pub max_seconds: f32,
}

/// Sizes of a voice's vocoder.
#[derive(Clone, Debug, Serialize)]
pub struct WaveGlowInfo {
    /// Kind of WN layer.
    pub kind: WaveGlowKind,
    /// Weights, running statistics included.
    pub parameters: usize,
    /// Flows.
    pub flows: usize,
    /// Samples in a group.
    pub group: usize,
    /// Channels of the WN layers.
    pub channels: usize,
    /// Layers of each WN.
    pub layers: usize,
    /// Default standard deviation of the noise.
    pub sigma: f32,
}

impl Voice {
    /// A summary for people and programs. Only the header is looked at, no weights are read.
    pub fn info(&self) -> VoiceInfo {
        let config = self.config();
        let (audio, t, w) = (&config.audio, &config.tacotron2, &config.waveglow);
        let mut stored_as = BTreeMap::new();
        let (mut of_tacotron2, mut of_waveglow) = (0, 0);
        for (name, shape) in expected_tensors(config) {
            let count: usize = shape.iter().product();
            if name.starts_with(TACOTRON2) {
                of_tacotron2 += count;
            } else {
                of_waveglow += count;
            }
            if let Ok(tensor) = self.tensor(&name) {
                *stored_as.entry(tensor.dtype().to_string()).or_default() += count;
            }
        }
        let text = |key: &str, fallback: &str| self.metadata(key).unwrap_or(fallback).to_owned();
        let frames = (t.max_decoder_steps * t.n_frames_per_step) as f32;
        VoiceInfo {
            name: text("name", &config.name),
            language: text("language", &config.language),
            license: self.metadata("license").map(str::to_owned),
            provenance: self.metadata("provenance").map(str::to_owned),
            bytes: self.file_size(),
            sampling_rate: audio.sampling_rate,
            hop_length: audio.hop_length,
            mel_channels: audio.n_mel_channels,
            symbols: t.n_symbols,
            lexicon: config.frontend.lexicon,
            tacotron2: Tacotron2Info {
                parameters: of_tacotron2,
                encoder_channels: t.encoder_embedding_dim,
                lstm: [t.attention_rnn_dim, t.decoder_rnn_dim],
                frames_per_step: t.n_frames_per_step,
                max_seconds: frames * audio.hop_length as f32 / audio.sampling_rate as f32,
            },
            waveglow: WaveGlowInfo {
                kind: w.kind,
                parameters: of_waveglow,
                flows: w.n_flows,
                group: w.n_group,
                channels: w.wn.n_channels,
                layers: w.wn.n_layers,
                sigma: w.sigma,
            },
            stored_as,
        }
    }
}
