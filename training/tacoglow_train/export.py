"""Writes the voice file that the engine reads: both networks and the config in one .safetensors.

    tacotron2.<published name>, waveglow.<published name>    BatchNorm kept as four tensors, eps 1e-5
    metadata: format, config (JSON, names of the engine's VoiceConfig), name, language, license, provenance

f32, f16, or int8: matrices of at least 1,024 values become int8 with one f32 scale per output channel in `<name>.scale`
(value = int8 x scale); in an int8 file the rest is f16. The 1x1 inverses' weights `convinv` are always f32:
they are inverted, and they are tiny.
"""

import json
import os
import re

import torch

from . import Mistake, checkpoint, text
from .audio import AUDIO
from .tacotron2 import PUBLISHED as TACOTRON_PUBLISHED
from .waveglow import PUBLISHED as WAVEGLOW_PUBLISHED
from .waveglow import PUBLISHED_WN, WaveGlow

FORMAT = "tacotron2-waveglow-voice"
def quantize(tensor):
    """(int8 tensor, f32 scale per output channel) with value = int8 x scale."""
    rows = tensor.float().flatten(1)
    scale = rows.abs().amax(dim=1).clamp(min=1e-12) / 127.0
    values = torch.round(rows / scale.unsqueeze(1)).clamp(-127, 127).to(torch.int8)
    return values.view(tensor.shape), scale


def stored(name, tensor, dtype):
    """`{name: tensor}` as it goes into the file."""
    tensor = tensor.detach().cpu()
    if re.search(r"convinv\.\d+\.conv\.weight$", name) or dtype == "f32":
        return {name: tensor.float().contiguous()}
    if dtype == "int8" and tensor.dim() >= 2 and tensor.numel() >= 1024 and not name.endswith("upsample.weight"):
        values, scale = quantize(tensor)
        return {name: values.contiguous(), name + ".scale": scale.contiguous()}
    return {name: tensor.half().contiguous()}


def voice_config(name, language, tacotron2, waveglow, provenance, max_symbols=0, training=None):
    """The config under the engine's names; what the engine does not know (provenance, training) it ignores."""
    wn = {**PUBLISHED_WN, **waveglow.get("WN_config", {})}
    return {
        "format": FORMAT,
        "format_version": 1,
        "name": name,
        "language": language,
        "audio": AUDIO,
        "frontend": {"symbols": text.SYMBOLS, "lexicon": "cmudict", "max_symbols": max_symbols},
        "tacotron2": {n: tacotron2.get(n, v) for n, v in TACOTRON_PUBLISHED.items()},
        "waveglow": {**{n: waveglow.get(n, v) for n, v in WAVEGLOW_PUBLISHED.items()}, "WN_config": {n: wn[n] for n in PUBLISHED_WN}},
        "training": training or {},
        "provenance": provenance,
    }


def made_from(tacotron, vocoder, license=None):
    """(licence, provenance) of a voice, from what its parts say of themselves."""
    parts = {"tacotron2": checkpoint.origin(tacotron, "tacotron2"), "waveglow": checkpoint.origin(vocoder, "waveglow")}
    licences = {part["license"] for part in parts.values()}
    if not license and (len(licences) > 1 or None in licences):
        raise Mistake(f"--license is to be given: of the data of the two parts it is {' and '.join(sorted(map(str, licences)))}")
    same = parts["tacotron2"] == parts["waveglow"]
    return license or licences.pop(), {"lexicon": "CMUdict (BSD-style licence)", **(parts["tacotron2"] if same else parts)}


def export(tacotron, vocoder, path, dtype="f16", name="voice", language="en", license=None, provenance=None, max_symbols=0, training=None):
    """Writes a voice from two sources, each a run, a checkpoint or a voice file. Beside and renamed."""
    sources = {"tacotron2": checkpoint.read_weights(tacotron, "tacotron2"), "waveglow": checkpoint.read_weights(vocoder, "waveglow")}
    if not (license and provenance):
        license, found = made_from(tacotron, vocoder, license)
        provenance = provenance or found
    tensors = {}
    for part, (weights, _) in sources.items():
        for key, tensor in weights.items():
            if key.endswith("num_batches_tracked"):
                continue
            if not bool(torch.isfinite(tensor).all()):
                raise Mistake(f"{part}.{key} holds a value that is not finite")
            tensors.update(stored(f"{part}.{key}", tensor, dtype))
    config = voice_config(name, language, sources["tacotron2"][1], sources["waveglow"][1], provenance, max_symbols, training)
    metadata = {
        "format": FORMAT, "config": json.dumps(config), "name": name, "language": language, "license": license,
        "provenance": json.dumps(provenance),
    }
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    checkpoint.write_tensors(path + ".writing", tensors, metadata)
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(path + ".writing", 0o666 & ~mask)  # the library writes files that only their owner can read
    os.replace(path + ".writing", path)
    return os.path.getsize(path)


def hum(vocoder):
    """Peak of the sound that a vocoder makes of a mel of zeros, without noise. The engine's denoiser is made from it; full
    scale is 1, a stable vocoder gives some units, and half precision has no room for thousands."""
    weights, config = checkpoint.read_weights(vocoder, "waveglow")
    network = WaveGlow(config).eval()
    checkpoint.load_matching(network, weights)
    with torch.no_grad():
        return float(network.infer(torch.zeros(1, network.config["n_mel_channels"], 88), 0.0).abs().max())


def training_facts(tacotron, vocoder):
    """Steps, minutes and data of the runs behind a voice, for its metadata and its card; of a part that comes from a voice
    file, what that says."""
    facts = {}
    for part, source in (("tacotron2", tacotron), ("waveglow", vocoder)):
        if not os.path.isdir(source):
            kept = checkpoint.read_voice_config(source).get("training", {})
            facts.update({part: kept[part]} if part in kept else {})
            continue
        state = checkpoint.read_state(checkpoint.latest(source))
        facts[part] = {n: state.get(n) for n in ("step", "minutes", "figures", "data", "torch")}
        facts[part]["settings"] = {n: state["settings"][n] for n in ("precision", "lr", "betas", "ema")}
    return facts


def add_arguments(parser):
    parser.add_argument("--tacotron2", required=True, metavar="FROM", help="a run, a checkpoint (its averaged weights) or a voice file")
    parser.add_argument("--waveglow", required=True, metavar="FROM")
    parser.add_argument("--out", required=True, help="voice file to write, .safetensors")
    parser.add_argument("--dtype", choices=["f32", "f16", "int8"], default="f16")
    parser.add_argument("--name", default="voice")
    parser.add_argument("--language", default="en")
    parser.add_argument("--license", help="of the voice; by default what the corpora of both parts say")
    parser.add_argument("--provenance", metavar="JSON", help="file with what the voice was made from; by default what the runs say")
    parser.add_argument("--max-symbols", type=int, default=0, help="longest sentence that the voice speaks well; the engine splits longer ones")


def read_provenance(path):
    try:
        with open(path) as f:
            return json.load(f)
    except ValueError as error:
        raise Mistake(f"{path}: {error}") from None


def run(args):
    provenance = read_provenance(args.provenance) if args.provenance else None
    facts = training_facts(args.tacotron2, args.waveglow)
    size = export(args.tacotron2, args.waveglow, args.out, args.dtype, args.name, args.language, args.license, provenance, args.max_symbols, facts)
    print(f"{args.out}: {size / 1e6:.1f} MB, {args.dtype}")
    peak = hum(args.out)
    if not peak < 100:
        print(f"warning: of a mel of zeros this vocoder makes a sound with a peak of {peak:g}: it is not stable, and the engine's denoiser cannot work with it")
