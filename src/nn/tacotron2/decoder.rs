//! The decoder: one step makes `n_frames_per_step` mel frames and a gate value.

use super::Tacotron2;
use crate::backend::{
    Activation, AttentionState, AttentionWeights, Backend, Dropout, Error, MatrixKind, RandomKey,
    Stream, rows, rows_mut,
};
use crate::nn::load::{ConvSize, Loader};
use crate::room;
use crate::voice::config::Tacotron2Config;

pub(super) struct Decoder<B: Backend> {
    prenet: [B::Matrix; 2],
    attention_rnn: B::Matrix,
    attention: AttentionWeights<B>,
    memory_layer: B::Matrix,
    decoder_rnn: B::Matrix,
    /// Mel projection and gate in one matrix: the gate is the last output.
    projection: B::Matrix,
}

impl<B: Backend> Decoder<B> {
    pub(super) fn load(l: &mut Loader<'_, B>, c: &Tacotron2Config) -> crate::nn::Result<Self> {
        let frame = c.n_mel_channels * c.n_frames_per_step;
        let mut linear = |name: &str, inputs: usize, outputs: usize| {
            let name = format!("tacotron2.decoder.{name}.linear_layer");
            l.conv(
                &name,
                ConvSize {
                    outputs,
                    inputs,
                    taps: 1,
                },
                false,
            )
        };
        let prenet = [
            linear("prenet.layers.0", frame, c.prenet_dim)?,
            linear("prenet.layers.1", c.prenet_dim, c.prenet_dim)?,
        ];
        let query = linear(
            "attention_layer.query_layer",
            c.attention_rnn_dim,
            c.attention_dim,
        )?;
        let memory_layer = linear(
            "attention_layer.memory_layer",
            c.encoder_embedding_dim,
            c.attention_dim,
        )?;
        // Products of stored weights: rounding them to half precision again would add an error.
        let location = l.in_f32(|l| location_layer(l, c))?;
        let v = l.values("tacotron2.decoder.attention_layer.v.linear_layer.weight")?;
        let v = l.tensor(c.attention_dim, &v);
        let taps = c.attention_location_kernel_size;
        let (memory, attention_rnn, decoder_rnn) = (
            c.encoder_embedding_dim,
            c.attention_rnn_dim,
            c.decoder_rnn_dim,
        );
        Ok(Self {
            prenet,
            attention_rnn: l.lstm(
                "tacotron2.decoder.attention_rnn",
                "",
                c.prenet_dim + memory,
                attention_rnn,
            )?,
            attention: AttentionWeights {
                query,
                location,
                v,
                taps,
            },
            memory_layer,
            decoder_rnn: l.lstm(
                "tacotron2.decoder.decoder_rnn",
                "",
                attention_rnn + memory,
                decoder_rnn,
            )?,
            projection: projection(l, c)?,
        })
    }
}

/// The location convolution (2 channels to filters) and the dense layer (filters to attention) are
/// both linear, so they are one convolution from 2 channels to attention: fewer multiplications than
/// the two in a row, and one product.
fn location_layer<B: Backend>(
    l: &mut Loader<'_, B>,
    c: &Tacotron2Config,
) -> crate::nn::Result<B::Matrix> {
    let name = "tacotron2.decoder.attention_layer.location_layer";
    let conv = l.values(&format!("{name}.location_conv.conv.weight"))?;
    let dense = l.values(&format!("{name}.location_dense.linear_layer.weight"))?;
    let (filters, taps) = (
        c.attention_location_n_filters,
        c.attention_location_kernel_size,
    );
    let kind = MatrixKind::Conv { taps, dilation: 1 };
    l.pack(kind, c.attention_dim, 2 * taps, None, &|o, row| {
        row.fill(0.0);
        for (filter, &d) in dense[o * filters..(o + 1) * filters].iter().enumerate() {
            for channel in 0..2 {
                for tap in 0..taps {
                    row[tap * 2 + channel] += d * conv[(filter * 2 + channel) * taps + tap];
                }
            }
        }
    })
}

fn projection<B: Backend>(
    l: &mut Loader<'_, B>,
    c: &Tacotron2Config,
) -> crate::nn::Result<B::Matrix> {
    let frame = c.n_mel_channels * c.n_frames_per_step;
    let inputs = c.decoder_rnn_dim + c.encoder_embedding_dim;
    let both = |what: &str| -> crate::nn::Result<Vec<f32>> {
        let frame = l.values(&format!(
            "tacotron2.decoder.linear_projection.linear_layer.{what}"
        ))?;
        let gate = l.values(&format!("tacotron2.decoder.gate_layer.linear_layer.{what}"))?;
        let mut both = room::copy(&frame);
        room::reserve(&mut both, gate.len());
        both.extend_from_slice(&gate);
        Ok(both)
    };
    let (weight, bias) = (both("weight")?, both("bias")?);
    let kind = MatrixKind::Conv {
        taps: 1,
        dilation: 1,
    };
    l.pack(kind, frame + 1, inputs, Some(&bias), &|o, row| {
        row.copy_from_slice(&weight[o * inputs..(o + 1) * inputs]);
    })
}

/// Where the decoder is in a batch of sentences. Each has a row of the tensors, until it is retired.
pub struct DecoderState<B: Backend> {
    /// Of each row, which of the sentences it was started with.
    numbers: Vec<usize>,
    sentences: Vec<AttentionState<B>>,
    keys: Vec<RandomKey>,
    prenet: [B::Tensor; 2],
    /// Hidden states alternate between two tensors: a step reads one and writes the other.
    attention_h: [B::Tensor; 2],
    attention_c: B::Tensor,
    decoder_h: [B::Tensor; 2],
    decoder_c: B::Tensor,
    context: B::Tensor,
    /// `[1 + block steps, sentences]` rows of mel frames and gate; the first are the previous step's.
    output: B::Tensor,
    alignments: Vec<B::Tensor>,
    step: u64,
    block: usize,
}

impl<B: Backend> DecoderState<B> {
    /// Decoder steps made so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Sentences that have not been retired.
    pub fn sentences(&self) -> usize {
        self.sentences.len()
    }

    /// Makes no more steps for sentence `number`, counted as they were given to [`Tacotron2::start`].
    pub fn retire(&mut self, backend: &mut B, number: usize) {
        let Some(row) = self.numbers.iter().position(|&n| n == number) else {
            return;
        };
        // Rows are in no particular order: the last takes its place.
        let last = self.sentences.len() - 1;
        if row < last {
            let [attention_h, _] = &mut self.attention_h;
            let [decoder_h, _] = &mut self.decoder_h;
            for state in [
                attention_h,
                &mut self.attention_c,
                decoder_h,
                &mut self.decoder_c,
                &mut self.context,
                &mut self.output,
            ] {
                backend.move_rows(state, last..last + 1, row);
            }
        }
        self.numbers.swap_remove(row);
        self.sentences.swap_remove(row);
        self.keys.swap_remove(row);
        self.alignments.swap_remove(row);
    }
}

/// A block of decoder steps on its way to the host.
pub struct PendingBlock<B: Backend> {
    output: B::Pending,
    /// Of each sentence: its number, its weights, and how many symbols it has.
    alignments: Vec<(usize, B::Pending, usize)>,
    width: usize,
}

impl<B: Backend> PendingBlock<B> {
    /// Waits for the block: one [`DecoderBlock`] per sentence that had not been retired.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn wait(self, backend: &mut B) -> Result<Vec<DecoderBlock>, Error> {
        let output = backend.wait(self.output)?;
        let n = self.alignments.len();
        let width = self.width;
        let blocks = self.alignments.into_iter().enumerate();
        blocks
            .map(|(row, (sentence, alignment, symbols))| {
                let own = output.chunks_exact(width).skip(row).step_by(n);
                let mel = own.clone().flat_map(|row| &row[..width - 1]);
                let gate: Vec<f32> = own.clone().map(|row| row[width - 1]).collect();
                let alignment = backend.wait(alignment)?;
                let room = alignment.len() / gate.len();
                let weights = alignment.chunks_exact(room).flat_map(|row| &row[..symbols]);
                Ok(DecoderBlock {
                    sentence,
                    mel: mel.copied().collect(),
                    gate,
                    alignment: weights.copied().collect(),
                })
            })
            .collect()
    }
}

/// What a block of decoder steps made of one sentence.
pub struct DecoderBlock {
    /// Which of the sentences that the decoder was started with.
    pub sentence: usize,
    /// Raw mel frames `[steps × n_frames_per_step, mel]`.
    pub mel: Vec<f32>,
    /// Gate logits `[steps]`.
    pub gate: Vec<f32>,
    /// Attention weights `[steps, symbols]`.
    pub alignment: Vec<f32>,
}

impl<B: Backend> Tacotron2<B> {
    /// A decoder before its first step. `memories` are encoder outputs and their symbol counts,
    /// `keys` the random keys of the sentences, `block` the most steps of one [`Self::decode`].
    pub fn start(
        &self,
        backend: &mut B,
        memories: Vec<(B::Tensor, usize)>,
        keys: &[RandomKey],
        block: usize,
    ) -> DecoderState<B> {
        let c = &self.config;
        let n = memories.len();
        let taps = self.decoder.attention.taps;
        let mut alignments = Vec::new();
        let mut sentences = Vec::new();
        for (memory, symbols) in memories {
            let room = backend.pace().room(symbols);
            let mut processed = backend.zeros(room, c.attention_dim);
            let to = rows_mut(&mut processed, 0);
            let w = &self.decoder.memory_layer;
            backend.conv(w, rows(&memory, 0), to, 0, symbols, Activation::Linear);
            let location = backend.zeros(room + taps - 1, 2);
            alignments.push(backend.zeros(block, room));
            sentences.push(AttentionState {
                memory,
                processed,
                location,
                symbols,
            });
        }
        let mut row = |channels: usize| backend.zeros(n, channels);
        DecoderState {
            numbers: (0..n).collect(),
            sentences,
            keys: keys.to_vec(),
            prenet: [row(c.prenet_dim), row(c.prenet_dim)],
            attention_h: [row(c.attention_rnn_dim), row(c.attention_rnn_dim)],
            attention_c: row(c.attention_rnn_dim),
            decoder_h: [row(c.decoder_rnn_dim), row(c.decoder_rnn_dim)],
            decoder_c: row(c.decoder_rnn_dim),
            context: row(c.encoder_embedding_dim),
            output: backend.zeros((1 + block) * n, c.n_mel_channels * c.n_frames_per_step + 1),
            alignments,
            step: 0,
            block,
        }
    }

    /// Back to before the first step, for another try of the same sentences: what the encoder made is kept.
    ///
    /// # Panics
    /// If a sentence has been retired: `keys` are of all.
    pub fn restart(&self, backend: &mut B, s: &mut DecoderState<B>, keys: &[RandomKey]) {
        let n = s.sentences.len();
        assert_eq!(keys.len(), n, "a retired sentence does not come back");
        for sentence in &mut s.sentences {
            let (rows, _) = backend.shape(&sentence.location);
            backend.zero_rows(&mut sentence.location, 0..rows);
        }
        let [attention_h, _] = &mut s.attention_h;
        let [decoder_h, _] = &mut s.decoder_h;
        for state in [
            attention_h,
            &mut s.attention_c,
            decoder_h,
            &mut s.decoder_c,
            &mut s.context,
            &mut s.output,
        ] {
            backend.zero_rows(state, 0..n);
        }
        s.keys = keys.to_vec();
        s.step = 0;
    }

    /// Records `steps` decoder steps and starts them, without looking at what they make. `dropout` keeps
    /// the prenet's dropout on, as trained and published.
    ///
    /// # Panics
    /// If `steps` is more than the block that the state was made for.
    pub fn decode(
        &self,
        backend: &mut B,
        state: &mut DecoderState<B>,
        steps: usize,
        dropout: bool,
    ) -> PendingBlock<B> {
        assert!(
            steps <= state.block,
            "a block of {steps} steps in a decoder of {}",
            state.block
        );
        let n = state.sentences.len();
        for step in 0..steps {
            self.step(backend, state, step, dropout);
        }
        let output = backend.read_later(&state.output, n..(1 + steps) * n);
        backend.move_rows(&mut state.output, steps * n..(1 + steps) * n, 0);
        let alignments = state.alignments.iter().zip(&state.sentences);
        let alignments = state.numbers.iter().zip(alignments);
        let block = PendingBlock {
            output,
            alignments: alignments
                .map(|(&number, (weights, sentence))| {
                    let weights = backend.read_later(weights, 0..steps);
                    (number, weights, sentence.symbols)
                })
                .collect(),
            width: backend.shape(&state.output).1,
        };
        backend.submit();
        block
    }

    /// One step of all sentences, in the published order.
    fn step(&self, backend: &mut B, s: &mut DecoderState<B>, row: usize, dropout: bool) {
        let w = &self.decoder;
        let n = s.sentences.len();
        let mask = |layer: u8| {
            dropout.then_some(Dropout {
                probability: self.config.p_prenet_dropout,
                keys: &s.keys,
                stream: Stream::Prenet(layer),
                step: s.step,
            })
        };
        let [x1, x2] = &mut s.prenet;
        backend.prenet(&w.prenet[0], rows(&s.output, row * n), x1, n, mask(0));
        backend.prenet(&w.prenet[1], rows(x1, 0), x2, n, mask(1));
        let [previous, h] = &mut s.attention_h;
        backend.lstm_cell(
            &w.attention_rnn,
            &[x2, &s.context, previous],
            h,
            &mut s.attention_c,
            n,
        );
        for (i, (sentence, alignment)) in s.sentences.iter_mut().zip(&mut s.alignments).enumerate()
        {
            let (context, alignment) = (rows_mut(&mut s.context, i), rows_mut(alignment, row));
            backend.attention(&w.attention, sentence, rows(h, i), context, alignment);
        }
        let [previous_d, d] = &mut s.decoder_h;
        backend.lstm_cell(
            &w.decoder_rnn,
            &[h, &s.context, previous_d],
            d,
            &mut s.decoder_c,
            n,
        );
        backend.projection(
            &w.projection,
            d,
            &s.context,
            rows_mut(&mut s.output, (row + 1) * n),
            n,
        );
        s.attention_h.swap(0, 1);
        s.decoder_h.swap(0, 1);
        s.step += 1;
    }
}
