"""Tacotron 2 with any reduction factor and the squeezed WaveGlow, restated in plain PyTorch.

No public package does these two: torchaudio's Tacotron 2 makes one frame per step only. The Tacotron 2 here is compared
with torchaudio's at one frame per step whenever fixtures are made, so at two it differs by what follows from the shapes.
Weights are dicts of tensors under torchaudio's and SqueezeWave's names, weight norm already folded.
"""

import torch
import torch.nn.functional as F


def batch_norm(x, w, name):
    return F.batch_norm(
        x, w[f"{name}.running_mean"], w[f"{name}.running_var"], w[f"{name}.weight"], w[f"{name}.bias"], eps=1e-5
    )


def conv_norm(x, w, name):
    """A convolution that keeps the length, and its BatchNorm. `x` is [1, channels, time]."""
    weight = w[f"{name}.0.weight"]
    return batch_norm(F.conv1d(x, weight, w[f"{name}.0.bias"], padding=weight.shape[2] // 2), w, f"{name}.1")


def lstm_cell(x, h, c, w, name, suffix=""):
    gates = w[f"{name}.weight_ih{suffix}"] @ x + w[f"{name}.bias_ih{suffix}"]
    gates = gates + w[f"{name}.weight_hh{suffix}"] @ h + w[f"{name}.bias_hh{suffix}"]
    i, f, g, o = gates.chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def encode(w, ids):
    """[symbols] to [symbols, channels]."""
    x = w["embedding.weight"][ids].T[None]
    layers = sum(name.startswith("encoder.convolutions.") and name.endswith(".0.bias") for name in w)
    for i in range(layers):
        x = F.relu(conv_norm(x, w, f"encoder.convolutions.{i}"))
    x = x[0].T
    directions = []
    for suffix in ("_l0", "_l0_reverse"):
        h = c = x.new_zeros(x.shape[1] // 2)
        out = []
        for row in x if suffix == "_l0" else x.flip(0):
            h, c = lstm_cell(row, h, c, w, "encoder.lstm", suffix)
            out.append(h)
        out = torch.stack(out)
        directions.append(out if suffix == "_l0" else out.flip(0))
    return torch.cat(directions, dim=1)


def decode(w, memory, steps, mask):
    """`steps` decoder steps; `mask(layer, step, x)` is the prenet's dropout.

    Returns mel [steps × frames per step, bands], gate logits [steps], alignments [steps, symbols].
    """
    d = "decoder."
    bands = w["postnet.convolutions.0.0.weight"].shape[1]
    rows = w[d + "linear_projection.bias"].shape[0]
    a = d + "attention_layer."
    processed = memory @ w[a + "memory_layer.weight"].T
    location_conv = w[a + "location_layer.location_conv.weight"]
    attention_size, decoder_size = (w[f"{d}{n}_rnn.weight_hh"].shape[1] for n in ("attention", "decoder"))
    zeros = memory.new_zeros
    h, c, dh, dc = zeros(attention_size), zeros(attention_size), zeros(decoder_size), zeros(decoder_size)
    weights, cumulative, context = zeros(len(memory)), zeros(len(memory)), zeros(memory.shape[1])
    frame = zeros(rows)
    mel, gate, alignments = [], [], []
    for step in range(steps):
        x = frame
        for layer in range(2):
            x = mask(layer, step, F.relu(w[f"{d}prenet.layers.{layer}.weight"] @ x))
        h, c = lstm_cell(torch.cat([x, context]), h, c, w, d + "attention_rnn")
        location = F.conv1d(torch.stack([weights, cumulative])[None], location_conv, padding=location_conv.shape[2] // 2)
        location = location[0].T @ w[a + "location_layer.location_dense.weight"].T
        energies = torch.tanh(w[a + "query_layer.weight"] @ h + location + processed) @ w[a + "v.weight"][0]
        weights = torch.softmax(energies, dim=0)
        cumulative = cumulative + weights
        context = weights @ memory
        dh, dc = lstm_cell(torch.cat([h, context]), dh, dc, w, d + "decoder_rnn")
        both = torch.cat([dh, context])
        # The rows of the projection are the frames of the step, one after the other; all of them are fed back.
        frame = w[d + "linear_projection.weight"] @ both + w[d + "linear_projection.bias"]
        mel.append(frame)
        gate.append(w[d + "gate_layer.weight"][0] @ both + w[d + "gate_layer.bias"][0])
        alignments.append(weights)
    return torch.cat(mel).view(-1, bands), torch.stack(gate), torch.stack(alignments)


def postnet(w, mel):
    """[frames, bands] to the final frames."""
    x = mel.T[None]
    layers = sum(name.startswith("postnet.") and name.endswith(".0.bias") for name in w)
    for i in range(layers):
        x = conv_norm(x, w, f"postnet.convolutions.{i}")
        if i + 1 < layers:
            x = torch.tanh(x)
    return mel + x[0].T


def tacotron2_shapes(
    bands, symbols, encoder, prenet, attention_rnn, decoder_rnn, attention, filters, taps, postnet, frames_per_step=1,
    kernel=5, encoder_layers=3, postnet_layers=5,
):
    """Names and shapes of a Tacotron 2."""
    frame = bands * frames_per_step
    shapes = {"embedding.weight": (symbols, encoder)}

    def convolutions(name, sizes):
        for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            shapes[f"{name}.convolutions.{i}.0.weight"] = (outputs, inputs, kernel)
            shapes[f"{name}.convolutions.{i}.0.bias"] = (outputs,)
            for part in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"{name}.convolutions.{i}.1.{part}"] = (outputs,)

    def lstm(name, suffixes, inputs, hidden):
        for suffix in suffixes:
            shapes[f"{name}.weight_ih{suffix}"] = (4 * hidden, inputs)
            shapes[f"{name}.weight_hh{suffix}"] = (4 * hidden, hidden)
            shapes[f"{name}.bias_ih{suffix}"] = shapes[f"{name}.bias_hh{suffix}"] = (4 * hidden,)

    convolutions("encoder", [encoder] * (encoder_layers + 1))
    lstm("encoder.lstm", ("_l0", "_l0_reverse"), encoder, encoder // 2)
    lstm("decoder.attention_rnn", ("",), prenet + encoder, attention_rnn)
    lstm("decoder.decoder_rnn", ("",), attention_rnn + encoder, decoder_rnn)
    both = decoder_rnn + encoder
    shapes |= {
        "decoder.prenet.layers.0.weight": (prenet, frame),
        "decoder.prenet.layers.1.weight": (prenet, prenet),
        "decoder.attention_layer.query_layer.weight": (attention, attention_rnn),
        "decoder.attention_layer.memory_layer.weight": (attention, encoder),
        "decoder.attention_layer.v.weight": (1, attention),
        "decoder.attention_layer.location_layer.location_conv.weight": (filters, 2, taps),
        "decoder.attention_layer.location_layer.location_dense.weight": (attention, filters),
        "decoder.linear_projection.weight": (frame, both),
        "decoder.linear_projection.bias": (frame,),
        "decoder.gate_layer.weight": (1, both),
        "decoder.gate_layer.bias": (1,),
    }
    convolutions("postnet", [bands] + [postnet] * (postnet_layers - 1) + [bands])
    return shapes


def squeezed_wn(w, name, audio, mel, channels, layers):
    x = F.conv1d(audio, w[f"{name}.start.weight"], w[f"{name}.start.bias"])
    condition = F.conv1d(mel, w[f"{name}.cond_layer.weight"], w[f"{name}.cond_layer.bias"])
    condition = condition.repeat_interleave(audio.shape[2] // mel.shape[2], dim=2)
    for i in range(layers):
        layer = f"{name}.in_layers.{i}"
        y = batch_norm(x, w, f"{layer}.0")
        depthwise = w[f"{layer}.1.weight"]
        y = F.conv1d(y, depthwise, w[f"{layer}.1.bias"], padding=depthwise.shape[2] // 2, groups=channels)
        y = F.conv1d(y, w[f"{layer}.2.weight"], w[f"{layer}.2.bias"])
        y = y + condition[:, 2 * channels * i : 2 * channels * (i + 1)]
        y = torch.tanh(y[:, :channels]) * torch.sigmoid(y[:, channels:])
        x = x + F.conv1d(y, w[f"{name}.res_skip_layers.{i}.weight"], w[f"{name}.res_skip_layers.{i}.bias"])
    return F.conv1d(x, w[f"{name}.end.weight"], w[f"{name}.end.bias"])


def squeezed_infer(w, mel, widths, group, hop, channels, layers, noise):
    """The inverse pass: mel [frames, bands] to samples. `noise(flow, channels, groups)` is [groups, channels]."""
    groups = len(mel) * hop // group
    mel = mel.T[None]
    last = len(widths) - 1
    audio = noise(last, widths[last], groups).T[None]
    for k in range(last, -1, -1):
        half = widths[k] // 2
        b, log_s = squeezed_wn(w, f"WN.{k}", audio[:, :half], mel, channels, layers).chunk(2, dim=1)
        audio = torch.cat([audio[:, :half], (audio[:, half:] - b) / torch.exp(log_s)], dim=1)
        audio = torch.einsum("oi,bit->bot", torch.linalg.inv(w[f"convinv.{k}.conv.weight"][:, :, 0]), audio)
        if k > 0 and widths[k - 1] > widths[k]:
            audio = torch.cat([noise(k - 1, widths[k - 1] - widths[k], groups).T[None], audio], dim=1)
    return audio[0].T.reshape(-1)


def squeezed_shapes(bands, widths, channels, layers, kernel=3):
    """Names and shapes of a squeezed WaveGlow."""
    shapes = {}
    for k, width in enumerate(widths):
        name = f"WN.{k}"
        shapes |= {
            f"convinv.{k}.conv.weight": (width, width, 1),
            f"{name}.start.weight": (channels, width // 2, 1),
            f"{name}.start.bias": (channels,),
            f"{name}.cond_layer.weight": (2 * channels * layers, bands, 1),
            f"{name}.cond_layer.bias": (2 * channels * layers,),
            f"{name}.end.weight": (width, channels, 1),
            f"{name}.end.bias": (width,),
        }
        for i in range(layers):
            for part in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"{name}.in_layers.{i}.0.{part}"] = (channels,)
            shapes |= {
                f"{name}.in_layers.{i}.1.weight": (channels, 1, kernel),
                f"{name}.in_layers.{i}.1.bias": (channels,),
                f"{name}.in_layers.{i}.2.weight": (2 * channels, channels, 1),
                f"{name}.in_layers.{i}.2.bias": (2 * channels,),
                f"{name}.res_skip_layers.{i}.weight": (channels, channels, 1),
                f"{name}.res_skip_layers.{i}.bias": (channels,),
            }
    return shapes
