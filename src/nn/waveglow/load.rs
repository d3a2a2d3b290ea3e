//! WaveGlow's tensors to packed weights.

use super::inverse::invert;
use super::{Flow, Layer, WaveGlow};
use crate::backend::{Backend, MatrixKind, SeparableWeights};
use crate::nn::load::{ConvSize, Loader, fill_taps};
use crate::nn::{Error, Result};
use crate::voice::config::{WaveGlowConfig, WaveGlowKind};

pub(super) fn load<B: Backend>(l: &mut Loader<'_, B>, c: &WaveGlowConfig) -> Result<WaveGlow<B>> {
    let upsample = match c.kind {
        WaveGlowKind::Waveglow => Some(upsample(l, c)?),
        WaveGlowKind::Squeezewave => None,
    };
    let flows = (0..c.n_flows)
        .map(|k| flow(l, c, k))
        .collect::<Result<_>>()?;
    Ok(WaveGlow {
        config: c.clone(),
        upsample,
        flows,
    })
}

/// The transposed convolution as a product: sample `p` of frame `f` sees the frames `f - 3 ..= f`,
/// and the outputs of a frame are the rows of its groups, `[groups, mel × n_group]`.
fn upsample<B: Backend>(l: &mut Loader<'_, B>, c: &WaveGlowConfig) -> Result<B::Matrix> {
    let weight = l.values("waveglow.upsample.weight")?;
    let bias = l.values("waveglow.upsample.bias")?;
    let (mel, kernel, stride, group) = (
        c.n_mel_channels,
        c.upsample_kernel,
        c.upsample_stride,
        c.n_group,
    );
    let frames = kernel / stride;
    // Output o is position `p` of the frame and band `band`: o = (p / group · mel + band) · group + p % group.
    let place = move |o: usize| {
        let (row, within) = (o / (mel * group), o % (mel * group));
        (row * group + within % group, within / group)
    };
    let bias: Vec<f32> = (0..mel * stride).map(|o| bias[place(o).1]).collect();
    let kind = MatrixKind::Conv {
        taps: frames,
        dilation: 1,
    };
    l.pack(kind, mel * stride, frames * mel, Some(&bias), &|o, row| {
        let (p, band) = place(o);
        for tap in 0..frames {
            // Tap 0 is the oldest frame.
            let k = (frames - 1 - tap) * stride + p;
            for input in 0..mel {
                row[tap * mel + input] = weight[(input * mel + band) * kernel + k];
            }
        }
    })
}

fn flow<B: Backend>(l: &mut Loader<'_, B>, c: &WaveGlowConfig, k: usize) -> Result<Flow<B>> {
    let channels = c.flow_channels(k);
    let wn = c.wn.n_channels;
    let name = format!("waveglow.WN.{k}");
    let start = ConvSize {
        outputs: wn,
        inputs: channels / 2,
        taps: 1,
    };
    let end = ConvSize {
        outputs: channels,
        inputs: wn,
        taps: 1,
    };
    let start = l.conv(&format!("{name}.start"), start, true)?;
    let (condition, layers) = match c.kind {
        WaveGlowKind::Waveglow => (None, dilated_layers(l, c, &name)?),
        WaveGlowKind::Squeezewave => {
            let size = ConvSize {
                outputs: 2 * wn * c.wn.n_layers,
                inputs: c.n_mel_channels,
                taps: 1,
            };
            let condition = l.conv(&format!("{name}.cond_layer"), size, true)?;
            (Some(condition), separable_layers(l, c, &name)?)
        }
    };
    let end = l.conv(&format!("{name}.end"), end, true)?;
    let inverse = inverse(l, k, channels)?;
    Ok(Flow {
        channels,
        start,
        condition,
        layers,
        end,
        inverse,
    })
}

/// `W_k⁻¹`, kept in f32: its rounding would be heard in every flow after it.
fn inverse<B: Backend>(l: &mut Loader<'_, B>, k: usize, channels: usize) -> Result<B::Matrix> {
    let name = format!("waveglow.convinv.{k}.conv.weight");
    let matrix = l.values(&name)?;
    let inverse = invert(&matrix, channels).ok_or_else(|| {
        Error::Weights(format!(
            "{name} is singular, so the flow cannot be inverted"
        ))
    })?;
    let kind = MatrixKind::Conv {
        taps: 1,
        dilation: 1,
    };
    l.in_f32(|l| {
        l.pack(kind, channels, channels, None, &|o, row| {
            row.copy_from_slice(&inverse[o * channels..(o + 1) * channels]);
        })
    })
}

fn dilated_layers<B: Backend>(
    l: &mut Loader<'_, B>,
    c: &WaveGlowConfig,
    name: &str,
) -> Result<Vec<Layer<B>>> {
    let (wn, taps) = (c.wn.n_channels, c.wn.kernel_size);
    let condition = c.n_mel_channels * c.n_group;
    let cond_weight = l.values(&format!("{name}.cond_layer.weight"))?;
    let cond_bias = l.values(&format!("{name}.cond_layer.bias"))?;
    let mut layers = Vec::new();
    for i in 0..c.wn.n_layers {
        let weight = l.values(&format!("{name}.in_layers.{i}.weight"))?;
        let mut bias = l.values(&format!("{name}.in_layers.{i}.bias"))?.into_vec();
        let of_layer = 2 * wn * i;
        bias.iter_mut()
            .zip(&cond_bias[of_layer..])
            .for_each(|(b, c)| *b += c);
        let dilation = 1 << i;
        let kind = MatrixKind::Gate { taps, dilation };
        let gate = l.pack(
            kind,
            2 * wn,
            taps * wn + condition,
            Some(&bias),
            &|o, row| {
                fill_taps(
                    &weight[o * wn * taps..(o + 1) * wn * taps],
                    taps,
                    &mut row[..taps * wn],
                );
                let from = (of_layer + o) * condition;
                row[taps * wn..].copy_from_slice(&cond_weight[from..from + condition]);
            },
        )?;
        let outputs = if i + 1 < c.wn.n_layers { 2 * wn } else { wn };
        let size = ConvSize {
            outputs,
            inputs: wn,
            taps: 1,
        };
        let res_skip = l.conv(&format!("{name}.res_skip_layers.{i}"), size, true)?;
        layers.push(Layer::Dilated {
            gate,
            res_skip,
            dilation,
        });
    }
    Ok(layers)
}

fn separable_layers<B: Backend>(
    l: &mut Loader<'_, B>,
    c: &WaveGlowConfig,
    name: &str,
) -> Result<Vec<Layer<B>>> {
    let (wn, taps) = (c.wn.n_channels, c.wn.kernel_size);
    let mut layers = Vec::new();
    for i in 0..c.wn.n_layers {
        let norm = l.batch_norm(&format!("{name}.in_layers.{i}.0"))?;
        let weight = l.values(&format!("{name}.in_layers.{i}.1.weight"))?;
        let bias = l.values(&format!("{name}.in_layers.{i}.1.bias"))?;
        let mut scaled = vec![0.0; taps * wn];
        let mut shifts = vec![0.0; taps * wn];
        for tap in 0..taps {
            for channel in 0..wn {
                let w = weight[channel * taps + tap];
                scaled[tap * wn + channel] = w * norm.scale[channel];
                shifts[tap * wn + channel] = w * norm.shift[channel];
            }
        }
        let weight = l.values(&format!("{name}.in_layers.{i}.2.weight"))?;
        let pointwise_bias = l.values(&format!("{name}.in_layers.{i}.2.bias"))?;
        let kind = MatrixKind::Gate {
            taps: 1,
            dilation: 1,
        };
        let pointwise = l.pack(kind, 2 * wn, wn, Some(&pointwise_bias), &|o, row| {
            row.copy_from_slice(&weight[o * wn..(o + 1) * wn]);
        })?;
        let gate = SeparableWeights {
            taps: l.tensor(wn, &scaled),
            shifts: l.tensor(wn, &shifts),
            bias: l.tensor(wn, &bias),
            pointwise,
        };
        let size = ConvSize {
            outputs: wn,
            inputs: wn,
            taps: 1,
        };
        let residual = l.conv(&format!("{name}.res_skip_layers.{i}"), size, true)?;
        layers.push(Layer::Separable { gate, residual });
    }
    Ok(layers)
}
