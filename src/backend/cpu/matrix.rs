//! Weights in the order in which the product kernel reads them.
//!
//! A matrix with `k` inputs and `n` outputs is cut into panels two vectors wide; inside a panel the
//! inputs follow one another, so that a tile reads its weights as one stream:
//! `data[panel][k][vector 0 lanes, vector 1 lanes]`. Which outputs sit in the two vectors is the
//! [`Layout`]: gates are placed so that the values which an epilogue combines meet in one tile.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;
use memmap2::MmapMut;
use rayon::prelude::*;

use crate::backend::ledger::Share;
use crate::backend::{Error, Ledger, MatrixKind, MatrixSpec, Precision};
use crate::room;

/// Which outputs share a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Outputs in their order.
    Plain,
    /// WaveGlow's gate: vector 0 from the tanh half, vector 1 the same channels of the sigmoid half.
    Gate,
    /// LSTM: two panels hold the i, f and the g, o gates of the same hidden units.
    Lstm,
}

impl Layout {
    /// First output of vector `v` of `panel`, and how many of its lanes are real outputs.
    #[inline(always)]
    pub(super) fn outputs(self, n: usize, lanes: usize, panel: usize, v: usize) -> (usize, usize) {
        let (base, part, block) = match self {
            Self::Plain => (0, n, panel * 2 + v),
            Self::Gate => (v * (n / 2), n / 2, panel),
            Self::Lstm => ((panel % 2 * 2 + v) * (n / 4), n / 4, panel / 2),
        };
        let first = (block * lanes).min(part);
        (base + first, (part - first).min(lanes))
    }

    /// Panels that `n` outputs need.
    pub(super) fn panels(self, n: usize, lanes: usize) -> usize {
        match self {
            Self::Plain => n.div_ceil(2 * lanes),
            Self::Gate => (n / 2).div_ceil(lanes),
            Self::Lstm => (n / 4).div_ceil(lanes) * 2,
        }
    }
}

/// Memory for weights, in huge pages where the system gives them: a decoder step reads all of its
/// weights once, and with small pages the address translation would cost more than the reading.
pub(super) struct Buffer<T> {
    map: MmapMut,
    len: usize,
    element: PhantomData<T>,
    _share: Share,
}

impl<T: Element> Buffer<T> {
    fn zeros(len: usize, memory: &Arc<Ledger>) -> Result<Self, Error> {
        let bytes = (len * size_of::<T>()).max(1);
        let share = memory.take(bytes as u64)?;
        let map = MmapMut::map_anon(bytes).map_err(|e| Error::OutOfMemory(e.to_string()))?;
        #[cfg(target_os = "linux")]
        if map.len() >= 1 << 20 {
            // Refused by some kernels; then the pages are small, and nothing else changes.
            let _ = map.advise(memmap2::Advice::HugePage);
        }
        Ok(Self {
            map,
            len,
            element: PhantomData,
            _share: share,
        })
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: the map is page-aligned, holds `len` elements, and every bit pattern is one.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast(), self.len) }
    }

    fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, and the map is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.map.as_mut_ptr().cast(), self.len) }
    }
}

/// Numbers for which every bit pattern is a value.
pub(super) trait Element: Copy {}
impl Element for f32 {}
impl Element for u16 {}

/// The numbers of a matrix, as stored.
pub(super) enum Storage {
    F32(Buffer<f32>),
    F16(Buffer<u16>),
}

/// A packed matrix with its bias.
pub struct Matrix {
    pub(super) layout: Layout,
    /// Inputs, over all taps.
    pub(super) k: usize,
    /// Outputs.
    pub(super) n: usize,
    /// Taps and dilation when it is a convolution; 1 and 1 otherwise.
    pub(super) taps: usize,
    pub(super) dilation: usize,
    pub(super) lanes: usize,
    pub(super) panels: usize,
    pub(super) storage: Storage,
    /// One value per packed output, zero where there is none: `scale · (W · x) + bias`.
    pub(super) scale: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Matrix {
    /// Packs the weights of `spec` for vectors of `lanes`.
    pub(super) fn pack(
        spec: &MatrixSpec<'_>,
        lanes: usize,
        precision: Precision,
        memory: &Arc<Ledger>,
    ) -> Result<Self, Error> {
        let (layout, (taps, dilation)) = match spec.kind {
            MatrixKind::Conv { taps, dilation } => (Layout::Plain, (taps, dilation)),
            MatrixKind::Gate { taps, dilation } => (Layout::Gate, (taps, dilation)),
            MatrixKind::Lstm => (Layout::Lstm, (1, 1)),
        };
        let (n, k, row) = (spec.outputs, spec.inputs, spec.row);
        let panels = layout.panels(n, lanes);
        let width = 2 * lanes;
        let panel_len = k * width;
        let arrange = |values: Option<&[f32]>, otherwise: f32| {
            let mut packed = room::zeros(panels * width);
            for (panel, out) in packed.chunks_exact_mut(width).enumerate() {
                for v in 0..2 {
                    let (first, real) = layout.outputs(n, lanes, panel, v);
                    let out = &mut out[v * lanes..v * lanes + real];
                    match values {
                        Some(values) => out.copy_from_slice(&values[first..first + real]),
                        None => out.fill(otherwise),
                    }
                }
            }
            packed
        };
        let (scale, bias) = (arrange(spec.scale, 1.0), arrange(spec.bias, 0.0));
        // One panel at a time, through as many rows as a vector has lanes: nothing as large as the
        // matrix is held twice, and both sides of the transposition move along cache lines.
        let fill = |panel: usize, rows: &mut Vec<f32>, panel_out: &mut [f32]| {
            // A cache line more than a row: at a power of two, all lanes would fall into one set of the cache.
            let pitch = k + 16;
            if rows.is_empty() {
                *rows = room::zeros(lanes * pitch);
            }
            for v in 0..2 {
                let (first, real) = layout.outputs(n, lanes, panel, v);
                for lane in 0..real {
                    row(first + lane, &mut rows[lane * pitch..][..k]);
                }
                rows[real * pitch..].fill(0.0);
                for (input, out) in panel_out.chunks_exact_mut(width).enumerate() {
                    for (lane, out) in out[v * lanes..][..lanes].iter_mut().enumerate() {
                        *out = rows[lane * pitch + input];
                    }
                }
            }
        };
        let storage = match precision {
            Precision::F32 => {
                let mut data = Buffer::<f32>::zeros(panels * panel_len, memory)?;
                data.as_mut_slice()
                    .par_chunks_mut(panel_len.max(1))
                    .enumerate()
                    .for_each_init(Vec::new, |rows, (panel, out)| fill(panel, rows, out));
                Storage::F32(data)
            }
            Precision::F16 => {
                let mut data = Buffer::<u16>::zeros(panels * panel_len, memory)?;
                data.as_mut_slice()
                    .par_chunks_mut(panel_len.max(1))
                    .enumerate()
                    .for_each_init(
                        || (Vec::new(), room::zeros(panel_len)),
                        |(rows, widened), (panel, out)| {
                            fill(panel, rows, widened);
                            reinterpret(out).convert_from_f32_slice(widened);
                        },
                    );
                Storage::F16(data)
            }
        };
        Ok(Self {
            layout,
            k,
            n,
            taps,
            dilation,
            lanes,
            panels,
            storage,
            scale,
            bias,
        })
    }
}

fn reinterpret(bits: &mut [u16]) -> &mut [f16] {
    use half::slice::HalfBitsSliceExt;
    bits.reinterpret_cast_mut()
}
