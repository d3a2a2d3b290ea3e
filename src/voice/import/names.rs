//! Which tensors of a checkpoint make up each tensor of a voice.
//!
//! A voice has the names of the published `state_dict`s with plain weights. Checkpoints may have weight norm
//! (two parametrisations), split conditioning, separate residual and skip layers, or torchaudio's shorter names.

use std::collections::BTreeSet;

use super::checkpoint::Checkpoint;
use crate::voice::error::{Error, Result};

/// How a tensor is made from those of a checkpoint.
#[derive(Clone, Debug)]
pub(super) enum Weight {
    Plain(String),
    /// `weight[o] = g[o] · v[o] / ‖v[o]‖₂` (Salimans and Kingma 2016).
    Normed {
        g: String,
        v: String,
    },
    /// Several, one after the other along the first axis.
    Stacked(Vec<Weight>),
}

impl Weight {
    /// Finds a weight or bias by its published name, in whatever form the checkpoint has it.
    pub(super) fn find(checkpoint: &Checkpoint<'_>, name: &str) -> Option<Self> {
        Self::find_single(checkpoint, name)
            .or_else(|| Self::find_single(checkpoint, &torchaudio_name(name)))
            .or_else(|| Self::find_split_conditioning(checkpoint, name))
            .or_else(|| Self::find_res_and_skip(checkpoint, name))
    }

    fn find_single(checkpoint: &Checkpoint<'_>, name: &str) -> Option<Self> {
        if let Some(layer) = name.strip_suffix(".weight") {
            for (g, v) in [
                ("weight_g", "weight_v"),
                (
                    "parametrizations.weight.original0",
                    "parametrizations.weight.original1",
                ),
            ] {
                let (g, v) = (format!("{layer}.{g}"), format!("{layer}.{v}"));
                // Pickled modules carry the derived weight as well, which may be out of date.
                if checkpoint.shape(&g).is_some() && checkpoint.shape(&v).is_some() {
                    return Some(Self::Normed { g, v });
                }
            }
        }
        checkpoint.shape(name).map(|_| Self::Plain(name.to_owned()))
    }

    /// `cond_layer` from `cond_layers.0`, `cond_layers.1`, …
    fn find_split_conditioning(checkpoint: &Checkpoint<'_>, name: &str) -> Option<Self> {
        let (wn, part) = name.split_once(".cond_layer.")?;
        let layers: Vec<_> = (0..1000)
            .map_while(|i| Self::find_single(checkpoint, &format!("{wn}.cond_layers.{i}.{part}")))
            .collect();
        (!layers.is_empty()).then_some(Self::Stacked(layers))
    }

    /// `res_skip_layers.i` from `res_layers.i` (which the last layer lacks) and `skip_layers.i`.
    fn find_res_and_skip(checkpoint: &Checkpoint<'_>, name: &str) -> Option<Self> {
        let (wn, rest) = name.split_once(".res_skip_layers.")?;
        let skip = Self::find_single(checkpoint, &format!("{wn}.skip_layers.{rest}"))?;
        match Self::find_single(checkpoint, &format!("{wn}.res_layers.{rest}")) {
            Some(res) => Some(Self::Stacked(vec![res, skip])),
            None => Some(skip),
        }
    }

    /// The shape that reading gives.
    pub(super) fn shape(&self, checkpoint: &Checkpoint<'_>) -> Result<Vec<usize>> {
        let of = |name: &str| checkpoint.shape(name).unwrap_or_default().to_vec();
        match self {
            Self::Plain(name) => Ok(of(name)),
            Self::Normed { g, v } => {
                let (scale, shape) = (of(g), of(v));
                let scales: usize = scale.iter().product();
                if shape.is_empty() || scale.first() != shape.first() || scales != shape[0] {
                    return Err(Error::Checkpoint(format!(
                        "tensor {g} has shape {scale:?}, which does not scale the rows of {v} {shape:?}"
                    )));
                }
                Ok(shape)
            }
            Self::Stacked(parts) => {
                let mut shape: Vec<usize> = Vec::new();
                for part in parts {
                    let next = part.shape(checkpoint)?;
                    if shape.is_empty() {
                        shape = next;
                    } else if next.get(1..) == shape.get(1..) && !next.is_empty() {
                        shape[0] = shape[0].saturating_add(next[0]);
                    } else {
                        return Err(Error::Checkpoint(format!(
                            "layers of shapes {shape:?} and {next:?} cannot be stacked"
                        )));
                    }
                }
                Ok(shape)
            }
        }
    }

    /// The values, weight norm folded.
    pub(super) fn read(&self, checkpoint: &Checkpoint<'_>) -> Result<Vec<f32>> {
        match self {
            Self::Plain(name) => checkpoint.read(name),
            Self::Normed { g, v } => {
                let (scale, mut weight) = (checkpoint.read(g)?, checkpoint.read(v)?);
                let row = weight.len() / scale.len().max(1);
                for (weight, scale) in weight.chunks_mut(row.max(1)).zip(scale) {
                    // Products of two f32 are exact in f64, and the sum loses nothing that f32 could hold.
                    let norm = weight
                        .iter()
                        .map(|x| f64::from(*x).powi(2))
                        .sum::<f64>()
                        .sqrt();
                    let factor = f64::from(scale) / norm;
                    for x in weight {
                        *x = (f64::from(*x) * factor) as f32;
                    }
                }
                Ok(weight)
            }
            Self::Stacked(parts) => {
                let mut values = Vec::new();
                for part in parts {
                    values.append(&mut part.read(checkpoint)?);
                }
                Ok(values)
            }
        }
    }

    /// The tensors of the checkpoint that it is made from.
    pub(super) fn mark_used<'w>(&'w self, used: &mut BTreeSet<&'w str>) {
        match self {
            Self::Plain(name) => {
                used.insert(name);
            }
            Self::Normed { g, v } => {
                used.insert(g);
                used.insert(v);
            }
            Self::Stacked(parts) => parts.iter().for_each(|part| part.mark_used(used)),
        }
    }
}

/// Whether a network does without this tensor: counters, caches, and weights derived from weight norm.
pub(super) fn is_dispensable(checkpoint: &Checkpoint<'_>, name: &str) -> bool {
    name.ends_with("num_batches_tracked")
        || name.ends_with("W_inverse")
        || name
            .strip_suffix(".weight")
            .is_some_and(|layer| checkpoint.shape(&format!("{layer}.weight_v")).is_some())
}

/// torchaudio has the same tree without the wrappers around linear and convolution layers.
fn torchaudio_name(name: &str) -> String {
    name.replace(".linear_layer.", ".").replace(".conv.", ".")
}
