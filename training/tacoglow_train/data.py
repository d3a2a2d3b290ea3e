"""The packed corpus in the memory of the training device, and the batches made from it.

A batch is a function of (seed, step, rank) alone: resuming needs no state of the data, and the prefetching
thread cannot change the order of anything.
"""

import json
import math
import os
import queue
import threading

import numpy as np
import torch

from . import Mistake, text
from .audio import FRAME_SECONDS, HOP, LOG_FLOOR, RATE, MelSpectrogram


class Corpus:
    def __init__(self, folder, device="cpu"):
        try:
            with open(os.path.join(folder, "clips.json")) as f:
                packed = json.load(f)
            self.clips, self.hash, self.source = packed["clips"], packed["hash"], packed["source"]
            audio = np.load(os.path.join(folder, "audio.npy"), mmap_mode="c")
        except (OSError, ValueError, KeyError) as error:
            raise Mistake(f"{folder} is not a corpus packed by `prepare`: {error!r}") from None
        if max(c["start"] + c["samples"] for c in self.clips) > len(audio):
            raise Mistake(f"{folder}: audio.npy is shorter than clips.json says; run `prepare` again")
        self.audio = torch.from_numpy(audio).to(device)
        self.device = self.audio.device
        self.starts = torch.tensor([c["start"] for c in self.clips], device=device)
        self.samples = torch.tensor([c["samples"] for c in self.clips], device=device)
        self.frames = np.array([c["samples"] // HOP + 1 for c in self.clips])
        self.held_out = np.array([i for i, c in enumerate(self.clips) if c["held_out"]], int)
        self.training = np.array([i for i, c in enumerate(self.clips) if not c["held_out"]], int)
        self.mel = MelSpectrogram().to(device)

    def hours(self):
        return float(self.samples.sum()) / RATE / 3600

    def waves(self, clips, first, count):
        """Samples `[first, first + count)` of each clip, `[B, count]`; outside a clip they are reflected at its edge."""
        position = (first.unsqueeze(1) + torch.arange(count, device=self.device).unsqueeze(0)).abs()
        last = self.samples[clips].unsqueeze(1) - 1
        position = torch.where(position > last, 2 * last - position, position).clamp(min=0)
        return self.audio[self.starts[clips].unsqueeze(1) + position].float() / 32768.0

    def mels(self, clips, first_frame, count):
        """Mel frames `[first_frame, first_frame + count)` of each clip, `[B, bands, count]`: those of the whole clip."""
        return self.mel.framed(self.waves(clips, first_frame * HOP - 512, (count - 1) * HOP + 1024))


class BatchPlan:
    """Equal batches of clips of similar length, in random order, split evenly over the ranks.

    Per epoch the clips are shuffled, cut into pools of `pool` global batches, sorted by length within a pool, cut into
    batches, and the batches shuffled. Every rank takes every world-th clip of a global batch.
    """

    def __init__(self, clips, lengths, batch, world=1, rank=0, seed=1, pool=24):
        self.clips, self.lengths, self.batch, self.world, self.rank = clips, lengths, batch, world, rank
        self.seed, self.whole, self.epoch, self.order = seed, batch * world, None, None
        self.pool = self.whole * pool
        if len(clips) < self.whole:  # a handful of clips: every batch is all of them, repeated
            self.clips = np.resize(clips, self.whole)
        self.steps = len(self.clips) // self.whole

    def __call__(self, step):
        epoch, index = divmod(step, self.steps)
        if self.epoch != epoch:
            rng = np.random.default_rng((self.seed, epoch, 11))
            clips = rng.permutation(self.clips)[: self.steps * self.whole]
            for i in range(0, len(clips), self.pool):
                part = clips[i : i + self.pool]
                clips[i : i + self.pool] = part[np.argsort(self.lengths[part], kind="stable")]
            self.order, self.epoch = rng.permutation(clips.reshape(self.steps, self.whole)), epoch
        return self.order[index][self.rank :: self.world]


def round_up(n, multiple):
    return -(-n // multiple) * multiple


def symbol_centres(clip, spans, symbols, steps, step_seconds):
    """For each decoder step the symbol (a fraction) that is spoken then, `[steps]`: symbols are spread evenly over the
    time of their word, gaps over the pause between two words."""
    end, edges = clip["samples"] / RATE, np.zeros(symbols + 1)
    times = np.clip(clip["words"], 0.0, end - 0.03)  # what follows the last word has a little time too
    for i, (first, last) in enumerate(spans):
        begin = 0.0 if i == 0 else times[i][0]
        following, until = (spans[i + 1][0], times[i + 1][0]) if i + 1 < len(spans) else (symbols, end)
        edges[first : last + 1] = np.linspace(begin, times[i][1], last - first + 1)
        edges[last : following + 1] = np.linspace(times[i][1], max(until, times[i][1]), following - last + 1)
    edges = np.maximum.accumulate(edges + np.arange(symbols + 1) * 1e-4)
    middle = (np.arange(steps) + 0.25) * step_seconds
    return np.clip(np.interp(middle, edges, np.arange(symbols + 1)) - 0.5, 0, symbols - 1)


class TacotronBatches:
    """Batches of whole clips: symbols (each word as phonemes with probability `arpabet`), mels, alignment where known."""

    def __init__(self, corpus, lexicon, plan, r, seed=1, arpabet=0.8, frame_multiple=2, symbol_multiple=1, tail=3):
        self.corpus, self.lexicon, self.plan, self.r, self.seed, self.arpabet = corpus, lexicon, plan, r, seed, arpabet
        self.tail = tail  # silent decoder steps after the end on which the gate is trained to stay on
        self.frame_multiple = frame_multiple * r // math.gcd(frame_multiple, r)
        self.symbol_multiple = symbol_multiple

    def __call__(self, step):
        rank = self.plan.rank
        return self.collate(self.plan(step), np.random.default_rng((self.seed, step, rank, 12)))

    def collate(self, indices, rng, arpabet=None):
        corpus, r = self.corpus, self.r
        clips = [corpus.clips[i] for i in indices]
        encoded = [text.encode(c["text"], self.lexicon, self.arpabet if arpabet is None else arpabet, rng) for c in clips]
        frames = corpus.frames[indices]
        longest = round_up(int(frames.max()) + self.tail * r, self.frame_multiple)
        most = round_up(max(len(ids) for ids, _ in encoded), self.symbol_multiple)
        symbols = np.zeros((len(clips), most), np.int64)
        centres = np.full((len(clips), longest // r), -1.0, np.float32)
        known = np.zeros(len(clips), np.float32)
        for i, (clip, (ids, spans)) in enumerate(zip(clips, encoded)):
            symbols[i, : len(ids)] = ids
            if clip.get("words") and len(clip["words"]) == len(spans):
                centres[i] = symbol_centres(clip, spans, len(ids), longest // r, r * FRAME_SECONDS)
                known[i] = 1.0
        place = lambda a: torch.from_numpy(np.ascontiguousarray(a)).to(corpus.device, non_blocking=True)
        index, frames = place(indices), place(frames)
        mels = corpus.mels(index, torch.zeros_like(index), longest).transpose(1, 2)
        inside = torch.arange(longest, device=corpus.device).unsqueeze(0) < frames.unsqueeze(1)
        mels = torch.where(inside.unsqueeze(2), mels, torch.full_like(mels, LOG_FLOOR)).contiguous()
        lengths = place(np.array([len(ids) for ids, _ in encoded]))
        return {"symbols": place(symbols), "lengths": lengths, "mels": mels, "frames": frames,
                "centres": place(centres), "known": place(known)}


def alignment_target(centres, lengths, symbols, width=0.9):
    """A soft band around the spoken symbol, `[B, N, S]`, each row a distribution over the item's own symbols."""
    position = torch.arange(symbols, device=centres.device)
    band = torch.exp(-0.5 * ((position - centres.unsqueeze(2)) / width) ** 2)
    band = band * (position.unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(1)
    return band / band.sum(2, keepdim=True).clamp(min=1e-8)


class VocoderBatches:
    """Random crops of `frames` mel frames and their `frames * 256` samples, with a little noise on the samples.

    The noise keeps the likelihood of clean synthetic sound bounded ("audio dequantization"). The mels have `history`
    frames more in front, zero before a clip's first frame. `own` are mels of all clips made by a Tacotron 2
    (`own_mels`): a share `own_share` of the crops is conditioned on them instead of on the recording's.
    """

    def __init__(self, corpus, clips, batch, frames, seed=1, rank=0, noise=3e-4, history=0, own=None, own_share=0.0):
        self.corpus, self.batch, self.crop, self.seed, self.rank, self.noise = corpus, batch, frames, seed, rank, noise
        self.history, self.own, self.own_share = history, own, own_share if own is not None else 0.0
        self.clips = clips[corpus.frames[clips] > frames]
        if len(self.clips) == 0:
            raise Mistake(f"no clip is longer than the {frames} frames of a crop")
        self.room = corpus.frames[self.clips] - frames
        self.chance = self.room / self.room.sum()

    def __call__(self, step):
        rng = np.random.default_rng((self.seed, step, self.rank, 13))
        chosen = rng.choice(len(self.clips), self.batch, p=self.chance)
        first = (rng.random(self.batch) * self.room[chosen]).astype(np.int64)
        return self.crops(self.clips[chosen], first, rng)

    def crops(self, clips, first, rng):
        corpus, history = self.corpus, self.history
        place = lambda a: torch.from_numpy(a).to(corpus.device, non_blocking=True)
        own = place(rng.random(len(clips)) < self.own_share)
        clips, first = place(clips), place(first)
        audio = corpus.waves(clips, first * HOP, self.crop * HOP)
        if self.noise:
            generator = torch.Generator(audio.device).manual_seed(int(rng.integers(2**62)))
            audio = audio + self.noise * torch.randn(audio.shape, generator=generator, device=audio.device)
        mels = corpus.mels(clips, first - history, history + self.crop)
        if self.own_share > 0:
            frame = first.unsqueeze(1) + torch.arange(-history, self.crop, device=corpus.device)
            other = self.own[0][self.own[1][clips].unsqueeze(1) + frame.clamp(min=0)].float().transpose(1, 2)
            mels = torch.where(own.view(-1, 1, 1), other, mels)
        if history:
            before = first.unsqueeze(1) + torch.arange(-history, self.crop, device=corpus.device) < 0
            mels = mels.masked_fill(before.unsqueeze(1), 0.0)
        return {"mels": mels, "audio": audio}


@torch.no_grad()
def own_mels(corpus, tacotron, lexicon, batch=64, clips=None):
    """Teacher-forced mels of a Tacotron 2 for all clips, or those named: (`[frames of all clips, bands]` f16, first row of each).

    They lie in time where the recording does, but have the network's own smoothness.
    """
    tacotron.eval()
    starts = np.concatenate([[0], np.cumsum(corpus.frames)[:-1]])
    mels = torch.zeros(int(corpus.frames.sum()), tacotron.config["n_mel_channels"], dtype=torch.float16, device=corpus.device)
    batches = TacotronBatches(corpus, lexicon, None, tacotron.decoder.r)
    order = np.argsort(corpus.frames, kind="stable") if clips is None else np.array(clips)
    for i in range(0, len(order), batch):
        part = order[i : i + batch]
        data = batches.collate(part, np.random.default_rng(i), arpabet=1.0)
        _, after, _, _ = tacotron(data["symbols"], data["lengths"], data["mels"], data["frames"])
        for row, clip in enumerate(part):
            count = corpus.frames[clip]
            mels[starts[clip] : starts[clip] + count] = after[row, :count].half()
    return mels, torch.from_numpy(starts).to(corpus.device)


class Prefetch:
    """Makes batches in a thread, a few steps ahead."""

    def __init__(self, batches, first_step, depth=4):
        self.queue, self.stopped = queue.Queue(depth), False
        self.working = threading.Lock()  # held while the thread uses the device; a graph's capture wants it to itself
        self.thread = threading.Thread(target=self._work, args=(batches, first_step), daemon=True)
        self.thread.start()

    def _work(self, batches, step):
        while not self.stopped:
            try:
                with self.working:
                    item = batches(step)
            except BaseException as error:  # handed to the training thread
                item = error
            while not self.stopped:
                try:
                    self.queue.put(item, timeout=0.2)
                    break
                except queue.Full:
                    pass
            step += 1

    def __call__(self):
        item = self.queue.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self):
        self.stopped = True
        self.thread.join()
