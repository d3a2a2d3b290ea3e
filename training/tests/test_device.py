"""What can be known about a GPU without one: on the device `meta`, which computes nothing, a training step that mixes devices
or waits for a value fails as it would there."""

import contextlib

import pytest
import torch

from tacoglow_train import benchmark
from tacoglow_train.loop import Trainer
from tacoglow_train.optim import Adam, Flat
from tacoglow_train.options import STAGES, Settings
from tacoglow_train.ranks import Ranks
from tacoglow_train.scaler import DynamicLossScaler

TACOTRON = {"encoder_embedding_dim": 16, "symbols_embedding_dim": 16, "prenet_dim": 8, "attention_rnn_dim": 16, "decoder_rnn_dim": 16, "postnet_embedding_dim": 8}
PUBLISHED = {"n_flows": 4, "WN_config": {"n_layers": 2, "n_channels": 8}}  # it has no BatchNorm
SQUEEZED = {**PUBLISHED, "kind": "squeezewave", "n_group": 128, "n_early_every": 2, "n_early_size": 16}


def test_all_vectors_are_on_the_networks_device():
    flat = Flat(torch.nn.Linear(3, 2, device="meta"))
    assert {t.device.type for t in (flat.values, flat.gradient, flat.statistics, *Adam(flat).state().values())} == {"meta"}


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="PyTorch before 2.0 has too little on its meta device; the test above has the essence")
@pytest.mark.parametrize("kind, sizes, stage", [("tacotron2", TACOTRON, None), *(("waveglow", s, stage) for s in (PUBLISHED, SQUEEZED) for stage in STAGES)])
def test_a_step_stays_on_its_device(kind, sizes, stage, monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *a, **k: contextlib.nullcontext())  # unknown there; the CPU's tests have it
    task = benchmark.SyntheticTask(kind, sizes, stage, {"discriminator_width": 4}, 2, 16, 9, "cpu", False)
    task.objective.to("meta")
    task.batch = {n: t.to("meta") for n, t in task.batch.items()}
    ranks = Ranks("cpu")
    ranks.device = torch.device("meta")
    trainer = Trainer(task, None, Settings(precision="fp32"), ranks)
    trainer.scaler = DynamicLossScaler("meta")
    figures = trainer.train_step(task.batch, task.counts(task.batch))
    assert figures.device.type == "meta" and figures.shape == (len(trainer.metric_names) + 1,)
    assert all(t.device.type == "meta" for t in trainer.tensors_of_state())
