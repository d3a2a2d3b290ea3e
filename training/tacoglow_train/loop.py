"""The training loop: one for both networks.

A task brings
    network        what is saved, under published names
    objective      a module: (batch, counts, controls) -> (loss, {name: scalar}); contains the network
    batches(step)  a batch on the device; a function of the step alone
    counts(batch)  what the losses are divided by, before it is averaged over the ranks
    controls(step) numbers that change during training (weights of loss terms)
    validate()     {name: number} on held-out data, called with the averaged weights in place; "score" is to be small
    show()         pictures and sounds for TensorBoard
"""

import contextlib
import copy
import dataclasses
import json
import math
import os
import signal
import sys
import time

import torch

from . import checkpoint
from .data import Prefetch
from .optim import Adam, Flat
from .scaler import DynamicLossScaler


class Diverged(SystemExit):
    """The run cannot go on; its last checkpoint is as good as it was."""


STUCK = 50  # skipped steps in a row after which the last good state comes back


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
    graphs: bool = True  # capture the step in a CUDA graph per batch shape, where the task allows it
    compile: bool = False  # torch.compile the inner layers
    seed: int = 1


class Ranks:
    """The processes that train together: one without `torchrun`."""

    def __init__(self, device="auto"):
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        cuda = torch.cuda.is_available() if device == "auto" else device.startswith("cuda")
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device("cpu")
        if cuda:
            torch.cuda.set_device(self.device)
        if self.world > 1 and not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if cuda else "gloo")

    def alone(self):
        """This process as if it were the only one."""
        one = copy.copy(self)
        one.world, one.rank = 1, 0
        return one

    def mean(self, tensor):
        if self.world > 1:
            torch.distributed.all_reduce(tensor)
            tensor = tensor / self.world
        return tensor

    def agree(self, number):
        """Rank 0's number, on every rank: decisions that read the clock must be common."""
        if self.world > 1:
            tensor = torch.tensor(float(number), device=self.device)
            torch.distributed.broadcast(tensor, 0)
            number = float(tensor)
        return number


def autocast(precision, device):
    """Arithmetic of the networks. The CPU has no f16 autocast before torch 2.3: there fp16 only exercises the scaling."""
    dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    if dtype is None or (device.type == "cpu" and dtype == torch.float16):
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)


class Trainer:
    def __init__(self, task, out, settings, ranks, log=None):
        self.task, self.out, self.settings, self.ranks, self.device = task, out, settings, ranks, ranks.device
        self.log_sink = log
        self.flat = Flat(task.objective)
        self.adam = Adam(self.flat, settings.betas, 1e-8, settings.weight_decay, settings.clip, settings.outlier, settings.ema)
        self.scaler = DynamicLossScaler(self.device, enabled=settings.precision == "fp16")
        self.objective = task.objective
        if ranks.world > 1:  # statistics of BatchNorm are each rank's own, as in the published recipe
            self.objective = torch.nn.parallel.DistributedDataParallel(task.objective, broadcast_buffers=False)
        self.step, self.minutes_before, self.lr_factor, self.best, self.stale = 0, 0.0, 1.0, math.inf, 0
        self.control_names = ["lr"] + list(task.controls(0))
        self.controls = torch.zeros(len(self.control_names), device=self.device)
        self.captured, self.good, self.loss_mean, self.loss_spread = {}, None, None, 0.0
        self.stop_reason, self.rollbacks, self.metric_names, self.prefetch = "", 0, None, None
        torch.manual_seed(settings.seed + 1000 * ranks.rank)

    # -- one step ---------------------------------------------------------------------------------

    def train_step(self, batch, counts):
        """Forward, backward, optimizer; nothing in it waits for the device. Returns the figures as one vector, in the
        order of `metric_names`, and behind them 1; all zeros when the step was skipped: it says nothing about the run."""
        self.flat.begin_step()
        controls = dict(zip(self.control_names, self.controls.unbind(0)))
        with autocast(self.settings.precision, self.device):
            loss, figures = self.objective(batch, counts, controls)
        (loss * self.scaler.scale).backward()
        finite, taken, norm = self.adam.step(controls["lr"], self.scaler.scale)
        self.scaler.update(finite)
        figures = {"loss": loss, **figures, "gradient": norm}
        self.metric_names = list(figures)
        vector = torch.stack([f.detach().float().reshape(()) for f in figures.values()] + [taken.float()])
        return vector.masked_fill(~taken, 0.0)

    def captured_step(self, batch, counts):
        """The same step replayed as one CUDA graph; one graph for each combination of shapes.

        A decoder step is dozens of small kernels, and launching them costs far more than running them.
        """
        key = tuple((n, tuple(t.shape)) for n, t in batch.items())
        if key not in self.captured:
            self.captured[key] = self.capture(batch, counts)
        graph, (static_batch, static_counts), figures = self.captured[key]
        for name, tensor in batch.items():
            static_batch[name].copy_(tensor)
        static_counts.copy_(counts)
        graph.replay()
        return figures

    def capture(self, batch, counts):
        """(graph, its inputs, its figures) for these shapes; the weights are as before afterwards."""
        with self.prefetch.working if self.prefetch else contextlib.nullcontext():
            torch.cuda.synchronize()
            static = {n: t.clone() for n, t in batch.items()}, counts.clone()
            before = [t.clone() for t in self.tensors_of_state()]
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(2):
                    self.train_step(*static)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                figures = self.train_step(*static)
            for tensor, value in zip(self.tensors_of_state(), before):
                tensor.copy_(value)
            torch.cuda.synchronize()
            return graph, static, figures

    def tensors_of_state(self):
        return [self.flat.values, self.flat.statistics, *self.adam.state().values(), self.scaler.scale, self.scaler.clean]

    # -- the run ----------------------------------------------------------------------------------

    def progress(self, minutes):
        s = self.settings
        return min(1.0, max(self.step / s.max_steps, minutes / s.max_minutes))

    def rate(self, progress):
        s = self.settings
        lr = s.lr * self.lr_factor * min(1.0, (self.step + 1) / max(1, s.warmup))
        falling = (progress - (1 - s.anneal)) / s.anneal if s.anneal > 0 else -1.0
        return lr * (s.final_lr + (1 - s.final_lr) * 0.5 * (1 + math.cos(math.pi * falling))) if falling > 0 else lr

    def run(self):
        s, start = self.settings, time.time()
        previous = {sig: signal.signal(sig, self._on_signal) for sig in (signal.SIGTERM, signal.SIGINT)}
        self.prefetch = batches = Prefetch(self.task.batches, self.step)
        graphs = s.graphs and self.device.type == "cuda" and self.ranks.world == 1 and getattr(self.task, "capturable", False)
        step_function = self.captured_step if graphs else self.train_step
        minutes, sums, steps = self.minutes_before, None, 0
        last_log = last_save = last_validation = start
        self.task.network.train()
        self.task.begin_training()
        try:
            while self.step < s.max_steps and minutes < s.max_minutes and not self.stop_reason:
                progress = self.ranks.agree(self.progress(minutes))
                values = [self.rate(progress)] + list(self.task.controls(self.step).values())
                self.controls.copy_(torch.tensor(values))
                batch = batches()
                counts = self.ranks.mean(self.task.counts(batch))
                try:
                    figures = step_function(batch, counts)
                except RuntimeError as error:
                    if step_function != self.captured_step:
                        raise
                    self.say(f"no CUDA graph ({str(error).splitlines()[0]}); going on without")
                    step_function = self.train_step
                    continue
                sums = figures.clone() if sums is None else sums.add_(figures)
                self.step, steps = self.step + 1, steps + 1
                now = time.time()
                minutes = self.ranks.agree(self.minutes_before + (now - start) / 60)
                stopping = self.ranks.agree(bool(self.stop_reason))
                if self.ranks.agree(now - last_log > s.log_seconds) or stopping or self.step >= s.max_steps:
                    sums = self.ranks.mean(sums)
                    # Means over the steps that were taken; none, if all were skipped.
                    means = dict(zip(self.metric_names, (sums[:-1] / sums[-1]).tolist())) if float(sums[-1]) > 0 else {}
                    self._report(means, values, minutes, steps / (now - last_log))
                    self._watch(means.get("loss"))
                    sums, steps, last_log = None, 0, time.time()
                if self.ranks.agree(now - last_validation > 60 * s.validate_minutes):
                    self.validate(minutes)
                    last_validation = time.time()
                if self.ranks.agree(now - last_save > 60 * s.checkpoint_minutes) or stopping:
                    self.save(minutes)
                    last_save = time.time()
            self.stop_reason = self.stop_reason or ("all steps done" if self.step >= s.max_steps else "time is up")
            if self.stop_reason != "signal":
                self.validate(minutes)
            self.save(minutes)
            self.say(f"stopped: {self.stop_reason}; step {self.step}, {minutes:.1f} minutes")
        finally:
            batches.stop()
            for sig, handler in previous.items():
                signal.signal(sig, handler)
        self.minutes_before = minutes
        return self

    def _on_signal(self, *_):
        self.stop_reason = "signal"

    def _watch(self, loss):
        """Keeps the last good state; goes back to it, with half the rate, when the loss has left its usual range, or when
        `STUCK` steps in a row were skipped. `loss` is None if no step was taken since the last look: that alone says
        nothing about the run, and is no state to keep."""
        bad = loss is not None and not math.isfinite(loss)
        if loss is not None and self.loss_mean is not None and math.isfinite(loss):
            bad = loss > self.loss_mean + max(1.0, 12 * self.loss_spread)
        stuck = float(self.adam.in_a_row) >= STUCK
        if stuck and self.good is None:
            raise Diverged(f"the first {STUCK} steps were all skipped: their gradients are not finite. The weights they begin with or the rate are not fit for this stage")
        if (bad or stuck) and self.good is not None:
            for tensor, value in zip(self.tensors_of_state(), self.good):
                tensor.copy_(value)
            self.lr_factor *= 0.5
            self.rollbacks += 1
            why = f"loss {loss:.3f}, usual {self.loss_mean:.3f}" if bad else f"{STUCK} steps in a row were skipped"
            self.say(f"rolled back: {why}; the rate is now x {self.lr_factor}")
            return
        if loss is not None and not bad:
            self.good = [t.clone() for t in self.tensors_of_state()]
            if self.loss_mean is None:
                self.loss_mean, self.loss_spread = loss, 0.0
            else:
                self.loss_spread += 0.2 * (abs(loss - self.loss_mean) - self.loss_spread)
                self.loss_mean += 0.3 * (loss - self.loss_mean)

    @contextlib.contextmanager
    def averaged(self):
        """The averaged weights in the network's place, evaluation mode."""
        values, statistics = self.flat.values.clone(), self.flat.statistics.clone()
        self.flat.values.copy_(self.adam.ema)
        self.flat.statistics.copy_(self.adam.ema_statistics)
        training = self.task.network.training
        self.task.network.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.flat.values.copy_(values)
            self.flat.statistics.copy_(statistics)
            self.task.network.train(training)
            self.task.begin_training()

    def validate(self, minutes):
        devices = [self.device] if self.device.type == "cuda" else []
        with self.averaged(), torch.random.fork_rng(devices):  # when it happens must not change what follows
            torch.manual_seed(0)
            figures = self.task.validate()
            shown = self.task.show() if self.log_sink and figures else None
        if not figures:
            return {}
        score = figures.get("score", math.inf)
        better = score < self.best
        self.best, self.stale = (score, 0) if better else (self.best, self.stale + 1)
        if better and self.ranks.rank == 0 and self.out:
            self._write("best", minutes, training=False, figures=figures)
        if self.settings.plateau and self.stale >= self.settings.plateau:
            self.lr_factor, self.stale = self.lr_factor * 0.5, 0
        self._emit({"validation": figures, "step": self.step, "minutes": round(minutes, 2), "best": better}, shown)
        self.say("   held out: " + "  ".join(f"{n} {v:.4f}" for n, v in figures.items()) + ("  (best)" if better else ""))
        return figures

    # -- saying and saving ------------------------------------------------------------------------

    def say(self, line):
        if self.ranks.rank == 0:
            print(("\r\033[K" if sys.stderr.isatty() else "") + line, flush=True)

    def _emit(self, record, shown=None):
        if self.ranks.rank == 0 and self.out:
            os.makedirs(self.out, exist_ok=True)
            with open(os.path.join(self.out, "log.jsonl"), "a") as f:
                f.write(json.dumps(record) + "\n")
        if self.log_sink and self.ranks.rank == 0:
            self.log_sink(record, shown)

    def _report(self, means, values, minutes, speed):
        s = self.settings
        left = min((s.max_steps - self.step) / speed / 60, s.max_minutes - minutes)
        record = {"step": self.step, "minutes": round(minutes, 2), "lr": values[0], **means, "steps_per_second": speed,
                  "skipped": float(self.adam.skipped), "scale": float(self.scaler.scale)}
        self._emit(record)
        done = self.progress(minutes)
        bar = "#" * int(20 * done) + "." * (20 - int(20 * done))
        figures = "  ".join(f"{n} {v:.4g}" for n, v in means.items())
        extra = f"  skipped {int(record['skipped'])}" if record["skipped"] else ""
        extra += f"  scale {record['scale']:g}" if self.scaler.enabled else ""
        self.say(f"[{bar}] step {self.step}  {left:.1f} min left  {speed:.2f} steps/s  lr {values[0]:.1e}  {figures}{extra}")

    def state(self, minutes):
        return {
            "kind": self.task.kind, "network": self.task.network.config, "step": self.step, "minutes": minutes,
            "lr_factor": self.lr_factor, "best": self.best if math.isfinite(self.best) else None, "stale": self.stale,
            "rollbacks": self.rollbacks, "scaler": self.scaler.state(), "settings": dataclasses.asdict(self.settings),
            "options": self.task.options, "data": self.task.facts(), "torch": torch.__version__,
            "loss_mean": self.loss_mean, "loss_spread": self.loss_spread,
        }

    def _named(self, values, statistics):
        """All weights of the objective: the network's under its own names, others (discriminators) with a prefix."""
        named = {"network." + n: t for n, t in self.task.network.state_dict().items()}  # counters of BatchNorm
        named.update({**self.flat.named(values), **self.flat.named_statistics(statistics)})
        network = {n[len("network.") :]: t for n, t in named.items() if n.startswith("network.")}
        return network, {"beside." + n: t for n, t in named.items() if not n.startswith("network.")}

    def _write(self, name, minutes, training=True, figures=None):
        tensors = None
        if training:
            tensors = {"adam." + n: t for n, t in self.adam.state().items()}
            tensors["rng.cpu"] = torch.get_rng_state()
            if self.device.type == "cuda":
                tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        state = self.state(minutes)
        if figures:
            state["figures"] = figures
        weights, beside = self._named(self.flat.values, self.flat.statistics)
        ema, _ = self._named(self.adam.ema, self.adam.ema_statistics)
        if training:
            tensors.update(beside)
        return checkpoint.write(self.out, name, weights, ema, tensors, state)

    def save(self, minutes):
        if self.ranks.rank == 0 and self.out:
            self._write(f"step-{self.step:08d}", minutes)

    def resume(self):
        """Goes on from the newest checkpoint in `out`, to the bit where the device is deterministic. False if none."""
        path = checkpoint.latest(self.out)
        if path is None:
            return False
        weights, _, training, state = checkpoint.read(path)
        if state["data"].get("hash") != self.task.facts().get("hash"):
            self.say("the corpus differs from the one of the checkpoint; going on with the new one")
        self.task.network.load_state_dict(weights)
        for name, tensor in {**self.flat.named(self.flat.values), **self.flat.named_statistics(self.flat.statistics)}.items():
            if not name.startswith("network."):
                tensor.copy_(training["beside." + name])
        for name, tensor in self.adam.state().items():
            tensor.copy_(training["adam." + name])
        self.step, self.minutes_before, self.lr_factor = state["step"], state["minutes"], state["lr_factor"]
        self.best = math.inf if state["best"] is None else state["best"]
        self.stale, self.rollbacks = state["stale"], state["rollbacks"]
        self.loss_mean, self.loss_spread = state["loss_mean"], state["loss_spread"]
        self.scaler.load(state["scaler"])
        torch.set_rng_state(training["rng.cpu"])
        if "rng.cuda" in training and self.device.type == "cuda":
            torch.cuda.set_rng_state(training["rng.cuda"], self.device)
        self.say(f"resumed at step {self.step}")
        return True
