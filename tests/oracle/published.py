"""The public packages that the engine is compared with, made deterministic from outside.

torchaudio's Tacotron 2 (BSD) and the WaveGlow of the PyPI package `waveglowpkg` (installed by name for these tests only;
nothing of it is in this repository).
"""

import importlib.util
import pathlib
import warnings
from unittest import mock

import torch
import torchaudio


def load_glow():
    """The package's network alone: its other modules ask for libraries that are not needed here."""
    package = importlib.util.find_spec("waveglow")
    if package is None:
        raise SystemExit("waveglowpkg is missing: pip install --no-deps waveglowpkg==0.0.2")
    path = pathlib.Path(package.origin).parent / "glow.py"
    spec = importlib.util.spec_from_file_location("waveglow_network", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Its constructor uses a function that PyTorch has since renamed.
    warnings.filterwarnings("ignore", message=".*torch.qr is deprecated")
    return module


def tacotron2(model, ids, steps, mask):
    """Exactly `steps` decoder steps of a torchaudio.models.Tacotron2; `mask(layer, step, x)` replaces the dropout."""
    calls = iter(divmod(i, 2) for i in range(2 * steps))

    def dropout(x, p=0.5, training=True, inplace=False):
        if not training:
            return x
        step, layer = next(calls)
        return mask(layer, step, x[0])[None]

    model.eval()
    decoder = model.decoder
    # No probability is above 1.
    decoder.gate_threshold, decoder.decoder_max_step = 1.0, steps
    lengths = torch.tensor([len(ids)])
    network = "torchaudio.models.tacotron2.F.dropout"
    with torch.no_grad(), mock.patch(network, dropout), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memory = model.encoder(model.embedding(ids[None]).transpose(1, 2), lengths)
        mel, _, gate, alignments = decoder.infer(memory, lengths)
        final = mel + model.postnet(mel)
    assert next(calls, None) is None, "the prenet was not called twice a step"
    return {
        "encoder": memory[0],
        "mel": mel[0].T,
        "mel_postnet": final[0].T,
        "gate": gate.reshape(-1),
        "alignment": alignments.reshape(len(ids), steps).T,
    }


def waveglow(model, mel, sigma, noise):
    """`infer` of the package; `noise(flow, channels, groups)` replaces its random numbers, in the order it asks."""
    flows = [model.n_flows - 1]
    flows += [k - 1 for k in range(model.n_flows - 1, 0, -1) if k % model.n_early_every == 0]
    calls = iter(flows)

    def normal_(x):
        _, channels, groups = x.shape
        return x.copy_(noise(next(calls), channels, groups).T[None])

    model.eval()
    with torch.no_grad(), mock.patch.object(torch.Tensor, "normal_", normal_):
        audio = model.infer(mel.T[None], sigma=sigma)[0]
    assert next(calls, None) is None, "not all noise was asked for"
    return audio


def make_tacotron2(sizes):
    """torchaudio's network of the sizes of `networks.tacotron2_shapes`."""
    return torchaudio.models.Tacotron2(
        n_mels=sizes["bands"],
        n_symbol=sizes["symbols"],
        n_frames_per_step=1,
        symbol_embedding_dim=sizes["encoder"],
        encoder_embedding_dim=sizes["encoder"],
        encoder_kernel_size=sizes.get("kernel", 5),
        encoder_n_convolution=sizes.get("encoder_layers", 3),
        decoder_rnn_dim=sizes["decoder_rnn"],
        attention_rnn_dim=sizes["attention_rnn"],
        attention_hidden_dim=sizes["attention"],
        attention_location_n_filter=sizes["filters"],
        attention_location_kernel_size=sizes["taps"],
        prenet_dim=sizes["prenet"],
        postnet_n_convolution=sizes.get("postnet_layers", 5),
        postnet_kernel_size=sizes.get("kernel", 5),
        postnet_embedding_dim=sizes["postnet"],
    )
