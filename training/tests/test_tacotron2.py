"""Our Tacotron 2 computes what torchaudio's does, what the bundled voice's golden values say, and what autograd says."""

import os

import pytest
import torch
from safetensors.torch import load_file

from tacoglow_train import checkpoint
from tacoglow_train import tacotron2 as t2

GOLDEN = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "fixtures", "heart-golden.safetensors"
)
SMALL = dict(
    symbols_embedding_dim=24, encoder_embedding_dim=24, prenet_dim=16, attention_rnn_dim=20, decoder_rnn_dim=28, attention_dim=12,
    attention_location_n_filters=6, attention_location_kernel_size=7, postnet_embedding_dim=18, n_mel_channels=10, max_decoder_steps=30,
)


def randomize(network, seed=0):
    """Weights and BatchNorm statistics that are nothing special."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=generator) * 0.3
            tensor.copy_(noise.abs() + 0.5 if "running_var" in name else noise)
    return network


def test_published_size():
    assert sum(p.numel() for p in t2.Tacotron2({}).parameters()) == 28_193_153


def to_torchaudio(weights):
    """Published names to torchaudio's, which lack the wrapper levels."""
    return {n.replace(".linear_layer.", ".").replace(".conv.", "."): w for n, w in weights.items()}


@pytest.fixture
def pair(missing):
    """(ours, torchaudio's) with equal weights, no dropout, one frame per step: all that torchaudio supports."""
    try:
        from torchaudio.models import Tacotron2
    except ImportError:
        missing("torchaudio")
    ours = randomize(t2.Tacotron2({**SMALL, "p_prenet_dropout": 0.0})).eval()
    c = SMALL
    theirs = Tacotron2(
        n_mels=10, n_symbol=148, n_frames_per_step=1, symbol_embedding_dim=24, encoder_embedding_dim=24, decoder_rnn_dim=28,
        decoder_max_step=c["max_decoder_steps"], decoder_dropout=0.0, attention_rnn_dim=20, attention_hidden_dim=12, attention_dropout=0.0,
        attention_location_n_filter=6, attention_location_kernel_size=7, prenet_dim=16, postnet_embedding_dim=18, gate_threshold=0.5,
    ).eval()
    for layer in theirs.decoder.prenet.modules():  # its prenet drops out at p = 0.5 without an option
        assert not isinstance(layer, torch.nn.Dropout)
    theirs.load_state_dict(to_torchaudio(ours.state_dict()))
    return ours, theirs


def test_teacher_forced_forward_equals_torchaudio(pair, monkeypatch):
    """Equal lengths, because torchaudio does not mask padding before its convolutions."""
    ours, theirs = pair
    monkeypatch.setattr(torch.nn.functional, "dropout", lambda x, *a, **k: x)
    symbols, mels = torch.randint(0, 148, (3, 9)), torch.randn(3, 10, 14)
    lengths, frames = torch.full((3,), 9), torch.full((3,), 14)
    with torch.no_grad():
        before, after, gates, attention = ours(symbols, lengths, mels.transpose(1, 2), frames, dropout=False)
        b, a, g, w = theirs(symbols, lengths, mels, frames)
    torch.testing.assert_close(before, b.transpose(1, 2), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(after, a.transpose(1, 2), atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(gates, g, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(attention, w, atol=1e-5, rtol=1e-4)


def test_inference_equals_torchaudio(pair, monkeypatch):
    """Free running until the gate; torchaudio counts the step on which the gate fires, we do not."""
    ours, theirs = pair
    monkeypatch.setattr(torch.nn.functional, "dropout", lambda x, *a, **k: x)
    symbols, lengths = torch.randint(0, 148, (1, 9)), torch.tensor([9])
    with torch.no_grad():
        mels, _, w = theirs.infer(symbols, lengths)
        _, after, _, attention, _ = ours.infer(symbols, lengths, dropout=False, fixed_steps=mels.shape[2])
    torch.testing.assert_close(after, mels.transpose(1, 2), atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(attention, w, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("sentence", ["s1", "s2"])
def test_golden_values_of_the_bundled_voice(starter, sentence):
    """Two frames per step, all dropout off, 40 steps. The Rust engine is held to the same file."""
    golden = {n.split(".", 1)[1]: t for n, t in load_file(GOLDEN).items() if n.startswith(sentence + ".")}
    weights, config = checkpoint.read_weights(starter, "tacotron2")
    network = t2.Tacotron2(config).eval()
    assert checkpoint.load_matching(network, weights) == []
    tokens = golden["tokens"].unsqueeze(0)
    lengths = torch.tensor([tokens.shape[1]])
    with torch.no_grad():
        memory, _ = network.encode(tokens, lengths)
    before, after, gates, attention, frames = network.infer(tokens, lengths, dropout=False, fixed_steps=40)
    close = dict(atol=3e-5, rtol=1e-4)
    torch.testing.assert_close(memory[0], golden["encoder_output"], **close)
    torch.testing.assert_close(before[0].t(), golden["mel_before_postnet"], **close)
    torch.testing.assert_close(after[0].t(), golden["mel_after_postnet"], **close)
    torch.testing.assert_close(gates[0], golden["gate_logits"], **close)
    torch.testing.assert_close(attention[0], golden["alignments"], **close)
    assert frames.tolist() == [80]


@pytest.mark.parametrize("r", [1, 2])
def test_teacher_forcing_on_its_own_output_reproduces_inference(r):
    """Ties training and inference together for any reduction factor: fed with what it said, it says it again."""
    network = randomize(t2.Tacotron2({**SMALL, "n_frames_per_step": r})).eval()
    symbols, lengths = torch.randint(0, 148, (2, 8)), torch.tensor([8, 8])
    before, after, gates, attention, frames = network.infer(symbols, lengths, dropout=False, fixed_steps=6)
    with torch.no_grad():
        again = network(symbols, lengths, before, frames, dropout=False)
    for a, b in zip(again, (before, after, gates, attention)):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_an_item_of_a_batch_comes_out_as_it_would_alone():
    network = randomize(t2.Tacotron2({**SMALL, "n_frames_per_step": 2})).eval()
    symbols, lengths = torch.randint(0, 148, (2, 9)), torch.tensor([9, 5])
    mels, frames = torch.randn(2, 12, 10), torch.tensor([12, 8])
    with torch.no_grad():
        batch = network(symbols, lengths, mels, frames, dropout=False)
        alone = network(symbols[1:, :5], lengths[1:], mels[1:, :8], frames[1:], dropout=False)
    torch.testing.assert_close(batch[0][1:, :8], alone[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(batch[1][1:, :8], alone[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(batch[2][1:, :4], alone[2], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(batch[3][1:, :4, :5], alone[3], atol=1e-5, rtol=1e-4)


def plain_decoder(decoder, memory, mask, mels, target, mix):
    """The teacher-forced decoder written step by step with PyTorch's own cells: the published order, section by section."""
    B, T, bands = mels.shape
    r, attend = decoder.r, decoder.attention_layer
    fixed = attend.begin(memory, mask)
    h = c = torch.zeros(B, decoder.attention_rnn.hidden_size)
    h2 = c2 = torch.zeros(B, decoder.decoder_rnn.hidden_size)
    context, weights = torch.zeros(B, memory.shape[2]), torch.zeros(B, memory.shape[1])
    cumulative, frame, out = weights, torch.zeros(B, bands * r), []
    for t in range(T // r):
        h, c = decoder.attention_rnn(torch.cat([decoder.prenet(frame, False), context], 1), (h, c))
        weights = attend.step(fixed, h, weights, cumulative)
        weights = weights + mix * (target[:, t] - weights)
        cumulative = cumulative + weights
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        h2, c2 = decoder.decoder_rnn(torch.cat([h, context], 1), (h2, c2))
        joined = torch.cat([h2, context], 1)
        out.append(torch.cat([decoder.linear_projection(joined), decoder.gate_layer(joined)], 1))
        frame = mels[:, t * r : (t + 1) * r].reshape(B, -1)
    return torch.stack(out, 1)


def test_gradients_equal_those_of_the_plain_loop():
    """The fast decoder defers the recurrent weight's gradient and runs one LSTM afterwards; every gradient must agree."""
    network = randomize(t2.Tacotron2({**SMALL, "n_frames_per_step": 2}), seed=4).eval()
    decoder = network.decoder
    memory, mask = torch.randn(2, 7, 24), torch.ones(2, 7, dtype=torch.bool)
    mels = torch.randn(2, 10, 10)
    target = torch.softmax(torch.randn(2, 5, 7), 2)
    found = []
    for fast in (True, False):
        network.zero_grad()
        source = memory.clone().requires_grad_()
        if fast:
            made, gates, _ = decoder(source, mask, mels, target, 0.3, dropout=False)
            out = torch.cat([made.reshape(2, 5, 20), gates.unsqueeze(2)], 2)
        else:
            out = plain_decoder(decoder, source, mask, mels, target, 0.3)
        (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum().backward()
        found.append([out.detach(), source.grad] + [p.grad.clone() for p in decoder.parameters()])
    for fast, plain in zip(*found):
        torch.testing.assert_close(fast, plain, atol=2e-4, rtol=2e-4)
