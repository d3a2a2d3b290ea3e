"""Both networks learn a few clips by heart: every piece of the training works together."""

import numpy as np
import pytest
import torch

from tacoglow_train.loop import Trainer
from tacoglow_train.options import TACOTRON_OPTIONS, VOCODER_OPTIONS, Settings
from tacoglow_train.ranks import Ranks
from tacoglow_train.tasks import TacotronTask, VocoderTask

QUIET = {"log_seconds": 1e9, "validate_minutes": 1e9, "checkpoint_minutes": 1e9, "warmup": 20, "ema": 0.95}


def few(corpus, count):
    """The same corpus with only its first clips for training."""
    import copy

    small = copy.copy(corpus)
    small.training = corpus.training[:count]
    return small


def test_tacotron_learns_four_clips_and_their_alignment(corpus, lexicon):
    """Attention from known word times, then free running: it stops by its gate, near the right length and mel."""
    sizes = dict(symbols_embedding_dim=48, encoder_embedding_dim=48, prenet_dim=48, attention_rnn_dim=64, decoder_rnn_dim=64, attention_dim=32,
                 attention_location_n_filters=8, attention_location_kernel_size=15, postnet_embedding_dim=32, n_frames_per_step=2,
                 p_prenet_dropout=0.2)
    options = {**TACOTRON_OPTIONS, "batch": 4, "first_steps": 0, "mix_steps": 60, "arpabet": 1.0, "dropout": (0.0, 0.0, 0.0), "guide_hold": 300}
    torch.manual_seed(1)
    task = TacotronTask(sizes, options, few(corpus, 4), lexicon, Ranks("cpu"))
    trainer = Trainer(task, None, Settings(max_steps=300, lr=4e-3, **QUIET), Ranks("cpu")).run()
    clips = task.corpus.training
    batch = task.rest.collate(clips, np.random.default_rng(0), arpabet=1.0)
    with trainer.averaged():
        _, losses = task.objective(batch, task.counts(batch), {"mix": 0.0, "guide_weight": 0.0})
        _, mels, _, _, frames = task.network.infer(batch["symbols"], batch["lengths"], dropout=False, max_steps=80)
    assert float(losses["aligned"]) > 0.95 and float(losses["postnet"]) < 0.35, {n: float(v) for n, v in losses.items()}
    for i, clip in enumerate(clips):
        assert abs(int(frames[i]) - int(corpus.frames[clip])) <= 8  # 90 ms
        count = min(int(frames[i]), int(corpus.frames[clip]))
        error = (mels[i, :count] - batch["mels"][i, :count]).abs().mean()
        assert float(error) < 1.0  # of a range of eleven


SQUEEZED = {"kind": "squeezewave", "n_flows": 6, "n_group": 64, "n_early_every": 2, "n_early_size": 8, "WN_config": {"n_layers": 3, "n_channels": 48}}
PUBLISHED = {"n_flows": 4, "n_early_every": 2, "WN_config": {"n_layers": 4, "n_channels": 16}}


@pytest.mark.parametrize("sizes,steps,margin,factor", [(SQUEEZED, 120, 0.4, 0.6), (PUBLISHED, 80, 0.0, 0.75)], ids=["squeezewave", "waveglow"])
def test_vocoder_learns_by_likelihood_then_through_the_inverse(sizes, steps, margin, factor, corpus):
    """Likelihood rises above that of a Gaussian, then the spectral stage brings the sound made from noise far closer."""
    small, ranks = few(corpus, 4), Ranks("cpu")
    options = {**VOCODER_OPTIONS, "batch": 4, "crop_frames": 12, "noise": 1e-3, "validation_crops": 4}
    torch.manual_seed(1)
    task = VocoderTask(sizes, options, "likelihood", small, ranks)
    gaussian = float(np.log(float(task.batches(0)["audio"].std())) + 0.5)
    trainer = Trainer(task, None, Settings(max_steps=steps, lr=2e-3, **QUIET), ranks).run()
    with trainer.averaged():
        assert float(task.objective.likelihood(task.batches(0))) < gaussian - margin
        weights = {n: t.clone() for n, t in task.network.state_dict().items()}
    tuned = VocoderTask(sizes, options, "inverse", small, ranks)
    tuned.network.load_state_dict(weights)

    def distance():
        batch = tuned.batches(0)
        with torch.no_grad(), torch.random.fork_rng([]):
            torch.manual_seed(0)
            return sum(map(float, tuned.spectral(tuned.network.inverse(batch["mels"], 0.6), batch["audio"])))

    tuned.network.eval()
    before = distance()
    trainer = Trainer(tuned, None, Settings(max_steps=steps, lr=2e-3, betas=(0.9, 0.99), **QUIET), ranks).run()
    with trainer.averaged():
        after = distance()
    assert after < factor * before, (before, after)
