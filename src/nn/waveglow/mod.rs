//! WaveGlow: mel frames to audio (Prenger et al., "WaveGlow: a flow-based generative network for
//! speech synthesis", 2018), and its squeezed form (Zhai et al., "SqueezeWave", 2020).
//!
//! The inverse pass runs the flows from last to first. Flow `k` holds a stream of groups of samples
//! `a = [a0, a1]`; its WN looks at `a0` and the mel and gives `b` and `log s`:
//!
//! ```text
//! a1 <- (a1 - b) / exp(log s);   x <- W_k⁻¹ [a0, a1];   before an early output: x <- [noise, x]
//! ```
//!
//! `stream` runs it over the mel as it arrives: every layer keeps its rows of context, so nothing
//! is computed twice and blocks of any size give the audio of the whole utterance.

mod inverse;
mod load;
mod stream;

pub use stream::WaveGlowStream;

use super::Result;
use super::load::Loader;
use crate::backend::{Backend, Precision, SeparableWeights};
use crate::voice::Voice;
use crate::voice::config::WaveGlowConfig;

/// The network on a device.
pub struct WaveGlow<B: Backend> {
    config: WaveGlowConfig,
    /// Upsampler of the published kind: `4 frames -> groups of a frame × 8 mel channels`.
    upsample: Option<B::Matrix>,
    flows: Vec<Flow<B>>,
}

/// One flow: a coupling network and an invertible 1×1 convolution.
struct Flow<B: Backend> {
    /// Channels of the stream.
    channels: usize,
    start: B::Matrix,
    /// Conditioning of all layers at the mel's rate (squeezed kind).
    condition: Option<B::Matrix>,
    layers: Vec<Layer<B>>,
    end: B::Matrix,
    /// `W_k⁻¹`
    inverse: B::Matrix,
}

/// One WN layer.
enum Layer<B: Backend> {
    /// Dilated convolution and conditioning in one product; residual and skip in another.
    Dilated {
        gate: B::Matrix,
        res_skip: B::Matrix,
        dilation: usize,
    },
    /// BatchNorm and depthwise convolution, pointwise product; residual only.
    Separable {
        gate: SeparableWeights<B>,
        residual: B::Matrix,
    },
}

impl<B: Backend> Layer<B> {
    /// Rows that a layer looks to either side, for `taps` taps.
    fn reach(&self, taps: usize) -> usize {
        match self {
            Layer::Dilated { dilation, .. } => dilation * (taps / 2),
            Layer::Separable { .. } => taps / 2,
        }
    }
}

impl<B: Backend> WaveGlow<B> {
    /// Packs the weights of `voice` for `backend`.
    ///
    /// # Errors
    /// Weights that are missing, not finite, not invertible, or too large for the device.
    pub fn load(voice: &Voice, backend: &mut B, precision: Precision) -> Result<Self> {
        load::load(
            &mut Loader {
                voice,
                backend,
                precision,
            },
            &voice.config().waveglow,
        )
    }

    /// Sizes of the network.
    pub fn config(&self) -> &WaveGlowConfig {
        &self.config
    }

    /// Groups of samples that one mel frame becomes.
    pub fn groups_per_frame(&self) -> usize {
        self.config.upsample_stride / self.config.n_group
    }

    /// Groups that a flow looks to either side.
    fn flow_reach(&self) -> usize {
        let taps = self.config.wn.kernel_size;
        self.flows[0].layers.iter().map(|l| l.reach(taps)).sum()
    }

    /// Mel frames after a sample that it depends on.
    pub fn look_ahead(&self) -> usize {
        (self.flow_reach() * self.flows.len()).div_ceil(self.groups_per_frame())
    }

    /// Multiply-adds per sample of audio, for benchmarks.
    pub fn macs_per_sample(&self) -> f64 {
        let c = &self.config;
        let wn = c.wn.n_channels as f64;
        let (layers, taps) = (c.wn.n_layers as f64, c.wn.kernel_size as f64);
        let per_frame = c.n_mel_channels as f64;
        let group = c.n_group as f64;
        let mut per_group = 0.0;
        for flow in &self.flows {
            let n = flow.channels as f64;
            per_group += n / 2.0 * wn + wn * n + n * n;
            per_group += if flow.condition.is_some() {
                // Conditioning once a frame, shared by its groups.
                layers * (taps * wn + 3.0 * wn * wn)
                    + per_frame * 2.0 * wn * layers / self.groups_per_frame() as f64
            } else {
                let residual = (2.0 * layers - 1.0) * wn * wn;
                layers * 2.0 * wn * (taps * wn + per_frame * group) + residual
            };
        }
        if self.upsample.is_some() {
            let frames = (c.upsample_kernel / c.upsample_stride) as f64;
            per_group += frames * per_frame * per_frame * group;
        }
        per_group / group
    }
}
