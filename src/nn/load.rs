//! From the tensors of a voice file to packed weights.

use super::Result;
use crate::backend::{Backend, MatrixKind, MatrixSpec, Precision, rows_mut};
use crate::room;
use crate::voice::{Values, Voice};

/// Epsilon of the published BatchNorms.
const BATCH_NORM_EPSILON: f32 = 1e-5;

/// Reads tensors below a prefix and packs them for a backend.
pub(super) struct Loader<'v, B: Backend> {
    pub(super) voice: &'v Voice,
    pub(super) backend: &'v mut B,
    pub(super) precision: Precision,
}

/// A BatchNorm as `scale · x + shift`.
pub(super) struct Affine {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// Size and dilation of a convolution `[outputs, inputs, taps]`.
#[derive(Clone, Copy)]
pub(super) struct ConvSize {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) taps: usize,
}

impl<'v, B: Backend> Loader<'v, B> {
    /// A tensor's values as f32.
    pub(super) fn values(&self, name: &str) -> Result<Values<'v>> {
        room::check();
        Ok(self.voice.tensor(name)?.values()?)
    }

    /// An f32 tensor on the device.
    pub(super) fn tensor(&mut self, channels: usize, values: &[f32]) -> B::Tensor {
        let mut tensor = self.backend.zeros(values.len() / channels, channels);
        self.backend.write(rows_mut(&mut tensor, 0), values);
        tensor
    }

    /// `name.weight` and, where it exists, `name.bias`, as a convolution.
    pub(super) fn conv(&mut self, name: &str, size: ConvSize, biased: bool) -> Result<B::Matrix> {
        let weight = self.values(&format!("{name}.weight"))?;
        let bias = if biased {
            Some(self.values(&format!("{name}.bias"))?)
        } else {
            None
        };
        self.pack_conv(&weight, bias.as_deref(), None, size)
    }

    /// A convolution followed by a BatchNorm, as one convolution.
    pub(super) fn conv_batch_norm(
        &mut self,
        conv: &str,
        norm: &str,
        size: ConvSize,
    ) -> Result<B::Matrix> {
        let weight = self.values(&format!("{conv}.weight"))?;
        let mut bias = self.values(&format!("{conv}.bias"))?.into_vec();
        let norm = self.batch_norm(norm)?;
        for ((b, scale), shift) in bias.iter_mut().zip(&norm.scale).zip(&norm.shift) {
            *b = *b * scale + shift;
        }
        self.pack_conv(&weight, Some(&bias), Some(&norm.scale), size)
    }

    fn pack_conv(
        &mut self,
        weight: &[f32],
        bias: Option<&[f32]>,
        scale: Option<&[f32]>,
        size: ConvSize,
    ) -> Result<B::Matrix> {
        let ConvSize {
            outputs,
            inputs,
            taps,
        } = size;
        let len = inputs * taps;
        Ok(self.backend.matrix(MatrixSpec {
            kind: MatrixKind::Conv { taps, dilation: 1 },
            outputs,
            inputs: len,
            precision: self.precision,
            row: &|o, row| fill_taps(&weight[o * len..(o + 1) * len], taps, row),
            scale,
            bias,
        })?)
    }

    /// Packs with f32 storage whatever the precision asked for.
    pub(super) fn in_f32<T>(&mut self, pack: impl FnOnce(&mut Self) -> T) -> T {
        let precision = std::mem::replace(&mut self.precision, Precision::F32);
        let packed = pack(self);
        self.precision = precision;
        packed
    }

    /// Any matrix.
    pub(super) fn pack(
        &mut self,
        kind: MatrixKind,
        outputs: usize,
        inputs: usize,
        bias: Option<&[f32]>,
        row: &(dyn Fn(usize, &mut [f32]) + Sync),
    ) -> Result<B::Matrix> {
        let precision = self.precision;
        Ok(self.backend.matrix(MatrixSpec {
            kind,
            outputs,
            inputs,
            precision,
            row,
            scale: None,
            bias,
        })?)
    }

    /// An LSTM's input and hidden weights side by side, `[input, hidden] -> 4 hidden`, with the sum
    /// of its two biases. `suffix` is what follows `weight_ih`.
    pub(super) fn lstm(
        &mut self,
        name: &str,
        suffix: &str,
        inputs: usize,
        hidden: usize,
    ) -> Result<B::Matrix> {
        let w_ih = self.values(&format!("{name}.weight_ih{suffix}"))?;
        let w_hh = self.values(&format!("{name}.weight_hh{suffix}"))?;
        let bias = self.lstm_bias(name, suffix)?;
        self.pack(
            MatrixKind::Lstm,
            4 * hidden,
            inputs + hidden,
            Some(&bias),
            &|o, row| {
                row[..inputs].copy_from_slice(&w_ih[o * inputs..(o + 1) * inputs]);
                row[inputs..].copy_from_slice(&w_hh[o * hidden..(o + 1) * hidden]);
            },
        )
    }

    /// An LSTM as two products, for a scan: all inputs first (with the biases), then step by step.
    pub(super) fn lstm_scan(
        &mut self,
        name: &str,
        suffix: &str,
        inputs: usize,
        hidden: usize,
    ) -> Result<(B::Matrix, B::Matrix)> {
        let w_ih = self.values(&format!("{name}.weight_ih{suffix}"))?;
        let w_hh = self.values(&format!("{name}.weight_hh{suffix}"))?;
        let bias = self.lstm_bias(name, suffix)?;
        let kind = MatrixKind::Conv {
            taps: 1,
            dilation: 1,
        };
        let input = self.pack(kind, 4 * hidden, inputs, Some(&bias), &|o, row| {
            row.copy_from_slice(&w_ih[o * inputs..(o + 1) * inputs]);
        })?;
        let state = self.pack(MatrixKind::Lstm, 4 * hidden, hidden, None, &|o, row| {
            row.copy_from_slice(&w_hh[o * hidden..(o + 1) * hidden]);
        })?;
        Ok((input, state))
    }

    fn lstm_bias(&self, name: &str, suffix: &str) -> Result<Vec<f32>> {
        let mut bias = self.values(&format!("{name}.bias_ih{suffix}"))?.into_vec();
        let hidden = self.values(&format!("{name}.bias_hh{suffix}"))?;
        bias.iter_mut().zip(&*hidden).for_each(|(b, h)| *b += h);
        Ok(bias)
    }

    /// A BatchNorm at inference.
    pub(super) fn batch_norm(&self, name: &str) -> Result<Affine> {
        let mut scale = self.values(&format!("{name}.weight"))?.into_vec();
        let mut shift = self.values(&format!("{name}.bias"))?.into_vec();
        let mean = self.values(&format!("{name}.running_mean"))?;
        let variance = self.values(&format!("{name}.running_var"))?;
        for c in 0..scale.len() {
            scale[c] /= (variance[c] + BATCH_NORM_EPSILON).sqrt();
            shift[c] -= mean[c] * scale[c];
        }
        Ok(Affine { scale, shift })
    }
}

/// `[inputs, taps]` of one output to `[taps, inputs]`.
pub(super) fn fill_taps(weight: &[f32], taps: usize, row: &mut [f32]) {
    let inputs = weight.len() / taps;
    for (channel, per_tap) in weight.chunks_exact(taps).enumerate() {
        for (tap, &w) in per_tap.iter().enumerate() {
            row[tap * inputs + channel] = w;
        }
    }
}
