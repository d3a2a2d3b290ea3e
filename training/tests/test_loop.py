"""Long runs behave: resumed runs are equal to the bit, killed ones lose little, broken ones go back."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from tacoglow_train import checkpoint, loop
from tacoglow_train.graphs import GraphedStep
from tacoglow_train.loop import Trainer
from tacoglow_train.options import TACOTRON_OPTIONS, VOCODER_OPTIONS, Settings
from tacoglow_train.ranks import Ranks
from tacoglow_train.tasks import TacotronTask, VocoderTask

SMALL = dict(
    symbols_embedding_dim=16, encoder_embedding_dim=16, prenet_dim=12, attention_rnn_dim=16, decoder_rnn_dim=16, attention_dim=8,
    attention_location_n_filters=4, attention_location_kernel_size=7, postnet_embedding_dim=12, n_frames_per_step=2,
)
SQUEEZED = {"kind": "squeezewave", "n_flows": 4, "n_group": 128, "n_early_every": 2, "n_early_size": 16,
            "WN_config": {"n_layers": 2, "n_channels": 16}}


def tacotron_task(corpus, lexicon, **options):
    torch.manual_seed(5)
    options = {**TACOTRON_OPTIONS, "batch": 6, "first_steps": 3, "first_frames": 50, "mix_steps": 4, **options}
    return TacotronTask(SMALL, options, corpus, lexicon, Ranks("cpu"))


def vocoder_task(corpus, stage, **options):
    torch.manual_seed(5)
    return VocoderTask(SQUEEZED, {**VOCODER_OPTIONS, "batch": 3, "crop_frames": 16, "validation_crops": 4, "discriminator_width": 4, **options},
                       stage, corpus, Ranks("cpu"))


def settings(**given):
    return Settings(**{"max_steps": 8, "log_seconds": 1e9, "validate_minutes": 1e9, "checkpoint_minutes": 1e9, "warmup": 2, **given})


TASKS = {
    "tacotron2": lambda corpus, lexicon: tacotron_task(corpus, lexicon),
    "likelihood": lambda corpus, lexicon: vocoder_task(corpus, "likelihood"),
    "adversarial": lambda corpus, lexicon: vocoder_task(corpus, "adversarial"),
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_resume_is_equal_to_the_bit(kind, precision, corpus, lexicon, tmp_path):
    """Eight steps, against five, a new process's worth of objects, and three more: weights, averages, moments, scaler."""
    if precision == "fp16" and kind == "adversarial":
        pytest.skip("one precision is enough for the slowest task")
    whole = Trainer(TASKS[kind](corpus, lexicon), str(tmp_path / "whole"), settings(precision=precision), Ranks("cpu"))
    whole.run()
    first = Trainer(TASKS[kind](corpus, lexicon), str(tmp_path / "parts"), settings(precision=precision), Ranks("cpu"))
    original = first.rate

    def stop_at_five(progress):
        if first.step == 4:
            first.stop_reason = "signal"
        return original(progress)

    first.rate = stop_at_five
    first.run()
    assert first.step == 5
    torch.manual_seed(99)  # the checkpoint must bring its own random state
    second = Trainer(TASKS[kind](corpus, lexicon), str(tmp_path / "parts"), settings(precision=precision), Ranks("cpu"))
    second.resume(checkpoint.latest(str(tmp_path / "parts")))
    assert second.step == 5
    second.run()
    for a, b in zip(whole.tensors_of_state(), second.tensors_of_state()):
        assert torch.equal(a, b)


def test_checkpoint_is_complete_or_absent(corpus, lexicon, tmp_path):
    """The name appears only when everything is in it; old ones go; an unfinished one is not read."""
    trainer = Trainer(tacotron_task(corpus, lexicon), str(tmp_path), settings(), Ranks("cpu"))
    for step in (1, 2, 3):
        trainer.step = step
        trainer.save(0.0)
    os.makedirs(tmp_path / "step-00000009.writing")
    assert [s for s, _ in checkpoint.steps_in(str(tmp_path))] == [2, 3]
    assert checkpoint.latest(str(tmp_path)).endswith("step-00000003")


def test_rollback_when_the_loss_leaves_its_range(corpus, lexicon):
    trainer = Trainer(tacotron_task(corpus, lexicon), None, settings(), Ranks("cpu"))
    for loss in (3.0, 2.9, 2.8):
        trainer._watch(loss)
    good = trainer.flat.values.clone()
    trainer.flat.values.add_(100.0)
    trainer._watch(50.0)
    assert torch.equal(trainer.flat.values, good) and trainer.lr_factor == 0.5 and trainer.rollbacks == 1
    trainer.flat.values.fill_(float("nan"))
    trainer._watch(float("nan"))
    assert torch.equal(trainer.flat.values, good) and trainer.lr_factor == 0.25


@pytest.mark.parametrize("poisoned, expected", [({4}, (0, 1.0)), (set(range(4, 99)), (1, 1.0))], ids=["once", "from then on"])
def test_a_skipped_step_is_no_reason_to_roll_back(poisoned, expected, corpus, tmp_path, monkeypatch):
    """One recording that is not a number is passed over. After three of them in a row the last good state returns, its
    count of skipped steps too; the fourth is then the first of the next three."""
    monkeypatch.setattr(loop, "STUCK", 3)
    task = vocoder_task(corpus, "inverse")
    plain = task.batches

    def batches(step):
        batch = plain(step)
        return {**batch, "audio": batch["audio"] * float("nan")} if step in poisoned else batch

    task.batches = batches
    trainer = Trainer(task, str(tmp_path), settings(log_seconds=0.0), Ranks("cpu")).run()
    assert bool(torch.isfinite(trainer.flat.values).all()) and trainer.step == 8
    assert (trainer.rollbacks, float(trainer.adam.skipped)) == expected


def test_rollback_from_weights_of_which_nothing_comes(corpus, tmp_path, monkeypatch):
    """The step that spoils them is itself in order, and the state after it must not be taken for a good one."""
    monkeypatch.setattr(loop, "STUCK", 3)
    trainer = Trainer(vocoder_task(corpus, "inverse"), str(tmp_path), settings(log_seconds=0.0, max_steps=10), Ranks("cpu"))
    step, calls = trainer.adam.step, []

    def spoils_once(*arguments):
        result = step(*arguments)
        calls.append(result)
        if len(calls) == 4:
            trainer.flat.values.mul_(1e30)
        return result

    monkeypatch.setattr(trainer.adam, "step", spoils_once)
    trainer.run()
    assert trainer.rollbacks == 1 and float(trainer.adam.skipped) == 0 and trainer.lr_factor == 0.5
    assert float(trainer.flat.values.abs().max()) < 1e3


@pytest.mark.parametrize("kind", ["tacotron2", "likelihood"])
def test_a_skipped_step_leaves_the_statistics(kind, corpus, lexicon):
    """BatchNorm takes in a batch as it passes, long before the gradient shows that it was not a number."""
    task = TASKS[kind](corpus, lexicon)
    trainer = Trainer(task, None, settings(), Ranks("cpu"))
    task.network.train()
    batch = task.batches(0)
    counts = task.counts(batch)
    before = [t.clone() for t in trainer.tensors_of_state()[:2]] + [trainer.adam.ema_statistics.clone()]
    trainer.train_step({n: t * float("nan") if n == "mels" else t for n, t in batch.items()}, counts)
    after = trainer.tensors_of_state()[:2] + [trainer.adam.ema_statistics]
    assert float(trainer.adam.skipped) == 1 and all(torch.equal(a, b) for a, b in zip(before, after))
    trainer.train_step(batch, counts)
    assert not torch.equal(trainer.flat.statistics, before[1])


@pytest.mark.parametrize("kind", ["tacotron2", "adversarial"])
def test_a_capture_leaves_no_trace(kind, corpus, lexicon, monkeypatch):
    """A CUDA graph's rehearsal takes real steps; also when the capture fails then, the state that is put back is all there is."""
    nothing = lambda *a, **k: contextlib.nullcontext()
    stream = type("Stream", (), {"wait_stream": nothing})
    for name in ("graph_pool_handle", "synchronize", "stream", "CUDAGraph"):
        monkeypatch.setattr(torch.cuda, name, nothing)
    for name in ("Stream", "current_stream"):
        monkeypatch.setattr(torch.cuda, name, stream)
    monkeypatch.setattr(torch.cuda, "graph", lambda *a, **k: (_ for _ in ()).throw(RuntimeError("operation not permitted")))
    after = []
    for rehearsed in (False, True):
        task = TASKS[kind](corpus, lexicon)
        trainer = Trainer(task, None, settings(), Ranks("cpu"))
        trainer.controls.copy_(torch.tensor([1e-3, *task.controls(0).values()]))
        task.network.train()
        task.begin_training()
        batch = task.batches(0)
        counts = task.counts(batch)
        if rehearsed:
            with pytest.raises(RuntimeError, match="not permitted"):
                GraphedStep(trainer.train_step, trainer.tensors_of_state())(batch, counts, contextlib.nullcontext())
        torch.manual_seed(3)
        trainer.train_step(batch, counts)
        after.append([t.clone() for t in trainer.tensors_of_state()])
    assert all(torch.equal(a, b) for a, b in zip(*after)) and float(trainer.adam.steps) == 1


def test_a_run_that_never_takes_a_step_ends(corpus, tmp_path, monkeypatch):
    """Nothing is good to go back to: better an error at once than a night of skipped steps."""
    monkeypatch.setattr(loop, "STUCK", 3)
    task = vocoder_task(corpus, "inverse")
    plain = task.batches
    task.batches = lambda step: {n: t * float("nan") for n, t in plain(step).items()}
    with pytest.raises(loop.Diverged, match="all skipped"):
        Trainer(task, str(tmp_path), settings(log_seconds=0.0), Ranks("cpu")).run()


def test_the_log_holds_what_one_wants_to_see(corpus, lexicon):
    """What TensorBoard is given: losses, speed, loss scale, and held-out figures with pictures and sounds."""
    for task, pictures in ((tacotron_task(corpus, lexicon), {"mel", "mel of the recording", "alignment"}), (vocoder_task(corpus, "inverse"), {"made", "recorded"})):
        seen = []
        Trainer(task, None, settings(max_steps=2, log_seconds=0.0, precision="fp16"), Ranks("cpu"), lambda *a: seen.append(a)).run()
        assert {"loss", "gradient", "lr", "steps_per_second", "skipped", "scale"} <= set(seen[0][0]) and seen[0][0]["scale"] == 2.0**16
        figures, shown = seen[-1]
        assert figures["validation"]["score"] > 0 and set(shown) == pictures


def test_rate_is_halved_on_a_plateau(corpus):
    trainer = Trainer(vocoder_task(corpus, "inverse"), None, settings(plateau=2), Ranks("cpu"))
    trainer.task.validate = lambda: {"score": 1.0}
    factors = [trainer.validate(0.0) and trainer.lr_factor for _ in range(5)]
    assert factors == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_rate_warms_up_holds_and_anneals(corpus, lexicon):
    trainer = Trainer(tacotron_task(corpus, lexicon), None, settings(lr=1.0, warmup=10, max_steps=100, anneal=0.5, final_lr=0.1), Ranks("cpu"))
    rates = []
    for trainer.step in range(100):
        rates.append(trainer.rate(trainer.progress(0.0)))
    assert rates[0] == pytest.approx(0.1) and rates[9] == 1.0 and rates[50] == 1.0
    assert rates[75] == pytest.approx(0.1 + 0.9 * 0.5) and rates[99] == pytest.approx(0.1, abs=2e-3)
    assert all(a >= b for a, b in zip(rates[10:], rates[11:]))


def test_batches_cover_an_epoch_and_split_over_ranks(corpus):
    from tacoglow_train.data import BatchPlan

    plans = [BatchPlan(corpus.training, corpus.frames, 4, world=2, rank=r) for r in (0, 1)]
    steps = plans[0].steps
    seen = np.concatenate([np.concatenate([p(s) for p in plans]) for s in range(steps)])
    assert len(seen) == len(set(seen.tolist())) == steps * 8
    assert all(len(p(s)) == 4 for p in plans for s in range(2 * steps))
    one = BatchPlan(corpus.training, corpus.frames, 8)
    assert [sorted(one(s)) for s in range(steps)] == [sorted(np.concatenate([p(s) for p in plans])) for s in range(steps)]


def command(packed, out, lexicon_path, *more):
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    return [sys.executable, "-m", "tacoglow_train", "train", "tacotron2", "--config", "tiny", "--data", packed,
            "--out", out, "--device", "cpu", "--threads", "1", "--lexicon", lexicon_path, *more], here


@pytest.fixture
def lexicon_path(tmp_path):
    (tmp_path / "words.dict").write_text("red R EH1 D\n")
    return str(tmp_path / "words.dict")


def test_sigterm_saves_and_resume_goes_on(packed, tmp_path, lexicon_path):
    out = str(tmp_path / "run")
    args, here = command(packed, out, lexicon_path, "--max-steps", "100000", "--set", "log_seconds=0.2")
    process = subprocess.Popen(args, cwd=here, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "steps/s" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    step = checkpoint.steps_in(out)[-1][0]
    assert step > 0
    args, _ = command(packed, out, lexicon_path, "--resume", "--max-steps", str(step + 3))
    done = subprocess.run(args, cwd=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and f"resumed at step {step}" in done.stdout, done.stdout + done.stderr
    assert checkpoint.steps_in(out)[-1][0] == step + 3
    again = subprocess.run(command(packed, out, lexicon_path)[0], cwd=here, capture_output=True, text=True)
    assert again.returncode != 0 and "holds a run already" in again.stderr  # never written over by mistake


def test_a_resumed_run_keeps_its_stage_and_options(packed, tmp_path):
    """`--resume` alone goes on as begun; another stage is another run."""
    out = str(tmp_path / "run")
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    train = lambda *more: subprocess.run([sys.executable, "-m", "tacoglow_train", "train", "waveglow", "--config", "tiny", "--data", packed, "--out", out,
                                          "--device", "cpu", "--threads", "1", *more], cwd=here, capture_output=True, text=True, timeout=120)  # fmt: skip
    done = train("--stage", "inverse", "--max-steps", "2", "--lr", "2e-4", "--set", "mel_weight=3.0")
    assert done.returncode == 0, done.stdout + done.stderr
    done = train("--resume", "--max-steps", "4")
    assert done.returncode == 0 and "resumed at step 2" in done.stdout, done.stdout + done.stderr
    state = checkpoint.read_state(checkpoint.latest(out))
    assert state["step"] == 4 and state["data"]["stage"] == "inverse"
    assert state["options"]["mel_weight"] == 3.0 and state["settings"]["lr"] == 2e-4
    other = train("--resume", "--stage", "likelihood")
    assert other.returncode != 0 and "--warm-start" in other.stderr


def test_max_minutes_stops_in_time(packed, tmp_path, lexicon_path):
    out = str(tmp_path / "run")
    start = time.time()
    args, here = command(packed, out, lexicon_path, "--max-minutes", "0.05")
    done = subprocess.run(args, cwd=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "time is up" in done.stdout, done.stdout + done.stderr
    assert time.time() - start < 60
    with open(os.path.join(out, "log.jsonl")) as f:
        records = [json.loads(line) for line in f]
    assert any("validation" in r for r in records)
    assert os.path.exists(os.path.join(out, "best", "ema.safetensors"))
