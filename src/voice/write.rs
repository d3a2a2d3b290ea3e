//! Writes a voice file, one tensor at a time, so that it never holds more than one in memory.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::check::check_config;
use super::config::VoiceConfig;
use super::error::{Error, Result};
use super::layout::expected_tensors;
use super::tensor::{Dtype, encode};
use crate::disk::OutputFile;

/// Value of the metadata entry `format`.
pub const FORMAT: &str = "tacoglow-voice-1";

/// How weights are stored in a voice that is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageType {
    /// All f32.
    F32,
    /// f16, half the size; the 1x1 convolutions stay f32, because their inverses are sensitive.
    #[default]
    F16,
}

impl StorageType {
    /// The type of one tensor.
    pub fn of(self, name: &str) -> Dtype {
        match self {
            Self::F16 if !name.contains(".convinv.") => Dtype::F16,
            _ => Dtype::F32,
        }
    }
}

/// Writes voice files.
#[derive(Clone, Debug)]
pub struct VoiceWriter {
    config: VoiceConfig,
    metadata: BTreeMap<String, String>,
    storage: StorageType,
}

/// The JSON at the start of a safetensors file.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    entries: BTreeMap<&'a str, Entry>,
}

#[derive(Serialize)]
struct Entry {
    dtype: &'static str,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

impl VoiceWriter {
    /// A writer for a voice of this configuration, stored as `storage`.
    ///
    /// `config`, `format`, `name` and `language` of the file's metadata are filled in.
    ///
    /// # Errors
    /// [`Error::Config`] if the configuration contradicts itself.
    pub fn new(config: VoiceConfig, storage: StorageType) -> Result<Self> {
        check_config(&config)?;
        let text = serde_json::to_string(&config).map_err(|e| Error::Config(e.to_string()))?;
        let metadata = BTreeMap::from([
            ("config".to_owned(), text),
            ("format".to_owned(), FORMAT.to_owned()),
            ("name".to_owned(), config.name.clone()),
            ("language".to_owned(), config.language.clone()),
        ]);
        Ok(Self {
            config,
            metadata,
            storage,
        })
    }

    /// Adds an entry of metadata, such as `license` or `provenance`.
    #[must_use]
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Writes the file. `read` is asked for each tensor of [`expected_tensors`] once, by name and shape,
    /// and gives its values in order (last axis fastest).
    ///
    /// The file is written beside `path` and renamed when it is complete: there is never half a voice.
    ///
    /// # Errors
    /// [`Error::Write`] if the system refuses, errors of `read`, and weights that are not finite or
    /// do not fit the storage type.
    pub fn write<F>(&self, path: impl AsRef<Path>, mut read: F) -> Result<()>
    where
        F: FnMut(&str, &[usize]) -> Result<Vec<f32>>,
    {
        let path = path.as_ref();
        let failed = |e: io::Error| Error::write(path, e);
        let file = OutputFile::create(path).map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        self.write_to(&mut out, &mut read, &failed)?;
        let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
        file.finish().map_err(failed)
    }

    /// The file as bytes in memory; see [`write`](Self::write).
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn to_bytes<F>(&self, mut read: F) -> Result<Vec<u8>>
    where
        F: FnMut(&str, &[usize]) -> Result<Vec<f32>>,
    {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes, &mut read, &|e| Error::Container(e.to_string()))?;
        Ok(bytes)
    }

    fn write_to<F>(
        &self,
        out: &mut impl Write,
        read: &mut F,
        failed: &dyn Fn(io::Error) -> Error,
    ) -> Result<()>
    where
        F: FnMut(&str, &[usize]) -> Result<Vec<f32>>,
    {
        let tensors = self.in_file_order();
        out.write_all(&self.header(&tensors)?).map_err(failed)?;
        for (name, shape, dtype) in tensors {
            let values = read(&name, &shape)?;
            check_values(&name, &shape, dtype, &values)?;
            out.write_all(&encode(&values, dtype)).map_err(failed)?;
        }
        Ok(())
    }

    /// The f32 tensors come first, so that every tensor lies at a multiple of its type's size.
    fn in_file_order(&self) -> Vec<(String, Vec<usize>, Dtype)> {
        let mut tensors: Vec<_> = expected_tensors(&self.config)
            .map(|(name, shape)| {
                let dtype = self.storage.of(&name);
                (name, shape, dtype)
            })
            .collect();
        tensors.sort_by_key(|(_, _, dtype)| std::cmp::Reverse(dtype.size()));
        tensors
    }

    /// Length, JSON and padding, as safetensors has it.
    fn header(&self, tensors: &[(String, Vec<usize>, Dtype)]) -> Result<Vec<u8>> {
        let mut end = 0;
        let mut entries = BTreeMap::new();
        for (name, shape, dtype) in tensors {
            let start = end;
            end = shape
                .iter()
                .try_fold(dtype.size(), |n: usize, d| n.checked_mul(*d))
                .and_then(|n| n.checked_add(start))
                .ok_or_else(|| Error::Config(format!("tensor {name} would be too large")))?;
            let dtype = match dtype {
                Dtype::F32 => "F32",
                Dtype::F16 => "F16",
                Dtype::Bf16 => "BF16",
                Dtype::I8 => "I8",
            };
            let (shape, data_offsets) = (shape.clone(), (start, end));
            entries.insert(
                name.as_str(),
                Entry {
                    dtype,
                    shape,
                    data_offsets,
                },
            );
        }
        let metadata = &self.metadata;
        let mut json = serde_json::to_vec(&Header { metadata, entries })
            .map_err(|e| Error::Container(e.to_string()))?;
        json.resize(json.len().next_multiple_of(8), b' ');
        let mut header = (json.len() as u64).to_le_bytes().to_vec();
        header.append(&mut json);
        Ok(header)
    }
}

fn check_values(name: &str, shape: &[usize], dtype: Dtype, values: &[f32]) -> Result<()> {
    let expected: usize = shape.iter().product();
    if values.len() != expected {
        return Err(Error::Length {
            name: name.to_owned(),
            expected,
            found: values.len(),
        });
    }
    if let Some(index) = values.iter().position(|x| !x.is_finite()) {
        return Err(Error::BadWeight {
            name: name.to_owned(),
            index,
            value: values[index],
        });
    }
    let largest = values
        .iter()
        .copied()
        .fold(0.0, |a: f32, b| if b.abs() > a.abs() { b } else { a });
    // 65,520 is the first value that rounds to infinity in binary16.
    if dtype == Dtype::F16 && largest.abs() >= 65_520.0 {
        return Err(Error::Overflow {
            name: name.to_owned(),
            value: largest,
            dtype,
        });
    }
    Ok(())
}
