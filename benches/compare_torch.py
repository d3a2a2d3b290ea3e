#!/usr/bin/env python3
"""The engine and PyTorch side by side: the same machine, threads, sizes and weights, turn by turn in one run.

    cargo build --release
    python3 benches/compare_torch.py --write BENCHMARKS.md      (minutes; needs PyTorch and NumPy, any version from 1.13)
    python3 benches/compare_torch.py --quick                    (seconds; the numbers mean nothing)

Both networks are full size with random weights in a voice file that is mapped, and the bundled voice. The PyTorch side is
written as PyTorch is at its best in eager mode: weight norm and BatchNorm statistics folded or fixed, conditioning of all
WN layers in one convolution, torch.lstm_cell, inference mode, no autograd. The engine is measured by `tts bench --json`.
"""

import argparse
import datetime
import json
import pathlib
import platform
import statistics
import struct
import subprocess
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/oracle"))
import networks  # noqa: E402

RATE, HOP, BANDS = 22_050, 256, 80
VOICE = ROOT / "voices/heart.safetensors"
FULL = dict(bands=BANDS, symbols=148, encoder=512, prenet=256, attention_rnn=1024, decoder_rnn=1024, attention=128,
            filters=32, taps=31, postnet=512)  # fmt: skip
FLOWS, GROUP, LAYERS, CHANNELS, WIDTHS = 12, 8, 8, 256, [8] * 4 + [6] * 4 + [4] * 4
# What the engine has to reach, as a multiple of PyTorch or of real time.
WANTED = {"waveglow": 1.3, "decoder": 3.0, "squeezed": 3.0}
BEGIN, END = "<!-- compare_torch.py writes from here -->", "<!-- to here -->"


# ------------------------------------------------------------------ PyTorch


def waveglow_shapes():
    shapes = {"upsample.weight": (BANDS, BANDS, 1024), "upsample.bias": (BANDS,)}
    for k, width in enumerate(WIDTHS):
        shapes[f"convinv.{k}.conv.weight"] = (width, width, 1)
        layers = {"start": (CHANNELS, width // 2, 1), "end": (width, CHANNELS, 1)}
        layers["cond_layer"] = (2 * CHANNELS * LAYERS, BANDS * GROUP, 1)
        for i in range(LAYERS):
            layers[f"in_layers.{i}"] = (2 * CHANNELS, CHANNELS, 3)
            layers[f"res_skip_layers.{i}"] = (2 * CHANNELS if i + 1 < LAYERS else CHANNELS, CHANNELS, 1)
        for name, shape in layers.items():
            shapes[f"WN.{k}.{name}.weight"], shapes[f"WN.{k}.{name}.bias"] = shape, shape[:1]
    return shapes


class WaveGlow:
    """The published inverse pass."""

    def __init__(self, w):
        self.w = w
        self.inverse = [torch.linalg.inv(w[f"convinv.{k}.conv.weight"][:, :, 0])[..., None] for k in range(FLOWS)]

    def conv(self, x, name, **options):
        return F.conv1d(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"], **options)

    def wn(self, k, x, mel):
        x = self.conv(x, f"WN.{k}.start")
        condition = self.conv(mel, f"WN.{k}.cond_layer")
        for i in range(LAYERS):
            y = self.conv(x, f"WN.{k}.in_layers.{i}", dilation=2**i, padding=2**i)
            y = y + condition[:, 2 * CHANNELS * i : 2 * CHANNELS * (i + 1)]
            y = torch.tanh(y[:, :CHANNELS]) * torch.sigmoid(y[:, CHANNELS:])
            y = self.conv(y, f"WN.{k}.res_skip_layers.{i}")
            if i + 1 < LAYERS:
                x, y = x + y[:, :CHANNELS], y[:, CHANNELS:]
            skip = y if i == 0 else skip + y
        return self.conv(skip, f"WN.{k}.end")

    def __call__(self, mel):
        """[frames, bands] to samples."""
        mel = F.conv_transpose1d(mel.T[None], self.w["upsample.weight"], self.w["upsample.bias"], stride=HOP)
        mel = mel[:, :, : -(1024 - HOP)].unfold(2, GROUP, GROUP)
        mel = mel.permute(0, 1, 3, 2).reshape(1, BANDS * GROUP, -1)
        audio = 0.6 * torch.randn(1, WIDTHS[-1], mel.shape[2])
        for k in reversed(range(FLOWS)):
            a0, a1 = audio.chunk(2, dim=1)
            b, log_s = self.wn(k, a0, mel).chunk(2, dim=1)
            audio = F.conv1d(torch.cat([a0, (a1 - b) / torch.exp(log_s)], dim=1), self.inverse[k])
            if k > 0 and WIDTHS[k - 1] > WIDTHS[k]:
                audio = torch.cat([0.6 * torch.randn(1, 2, mel.shape[2]), audio], dim=1)
        return audio[0].T.reshape(-1)


class Tacotron2:
    """Decoding as every PyTorch implementation does it: a loop over steps, dropout on."""

    def __init__(self, w):
        self.w = w
        self.hidden = [w[f"decoder.{n}_rnn.weight_hh"].shape[1] for n in ("attention", "decoder")]
        channels = w["embedding.weight"].shape[1]
        self.scan = torch.nn.LSTM(channels, channels // 2, bidirectional=True)
        self.scan.load_state_dict({n.removeprefix("encoder.lstm."): x for n, x in w.items() if "encoder.lstm." in n})

    def lstm(self, name, x, state):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return torch.lstm_cell(x, state, *(self.w[f"decoder.{name}_rnn.{n}"] for n in names))

    def encode(self, ids):
        x = self.w["embedding.weight"][ids].T[None]
        for i in range(3):
            x = F.relu(networks.conv_norm(x, self.w, f"encoder.convolutions.{i}"))
        return self.scan(x[0].T[:, None])[0][:, 0]

    def decode(self, memory, steps):
        w, a = self.w, "decoder.attention_layer."
        processed = F.linear(memory, w[a + "memory_layer.weight"])
        conv = w[a + "location_layer.location_conv.weight"]
        attention, decoder = ([torch.zeros(1, n), torch.zeros(1, n)] for n in self.hidden)
        weights = cumulative = torch.zeros(1, len(memory))
        context = torch.zeros(1, memory.shape[1])
        frame = torch.zeros(1, w["decoder.linear_projection.weight"].shape[0])
        out = []
        for _ in range(steps):
            x = frame
            for layer in range(2):
                x = F.dropout(F.relu(F.linear(x, w[f"decoder.prenet.layers.{layer}.weight"])), 0.5, True)
            attention = self.lstm("attention", torch.cat([x, context], 1), attention)
            location = F.conv1d(torch.stack([weights, cumulative], 1), conv, padding=conv.shape[2] // 2)
            location = F.linear(location.transpose(1, 2), w[a + "location_layer.location_dense.weight"])
            query = F.linear(attention[0], w[a + "query_layer.weight"])
            energies = F.linear(torch.tanh(query[:, None] + location + processed), w[a + "v.weight"])
            weights = torch.softmax(energies[:, :, 0], dim=1)
            cumulative = cumulative + weights
            context = weights @ memory
            decoder = self.lstm("decoder", torch.cat([attention[0], context], 1), decoder)
            both = torch.cat([decoder[0], context], 1)
            frame = F.linear(both, w["decoder.linear_projection.weight"], w["decoder.linear_projection.bias"])
            F.linear(both, w["decoder.gate_layer.weight"], w["decoder.gate_layer.bias"])
            out.append(frame)
        return torch.cat(out).view(-1, BANDS)

    def refine(self, mel):
        return networks.postnet(self.w, mel)


class Squeezed:
    def __init__(self, w, config):
        self.w, self.config = w, config
        each, size = config["n_early_every"], config["n_early_size"]
        self.widths = [config["n_group"] - k // each * size for k in range(config["n_flows"])]

    def __call__(self, mel):
        wn = self.config["WN_config"]
        noise = lambda flow, channels, groups: 0.6 * torch.randn(groups, channels)
        sizes = (self.widths, self.config["n_group"], HOP, wn["n_channels"], wn["n_layers"])
        return networks.squeezed_infer(self.w, mel, *sizes, noise)


def read_voice(path):
    """Tensors of a voice file under the names of networks.py, and its configuration."""
    data = path.read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    config = json.loads(header.pop("__metadata__")["config"])
    voice = {"tacotron2": {}, "waveglow": {}}
    for name, entry in header.items():
        network, name = name.split(".", 1)
        kind = {"F16": np.float16, "F32": np.float32}.get(entry["dtype"])
        if kind:
            first, last = entry["data_offsets"]
            values = np.frombuffer(data[end + first : end + last], kind).astype(np.float32)
            if network == "tacotron2":
                name = name.replace(".linear_layer.", ".").replace(".conv.", ".")
            voice[network][name] = torch.from_numpy(values.reshape(entry["shape"]))
    return voice, config


# ------------------------------------------------------------------ the engine


class Engine:
    def __init__(self, tts, threads):
        self.tts, self.threads, self.load, self.memory = tts, threads, [], []

    def bench(self, voice, frames, precision):
        command = [self.tts, "bench", "--voice", voice, "--frames", frames, "--runs", 1, "--precision", precision]
        command += ["--threads", self.threads, "--device", "cpu", "--json"]
        return json.loads(subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE).stdout)


def make_full_voice(tts, folder):
    """A voice file of the published sizes, through the import of PyTorch checkpoints; its weights for PyTorch."""
    random = np.random.default_rng(0)
    states = {"tacotron2": networks.new_state(networks.tacotron2_shapes(**FULL), random)}
    states["waveglow"] = networks.new_state(waveglow_shapes(), random)
    folder.mkdir(parents=True, exist_ok=True)
    for name, state in states.items():
        torch.save(state, folder / f"{name}.pt")
    voice = folder / "voice.safetensors"
    command = [tts, "import", "--tacotron2", folder / "tacotron2.pt", "--waveglow", folder / "waveglow.pt", "-o", voice]
    subprocess.run([str(c) for c in [*command, "--f32"]], check=True, stdout=subprocess.DEVNULL)
    for name in states:
        (folder / f"{name}.pt").unlink()
    return voice, states


# ------------------------------------------------------------------ the table


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of both sides")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side; medians are reported")
    parser.add_argument("--frames", type=int, default=200, help="mel frames of a turn")
    parser.add_argument("--tts", default=ROOT / "target/release/tts", help="the program to measure")
    parser.add_argument("--write", type=pathlib.Path, metavar="BENCHMARKS.md", help="replaces the table of this file")
    parser.add_argument("--quick", action="store_true", help="tiny settings, to see that it works")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.frames = 1, 8
    torch.set_num_threads(args.threads)
    frames, audio = args.frames, args.frames * HOP / RATE

    engine = Engine(args.tts, args.threads)
    full, states = make_full_voice(args.tts, ROOT / "target/compare")
    waveglow, tacotron2 = WaveGlow(states["waveglow"]), Tacotron2(states["tacotron2"])
    starter, config = read_voice(VOICE)
    small, squeezed = Tacotron2(starter["tacotron2"]), Squeezed(starter["waveglow"], config["waveglow"])
    ids, mel = torch.randint(1, 148, (128,)), torch.randn(frames, BANDS)
    steps = frames // config["tacotron2"]["n_frames_per_step"]

    def speak():
        squeezed(small.refine(small.decode(small.encode(ids), steps)))

    ours, theirs = {}, {}

    def add(into, key, value):
        into.setdefault(key, []).append(value)

    with torch.inference_mode():
        memory = tacotron2.encode(ids)
        # Turn 0 warms up: caches, thread pools, oneDNN's primitives.
        for turn in range(args.rounds + 1):
            for precision in ("f32", "f16"):
                report = engine.bench(full, frames, precision)
                if turn:
                    add(ours, f"waveglow {precision}", report["vocoder_samples_per_s"] / RATE)
                    add(ours, f"decoder {precision}", report["decoder_ms_per_step"])
                    add(ours, f"load {precision}", report["load_s"])
                    add(ours, f"memory {precision}", report["peak_rss_mb"])
                if precision == "f32":
                    times = seconds(lambda: waveglow(mel)), seconds(lambda: tacotron2.decode(memory, frames))
                    if turn:
                        add(theirs, "waveglow", audio / times[0])
                        add(theirs, "decoder", 1000 * times[1] / frames)
            for precision in ("f32", "f16"):
                report = engine.bench(VOICE, frames, precision)
                if turn:
                    add(ours, f"squeezed {precision}", report["vocoder_samples_per_s"] / RATE)
                    add(ours, f"voice {precision}", report["rtf"])
                if precision == "f32":
                    times = seconds(lambda: squeezed(mel)), seconds(speak)
                    if turn:
                        add(theirs, "squeezed", audio / times[0])
                        add(theirs, "voice", audio / times[1])
            print(f"turn {turn} of {args.rounds}", file=sys.stderr)

    table = render(args, engine, ours, theirs, frames)
    print(table)
    if args.write:
        text = args.write.read_text()
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        args.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def render(args, engine, ours, theirs, frames):
    median = lambda values: statistics.median(values)
    device = engine.bench(VOICE, 8, "f16")["device_name"]
    rows = [
        f"Machine: {processor()}, {args.threads} threads, {device}. {datetime.date.today()}. PyTorch {torch.__version__}, "
        f"eager mode. Medians of {args.rounds} turns of {frames} mel frames ({frames * HOP / RATE:.1f} s of audio), "
        "engine and PyTorch in turns; range in brackets.",
        "",
        f"    cargo build --release && python3 benches/compare_torch.py --threads {args.threads} --rounds {args.rounds} "
        f"--frames {frames} --write BENCHMARKS.md",
        "",
        "| | PyTorch f32 | Tacoglow f32 | ratio | wanted | Tacoglow f16 weights |",
        "|---|---|---|---|---|---|",
    ]
    lines = {
        "waveglow": ("WaveGlow, 256 channels × 12 flows", "× real time", False),
        "decoder": ("Tacotron 2 of full size, decoding", "ms per frame", True),
        "squeezed": ("squeezed WaveGlow of the bundled voice", "× real time", False),
        "voice": ("bundled voice, text to sound", "× real time", False),
    }
    for key, (what, unit, less_is_better) in lines.items():
        a, b, half = theirs[key], ours[f"{key} f32"], ours[f"{key} f16"]
        ratio = median(a) / median(b) if less_is_better else median(b) / median(a)
        wanted = f"{WANTED[key]} ×" if key in WANTED else "20 × real time"
        show = lambda values: f"{median(values):.3g} {unit} ({min(values):.3g}–{max(values):.3g})"
        rows.append(f"| {what} | {show(a)} | {show(b)} | **{ratio:.2f} ×** | {wanted} | {show(half)} |")
    rows += ["", "| full-size voice of 256 channels, mapped file | f32 weights | f16 weights |", "|---|---|---|"]
    for key, what, unit in (("load", "load", "s"), ("memory", "peak memory", "MB")):
        values = [f"{median(ours[f'{key} {p}']):.3g} {unit}" for p in ("f32", "f16")]
        rows.append(f"| {what} | {values[0]} | {values[1]} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
