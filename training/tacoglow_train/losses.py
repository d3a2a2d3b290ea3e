"""What the networks are trained to make small. Everything here is f32, whatever the networks compute in.

A loss is a sum divided by a count, and the count is given by the caller: in data-parallel training it is the count
over all ranks divided by their number, so that averaging the gradients gives the gradient of the joined batch.
"""

import torch
import torch.nn.functional as F

from .audio import AUDIO, mel_filters
from .data import alignment_target


def tacotron_counts(batch, bands, r, tail):
    """Elements behind each sum of `tacotron_losses`: mel values, gate values, decoder steps with known alignment."""
    frames = batch["frames"].float()
    steps = torch.ceil(frames / r)
    return torch.stack([frames.sum() * bands, (steps + tail).sum(), (steps * batch["known"]).sum()])


def tacotron_losses(outputs, batch, counts, r, tail, absolute=0.5, gate_weight=5.0):
    """The published sum, masked: MSE before and after the postnet, and the gate's cross entropy. To it we add
    half of both absolute errors (sharper mels), more weight on the rare positive gates, and the divergence of
    the attention from the known alignment. Returns a dict; `guide` is to be weighted by the caller.
    """
    before, after, gates, attention = outputs
    B, T, bands = before.shape
    frames, mels = batch["frames"].unsqueeze(1), batch["mels"].float()
    keep = (torch.arange(T, device=mels.device).unsqueeze(0) < frames).unsqueeze(2).float()
    mels = mels * keep
    before_error, after_error = before.float() - mels, after.float() - mels  # outputs are zero on padding
    losses = {
        "mel": before_error.pow(2).sum() / counts[0],
        "postnet": after_error.pow(2).sum() / counts[0],
        "absolute": absolute * (before_error.abs().sum() + after_error.abs().sum()) / counts[0],
    }
    step = torch.arange(T // r, device=mels.device).unsqueeze(0)
    last = torch.div(frames + r - 1, r, rounding_mode="floor") - 1  # the step that holds the last frame
    target = (step >= last).float()
    weight = (step <= last + tail).float() * (1 + (gate_weight - 1) * target)
    gate = F.binary_cross_entropy_with_logits(gates.float(), target, weight, reduction="sum")
    losses["gate"] = gate / counts[1]
    with torch.no_grad():
        band = alignment_target(batch["centres"], batch["lengths"], attention.shape[2])
        rows = (step <= last).float() * batch["known"].unsqueeze(1)
        hit = ((attention.argmax(2) - band.argmax(2)).abs() <= 2).float()
    divergence = (band * (torch.log(band + 1e-6) - torch.log(attention.float() + 1e-6))).sum(2)
    losses["guide"] = (divergence * rows).sum() / counts[2].clamp(min=1.0)
    losses["aligned"] = (hit * rows).sum() / counts[2].clamp(min=1.0)  # share of steps within two symbols; not a loss
    return losses


def waveglow_likelihood(z, log_scales, log_determinants, elements, sigma=1.0):
    """Negative log-likelihood per sample, without its constant: [sum z^2 / (2 sigma^2) - sum log s - sum log|det W|]
    / elements. `log_scales` and `log_determinants` are sums already (f32)."""
    return (z.float().pow(2).sum() / (2 * sigma * sigma) - log_scales - log_determinants) / elements


class SpectralLoss(torch.nn.Module):
    """Multi-resolution STFT loss (Yamamoto et al. 2020) and log-mel distance between two waveforms.

    Per resolution: spectral convergence |T - Y| / |T| and mean |log T - log Y| of magnitudes.
    """

    RESOLUTIONS = ((2048, 240, 1200), (1024, 256, 1024), (512, 128, 512), (256, 64, 256))  # FFT, hop, window

    def __init__(self):
        super().__init__()
        for fft, _, window in self.RESOLUTIONS:
            self.register_buffer(f"window_{fft}", torch.hann_window(window), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def magnitude(self, audio, fft, hop, window):
        spectrum = torch.stft(audio, fft, hop, window, getattr(self, f"window_{fft}"), center=True, pad_mode="reflect", return_complex=True)
        return torch.sqrt(spectrum.real.pow(2) + spectrum.imag.pow(2) + 1e-7)  # its slope is finite at zero

    def forward(self, made, true):
        """`[B, samples]` twice -> (mean STFT loss over the resolutions, log-mel L1)."""
        with torch.autocast(made.device.type, enabled=False):
            made, true, total, mel = made.float(), true.float(), 0.0, None
            for fft, hop, window in self.RESOLUTIONS:
                Y, T = self.magnitude(made, fft, hop, window), self.magnitude(true, fft, hop, window)
                total = total + (T - Y).norm() / T.norm() + (torch.log(T) - torch.log(Y)).abs().mean()
                if fft == AUDIO["filter_length"]:
                    bands = [torch.log(torch.matmul(self.filters, m).clamp(min=AUDIO["log_clamp_min"])) for m in (Y, T)]
                    mel = (bands[0] - bands[1]).abs().mean()
            return total / len(self.RESOLUTIONS), mel


def discriminator_loss(real, fake):
    """Least squares (Mao et al. 2017): real scores to 1, fake scores to 0."""
    return sum((1 - r.float()).pow(2).mean() + f.float().pow(2).mean() for r, f in zip(real, fake))


def adversarial_loss(fake):
    return sum((1 - f.float()).pow(2).mean() for f in fake)


def feature_loss(real, fake):
    """Mean absolute difference of all inner activations of the discriminators (Larsen et al. 2016)."""
    return sum((r.detach().float() - f.float()).abs().mean() for rs, fs in zip(real, fake) for r, f in zip(rs, fs))
