"""Training speed in the columns of the published tables: items per second, fp32 against mixed, scaling over ranks.

Items are mel frames (Tacotron 2) or samples (WaveGlow) of real batches' shapes with random content, summed over all
ranks; under `torchrun` the row is for that many GPUs, and its scaling is against one of them with the same batch. Losses and
optimizer are included, reading data is not. On GPUs, fp32 is with TF32 products. Published rows (DeepLearningExamples
README, July 2020: whole training, data included) are printed for comparison.
"""

import contextlib
import csv
import itertools
import json
import math
import time

import torch

from . import Mistake
from .graphs import GraphedStep
from .loop import Trainer
from .losses import tacotron_counts
from .options import PRECISIONS, STAGES, TACOTRON_OPTIONS, VOCODER_OPTIONS, Settings, read_config
from .ranks import Ranks
from .tacotron2 import Tacotron2
from .tasks import TacotronObjective, VocoderObjective
from .waveglow import WaveGlow

# model, GPU, precision, items per second on 1, 4 and 8 GPUs
PUBLISHED = (
    ("tacotron2", "V100", "mixed", (15_891, 53_417, 115_032)), ("tacotron2", "V100", "FP32", (9_174, 32_035, 58_703)),
    ("tacotron2", "A100", "mixed", (26_484, 107_482, 209_186)), ("tacotron2", "A100", "TF32", (31_499, 124_591, 250_556)),
    ("waveglow", "V100", "mixed", (105_873, 364_471, 690_909)), ("waveglow", "V100", "FP32", (33_761, 118_254, 222_794)),
    ("waveglow", "A100", "mixed", (149_479, 532_363, 905_043)), ("waveglow", "A100", "TF32", (67_581, 233_846, 383_043)),
)


class SyntheticTask:
    """Just enough of a task for `Trainer.train_step`, on one batch of random content."""

    def __init__(self, kind, config, stage, options, batch, frames, symbols, device, compile):
        self.kind = kind
        generator = torch.Generator().manual_seed(0)
        if kind == "tacotron2":
            self.network = Tacotron2(config).to(device)
            if compile:
                self.network.decoder.compile()
            self.objective = TacotronObjective(self.network, 3)
            r = self.network.decoder.r
            frames = -(-(frames + 3 * r) // r) * r
            steps, valid = frames // r, frames - 3 * r
            centres = torch.linspace(0, symbols - 1, steps).expand(batch, steps).contiguous()
            self.batch = {
                "symbols": torch.randint(1, 148, (batch, symbols), generator=generator), "lengths": torch.full((batch,), symbols),
                "mels": torch.randn(batch, frames, 80, generator=generator) * 2 - 5, "frames": torch.full((batch,), valid),
                "centres": centres, "known": torch.ones(batch),
            }
            self.items = batch * valid
        else:
            self.network = WaveGlow(config).to(device)
            if compile:
                self.network.compile()
            self.objective = VocoderObjective(self.network, stage, {**VOCODER_OPTIONS, **options}).to(device)
            if stage != "likelihood":
                self.network.freeze_statistics()
            mels = torch.randn(batch, 80, frames + self.network.history, generator=generator) * 2 - 5
            self.batch = {"mels": mels, "audio": torch.randn(batch, frames * 256, generator=generator) * 0.05}
            self.items = batch * frames * 256
        self.batch = {n: t.to(device) for n, t in self.batch.items()}

    def controls(self, step):
        return {"mix": 0.0, "guide_weight": 0.1, "adversarial_weight": 0.1}

    def counts(self, batch):
        if self.kind == "tacotron2":
            return tacotron_counts(batch, 80, self.network.decoder.r, 3)
        return torch.zeros(1, device=batch["audio"].device)


def measure(kind, config, ranks, precision="fp32", stage="likelihood", options=None, batch=16, frames=160, symbols=60, seconds=5.0, graphs=False, compile=False):
    """{items per second over all ranks, seconds per step, loss} of a training step; the first steps are not counted."""
    task = SyntheticTask(kind, config, stage, options or {}, batch, frames, symbols, ranks.device, compile)
    trainer = Trainer(task, None, Settings(precision=precision), ranks)
    trainer.controls.copy_(torch.tensor([1e-5, *task.controls(0).values()]))
    counts = ranks.mean(task.counts(task.batch))
    graphed = GraphedStep(trainer.train_step, trainer.tensors_of_state()) if graphs else None
    step = (lambda *inputs: graphed(*inputs, contextlib.nullcontext())) if graphs else trainer.train_step
    wait = torch.cuda.synchronize if ranks.device.type == "cuda" else lambda: None
    for _ in range(3 if ranks.device.type == "cuda" else 1):
        figures = step(task.batch, counts)
    wait()
    start, steps = time.time(), 0
    while steps < 3 or ranks.most(time.time() - start)[0] < seconds:
        figures = step(task.batch, counts)
        steps += 1
        wait()
    spent = (time.time() - start) / steps
    loss = float(figures[0]) if figures[-1] else math.nan  # a skipped step
    return {"items_per_second": ranks.world * task.items / spent, "step_seconds": spent, "loss": loss}


def probe(config, ranks, batches):
    """What this machine can do and what is fastest: {network: {"graphs": .., "compile": .., its figures}}.

    Each way is tried on real sizes, those that promise most first, because there may be no time for all; one that fails
    is out. Meant for a process of its own, so that a failed capture harms nobody.
    """
    chosen = {}
    ways = ((False, False), (True, False), (True, True), (False, True)) if ranks.device.type == "cuda" else ((False, False),)
    for (graphs, compile), kind in itertools.product(ways, ("tacotron2", "waveglow")):
        stage = "inverse" if kind == "waveglow" else "likelihood"
        try:
            found = measure(kind, config[kind], ranks, "bf16" if ranks.device.type == "cuda" else "fp32", stage, None, batches[kind],
                            48 if kind == "waveglow" else 192, 64, 2.0, graphs, compile)
            ok = found["loss"] == found["loss"]
        except Exception as error:  # whatever it is, this way is not to be taken
            print(f"probe: {kind} graphs={graphs} compile={compile}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)
            continue
        print(f"probe: {kind} graphs={graphs} compile={compile}: {found['items_per_second']:,.0f} items/s, {1000 * found['step_seconds']:.1f} ms", flush=True)
        if ok and found["items_per_second"] > 1.05 * chosen.get(kind, {}).get("items_per_second", 0.0):
            chosen[kind] = {"graphs": graphs, "compile": compile, **found}
            print("probe: " + json.dumps(chosen), flush=True)  # the last such line counts, also when a later way kills the process
    return chosen


def add_arguments(parser):
    parser.add_argument("--config", default="full")
    parser.add_argument("--networks", default="tacotron2,waveglow", help="one or both")
    parser.add_argument("--precisions", default="fp32,bf16", help="of fp32, bf16, fp16")
    parser.add_argument("--stage", default="likelihood", choices=STAGES)
    parser.add_argument("--batch", type=int, default=0, help="per rank; by default the config's")
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time of each row")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--graphs", action="store_true", help="replay the step as a CUDA graph")
    parser.add_argument("--compile", action="store_true", help="torch.compile the inner layers")
    parser.add_argument("--probe", action="store_true", help="find the fastest way on this machine and print it as JSON")
    parser.add_argument("--reference", metavar="CSV", help="published training table with columns model,gpu,precision,n_gpus,throughput")


def run(args):
    if args.threads:
        torch.set_num_threads(args.threads)
    for given, known in ((args.networks, ("tacotron2", "waveglow")), (args.precisions, PRECISIONS)):
        if not set(given.split(",")) <= set(known):
            raise Mistake(f"{given}: it has to be of {', '.join(known)}")
    ranks, config = Ranks(args.device), read_config(args.config)
    if ranks.device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
    training = config.get("train", {})
    section = {"tacotron2": training.get("tacotron2", {}), "waveglow": training.get("waveglow", {}).get(args.stage, {})}
    batches = {"tacotron2": args.batch or section["tacotron2"].get("batch", TACOTRON_OPTIONS["batch"]),
               "waveglow": args.batch or section["waveglow"].get("batch", VOCODER_OPTIONS["batch"])}
    if args.probe:
        probe({"tacotron2": config.get("tacotron2", {}), "waveglow": config.get("waveglow", {})}, ranks, batches)
        return
    name = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else f"CPU, {torch.get_num_threads()} thread(s)"
    if args.graphs and (ranks.device.type != "cuda" or ranks.world > 1):
        raise Mistake("--graphs: only on one CUDA device; a reduction over ranks is not captured")
    say = print if ranks.rank == 0 else lambda *a, **k: None
    say(f"{'network':<10} {'device':<24} {'precision':<9} {'ranks':>5} {'batch':>5} {'items/s':>12} {'ms/step':>9} {'against fp32':>12} {'scaling':>8}")
    for kind in args.networks.split(","):
        frames = section[kind].get("crop_frames", VOCODER_OPTIONS["crop_frames"]) if kind == "waveglow" else 512
        base = None
        for precision in args.precisions.split(","):
            row = lambda ranks: measure(kind, config.get(kind, {}), ranks, precision, args.stage, section[kind], batches[kind], frames, 96, args.seconds,
                                        args.graphs, args.compile)
            found = row(ranks)
            base = found["items_per_second"] if precision == "fp32" else base
            ratio = f"{found['items_per_second'] / base:.2f} x" if base else ""
            # The same on the first rank, while the others wait for its figure.
            one = ranks.most(row(ranks.alone())["items_per_second"] if ranks.rank == 0 else 0.0)[0] if ranks.world > 1 else None
            scaling = f"{found['items_per_second'] / one:.2f} x" if one else ""
            say(f"{kind:<10} {name:<24} {precision:<9} {ranks.world:>5} {batches[kind]:>5} {found['items_per_second']:>12,.0f} "
                f"{1000 * found['step_seconds']:>9.1f} {ratio:>12} {scaling:>8}", flush=True)
    say("\npublished, items/s on 1, 4 and 8 GPUs:")
    for model, gpu, precision, rates in PUBLISHED:
        if model in args.networks:
            say(f"{model:<10} {gpu:<24} {precision:<9} " + "  ".join(f"{r:,}" for r in rates) + f"   scaling at 8: {rates[2] / rates[0]:.2f}")
    if args.reference:
        with open(args.reference, newline="") as f:
            for row in csv.DictReader(f):
                if row.get("kind") == "throughput":
                    say("  ".join(row.get(c) or "-" for c in ("model", "gpu", "precision", "n_gpus", "throughput", "throughput_unit", "date")))
    ranks.part()
