//! One tensor of a voice: its shape, how it is stored, and its values as f32.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;
use serde::Serialize;

use super::error::{Error, Result};
use super::file::Source;
use crate::room;

/// How the weights of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point (IEEE 754 binary16).
    F16,
    /// 16-bit floating point with the exponent of f32.
    Bf16,
    /// 8-bit integer, multiplied by one f32 scale per output channel (first axis).
    I8,
}

impl Dtype {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::I8 => 1,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I8 => "int8",
        })
    }
}

/// A borrowed tensor of a [`Voice`](super::Voice).
///
/// When it is dropped, the pages of a mapped file that it touched are given back to the system, so that
/// loading a voice tensor by tensor never holds the file and the packed weights at once.
pub struct TensorView<'v> {
    pub(super) name: &'v str,
    pub(super) shape: &'v [usize],
    pub(super) dtype: Dtype,
    pub(super) source: &'v Source,
    pub(super) data: Data<'v>,
}

/// Where a tensor's values come from.
pub(super) enum Data<'v> {
    /// Little-endian values as they lie in the file, and the scales of an int8 tensor.
    Stored {
        bytes: &'v [u8],
        scale: Option<&'v [u8]>,
    },
    /// Values made when they are asked for.
    Random(super::random::Recipe),
}

/// The checked values of a tensor: those of the file where they can be computed with as they lie there.
#[derive(Debug)]
pub struct Values<'v>(Kept<'v>);

#[derive(Debug)]
enum Kept<'v> {
    /// A view of f32 values, at an address fit for them.
    InFile(TensorView<'v>),
    Converted(Vec<f32>),
}

impl Values<'_> {
    /// The values to keep or to change.
    pub fn into_vec(self) -> Vec<f32> {
        match self.0 {
            Kept::InFile(_) => self.to_vec(),
            Kept::Converted(values) => values,
        }
    }
}

impl Deref for Values<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Kept::InFile(view) => view.as_f32().unwrap_or(&[]),
            Kept::Converted(values) => values,
        }
    }
}

/// Values converted at a time: small enough for the first-level cache, long enough for SIMD.
const BLOCK: usize = 2048;

impl<'v> TensorView<'v> {
    /// All values as f32, int8 already multiplied by its scale; without a copy where the file has them so.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if a value is NaN or infinite, or a BatchNorm variance is negative.
    pub fn values(self) -> Result<Values<'v>> {
        Ok(Values(match self.as_f32() {
            Some(values) => {
                self.check(values)?;
                Kept::InFile(self)
            }
            None => Kept::Converted(self.to_f32()?),
        }))
    }

    /// The bytes of the file, if they are f32 values of this machine at an address fit for them.
    fn as_f32(&self) -> Option<&[f32]> {
        match self.data {
            Data::Stored { bytes, scale: None }
                if self.dtype == Dtype::F32 && cfg!(target_endian = "little") =>
            {
                bytemuck::try_cast_slice(bytes).ok()
            }
            _ => None,
        }
    }

    /// The tensor's name in the voice file.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Its shape, outermost axis first; a scalar has the empty shape.
    pub fn shape(&self) -> &[usize] {
        self.shape
    }

    /// How it is stored.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no values; a validated voice has no such tensor.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values as stored, little-endian, without the scale of an int8 tensor.
    ///
    /// They are not checked: use [`copy_to_f32`](Self::copy_to_f32) for weights that will be computed with.
    pub fn raw(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::Stored { bytes, .. } => Cow::Borrowed(bytes),
            Data::Random(recipe) => {
                let mut values = vec![0.0; self.len()];
                recipe.fill(&mut values);
                Cow::Owned(encode(&values, self.dtype))
            }
        }
    }

    /// The scale of each output channel of an int8 tensor.
    pub fn scale(&self) -> Option<Vec<f32>> {
        match self.data {
            Data::Stored { scale, .. } => scale.map(|bytes| {
                let (values, _) = bytes.as_chunks::<4>();
                values.iter().map(|b| f32::from_le_bytes(*b)).collect()
            }),
            Data::Random(_) => None,
        }
    }

    /// All values as f32, int8 already multiplied by its scale.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if a value is NaN or infinite.
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        let mut out = room::zeros(self.len());
        self.copy_to_f32(&mut out)?;
        Ok(out)
    }

    /// Like [`to_f32`](Self::to_f32) into the caller's buffer of [`len`](Self::len) values.
    ///
    /// # Errors
    /// [`Error::BadWeight`] if a value is NaN or infinite, or a BatchNorm variance is negative;
    /// [`Error::Length`] if the buffer has another length. The buffer's content is then unspecified.
    pub fn copy_to_f32(&self, out: &mut [f32]) -> Result<()> {
        if out.len() != self.len() {
            return Err(Error::Length {
                name: self.name.to_owned(),
                expected: self.len(),
                found: out.len(),
            });
        }
        match &self.data {
            Data::Stored { bytes, .. } => {
                let width = self.dtype.size() * BLOCK;
                out.par_chunks_mut(BLOCK)
                    .with_min_len(16)
                    .zip(bytes.par_chunks(width))
                    .for_each(|(out, bytes)| widen(bytes, self.dtype, out));
                if let Some(scale) = self.scale() {
                    let row = (out.len() / scale.len().max(1)).max(1);
                    for (row, scale) in out.chunks_mut(row).zip(scale) {
                        for x in row {
                            *x *= scale;
                        }
                    }
                }
            }
            Data::Random(recipe) => {
                recipe.fill(out);
                if self.dtype == Dtype::F16 {
                    // What a stored file would give back.
                    out.par_chunks_mut(BLOCK).for_each(|out| {
                        let mut block = [f16::ZERO; BLOCK];
                        let block = &mut block[..out.len()];
                        block.convert_from_f32_slice(out);
                        block.convert_to_f32_slice(out);
                    });
                }
            }
        }
        self.check(out)
    }

    /// Refuses values that no layer can compute with.
    fn check(&self, values: &[f32]) -> Result<()> {
        let variance = self.name.ends_with(".running_var");
        let bad = |x: f32| !x.is_finite() || (variance && x < 0.0);
        // Blocks are judged without an early exit, so that the test is a few SIMD instructions.
        let block = values
            .par_chunks(BLOCK)
            .with_min_len(16)
            .position_first(|block| block.iter().fold(false, |any, x| any | bad(*x)));
        let Some(block) = block else { return Ok(()) };
        let start = block * BLOCK;
        let index = start + values[start..].iter().position(|x| bad(*x)).unwrap_or(0);
        Err(Error::BadWeight {
            name: self.name.to_owned(),
            index,
            value: values[index],
        })
    }
}

impl Drop for TensorView<'_> {
    fn drop(&mut self) {
        if let Data::Stored { bytes, .. } = self.data {
            self.source.release(bytes);
        }
    }
}

impl fmt::Debug for TensorView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.name, self.shape, self.dtype)
    }
}

/// Widens at most [`BLOCK`] little-endian values, without scale. The bytes need no alignment.
fn widen(bytes: &[u8], dtype: Dtype, out: &mut [f32]) {
    match dtype {
        Dtype::F32 => {
            for (out, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *out = f32::from_le_bytes(*b);
            }
        }
        Dtype::F16 => {
            let mut block = [f16::ZERO; BLOCK];
            for (half, b) in block.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *half = f16::from_le_bytes(*b);
            }
            block[..out.len()].convert_to_f32_slice(out);
        }
        Dtype::Bf16 => {
            for (out, b) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *out = bf16::from_le_bytes(*b).to_f32();
            }
        }
        Dtype::I8 => {
            for (out, b) in out.iter_mut().zip(bytes) {
                *out = f32::from(b.cast_signed());
            }
        }
    }
}

/// Values as stored bytes, little-endian; int8 would need a scale and is not made here.
pub(super) fn encode(values: &[f32], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F16 => {
            let mut bytes = vec![0; values.len() * 2];
            bytes
                .par_chunks_mut(2 * BLOCK)
                .zip(values.par_chunks(BLOCK))
                .for_each(|(bytes, values)| {
                    let mut block = [f16::ZERO; BLOCK];
                    let block = &mut block[..values.len()];
                    block.convert_from_f32_slice(values);
                    for (b, half) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(block) {
                        *b = half.to_le_bytes();
                    }
                });
            bytes
        }
        _ => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}
