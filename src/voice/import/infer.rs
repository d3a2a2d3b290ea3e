//! The configuration of a network, from the shapes of its weights.

use super::checkpoint::Checkpoint;
use super::names::Weight;
use crate::voice::config::{Tacotron2Config, WaveGlowConfig, WaveGlowKind, WnConfig};
use crate::voice::error::{Error, Result};

/// Sizes of a Tacotron 2. What shapes do not show (dropout, gate threshold, step limit) is as published.
pub(super) fn tacotron2(checkpoint: &Checkpoint<'_>) -> Result<Tacotron2Config> {
    let shapes = Shapes(checkpoint);
    if checkpoint.shape("embedding.weight").is_none() {
        let what = if shapes.count("WN.{}.end.bias") > 0 {
            "it is a WaveGlow (are the two files swapped?)"
        } else {
            "it has no embedding.weight"
        };
        return Err(Error::Checkpoint(format!("not a Tacotron 2: {what}")));
    }
    let [n_symbols, symbols_embedding_dim] = shapes.of("embedding.weight")?;
    let [encoder_embedding_dim, _, encoder_kernel_size] =
        shapes.of("encoder.convolutions.0.0.conv.weight")?;
    let [prenet_dim, _] = shapes.of("decoder.prenet.layers.1.linear_layer.weight")?;
    let [_, attention_rnn_dim] = shapes.of("decoder.attention_rnn.weight_hh")?;
    let [_, decoder_rnn_dim] = shapes.of("decoder.decoder_rnn.weight_hh")?;
    let attention = "decoder.attention_layer";
    let [_, attention_dim] = shapes.of(&format!("{attention}.v.linear_layer.weight"))?;
    let [
        attention_location_n_filters,
        _,
        attention_location_kernel_size,
    ] = shapes.of(&format!(
        "{attention}.location_layer.location_conv.conv.weight"
    ))?;
    let [postnet_embedding_dim, n_mel_channels, postnet_kernel_size] =
        shapes.of("postnet.convolutions.0.0.conv.weight")?;
    let [rows] = shapes.of("decoder.linear_projection.linear_layer.bias")?;
    if n_mel_channels == 0 || rows == 0 || rows % n_mel_channels != 0 {
        return Err(Error::Checkpoint(format!(
            "a Tacotron 2 that projects to {rows} values, which are no whole frames of {n_mel_channels} bands"
        )));
    }
    Ok(Tacotron2Config {
        n_mel_channels,
        n_symbols,
        symbols_embedding_dim,
        encoder_kernel_size,
        encoder_n_convolutions: shapes.count("encoder.convolutions.{}.1.weight"),
        encoder_embedding_dim,
        n_frames_per_step: rows / n_mel_channels,
        prenet_dim,
        attention_rnn_dim,
        decoder_rnn_dim,
        attention_dim,
        attention_location_n_filters,
        attention_location_kernel_size,
        postnet_embedding_dim,
        postnet_kernel_size,
        postnet_n_convolutions: shapes.count("postnet.convolutions.{}.1.weight"),
        ..Tacotron2Config::default()
    })
}

/// Sizes of a WaveGlow of either kind. The hop length is not visible in the weights and must be told.
pub(super) fn waveglow(checkpoint: &Checkpoint<'_>, hop_length: usize) -> Result<WaveGlowConfig> {
    let shapes = Shapes(checkpoint);
    let n_flows = shapes.count("convinv.{}.conv.weight");
    if n_flows == 0 {
        let what = if checkpoint.shape("embedding.weight").is_some() {
            "it is a Tacotron 2 (are the two files swapped?)"
        } else {
            "it has no convinv.0.conv.weight"
        };
        return Err(Error::Checkpoint(format!("not a WaveGlow: {what}")));
    }
    let mut widths = Vec::new();
    for k in 0..n_flows {
        let [width, _, _] = shapes.of(&format!("convinv.{k}.conv.weight"))?;
        widths.push(width);
    }
    // The first flow that is narrower than the first one tells both numbers; the other flows are compared later.
    let narrower = widths.iter().position(|w| *w < widths[0]);
    let (n_early_every, n_early_size) = match narrower {
        Some(k) => (k, widths[0] - widths[k]),
        None => (n_flows, 2),
    };
    let squeezed = checkpoint
        .shape("WN.0.in_layers.0.0.running_mean")
        .is_some();
    let defaults = WaveGlowConfig::default();
    let [n_channels, _, _] = shapes.of("WN.0.start.weight")?;
    let (kind, n_mel_channels, upsample_kernel, layer) = if squeezed {
        let [_, mel, _] = shapes.of("WN.0.cond_layer.weight")?;
        (
            WaveGlowKind::Squeezewave,
            mel,
            hop_length.saturating_mul(4),
            ".1",
        )
    } else {
        let [mel, _, kernel] = shapes.of("upsample.weight")?;
        (WaveGlowKind::Waveglow, mel, kernel, "")
    };
    let [_, _, kernel_size] = shapes.of(&format!("WN.0.in_layers.0{layer}.weight"))?;
    Ok(WaveGlowConfig {
        kind,
        n_mel_channels,
        n_flows,
        n_group: widths[0],
        n_early_every,
        n_early_size,
        wn: WnConfig {
            n_layers: shapes.count(&format!("WN.0.in_layers.{{}}{layer}.bias")),
            n_channels,
            kernel_size,
        },
        upsample_kernel,
        upsample_stride: hop_length,
        ..defaults
    })
}

struct Shapes<'c, 'a>(&'c Checkpoint<'a>);

impl Shapes<'_, '_> {
    /// The shape of a tensor that must have `N` axes.
    fn of<const N: usize>(&self, name: &str) -> Result<[usize; N]> {
        let shape = Weight::find(self.0, name)
            .ok_or_else(|| Error::Checkpoint(format!("tensor {name} is missing")))?
            .shape(self.0)?;
        shape.as_slice().try_into().map_err(|_| {
            Error::Checkpoint(format!(
                "tensor {name} has shape {shape:?}, {N} axes are expected"
            ))
        })
    }

    /// How many layers there are whose names differ by the number at `{}`.
    fn count(&self, pattern: &str) -> usize {
        // Bounded by the number of tensors; more layers than this are refused anyway.
        (0..1000)
            .take_while(|i| {
                self.0
                    .shape(&pattern.replacen("{}", &i.to_string(), 1))
                    .is_some()
            })
            .count()
    }
}
