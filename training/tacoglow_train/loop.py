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
import dataclasses
import json
import math
import os
import shutil
import signal
import sys
import time

import torch

from . import Mistake, checkpoint
from .data import Prefetch
from .graphs import GraphedStep
from .optim import Adam, Flat
from .scaler import DynamicLossScaler


class Diverged(Mistake):
    """The run cannot go on; its last checkpoint is as good as it was."""


STUCK = 50  # skipped steps in a row after which the last good state comes back


def autocast(precision, device):
    """Arithmetic of the networks. The CPU has no f16 autocast before torch 2.3: there fp16 only exercises the scaling."""
    dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    if dtype is None or (device.type == "cpu" and dtype == torch.float16):
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)


class Trainer:
    def __init__(self, task, out, settings, ranks, log=None, origin=None):
        self.task, self.out, self.settings, self.ranks, self.device = task, out, settings, ranks, ranks.device
        self.log_sink, self.origin = log, origin
        self.flat = Flat(task.objective)
        self.adam = Adam(self.flat, settings.betas, 1e-8, settings.weight_decay, settings.clip, settings.outlier, settings.ema)
        self.scaler = DynamicLossScaler(self.device, enabled=settings.precision == "fp16")
        self.objective = task.objective
        if ranks.world > 1:  # statistics of BatchNorm are each rank's own, as in the published recipe
            self.objective = torch.nn.parallel.DistributedDataParallel(task.objective, broadcast_buffers=False)
        self.step, self.minutes_before, self.lr_factor, self.best, self.stale = 0, 0.0, 1.0, math.inf, 0
        self.control_names = ["lr"] + list(task.controls(0))
        self.controls = torch.zeros(len(self.control_names), device=self.device)
        self.good, self.unproven, self.loss_mean, self.loss_spread = None, None, None, 0.0
        self.stop_reason, self.rollbacks, self.metric_names = "", 0, None
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

    def step_function(self, prefetch):
        """(batch, counts) -> figures: as a CUDA graph where the settings allow it and a capture succeeds."""
        plain = self.train_step
        if not (self.settings.graphs and self.device.type == "cuda" and self.ranks.world == 1):
            return plain
        graphed = GraphedStep(plain, self.tensors_of_state())

        def step(batch, counts):
            nonlocal graphed
            if graphed:
                try:
                    return graphed(batch, counts, prefetch.working)
                except RuntimeError as error:
                    self.say(f"no CUDA graph ({str(error).strip().splitlines()[:1]}); going on without")
                    graphed = None
            return plain(batch, counts)

        return step

    def run(self):
        s, start = self.settings, time.time()
        previous = {sig: signal.signal(sig, self._on_signal) for sig in (signal.SIGTERM, signal.SIGINT)}
        prefetch = Prefetch(self.task.batches, self.step)
        step_function = self.step_function(prefetch)
        minutes, sums, steps, stopping = self.minutes_before, None, 0, False
        last_log = last_save = last_validation = start
        self.task.network.train()
        self.task.begin_training()
        self.unproven = [t.clone() for t in self.tensors_of_state()]
        try:
            while self.step < s.max_steps and minutes < s.max_minutes and not stopping:
                values = [self.rate(self.progress(minutes)), *self.task.controls(self.step).values()]
                self.controls.copy_(torch.tensor(values))
                batch = prefetch()
                figures = step_function(batch, self.ranks.mean(self.task.counts(batch)))
                sums = figures.clone() if sums is None else sums.add_(figures)
                self.step, steps, now = self.step + 1, steps + 1, time.time()
                minutes, stopping, log, validate, save = self.ranks.most(
                    self.minutes_before + (now - start) / 60, bool(self.stop_reason), now - last_log > s.log_seconds,
                    now - last_validation > 60 * s.validate_minutes, now - last_save > 60 * s.checkpoint_minutes,
                )
                if log or stopping or self.step >= s.max_steps or minutes >= s.max_minutes:
                    sums = self.ranks.mean(sums)
                    # Means over the steps that were taken; none, if all were skipped.
                    means = dict(zip(self.metric_names, (sums[:-1] / sums[-1]).tolist())) if float(sums[-1]) > 0 else {}
                    self._report(means, values, minutes, steps / (now - last_log))
                    self._watch(means.get("loss"))
                    sums, steps, last_log = None, 0, time.time()
                if validate:
                    self.validate(minutes)
                    last_validation = time.time()
                if save and not stopping:
                    self._try(self.save, minutes)
                    last_save = time.time()
            if not stopping:
                self.stop_reason = "all steps done" if self.step >= s.max_steps else "time is up"
                self.validate(minutes)
            self.save(minutes)
            self.say(f"stopped: {self.stop_reason or 'signal'}; step {self.step}, {minutes:.1f} minutes")
        finally:
            prefetch.stop()
            for sig, handler in previous.items():
                signal.signal(sig, handler)
        self.minutes_before = minutes
        return self

    def _on_signal(self, *_):
        self.stop_reason = "signal"

    def _watch(self, loss):
        """Goes back to the last good state, with half the rate, when the loss has left its usual range, or when `STUCK` steps in
        a row were skipped. A state is good when steps were taken from it and their loss was usual: a step can leave weights of
        which nothing finite comes, and that shows in the next one. `loss` is None if no step was taken since the last look:
        that alone says nothing about the run."""
        bad = loss is not None and not math.isfinite(loss)
        if loss is not None and self.loss_mean is not None and math.isfinite(loss):
            bad = loss > self.loss_mean + max(1.0, 12 * self.loss_spread)
        stuck = float(self.adam.in_a_row) >= STUCK
        if stuck and self.good is None:
            raise Diverged(f"the first {STUCK} steps were all skipped: their gradients are not finite. The weights they begin with or the rate do not suit this stage")
        if (bad or stuck) and self.good is not None:
            for tensor, value in zip(self.tensors_of_state(), self.good):
                tensor.copy_(value)
            self.unproven = self.good
            self.lr_factor *= 0.5
            self.rollbacks += 1
            why = f"loss {loss:.3f}, usual {self.loss_mean:.3f}" if bad else f"{STUCK} steps in a row were skipped"
            self.say(f"rolled back: {why}; the rate is now x {self.lr_factor}")
            return
        if loss is not None and not bad:
            if float(self.adam.in_a_row) == 0:
                self.good, self.unproven = self.unproven, [t.clone() for t in self.tensors_of_state()]
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
        score = self.ranks.most(figures.get("score", -math.inf))[0]  # BatchNorm's statistics differ, but not what follows
        better = "score" not in figures or score < self.best
        self.best, self.stale = (score, 0) if better else (self.best, self.stale + 1)
        if better and self.ranks.rank == 0 and self.out:
            self._try(self._write, "best", minutes, None, figures)
        if self.settings.plateau and self.stale >= self.settings.plateau:
            self.lr_factor, self.stale = self.lr_factor * 0.5, 0
        self._emit({"validation": figures, "step": self.step, "minutes": round(minutes, 2), "best": better}, shown)
        self.say("   held out: " + "  ".join(f"{n} {v:.4f}" for n, v in figures.items()) + ("  (best)" if better else ""))
        return figures

    # -- saying and saving ------------------------------------------------------------------------

    def say(self, line, bar=False):
        """A line; on a terminal a progress bar stays at the bottom and is drawn over."""
        if self.ranks.rank != 0:
            return
        if sys.stdout.isatty():
            line = line[: shutil.get_terminal_size().columns - 1] if bar else line + "\n"
            print("\r\033[K" + line, end="", flush=True)
        else:
            print(line, flush=True)

    def _try(self, write, *arguments):
        """A disk that is full now may not be so later, and the run is worth more than one of its checkpoints."""
        try:
            write(*arguments)
        except OSError as error:
            self.say(f"not saved: {error}")

    def _log(self, record):
        os.makedirs(self.out, exist_ok=True)
        with open(os.path.join(self.out, "log.jsonl"), "a") as f:
            f.write(json.dumps(record) + "\n")

    def _emit(self, record, shown=None):
        if self.ranks.rank == 0 and self.out:
            self._try(self._log, record)
        if self.log_sink and self.ranks.rank == 0:
            self._try(self.log_sink, record, shown)

    def _report(self, means, values, minutes, speed):
        s = self.settings
        left = max(0.0, min((s.max_steps - self.step) / speed / 60, s.max_minutes - minutes))
        record = {"step": self.step, "minutes": round(minutes, 2), "lr": values[0], **means, "steps_per_second": speed,
                  "skipped": float(self.adam.skipped), "scale": float(self.scaler.scale)}
        self._emit(record)
        done = int(20 * self.progress(minutes))
        figures = "  ".join(f"{n} {v:.4g}" for n, v in means.items())
        extra = f"  skipped {int(record['skipped'])}" if record["skipped"] else ""
        extra += f"  scale {record['scale']:g}" if self.scaler.enabled else ""
        self.say(f"[{'#' * done:.<20}] step {self.step}  {left:.1f} min left  {speed:.2f} steps/s  lr {values[0]:.1e}  {figures}{extra}", bar=True)

    def state(self, minutes):
        return {
            "kind": self.task.kind, "network": self.task.network.config, "step": self.step, "minutes": minutes,
            "lr_factor": self.lr_factor, "best": self.best if math.isfinite(self.best) else None, "stale": self.stale,
            "rollbacks": self.rollbacks, "scaler": self.scaler.state(), "settings": dataclasses.asdict(self.settings),
            "options": self.task.options, "data": self.task.facts(), "origin": self.origin, "torch": torch.__version__,
            "loss_mean": self.loss_mean, "loss_spread": self.loss_spread,
        }

    def _named(self, values, statistics):
        """All weights of the objective: the network's under its own names, others (discriminators) with a prefix."""
        named = {"network." + n: t for n, t in self.task.network.state_dict().items()}  # counters of BatchNorm
        named.update({**self.flat.named(values), **self.flat.named_statistics(statistics)})
        network = {n[len("network.") :]: t for n, t in named.items() if n.startswith("network.")}
        return network, {"beside." + n: t for n, t in named.items() if not n.startswith("network.")}

    def _write(self, name, minutes, own=None, figures=None):
        """A checkpoint; with what each rank has to itself (`own`) it is one to go on from."""
        state = self.state(minutes)
        if figures:
            state["figures"] = figures
        weights, beside = self._named(self.flat.values, self.flat.statistics)
        ema, _ = self._named(self.adam.ema, self.adam.ema_statistics)
        training = None
        if own:
            training = {**beside, **{"adam." + n: t for n, t in self.adam.state().items()}, **own[0]}
            training.update({f"rank{r}.{n}": t for r, tensors in enumerate(own[1:], 1) for n, t in tensors.items()})
        return checkpoint.write(self.out, name, weights, ema, training, state)

    def _own(self):
        """What differs between the ranks: random states and BatchNorm's statistics."""
        own = {"rng.cpu": torch.get_rng_state(), "statistics": self.flat.statistics.cpu(), "ema_statistics": self.adam.ema_statistics.cpu()}
        if self.device.type == "cuda":
            own["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        return own

    def save(self, minutes):
        own = self.ranks.gather(self._own())
        if self.ranks.rank == 0 and self.out:
            self._write(f"step-{self.step:08d}", minutes, own)

    def resume(self, path):
        """Goes on from a checkpoint, to the bit where the device is deterministic and the ranks are as many as before."""
        weights, training, state = checkpoint.read(path)
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
        self.stale, self.rollbacks, self.origin = state["stale"], state["rollbacks"], state.get("origin")
        self.loss_mean, self.loss_spread = state["loss_mean"], state["loss_spread"]
        self.scaler.load(state["scaler"])
        own = {n: training.get((f"rank{self.ranks.rank}." if self.ranks.rank else "") + n) for n in self._own()}
        if own["rng.cpu"] is None:  # there were fewer ranks
            torch.manual_seed(self.settings.seed + 1000 * self.ranks.rank + self.step)
        else:
            torch.set_rng_state(own["rng.cpu"])
        if own.get("rng.cuda") is not None:
            torch.cuda.set_rng_state(own["rng.cuda"], self.device)
        if own["statistics"] is not None:
            self.flat.statistics.copy_(own["statistics"])
            self.adam.ema_statistics.copy_(own["ema_statistics"])
        self.say(f"resumed at step {self.step}")
