//! A tensor of a checkpoint: a strided view of a storage, read as f32 when it is needed.

use half::{bf16, f16};

use crate::voice::error::{Error, Result};

/// Element types of torch storages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    F16,
    Bf16,
    F32,
    F64,
    /// Integers and booleans of this many bytes: random states and counters, never weights.
    Integer(u8),
}

impl ElementType {
    /// The type of a storage class such as `HalfStorage`.
    pub(super) fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "BoolStorage" | "ByteStorage" | "CharStorage" | "UntypedStorage" => Self::Integer(1),
            "ShortStorage" => Self::Integer(2),
            "IntStorage" => Self::Integer(4),
            "LongStorage" => Self::Integer(8),
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Integer(size) => size.into(),
        }
    }
}

/// A storage as a pickle names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    pub(super) element: ElementType,
    /// Where a legacy view begins in the root storage, in elements.
    pub(super) view_start: usize,
    /// Elements of the storage or of the legacy view.
    pub(super) len: usize,
}

/// A tensor as a pickle describes it: nothing is read yet.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) stride: Vec<usize>,
}

impl Tensor<'_> {
    /// Number of elements; [`check`](Self::check) has made sure that it does not overflow.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Makes sure that the view stays within its storage and is no larger than it.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |why: &str| {
            let (shape, storage) = (&self.shape, self.storage.key);
            Err(Error::Checkpoint(format!(
                "a tensor of shape {shape:?} in storage {storage:?} {why}"
            )))
        };
        if self.shape.len() != self.stride.len() || self.shape.len() > 8 {
            return refuse("has no usable strides");
        }
        let count = self
            .shape
            .iter()
            .try_fold(1_usize, |n, d| n.checked_mul(*d));
        let Some(count) = count else {
            return refuse("is too large");
        };
        if count == 0 {
            return Ok(());
        }
        // A view with stride 0 could be made as large as one likes; weights never are such views.
        if count > self.storage.len {
            return refuse("has more elements than the storage");
        }
        let last = self
            .shape
            .iter()
            .zip(&self.stride)
            .try_fold(self.offset, |at, (d, s)| {
                at.checked_add((d - 1).checked_mul(*s)?)
            });
        if last.is_none_or(|last| last >= self.storage.len) {
            return refuse("reaches beyond its storage");
        }
        Ok(())
    }

    /// Whether elements lie one after the other.
    fn is_contiguous(&self) -> bool {
        let mut next = 1;
        for (size, stride) in self.shape.iter().zip(&self.stride).rev() {
            if *size != 1 && *stride != next {
                return false;
            }
            next *= size;
        }
        true
    }

    /// The elements as f32 in the order of the shape, from the bytes of the whole root storage.
    pub(super) fn read(&self, storage: &[u8]) -> Result<Vec<f32>> {
        self.check()?;
        let size = self.storage.element.size();
        let start = self.storage.view_start.checked_mul(size);
        let bytes = self.storage.len.checked_mul(size);
        let view = start
            .zip(bytes)
            .and_then(|(start, bytes)| storage.get(start..start.checked_add(bytes)?))
            .ok_or_else(|| {
                Error::Checkpoint(format!(
                    "storage {:?} is cut off: it has {} bytes, the pickle calls for {} elements of {size}",
                    self.storage.key,
                    storage.len(),
                    self.storage.len,
                ))
            })?;
        match self.storage.element {
            ElementType::F16 => Ok(self.gather(view, |b: [u8; 2]| f16::from_le_bytes(b).to_f32())),
            ElementType::Bf16 => {
                Ok(self.gather(view, |b: [u8; 2]| bf16::from_le_bytes(b).to_f32()))
            }
            ElementType::F32 => Ok(self.gather(view, f32::from_le_bytes)),
            ElementType::F64 => Ok(self.gather(view, |b: [u8; 8]| f64::from_le_bytes(b) as f32)),
            ElementType::Integer(_) => Err(Error::Checkpoint(
                "a weight is stored as integers".to_owned(),
            )),
        }
    }

    fn gather<const N: usize>(&self, view: &[u8], convert: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        let elements = view.as_chunks::<N>().0;
        let count = self.len();
        if count == 0 {
            return Vec::new();
        }
        if self.is_contiguous() {
            let elements = &elements[self.offset..self.offset + count];
            return elements.iter().map(|b| convert(*b)).collect();
        }
        let mut out = Vec::with_capacity(count);
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        loop {
            out.push(convert(elements[at]));
            // Counts up like an odometer, the last axis fastest.
            let mut axis = self.shape.len();
            loop {
                if axis == 0 {
                    return out;
                }
                axis -= 1;
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    at += self.stride[axis];
                    break;
                }
                at -= self.stride[axis] * (self.shape[axis] - 1);
                index[axis] = 0;
            }
        }
    }
}
