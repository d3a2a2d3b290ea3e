//! Weights in the order in which the product kernels read them: panels of 128 columns, `[panel][k][column]`. Which
//! outputs are the columns of a panel is chosen so that values which an epilogue combines meet in one thread.

use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use wgpu::BufferUsages;

use super::memory::{Buffer, Memory};
use super::shaders::Storage;
use crate::backend::{Error, MatrixKind, MatrixSpec, Precision};

/// Columns of a panel.
pub(super) const PANEL: usize = 128;

/// A packed matrix on the device.
pub struct Matrix {
    pub(super) weights: Buffer,
    /// `[2, panels × 128]`: a scale and a bias for each column.
    pub(super) scale_bias: Buffer,
    pub(super) storage: Storage,
    /// Inputs, over all taps.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) panels: usize,
    pub(super) taps: usize,
    pub(super) dilation: usize,
    memory: Arc<Memory>,
}

impl Matrix {
    /// Packs the weights of `spec` and brings them to the device.
    pub(super) fn pack(
        spec: &MatrixSpec<'_>,
        precision: Precision,
        memory: &Arc<Memory>,
    ) -> Result<Self, Error> {
        let (taps, dilation) = match spec.kind {
            MatrixKind::Conv { taps, dilation } | MatrixKind::Gate { taps, dilation } => {
                (taps, dilation)
            }
            MatrixKind::Lstm => (1, 1),
        };
        let (n, k) = (spec.outputs, spec.inputs);
        let panels = match spec.kind {
            MatrixKind::Conv { .. } => n.div_ceil(PANEL),
            MatrixKind::Gate { .. } => (n / 2).div_ceil(PANEL / 2),
            MatrixKind::Lstm => (n / 4).div_ceil(PANEL / 4),
        };
        let mut data = vec![0.0f32; panels * k * PANEL];
        let fill = |scratch: &mut Vec<f32>, (panel, out): (usize, &mut [f32])| {
            scratch.resize(k, 0.0);
            for column in 0..PANEL {
                if let Some(output) = output(spec.kind, n, panel, column) {
                    (spec.row)(output, scratch);
                    let places = out.iter_mut().skip(column).step_by(PANEL);
                    places.zip(&*scratch).for_each(|(place, &w)| *place = w);
                }
            }
        };
        let panels_of = data.par_chunks_mut((k * PANEL).max(1)).enumerate();
        panels_of.for_each_init(Vec::new, fill);
        let mut scale_bias = vec![0.0f32; 2 * panels * PANEL];
        let (scales, biases) = scale_bias.split_at_mut(panels * PANEL);
        for place in 0..panels * PANEL {
            if let Some(output) = output(spec.kind, n, place / PANEL, place % PANEL) {
                scales[place] = spec.scale.map_or(1.0, |scale| scale[output]);
                biases[place] = spec.bias.map_or(0.0, |bias| bias[output]);
            }
        }
        let create =
            |bytes: &[u8]| memory.create(bytes.len() as u64, BufferUsages::STORAGE, Some(bytes));
        let weights = match precision {
            Precision::F32 => create(bytemuck::cast_slice(&data))?,
            Precision::F16 => {
                let mut halves = vec![f16::ZERO; data.len()];
                halves.convert_from_f32_slice(&data);
                drop(data);
                create(bytemuck::cast_slice(&halves))?
            }
        };
        Ok(Self {
            scale_bias: create(bytemuck::cast_slice(&scale_bias))?,
            weights,
            storage: precision.into(),
            inputs: k,
            outputs: n,
            panels,
            taps,
            dilation,
            memory: memory.clone(),
        })
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        // Bind groups would keep the memory. What idles worked with these weights, or with others of the voice.
        self.memory.trim(&[&self.weights, &self.scale_bias]);
    }
}

/// The output in a column of a panel, if there is one.
fn output(kind: MatrixKind, n: usize, panel: usize, column: usize) -> Option<usize> {
    let (part, within, parts) = match kind {
        MatrixKind::Conv { .. } => (0, panel * PANEL + column, 1),
        // 64 channels of the tanh half, then the same of the sigmoid half.
        MatrixKind::Gate { .. } => (column / 64, panel * 64 + column % 64, 2),
        // The four gates of a unit side by side.
        MatrixKind::Lstm => (column % 4, panel * 32 + column / 4, 4),
    };
    (within < n / parts).then_some(part * (n / parts) + within)
}
