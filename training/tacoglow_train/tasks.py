"""What is trained: the task of each network, for `loop.Trainer`."""

import numpy as np
import torch
from torch import nn

from . import Mistake
from .data import BatchPlan, TacotronBatches, VocoderBatches, alignment_target
from .discriminators import Discriminators
from .losses import (
    SpectralLoss,
    adversarial_loss,
    discriminator_loss,
    feature_loss,
    tacotron_counts,
    tacotron_losses,
    waveglow_likelihood,
)
from .tacotron2 import Tacotron2
from .waveglow import WaveGlow


class TacotronObjective(nn.Module):
    """Teacher-forced losses; the attention is read with a share `mix` of the known alignment."""

    def __init__(self, network, tail):
        super().__init__()
        self.network, self.tail = network, tail

    def forward(self, batch, counts, controls):
        target = alignment_target(batch["centres"], batch["lengths"], batch["symbols"].shape[1])
        known = batch["known"].view(-1, 1, 1)
        mix = controls["mix"] * known[:, 0] if torch.is_tensor(controls["mix"]) else controls["mix"]
        outputs = self.network(batch["symbols"], batch["lengths"], batch["mels"], batch["frames"], target, mix)
        losses = tacotron_losses(outputs, batch, counts, self.network.decoder.r, self.tail)
        loss = losses["mel"] + losses["postnet"] + losses["absolute"] + losses["gate"] + controls["guide_weight"] * losses["guide"]
        return loss, losses


class TacotronTask:
    kind = "tacotron2"

    def __init__(self, config, options, corpus, lexicon, ranks):
        self.options, self.corpus, self.ranks = options, corpus, ranks
        self.network = Tacotron2(config, tuple(options["dropout"])).to(ranks.device)
        # Mels have a mean of about -5: starting there saves the first hundred steps.
        nn.init.constant_(self.network.decoder.linear_projection.linear_layer.bias, -5.0)
        self.objective = TacotronObjective(self.network, options["gate_tail"])
        r, seed = self.network.decoder.r, options["seed"]
        frames = corpus.frames
        training = corpus.training[frames[corpus.training] <= options["longest_frames"]]
        if len(training) == 0:
            raise Mistake(f"no clip to train on is as short as {options['longest_frames']} frames")
        short = training[frames[training] <= options["first_frames"]]
        short = short if len(short) else training
        plan = lambda clips: BatchPlan(clips, frames, options["batch"], ranks.world, ranks.rank, seed)
        batches = lambda plan: TacotronBatches(
            corpus, lexicon, plan, r, seed, options["arpabet"], options["frame_multiple"], options["symbol_multiple"], options["gate_tail"]
        )
        self.first, self.rest = batches(plan(short)), batches(plan(training))
        self.held_out = corpus.held_out[frames[corpus.held_out] <= options["longest_frames"]]

    def batches(self, step):
        """Short clips first: attention forms there, and a step costs less."""
        first = self.options["first_steps"]
        return self.first(step) if step < first else self.rest(step - first)

    def counts(self, batch):
        return tacotron_counts(batch, self.network.config["n_mel_channels"], self.network.decoder.r, self.options["gate_tail"])

    def controls(self, step):
        o = self.options
        mix = max(0.0, 1 - step / o["mix_steps"]) if o["mix_steps"] else 0.0
        after = max(0.0, step - o["guide_hold"]) / max(1, o["guide_decay"])
        return {"mix": mix, "guide_weight": max(o["guide_floor"], o["guide"] * float(np.exp(-after)))}

    def begin_training(self):
        pass

    def validate(self):
        """Teacher-forced losses on held-out clips, all known words as phonemes."""
        totals, batch = {}, self.options["batch"]
        clips = self.held_out[: self.options["validation_clips"]]
        clips = clips[np.argsort(self.corpus.frames[clips], kind="stable")]
        parts = [clips[i : i + batch] for i in range(0, len(clips), batch)]
        for part in parts:
            data = self.rest.collate(part, np.random.default_rng(5), arpabet=1.0)
            _, losses = self.objective(data, self.counts(data), {"mix": 0.0, "guide_weight": 0.0})
            for name, value in losses.items():
                totals[name] = totals.get(name, 0.0) + float(value) * len(part) / len(clips)
        return {"score": totals["mel"] + totals["postnet"] + totals["absolute"], **totals} if parts else {}

    def show(self):
        """Pictures of the first held-out clip for TensorBoard, `[rows, columns]` in [0, 1], low bands and first symbols below."""
        if len(self.held_out) == 0:
            return {}
        data = self.rest.collate(self.held_out[:1], np.random.default_rng(5), arpabet=1.0)
        _, after, _, attention = self.network(data["symbols"], data["lengths"], data["mels"], data["frames"])
        mel = lambda m: ((m[0].t().flip(0) + 11.5) / 11.5).clamp(0, 1)
        return {"mel": mel(after), "mel of the recording": mel(data["mels"]), "alignment": attention[0].t().flip(0)}

    def facts(self):
        return {"hash": self.corpus.hash, "hours": self.corpus.hours(), "source": self.corpus.source}


class VocoderObjective(nn.Module):
    """One of three stages, each a loss on the same network:

    likelihood   the published one, on audio -> z
    inverse      spectral distances of the sound made from noise, through the inverse; optionally with the likelihood
    adversarial  the same, with discriminators that learn beside it
    """

    def __init__(self, network, stage, options):
        super().__init__()
        self.network, self.stage, self.o = network, stage, options
        if stage != "likelihood":
            self.spectral = SpectralLoss()
        if stage == "adversarial":
            self.discriminators = Discriminators(options["discriminator_width"])

    def likelihood(self, batch):
        z, log_scales, log_determinants = self.network(batch["mels"], batch["audio"])
        return waveglow_likelihood(z, log_scales, log_determinants, batch["audio"].numel())

    def forward(self, batch, counts, controls):
        """All batches are equal in size, so a mean needs no counts. (Only spectral convergence, a ratio of norms, is over several
        ranks the mean of theirs and not quite that of the joined batch.)"""
        if self.stage == "likelihood":
            loss = self.likelihood(batch)
            return loss, {"nll": loss}
        audio, hum = self.sound(batch["mels"])
        stft, mel = self.spectral(audio, batch["audio"])
        loss, figures = stft + self.o["mel_weight"] * mel, {"stft": stft, "mel": mel}
        if self.o["likelihood_weight"]:
            nll = self.likelihood(batch)
            loss, figures = loss + self.o["likelihood_weight"] * nll, {**figures, "nll": nll}
        if self.o["hum_weight"]:
            loss, figures = loss + self.o["hum_weight"] * hum, {**figures, "hum": hum}
        if self.stage == "adversarial":
            adversarial, features, judge = self.adversarial(audio, batch["audio"])
            loss = loss + controls["adversarial_weight"] * (adversarial + self.o["feature_weight"] * features) + judge
            figures = {**figures, "adversarial": adversarial, "features": features, "judge": judge}
        return loss, figures

    def sound(self, mels):
        """Sound made from noise, and how far the noiseless sound of a mel of zeros is above full scale, as a logarithm. No
        recording is as loud in all bands, so nothing else keeps the network finite there, where the denoiser asks it for
        its hum. That mel is one more in the batch: a pass of its own would cost as many kernels as all the others."""
        items = mels.shape[0]
        if not self.o["hum_weight"]:
            return self.network.inverse(mels, self.o["sigma"]), None
        sigma = torch.full((items + 1, 1, 1), self.o["sigma"], device=mels.device)
        sigma[items:] = 0.0
        made = self.network.inverse(torch.cat([mels, torch.zeros_like(mels[:1])]), sigma)
        return made[:items], made[items:].abs().clamp(min=1.0).log().mean()

    def adversarial(self, made, true):
        """The generator's loss sees frozen discriminators, theirs sees detached sound: one backward pass trains both."""
        scores, inner = self.discriminators.judge_frozen(made)
        real_scores, real_inner = self.discriminators(true)
        fake_scores, _ = self.discriminators(made.detach())
        return adversarial_loss(scores), feature_loss(real_inner, inner), discriminator_loss(real_scores, fake_scores)


class VocoderTask:
    kind = "waveglow"

    def __init__(self, config, options, stage, corpus, ranks, own=None):
        self.options, self.stage, self.corpus = options, stage, corpus
        self.network = WaveGlow(config).to(ranks.device)
        self.objective = VocoderObjective(self.network, stage, options).to(ranks.device)
        make = lambda clips, batch, noise, share: VocoderBatches(
            corpus, clips, batch, options["crop_frames"], options["seed"], ranks.rank, noise, self.network.history, own, share
        )
        self.batches = make(corpus.training, options["batch"], options["noise"], options["own_share"])
        judged = (corpus.frames[corpus.held_out] > options["crop_frames"]).any()
        self.held_out = make(corpus.held_out, options["validation_crops"], options["noise"] if stage == "likelihood" else 0.0, 0.0) if judged else None
        self.held_out_own = make(corpus.held_out, options["validation_crops"], 0.0, 1.0) if judged and own is not None else None
        self.spectral = SpectralLoss().to(ranks.device)

    def counts(self, batch):
        return torch.zeros(1, device=batch["audio"].device)

    def controls(self, step):
        ramp = min(1.0, step / max(1, self.options["adversarial_ramp"]))
        return {"adversarial_weight": self.options["adversarial_weight"] * ramp}

    def begin_training(self):
        if self.stage != "likelihood":
            self.network.freeze_statistics()

    def validate(self):
        """Held-out crops, the same every time: likelihood in its stage, and the distances of sound made from noise. There is no
        score in the adversarial stage, whose sound comes nearer to a recording's than its spectrum does: the newest is the best."""
        figures, part = {}, 16
        for name, source in (("", self.held_out), ("own_", self.held_out_own)):
            if source is None:
                continue
            batch = source(0)
            count = batch["audio"].shape[0]
            for i in range(0, count, part):
                mels, audio = batch["mels"][i : i + part], batch["audio"][i : i + part]
                made = self.network.inverse(mels, self.options["sigma"])
                stft, mel = self.spectral(made, audio)
                values = {"stft": stft, "mel": mel}
                if self.stage == "likelihood" and not name:
                    values["nll"] = self.objective.likelihood({"mels": mels, "audio": audio})
                for key, value in values.items():
                    figures[name + key] = figures.get(name + key, 0.0) + float(value) * len(mels) / count
        if not figures or self.stage == "adversarial":
            return figures
        if self.stage == "likelihood":
            return {"score": figures["nll"], **figures}
        kinds = ["", "own_"] if self.held_out_own else [""]
        return {"score": sum(figures[k + "stft"] + figures[k + "mel"] for k in kinds) / len(kinds), **figures}

    def show(self):
        """Sound of the first held-out crop for TensorBoard, `[samples]`, made from its mel, and the recording's."""
        batch = self.held_out(0)
        return {"made": self.network.inverse(batch["mels"][:1], self.options["sigma"])[0], "recorded": batch["audio"][0]}

    def facts(self):
        return {"hash": self.corpus.hash, "hours": self.corpus.hours(), "source": self.corpus.source, "stage": self.stage}
