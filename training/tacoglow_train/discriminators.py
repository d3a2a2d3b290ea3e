"""Discriminators of the adversarial stage (Kong et al. 2020, HiFi-GAN), narrower by default: multi-period, which look
at every p-th sample, and multi-scale, which look at the waveform and at two coarser ones."""

import torch.nn.functional as F
from torch import nn


class PeriodDiscriminator(nn.Module):
    def __init__(self, period, width):
        super().__init__()
        self.period = period
        sizes = [1, width, 4 * width, 8 * width, 16 * width]
        self.layers = nn.ModuleList(nn.Conv2d(i, o, (5, 1), (3, 1), (2, 0)) for i, o in zip(sizes, sizes[1:]))
        self.layers.append(nn.Conv2d(sizes[-1], sizes[-1], (5, 1), 1, (2, 0)))
        self.score = nn.Conv2d(sizes[-1], 1, (3, 1), 1, (1, 0))

    def forward(self, audio):
        """`[B, samples]` -> (scores, inner activations)."""
        x = F.pad(audio.unsqueeze(1), (0, -audio.shape[1] % self.period), mode="reflect")
        x = x.view(x.shape[0], 1, -1, self.period)
        return run_layers(self, x)


class ScaleDiscriminator(nn.Module):
    def __init__(self, factor, width):
        super().__init__()
        self.factor = factor
        sizes = [1, width, 2 * width, 8 * width, 16 * width, 16 * width]
        shape = ((15, 1, 1), (41, 4, 4), (41, 4, 8), (41, 4, 16), (5, 1, 1))  # taps, stride, groups
        self.layers = nn.ModuleList(
            nn.Conv1d(i, o, taps, stride, taps // 2, groups=groups) for i, o, (taps, stride, groups) in zip(sizes, sizes[1:], shape)
        )
        self.score = nn.Conv1d(sizes[-1], 1, 3, 1, 1)

    def forward(self, audio):
        x = audio.unsqueeze(1)
        return run_layers(self, F.avg_pool1d(x, self.factor * 2, self.factor, self.factor) if self.factor > 1 else x)


def run_layers(discriminator, x):
    inner = []
    for layer in discriminator.layers:
        x = F.leaky_relu(layer(x), 0.1)
        inner.append(x)
    return discriminator.score(x).flatten(1), inner


class Discriminators(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.parts = nn.ModuleList(
            [PeriodDiscriminator(p, width) for p in (2, 3, 5, 7, 11)] + [ScaleDiscriminator(f, width) for f in (1, 2, 4)]
        )

    def forward(self, audio):
        scores, inner = zip(*(part(audio) for part in self.parts))
        return scores, inner

    def judge_frozen(self, audio):
        """As `forward`, with gradients to the audio only: what the generator is told."""
        for p in self.parameters():
            p.requires_grad_(False)
        result = self(audio)
        for p in self.parameters():
            p.requires_grad_(True)
        return result
