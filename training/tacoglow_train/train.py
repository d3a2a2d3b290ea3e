"""Trains one of the networks. On several GPUs: `torchrun --nproc_per_node 8 -m tacoglow_train train tacotron2 ...`.

A run's folder holds numbered checkpoints, `best` (the averaged weights that scored best on held-out data) and
log.jsonl. A killed run loses at most one checkpoint interval; `--resume` goes on where it stood.
"""

import dataclasses
import os

import torch

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

from . import checkpoint, text
from .audio import RATE
from .data import Corpus
from .loop import Ranks, Settings, Trainer

TACOTRON_OPTIONS = {
    "batch": 32,  # per rank
    "longest_frames": 900,
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
    "own_share": 0.5,  # of the crops on mels of the Tacotron 2 given by --tacotron
    "adversarial_weight": 0.1, "adversarial_ramp": 1000, "feature_weight": 2.0, "discriminator_width": 16,
    "validation_crops": 64,
    "capture": False,  # replay the step as a CUDA graph, where the machine's probe found that it works
    "seed": 1,
}
STAGES = ("likelihood", "inverse", "adversarial")


def read_config(name):
    """A TOML file, or the name of one in training/configs."""
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "configs", name + ".toml")
    with open(name if os.path.exists(name) else here, "rb") as f:
        return tomllib.load(f)


def split_options(options, known):
    """(options of the task, Settings of the loop); a name that neither knows is a mistake."""
    names = {f.name for f in dataclasses.fields(Settings)}
    unknown = set(options) - names - set(known)
    if unknown:
        raise SystemExit(f"unknown training options: {', '.join(sorted(unknown))}")
    return {**known, **{n: v for n, v in options.items() if n in known}}, Settings(**{n: v for n, v in options.items() if n in names})


def choices(args, section, known):
    """(options of the task, Settings of the loop): the config's, or those of the run that is resumed; then the command
    line's."""
    path = checkpoint.latest(args.out) if args.resume else None
    if path:
        state = checkpoint.read_state(path)
        section = {**state["options"], **state["settings"]}
    return split_options({**section, **overrides(args)}, known)


def stage_of(args):
    """The stage asked for; a run that is resumed stays in its own."""
    path = checkpoint.latest(args.out) if args.resume else None
    before = checkpoint.read_state(path)["data"]["stage"] if path else None
    if before and args.stage not in (None, before):
        raise SystemExit(f"{args.out} is in the stage {before}: begin the stage {args.stage} in another folder, with --warm-start {args.out}")
    return before or args.stage or "likelihood"


def overrides(args):
    """Options of the command line that were given, and `--set name=value`."""
    given = {n: getattr(args, n) for n in ("precision", "batch", "lr", "max_steps", "max_minutes", "seed")}
    given = {n: v for n, v in given.items() if v is not None}
    for item in args.set or []:
        name, _, value = item.partition("=")
        given[name] = tomllib.loads(f"v = {value}")["v"]
    return given


def train_tacotron2(args):
    from .tasks import TacotronTask

    config = read_config(args.config)
    options, settings = choices(args, config.get("train", {}).get("tacotron2", {}), TACOTRON_OPTIONS)
    ranks = Ranks(args.device)
    torch.manual_seed(options["seed"])
    task = TacotronTask(config.get("tacotron2", {}), options, Corpus(args.data, ranks.device), text.Lexicon(args.lexicon), ranks)
    return run_task(task, settings, ranks, args)


def train_waveglow(args):
    from .data import own_mels
    from .tacotron2 import Tacotron2
    from .tasks import VocoderTask

    config = read_config(args.config)
    stage = stage_of(args)
    options, settings = choices(args, config.get("train", {}).get("waveglow", {}).get(stage, {}), VOCODER_OPTIONS)
    ranks = Ranks(args.device)
    torch.manual_seed(options["seed"])
    corpus, own = Corpus(args.data, ranks.device), None
    if args.tacotron:
        weights, sizes = checkpoint.read_weights(args.tacotron, "tacotron2")
        tacotron = Tacotron2(sizes).to(ranks.device)
        checkpoint.load_matching(tacotron, weights)
        own = own_mels(corpus, tacotron, text.Lexicon(args.lexicon))
    return run_task(VocoderTask(config.get("waveglow", {}), options, stage, corpus, ranks, own), settings, ranks, args)


def run_task(task, settings, ranks, args, out=None):
    out = out or args.out
    # In fp32 TF32 is welcome; in bf16 and fp16 what is left in f32 (1x1 inverses, statistics) is there to be exact.
    torch.backends.cuda.matmul.allow_tf32 = settings.precision == "fp32"
    if args.warm_start and not (args.resume and checkpoint.latest(out)):
        weights, _ = checkpoint.read_weights(args.warm_start, task.kind)
        left = checkpoint.load_matching(task.network, weights)
        print(f"warm start from {args.warm_start}" + (f"; left as they were: {left}" if left else ""), flush=True)
    if settings.compile:
        (task.network.decoder if task.kind == "tacotron2" else task.network).compile()
    sink = tensorboard(out) if ranks.rank == 0 else None
    trainer = Trainer(task, out, settings, ranks, sink)
    if args.resume:
        trainer.resume()
    elif checkpoint.latest(out):
        raise SystemExit(f"{out} holds a run already: --resume it, or choose another folder")
    count = sum(p.numel() for p in task.network.parameters())
    trainer.say(f"{task.kind}: {count / 1e6:.2f} M parameters; {task.facts()['hours']:.2f} h; {ranks.device}, {settings.precision}, {ranks.world} rank(s)")
    return trainer.run()


def tensorboard(out):
    """A sink for log records, when TensorBoard is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    writer = SummaryWriter(os.path.join(out, "tensorboard"))

    def sink(record, shown=None):
        for name, tensor in (shown or {}).items():
            if tensor.dim() == 1:
                writer.add_audio(name, tensor.float().cpu().clamp(-1, 1).unsqueeze(0), record["step"], RATE)
            else:
                writer.add_image(name, tensor.float().cpu(), record["step"], dataformats="HW")
        prefix, figures = ("held out/", record["validation"]) if "validation" in record else ("", record)
        for name, value in figures.items():
            if isinstance(value, (int, float)) and name != "step":
                writer.add_scalar(prefix + name, value, record["step"])

    return sink


def add_arguments(parser):
    parser.add_argument("network", choices=["tacotron2", "waveglow"])
    parser.add_argument("--config", default="small", help="a TOML file, or a name in training/configs")
    parser.add_argument("--data", required=True, help="folder made by `prepare`")
    parser.add_argument("--out", required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in --out, if any, with its stage and options")
    parser.add_argument("--warm-start", metavar="FROM", help="begin with the weights of a run, a checkpoint or a voice file; what does not fit is left")
    parser.add_argument("--stage", choices=STAGES, help="what WaveGlow is trained for (default: likelihood)")
    parser.add_argument("--tacotron", metavar="FROM", help="a run, checkpoint or voice: WaveGlow learns on its mels too")
    parser.add_argument("--precision", choices=["fp32", "bf16", "fp16"])
    parser.add_argument("--batch", type=int, help="clips or crops per rank")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--max-minutes", type=float, help="of the whole run, resumed parts included; the anneal ends there")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", metavar="NAME=VALUE", help="any other option of the config's [train.*] section")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--threads", type=int, help="CPU threads of PyTorch")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    if args.threads:
        torch.set_num_threads(args.threads)
    (train_tacotron2 if args.network == "tacotron2" else train_waveglow)(args)
