//! The CPU backend: every kernel runs at once, on the threads of the current rayon pool.
//!
//! `team` divides a kernel among them, `product` is the matrix product under most kernels, `matrix`
//! the order of its weights, `simd` the instruction sets. What is not a product has a file of its
//! own, named after its kernel.

use std::ops::Range;
use std::sync::Arc;

use super::{
    Activation, AttentionState, AttentionWeights, Backend, Condition, DENOISER_FRAME, Dropout,
    Error, Ledger, MatrixSpec, Noise, Pace, Precision, Residual, Rows, RowsMut, SeparableWeights,
    Skip,
};
use crate::backend::ledger::Share;
use crate::room;
use product::{Epilogue, Init, Product, Segment};
use simd::InstructionSet;
use team::{Jobs, Team};

mod attention;
mod coupling;
mod denoise;
mod depthwise;
mod matrix;
mod noise;
mod prenet;
mod product;
mod simd;
mod team;

pub use matrix::Matrix;

/// What jobs on the CPU share.
#[derive(Clone)]
pub struct Host {
    threads: usize,
    memory: Arc<Ledger>,
    /// Jobs that share the threads; otherwise each is for itself.
    jobs: Option<Arc<Jobs>>,
}

impl Host {
    /// `threads` is the size of the rayon pool in which the kernels will be called, `memory` what weights and
    /// activations take.
    pub fn new(threads: usize, memory: Arc<Ledger>) -> Self {
        Self {
            threads,
            memory,
            jobs: None,
        }
    }

    /// Bytes in use by weights and activations.
    pub fn memory_used(&self) -> u64 {
        self.memory.used()
    }
}

/// The CPU as a device.
pub struct Cpu {
    set: InstructionSet,
    team: Team,
    memory: Arc<Ledger>,
    /// That there was no room for a tensor.
    failure: Option<Error>,
    attention: attention::Scratch,
    lstm: [Tensor; 2],
    depthwise: Tensor,
    /// Made when first needed.
    denoiser: Option<denoise::Transforms>,
}

/// Activations on the CPU: `[rows, channels]`, channels contiguous.
#[derive(Debug, Default)]
pub struct Tensor {
    rows: usize,
    channels: usize,
    data: Vec<f32>,
    _share: Share,
}

impl Tensor {
    fn new(rows: usize, channels: usize) -> Self {
        Self {
            rows,
            channels,
            data: room::zeros(rows * channels),
            _share: Share::default(),
        }
    }

    /// Rows from `row` on; panics if there are fewer than `n`, so that what follows may use pointers.
    fn rows_from(&self, row: usize, n: usize) -> &[f32] {
        &self.data[row * self.channels..(row + n) * self.channels]
    }

    fn rows_mut(&mut self, row: usize, n: usize) -> &mut [f32] {
        &mut self.data[row * self.channels..(row + n) * self.channels]
    }

    fn segment(&self, row: usize, n: usize, k: usize) -> Segment {
        assert!(
            k <= self.channels,
            "a segment reads {k} of {} channels",
            self.channels
        );
        Segment {
            a: self.rows_from(row, n).as_ptr(),
            stride: self.channels,
            k,
        }
    }
}

impl Cpu {
    /// The best instruction set of this processor. `threads` is the size of the rayon pool in which
    /// the kernels will be called.
    pub fn new(threads: usize) -> Self {
        let set = *InstructionSet::available()
            .last()
            .unwrap_or(&InstructionSet::Portable);
        Self::with_set(set, threads)
    }

    /// Whether weights in half precision stay so: without an instruction that widens them, f32 is the faster storage by
    /// far.
    pub fn has_f16(&self) -> bool {
        self.set.widens_f16()
    }

    fn with_set(set: InstructionSet, threads: usize) -> Self {
        Self {
            set,
            team: Team::new(threads),
            memory: Ledger::new(None),
            failure: None,
            attention: attention::Scratch::default(),
            lstm: [Tensor::default(), Tensor::default()],
            depthwise: Tensor::default(),
            denoiser: None,
        }
    }

    /// One backend per instruction set that this processor has, with the set's name.
    pub fn every_instruction_set(threads: usize) -> Vec<(&'static str, Self)> {
        let sets = InstructionSet::available();
        sets.into_iter()
            .map(|set| (set.name(), Self::with_set(set, threads)))
            .collect()
    }

    /// Name of the instruction set in use.
    pub fn instruction_set(&self) -> &'static str {
        self.set.name()
    }

    fn run(&self, product: Product<'_>) {
        product.run(self.set, &self.team);
    }
}

/// The segments of a convolution: one per tap, or a single one when the taps are neighbours in
/// memory.
fn conv_segments(
    w: &Matrix,
    inputs: usize,
    x: &Rows<'_, Tensor>,
    n: usize,
) -> ([Segment; 9], usize) {
    let channels = inputs / w.taps;
    let reach = (w.taps - 1) * w.dilation;
    let whole = x.tensor.segment(x.row, n + reach, channels);
    let mut segments = [whole; 9];
    if w.dilation == 1 && channels == x.tensor.channels {
        segments[0].k = inputs;
        return (segments, 1);
    }
    assert!(
        w.taps < 9,
        "convolutions with more than eight separate taps are not supported"
    );
    for (tap, segment) in segments.iter_mut().enumerate().take(w.taps) {
        segment.a = whole.a.wrapping_add(tap * w.dilation * whole.stride);
    }
    (segments, w.taps)
}

impl Backend for Cpu {
    type Device = Host;
    type Tensor = Tensor;
    type Matrix = Matrix;
    /// Everything runs at once, so the rows are there already.
    type Pending = Vec<f32>;

    fn warm_up(_: &Host, _: Precision, progress: &mut dyn FnMut(f32)) -> Result<(), Error> {
        progress(1.0);
        Ok(())
    }

    fn on(host: &Host) -> Self {
        let jobs = host.jobs.clone().unwrap_or_default();
        Self {
            memory: host.memory.clone(),
            team: Team::beside(jobs, host.threads),
            ..Self::new(1)
        }
    }

    /// Threads that work for different jobs do not wait for each other after every kernel.
    fn shared(host: &Host) -> (usize, Host) {
        let jobs = Some(Arc::default());
        let shared = Host {
            jobs,
            ..host.clone()
        };
        (host.threads, shared)
    }

    fn pace(&self) -> Pace {
        Pace {
            decoder_steps: 4,
            decoder_ahead: 0,
            // 24 whole tiles, which most numbers of threads divide evenly.
            rows: 288,
            symbols: 1,
        }
    }

    fn zeros(&mut self, rows: usize, channels: usize) -> Tensor {
        let bytes = (rows * channels * size_of::<f32>()) as u64;
        let share = self.memory.take(bytes).unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            Share::default()
        });
        Tensor {
            _share: share,
            ..Tensor::new(rows, channels)
        }
    }

    fn write(&mut self, to: RowsMut<'_, Tensor>, data: &[f32]) {
        let at = to.row * to.tensor.channels;
        to.tensor.data[at..at + data.len()].copy_from_slice(data);
    }

    fn read_later(&mut self, from: &Tensor, rows: Range<usize>) -> Vec<f32> {
        room::copy(from.rows_from(rows.start, rows.len()))
    }

    fn submit(&mut self) {}

    fn wait(&mut self, rows: Vec<f32>) -> Result<Vec<f32>, Error> {
        match &self.failure {
            Some(error) => Err(error.clone()),
            None => Ok(rows),
        }
    }

    fn shape(&self, tensor: &Tensor) -> (usize, usize) {
        (tensor.rows, tensor.channels)
    }

    fn move_rows(&mut self, tensor: &mut Tensor, rows: Range<usize>, to: usize) {
        let c = tensor.channels;
        tensor
            .data
            .copy_within(rows.start * c..rows.end * c, to * c);
    }

    fn zero_rows(&mut self, tensor: &mut Tensor, rows: Range<usize>) {
        tensor.rows_mut(rows.start, rows.len()).fill(0.0);
    }

    fn matrix(&mut self, spec: MatrixSpec<'_>) -> Result<Matrix, Error> {
        let precision = if self.has_f16() {
            spec.precision
        } else {
            Precision::F32
        };
        Matrix::pack(&spec, self.set.lanes(), precision, &self.memory)
    }

    fn conv(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        y: RowsMut<'_, Tensor>,
        channel: usize,
        n: usize,
        activation: Activation,
    ) {
        let (segments, count) = conv_segments(w, w.k, &x, n);
        assert!(channel + w.n <= y.tensor.channels);
        let stride = y.tensor.channels;
        let y = y
            .tensor
            .rows_mut(y.row, n)
            .as_mut_ptr()
            .wrapping_add(channel);
        let epilogue = match activation {
            Activation::Linear => Epilogue::Linear { y, stride },
            Activation::Relu => Epilogue::Relu { y, stride },
            Activation::Tanh => Epilogue::Tanh { y, stride },
        };
        self.run(Product {
            weights: w,
            segments: &segments[..count],
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn embedding(&mut self, table: &Tensor, ids: &[u32], y: RowsMut<'_, Tensor>) {
        let out = y.tensor.rows_mut(y.row, ids.len());
        for (row, &id) in out.chunks_exact_mut(table.channels).zip(ids) {
            row.copy_from_slice(table.rows_from(id as usize, 1));
        }
    }

    fn lstm_scan(
        &mut self,
        directions: &[(Matrix, Matrix); 2],
        x: Rows<'_, Tensor>,
        y: RowsMut<'_, Tensor>,
        n: usize,
    ) {
        let hidden = directions[0].1.k;
        assert_eq!(y.tensor.channels, 2 * hidden);
        for (direction, z) in directions.iter().zip(&mut self.lstm) {
            // The input product of all rows at once.
            *z = Tensor::new(n, 4 * hidden);
            Product {
                weights: &direction.0,
                segments: &[x.tensor.segment(x.row, n, direction.0.k)],
                init: None,
                epilogue: Epilogue::Linear {
                    y: z.data.as_mut_ptr(),
                    stride: 4 * hidden,
                },
                rows: n,
            }
            .run(self.set, &self.team);
        }
        let out = SendPointer(y.tensor.rows_mut(y.row, n).as_mut_ptr());
        let set = self.set;
        let inputs = &self.lstm;
        // The two directions are independent; each is a chain that is too short to be split further.
        self.team.run(2, &|d| {
            let out = &out;
            let (mut c, start) = (vec![0.0; hidden], vec![0.0; hidden]);
            let mut previous = start.as_ptr();
            for step in 0..n {
                let row = if d == 0 { step } else { n - 1 - step };
                let h = out.0.wrapping_add(row * 2 * hidden + d * hidden);
                Product {
                    weights: &directions[d].1,
                    segments: &[Segment {
                        a: previous,
                        stride: 0,
                        k: hidden,
                    }],
                    init: Some(Init {
                        a: inputs[d].rows_from(row, 1).as_ptr(),
                        stride: 0,
                        shift: 0,
                        repeat: 1,
                    }),
                    epilogue: Epilogue::Lstm {
                        c: c.as_mut_ptr(),
                        h,
                        c_stride: 0,
                        h_stride: 0,
                    },
                    rows: 1,
                }
                .run_alone(set);
                previous = h;
            }
        });
    }

    fn prenet(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        y: &mut Tensor,
        n: usize,
        dropout: Option<Dropout<'_>>,
    ) {
        self.conv(w, x, RowsMut { tensor: y, row: 0 }, 0, n, Activation::Relu);
        if let Some(dropout) = dropout {
            prenet::dropout(y.rows_mut(0, n), w.n, dropout);
        }
    }

    fn lstm_cell(
        &mut self,
        w: &Matrix,
        inputs: &[&Tensor],
        h: &mut Tensor,
        c: &mut Tensor,
        n: usize,
    ) {
        let mut segments = [Segment {
            a: std::ptr::null(),
            stride: 0,
            k: 0,
        }; 4];
        for (segment, x) in segments.iter_mut().zip(inputs) {
            *segment = x.segment(0, n, x.channels);
        }
        let (h_stride, c_stride) = (h.channels, c.channels);
        assert!(h_stride * 4 == w.n && c_stride * 4 == w.n);
        let epilogue = Epilogue::Lstm {
            c: c.rows_mut(0, n).as_mut_ptr(),
            h: h.rows_mut(0, n).as_mut_ptr(),
            c_stride,
            h_stride,
        };
        let segments = &segments[..inputs.len()];
        self.run(Product {
            weights: w,
            segments,
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn attention(
        &mut self,
        w: &AttentionWeights<Self>,
        state: &mut AttentionState<Self>,
        query: Rows<'_, Tensor>,
        context: RowsMut<'_, Tensor>,
        alignment: RowsMut<'_, Tensor>,
    ) {
        let mut scratch = std::mem::take(&mut self.attention);
        scratch.step(self, w, state, query, context, alignment);
        self.attention = scratch;
    }

    fn projection(&mut self, w: &Matrix, a: &Tensor, b: &Tensor, y: RowsMut<'_, Tensor>, n: usize) {
        let stride = y.tensor.channels;
        assert!(w.n <= stride);
        let y = y.tensor.rows_mut(y.row, n).as_mut_ptr();
        let segments = &[a.segment(0, n, a.channels), b.segment(0, n, b.channels)];
        let epilogue = Epilogue::Linear { y, stride };
        self.run(Product {
            weights: w,
            segments,
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn add(&mut self, x: Rows<'_, Tensor>, y: RowsMut<'_, Tensor>, n: usize) {
        let from = x.tensor.rows_from(x.row, n);
        for (y, x) in y.tensor.rows_mut(y.row, n).iter_mut().zip(from) {
            *y += x;
        }
    }

    fn upsample(&mut self, w: &Matrix, x: Rows<'_, Tensor>, y: RowsMut<'_, Tensor>, n: usize) {
        let (segments, count) = conv_segments(w, w.k, &x, n);
        let rows = w.n / y.tensor.channels;
        let y = y.tensor.rows_mut(y.row, n * rows).as_mut_ptr();
        let epilogue = Epilogue::Linear { y, stride: w.n };
        self.run(Product {
            weights: w,
            segments: &segments[..count],
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn wn_gate(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        condition: Rows<'_, Tensor>,
        y: &mut Tensor,
        n: usize,
    ) {
        let (mut segments, count) = conv_segments(w, w.k - condition.tensor.channels, &x, n);
        segments[count] = condition
            .tensor
            .segment(condition.row, n, condition.tensor.channels);
        let stride = y.channels;
        assert_eq!(stride * 2, w.n);
        let epilogue = Epilogue::Gate {
            y: y.rows_mut(0, n).as_mut_ptr(),
            stride,
        };
        let segments = &segments[..=count];
        self.run(Product {
            weights: w,
            segments,
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn wn_gate_separable(
        &mut self,
        w: &SeparableWeights<Self>,
        x: Rows<'_, Tensor>,
        inside: Range<usize>,
        condition: Condition<'_, Tensor>,
        y: &mut Tensor,
        n: usize,
    ) {
        let (pointwise, channels, taps) = (&w.pointwise, w.taps.channels, w.taps.rows);
        let frames = (condition.shift + n).div_ceil(condition.repeat);
        let stride = condition.tensor.channels;
        assert!(condition.channel + pointwise.n <= stride && y.channels * 2 == pointwise.n);
        let init = Init {
            a: condition
                .tensor
                .rows_from(0, frames)
                .as_ptr()
                .wrapping_add(condition.channel),
            stride,
            shift: condition.shift,
            repeat: condition.repeat,
        };
        if self.depthwise.rows < n || self.depthwise.channels != channels {
            self.depthwise = Tensor::new(n, channels);
        }
        let depthwise = SendPointer(self.depthwise.rows_mut(0, n).as_mut_ptr());
        let x = x.tensor.rows_from(x.row, n + taps - 1);
        let stride = y.channels;
        let epilogue = Epilogue::Gate {
            y: y.rows_mut(0, n).as_mut_ptr(),
            stride,
        };
        let segments = &[self.depthwise.segment(0, n, channels)];
        let set = self.set;
        Product {
            weights: pointwise,
            segments,
            init: Some(init),
            epilogue,
            rows: n,
        }
        .run_around(
            set,
            &self.team,
            &|rows| {
                let depthwise = &depthwise;
                // SAFETY: the parts of the product ask for disjoint rows.
                #[allow(unsafe_code)]
                unsafe {
                    depthwise::run(set, w, x, depthwise.0, rows, inside.clone());
                }
            },
            &|_| {},
        );
    }

    fn wn_res_skip(
        &mut self,
        w: &Matrix,
        x: &Tensor,
        residual: Option<Residual<'_, Tensor>>,
        skip: Option<Skip<'_, Tensor>>,
        n: usize,
    ) {
        let channels = w.k;
        let split = if residual.is_some() { channels } else { 0 };
        let all = split + if skip.is_some() { channels } else { 0 };
        assert_eq!(all, w.n);
        let (mut base, mut y, mut sum, mut first) = (
            std::ptr::null(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            false,
        );
        if let Some(r) = residual {
            assert!(r.base.tensor.channels == channels && r.y.tensor.channels == channels);
            base = r.base.tensor.rows_from(r.base.row, n).as_ptr();
            y = r.y.tensor.rows_mut(r.y.row, n).as_mut_ptr();
        }
        if let Some(s) = skip {
            assert_eq!(s.sum.tensor.channels, channels);
            sum = s.sum.tensor.rows_mut(s.sum.row, n).as_mut_ptr();
            first = s.first;
        }
        let epilogue = Epilogue::ResSkip {
            base,
            y,
            skip: sum,
            stride: channels,
            split,
            first,
        };
        let segments = &[x.segment(0, n, channels)];
        self.run(Product {
            weights: w,
            segments,
            init: None,
            epilogue,
            rows: n,
        });
    }

    fn coupling(&mut self, bs: &Tensor, a: RowsMut<'_, Tensor>, n: usize) {
        coupling::run(self.set, bs, a, n);
    }

    fn noise(&mut self, y: RowsMut<'_, Tensor>, channels: usize, n: usize, noise: Noise) {
        noise::fill(&self.team, y, channels, n, noise);
    }

    fn denoise(
        &mut self,
        subtract: &Tensor,
        x: Rows<'_, Tensor>,
        y: RowsMut<'_, Tensor>,
        n: usize,
    ) {
        assert_eq!(subtract.channels, DENOISER_FRAME / 2 + 1);
        assert!(x.tensor.channels == DENOISER_FRAME && y.tensor.channels == DENOISER_FRAME);
        let transforms = self.denoiser.get_or_insert_with(denoise::Transforms::new);
        let x = x.tensor.rows_from(x.row, n).chunks_exact(DENOISER_FRAME);
        let y = y.tensor.rows_mut(y.row, n).chunks_exact_mut(DENOISER_FRAME);
        for (x, y) in x.zip(y) {
            transforms.denoise(&subtract.data, x, y);
        }
    }
}

/// A pointer whose uses on several threads are disjoint.
struct SendPointer(*mut f32);
// SAFETY: each user says which disjoint part it writes.
#[allow(unsafe_code)]
unsafe impl Sync for SendPointer {}
