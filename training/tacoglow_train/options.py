"""What can be chosen: the settings of the loop, the options of each task, and where they come from.

In this order, the later ones first: the defaults below, the config's [train.*] section (or the run that is resumed), the
command line. A name that nobody knows and a value of the wrong type are mistakes.
"""

import dataclasses
import math
import os

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

from . import Mistake
from .tacotron2 import PUBLISHED as TACOTRON_SIZES
from .waveglow import PUBLISHED as WAVEGLOW_SIZES

PRECISIONS = ("fp32", "bf16", "fp16")
STAGES = ("likelihood", "inverse", "adversarial")


@dataclasses.dataclass
class Settings:
    precision: str = "fp32"  # fp32, bf16 or fp16; masters, optimizer, losses and statistics are always f32
    lr: float = 1e-3
    final_lr: float = 0.02  # of `lr`, at the end of the anneal
    warmup: int = 100  # steps
    anneal: float = 0.5  # share of the run, at its end, in which the rate falls along a cosine
    betas: tuple = (0.9, 0.999)
    weight_decay: float = 0.0
    clip: float = 1.0
    outlier: float = 20.0  # steps whose gradient norm is this many times the usual are skipped
    ema: float = 0.999
    max_steps: int = 10**9
    max_minutes: float = 1e9
    log_seconds: float = 30.0
    validate_minutes: float = 5.0
    checkpoint_minutes: float = 3.0
    plateau: int = 0  # validations without a better score after which the rate is halved; 0: never
    graphs: bool = True  # on one GPU: replay the step as a CUDA graph, one per batch shape
    compile: bool = False  # torch.compile the inner layers
    seed: int = 1


TACOTRON_OPTIONS = {
    "batch": 32,  # per rank
    "longest_frames": 900,
    "lexicon": "",  # CMUdict file; empty: the one that is found
    "arpabet": 0.8,  # probability that a word of the lexicon is given as phonemes
    "dropout": (0.5, 0.1, 0.5),  # encoder, decoder, postnet
    "mix_steps": 150,  # steps in which the context moves from the known alignment to the network's own
    "guide": 1.0, "guide_hold": 300, "guide_decay": 300, "guide_floor": 0.03,  # weight of the divergence from it
    "first_steps": 250, "first_frames": 170,  # short clips only, at first
    "gate_tail": 3,
    "frame_multiple": 2, "symbol_multiple": 1,  # padding; coarser means fewer CUDA graphs
    "validation_clips": 64,
    "seed": 1,
}

VOCODER_OPTIONS = {
    "batch": 12,  # crops per rank
    "crop_frames": 32,
    "noise": 3e-4,  # standard deviation of the noise on the samples
    "sigma": 0.6,  # of the noise that the inverse stages start from, and of the voice
    "mel_weight": 1.0,
    "likelihood_weight": 0.0,  # of the likelihood beside the spectral losses
    "hum_weight": 0.1,  # of the term that keeps the sound of a mel of zeros, the denoiser's question, in bounds
    "tacotron": "", "lexicon": "",  # a run, checkpoint or voice on whose mels it learns too, and the lexicon it reads with
    "own_share": 0.5,  # of the crops on those mels
    "adversarial_weight": 0.1, "adversarial_ramp": 1000, "feature_weight": 2.0, "discriminator_width": 16,
    "validation_crops": 64,
    "seed": 1,
}

AT_LEAST_ONE = {"batch", "crop_frames", "frame_multiple", "symbol_multiple", "discriminator_width"}


def read_toml(text, what):
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Mistake(f"{what}: {error}") from None


def read_config(name):
    """A TOML file, or the name of one of the package's own."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configs")
    path = name if os.path.isfile(name) else os.path.join(folder, name + ".toml")
    if not os.path.isfile(path):
        known = sorted(n[:-5] for n in os.listdir(folder))
        raise Mistake(f"--config {name}: neither a file nor one of {', '.join(known)}")
    with open(path, encoding="utf-8") as f:
        config = read_toml(f.read(), path)
    for network, sizes in (("tacotron2", TACOTRON_SIZES), ("waveglow", {**WAVEGLOW_SIZES, "WN_config": {}})):
        unknown = set(config.get(network, {})) - set(sizes)
        if unknown:
            raise Mistake(f"{path}: [{network}] has no {', '.join(sorted(unknown))}")
    return config


def checked(name, value, default):
    """The value in the type of its default."""
    kind, least, number = type(default), int(name in AT_LEAST_ONE), lambda v: type(v) in (int, float) and math.isfinite(v) and v >= 0
    if name == "precision":
        good, wanted = value in PRECISIONS, ", ".join(PRECISIONS)
    elif kind is tuple:
        good, wanted = type(value) in (list, tuple) and len(value) == len(default) and all(map(number, value)), f"{len(default)} numbers"
    elif kind is float:
        good, wanted = number(value), "a number, not negative"
    elif kind is int:
        good, wanted = type(value) is int and value >= least, f"a whole number of at least {least}"
    else:
        good, wanted = type(value) is kind, {bool: "true or false", str: "a text in quotes"}[kind]
    if not good:
        raise Mistake(f"{name} = {value!r}: it has to be {wanted}")
    return kind(value)


def split_options(options, known):
    """(options of the task, Settings of the loop)."""
    settings = {f.name: f.default for f in dataclasses.fields(Settings)}
    unknown = set(options) - set(settings) - set(known)
    if unknown:
        raise Mistake(f"unknown training options: {', '.join(sorted(unknown))}")
    pick = lambda defaults: {n: checked(n, options[n], d) if n in options else d for n, d in defaults.items()}
    return pick(known), Settings(**pick(settings))


def overrides(args):
    """Options of the command line that were given, and `--set name=value`."""
    names = ("precision", "batch", "lr", "max_steps", "max_minutes", "seed", "tacotron", "lexicon")
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    for item in args.set or []:
        name, equals, value = item.partition("=")
        if not equals:
            raise Mistake(f"--set {item}: it has to be NAME=VALUE")
        given[name] = read_toml(f"v = {value}", f"--set {item}")["v"]
    return given
