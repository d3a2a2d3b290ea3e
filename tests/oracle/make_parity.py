#!/usr/bin/env python3
"""Makes what tests/torch_parity.rs compares the engine with: checkpoints with random weights, and what PyTorch makes of them.

    python3 tests/oracle/make_parity.py small tests/fixtures/parity     the committed fixtures, all of tiny size
    python3 tests/oracle/make_parity.py full DIR                        published sizes; the test itself asks for them

Needs PyTorch, torchaudio (made with Debian's 1.13 and 0.13) and `pip install --no-deps waveglowpkg==0.0.2`.

Each case is a folder with tacotron2.pt, waveglow.pt and expected.safetensors:
  {i}.ids [symbols]; with the prenet's dropout off and on ({i}.off.*, {i}.on.*): encoder [symbols, channels],
  mel and mel_postnet [frames, bands], gate [steps], alignment [steps, symbols];
  mel [frames, bands] and the audio [samples] made of it without noise and with it (audio.0, audio.1);
  symbols (rows of the embedding), hop, seed and sigma. Random numbers are the engine's (philox.py), with the sentence's index as its number.
"""

import json
import pathlib
import struct
import sys

import numpy as np
import torch

import networks
import philox
import published

SEED, SIGMA = 0x1234_5678_9ABC, 0.75

SMALL = {
    "published_small": {
        "seed": 1,
        "tacotron2": dict(bands=3, symbols=148, encoder=10, prenet=7, attention_rnn=11, decoder_rnn=9, attention=5,
                          filters=3, taps=5, postnet=6),
        "waveglow": dict(n_flows=5, n_group=8, n_early_every=2, n_early_size=2,
                         WN_config=dict(n_layers=3, n_channels=6, kernel_size=3)),
        "symbols": [9, 1], "steps": 12, "frames": 7,
    },
    "published_odd": {
        "seed": 2,
        "tacotron2": dict(bands=2, symbols=38, encoder=34, prenet=19, attention_rnn=35, decoder_rnn=21, attention=17,
                          filters=5, taps=9, postnet=18, kernel=3, encoder_layers=2, postnet_layers=4),
        "waveglow": dict(n_flows=4, n_group=8, n_early_every=3, n_early_size=4,
                         WN_config=dict(n_layers=4, n_channels=22, kernel_size=3)),
        "symbols": [23, 5, 40], "steps": 15, "frames": 5,
    },
    "squeezed_two_frames": {
        "seed": 3,
        "tacotron2": dict(bands=5, symbols=148, encoder=14, prenet=9, attention_rnn=13, decoder_rnn=12, attention=6,
                          filters=4, taps=7, postnet=8, frames_per_step=2),
        "squeezed": dict(widths=[16, 16, 12, 12, 8], channels=10, layers=3), "hop": 64,
        "symbols": [11, 4], "steps": 10, "frames": 9,
    },
    "squeezed_three_frames": {
        "seed": 4,
        "tacotron2": dict(bands=7, symbols=38, encoder=36, prenet=33, attention_rnn=40, decoder_rnn=18, attention=19,
                          filters=3, taps=31, postnet=17, frames_per_step=3, kernel=7, encoder_layers=1, postnet_layers=2),
        "squeezed": dict(widths=[32, 26, 20], channels=35, layers=5, kernel=5), "hop": 32,
        "symbols": [3, 37], "steps": 9, "frames": 13,
    },
}

FULL = {
    "full": {
        "seed": 5,
        "tacotron2": dict(bands=80, symbols=148, encoder=512, prenet=256, attention_rnn=1024, decoder_rnn=1024,
                          attention=128, filters=32, taps=31, postnet=512),
        "waveglow": dict(n_flows=12, n_group=8, n_early_every=4, n_early_size=2,
                         WN_config=dict(n_layers=8, n_channels=256, kernel_size=3)),
        "symbols": [83], "steps": 200, "frames": 40,
    },
}


def fill(state, random):
    """Random weights on which both networks stay lively: attention with peaks, mels of the size of log-mels, audio that
    does not die out through twelve flows. BatchNorms and 1x1 convolutions are far from the identity."""
    with torch.no_grad():
        for name, x in state.items():
            shape = tuple(x.shape)
            fan_in = int(np.prod(shape[1:])) or 1
            if name.endswith("num_batches_tracked"):
                continue
            if ".convinv." in f".{name}":
                rotation = np.linalg.qr(random.normal(size=shape[:2]))[0]
                values = (rotation * random.uniform(0.8, 1.25, shape[0]))[..., None]
            elif name.endswith("weight_g") or name.endswith("running_var"):
                values = random.uniform(0.5, 1.5, shape)
            elif name.endswith("gate_layer.bias"):
                values = np.full(shape, -1.0)
            elif len(shape) == 1:
                values = random.normal(0, 0.1, shape) + (name.endswith(".weight"))
            else:
                gain = 1.0
                if name.startswith("embedding."):
                    fan_in = 1
                elif name.endswith("linear_projection.weight"):
                    gain = 4.0
                elif name.endswith((".v.weight", ".location_conv.weight")):
                    gain = 3.0
                elif name.endswith((".memory_layer.weight", ".location_dense.weight")) or "decoder.attention_rnn" in name:
                    gain = 2.0
                elif ".end." in name:
                    gain = 0.15
                values = random.normal(0, gain / np.sqrt(fan_in), shape)
            x.copy_(torch.from_numpy(np.asarray(values, dtype=np.float32)))


def new_state(shapes, random):
    state = {name: torch.zeros(shape) for name, shape in shapes.items()}
    fill(state, random)
    return state


def noise(flow, channels, groups):
    return torch.from_numpy(philox.noise(groups, channels, flow, 0, SEED))


def dropout(sentence):
    return lambda layer, step, x: x * torch.from_numpy(philox.dropout_mask(len(x), layer, step, sentence, SEED))


def own_tacotron2(state, ids, steps, mask):
    with torch.no_grad():
        memory = networks.encode(state, ids)
        mel, gate, alignment = networks.decode(state, memory, steps, mask)
        final = networks.postnet(state, mel)
    return {"encoder": memory, "mel": mel, "mel_postnet": final, "gate": gate, "alignment": alignment}


def compare(name, a, b, tolerance):
    for key in a:
        difference = (a[key] - b[key]).abs().max().item()
        assert difference < tolerance, f"{name}: {key} of the restated network is {difference} from torchaudio's"


def make_tacotron2(case, random, expected):
    sizes = case["tacotron2"]
    state = new_state(networks.tacotron2_shapes(**sizes), random)
    model = None
    if sizes.get("frames_per_step", 1) == 1:
        model = published.make_tacotron2(sizes)
        counters = {n: x for n, x in model.state_dict().items() if n.endswith("num_batches_tracked")}
        model.load_state_dict(state | counters)
        state = model.state_dict()
    masks = {"off": lambda i: lambda layer, step, x: x, "on": dropout}
    for i, count in enumerate(case["symbols"]):
        ids = torch.from_numpy(random.integers(1, sizes["symbols"], count))
        expected[f"{i}.ids"] = ids
        for kind, mask in masks.items():
            # The restated network is compared with torchaudio's where that can do the job.
            made = own_tacotron2(state, ids, case["steps"], mask(i))
            if model:
                theirs = published.tacotron2(model, ids, case["steps"], mask(i))
                compare(kind, made, theirs, 2e-3)
                made = theirs
            expected |= {f"{i}.{kind}.{key}": x for key, x in made.items()}
    return state


def make_waveglow(case, random, expected):
    bands = case["tacotron2"]["bands"]
    mel = torch.from_numpy(random.normal(0, 1, (case["frames"], bands)).astype(np.float32))
    expected["mel"] = mel
    if "waveglow" in case:
        model = published.load_glow().WaveGlow(n_mel_channels=bands, **case["waveglow"])
        fill(model.state_dict(), random)
        for i, sigma in enumerate((0.0, SIGMA)):
            expected[f"audio.{i}"] = published.waveglow(model, mel, sigma, noise)
        return model.state_dict()
    sizes, hop = case["squeezed"], case["hop"]
    state = new_state(networks.squeezed_shapes(bands, **sizes), random)
    group = sizes["widths"][0]
    for i, sigma in enumerate((0.0, SIGMA)):
        scaled = lambda *place: sigma * noise(*place)
        with torch.no_grad():
            audio = networks.squeezed_infer(
                state, mel, sizes["widths"], group, hop, sizes["channels"], sizes["layers"], scaled
            )
        expected[f"audio.{i}"] = audio
    return state


def save_tensors(path, tensors):
    """A safetensors file, written by hand so that this script needs PyTorch only."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().float().contiguous().numpy().astype("<f4").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def report(name, tensors):
    size = lambda key: tensors[key].abs().max().item()
    mel, audio, alignment = tensors["0.off.mel"], tensors["audio.0"], tensors["0.off.alignment"]
    step = len(mel) // len(alignment)
    print(
        f"{name}: mel {tuple(mel.shape)} up to {size('0.off.mel'):.2f}, audio {len(audio)} samples up to "
        f"{size('audio.0'):.2f} (noise: {size('audio.1'):.2f}), attention peaks at {alignment.max(dim=1)[0].mean():.2f} "
        f"for {alignment.shape[1]} symbols, steps move by {(mel[step:] - mel[:-step]).abs().mean():.2f}"
    )


def main():
    cases = {"small": SMALL, "full": FULL}[sys.argv[1]]
    for name, case in cases.items():
        out = pathlib.Path(sys.argv[2]) / name
        out.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(case["seed"])
        numbers = {"symbols": [case["tacotron2"]["symbols"]], "hop": [case.get("hop", 256)], "sigma": [SIGMA]}
        # f32 holds 24 bits of an integer.
        numbers["seed"] = [SEED >> 24, SEED & 0xFFFFFF]
        expected = {key: torch.tensor(values, dtype=torch.float32) for key, values in numbers.items()}
        torch.save(make_tacotron2(case, random, expected), out / "tacotron2.pt")
        torch.save(make_waveglow(case, random, expected), out / "waveglow.pt")
        save_tensors(out / "expected.safetensors", expected)
        report(name, expected)


if __name__ == "__main__":
    main()
