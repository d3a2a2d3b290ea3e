"""Trains one of the networks. On several GPUs: `torchrun --nproc_per_node 8 -m tacoglow_train train tacotron2 ...`.

A run's folder holds numbered checkpoints, `best` (the averaged weights that scored best on held-out data) and
log.jsonl. A killed run loses at most one checkpoint interval; `--resume` goes on where it stood.
"""

import os

import torch

from . import Mistake, checkpoint, text
from .audio import RATE
from .data import Corpus, own_mels
from .loop import Trainer
from .options import STAGES, TACOTRON_OPTIONS, VOCODER_OPTIONS, Settings, overrides, read_config, split_options
from .ranks import Ranks
from .tacotron2 import Tacotron2
from .tasks import TacotronTask, VocoderTask


def tacotron_task(sizes, options, corpus, ranks):
    return TacotronTask(sizes, options, corpus, text.Lexicon(options["lexicon"]), ranks)


def vocoder_task(sizes, options, stage, corpus, ranks):
    own = None
    if options["tacotron"]:
        weights, tacotron_sizes = checkpoint.read_weights(options["tacotron"], "tacotron2")
        tacotron = Tacotron2(tacotron_sizes).to(ranks.device)
        checkpoint.load_matching(tacotron, weights)
        own = own_mels(corpus, tacotron, text.Lexicon(options["lexicon"]))
    return VocoderTask(sizes, options, stage, corpus, ranks, own)


def train(args):
    """One run, begun or, with `--resume`, gone on with: then sizes, stage and options are the checkpoint's."""
    kind, config, stage = args.network, read_config(args.config), args.stage
    if stage and kind != "waveglow":
        raise Mistake("--stage is WaveGlow's")
    before = checkpoint.latest(args.out)
    if before and not args.resume:
        raise Mistake(f"{args.out} holds a run already: --resume it, or choose another folder")
    if before:
        state = checkpoint.read_state(before)
        if state["kind"] != kind:
            raise Mistake(f"{args.out} is a run of {state['kind']}")
        if stage not in (None, state["data"].get("stage")):
            raise Mistake(f"{args.out} is in the stage {state['data']['stage']}: begin the stage {stage} in another folder, with --warm-start {args.out}")
        sizes, stage = state["network"], state["data"].get("stage")
        still_known = {*TACOTRON_OPTIONS, *VOCODER_OPTIONS, *vars(Settings())}
        chosen = {n: v for n, v in {**state["options"], **state["settings"]}.items() if n in still_known}
    else:
        stage = None if kind == "tacotron2" else stage or "likelihood"
        section = config.get("train", {}).get(kind, {})
        sizes, chosen = config.get(kind, {}), section.get(stage, {}) if stage else section
    options, settings = split_options({**chosen, **overrides(args)}, VOCODER_OPTIONS if stage else TACOTRON_OPTIONS)

    ranks = Ranks(args.device)
    cuda = ranks.device.type == "cuda"
    if cuda and settings.precision == "bf16" and not torch.cuda.is_bf16_supported():
        raise Mistake(f"{torch.cuda.get_device_name()} has no bf16: use --precision fp16")
    lock = checkpoint.claim(args.out) if ranks.rank == 0 else None
    torch.manual_seed(options["seed"])
    corpus = Corpus(args.data, ranks.device)
    task = vocoder_task(sizes, options, stage, corpus, ranks) if stage else tacotron_task(sizes, options, corpus, ranks)
    # In fp32 TF32 is welcome; in bf16 and fp16 what is left in f32 (1x1 inverses, statistics) is there to be exact.
    torch.backends.cuda.matmul.allow_tf32 = settings.precision == "fp32"
    origin = None
    if args.warm_start and not before:
        weights, _ = checkpoint.read_weights(args.warm_start, kind)
        origin = checkpoint.origin(args.warm_start, kind)
        left = checkpoint.load_matching(task.network, weights)
        if ranks.rank == 0:
            print(f"warm start from {args.warm_start}" + (f"; left as they were: {left}" if left else ""), flush=True)
    if settings.compile:
        (task.network.decoder if kind == "tacotron2" else task.network).compile()
    writer = tensorboard(args.out) if ranks.rank == 0 else None
    log = writer and (lambda *shown: show(writer, *shown))
    trainer = Trainer(task, args.out, settings, ranks, log, checkpoint.run_origin(corpus.source, origin))
    if before:
        trainer.resume(before)
    count = sum(p.numel() for p in task.network.parameters())
    trainer.say(f"{kind}: {count / 1e6:.2f} M parameters; {corpus.hours():.2f} h; {ranks.device}, {settings.precision}, {ranks.world} rank(s)")
    trainer.run()
    ranks.part()
    if writer:
        writer.close()
    if lock:
        lock.close()


def tensorboard(out):
    """A writer for TensorBoard, where it is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(os.path.join(out, "tensorboard"))


def show(writer, record, shown=None):
    """Puts a record of the log, and the pictures and sounds that belong to it, into TensorBoard."""
    for name, tensor in (shown or {}).items():
        if tensor.dim() == 1:
            writer.add_audio(name, tensor.float().cpu().clamp(-1, 1).unsqueeze(0), record["step"], RATE)
        else:
            writer.add_image(name, tensor.float().cpu(), record["step"], dataformats="HW")
    prefix, figures = ("held out/", record["validation"]) if "validation" in record else ("", record)
    for name, value in figures.items():
        if isinstance(value, (int, float)) and name != "step":
            writer.add_scalar(prefix + name, value, record["step"])


def add_arguments(parser):
    parser.add_argument("network", choices=["tacotron2", "waveglow"])
    parser.add_argument("--config", default="small", help="a TOML file, or one of full, full-512, small, starter, tiny")
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
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="CPU threads of PyTorch")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    if args.threads:
        torch.set_num_threads(args.threads)
    for name in ("tacotron", "lexicon"):  # a run may be gone on with from another folder
        setattr(args, name, getattr(args, name) and os.path.abspath(getattr(args, name)))
    train(args)
