//! The encoder: embedding, convolutions with BatchNorm and ReLU, a bidirectional LSTM.

use super::Tacotron2;
use crate::backend::{Activation, Backend, rows, rows_mut};
use crate::nn::Result;
use crate::nn::load::{ConvSize, Loader};
use crate::voice::config::Tacotron2Config;

pub(super) struct Encoder<B: Backend> {
    embedding: B::Tensor,
    convolutions: Vec<B::Matrix>,
    lstm: [(B::Matrix, B::Matrix); 2],
}

impl<B: Backend> Encoder<B> {
    pub(super) fn load(l: &mut Loader<'_, B>, c: &Tacotron2Config) -> Result<Self> {
        let values = l.values("tacotron2.embedding.weight")?;
        let embedding = l.tensor(c.symbols_embedding_dim, &values);
        let mut convolutions = Vec::new();
        for i in 0..c.encoder_n_convolutions {
            let name = format!("tacotron2.encoder.convolutions.{i}");
            let inputs = if i == 0 {
                c.symbols_embedding_dim
            } else {
                c.encoder_embedding_dim
            };
            let size = ConvSize {
                outputs: c.encoder_embedding_dim,
                inputs,
                taps: c.encoder_kernel_size,
            };
            convolutions.push(l.conv_batch_norm(
                &format!("{name}.0.conv"),
                &format!("{name}.1"),
                size,
            )?);
        }
        let hidden = c.encoder_embedding_dim / 2;
        let mut direction = |suffix: &str| {
            l.lstm_scan(
                "tacotron2.encoder.lstm",
                suffix,
                c.encoder_embedding_dim,
                hidden,
            )
        };
        let lstm = [direction("_l0")?, direction("_l0_reverse")?];
        Ok(Self {
            embedding,
            convolutions,
            lstm,
        })
    }
}

impl<B: Backend> Tacotron2<B> {
    /// Encodes one sentence: `ids` to memory `[symbols, encoder_embedding_dim]`, and rows of zeros up to the device's
    /// [`Pace::room`](crate::backend::Pace::room).
    pub fn encode(&self, backend: &mut B, ids: &[u32]) -> B::Tensor {
        let c = &self.config;
        let n = ids.len();
        let room = backend.pace().room(n);
        // Zero rows at both ends are the padding of the convolutions.
        let pad = c.encoder_kernel_size / 2;
        let mut x = backend.zeros(room + 2 * pad, c.symbols_embedding_dim);
        backend.embedding(&self.encoder.embedding, ids, rows_mut(&mut x, pad));
        for w in &self.encoder.convolutions {
            let mut y = backend.zeros(room + 2 * pad, c.encoder_embedding_dim);
            backend.conv(
                w,
                rows(&x, 0),
                rows_mut(&mut y, pad),
                0,
                n,
                Activation::Relu,
            );
            x = y;
        }
        let mut memory = backend.zeros(room, c.encoder_embedding_dim);
        backend.lstm_scan(
            &self.encoder.lstm,
            rows(&x, pad),
            rows_mut(&mut memory, 0),
            n,
        );
        memory
    }
}
