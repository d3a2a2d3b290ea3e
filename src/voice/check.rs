//! Whether a configuration agrees with itself and stays within sane bounds.
//!
//! A voice file is not trusted: every size that the networks later multiply, divide by or allocate
//! is checked here once, so that the code behind it need not.

use std::collections::HashSet;

use super::config::{AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig};
use super::error::{Error, Result};

/// Entries of the published symbol table.
pub const PUBLISHED_SYMBOLS: usize = 148;

/// Channels of any layer; the published models stay below 1,536.
const MAX_CHANNELS: usize = 16_384;

/// Checks that sizes are within bounds, values are finite, and the parts fit each other.
///
/// # Errors
/// [`Error::Config`] naming the field and what is wrong with it.
pub fn check_config(config: &VoiceConfig) -> Result<()> {
    audio(&config.audio)?;
    tacotron2(&config.tacotron2)?;
    waveglow(&config.waveglow)?;
    symbols(&config.frontend, config.tacotron2.n_symbols)?;

    let mel = config.audio.n_mel_channels;
    equal(
        "tacotron2.n_mel_channels",
        config.tacotron2.n_mel_channels,
        "audio.n_mel_channels",
        mel,
    )?;
    equal(
        "waveglow.n_mel_channels",
        config.waveglow.n_mel_channels,
        "audio.n_mel_channels",
        mel,
    )?;
    equal(
        "waveglow.upsample_stride",
        config.waveglow.upsample_stride,
        "audio.hop_length",
        config.audio.hop_length,
    )
}

fn audio(c: &AudioConfig) -> Result<()> {
    within(
        "audio.sampling_rate",
        c.sampling_rate as usize,
        1_000,
        384_000,
    )?;
    within("audio.filter_length", c.filter_length, 16, 65_536)?;
    even("audio.filter_length", c.filter_length)?;
    within("audio.hop_length", c.hop_length, 1, c.filter_length)?;
    within("audio.win_length", c.win_length, 1, c.filter_length)?;
    within("audio.n_mel_channels", c.n_mel_channels, 1, 1_024)?;
    let nyquist = c.sampling_rate as f32 / 2.0;
    number("audio.mel_fmin", c.mel_fmin, 0.0, nyquist)?;
    number("audio.mel_fmax", c.mel_fmax, 0.0, nyquist)?;
    if c.mel_fmin >= c.mel_fmax {
        return fail(format!(
            "audio.mel_fmin {} is not below audio.mel_fmax {}",
            c.mel_fmin, c.mel_fmax
        ));
    }
    number(
        "audio.log_clamp_min",
        c.log_clamp_min,
        f32::MIN_POSITIVE,
        1.0,
    )
}

fn tacotron2(c: &Tacotron2Config) -> Result<()> {
    within("tacotron2.n_symbols", c.n_symbols, 1, 65_536)?;
    for (name, value) in [
        ("symbols_embedding_dim", c.symbols_embedding_dim),
        ("encoder_embedding_dim", c.encoder_embedding_dim),
        ("prenet_dim", c.prenet_dim),
        ("attention_rnn_dim", c.attention_rnn_dim),
        ("decoder_rnn_dim", c.decoder_rnn_dim),
        ("attention_dim", c.attention_dim),
        (
            "attention_location_n_filters",
            c.attention_location_n_filters,
        ),
        ("postnet_embedding_dim", c.postnet_embedding_dim),
    ] {
        within(&format!("tacotron2.{name}"), value, 1, MAX_CHANNELS)?;
    }
    for (name, value) in [
        ("encoder_kernel_size", c.encoder_kernel_size),
        (
            "attention_location_kernel_size",
            c.attention_location_kernel_size,
        ),
        ("postnet_kernel_size", c.postnet_kernel_size),
    ] {
        kernel(&format!("tacotron2.{name}"), value)?;
    }
    within(
        "tacotron2.encoder_n_convolutions",
        c.encoder_n_convolutions,
        1,
        64,
    )?;
    within(
        "tacotron2.postnet_n_convolutions",
        c.postnet_n_convolutions,
        2,
        64,
    )?;
    within("tacotron2.n_frames_per_step", c.n_frames_per_step, 1, 64)?;
    within(
        "tacotron2.max_decoder_steps",
        c.max_decoder_steps,
        1,
        1_000_000,
    )?;
    even("tacotron2.encoder_embedding_dim", c.encoder_embedding_dim)?;
    equal(
        "tacotron2.symbols_embedding_dim",
        c.symbols_embedding_dim,
        "tacotron2.encoder_embedding_dim",
        c.encoder_embedding_dim,
    )?;
    // At 1 the prenet would drop everything and scale by infinity.
    number("tacotron2.p_prenet_dropout", c.p_prenet_dropout, 0.0, 0.99)?;
    number("tacotron2.gate_threshold", c.gate_threshold, 0.0, 1.0)
}

fn waveglow(c: &WaveGlowConfig) -> Result<()> {
    within("waveglow.n_flows", c.n_flows, 1, 128)?;
    within("waveglow.n_group", c.n_group, 2, 4_096)?;
    within("waveglow.n_early_every", c.n_early_every, 1, 4_096)?;
    within("waveglow.n_early_size", c.n_early_size, 2, 4_096)?;
    even("waveglow.n_group", c.n_group)?;
    even("waveglow.n_early_size", c.n_early_size)?;
    let leave = (c.n_flows - 1) / c.n_early_every * c.n_early_size;
    if c.n_group < leave + 2 {
        return fail(format!(
            "waveglow: early outputs take {leave} of n_group {} channels; the last flow needs at least 2",
            c.n_group
        ));
    }
    // Layer i has dilation 2^i: 16 layers already look 65,535 groups to either side.
    within("waveglow.WN_config.n_layers", c.wn.n_layers, 1, 16)?;
    within(
        "waveglow.WN_config.n_channels",
        c.wn.n_channels,
        1,
        MAX_CHANNELS,
    )?;
    kernel("waveglow.WN_config.kernel_size", c.wn.kernel_size)?;
    within("waveglow.upsample_stride", c.upsample_stride, 1, 65_536)?;
    divides(
        "waveglow.n_group",
        c.n_group,
        "waveglow.upsample_stride",
        c.upsample_stride,
    )?;
    within(
        "waveglow.upsample_kernel",
        c.upsample_kernel,
        c.upsample_stride,
        65_536,
    )?;
    divides(
        "waveglow.upsample_stride",
        c.upsample_stride,
        "waveglow.upsample_kernel",
        c.upsample_kernel,
    )?;
    number("waveglow.sigma", c.sigma, 0.0, 10.0)?;
    number(
        "waveglow.denoiser_strength",
        c.denoiser_strength,
        0.0,
        100.0,
    )
}

fn symbols(frontend: &FrontendConfig, n_symbols: usize) -> Result<()> {
    let table = &frontend.symbols;
    if table.is_empty() {
        return equal(
            "tacotron2.n_symbols",
            n_symbols,
            "the published symbol table",
            PUBLISHED_SYMBOLS,
        );
    }
    equal(
        "tacotron2.n_symbols",
        n_symbols,
        "frontend.symbols",
        table.len(),
    )?;
    let mut seen = HashSet::new();
    for (id, symbol) in table.iter().enumerate() {
        if symbol.is_empty() || symbol.len() > 64 {
            return fail(format!(
                "frontend.symbols: entry {id} is empty or longer than 64 bytes"
            ));
        }
        if !seen.insert(symbol.as_str()) {
            return fail(format!("frontend.symbols: {symbol:?} appears twice"));
        }
    }
    Ok(())
}

fn fail(message: String) -> Result<()> {
    Err(Error::Config(message))
}

fn within(name: &str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    fail(format!("{name} is {value}, allowed are {low} to {high}"))
}

fn number(name: &str, value: f32, low: f32, high: f32) -> Result<()> {
    // A NaN is in no range.
    if (low..=high).contains(&value) {
        return Ok(());
    }
    fail(format!("{name} is {value}, allowed are {low} to {high}"))
}

fn even(name: &str, value: usize) -> Result<()> {
    if value.is_multiple_of(2) {
        return Ok(());
    }
    fail(format!("{name} is {value}, it must be even"))
}

/// Kernels are odd so that "same" padding is symmetric.
fn kernel(name: &str, value: usize) -> Result<()> {
    within(name, value, 1, 1_023)?;
    if value % 2 == 1 {
        return Ok(());
    }
    fail(format!("{name} is {value}, it must be odd"))
}

fn equal(name: &str, value: usize, other_name: &str, other: usize) -> Result<()> {
    if value == other {
        return Ok(());
    }
    fail(format!("{name} is {value}, {other_name} has {other}"))
}

fn divides(name: &str, value: usize, of_name: &str, of: usize) -> Result<()> {
    if of.is_multiple_of(value) {
        return Ok(());
    }
    fail(format!("{name} {value} does not divide {of_name} {of}"))
}
