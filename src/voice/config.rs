//! What a voice says about itself: every size of both networks, the front end,
//! and the values used when the caller does not say otherwise.
//!
//! The configuration is JSON text in the voice file's metadata under `config`. Names follow the
//! published hyper-parameters of Tacotron 2 and WaveGlow, so that a reader finds them in either.

use serde::{Deserialize, Serialize};

/// A voice's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoiceConfig {
    /// Short name, shown by `tts info`.
    #[serde(default)]
    pub name: String,
    /// BCP 47 language tag.
    #[serde(default)]
    pub language: String,
    /// Mel analysis that the networks were trained with.
    #[serde(default)]
    pub audio: AudioConfig,
    /// Text front end that the voice was trained with.
    #[serde(default)]
    pub frontend: FrontendConfig,
    /// Sizes of Tacotron 2.
    pub tacotron2: Tacotron2Config,
    /// Sizes of WaveGlow.
    pub waveglow: WaveGlowConfig,
}

/// Mel analysis settings (the published ones by default: section 1.7 of the Tacotron 2 recipe).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioConfig {
    /// Samples per second.
    pub sampling_rate: u32,
    /// FFT length in samples.
    pub filter_length: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Length of the periodic Hann window in samples.
    pub win_length: usize,
    /// Mel bands.
    pub n_mel_channels: usize,
    /// Lower edge of the lowest band, Hz.
    pub mel_fmin: f32,
    /// Upper edge of the highest band, Hz.
    pub mel_fmax: f32,
    /// Magnitudes are clamped to at least this before the natural logarithm.
    pub log_clamp_min: f32,
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self {
            sampling_rate: 22_050,
            filter_length: 1024,
            hop_length: 256,
            win_length: 1024,
            n_mel_channels: 80,
            mel_fmin: 0.0,
            mel_fmax: 8000.0,
            log_clamp_min: 1e-5,
        }
    }
}

/// How text becomes symbol ids for this voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FrontendConfig {
    /// Symbol table, id = position; empty means the published 148 symbols.
    pub symbols: Vec<String>,
    /// Whether known words become phonemes.
    pub lexicon: LexiconUse,
    /// Longest sentence in symbols that the voice speaks well; longer ones are split at clauses.
    /// 0 means no limit.
    pub max_symbols: usize,
}

/// Whether words found in the pronunciation lexicon are given to the network as phonemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LexiconUse {
    /// Words stay letters.
    #[default]
    None,
    /// CMUdict's first pronunciation, with stress, as ARPAbet symbols; unknown words stay letters.
    Cmudict,
}

/// Sizes of Tacotron 2, under their published names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tacotron2Config {
    /// Mel bands.
    pub n_mel_channels: usize,
    /// Rows of the symbol embedding.
    pub n_symbols: usize,
    /// Channels of the symbol embedding.
    pub symbols_embedding_dim: usize,
    /// Taps of the encoder convolutions.
    pub encoder_kernel_size: usize,
    /// Number of encoder convolutions.
    pub encoder_n_convolutions: usize,
    /// Encoder channels; half of it per direction of the LSTM.
    pub encoder_embedding_dim: usize,
    /// Reduction factor: mel frames made by one decoder step.
    pub n_frames_per_step: usize,
    /// Prenet channels.
    pub prenet_dim: usize,
    /// Hidden size of the attention LSTM.
    pub attention_rnn_dim: usize,
    /// Hidden size of the decoder LSTM.
    pub decoder_rnn_dim: usize,
    /// Attention channels.
    pub attention_dim: usize,
    /// Filters of the location convolution.
    pub attention_location_n_filters: usize,
    /// Taps of the location convolution.
    pub attention_location_kernel_size: usize,
    /// Postnet channels.
    pub postnet_embedding_dim: usize,
    /// Taps of the postnet convolutions.
    pub postnet_kernel_size: usize,
    /// Number of postnet convolutions.
    pub postnet_n_convolutions: usize,
    /// Dropout probability of the prenet, on at inference too (section 2.2 of the paper).
    pub p_prenet_dropout: f32,
    /// A sentence ends when the gate's probability exceeds this; the caller may override it.
    pub gate_threshold: f32,
    /// Decoder steps after which a sentence is cut off; the caller may override it.
    pub max_decoder_steps: usize,
}

impl Default for Tacotron2Config {
    fn default() -> Self {
        Self {
            n_mel_channels: 80,
            n_symbols: 148,
            symbols_embedding_dim: 512,
            encoder_kernel_size: 5,
            encoder_n_convolutions: 3,
            encoder_embedding_dim: 512,
            n_frames_per_step: 1,
            prenet_dim: 256,
            attention_rnn_dim: 1024,
            decoder_rnn_dim: 1024,
            attention_dim: 128,
            attention_location_n_filters: 32,
            attention_location_kernel_size: 31,
            postnet_embedding_dim: 512,
            postnet_kernel_size: 5,
            postnet_n_convolutions: 5,
            p_prenet_dropout: 0.5,
            gate_threshold: 0.5,
            max_decoder_steps: 1000,
        }
    }
}

/// Sizes of WaveGlow, under their published names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaveGlowConfig {
    /// Which kind of WN layer the flows are made of.
    pub kind: WaveGlowKind,
    /// Mel bands.
    pub n_mel_channels: usize,
    /// Number of flows.
    pub n_flows: usize,
    /// Samples in a group; the channels of the first flow.
    pub n_group: usize,
    /// Flows between two early outputs.
    pub n_early_every: usize,
    /// Channels that leave at an early output.
    pub n_early_size: usize,
    /// Sizes of the network inside a coupling.
    #[serde(rename = "WN_config")]
    pub wn: WnConfig,
    /// Taps of the transposed convolution that upsamples the mel (published kind only).
    pub upsample_kernel: usize,
    /// Stride of the upsampler; equals the hop length.
    pub upsample_stride: usize,
    /// Standard deviation of the noise; the caller may override it.
    pub sigma: f32,
    /// Strength of the denoiser, 0 is off; the caller may override it.
    pub denoiser_strength: f32,
}

impl WaveGlowConfig {
    /// Whether channels leave early before flow `k` (counted in the order of the forward pass).
    pub fn has_early_output(&self, k: usize) -> bool {
        k > 0 && k.is_multiple_of(self.n_early_every)
    }

    /// Audio channels of flow `k`: what is left of the group after the early outputs up to it.
    pub fn flow_channels(&self, k: usize) -> usize {
        let left = k.checked_div(self.n_early_every).unwrap_or(0);
        self.n_group
            .saturating_sub(left.saturating_mul(self.n_early_size))
    }
}

/// Kinds of WN layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveGlowKind {
    /// Dilated convolutions with skip connections, conditioning at the group rate (Prenger et al. 2018).
    #[default]
    Waveglow,
    /// BatchNorm, depthwise and pointwise convolutions, residual only, conditioning at the mel's
    /// rate (Zhai et al. 2020).
    Squeezewave,
}

/// Sizes of a WN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WnConfig {
    /// Layers; layer `i` of the published kind has dilation `2^i`, of the squeezed kind 1.
    pub n_layers: usize,
    /// Channels of the running signal.
    pub n_channels: usize,
    /// Taps of the layer convolutions.
    pub kernel_size: usize,
}

impl Default for WnConfig {
    fn default() -> Self {
        Self {
            n_layers: 8,
            n_channels: 256,
            kernel_size: 3,
        }
    }
}

impl Default for WaveGlowConfig {
    fn default() -> Self {
        Self {
            kind: WaveGlowKind::Waveglow,
            n_mel_channels: 80,
            n_flows: 12,
            n_group: 8,
            n_early_every: 4,
            n_early_size: 2,
            wn: WnConfig::default(),
            upsample_kernel: 1024,
            upsample_stride: 256,
            sigma: 0.6,
            denoiser_strength: 0.0,
        }
    }
}
