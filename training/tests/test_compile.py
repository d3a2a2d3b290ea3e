"""torch.compile changes speed only: values and gradients of the fused layers equal the plain ones. Needs torch 2 and a C++ compiler."""

import shutil

import pytest
import torch

from tacoglow_train.tacotron2 import Tacotron2
from tacoglow_train.waveglow import WaveGlow

pytestmark = pytest.mark.skipif(
    not hasattr(torch, "compile") or not shutil.which("g++"), reason="torch.compile exists from torch 2 on and needs a C++ compiler here"
)


def compare(network, run, compile):
    """Outputs and gradients before and after; gradients that are zero but for noise (biases before BatchNorm) count little."""
    found = []
    for fused in (False, True):
        if fused:
            compile()
        network.zero_grad()
        torch.manual_seed(0)
        outputs = run()
        sum(o.pow(2).sum() for o in outputs).backward()
        found.append([o.detach() for o in outputs] + [p.grad.clone() for p in network.parameters()])
    largest = max(float(t.abs().max()) for t in found[0])
    for plain, fast in zip(*found):
        torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-6 * largest)


def test_vocoder():
    network = WaveGlow({"kind": "squeezewave", "n_flows": 2, "n_group": 128, "n_early_size": 16, "WN_config": {"n_layers": 2, "n_channels": 16}})
    for wn in network.WN:
        torch.nn.init.normal_(wn.end.weight, 0, 0.05)
    network.freeze_statistics()
    mels = torch.randn(2, 80, 4)
    compare(network, lambda: [network.inverse(mels, 0.6)], network.compile)


def test_decoder():
    sizes = dict(symbols_embedding_dim=16, encoder_embedding_dim=16, prenet_dim=12, attention_rnn_dim=16, decoder_rnn_dim=16, attention_dim=8,
                 attention_location_n_filters=4, postnet_embedding_dim=12, n_frames_per_step=2)
    network = Tacotron2(sizes, (0.0, 0.0, 0.0))
    batch = torch.randint(0, 148, (2, 9)), torch.tensor([9, 7]), torch.randn(2, 12, 80), torch.tensor([12, 10])
    target = torch.softmax(torch.randn(2, 6, 9), 2)
    compare(network, lambda: network(*batch, target, 0.3, dropout=False), network.decoder.compile)
