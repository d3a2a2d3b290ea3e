//! How a kernel is chosen for its sizes and recorded.

use bytemuck::{Pod, bytes_of};

use super::forecast::Work;
use super::kernels::Gpu;
use super::matrix::{Matrix, PANEL};
use super::memory::Buffer;
use super::recorder::Recorder;
use super::shaders::{Kernel, Shape, Storage, index, parameters};
use super::tensor::Tensor;
use crate::backend::{Activation, Rows};

/// Threads of a workgroup of the kernels that go element by element.
const THREADS: usize = 256;

/// Numbers of floats or of rows, as shaders take them.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).expect("sizes are below 2^32: no buffer is that large")
}

impl Gpu {
    /// Makes a tensor without a defined content.
    pub(super) fn tensor(&mut self, rows: usize, channels: usize) -> Tensor {
        tensor(&mut self.recorder, rows, channels)
    }

    /// The version of a kernel for this device.
    pub(super) fn shader(&self, kernel: Kernel, shape: Shape, storage: Storage) -> usize {
        index(kernel, shape, storage, self.device.has_subgroups())
            .unwrap_or_else(|| panic!("{kernel:?} is not made for {shape:?} and {storage:?}"))
    }

    /// The tile of a product of so many rows.
    pub(super) fn tile(&self, w: &Matrix, rows: usize) -> Shape {
        // For few rows as well: blocks of any size are to give the same.
        if w.storage == Storage::F16 && self.device.has_cooperative() {
            return Shape::Coop64;
        }
        match rows {
            0..=16 => Shape::Rows16,
            _ => Shape::Rows64,
        }
    }

    /// Records a kernel without weights over `count` elements.
    pub(super) fn elements<P: Pod>(
        &mut self,
        kernel: Kernel,
        buffers: &[&Buffer],
        p: P,
        count: usize,
    ) {
        let shader = self.shader(kernel, Shape::Any, Storage::Any);
        let groups = count.div_ceil(THREADS);
        let bytes = 12 * count as u64;
        let work = Work { macs: 0, bytes };
        self.recorder
            .dispatch(shader, buffers, bytes_of(&p), groups, work);
    }

    /// Records a product of `rows` rows: weights first, then what the kernel binds.
    pub(super) fn product<P: Pod>(
        &mut self,
        kernel: Kernel,
        shape: Shape,
        w: &Matrix,
        rows: usize,
        buffers: &[&Buffer],
        p: P,
    ) {
        let shader = self.shader(kernel, shape, w.storage);
        let columns = if matches!(shape, Shape::Few1 | Shape::Few4) {
            // A workgroup makes 16 columns.
            w.panels * 8
        } else {
            w.panels
        };
        let groups = columns * rows.div_ceil(shape.rows());
        let mut all = [&w.weights; 8];
        all[1] = &w.scale_bias;
        all[2..2 + buffers.len()].copy_from_slice(buffers);
        let work = Work {
            macs: (rows * w.inputs * w.outputs) as u64,
            bytes: w.weights.raw.size() + 4 * (rows * (w.inputs + w.outputs)) as u64,
        };
        let all = &all[..2 + buffers.len()];
        self.recorder
            .dispatch(shader, all, bytes_of(&p), groups, work);
    }

    /// A convolution to `place = (first float, floats between rows)` of a buffer.
    pub(super) fn conv_to(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        y: &Buffer,
        place: (u32, usize),
        n: usize,
        activation: Activation,
        shape: Shape,
    ) {
        let channels = w.inputs / w.taps;
        assert!(channels <= x.tensor.channels);
        x.tensor.place(x.row, n + (w.taps - 1) * w.dilation);
        let floats = place.0 as usize + n.saturating_sub(1) * place.1 + w.outputs;
        assert!(n == 0 || self.recorder.has_failed() || floats as u64 * 4 <= y.raw.size());
        let p = parameters::Conv {
            rows: small(n),
            inputs: small(w.inputs),
            outputs: small(w.outputs),
            panels: small(w.panels),
            channels: small(channels),
            dilation: small(w.dilation),
            x_row: small(x.row),
            x_stride: small(x.tensor.channels),
            y_first: place.0,
            y_stride: small(place.1),
            activation: match activation {
                Activation::Linear => 0,
                Activation::Relu => 1,
                Activation::Tanh => 2,
            },
        };
        self.product(Kernel::Conv, shape, w, n, &[&x.tensor.buffer, y], p);
    }
}

pub(super) fn tensor(recorder: &mut Recorder, rows: usize, channels: usize) -> Tensor {
    Tensor {
        buffer: recorder.take(rows as u64 * channels as u64 * 4),
        rows,
        channels,
        home: recorder.tensors.clone(),
    }
}

/// The shape for the rows of a decoder's step.
pub(super) fn few(rows: usize) -> Shape {
    if rows == 1 { Shape::Few1 } else { Shape::Few4 }
}

const _: () = assert!(PANEL == 128, "the shaders have it as a number");
