"""WaveGlow (Prenger et al. 2018) and the squeezed WaveGlow (Zhai et al. 2020), in their published layouts.

Activations are `[B, G, channels]`, G groups of `n_group` samples in time: every 1x1 convolution is a matrix product over
rows, a dilated convolution is one product over taps x channels, and the conditioning of all layers of a flow is one.
Weights are plain, as the voice file holds them; `fold_weight_norm` reads files that have weight_g and weight_v.

    forward   audio -> z       k = 0..: early output, 1x1 convolution W, a1 <- exp(log s) a1 + b with (b, log s) = WN(a0, mel)
    inverse   z -> audio       the same backwards
"""

import torch
import torch.nn.functional as F
from torch import nn

from .audio import HOP

PUBLISHED = {
    "kind": "waveglow",
    "n_mel_channels": 80,
    "n_flows": 12,
    "n_group": 8,
    "n_early_every": 4,
    "n_early_size": 2,
    "upsample_kernel": 1024,
    "upsample_stride": 256,
    "sigma": 0.6,
    "denoiser_strength": 0.0,
}
PUBLISHED_WN = {"n_layers": 8, "n_channels": 256, "kernel_size": 3}


def pointwise(conv, x):
    """A 1x1 Conv1d on `[B, G, inputs]`."""
    return F.linear(x, conv.weight.squeeze(2), conv.bias)


def shifted(x, by):
    """`[B, G, C]` read `by` rows earlier (negative: later), zero outside."""
    return F.pad(x, (0, 0, by, 0))[:, : x.shape[1]] if by > 0 else F.pad(x, (0, 0, 0, -by))[:, -by:]


class Invertible(nn.Module):
    """A 1x1 convolution that is a rotation at first; its determinant stays positive."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 1, bias=False)
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        if torch.det(rotation) < 0:
            rotation[:, 0] = -rotation[:, 0]
        self.conv.weight.data = rotation.unsqueeze(2).contiguous()

    def matrix(self):
        return self.conv.weight.squeeze(2).float()

    def inverse(self):
        return torch.linalg.inv_ex(self.matrix())[0]  # unlike `inv` it does not wait for the device to look for errors

    def log_determinant(self):
        return torch.linalg.slogdet(self.matrix())[1]


def wn_layer(x, condition, weight, bias, out_weight, out_bias, dilation):
    """One layer of the published WN: `[B, G, size]` -> residual and skip `[B, G, 2 size]` (or skip alone)."""
    size, taps = x.shape[2], weight.shape[2]
    shifts = [dilation * (taps // 2 - j) for j in range(taps)]
    joined = torch.cat([shifted(x, by) if by else x for by in shifts], dim=2)
    gates = F.linear(joined, weight.permute(0, 2, 1).flatten(1), bias) + condition
    return F.linear(torch.tanh(gates[..., :size]) * torch.sigmoid(gates[..., size:]), out_weight, out_bias)


def squeezed_layer(x, condition, mean, variance, gain, offset, training, depth, depth_bias, point, point_bias, out, out_bias):
    """One layer of the squeezed WN, `[B, G, size]` -> `[B, G, size]`: BatchNorm, depthwise, pointwise, gate, residual."""
    B, G, size = x.shape
    h = F.batch_norm(x.reshape(B * G, size), mean, variance, gain, offset, training, 0.1, 1e-5).view(B, G, size)
    h = shifted(h, 1) * depth[:, 0, 0] + h * depth[:, 0, 1] + shifted(h, -1) * depth[:, 0, 2] + depth_bias  # zeros come after the norm
    gates = F.linear(h, point, point_bias) + condition
    return x + F.linear(torch.tanh(gates[..., :size]) * torch.sigmoid(gates[..., size:]), out, out_bias)


class WN(nn.Module):
    """The published network of a coupling: dilated convolutions, gated, with residual and skip sums."""

    layer = staticmethod(wn_layer)  # may be replaced by a compiled one

    def __init__(self, half, mels, c):
        super().__init__()
        size, layers, taps = c["n_channels"], c["n_layers"], c["kernel_size"]
        self.size, self.layers = size, layers
        self.start = nn.Conv1d(half, size, 1)
        self.cond_layer = nn.Conv1d(mels, 2 * size * layers, 1)
        self.in_layers = nn.ModuleList(
            nn.Conv1d(size, 2 * size, taps, dilation=2**i, padding=2**i * (taps // 2)) for i in range(layers)
        )
        self.res_skip_layers = nn.ModuleList(nn.Conv1d(size, 2 * size if i < layers - 1 else size, 1) for i in range(layers))
        self.end = nn.Conv1d(size, 2 * half, 1)
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(self.end.bias)

    def forward(self, a0, condition):
        """a0 `[B, G, half]`, condition `[B, G, mels]` -> `[B, G, 2 half]`: b, then log s."""
        x, size = pointwise(self.start, a0), self.size
        condition = pointwise(self.cond_layer, condition).split(2 * size, dim=2)
        skips = 0
        for i, (conv, res_skip) in enumerate(zip(self.in_layers, self.res_skip_layers)):
            out = self.layer(x, condition[i], conv.weight, conv.bias, res_skip.weight.squeeze(2), res_skip.bias, conv.dilation[0])
            if i < self.layers - 1:
                x = x + out[..., :size]
            skips = skips + out[..., -size:]
        return pointwise(self.end, skips)


class SqueezedWN(nn.Module):
    """The squeezed network of a coupling: BatchNorm, depthwise and pointwise convolutions, residual only."""

    layer = staticmethod(squeezed_layer)

    def __init__(self, half, mels, c):
        super().__init__()
        size, layers = c["n_channels"], c["n_layers"]
        self.size = size
        self.start = nn.Conv1d(half, size, 1)
        self.cond_layer = nn.Conv1d(mels, 2 * size * layers, 1)
        self.in_layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm1d(size), nn.Conv1d(size, size, 3, padding=1, groups=size), nn.Conv1d(size, 2 * size, 1))
            for _ in range(layers)
        )
        self.res_skip_layers = nn.ModuleList(nn.Conv1d(size, size, 1) for _ in range(layers))
        self.end = nn.Conv1d(size, 2 * half, 1)
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(self.end.bias)

    def forward(self, a0, condition):
        """a0 `[B, G, half]`, condition `[B, frames, mels]` -> `[B, G, 2 half]`: b, then log s."""
        x, size = pointwise(self.start, a0), self.size
        condition = pointwise(self.cond_layer, condition)
        condition = condition.repeat_interleave(x.shape[1] // condition.shape[1], dim=1).split(2 * size, dim=2)
        for i, (norm, depth, point) in enumerate(self.in_layers):
            out = self.res_skip_layers[i]
            x = self.layer(
                x, condition[i], norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, depth.weight, depth.bias,
                point.weight.squeeze(2), point.bias, out.weight.squeeze(2), out.bias,
            )
        return pointwise(self.end, x)


class WaveGlow(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = self.config = {**PUBLISHED, **config}
        c["WN_config"] = {**PUBLISHED_WN, **config.get("WN_config", {})}
        self.squeezed = c["kind"] == "squeezewave"
        self.group, self.every, self.early = c["n_group"], c["n_early_every"], c["n_early_size"]
        mels = c["n_mel_channels"]
        self.history = 0  # mel frames before a crop that its first sample depends on
        if not self.squeezed:
            self.upsample = nn.ConvTranspose1d(mels, mels, c["upsample_kernel"], c["upsample_stride"])
            self.history = c["upsample_kernel"] // c["upsample_stride"] - 1
        self.convinv, self.WN = nn.ModuleList(), nn.ModuleList()
        channels = self.group
        for k in range(c["n_flows"]):
            if self.leaves_early(k):
                channels -= self.early
            self.convinv.append(Invertible(channels))
            make = SqueezedWN if self.squeezed else WN
            self.WN.append(make(channels // 2, mels if self.squeezed else mels * self.group, c["WN_config"]))
        self.remaining = channels

    def leaves_early(self, k):
        return k > 0 and k % self.every == 0

    def condition(self, mels):
        """`[B, bands, history + frames]` -> what the flows are conditioned on.

        Published kind: the transposed convolution as one product over the frames that reach a block of 256 samples,
        then in groups, `[B, G, bands * group]` with channel = band * group + position. Squeezed kind: the frames.
        """
        x = mels.transpose(1, 2)
        if self.squeezed:
            return x
        B, total, bands = x.shape
        frames, reach = total - self.history, self.history + 1
        stride = self.config["upsample_stride"]
        taps = torch.cat([x[:, self.history - j : self.history - j + frames] for j in range(reach)], dim=2)
        weight = self.upsample.weight.view(bands, bands, reach, stride)  # [in, out, frame back, sample]
        weight = weight.permute(1, 3, 2, 0).reshape(bands * stride, reach * bands)
        bias = self.upsample.bias.repeat_interleave(stride)
        up = F.linear(taps, weight, bias).view(B, frames, bands, stride // self.group, self.group)
        return up.permute(0, 1, 3, 2, 4).reshape(B, frames * stride // self.group, bands * self.group)

    def with_history(self, mels):
        """A whole utterance has nothing before it: zeros, as the published upsampler has it."""
        return F.pad(mels, (self.history, 0))

    def couple(self, k, x, condition):
        """(a0, a1, b, log s) of flow k; the network may run in half precision, b and log s are f32."""
        half = x.shape[2] // 2
        a0, a1 = x[..., :half], x[..., half:]
        out = self.WN[k](a0, condition).float()
        return a0, a1, out[..., :half], out[..., half:]

    @staticmethod
    def mix(x, matrix):
        with torch.autocast(x.device.type, enabled=False):
            return torch.matmul(x, matrix.t())

    def forward(self, mels, audio):
        """mels `[B, bands, history + frames]`, audio `[B, frames * 256]` -> (z `[B, G, group]`, sum of log s, sum of
        log|det W|, the latter two over everything in the batch)."""
        x = audio.float().view(audio.shape[0], -1, self.group)
        condition, early = self.condition(mels), []
        log_scales, log_determinants = 0.0, 0.0
        rows = x.shape[0] * x.shape[1]
        for k, (invertible, _) in enumerate(zip(self.convinv, self.WN)):
            if self.leaves_early(k):
                early.append(x[..., : self.early])
                x = x[..., self.early :]
            x = self.mix(x, invertible.matrix())
            log_determinants = log_determinants + rows * invertible.log_determinant()
            a0, a1, b, log_s = self.couple(k, x, condition)
            log_scales = log_scales + log_s.sum()
            x = torch.cat([a0, torch.exp(log_s) * a1 + b], dim=2)
        return torch.cat(early + [x], dim=2), log_scales, log_determinants

    def inverse(self, mels, sigma=None, noise=None):
        """mels `[B, bands, history + frames]` -> audio `[B, frames * 256]`; differentiable, the inverses included.

        `noise`: `[B, G, channels]` unit normal for the start, then for each early output in the order in which
        the inverse takes them (the last one first); drawn when not given. All of it is multiplied by sigma, one number
        or `[B, 1, 1]`.
        """
        sigma = self.config["sigma"] if sigma is None else sigma
        condition = self.condition(mels)
        groups = (mels.shape[2] - self.history) * HOP // self.group
        given = iter(noise) if noise is not None else None

        def draw(channels):
            if given is not None:
                return sigma * next(given)
            return sigma * torch.randn(mels.shape[0], groups, channels, device=mels.device)

        x = draw(self.remaining)
        for k in reversed(range(len(self.WN))):
            a0, a1, b, log_s = self.couple(k, x, condition)
            x = torch.cat([a0, (a1 - b) * torch.exp(-log_s)], dim=2)
            x = self.mix(x, self.convinv[k].inverse())
            if self.leaves_early(k):
                x = torch.cat([draw(self.early), x], dim=2)
        return x.reshape(x.shape[0], -1)

    def infer(self, mels, sigma=None, noise=None):
        """A whole utterance: mels `[B, bands, frames]` -> audio `[B, frames * 256]`."""
        return self.inverse(self.with_history(mels), sigma, noise)

    def compile(self):
        """Fuses the small operations of a layer, where this PyTorch can; every layer is the same function."""
        if hasattr(torch, "compile"):
            torch._dynamo.config.cache_size_limit = 64
            compiled = torch.compile(squeezed_layer if self.squeezed else wn_layer, dynamic=False)
            for wn in self.WN:
                wn.layer = compiled

    def freeze_statistics(self):
        """BatchNorm uses its running statistics from here on (the inverse is a different network otherwise)."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()


def fold_weight_norm(weights):
    """Published files to plain weights: w = g v / |v|; split conditioning layers are stacked into the fused one."""
    out = {}
    for name, tensor in weights.items():
        if name.endswith(".weight_v"):
            g = weights[name[:-1] + "g"].float()
            norm = tensor.float().flatten(1).norm(dim=1).view(-1, *[1] * (tensor.dim() - 1))
            out[name[:-2]] = g * tensor.float() / norm
        elif not name.endswith(".weight_g"):
            out.setdefault(name, tensor)
    for name in [n for n in out if ".cond_layers." in n]:
        flow, _, rest = name.partition(".cond_layers.")
        kind = rest.split(".")[1]
        if rest.startswith("0."):
            layers = sum(1 for n in out if n.startswith(flow + ".cond_layers.") and n.endswith(kind))
            out[f"{flow}.cond_layer.{kind}"] = torch.cat([out[f"{flow}.cond_layers.{i}.{kind}"] for i in range(layers)])
    return {n: t for n, t in out.items() if ".cond_layers." not in n}
