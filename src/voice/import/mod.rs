//! Makes a voice of published PyTorch checkpoints, without Python and without running anything of theirs.
//!
//! [`Checkpoint`] reads the file: `zip` and `legacy` are its two containers, `pickle` the machine that
//! describes it as a `graph`, `globals` the whitelist, `construct` what its names make, `modules` finds the tensors. Then `infer` takes the
//! configuration from the shapes, `names` finds the tensors that each of ours is made from, and
//! [`Import`] checks that nothing is missing or left over and writes the voice.

mod bytes;
mod checkpoint;
mod construct;
mod globals;
mod graph;
mod infer;
mod legacy;
mod modules;
mod names;
mod pickle;
mod symbols;
mod tensor;
mod zip;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use self::names::{Weight, is_dispensable};
use super::check::check_config;
use super::config::{AudioConfig, VoiceConfig, WaveGlowKind};
use super::error::{Error, Result};
use super::layout::{TACOTRON2, WAVEGLOW, tacotron2_tensors, waveglow_tensors};
use super::map::Map;
use super::write::{StorageType, VoiceWriter};

pub use self::checkpoint::Checkpoint;

/// What the checkpoints do not say.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Short name of the voice.
    pub name: String,
    /// BCP 47 language tag.
    pub language: String,
    /// Licence of the weights, if known.
    pub license: Option<String>,
    /// Where the weights come from, if known.
    pub provenance: Option<String>,
    /// How weights are stored in the voice.
    pub storage: StorageType,
    /// Mel analysis that the networks were trained with; the number of mel bands is taken from the weights.
    pub audio: AudioConfig,
    /// Symbol table by id, for an embedding that has neither the published 148 rows nor torchaudio's 38 or 96.
    pub symbols: Option<Vec<String>>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            name: "imported".into(),
            language: "en".into(),
            license: None,
            provenance: None,
            storage: StorageType::default(),
            audio: AudioConfig::default(),
            symbols: None,
        }
    }
}

/// What was imported.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Name of the voice.
    pub name: String,
    /// Kind of vocoder.
    pub kind: WaveGlowKind,
    /// Weights of Tacotron 2, running statistics included.
    pub tacotron2_parameters: usize,
    /// Weights of the vocoder, running statistics included.
    pub waveglow_parameters: usize,
    /// Symbols that the voice knows.
    pub symbols: usize,
    /// Channels of the vocoder's WN layers.
    pub channels: usize,
    /// Bytes of the voice file.
    pub bytes: u64,
}

/// Imports two checkpoint files into a voice file at `output`.
///
/// The files are mapped and read tensor by tensor; the voice is written beside `output` and then renamed.
///
/// # Errors
/// Files that cannot be read or written, checkpoints that are damaged, hostile or of another network, and
/// weights that are not finite.
pub fn import(
    tacotron2: &Path,
    waveglow: &Path,
    output: &Path,
    options: &ImportOptions,
) -> Result<ImportReport> {
    let map = |path: &Path| Map::open(path).map_err(|e| Error::read(path, e));
    let (tacotron2_file, waveglow_file) = (map(tacotron2)?, map(waveglow)?);
    let parse = |file, path: &Path| {
        Checkpoint::parse(file).map_err(|e| match e {
            Error::Checkpoint(what) => Error::Checkpoint(format!("{}: {what}", path.display())),
            other => other,
        })
    };
    let tacotron2 = parse(&tacotron2_file, tacotron2)?;
    let waveglow = parse(&waveglow_file, waveglow)?;
    let import = Import::new(&tacotron2, &waveglow, options)?;
    import.writer()?.write(output, |name, _| {
        let values = import.read(name);
        // A checkpoint may be larger than memory: what was read need not stay.
        tacotron2_file.release(0..tacotron2_file.len());
        waveglow_file.release(0..waveglow_file.len());
        values
    })?;
    let bytes = std::fs::metadata(output)
        .map_err(|e| Error::read(output, e))?
        .len();
    Ok(import.report(bytes))
}

/// Two checkpoints matched with the voice that they make.
#[derive(Debug)]
pub struct Import<'c, 'a> {
    tacotron2: &'c Checkpoint<'a>,
    waveglow: &'c Checkpoint<'a>,
    config: VoiceConfig,
    weights: BTreeMap<String, (Weight, usize)>,
    options: ImportOptions,
}

impl<'c, 'a> Import<'c, 'a> {
    /// Infers the configuration and finds every tensor; no weight is read yet.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] naming the tensor that is missing, left over or of another shape, or
    /// saying how the two networks do not fit each other.
    pub fn new(
        tacotron2: &'c Checkpoint<'a>,
        waveglow: &'c Checkpoint<'a>,
        options: &ImportOptions,
    ) -> Result<Self> {
        let tacotron2_config = infer::tacotron2(tacotron2)?;
        let waveglow_config = infer::waveglow(waveglow, options.audio.hop_length)?;
        let config = VoiceConfig {
            name: options.name.clone(),
            language: options.language.clone(),
            audio: AudioConfig {
                n_mel_channels: tacotron2_config.n_mel_channels,
                ..options.audio.clone()
            },
            frontend: symbols::frontend(tacotron2_config.n_symbols, options.symbols.clone())?,
            tacotron2: tacotron2_config,
            waveglow: waveglow_config,
        };
        check_config(&config).map_err(|e| match e {
            Error::Config(what) => {
                Error::Checkpoint(format!("sizes that do not fit each other: {what}"))
            }
            other => other,
        })?;
        let mut weights = BTreeMap::new();
        let table = tacotron2_tensors(&config.tacotron2);
        match_tensors(tacotron2, "Tacotron 2", TACOTRON2, table, &mut weights)?;
        let table = waveglow_tensors(&config.waveglow);
        match_tensors(waveglow, "WaveGlow", WAVEGLOW, table, &mut weights)?;
        Ok(Self {
            tacotron2,
            waveglow,
            config,
            weights,
            options: options.clone(),
        })
    }

    /// The configuration of the voice.
    pub fn config(&self) -> &VoiceConfig {
        &self.config
    }

    /// The values of a tensor of the voice, by its name in the voice file.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if its storage is damaged, [`Error::UnknownTensor`] if there is no such tensor.
    pub fn read(&self, name: &str) -> Result<Vec<f32>> {
        let (weight, _) = self
            .weights
            .get(name)
            .ok_or_else(|| Error::UnknownTensor { name: name.into() })?;
        let of_tacotron2 = name.starts_with(TACOTRON2);
        weight.read(if of_tacotron2 {
            self.tacotron2
        } else {
            self.waveglow
        })
    }

    /// A writer for the voice, to be given [`read`](Self::read).
    ///
    /// # Errors
    /// None that [`new`](Self::new) has not reported.
    pub fn writer(&self) -> Result<VoiceWriter> {
        let mut writer = VoiceWriter::new(self.config.clone(), self.options.storage)?;
        if let Some(license) = &self.options.license {
            writer = writer.metadata("license", license);
        }
        let provenance = self.options.provenance.as_deref();
        Ok(writer.metadata(
            "provenance",
            provenance.unwrap_or("imported from PyTorch checkpoints"),
        ))
    }

    fn report(&self, bytes: u64) -> ImportReport {
        let parameters = |prefix: &str| {
            let of_network = self
                .weights
                .iter()
                .filter(|(name, _)| name.starts_with(prefix));
            of_network.map(|(_, (_, len))| len).sum()
        };
        ImportReport {
            name: self.config.name.clone(),
            kind: self.config.waveglow.kind,
            tacotron2_parameters: parameters(TACOTRON2),
            waveglow_parameters: parameters(WAVEGLOW),
            symbols: self.config.tacotron2.n_symbols,
            channels: self.config.waveglow.wn.n_channels,
            bytes,
        }
    }
}

/// Finds each tensor of the table, and makes sure that the checkpoint has nothing else.
fn match_tensors(
    checkpoint: &Checkpoint<'_>,
    network: &str,
    prefix: &str,
    table: Vec<(String, Vec<usize>)>,
    weights: &mut BTreeMap<String, (Weight, usize)>,
) -> Result<()> {
    let mut found = Vec::new();
    for (full, expected) in table {
        let name = &full[prefix.len()..];
        let weight = Weight::find(checkpoint, name).ok_or_else(|| {
            Error::Checkpoint(format!(
                "{network}: tensor {name} of shape {expected:?} is missing"
            ))
        })?;
        let shape = weight.shape(checkpoint)?;
        if shape != expected {
            return Err(Error::Checkpoint(format!(
                "{network}: tensor {name} has shape {shape:?}, the others call for {expected:?}"
            )));
        }
        found.push((full, weight, shape.iter().product()));
    }
    let mut used = BTreeSet::new();
    for (_, weight, _) in &found {
        weight.mark_used(&mut used);
    }
    let mut left = checkpoint
        .names()
        .filter(|name| !used.contains(name) && !is_dispensable(checkpoint, name));
    if let Some(name) = left.next() {
        let more = left.count();
        return Err(Error::Checkpoint(format!(
            "{network}: tensor {name} and {more} more are not part of the published network"
        )));
    }
    weights.extend(
        found
            .into_iter()
            .map(|(full, weight, len)| (full, (weight, len))),
    );
    Ok(())
}

#[cfg(test)]
mod tests;
