//! A checkpoint as named tensors, whatever container it came in.

use super::legacy::{self, Storages};
use super::modules::{State, state};
use super::pickle::unpickle;
use super::tensor::Tensor;
use super::zip::Archive;
use crate::voice::error::{Error, Result};

/// A PyTorch checkpoint: names, shapes, and weights that are read when asked for.
///
/// Nothing of the file is run, and nothing in it is trusted. Both containers of `torch.save` are read, holding
/// a state dict, a training checkpoint, or a whole module of the published networks.
pub struct Checkpoint<'a> {
    state: State<'a>,
    data: Data<'a>,
}

enum Data<'a> {
    Zip {
        archive: Archive<'a>,
        folder: &'a str,
    },
    Legacy(Storages<'a>),
}

impl<'a> Checkpoint<'a> {
    /// Reads names and shapes from the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file is damaged or of another kind, [`Error::ForbiddenGlobal`] if its pickle
    /// mentions anything that weights do not need.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.starts_with(b"PK\x03\x04") {
            return Self::parse_zip(bytes);
        }
        if bytes.starts_with(&[0x80]) {
            let (pickle, storages) = legacy::parse(bytes)?;
            let state = state(&pickle.graph, pickle.root)?;
            return Ok(Self {
                state,
                data: Data::Legacy(storages),
            });
        }
        let kind = if bytes.get(257..262) == Some(b"ustar") {
            "a tar file of PyTorch 0.1: load and save it with a newer PyTorch first"
        } else if bytes.starts_with(b"\x89HDF") {
            "an HDF5 file, not a PyTorch checkpoint"
        } else if bytes.get(8..10) == Some(b"{\"") {
            "a safetensors file, not a PyTorch checkpoint; a voice file needs no import"
        } else if bytes.starts_with(b"<") {
            "a web page, not a PyTorch checkpoint: the download went wrong"
        } else {
            "not a PyTorch checkpoint"
        };
        Err(Error::Checkpoint(kind.into()))
    }

    fn parse_zip(bytes: &'a [u8]) -> Result<Self> {
        let archive = Archive::parse(bytes)?;
        let mut folders = archive.names().filter_map(|name| {
            let folder = name.strip_suffix("/data.pkl")?;
            (!folder.contains('/')).then_some(folder)
        });
        let (folder, another) = (folders.next(), folders.next());
        drop(folders);
        let (Some(folder), None) = (folder, another) else {
            return Err(Error::Checkpoint(
                "a zip file that torch.save did not make (it has no data.pkl)".into(),
            ));
        };
        if archive.names().any(|name| name.ends_with("/constants.pkl")) {
            return Err(Error::Checkpoint(
                "a TorchScript archive: save the module's state_dict() instead".into(),
            ));
        }
        if let Some(order) = archive.get(&format!("{folder}/byteorder"))?
            && order != b"little"
        {
            return Err(Error::Checkpoint(
                "made on a big-endian machine, which is not supported".into(),
            ));
        }
        let pickle = archive.get(&format!("{folder}/data.pkl"))?.unwrap_or(&[]);
        let pickle = unpickle(pickle)?;
        let state = state(&pickle.graph, pickle.root)?;
        Ok(Self {
            state,
            data: Data::Zip { archive, folder },
        })
    }

    /// Names of all tensors, sorted, without `module.` prefixes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.state.keys().map(String::as_str)
    }

    /// Shape of a tensor, or `None` if there is none of that name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.state.get(name).map(|tensor| tensor.shape.as_slice())
    }

    /// Values of a tensor as f32, in the order of its shape (last axis fastest).
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if there is no such tensor, its storage is missing or cut off, or it holds integers.
    pub fn read(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self
            .state
            .get(name)
            .ok_or_else(|| Error::Checkpoint(format!("tensor {name} is missing")))?;
        let storage = self.storage(tensor)?;
        tensor.read(storage).map_err(|e| match e {
            Error::Checkpoint(what) => Error::Checkpoint(format!("tensor {name}: {what}")),
            other => other,
        })
    }

    fn storage(&self, tensor: &Tensor<'a>) -> Result<&'a [u8]> {
        let key = tensor.storage.key;
        let found = match &self.data {
            Data::Zip { archive, folder } => archive.get(&format!("{folder}/data/{key}"))?,
            Data::Legacy(storages) => storages.get(key).copied(),
        };
        found.ok_or_else(|| Error::Checkpoint(format!("storage {key:?} is missing")))
    }
}

impl std::fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shapes = self
            .state
            .iter()
            .map(|(name, tensor)| (name, &tensor.shape));
        f.debug_map().entries(shapes).finish()
    }
}
