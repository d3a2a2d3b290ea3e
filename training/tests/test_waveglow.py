"""WaveGlow equals a public package; forward and inverse undo each other; the log-determinant is the Jacobian's."""

import importlib.util
import os

import pytest
import torch
from safetensors.torch import load_file

from tacoglow_train import checkpoint
from tacoglow_train.losses import waveglow_likelihood
from tacoglow_train.waveglow import WaveGlow, fold_weight_norm

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "fixtures", "heart-golden.safetensors")
TINY = {"n_mel_channels": 5, "n_flows": 4, "n_early_every": 2, "WN_config": {"n_layers": 2, "n_channels": 8}}
TINY_SQUEEZED = {**TINY, "kind": "squeezewave", "n_group": 64, "n_early_size": 8}
KINDS = pytest.mark.parametrize("config", [TINY, TINY_SQUEEZED], ids=["waveglow", "squeezewave"])


def randomize(network, seed=0, scale=0.1):
    """Couplings that do something (they start as the identity), and BatchNorm statistics that are nothing special."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and "convinv" not in name:
            noise = torch.randn(tensor.shape, generator=generator) * scale
            tensor.copy_(noise.abs() + 0.5 if "running_var" in name else noise)
    return network


def test_published_sizes():
    """Counts with weight norm, as published: one g per output channel of start, in, cond and res_skip more than ours."""

    def count(channels, layers=8, flows=12):
        network = WaveGlow({"WN_config": {"n_channels": channels}})
        norms = flows * (channels + 2 * channels * layers + 2 * channels * layers + 2 * channels * (layers - 1) + channels)
        return sum(p.numel() for p in network.parameters()) + norms

    assert count(256) == 87_879_272
    assert count(512) == 268_294_760


def test_squeezed_sizes():
    shape = {"kind": "squeezewave", "n_group": 128, "n_early_every": 2, "n_early_size": 16}
    for channels, millions in ((128, 7.13), (256, 23.6)):
        network = WaveGlow({**shape, "WN_config": {"n_channels": channels}})
        assert abs(sum(p.numel() for p in network.parameters()) / 1e6 - millions) < 0.1
        assert [w.conv.weight.shape[0] for w in network.convinv] == [128, 128, 112, 112, 96, 96, 80, 80, 64, 64, 48, 48]


@pytest.fixture
def public(missing):
    """The module `glow` of PyPI's waveglowpkg, without its other imports."""
    package = importlib.util.find_spec("waveglow")
    path = os.path.join(list(package.submodule_search_locations)[0], "glow.py") if package else ""
    if not os.path.exists(path):
        missing("waveglowpkg 0.0.2 (pip install --no-deps waveglowpkg==0.0.2)")
    spec = importlib.util.spec_from_file_location("public_glow", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.device = "cpu"
    return module


def test_equals_the_public_package(public):
    """Forward, loss and inference, with its weight norm folded and its split conditioning fused."""
    torch.manual_seed(3)
    theirs = public.WaveGlow(10, 6, 8, 2, 2, {"n_layers": 3, "n_channels": 16, "kernel_size": 3})
    for name, tensor in theirs.state_dict().items():
        if name.endswith(("end.weight", "end.bias")):
            tensor.copy_(torch.randn(tensor.shape) * 0.05)
    ours = WaveGlow({"n_mel_channels": 10, "n_flows": 6, "n_early_every": 2, "WN_config": {"n_layers": 3, "n_channels": 16}})
    folded = fold_weight_norm(theirs.state_dict())
    ours.load_state_dict(folded)
    mels, audio = torch.randn(2, 10, 6), torch.randn(2, 6 * 256) * 0.3
    with torch.no_grad():
        z, log_scales, log_determinants = ours(ours.with_history(mels), audio)
        reference = theirs((mels, audio))
        torch.testing.assert_close(z.transpose(1, 2), reference[0], atol=2e-5, rtol=1e-4)
        loss = waveglow_likelihood(z, log_scales, log_determinants, z.numel())
        torch.testing.assert_close(loss, public.WaveGlowLoss()(reference), atol=1e-5, rtol=1e-5)
        torch.manual_seed(8)
        made = theirs.infer(mels, sigma=0.7)
        torch.manual_seed(8)
        groups = 6 * 256 // 8
        noise = [torch.randn(2, channels, groups).transpose(1, 2) for channels in (4, 2, 2)]
        torch.testing.assert_close(ours.infer(mels, 0.7, noise), made, atol=2e-5, rtol=1e-4)


@KINDS
def test_inverse_undoes_forward(config):
    network = randomize(WaveGlow(config)).eval()
    mels, audio = torch.randn(2, 5, 4 + network.history), torch.randn(2, 4 * 256)
    with torch.no_grad():
        z, _, _ = network(mels, audio)
        early, taken = network.early, []
        for _ in range(sum(network.leaves_early(k) for k in range(4))):
            taken.append(z[..., :early])
            z = z[..., early:]
        back = network.inverse(mels, 1.0, [z] + taken[::-1])
    torch.testing.assert_close(back, audio, atol=2e-4, rtol=1e-3)


@KINDS
def test_log_determinant_is_that_of_the_jacobian(config):
    """One frame of 256 samples: the 256 x 256 Jacobian by autograd, its log|det| against our two sums."""
    network = randomize(WaveGlow(config), scale=0.15).eval()
    mels, audio = torch.randn(1, 5, 1 + network.history), torch.randn(1, 256)
    jacobian = torch.autograd.functional.jacobian(lambda a: network(mels, a)[0].reshape(-1), audio).reshape(256, 256)
    _, log_scales, log_determinants = network(mels, audio)
    expected = torch.linalg.slogdet(jacobian.double())[1]
    assert abs(float(log_scales + log_determinants) - float(expected)) < 2e-3 * max(1.0, abs(float(expected)))


@KINDS
def test_a_new_network_is_a_rotation(config):
    """The couplings start as the identity and the convolutions as rotations: likelihood is half the mean square."""
    network = WaveGlow(config)
    mels, audio = torch.randn(2, 5, 2 + network.history), torch.randn(2, 512)
    z, log_scales, log_determinants = network(mels, audio)
    loss = waveglow_likelihood(z, log_scales, log_determinants, audio.numel())
    assert abs(float(loss) - float(audio.pow(2).mean() / 2)) < 1e-4


@pytest.mark.parametrize("sentence", ["s1", "s2"])
def test_golden_sound_of_the_bundled_voice(starter, sentence):
    """Made by `golden`; another implementation, with convolutions where we use products, was within 7e-6 of it."""
    golden = load_file(GOLDEN)
    weights, config = checkpoint.read_weights(starter, "waveglow")
    network = WaveGlow(config).eval()
    assert checkpoint.load_matching(network, weights) == []
    with torch.no_grad():
        sound = network.infer(golden[sentence + ".mel_after_postnet"].unsqueeze(0), 0.0)[0]
    assert sound.shape == (80 * 256,)
    assert float((sound - golden[sentence + ".audio_sigma0"]).abs().max()) < 1e-4


def test_gradients_flow_through_the_inverse():
    """Every parameter is reached, the 1x1 convolutions through their inverses."""
    network = randomize(WaveGlow(TINY_SQUEEZED))
    network.freeze_statistics()
    network.inverse(torch.randn(1, 5, 2), 0.5).pow(2).sum().backward()
    assert all(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in network.parameters())
