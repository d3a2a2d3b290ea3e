//! Devices: the [`Backend`] trait is the short list of kernels that both networks are written over.
//!
//! A backend *records* kernels and reads back only what the caller asks for: the CPU runs them at
//! once, a GPU may collect them. Activations are [`Backend::Tensor`]s of `[rows, channels]`, f32,
//! channels contiguous; rows are time. Weights are packed once, at load, for the backend that holds
//! them. Networks never see a device; a device never sees a network.

use std::ops::Range;

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
mod ledger;
mod philox;
mod profile;

pub use ledger::Ledger;
pub use philox::{RandomKey, Stream, normal_pair, philox};
pub use profile::KernelTime;

/// What can go wrong on a device.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No room for weights or activations.
    #[error("device: out of memory ({0})")]
    OutOfMemory(String),
    /// The device asked for is not there.
    #[error("device: {0}")]
    Unavailable(String),
    /// The device stopped working: it was removed, reset, or refused what it was given. The engine can be
    /// made again.
    #[error("device: lost ({0})")]
    Lost(String),
}

/// Samples in a frame of [`Backend::denoise`]: the length of the published denoiser's transform.
pub const DENOISER_FRAME: usize = 1024;

/// How weights are stored; arithmetic accumulates in f32 either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// IEEE half precision, widened in registers.
    F16,
}

/// What follows a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Linear,
    /// `max(x, 0)`
    Relu,
    /// `tanh(x)`
    Tanh,
}

/// Which outputs a kernel combines, which decides how its weights are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixKind {
    /// A convolution over rows: inputs are `taps × channels`, tap by tap, taps `dilation` rows apart.
    Conv {
        /// Number of taps.
        taps: usize,
        /// Rows between taps.
        dilation: usize,
    },
    /// A WN layer's gated convolution: outputs are the tanh half, then the sigmoid half.
    Gate {
        /// Number of taps.
        taps: usize,
        /// Rows between taps.
        dilation: usize,
    },
    /// An LSTM's gates: outputs are i, f, g, o, each `n / 4`.
    Lstm,
}

/// A matrix to be packed.
pub struct MatrixSpec<'a> {
    /// What it is for.
    pub kind: MatrixKind,
    /// Outputs.
    pub outputs: usize,
    /// Inputs, over all taps and sources.
    pub inputs: usize,
    /// Storage.
    pub precision: Precision,
    /// Fills the inputs of one output.
    pub row: &'a (dyn Fn(usize, &mut [f32]) + Sync),
    /// Multiplies each output: a BatchNorm, whose folding into stored weights would round them anew.
    pub scale: Option<&'a [f32]>,
    /// Added to each output, after the scale.
    pub bias: Option<&'a [f32]>,
}

/// A tensor's rows from one row on: where a kernel starts to read.
pub struct Rows<'a, T> {
    /// The tensor.
    pub tensor: &'a T,
    /// Its first row to use.
    pub row: usize,
}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Rows<'_, T> {}

/// A tensor's rows from one row on: where a kernel starts to write.
pub struct RowsMut<'a, T> {
    /// The tensor.
    pub tensor: &'a mut T,
    /// Its first row to use.
    pub row: usize,
}

/// `tensor` from `row` on, to read.
pub fn rows<T>(tensor: &T, row: usize) -> Rows<'_, T> {
    Rows { tensor, row }
}

/// `tensor` from `row` on, to write.
pub fn rows_mut<T>(tensor: &mut T, row: usize) -> RowsMut<'_, T> {
    RowsMut { tensor, row }
}

/// A prenet layer's dropout.
#[derive(Clone, Copy, Debug)]
pub struct Dropout<'a> {
    /// Probability of a zero.
    pub probability: f32,
    /// One key per row.
    pub keys: &'a [RandomKey],
    /// Which layer.
    pub stream: Stream,
    /// Decoder step, the position in the stream.
    pub step: u64,
}

/// Weights of the location-sensitive attention (Chorowski et al. 2015).
pub struct AttentionWeights<B: Backend> {
    /// Query layer, `attention_rnn_dim -> attention_dim`.
    pub query: B::Matrix,
    /// Location convolution and dense layer as one convolution over `[previous, cumulative]`,
    /// `taps × 2 -> attention_dim`.
    pub location: B::Matrix,
    /// `[1, attention_dim]`
    pub v: B::Tensor,
    /// Taps of the location convolution.
    pub taps: usize,
}

/// What the attention of one sentence looks at and keeps.
pub struct AttentionState<B: Backend> {
    /// Encoder output `[symbols, encoder_embedding_dim]`.
    pub memory: B::Tensor,
    /// Memory layer applied to it, `[symbols, attention_dim]`.
    pub processed: B::Tensor,
    /// Previous and cumulative weights `[symbols + taps - 1, 2]`, zero rows at both ends.
    pub location: B::Tensor,
    /// Symbols.
    pub symbols: usize,
}

/// The first half of a squeezed WN layer: BatchNorm, depthwise convolution, gated pointwise product.
pub struct SeparableWeights<B: Backend> {
    /// `[taps, channels]`: taps times the BatchNorm's scale.
    pub taps: B::Tensor,
    /// `[taps, channels]`: what each tap adds for the BatchNorm's shift when its row exists. The
    /// published padding is zero *after* the BatchNorm, so a tap outside the utterance adds nothing.
    pub shifts: B::Tensor,
    /// `[1, channels]`
    pub bias: B::Tensor,
    /// `channels -> 2 channels`
    pub pointwise: B::Matrix,
}

/// How much to give a device at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Decoder steps between two looks at the gate: few waste little after it fired, many wait less often.
    pub decoder_steps: usize,
    /// Blocks of decoder steps that are recorded before the first of them is looked at.
    pub decoder_ahead: usize,
    /// Rows at which a large product is efficient.
    pub rows: usize,
    /// Steps in which the room for a sentence grows, in symbols: sentences of different lengths then work in the same memory,
    /// which a device has at hand.
    pub symbols: usize,
}

impl Pace {
    /// Rows that are made for a sentence of so many symbols.
    pub fn room(&self, symbols: usize) -> usize {
        symbols.next_multiple_of(self.symbols)
    }
}

/// A device that runs the kernels of both networks.
///
/// One value records for one job; jobs on one device share its [`Backend::Device`].
///
/// Kernels take tensors with a starting row and a row count. The caller provides rows of context as
/// explicit rows of the tensor, zero where the utterance has none, so no kernel knows about padding
/// (but for [`Backend::wn_gate_separable`], whose padding is not zero in its input).
pub trait Backend: Sized + Send + 'static {
    /// What all jobs on a device share.
    type Device: Clone + Send + Sync;
    /// Activations `[rows, channels]`.
    type Tensor: Send + Sync;
    /// Packed weights.
    type Matrix: Send + Sync;
    /// Rows on their way to the host.
    type Pending: Send;

    /// Compiles all that weights of this precision need, and tells how far it is, from 0 to 1.
    ///
    /// # Errors
    /// As [`Backend::wait`].
    fn warm_up(
        device: &Self::Device,
        precision: Precision,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(), Error>;
    /// A recorder for one job.
    fn on(device: &Self::Device) -> Self;
    /// How many jobs side by side are done sooner than one after the other, and the device as they then share it, evenly
    /// among the recorders that are there. Where it is more than one, a recorder may take over the tensors of another.
    fn shared(device: &Self::Device) -> (usize, Self::Device) {
        (1, device.clone())
    }
    /// How much to give the device at once.
    fn pace(&self) -> Pace;

    /// A tensor of zeros. A device without room says so in the next [`Backend::wait`].
    fn zeros(&mut self, rows: usize, channels: usize) -> Self::Tensor;
    /// Replaces rows from the host; `data` is `[rows, channels]`.
    fn write(&mut self, to: RowsMut<'_, Self::Tensor>, data: &[f32]);
    /// Records that rows are to come back to the host, as they are at this point of the recording.
    fn read_later(&mut self, from: &Self::Tensor, rows: Range<usize>) -> Self::Pending;
    /// Lets the device begin with what was recorded so far.
    fn submit(&mut self);
    /// Waits for rows that were asked for.
    ///
    /// # Errors
    /// Whatever went wrong on the device since the last call.
    fn wait(&mut self, rows: Self::Pending) -> Result<Vec<f32>, Error>;
    /// Reads rows back to the host, now.
    ///
    /// # Errors
    /// As [`Backend::wait`].
    fn read(&mut self, from: &Self::Tensor, rows: Range<usize>) -> Result<Vec<f32>, Error> {
        let pending = self.read_later(from, rows);
        self.wait(pending)
    }
    /// Rows × channels of a tensor.
    fn shape(&self, tensor: &Self::Tensor) -> (usize, usize);
    /// Moves `rows` of a tensor to row `to`, which is before them; the ranges may overlap.
    fn move_rows(&mut self, tensor: &mut Self::Tensor, rows: Range<usize>, to: usize);
    /// Sets rows to zero.
    fn zero_rows(&mut self, tensor: &mut Self::Tensor, rows: Range<usize>);
    /// Packs weights for this device.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the device has no room for them.
    fn matrix(&mut self, spec: MatrixSpec<'_>) -> Result<Self::Matrix, Error>;

    /// `y[r, channel..] = activation(W · x[r, r + dilation, …] + b)` for `n` rows. Reads the first
    /// channels of each row of `x`, as many as the matrix has inputs per tap.
    fn conv(
        &mut self,
        w: &Self::Matrix,
        x: Rows<'_, Self::Tensor>,
        y: RowsMut<'_, Self::Tensor>,
        channel: usize,
        n: usize,
        activation: Activation,
    );
    /// `y[r] = table[ids[r]]`
    fn embedding(&mut self, table: &Self::Tensor, ids: &[u32], y: RowsMut<'_, Self::Tensor>);
    /// A bidirectional LSTM over `n` rows: `y[r] = [forward[r], backward[r]]`. Each direction is its
    /// input product (with the summed biases) and its hidden product.
    fn lstm_scan(
        &mut self,
        directions: &[(Self::Matrix, Self::Matrix); 2],
        x: Rows<'_, Self::Tensor>,
        y: RowsMut<'_, Self::Tensor>,
        n: usize,
    );
    /// `y = dropout(relu(W · x))`, one row per sentence.
    fn prenet(
        &mut self,
        w: &Self::Matrix,
        x: Rows<'_, Self::Tensor>,
        y: &mut Self::Tensor,
        n: usize,
        dropout: Option<Dropout<'_>>,
    );
    /// One LSTM step for `n` rows: inputs are read side by side, the last of them is the previous
    /// hidden state; `h` receives the new one and `c` is updated.
    fn lstm_cell(
        &mut self,
        w: &Self::Matrix,
        inputs: &[&Self::Tensor],
        h: &mut Self::Tensor,
        c: &mut Self::Tensor,
        n: usize,
    );
    /// One attention step of one sentence: energies, softmax, context, and the weights' update.
    /// The query is row `row` of `query`, the context goes to row `row` of `context`, the weights
    /// to row `step` of `alignment`.
    fn attention(
        &mut self,
        w: &AttentionWeights<Self>,
        state: &mut AttentionState<Self>,
        query: Rows<'_, Self::Tensor>,
        context: RowsMut<'_, Self::Tensor>,
        alignment: RowsMut<'_, Self::Tensor>,
    );
    /// `y[r] = W · [a[r], b[r]] + bias` for `n` rows: mel frames and gate.
    fn projection(
        &mut self,
        w: &Self::Matrix,
        a: &Self::Tensor,
        b: &Self::Tensor,
        y: RowsMut<'_, Self::Tensor>,
        n: usize,
    );
    /// `y[r] += x[r]` for `n` rows.
    fn add(&mut self, x: Rows<'_, Self::Tensor>, y: RowsMut<'_, Self::Tensor>, n: usize);
    /// The upsampler: each of `n` frames becomes as many whole rows of `y` as its outputs fill.
    fn upsample(
        &mut self,
        w: &Self::Matrix,
        x: Rows<'_, Self::Tensor>,
        y: RowsMut<'_, Self::Tensor>,
        n: usize,
    );
    /// A WN layer's gate: `y[r] = tanh(a) · sigmoid(b)` of the dilated convolution of `x` plus the
    /// conditioning, whose rows are further inputs of the same product.
    fn wn_gate(
        &mut self,
        w: &Self::Matrix,
        x: Rows<'_, Self::Tensor>,
        condition: Rows<'_, Self::Tensor>,
        y: &mut Self::Tensor,
        n: usize,
    );
    /// The squeezed layer's gate: BatchNorm and depthwise convolution of `x`, then the pointwise
    /// product plus the conditioning `condition[(r + shift) / repeat, channel..]`, which is made at
    /// the mel's rate. `inside` says which input rows belong to the utterance, counted from the
    /// first row read.
    fn wn_gate_separable(
        &mut self,
        w: &SeparableWeights<Self>,
        x: Rows<'_, Self::Tensor>,
        inside: Range<usize>,
        condition: Condition<'_, Self::Tensor>,
        y: &mut Self::Tensor,
        n: usize,
    );
    /// A WN layer's second product: `y[r] = base[r] + (W · x[r])[..split]` and
    /// `skip[r] += (W · x[r])[split..]` (`=` when `first`).
    fn wn_res_skip(
        &mut self,
        w: &Self::Matrix,
        x: &Self::Tensor,
        residual: Option<Residual<'_, Self::Tensor>>,
        skip: Option<Skip<'_, Self::Tensor>>,
        n: usize,
    );
    /// Inverse affine coupling in place: with `bs = [b, log s]`,
    /// `a1 = (a1 - b) / exp(log s)` for the second half of the channels of `a`.
    fn coupling(&mut self, bs: &Self::Tensor, a: RowsMut<'_, Self::Tensor>, n: usize);
    /// Fills channels `0..channels` of `n` rows with `sigma ×` standard normal noise; the first row
    /// is at `position` of the stream.
    fn noise(&mut self, y: RowsMut<'_, Self::Tensor>, channels: usize, n: usize, noise: Noise);
    /// Denoises `n` frames of [`DENOISER_FRAME`] samples, a row each: `y[r] = w · F⁻¹(S(F(w · x[r])))`, with `w` the periodic
    /// Hann window, `F` the Fourier transform of a real signal, and `S`, which takes `subtract[0, k]` off the magnitude of bin
    /// `k`, down to 0, and keeps its phase.
    fn denoise(
        &mut self,
        subtract: &Self::Tensor,
        x: Rows<'_, Self::Tensor>,
        y: RowsMut<'_, Self::Tensor>,
        n: usize,
    );
}

/// Conditioning at the mel's rate, for rows at the group rate.
pub struct Condition<'a, T> {
    /// `[frames, layers × 2 channels]`
    pub tensor: &'a T,
    /// First channel of this layer.
    pub channel: usize,
    /// Added to the row before it is divided by `repeat`.
    pub shift: usize,
    /// Groups per frame.
    pub repeat: usize,
}

/// Where the residual comes from and goes to.
pub struct Residual<'a, T> {
    /// The running signal of this layer.
    pub base: Rows<'a, T>,
    /// The running signal of the next layer.
    pub y: RowsMut<'a, T>,
}

/// Where the skip sum is.
pub struct Skip<'a, T> {
    /// The sum.
    pub sum: RowsMut<'a, T>,
    /// Whether this layer starts the sum.
    pub first: bool,
}

/// A piece of a noise stream.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// Seed and sentence.
    pub key: RandomKey,
    /// Which stream.
    pub stream: Stream,
    /// Row of the stream at which the piece starts.
    pub position: u64,
    /// Standard deviation.
    pub sigma: f32,
}
