"""Two gloo ranks make the gradients of one process with the joined batch, take the same steps, stop together and resume exactly."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tacoglow_train import checkpoint

WORKER = r"""
import sys
sys.path[:0] = [sys.argv[4], sys.argv[5]]
import torch
torch.set_num_threads(1)
from tacoglow_train.data import Corpus
from tacoglow_train.loop import Trainer
from tacoglow_train.ranks import Ranks
from tacoglow_train.text import Lexicon
from test_loop import settings, tacotron_task, vocoder_task

kind, packed, out, lexicon = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[6]
ranks, corpus = Ranks("cpu"), Corpus(packed)
batch = 8 // ranks.world
if kind == "tacotron2":
    task = tacotron_task(corpus, Lexicon(lexicon), batch=batch, first_steps=0, mix_steps=0, arpabet=1.0, dropout=(0.0, 0.0, 0.0))
    task.first.plan.world = task.rest.plan.world = ranks.world
    for module in task.network.modules():  # its statistics are each rank's own by design, so they are frozen here
        if isinstance(module, torch.nn.BatchNorm1d):
            module.eval()
    task.network.decoder.prenet.dropout = 0.0
else:
    task = vocoder_task(corpus, kind, batch=batch, noise=0.0, sigma=0.0)
    task.network.freeze_statistics()
    joined = vocoder_task(corpus, kind, batch=8, noise=0.0).batches
    joined.rank = 0
    task.batches = lambda step: {n: t[ranks.rank :: ranks.world] for n, t in joined(step).items()}
if kind == "adversarial":  # spectral convergence is a ratio of norms, and over ranks the mean of theirs; all the rest is exact
    class Distance(torch.nn.Module):
        def forward(self, made, true):
            return (made - true).abs().mean(), (made - true).pow(2).mean()
    task.objective.spectral = Distance()
trainer = Trainer(task, None, settings(), ranks)
generator = torch.Generator().manual_seed(4)
for name, tensor in task.network.state_dict().items():
    if ".end." in name:  # zero at first: most gradients would be nothing
        tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.05)
gradients = []
for step in range(3):  # the rate is zero for two batches, then a step is taken
    trainer.controls.copy_(torch.tensor([0.0 if step < 2 else 1e-3] + list(task.controls(step).values())))
    data = task.batches(step)
    figures = trainer.train_step(data, ranks.mean(task.counts(data)))
    gradients.append(trainer.flat.gradient.clone())
torch.save({"gradients": gradients, "values": trainer.flat.values}, out + str(ranks.rank))
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def run(world, kind, packed, out, lexicon):
    here = os.path.dirname(os.path.abspath(__file__))
    port, workers = free_port(), []
    for rank in range(world):
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        if world > 1:
            env.update(WORLD_SIZE=str(world), RANK=str(rank), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
        args = [sys.executable, "-c", WORKER, kind, packed, out, here, os.path.join(here, ".."), lexicon]
        workers.append(subprocess.Popen(args, env=env, stderr=subprocess.PIPE, text=True))
    for worker in workers:
        _, error = worker.communicate(timeout=240)
        assert worker.returncode == 0, error
    return [torch.load(out + str(rank)) for rank in range(world)]


@pytest.mark.parametrize("kind", ["tacotron2", "likelihood", "adversarial"])
def test_two_ranks_equal_one(kind, packed, tmp_path):
    if not torch.distributed.is_available():
        pytest.fail("this torch has no distributed package")
    lexicon = tmp_path / "words.dict"
    lexicon.write_text("red R EH1 D\ngo G OW1\n")
    one = run(1, kind, packed, str(tmp_path / "one"), str(lexicon))[0]
    first, second = run(2, kind, packed, str(tmp_path / "two"), str(lexicon))
    for a, b in zip(one["gradients"], first["gradients"]):
        assert float(a.norm()) > 1e-3
        torch.testing.assert_close(a, b, atol=1e-5 * float(a.abs().max()), rtol=1e-3)
    assert torch.equal(first["values"], second["values"])  # both ranks took the same step


def train(packed, out, *more):
    """Two ranks of the command; they are given back running."""
    here, port = os.path.dirname(os.path.abspath(__file__)), free_port()
    args = [sys.executable, "-m", "tacoglow_train", "train", "waveglow", "--config", "tiny", "--data", packed, "--out", out, "--device", "cpu",
            "--threads", "1", "--set", "anneal=0.0", *more]  # fmt: skip
    ranks = [{"WORLD_SIZE": "2", "RANK": r, "LOCAL_RANK": r, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"} for r in "01"]
    return [subprocess.Popen(args, env={**os.environ, **r}, cwd=os.path.join(here, ".."), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for r in ranks]


def finish(workers):
    said = [w.communicate(timeout=240)[0] for w in workers]
    assert [w.returncode for w in workers] == [0, 0], said
    return said[0]


def test_ranks_resume_exactly_and_stop_together(packed, tmp_path):
    """Each rank has random numbers and BatchNorm statistics of its own, and the signal reaches only one of them."""
    workers = train(packed, str(tmp_path / "parts"), "--max-steps", "100000", "--set", "log_seconds=0.1")
    next(line for line in workers[0].stdout if "steps/s" in line)
    workers[1].send_signal(signal.SIGTERM)
    assert "stopped: signal" in finish(workers)
    step = checkpoint.steps_in(str(tmp_path / "parts"))[-1][0]
    assert f"resumed at step {step}" in finish(train(packed, str(tmp_path / "parts"), "--resume", "--max-steps", str(step + 2)))
    finish(train(packed, str(tmp_path / "whole"), "--max-steps", str(step + 2)))
    for name in ("weights", "ema", "training"):
        whole, parts = (load_file(tmp_path / run / f"step-{step + 2:08d}" / f"{name}.safetensors") for run in ("whole", "parts"))
        assert whole.keys() == parts.keys() and all(torch.equal(t, parts[n]) for n, t in whole.items())
    assert not torch.equal(whole["rng.cpu"], whole["rank1.rng.cpu"]) and not torch.equal(whole["statistics"], whole["rank1.statistics"])
