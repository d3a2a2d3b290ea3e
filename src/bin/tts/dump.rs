//! `--dump` and `--plot`: what the networks made of a sentence, as arrays and as a picture.

use std::fs;
use std::path::Path;

use tts::audio::mel::band_centers;
use tts::audio::npy;
use tts::disk::write_file;
use tts::synth::SentenceReport;
use tts::voice::config::VoiceConfig;

use crate::fail::{Fail, Result, cannot_write};
use crate::plot;

/// Writes `DIR/000/{tokens,encoder,mel,mel_postnet,gate,alignment,audio}.npy`, time first.
pub(crate) fn write(dir: &Path, report: &SentenceReport, config: &VoiceConfig) -> Result {
    let Some(tensors) = &report.tensors else {
        return Ok(());
    };
    let dir = dir.join(format!("{:03}", report.index));
    fs::create_dir_all(&dir)
        .map_err(|e| Fail::failed(format!("cannot make the directory {}: {e}", dir.display())))?;
    let symbols = report.sentence.ids.len();
    let ids: Vec<i64> = report
        .sentence
        .ids
        .iter()
        .map(|&id| i64::from(id))
        .collect();
    npy::write_i64(&dir.join("tokens.npy"), &[symbols], &ids)?;
    let matrix = |name: &str, data: &[f32], columns: usize| {
        npy::write_f32(&dir.join(name), &[data.len() / columns, columns], data)
    };
    let bands = config.audio.n_mel_channels;
    matrix(
        "encoder.npy",
        &tensors.encoder,
        config.tacotron2.encoder_embedding_dim,
    )?;
    matrix("mel.npy", &tensors.mel, bands)?;
    matrix("mel_postnet.npy", &tensors.mel_postnet, bands)?;
    matrix("alignment.npy", &tensors.alignment, symbols)?;
    npy::write_f32(&dir.join("gate.npy"), &[tensors.gate.len()], &tensors.gate)?;
    Ok(npy::write_f32(
        &dir.join("audio.npy"),
        &[tensors.audio.len()],
        &tensors.audio,
    )?)
}

/// Draws the mel spectrogram and the attention.
pub(crate) fn draw(path: &Path, report: &SentenceReport, config: &VoiceConfig) -> Result {
    let Some(tensors) = &report.tensors else {
        return Ok(());
    };
    let audio = &config.audio;
    let picture = plot::draw(&plot::Sentence {
        title: report.sentence.text.trim(),
        mel: &tensors.mel_postnet,
        band_hz: &band_centers(audio),
        frame_seconds: audio.hop_length as f64 / f64::from(audio.sampling_rate),
        alignment: &tensors.alignment,
        symbols: &report.sentence.symbols,
    });
    let png = picture
        .png()
        .map_err(|e| Fail::failed(format!("cannot encode the picture: {e}")))?;
    write_file(path, &png).map_err(|e| cannot_write(path, e))
}
