//! Activations on the device.

use std::sync::Arc;

use super::memory::{Buffer, Tensors};

/// Activations `[rows, channels]`, f32.
pub struct Tensor {
    pub(super) buffer: Buffer,
    pub(super) rows: usize,
    pub(super) channels: usize,
    /// Where the buffer goes when the tensor is dropped.
    pub(super) home: Arc<Tensors>,
}

impl Tensor {
    /// Place of a row, in floats; panics unless there are `n` rows from there on, so that kernels need not check.
    pub(super) fn place(&self, row: usize, n: usize) -> u32 {
        assert!(
            row + n <= self.rows,
            "rows {row} to {} of a tensor of {}",
            row + n,
            self.rows
        );
        (row * self.channels) as u32
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        self.home.give_back(self.buffer.clone());
    }
}
