//! The inverse pass over mel frames as they arrive.
//!
//! Time is counted in groups of samples. Layer `i` with reach `d` makes row `g` from the rows
//! `g - d ..= g + d` of its input, so from rows up to `G` it can make rows up to `G - d`: every layer
//! stands at its own row and advances as far as its input allows. At the end of the utterance each
//! layer gets its zero rows (the published padding is zero *per layer*) and all advance to the end.

use super::{Flow, Layer, WaveGlow};
use crate::backend::{
    Activation, Backend, Condition, Error, Noise, RandomKey, Residual, Skip, Stream, rows_mut,
};
use crate::nn::window::Window;

/// Where the vocoder is in one utterance.
pub struct WaveGlowStream<B: Backend> {
    /// Mel frames; for the published kind only those that the upsampler still sees.
    mel: Window<B>,
    /// Upsampled mel, `[groups, mel × n_group]` (published kind).
    upsampled: Option<Window<B>>,
    /// From first to last, as numbered in the file; they run from last to first.
    flows: Vec<FlowState<B>>,
    gated: B::Tensor,
    /// What leaves the first flow: groups of samples.
    audio: B::Tensor,
    /// Groups that have arrived.
    arrived: isize,
    finished: bool,
    /// Most groups that a layer advances at once.
    block: usize,
    key: RandomKey,
    sigma: f32,
}

struct FlowState<B: Backend> {
    /// The stream of audio channels.
    a: Window<B>,
    /// Inputs of the layers; one more for the running signal after the last (squeezed kind).
    x: Vec<Window<B>>,
    /// Whether a layer's input has its closing zeros.
    closed: Vec<bool>,
    /// Rows that each layer has made.
    made: Vec<isize>,
    /// Skip sums (published kind).
    skip: Option<Window<B>>,
    /// Conditioning `[frames, layers × 2 channels]` (squeezed kind).
    condition: Option<Window<B>>,
    /// Output of the end convolution: b and log s.
    bs: B::Tensor,
    /// Rows that have left the flow.
    emitted: isize,
}

impl<B: Backend> WaveGlowStream<B> {
    /// Before the first frame, for an utterance of its own: buffers are kept. `sigma` is the standard
    /// deviation of the noise, `key` its seed.
    pub fn restart(&mut self, backend: &mut B, key: RandomKey, sigma: f32) {
        (self.key, self.sigma) = (key, sigma);
        self.rewind(backend);
    }

    /// Before the first frame, with the same noise.
    pub fn rewind(&mut self, backend: &mut B) {
        self.mel.restart(backend);
        self.upsampled.iter_mut().for_each(|w| w.restart(backend));
        for flow in &mut self.flows {
            flow.a.restart(backend);
            flow.x.iter_mut().for_each(|w| w.restart(backend));
            flow.skip.iter_mut().for_each(|w| w.restart(backend));
            flow.condition.iter_mut().for_each(|w| w.restart(backend));
            flow.closed.fill(false);
            flow.made.fill(0);
            flow.emitted = 0;
        }
        (self.arrived, self.finished) = (0, false);
    }
}

impl<B: Backend> WaveGlow<B> {
    /// A vocoder before its first frame. A push of any length is cut into blocks of at most `block`
    /// frames. Its noise is off until [`WaveGlowStream::restart`].
    pub fn stream(&self, backend: &mut B, block: usize) -> WaveGlowStream<B> {
        let c = &self.config;
        let per_frame = self.groups_per_frame();
        let rows = block * per_frame;
        let taps = c.wn.kernel_size;
        let channels = c.wn.n_channels;
        let reach = self.flow_reach();
        // How far the slowest flow stands behind the mel.
        let lag = reach * self.flows.len();
        let frames_lag = if self.upsample.is_some() {
            0
        } else {
            self.look_ahead() + 2
        };
        let upsample_frames = c.upsample_kernel / c.upsample_stride;
        let mel = Window::new(
            backend,
            2 * block + frames_lag + upsample_frames,
            c.n_mel_channels,
            upsample_frames - 1,
        );
        let upsampled = self.upsample.as_ref().map(|_| {
            Window::new(
                backend,
                lag + 3 * rows + reach,
                c.n_mel_channels * c.n_group,
                0,
            )
        });
        let flows = self.flows.iter().map(|flow| {
            let mut x: Vec<_> = flow
                .layers
                .iter()
                .map(|layer| {
                    let d = layer.reach(taps);
                    Window::new(backend, 2 * rows + 4 * d, channels, d)
                })
                .collect();
            let separable = flow.condition.is_some();
            if separable {
                x.push(Window::new(backend, 2 * rows + reach, channels, 0));
            }
            let skip = (!separable).then(|| Window::new(backend, 2 * (rows + reach), channels, 0));
            let layers = flow.layers.len();
            let condition = separable.then(|| {
                let capacity = (2 * rows + 2 * reach).div_ceil(per_frame) + 2;
                Window::new(backend, capacity, 2 * channels * layers, 0)
            });
            FlowState {
                a: Window::new(backend, 2 * (rows + reach), flow.channels, 0),
                x,
                closed: vec![false; layers],
                made: vec![0; layers],
                skip,
                condition,
                bs: backend.zeros(rows, flow.channels),
                emitted: 0,
            }
        });
        WaveGlowStream {
            flows: flows.collect(),
            mel,
            upsampled,
            gated: backend.zeros(rows, channels),
            audio: backend.zeros(rows, c.n_group),
            arrived: 0,
            finished: false,
            block: rows,
            key: RandomKey {
                seed: 0,
                sentence: 0,
            },
            sigma: 0.0,
        }
    }

    /// Takes mel frames `[frames, mel]` and appends the samples that they complete to `audio`. With
    /// `last`, completes all of them: `256 ×` the frames pushed since the start.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn push(
        &self,
        backend: &mut B,
        s: &mut WaveGlowStream<B>,
        mel: &[f32],
        last: bool,
        audio: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let frames = s.block / self.groups_per_frame();
        for piece in mel.chunks(frames * self.config.n_mel_channels) {
            self.arrive(backend, s, piece);
            self.advance(backend, s, audio)?;
        }
        if last {
            s.finished = true;
            while self.advance(backend, s, audio)? {}
        }
        Ok(())
    }

    /// Takes at most a block of mel frames.
    fn arrive(&self, backend: &mut B, s: &mut WaveGlowStream<B>, mel: &[f32]) {
        let n = mel.len() / self.config.n_mel_channels;
        let per_frame = self.groups_per_frame();
        let first = s.mel.end();
        if let (Some(w), Some(upsampled)) = (&self.upsample, &mut s.upsampled) {
            let behind = (self.config.upsample_kernel / self.config.upsample_stride) as isize - 1;
            let to = s.mel.append(backend, n, first - behind);
            backend.write(to, mel);
            let slowest = s.flows[0].made.last().copied().unwrap_or(0);
            let to = upsampled.append(backend, n * per_frame, slowest);
            backend.upsample(w, s.mel.at(first - behind), to, n);
        } else {
            // The slowest flow makes its conditioning from the oldest frames.
            let oldest = s.flows[0].condition.as_ref().map_or(first, Window::end);
            let to = s.mel.append(backend, n, oldest);
            backend.write(to, mel);
        }
        let rows = n * per_frame;
        let last = s.flows.len() - 1;
        let noise = Noise {
            key: s.key,
            stream: Stream::Noise(last as u8),
            position: s.arrived as u64,
            sigma: s.sigma,
        };
        let flow = &mut s.flows[last];
        let to = flow.a.append(backend, rows, flow.emitted);
        backend.noise(to, self.flows[last].channels, rows, noise);
        s.arrived += rows as isize;
    }

    /// Every flow, from last to first, advances by at most a block. Returns whether anything moved.
    fn advance(
        &self,
        backend: &mut B,
        s: &mut WaveGlowStream<B>,
        audio: &mut Vec<f32>,
    ) -> Result<bool, Error> {
        let mut moved = false;
        for k in (0..self.flows.len()).rev() {
            moved |= self.advance_wn(backend, s, k);
            moved |= self.leave_flow(backend, s, k, audio)?;
        }
        // As long as nothing leaves the last flow, nothing is waited for.
        backend.submit();
        Ok(moved)
    }

    /// The start convolution and the layers of flow `k`.
    fn advance_wn(&self, backend: &mut B, s: &mut WaveGlowStream<B>, k: usize) -> bool {
        let (flow, state) = (&self.flows[k], &mut s.flows[k]);
        let taps = self.config.wn.kernel_size;
        let block = s.block as isize;
        let mut moved = false;
        if !state.closed[0] {
            let from = state.x[0].end();
            let n = (state.a.end() - from).min(block);
            if n > 0 {
                self.condition(backend, flow, state, &s.mel, from + n);
                let keep = state.made[0] - flow.layers[0].reach(taps) as isize;
                let to = state.x[0].append(backend, n as usize, keep);
                backend.conv(
                    &flow.start,
                    state.a.at(from),
                    to,
                    0,
                    n as usize,
                    Activation::Linear,
                );
                moved = true;
            }
        }
        for (i, layer) in flow.layers.iter().enumerate() {
            let d = layer.reach(taps) as isize;
            if s.finished && !state.closed[i] && state.x[i].end() == s.arrived {
                state.x[i].append_zeros(backend, d as usize, state.made[i] - d);
                state.closed[i] = true;
            }
            let n = (state.x[i].end() - d - state.made[i]).min(block);
            if n <= 0 {
                continue;
            }
            moved = true;
            let n = n as usize;
            let from = state.made[i];
            let next_reach = flow.layers.get(i + 1).map_or(0, |l| l.reach(taps)) as isize;
            let next_made = state.made.get(i + 1).copied().unwrap_or(state.emitted);
            let (before, after) = state.x.split_at_mut(i + 1);
            let x = &before[i];
            match layer {
                Layer::Dilated { gate, res_skip, .. } => {
                    let condition = s
                        .upsampled
                        .as_ref()
                        .expect("the published kind upsamples")
                        .at(from);
                    backend.wn_gate(gate, x.at(from - d), condition, &mut s.gated, n);
                    let skip = state
                        .skip
                        .as_mut()
                        .expect("the published kind has skip sums");
                    let sum = if i == 0 {
                        skip.append(backend, n, state.emitted)
                    } else {
                        skip.at_mut(from)
                    };
                    let skip = Some(Skip { sum, first: i == 0 });
                    let residual = after.first_mut().map(|next| Residual {
                        base: x.at(from),
                        y: next.append(backend, n, next_made - next_reach),
                    });
                    backend.wn_res_skip(res_skip, &s.gated, residual, skip, n);
                }
                Layer::Separable { gate, residual } => {
                    let first = from - d;
                    let end = if state.closed[i] { s.arrived } else { x.end() };
                    let inside = (-first).max(0) as usize..(end - first) as usize;
                    let repeat = self.groups_per_frame();
                    let condition = state
                        .condition
                        .as_ref()
                        .expect("the squeezed kind has conditioning");
                    let rows = condition.at(from / repeat as isize);
                    let condition = Condition {
                        tensor: rows.tensor,
                        channel: 2 * self.config.wn.n_channels * i,
                        shift: rows.row * repeat + from as usize % repeat,
                        repeat,
                    };
                    let (x_rows, gated) = (x.at(first), &mut s.gated);
                    backend.wn_gate_separable(gate, x_rows, inside, condition, gated, n);
                    let y = after[0].append(backend, n, next_made - next_reach);
                    let residual_to = Some(Residual {
                        base: x.at(from),
                        y,
                    });
                    backend.wn_res_skip(residual, &s.gated, residual_to, None, n);
                }
            }
            state.made[i] += n as isize;
        }
        moved
    }

    /// Conditioning of the squeezed kind for the groups before `end`, made once a frame.
    fn condition(
        &self,
        backend: &mut B,
        flow: &Flow<B>,
        state: &mut FlowState<B>,
        mel: &Window<B>,
        end: isize,
    ) {
        let (Some(w), Some(window)) = (&flow.condition, &mut state.condition) else {
            return;
        };
        let per_frame = self.groups_per_frame() as isize;
        let from = window.end();
        let n = (end + per_frame - 1) / per_frame - from;
        if n > 0 {
            let keep = state.made.last().copied().unwrap_or(0) / per_frame;
            let to = window.append(backend, n as usize, keep);
            backend.conv(w, mel.at(from), to, 0, n as usize, Activation::Linear);
        }
    }

    /// The coupling of flow `k` and its 1×1 convolution, for the rows that its WN has completed: they
    /// become the stream of the next flow, or audio.
    fn leave_flow(
        &self,
        backend: &mut B,
        s: &mut WaveGlowStream<B>,
        k: usize,
        audio: &mut Vec<f32>,
    ) -> Result<bool, Error> {
        let flow = &self.flows[k];
        let (before, rest) = s.flows.split_at_mut(k);
        let state = &mut rest[0];
        let from = state.emitted;
        let n = (state.made.last().copied().unwrap_or(0) - from).min(s.block as isize) as usize;
        if n == 0 {
            return Ok(false);
        }
        let complete = match &state.skip {
            Some(skip) => skip.at(from),
            None => state.x[flow.layers.len()].at(from),
        };
        backend.conv(
            &flow.end,
            complete,
            rows_mut(&mut state.bs, 0),
            0,
            n,
            Activation::Linear,
        );
        backend.coupling(&state.bs, state.a.at_mut(from), n);
        if let Some(next) = before.last_mut() {
            let early = self.flows[k - 1].channels - flow.channels;
            let stream = Stream::Noise(k as u8 - 1);
            let noise = Noise {
                key: s.key,
                stream,
                position: from as u64,
                sigma: s.sigma,
            };
            let to = next.a.append(backend, n, next.emitted);
            let row = to.row;
            if early > 0 {
                backend.noise(rows_mut(to.tensor, row), early, n, noise);
            }
            let to = rows_mut(to.tensor, row);
            backend.conv(
                &flow.inverse,
                state.a.at(from),
                to,
                early,
                n,
                Activation::Linear,
            );
        } else {
            let to = rows_mut(&mut s.audio, 0);
            backend.conv(
                &flow.inverse,
                state.a.at(from),
                to,
                0,
                n,
                Activation::Linear,
            );
            audio.extend(backend.read(&s.audio, 0..n)?);
        }
        state.emitted += n as isize;
        Ok(true)
    }
}
