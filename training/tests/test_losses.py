"""Loss values against values worked out by hand."""

import math

import numpy as np
import torch

from tacoglow_train import losses
from tacoglow_train.data import alignment_target, symbol_centres
from tacoglow_train.options import VOCODER_OPTIONS
from tacoglow_train.tasks import VocoderObjective
from tacoglow_train.waveglow import WaveGlow


def batch_of_one(frames=3, symbols=2, padded=4):
    return {
        "mels": torch.zeros(1, padded, 2), "frames": torch.tensor([frames]), "lengths": torch.tensor([symbols]),
        "centres": torch.zeros(1, padded), "known": torch.ones(1),
    }


def test_tacotron_losses_by_hand():
    """One frame a step, two bands, three frames of four; the outputs are off by 1 and 2, the gate says logit 0."""
    batch = batch_of_one()
    keep = torch.tensor([1.0, 1.0, 1.0, 0.0]).view(1, 4, 1)
    attention = torch.tensor([[[1.0, 0.0]] * 4])
    outputs = (keep.expand(1, 4, 2) * 1.0, keep.expand(1, 4, 2) * 2.0, torch.zeros(1, 4), attention)
    counts = losses.tacotron_counts(batch, bands=2, r=1, tail=1)
    assert counts.tolist() == [6.0, 4.0, 3.0]
    found = losses.tacotron_losses(outputs, batch, counts, r=1, tail=1, gate_weight=5.0)
    assert abs(float(found["mel"]) - 1.0) < 1e-6
    assert abs(float(found["postnet"]) - 4.0) < 1e-6
    assert abs(float(found["absolute"]) - 0.5 * (1 + 2)) < 1e-6
    # Steps 0, 1 have target 0 and weight 1; step 2 (the last frame) and 3 (the tail) have target 1 and weight 5.
    assert abs(float(found["gate"]) - math.log(2) * (1 + 1 + 5 + 5) / 4) < 1e-6
    # The band around symbol 0 of two, width 0.9.
    near, far = 1.0, math.exp(-0.5 / 0.81)
    p, q = near / (near + far), far / (near + far)
    expected = p * (math.log(p + 1e-6) - math.log(1 + 1e-6)) + q * (math.log(q + 1e-6) - math.log(1e-6))
    assert abs(float(found["guide"]) - expected) < 1e-5
    assert float(found["aligned"]) == 1.0


def test_padding_changes_nothing():
    """The same item in a longer batch has the same losses."""
    torch.manual_seed(0)
    found = []
    before, after, gates, attention = torch.randn(1, 4, 2), torch.randn(1, 4, 2), torch.randn(1, 4), torch.softmax(torch.randn(1, 4, 2), 2)
    for extra in (0, 5):
        batch = batch_of_one(padded=4 + extra)
        keep = (torch.arange(4 + extra) < 3).float().view(1, -1, 1)
        wider = lambda x: torch.cat([x, torch.randn(1, extra, *x.shape[2:])], 1)
        outputs = (wider(before) * keep, wider(after) * keep, wider(gates), torch.cat([attention, torch.full((1, extra, 2), 0.5)], 1))
        counts = losses.tacotron_counts(batch, 2, 1, tail=1)
        found.append(losses.tacotron_losses(outputs, batch, counts, 1, tail=1))
    for name in found[0]:
        assert abs(float(found[0][name]) - float(found[1][name])) < 1e-6, name


def test_alignment_follows_word_times():
    """Two words of 0.1 s with 0.1 s between; steps of 0.05 s. Symbols: two in the first word, a space, two in the second."""
    clip = {"words": [[0.0, 0.1], [0.2, 0.3]], "samples": int(0.35 * 22050)}
    centres = symbol_centres(clip, [(0, 2), (3, 5)], 5, 6, 0.05)
    # A step's middle is at 0.25 of it: 0.0125 s is a quarter into the first symbol of 0.05 s.
    np.testing.assert_allclose(centres, [0.0, 0.75, 1.625, 2.125, 2.75, 3.75], atol=0.02)
    band = alignment_target(torch.tensor(centres).unsqueeze(0), torch.tensor([5]), 8)
    assert torch.allclose(band.sum(2), torch.ones(1, 6, dtype=band.dtype)) and float(band[..., 5:].abs().max()) == 0


def test_likelihood_by_hand():
    z = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    loss = losses.waveglow_likelihood(z, torch.tensor(1.5), torch.tensor(0.5), 4, sigma=1.0)
    assert abs(float(loss) - (30 / 2 - 2.0) / 4) < 1e-6


def test_spectral_loss_by_hand():
    """Half the amplitude: spectral convergence 1/2, log-magnitude and log-mel distance log 2, at every resolution."""
    true = torch.randn(2, 8192)
    stft, mel = losses.SpectralLoss()(0.5 * true, true)
    assert abs(float(stft) - (0.5 + math.log(2))) < 2e-3 and abs(float(mel) - math.log(2)) < 2e-3
    same, zero = losses.SpectralLoss()(true, true)
    assert float(same) == 0 and float(zero) == 0


def test_spectral_loss_has_a_slope_at_silence():
    made = torch.zeros(1, 4096, requires_grad=True)
    stft, mel = losses.SpectralLoss()(made, torch.randn(1, 4096))
    (stft + mel).backward()
    assert torch.isfinite(made.grad).all()


def test_adversarial_losses_by_hand():
    real, fake = [torch.tensor([1.0, 0.0])], [torch.tensor([0.5, 0.5])]
    assert abs(float(losses.discriminator_loss(real, fake)) - (0.5 + 0.25)) < 1e-6
    assert abs(float(losses.adversarial_loss(fake)) - 0.25) < 1e-6
    assert abs(float(losses.feature_loss([[torch.ones(3)]], [[torch.zeros(3)]])) - 1.0) < 1e-6


def test_a_loud_hum_is_trained_away():
    """A flow that adds 1 and multiplies by e^3; the loss is the mean logarithm of what is above full scale."""
    torch.manual_seed(1)
    network = WaveGlow({"kind": "squeezewave", "n_flows": 2, "n_group": 16, "n_early_every": 4, "WN_config": {"n_layers": 2, "n_channels": 8}})
    with torch.no_grad():
        network.WN[0].end.bias[:8] = -1.0
        network.WN[0].end.bias[8:] = -3.0
        sound = network.inverse(torch.zeros(1, 80, 12), 0.0).abs()
    objective, mels = VocoderObjective(network, "inverse", VOCODER_OPTIONS), torch.randn(3, 80, 12)
    by_hand = float(sound[sound > 1].log().sum()) / sound.numel()
    assert by_hand > 0.1 and abs(objective.sound(mels)[1].item() - by_hand) < 1e-5
    loss, figures = objective({"mels": mels, "audio": torch.randn(3, 12 * 256)}, None, {})
    assert abs((loss - figures["stft"] - figures["mel"]).item() - VOCODER_OPTIONS["hum_weight"] * by_hand) < 1e-5
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        objective.sound(mels)[1].backward()
        optimizer.step()
    assert objective.sound(mels)[1].item() < 0.01 * by_hand
