//! The kernels, as they are recorded.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::bytes_of;

use super::attention::Scratch;
use super::device::Device;
use super::dispatch::{few, small, tensor};
use super::download::Download;
use super::forecast::Work;
use super::matrix::Matrix;
use super::recorder::Recorder;
use super::shaders::{Kernel, Shape, Storage, parameters};
use super::tensor::Tensor;
use crate::backend::{
    Activation, AttentionState, AttentionWeights, Backend, Condition, DENOISER_FRAME, Dropout,
    Error, MatrixSpec, Noise, Pace, Precision, RandomKey, Residual, Rows, RowsMut,
    SeparableWeights, Skip,
};

/// A recorder of kernels on a GPU.
pub struct Gpu {
    pub(super) device: Device,
    pub(super) recorder: Recorder,
    /// The keys that the prenet saw last, on the device.
    keys: Option<(Vec<RandomKey>, Tensor)>,
    /// Buffers that kernels need in passing.
    pub(super) scratch: Scratch,
    /// Bound where a kernel has a place that it does not touch this time: to read, and two to write.
    unused: [Tensor; 3],
}

/// Rows on their way to the host.
pub struct Pending {
    download: Option<Arc<Download>>,
}

impl Backend for Gpu {
    type Device = Device;
    type Tensor = Tensor;
    type Matrix = Matrix;
    type Pending = Pending;

    fn warm_up(
        device: &Device,
        precision: Precision,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(), Error> {
        device.warm_up(precision, progress)
    }

    fn on(device: &Device) -> Self {
        let mut recorder = Recorder::new(device.0.clone());
        let unused = [(); 3].map(|()| tensor(&mut recorder, 1, 1));
        Self {
            device: device.clone(),
            recorder,
            keys: None,
            scratch: Scratch::default(),
            unused,
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            decoder_steps: 16,
            decoder_ahead: 1,
            rows: 2048,
            symbols: 256,
        }
    }

    fn zeros(&mut self, rows: usize, channels: usize) -> Tensor {
        let mut tensor = self.tensor(rows, channels);
        self.zero_rows(&mut tensor, 0..rows);
        tensor
    }

    fn write(&mut self, to: RowsMut<'_, Tensor>, data: &[f32]) {
        let rows = data.len().div_ceil(to.tensor.channels);
        let at = u64::from(to.tensor.place(to.row, rows)) * 4;
        self.recorder
            .upload(&to.tensor.buffer, at, bytemuck::cast_slice(data));
    }

    fn read_later(&mut self, from: &Tensor, rows: Range<usize>) -> Pending {
        let at = u64::from(from.place(rows.start, rows.len())) * 4;
        let size = (rows.len() * from.channels) as u64 * 4;
        Pending {
            download: self.recorder.download(&from.buffer, at, size),
        }
    }

    fn submit(&mut self) {
        self.recorder.submit();
    }

    fn wait(&mut self, rows: Pending) -> Result<Vec<f32>, Error> {
        let bytes = self.recorder.wait(rows.download)?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }

    fn shape(&self, tensor: &Tensor) -> (usize, usize) {
        (tensor.rows, tensor.channels)
    }

    fn move_rows(&mut self, tensor: &mut Tensor, rows: Range<usize>, to: usize) {
        let gap = rows.start - to;
        if gap == 0 {
            return;
        }
        // The threads of a kernel run in no order, so each one moves rows that do not overlap with their goal.
        for start in rows.clone().step_by(gap) {
            let n = gap.min(rows.end - start);
            let p = parameters::MoveRows {
                count: small(n * tensor.channels),
                from_first: tensor.place(start, n),
                to_first: tensor.place(start - gap, n),
            };
            self.elements(Kernel::MoveRows, &[&tensor.buffer], p, n * tensor.channels);
        }
    }

    fn zero_rows(&mut self, tensor: &mut Tensor, rows: Range<usize>) {
        let first = tensor.place(rows.start, rows.len());
        let count = rows.len() * tensor.channels;
        let p = parameters::ZeroRows {
            count: small(count),
            first,
        };
        self.elements(Kernel::ZeroRows, &[&tensor.buffer], p, count);
    }

    fn matrix(&mut self, spec: MatrixSpec<'_>) -> Result<Matrix, Error> {
        let precision = if self.device.has_f16() {
            spec.precision
        } else {
            Precision::F32
        };
        let matrix = Matrix::pack(&spec, precision, &self.recorder.shared.memory)?;
        self.recorder.note_weights(matrix.weights.raw.size())?;
        Ok(matrix)
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
        let stride = y.tensor.channels;
        assert!(channel + w.outputs <= stride);
        let first = y.tensor.place(y.row, n) + small(channel);
        let shape = self.tile(w, n);
        self.conv_to(
            w,
            x,
            &y.tensor.buffer,
            (first, stride),
            n,
            activation,
            shape,
        );
    }

    fn embedding(&mut self, table: &Tensor, ids: &[u32], y: RowsMut<'_, Tensor>) {
        let (n, channels) = (ids.len(), table.channels);
        assert!(y.tensor.channels == channels && ids.iter().all(|&id| (id as usize) < table.rows));
        let on_device = self.tensor(self.pace().room(n), 1);
        self.recorder
            .upload(&on_device.buffer, 0, bytemuck::cast_slice(ids));
        let p = parameters::Embedding {
            rows: small(n),
            channels: small(channels),
            y_first: y.tensor.place(y.row, n),
        };
        let buffers = [&table.buffer, &on_device.buffer, &y.tensor.buffer];
        self.elements(Kernel::Embedding, &buffers, p, n * channels);
    }

    fn lstm_scan(
        &mut self,
        directions: &[(Matrix, Matrix); 2],
        x: Rows<'_, Tensor>,
        y: RowsMut<'_, Tensor>,
        n: usize,
    ) {
        let units = directions[0].1.inputs;
        assert_eq!(y.tensor.channels, 2 * units);
        assert!(
            directions
                .iter()
                .flat_map(|d| [&d.0, &d.1])
                .all(|w| w.outputs == 4 * units)
        );
        assert_eq!(directions[1].1.inputs, units);
        let first = y.tensor.place(y.row, n);
        let mut state = Vec::new();
        for (input, _) in directions {
            let z = self.tensor(self.pace().room(n), 4 * units);
            let shape = self.tile(input, n);
            self.conv_to(
                input,
                x,
                &z.buffer,
                (0, 4 * units),
                n,
                Activation::Linear,
                shape,
            );
            state.push((z, self.tensor(1, units)));
        }
        for step in 0..n {
            for (d, ((_, hidden), (z, c))) in directions.iter().zip(&state).enumerate() {
                let (row, previous) = if d == 0 {
                    (step, step.saturating_sub(1))
                } else {
                    (n - 1 - step, (n - step).min(n - 1))
                };
                let place = |row: usize| first + small((row * 2 + d) * units);
                let p = parameters::LstmScan {
                    rows: 1,
                    inputs: small(units),
                    units: small(units),
                    panels: small(hidden.panels),
                    z_row: small(row),
                    y_first: place(row),
                    previous: place(previous),
                    is_first: u32::from(step == 0),
                };
                let buffers = [&z.buffer, &c.buffer, &y.tensor.buffer];
                self.product(Kernel::LstmScan, Shape::Few1, hidden, 1, &buffers, p);
            }
        }
    }

    fn prenet(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        y: &mut Tensor,
        n: usize,
        dropout: Option<Dropout<'_>>,
    ) {
        assert!(w.inputs <= x.tensor.channels && w.outputs == y.channels && n <= y.rows);
        x.tensor.place(x.row, n);
        let mut p = parameters::Prenet {
            rows: small(n),
            inputs: small(w.inputs),
            outputs: small(w.outputs),
            panels: small(w.panels),
            x_row: small(x.row),
            x_stride: small(x.tensor.channels),
            dropout: 0,
            threshold: 0,
            keep: 1.0,
            stream: 0,
            block_low: 0,
            block_high: 0,
        };
        if let Some(dropout) = dropout {
            assert!(dropout.keys.len() >= n);
            self.bring_keys(dropout.keys);
            let block = dropout.step * w.outputs.div_ceil(4) as u64;
            p.dropout = 1;
            p.threshold = (f64::from(dropout.probability) * 4_294_967_296.0) as u32;
            p.keep = 1.0 / (1.0 - dropout.probability);
            p.stream = dropout.stream.number();
            (p.block_low, p.block_high) = (block as u32, (block >> 32) as u32);
        }
        let keys = self.keys.take();
        let keys_or_unused = keys.as_ref().map_or(&self.unused[0], |(_, keys)| keys);
        let (keys_buffer, x) = (keys_or_unused.buffer.clone(), &x.tensor.buffer);
        self.product(
            Kernel::Prenet,
            few(n),
            w,
            n,
            &[x, &keys_buffer, &y.buffer],
            p,
        );
        self.keys = keys;
    }

    fn lstm_cell(
        &mut self,
        w: &Matrix,
        inputs: &[&Tensor],
        h: &mut Tensor,
        c: &mut Tensor,
        n: usize,
    ) {
        let [a, b, previous] = inputs else {
            panic!("an LSTM of both networks has two inputs and its state")
        };
        let units = h.channels;
        assert!(units * 4 == w.outputs && c.channels == units && previous.channels == units);
        assert!(a.channels + b.channels + units == w.inputs);
        assert!(
            [a.rows, b.rows, previous.rows, h.rows, c.rows]
                .iter()
                .all(|&rows| n <= rows)
        );
        let p = parameters::LstmCell {
            rows: small(n),
            inputs: small(w.inputs),
            units: small(units),
            panels: small(w.panels),
            a_channels: small(a.channels),
            b_channels: small(b.channels),
        };
        let buffers = [&a.buffer, &b.buffer, &previous.buffer, &c.buffer, &h.buffer];
        self.product(Kernel::LstmCell, few(n), w, n, &buffers, p);
    }

    fn attention(
        &mut self,
        w: &AttentionWeights<Self>,
        state: &mut AttentionState<Self>,
        query: Rows<'_, Tensor>,
        context: RowsMut<'_, Tensor>,
        alignment: RowsMut<'_, Tensor>,
    ) {
        self.record_attention(w, state, query, context, alignment);
    }

    fn projection(&mut self, w: &Matrix, a: &Tensor, b: &Tensor, y: RowsMut<'_, Tensor>, n: usize) {
        assert!(w.outputs == y.tensor.channels && a.channels + b.channels == w.inputs);
        assert!(n <= a.rows && n <= b.rows);
        let p = parameters::Projection {
            rows: small(n),
            inputs: small(w.inputs),
            outputs: small(w.outputs),
            panels: small(w.panels),
            a_channels: small(a.channels),
            b_channels: small(b.channels),
            y_first: y.tensor.place(y.row, n),
        };
        let buffers = [&a.buffer, &b.buffer, &y.tensor.buffer];
        self.product(Kernel::Projection, few(n), w, n, &buffers, p);
    }

    fn add(&mut self, x: Rows<'_, Tensor>, y: RowsMut<'_, Tensor>, n: usize) {
        assert_eq!(x.tensor.channels, y.tensor.channels);
        let count = n * x.tensor.channels;
        let p = parameters::Add {
            count: small(count),
            x_first: x.tensor.place(x.row, n),
            y_first: y.tensor.place(y.row, n),
        };
        let buffers = [&x.tensor.buffer, &y.tensor.buffer];
        self.elements(Kernel::Add, &buffers, p, count);
    }

    fn upsample(&mut self, w: &Matrix, x: Rows<'_, Tensor>, y: RowsMut<'_, Tensor>, n: usize) {
        let rows = w.outputs / y.tensor.channels;
        assert_eq!(w.outputs, rows * y.tensor.channels);
        let first = y.tensor.place(y.row, n * rows);
        let (activation, place) = (Activation::Linear, (first, w.outputs));
        let shape = self.tile(w, n);
        self.conv_to(w, x, &y.tensor.buffer, place, n, activation, shape);
    }

    fn wn_gate(
        &mut self,
        w: &Matrix,
        x: Rows<'_, Tensor>,
        condition: Rows<'_, Tensor>,
        y: &mut Tensor,
        n: usize,
    ) {
        let channels = y.channels;
        assert!(channels * 2 == w.outputs && x.tensor.channels == channels && n <= y.rows);
        assert_eq!(w.inputs, w.taps * channels + condition.tensor.channels);
        x.tensor.place(x.row, n + (w.taps - 1) * w.dilation);
        condition.tensor.place(condition.row, n);
        let p = parameters::WnGate {
            rows: small(n),
            inputs: small(w.inputs),
            channels: small(channels),
            panels: small(w.panels),
            dilation: small(w.dilation),
            tap_inputs: small(w.taps * channels),
            x_row: small(x.row),
            condition_row: small(condition.row),
            condition_stride: small(condition.tensor.channels),
        };
        let buffers = [&x.tensor.buffer, &condition.tensor.buffer, &y.buffer];
        let shape = self.tile(w, n);
        self.product(Kernel::WnGate, shape, w, n, &buffers, p);
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
        let (channels, taps) = (w.taps.channels, w.taps.rows);
        assert!(
            (w.shifts.rows, w.shifts.channels) == (taps, channels) && w.bias.channels == channels
        );
        assert!(channels * 2 == w.pointwise.outputs && channels == w.pointwise.inputs);
        assert!(x.tensor.channels == channels && y.channels == channels && n <= y.rows);
        let stride = condition.tensor.channels;
        assert!(condition.channel + 2 * channels <= stride);
        x.tensor.place(x.row, n + taps - 1);
        let frames = (condition.shift + n).div_ceil(condition.repeat);
        condition.tensor.place(0, frames);
        let p = parameters::WnGateSeparable {
            rows: small(n),
            inputs: small(channels),
            channels: small(channels),
            panels: small(w.pointwise.panels),
            taps: small(taps),
            x_row: small(x.row),
            inside_begin: small(inside.start),
            inside_end: small(inside.end),
            shift: small(condition.shift),
            repeat: small(condition.repeat),
            condition_first: small(condition.channel),
            condition_stride: small(stride),
        };
        let buffers = [
            &x.tensor.buffer,
            &w.taps.buffer,
            &w.shifts.buffer,
            &w.bias.buffer,
            &condition.tensor.buffer,
            &y.buffer,
        ];
        let shape = self.tile(&w.pointwise, n);
        self.product(Kernel::WnGateSeparable, shape, &w.pointwise, n, &buffers, p);
    }

    fn wn_res_skip(
        &mut self,
        w: &Matrix,
        x: &Tensor,
        residual: Option<Residual<'_, Tensor>>,
        skip: Option<Skip<'_, Tensor>>,
        n: usize,
    ) {
        let channels = w.inputs;
        let parts = usize::from(residual.is_some()) + usize::from(skip.is_some());
        assert!(w.outputs == parts * channels && x.channels == channels && n <= x.rows);
        let mut p = parameters::WnResSkip {
            rows: small(n),
            inputs: small(channels),
            outputs: small(w.outputs),
            panels: small(w.panels),
            channels: small(channels),
            split: 0,
            base_row: 0,
            y_row: 0,
            skip_row: 0,
            is_first: 0,
        };
        let [mut base, mut y, mut sum] = self.unused.each_ref().map(|t| t.buffer.clone());
        if let Some(r) = residual {
            assert!(r.base.tensor.channels == channels && r.y.tensor.channels == channels);
            r.base.tensor.place(r.base.row, n);
            r.y.tensor.place(r.y.row, n);
            p.split = small(channels);
            (p.base_row, p.y_row) = (small(r.base.row), small(r.y.row));
            (base, y) = (r.base.tensor.buffer.clone(), r.y.tensor.buffer.clone());
        }
        if let Some(s) = skip {
            assert_eq!(s.sum.tensor.channels, channels);
            s.sum.tensor.place(s.sum.row, n);
            p.skip_row = small(s.sum.row);
            p.is_first = u32::from(s.first);
            sum = s.sum.tensor.buffer.clone();
        }
        let buffers = [&x.buffer, &base, &y, &sum];
        let shape = self.tile(w, n);
        self.product(Kernel::WnResSkip, shape, w, n, &buffers, p);
    }

    fn coupling(&mut self, bs: &Tensor, a: RowsMut<'_, Tensor>, n: usize) {
        assert!(bs.channels == a.tensor.channels && n <= bs.rows);
        a.tensor.place(a.row, n);
        let half = bs.channels / 2;
        let p = parameters::Coupling {
            rows: small(n),
            half: small(half),
            a_row: small(a.row),
        };
        let buffers = [&bs.buffer, &a.tensor.buffer];
        self.elements(Kernel::Coupling, &buffers, p, n * half);
    }

    fn noise(&mut self, y: RowsMut<'_, Tensor>, channels: usize, n: usize, noise: Noise) {
        assert!(channels <= y.tensor.channels);
        y.tensor.place(y.row, n);
        let blocks = channels.div_ceil(4);
        let block = noise.position * blocks as u64;
        let p = parameters::Noise {
            rows: small(n),
            channels: small(channels),
            y_row: small(y.row),
            y_stride: small(y.tensor.channels),
            seed_low: noise.key.seed as u32,
            seed_high: (noise.key.seed >> 32) as u32,
            sentence: noise.key.sentence,
            stream: noise.stream.number(),
            block_low: block as u32,
            block_high: (block >> 32) as u32,
            sigma: noise.sigma,
        };
        self.elements(Kernel::Noise, &[&y.tensor.buffer], p, n * blocks);
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
        x.tensor.place(x.row, n);
        y.tensor.place(y.row, n);
        let p = parameters::Denoise {
            x_row: small(x.row),
            y_row: small(y.row),
        };
        let buffers = [&subtract.buffer, &x.tensor.buffer, &y.tensor.buffer];
        let shader = self.shader(Kernel::Denoise, Shape::Any, Storage::Any);
        // Two transforms of half as many butterflies as values in each of their stages, with a complex product each.
        let stages = 2 * DENOISER_FRAME.ilog2() as usize;
        let work = Work {
            macs: (n * stages * DENOISER_FRAME / 2 * 4) as u64,
            bytes: 8 * (n * DENOISER_FRAME) as u64,
        };
        self.recorder
            .dispatch(shader, &buffers, bytes_of(&p), n, work);
    }
}

impl Gpu {
    /// Brings the keys of the prenet's dropout to the device, unless they are there.
    fn bring_keys(&mut self, keys: &[RandomKey]) {
        let before = self.keys.take();
        let on_device = match before {
            Some((there, tensor)) if there == keys => {
                self.keys = Some((there, tensor));
                return;
            }
            Some((there, tensor)) if there.len() == keys.len() => tensor,
            _ => self.tensor(keys.len(), 4),
        };
        let words = keys
            .iter()
            .flat_map(|key| [key.seed as u32, (key.seed >> 32) as u32, key.sentence, 0]);
        let words: Vec<u32> = words.collect();
        self.recorder
            .upload(&on_device.buffer, 0, bytemuck::cast_slice(&words));
        self.keys = Some((keys.to_vec(), on_device));
    }
}
