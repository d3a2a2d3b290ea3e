//! Which tensors a voice must hold, and their shapes, derived from its configuration alone.
//!
//! Names are those of the published `state_dict`s with weight norm folded into `weight`, below
//! `tacotron2.` and `waveglow.`. Reading, writing, random voices and the import all go by this table.

use super::config::{Tacotron2Config, VoiceConfig, WaveGlowConfig, WaveGlowKind};

/// Prefix of the names of Tacotron 2.
pub const TACOTRON2: &str = "tacotron2.";
/// Prefix of the names of WaveGlow.
pub const WAVEGLOW: &str = "waveglow.";

/// Every tensor that both networks need, as `(name, shape)`, in a fixed order.
///
/// The configuration must be [consistent](super::check::check_config): sizes are not checked here.
pub fn expected_tensors(config: &VoiceConfig) -> impl Iterator<Item = (String, Vec<usize>)> {
    let mut table = tacotron2_tensors(&config.tacotron2);
    table.append(&mut waveglow_tensors(&config.waveglow));
    table.into_iter()
}

/// The tensors of Tacotron 2 as `(name, shape)`.
pub fn tacotron2_tensors(c: &Tacotron2Config) -> Vec<(String, Vec<usize>)> {
    let mut t = Table::new(TACOTRON2);
    let encoder = c.encoder_embedding_dim;
    let per_direction = encoder / 2;
    let frames = c.n_mel_channels * c.n_frames_per_step;
    let decoder_out = c.decoder_rnn_dim + encoder;

    t.add("embedding.weight", [c.n_symbols, c.symbols_embedding_dim]);
    for i in 0..c.encoder_n_convolutions {
        let name = format!("encoder.convolutions.{i}");
        t.conv(
            &format!("{name}.0.conv"),
            [encoder, encoder, c.encoder_kernel_size],
        );
        t.batch_norm(&format!("{name}.1"), encoder);
    }
    for direction in ["", "_reverse"] {
        t.lstm(
            "encoder.lstm",
            &format!("_l0{direction}"),
            encoder,
            per_direction,
        );
    }
    t.add(
        "decoder.prenet.layers.0.linear_layer.weight",
        [c.prenet_dim, frames],
    );
    t.add(
        "decoder.prenet.layers.1.linear_layer.weight",
        [c.prenet_dim, c.prenet_dim],
    );
    t.lstm(
        "decoder.attention_rnn",
        "",
        c.prenet_dim + encoder,
        c.attention_rnn_dim,
    );
    let attention = "decoder.attention_layer";
    t.add(
        &format!("{attention}.query_layer.linear_layer.weight"),
        [c.attention_dim, c.attention_rnn_dim],
    );
    t.add(
        &format!("{attention}.memory_layer.linear_layer.weight"),
        [c.attention_dim, encoder],
    );
    t.add(
        &format!("{attention}.v.linear_layer.weight"),
        [1, c.attention_dim],
    );
    t.add(
        &format!("{attention}.location_layer.location_conv.conv.weight"),
        [
            c.attention_location_n_filters,
            2,
            c.attention_location_kernel_size,
        ],
    );
    t.add(
        &format!("{attention}.location_layer.location_dense.linear_layer.weight"),
        [c.attention_dim, c.attention_location_n_filters],
    );
    t.lstm(
        "decoder.decoder_rnn",
        "",
        c.attention_rnn_dim + encoder,
        c.decoder_rnn_dim,
    );
    t.conv(
        "decoder.linear_projection.linear_layer",
        [frames, decoder_out],
    );
    t.conv("decoder.gate_layer.linear_layer", [1, decoder_out]);

    let last = c.postnet_n_convolutions.saturating_sub(1);
    for i in 0..c.postnet_n_convolutions {
        let input = if i == 0 {
            c.n_mel_channels
        } else {
            c.postnet_embedding_dim
        };
        let output = if i == last {
            c.n_mel_channels
        } else {
            c.postnet_embedding_dim
        };
        let name = format!("postnet.convolutions.{i}");
        t.conv(
            &format!("{name}.0.conv"),
            [output, input, c.postnet_kernel_size],
        );
        t.batch_norm(&format!("{name}.1"), output);
    }
    t.rows
}

/// The tensors of WaveGlow, of either kind, as `(name, shape)`.
pub fn waveglow_tensors(c: &WaveGlowConfig) -> Vec<(String, Vec<usize>)> {
    let mut t = Table::new(WAVEGLOW);
    let channels = c.wn.n_channels;
    let layers = c.wn.n_layers;
    let conditioning = match c.kind {
        WaveGlowKind::Waveglow => {
            t.add(
                "upsample.weight",
                [c.n_mel_channels, c.n_mel_channels, c.upsample_kernel],
            );
            t.add("upsample.bias", [c.n_mel_channels]);
            c.n_mel_channels * c.n_group
        }
        WaveGlowKind::Squeezewave => c.n_mel_channels,
    };
    for k in 0..c.n_flows {
        let width = c.flow_channels(k);
        t.add(&format!("convinv.{k}.conv.weight"), [width, width, 1]);
    }
    for k in 0..c.n_flows {
        let width = c.flow_channels(k);
        let wn = format!("WN.{k}");
        t.conv(&format!("{wn}.start"), [channels, width / 2, 1]);
        t.conv(
            &format!("{wn}.cond_layer"),
            [2 * channels * layers, conditioning, 1],
        );
        for i in 0..layers {
            let layer = format!("{wn}.in_layers.{i}");
            let res_skip = match c.kind {
                WaveGlowKind::Waveglow => {
                    t.conv(&layer, [2 * channels, channels, c.wn.kernel_size]);
                    if i + 1 < layers {
                        2 * channels
                    } else {
                        channels
                    }
                }
                WaveGlowKind::Squeezewave => {
                    t.batch_norm(&format!("{layer}.0"), channels);
                    t.conv(&format!("{layer}.1"), [channels, 1, c.wn.kernel_size]);
                    t.conv(&format!("{layer}.2"), [2 * channels, channels, 1]);
                    channels
                }
            };
            t.conv(
                &format!("{wn}.res_skip_layers.{i}"),
                [res_skip, channels, 1],
            );
        }
        t.conv(&format!("{wn}.end"), [width, channels, 1]);
    }
    t.rows
}

struct Table {
    prefix: &'static str,
    rows: Vec<(String, Vec<usize>)>,
}

impl Table {
    fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            rows: Vec::new(),
        }
    }

    fn add<const N: usize>(&mut self, name: &str, shape: [usize; N]) {
        self.rows
            .push((format!("{}{name}", self.prefix), shape.to_vec()));
    }

    /// A weight and a bias with one value per output channel, `shape[0]`.
    fn conv<const N: usize>(&mut self, name: &str, shape: [usize; N]) {
        let out = shape[0];
        self.add(&format!("{name}.weight"), shape);
        self.add(&format!("{name}.bias"), [out]);
    }

    fn batch_norm(&mut self, name: &str, channels: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.add(&format!("{name}.{part}"), [channels]);
        }
    }

    /// An LSTM with gates stacked i, f, g, o.
    fn lstm(&mut self, name: &str, suffix: &str, input: usize, hidden: usize) {
        self.add(&format!("{name}.weight_ih{suffix}"), [4 * hidden, input]);
        self.add(&format!("{name}.weight_hh{suffix}"), [4 * hidden, hidden]);
        self.add(&format!("{name}.bias_ih{suffix}"), [4 * hidden]);
        self.add(&format!("{name}.bias_hh{suffix}"), [4 * hidden]);
    }
}
