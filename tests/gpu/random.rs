//! Random shapes and values, the same for every backend.

use tts::backend::{Backend, MatrixKind, MatrixSpec, Precision, philox, rows_mut};

/// A stream of random numbers.
pub(crate) struct Random {
    seed: u32,
    next: u32,
}

impl Random {
    pub(crate) fn new(seed: u32) -> Self {
        Self { seed, next: 0 }
    }

    fn word(&mut self) -> u32 {
        self.next += 1;
        philox([self.next, 0, 0, 0], [self.seed, 0])[0]
    }

    /// A number of this range.
    pub(crate) fn size(&mut self, range: std::ops::RangeInclusive<usize>) -> usize {
        range.start() + self.word() as usize % (range.end() - range.start() + 1)
    }

    /// Values from -1 to 1.
    pub(crate) fn values(&mut self, n: usize) -> Vec<f32> {
        let values = (0..n).map(|_| self.word() as f32 / (u32::MAX / 2) as f32 - 1.0);
        values.collect()
    }

    /// A tensor of such values.
    pub(crate) fn tensor<B: Backend>(
        &mut self,
        b: &mut B,
        rows: usize,
        channels: usize,
    ) -> B::Tensor {
        let mut tensor = b.zeros(rows, channels);
        b.write(rows_mut(&mut tensor, 0), &self.values(rows * channels));
        tensor
    }

    /// A matrix whose results stay near 1, with scale and bias if asked for.
    pub(crate) fn matrix<B: Backend>(
        &mut self,
        b: &mut B,
        kind: MatrixKind,
        (outputs, inputs): (usize, usize),
        precision: Precision,
        affine: bool,
    ) -> B::Matrix {
        let norm = 2.0 / (inputs as f32).sqrt();
        let weight: Vec<f32> = self
            .values(outputs * inputs)
            .iter()
            .map(|w| w * norm)
            .collect();
        let (scale, bias) = (self.values(outputs), self.values(outputs));
        let matrix = b.matrix(MatrixSpec {
            kind,
            outputs,
            inputs,
            precision,
            row: &|o, row| row.copy_from_slice(&weight[o * inputs..(o + 1) * inputs]),
            scale: affine.then_some(&scale),
            bias: affine.then_some(&bias),
        });
        matrix.unwrap()
    }
}
