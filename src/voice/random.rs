//! Voices of any size with made-up weights, for benchmarks and tests.
//!
//! Nothing is stored: each tensor is a recipe that gives the same values whenever it is read, so that a
//! network of 268 million parameters costs no memory beyond what its packed weights need.

use std::collections::HashMap;

use rayon::prelude::*;

use super::check::check_config;
use super::config::VoiceConfig;
use super::error::Result;
use super::file::Voice;
use super::layout::expected_tensors;
use super::write::StorageType;

impl Voice {
    /// A voice of the given configuration with random weights on which both networks stay finite: it
    /// makes noise, at the speed of a trained voice of that size. The same seed gives the same weights.
    ///
    /// 1x1 convolutions are orthonormal with determinant 1, the WN outputs are small, the gate does not fire.
    ///
    /// # Errors
    /// [`Error::Config`](super::Error::Config) if the configuration contradicts itself.
    pub fn random(config: VoiceConfig, seed: u64, storage: StorageType) -> Result<Self> {
        check_config(&config)?;
        let stride = config.waveglow.upsample_stride;
        let tensors: Vec<_> = expected_tensors(&config)
            .map(|(name, shape)| {
                let recipe = Recipe::new(&name, &shape, stride, seed);
                let dtype = storage.of(&name);
                (name, shape, dtype, recipe)
            })
            .collect();
        let metadata = HashMap::from([
            ("name".to_owned(), config.name.clone()),
            ("language".to_owned(), config.language.clone()),
            (
                "provenance".to_owned(),
                format!("random weights, seed {seed}"),
            ),
        ]);
        Ok(Self::generated(config, metadata, tensors.into_iter()))
    }
}

/// How the values of one tensor are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    stream: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Evenly distributed between two bounds.
    Uniform(f32, f32),
    /// A rotation of this many dimensions.
    Rotation(usize),
}

impl Recipe {
    fn new(name: &str, shape: &[usize], upsample_stride: usize, seed: u64) -> Self {
        // FNV-1a keeps the streams of different tensors apart.
        let stream = name
            .bytes()
            .fold(mix(seed) ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let out = shape[0] as f32;
        let fan_in = shape[1..].iter().product::<usize>().max(1) as f32;
        let centred = |bound: f32| Kind::Uniform(-bound, bound);
        let kind = if name.contains(".convinv.") {
            Kind::Rotation(shape[0])
        } else if name.contains("lstm.") || name.contains("_rnn.") {
            // The hidden size is a quarter of the stacked gates.
            centred((4.0 / out).sqrt())
        } else if name.ends_with(".running_var") || (shape.len() == 1 && name.ends_with(".weight"))
        {
            Kind::Uniform(0.5, 1.5)
        } else if name.ends_with("gate_layer.linear_layer.bias") {
            Kind::Uniform(-8.0, -7.0)
        } else if shape.len() == 1 {
            centred(0.05)
        } else if name.ends_with("upsample.weight") {
            // An output sample sums `kernel / stride` taps of every band.
            let taps = shape[2] as f32 / upsample_stride as f32;
            centred((3.0 / (out * taps)).sqrt())
        } else if name.contains(".end.") {
            centred(0.1 * fan_in.sqrt().recip())
        } else {
            centred((3.0 / fan_in).sqrt() * 0.6)
        };
        Self { stream, kind }
    }

    /// Writes the tensor's values.
    pub(super) fn fill(self, out: &mut [f32]) {
        match self.kind {
            Kind::Uniform(low, high) => {
                let width = high - low;
                out.par_chunks_mut(1 << 14)
                    .enumerate()
                    .for_each(|(chunk, out)| {
                        let start = (chunk as u64) << 14;
                        for (i, x) in out.iter_mut().enumerate() {
                            *x = low + width * unit(self.stream, start + i as u64);
                        }
                    });
            }
            Kind::Rotation(n) => rotation(n, self.stream, out),
        }
    }
}

/// The orthogonal matrix of an even number of reflections, which has determinant +1, row by row.
fn rotation(n: usize, stream: u64, out: &mut [f32]) {
    out.fill(0.0);
    out.iter_mut().step_by(n + 1).for_each(|x| *x = 1.0);
    for reflection in 0..8_u64 {
        let base = reflection * n as u64;
        let mut v: Vec<f32> = (0..n as u64)
            .map(|i| unit(stream, base + i) - 0.5)
            .collect();
        let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
        for x in &mut v {
            *x /= norm.max(1e-6);
        }
        for row in out.chunks_exact_mut(n) {
            let dot: f32 = row.iter().zip(&v).map(|(a, b)| a * b).sum();
            row.iter_mut()
                .zip(&v)
                .for_each(|(a, b)| *a -= 2.0 * dot * b);
        }
    }
}

/// Value number `index` of a stream, in [0, 1).
fn unit(stream: u64, index: u64) -> f32 {
    let bits = mix(stream.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    (bits >> 40) as f32 * (1.0 / 16_777_216.0)
}

/// The finaliser of `SplitMix64`.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
