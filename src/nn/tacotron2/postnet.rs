//! The postnet: convolutions with BatchNorm whose output is added to the mel.

use super::Tacotron2;
use crate::backend::{Activation, Backend, Error};
use crate::nn::Result;
use crate::nn::load::{ConvSize, Loader};
use crate::nn::window::Window;
use crate::voice::config::Tacotron2Config;

pub(super) struct Postnet<B: Backend> {
    convolutions: Vec<B::Matrix>,
}

impl<B: Backend> Postnet<B> {
    pub(super) fn load(l: &mut Loader<'_, B>, c: &Tacotron2Config) -> Result<Self> {
        let last = c.postnet_n_convolutions - 1;
        let mut convolutions = Vec::new();
        for i in 0..=last {
            let name = format!("tacotron2.postnet.convolutions.{i}");
            let size = ConvSize {
                inputs: if i == 0 {
                    c.n_mel_channels
                } else {
                    c.postnet_embedding_dim
                },
                outputs: if i == last {
                    c.n_mel_channels
                } else {
                    c.postnet_embedding_dim
                },
                taps: c.postnet_kernel_size,
            };
            convolutions.push(l.conv_batch_norm(
                &format!("{name}.0.conv"),
                &format!("{name}.1"),
                size,
            )?);
        }
        Ok(Self { convolutions })
    }
}

/// The postnet over mel frames as they arrive: each convolution keeps the rows of context that the
/// next block needs, so blocks of any size give the frames of the whole sentence.
pub struct PostnetStream<B: Backend> {
    /// Inputs of the convolutions; the last is the postnet's output.
    windows: Vec<Window<B>>,
    /// Mel frames that the output is added to.
    mel: Window<B>,
    block: usize,
    finished: bool,
}

impl<B: Backend> PostnetStream<B> {
    /// Back to before the first frame, for another sentence: buffers are kept.
    pub fn restart(&mut self, backend: &mut B) {
        self.windows.iter_mut().for_each(|w| w.restart(backend));
        self.mel.restart(backend);
        self.finished = false;
    }
}

impl<B: Backend> Tacotron2<B> {
    /// Frames to either side that the postnet sees of the mel around a frame.
    pub fn postnet_reach(&self) -> usize {
        self.config.postnet_kernel_size / 2 * self.config.postnet_n_convolutions
    }

    /// A postnet before its first frame; `block` is the most frames of one push.
    pub fn postnet(&self, backend: &mut B, block: usize) -> PostnetStream<B> {
        let c = &self.config;
        let pad = c.postnet_kernel_size / 2;
        let layers = c.postnet_n_convolutions;
        // Context, a block, and at the end the padding of all layers before this one.
        let capacity = block + 2 * pad * (layers + 2);
        let windows = (0..=layers).map(|i| {
            let outer = i == 0 || i == layers;
            let channels = if outer {
                c.n_mel_channels
            } else {
                c.postnet_embedding_dim
            };
            Window::new(backend, capacity, channels, pad)
        });
        let windows = windows.collect();
        let mel = Window::new(backend, capacity, c.n_mel_channels, 0);
        PostnetStream {
            windows,
            mel,
            block,
            finished: false,
        }
    }

    /// Takes raw mel frames `[frames, mel]` and returns the final frames that they complete.
    /// With `last`, completes all of them.
    ///
    /// # Errors
    /// Whatever went wrong on the device.
    pub fn refine(
        &self,
        backend: &mut B,
        s: &mut PostnetStream<B>,
        mel: &[f32],
        last: bool,
    ) -> std::result::Result<Vec<f32>, Error> {
        let c = &self.config;
        let (channels, pad) = (c.n_mel_channels, (c.postnet_kernel_size / 2) as isize);
        let mut out = Vec::with_capacity(mel.len());
        let mut pieces: Vec<&[f32]> = mel.chunks(s.block * channels).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        let count = pieces.len();
        for (i, piece) in pieces.into_iter().enumerate() {
            let n = piece.len() / channels;
            let keep = s.windows[1].end() - pad;
            let to = s.windows[0].append(backend, n, keep);
            backend.write(to, piece);
            let emitted = s.windows[c.postnet_n_convolutions].end();
            let to = s.mel.append(backend, n, emitted);
            backend.write(to, piece);
            s.finished = last && i + 1 == count;
            out.extend(self.advance(backend, s)?);
        }
        Ok(out)
    }

    fn advance(
        &self,
        backend: &mut B,
        s: &mut PostnetStream<B>,
    ) -> std::result::Result<Vec<f32>, Error> {
        let pad = self.config.postnet_kernel_size / 2;
        let layers = self.postnet.convolutions.len();
        let emitted = s.windows[layers].end();
        for (i, w) in self.postnet.convolutions.iter().enumerate() {
            let (before, after) = s.windows.split_at_mut(i + 1);
            let (x, y) = (&mut before[i], &mut after[0]);
            let made = y.end();
            if s.finished {
                x.append_zeros(backend, pad, made - pad as isize);
            }
            let ready = x.end() - pad as isize - made;
            if ready <= 0 {
                continue;
            }
            let activation = if i + 1 < layers {
                Activation::Tanh
            } else {
                Activation::Linear
            };
            // A layer's output is the next layer's input, which looks back by the padding.
            let keep = after.get(1).map_or(made, Window::end) - pad as isize;
            let y = &mut after[0];
            let to = y.append(backend, ready as usize, keep);
            backend.conv(
                w,
                x.at(made - pad as isize),
                to,
                0,
                ready as usize,
                activation,
            );
        }
        let output = &mut s.windows[layers];
        let n = (output.end() - emitted) as usize;
        if n == 0 {
            return Ok(Vec::new());
        }
        backend.add(s.mel.at(emitted), output.at_mut(emitted), n);
        let from = output.at(emitted);
        backend.read(from.tensor, from.row..from.row + n)
    }
}
