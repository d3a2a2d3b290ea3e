//! A voice in memory: mapped from a file, handed over by the caller, or made up.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use safetensors::tensor::Metadata;
use safetensors::{SafeTensorError, SafeTensors};

use super::check::check_config;
use super::config::VoiceConfig;
use super::error::{Error, Result};
use super::layout::expected_tensors;
use super::map::Map;
use super::random::Recipe;
use super::tensor::{Data, Dtype, TensorView};

/// Longest header that is parsed, in bytes; the largest published voice needs about 90 kB.
const MAX_HEADER: u64 = 8 << 20;

/// An opened voice: configuration, metadata and weights, all checked against each other.
///
/// After opening, the tensors of [`expected_tensors`] are known to exist with exactly those shapes;
/// nothing else can be asked for. Weights stay where they are (a mapped file, the caller's memory)
/// and are checked for NaN and infinity where they are read. `Send` and `Sync`: any thread may read.
#[derive(Debug)]
pub struct Voice {
    config: VoiceConfig,
    metadata: HashMap<String, String>,
    tensors: HashMap<String, Entry>,
    source: Source,
}

#[derive(Debug)]
struct Entry {
    shape: Vec<usize>,
    dtype: Dtype,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Bytes of the source, and those of the scale of an int8 tensor.
    Stored(Range<usize>, Option<Range<usize>>),
    Random(Recipe),
}

/// Where the bytes of a voice are held.
#[derive(Debug)]
pub(super) enum Source {
    Mapped(Map),
    Shared(Arc<[u8]>),
    Owned(Vec<u8>),
    Static(&'static [u8]),
    /// Weights are made when they are read.
    Nothing,
}

impl Source {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Shared(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Static(bytes) => bytes,
            Self::Nothing => &[],
        }
    }

    /// Gives the pages of `part`, a slice of this source, back to the system if it is a mapped file.
    pub(super) fn release(&self, part: &[u8]) {
        if let Self::Mapped(map) = self {
            let start = part.as_ptr() as usize - map.as_ptr() as usize;
            map.release(start..start + part.len());
        }
    }
}

impl Voice {
    /// Maps a voice file and checks it against its own configuration.
    ///
    /// Only the header is read; weights are paged in as they are used. The file must not be changed
    /// while the voice is open (replacing it by a rename is fine).
    ///
    /// # Errors
    /// [`Error::Read`] if the system refuses, else what is wrong with the content.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let map = Map::open(path).map_err(|e| Error::read(path, e))?;
        Self::new(Source::Mapped(map))
    }

    /// Takes over the bytes of a voice file.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::new(Source::Owned(bytes))
    }

    /// Shares the bytes of a voice file with the caller.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn from_shared(bytes: Arc<[u8]>) -> Result<Self> {
        Self::new(Source::Shared(bytes))
    }

    /// Borrows the bytes of a voice file, such as `include_bytes!` or memory that a C caller keeps alive.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self> {
        Self::new(Source::Static(bytes))
    }

    fn new(source: Source) -> Result<Self> {
        let (data_start, header) = read_header(source.bytes())?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let config = metadata
            .get("config")
            .ok_or_else(|| Error::Config("the metadata has no entry `config`".into()))?;
        let config: VoiceConfig =
            serde_json::from_str(config).map_err(|e| Error::Config(e.to_string()))?;
        check_config(&config)?;
        let tensors = check_tensors(&config, &header, data_start)?;
        Ok(Self {
            config,
            metadata,
            tensors,
            source,
        })
    }

    /// A voice whose tensors are made by recipes instead of being stored.
    pub(super) fn generated(
        config: VoiceConfig,
        metadata: HashMap<String, String>,
        tensors: impl Iterator<Item = (String, Vec<usize>, Dtype, Recipe)>,
    ) -> Self {
        let tensors = tensors
            .map(|(name, shape, dtype, recipe)| {
                let place = Place::Random(recipe);
                (
                    name,
                    Entry {
                        shape,
                        dtype,
                        place,
                    },
                )
            })
            .collect();
        Self {
            config,
            metadata,
            tensors,
            source: Source::Nothing,
        }
    }

    /// The configuration, already checked.
    pub fn config(&self) -> &VoiceConfig {
        &self.config
    }

    /// An entry of the file's metadata: `name`, `language`, `license`, `provenance` and others.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// A tensor by its full name, such as `waveglow.WN.0.start.weight`.
    ///
    /// # Errors
    /// [`Error::UnknownTensor`] if it is not one of [`expected_tensors`].
    pub fn tensor(&self, name: &str) -> Result<TensorView<'_>> {
        let (name, entry) = self
            .tensors
            .get_key_value(name)
            .ok_or_else(|| Error::UnknownTensor { name: name.into() })?;
        let data = match &entry.place {
            Place::Stored(bytes, scale) => Data::Stored {
                bytes: &self.source.bytes()[bytes.clone()],
                scale: scale.clone().map(|scale| &self.source.bytes()[scale]),
            },
            Place::Random(recipe) => Data::Random(*recipe),
        };
        Ok(TensorView {
            name,
            shape: &entry.shape,
            dtype: entry.dtype,
            source: &self.source,
            data,
        })
    }

    /// Gives all mapped pages back to the system: call it once the weights are packed.
    ///
    /// The voice stays usable; what is read again is paged in again. Views do the same for their own
    /// pages when they are dropped.
    pub fn release(&self) {
        self.source.release(self.source.bytes());
    }

    /// Bytes of the voice as a file; 0 for a voice that is made up.
    pub fn file_size(&self) -> usize {
        self.source.bytes().len()
    }
}

/// Parses the header; the result's tensors lie back to back and end where the file ends.
fn read_header(bytes: &[u8]) -> Result<(usize, Metadata)> {
    let length = bytes
        .first_chunk::<8>()
        .map(|b| u64::from_le_bytes(*b))
        .ok_or_else(|| Error::Container("shorter than a safetensors header".into()))?;
    if length > MAX_HEADER {
        let checkpoint = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0x80, 0x02]);
        return Err(Error::Container(if checkpoint {
            "a PyTorch checkpoint, which must be imported before it can speak".into()
        } else {
            format!("not a safetensors file: it claims a header of {length} bytes")
        }));
    }
    let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| {
        Error::Container(match e {
            SafeTensorError::InvalidHeaderLength | SafeTensorError::MetadataIncompleteBuffer => {
                "it is not as long as its header says: was it copied or downloaded whole?".into()
            }
            e => e.to_string(),
        })
    })?;
    Ok((8 + header, metadata))
}

/// Compares what the file holds with what its configuration calls for.
fn check_tensors(
    config: &VoiceConfig,
    header: &Metadata,
    data_start: usize,
) -> Result<HashMap<String, Entry>> {
    let mut entries = HashMap::new();
    let mut extra = header.tensors();
    for (name, expected) in expected_tensors(config) {
        let Some(info) = extra.remove(&name) else {
            return Err(Error::MissingTensor { name, expected });
        };
        if info.shape != expected {
            return Err(Error::Shape {
                name,
                found: info.shape.clone(),
                expected,
            });
        }
        let (dtype, scale) = match info.dtype {
            safetensors::Dtype::F32 => (Dtype::F32, None),
            safetensors::Dtype::F16 => (Dtype::F16, None),
            safetensors::Dtype::BF16 => (Dtype::Bf16, None),
            safetensors::Dtype::I8 => {
                let scale_name = format!("{name}.scale");
                let expected = vec![expected[0]];
                let Some(scale) = extra.remove(&scale_name) else {
                    return Err(Error::MissingTensor {
                        name: scale_name,
                        expected,
                    });
                };
                check_scale(scale_name, scale, expected)?;
                (Dtype::I8, Some(place(data_start, scale.data_offsets)))
            }
            other => {
                return Err(Error::StoredAs {
                    name,
                    found: other.to_string(),
                });
            }
        };
        let place = Place::Stored(place(data_start, info.data_offsets), scale);
        let shape = expected;
        entries.insert(
            name,
            Entry {
                shape,
                dtype,
                place,
            },
        );
    }
    // PyTorch counts batches in every BatchNorm; nothing reads the counters.
    let unknown = extra
        .keys()
        .filter(|name| !name.ends_with(".num_batches_tracked"));
    match unknown.min() {
        Some(name) => Err(Error::UnknownTensor { name: name.clone() }),
        None => Ok(entries),
    }
}

fn check_scale(
    name: String,
    info: &safetensors::tensor::TensorInfo,
    expected: Vec<usize>,
) -> Result<()> {
    if info.shape != expected {
        return Err(Error::Shape {
            name,
            found: info.shape.clone(),
            expected,
        });
    }
    if info.dtype != safetensors::Dtype::F32 {
        return Err(Error::StoredAs {
            name,
            found: info.dtype.to_string(),
        });
    }
    Ok(())
}

fn place(data_start: usize, (from, to): (usize, usize)) -> Range<usize> {
    data_start + from..data_start + to
}
