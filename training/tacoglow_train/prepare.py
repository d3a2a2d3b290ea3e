"""Checks an LJSpeech-shaped folder, reports what it found and packs the audio once.

In:   metadata.csv (`id|raw|normalised`), wavs/<id>.wav, and if there: words.jsonl (word times), held-out.txt (ids).
Out:  audio.npy    all clips in a row, int16, 22,050 Hz, silence at the edges trimmed
      clips.json   where each clip lies, its text, its word times, whether it is held out; the hash of the data
Mels are not stored: 24 hours are 4 GB of int16, which fits beside the networks on a GPU, and the mel of a batch
is one short transform there.
"""

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import wave

import numpy as np
import torch

from . import Mistake, text
from .audio import RATE, read_wav, resample, speech_edges, to_int16

# Why a clip is left out; `facts` has a list of them for each reason.
REASONS = ("missing", "unreadable", "silent", "clipping", "too short", "too long", "no words", "same id twice", "pace outliers")


def read_metadata(folder):
    """(`[(id, normalised text)]`, how many lines had no text); a third column is the normalised text, else the second is."""
    path = os.path.join(folder, "metadata.csv")
    if not os.path.exists(path):
        raise Mistake(f"{folder} has no metadata.csv: it has to be shaped like LJSpeech, with lines id|text or id|raw|normalised, and wavs/<id>.wav")
    try:
        with open(path, encoding="utf-8-sig") as f:
            rows = [line.rstrip("\n").split("|") for line in f if line.strip()]
    except UnicodeDecodeError as error:
        raise Mistake(f"{path} is not UTF-8: {error}") from None
    return [(fields[0], fields[-1]) for fields in rows if len(fields) >= 2], sum(len(fields) < 2 for fields in rows)


def read_words(folder):
    path = os.path.join(folder, "words.jsonl")
    if not os.path.exists(path):
        return {}
    try:
        with open(path) as f:
            return {row["id"]: row["words"] for row in map(json.loads, f)}
    except (ValueError, KeyError, TypeError) as error:
        raise Mistake(f'{path}: not lines of {{"id": .., "words": [[start, end], ..]}}: {error!r}') from None


def read_held_out(folder, ids, count, seed):
    path = os.path.join(folder, "held-out.txt")
    if os.path.exists(path):
        with open(path) as f:
            return set(f.read().split())
    return set(random.Random(seed).sample(sorted(ids), min(count, len(ids) // 10)))


def read_clip(job):
    """(samples int16 or None, facts) of one clip: resampled if needed, silence at the edges trimmed."""
    path, shortest, longest = job
    if not os.path.exists(path):
        return None, {"problem": "missing"}
    try:
        audio, rate = read_wav(path)
    except (OSError, EOFError, ValueError, wave.Error) as error:
        return None, {"problem": "unreadable", "why": str(error) or "ends early"}
    facts = {"resampled": int(rate != RATE)}
    audio = resample(audio, rate, RATE) if len(audio) else audio
    if np.abs(audio).max(initial=0.0) < 1e-3:
        return None, {**facts, "problem": "silent"}
    if (np.abs(audio) > 0.999).sum() > 8:
        return None, {**facts, "problem": "clipping"}
    first, last = speech_edges(audio)
    facts.update(first=first, trimmed=(len(audio) - (last - first)) / RATE)
    if not shortest <= (last - first) / RATE <= longest:
        return None, {**facts, "problem": "too short" if (last - first) / RATE < shortest else "too long"}
    return to_int16(audio[first:last]), facts


@contextlib.contextmanager
def mapper(workers):
    """`map`, in several processes if there is more than one; each computes in one thread."""
    if workers < 2:
        yield map
        return
    with multiprocessing.get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        yield lambda work, jobs: pool.imap(work, jobs, 64)


def prepare(folder, out, shortest=0.4, longest=10.0, held_out=100, seed=1, lexicon=None, workers=1):
    (rows, malformed), words = read_metadata(folder), read_words(folder)
    held = read_held_out(folder, {i for i, _ in rows}, held_out, seed)
    facts = {"clips": 0, "resampled": 0, "lines without a text": malformed, "unknown characters": {}, "trimmed seconds": 0.0,
             "words": 0, "words without lexicon entry": 0, **{reason: [] for reason in REASONS}}
    clips, parts, offset, seen = [], [], 0, set()
    jobs = [(os.path.join(folder, "wavs", clip_id + ".wav"), shortest, longest) for clip_id, _ in rows]
    with mapper(workers) as each:
        for (clip_id, sentence), (audio, found) in zip(rows, each(read_clip, jobs)):
            facts["resampled"] += found.get("resampled", 0)
            facts["trimmed seconds"] += found.get("trimmed", 0.0)
            sentence = text.ascii_fold(sentence)
            spoken = text.split_words(sentence)[0]
            problem = found.get("problem") or ("same id twice" if clip_id in seen else None if spoken else "no words")
            if problem:
                facts[problem].append(clip_id + (f" ({found['why']})" if "why" in found else ""))
                continue
            seen.add(clip_id)
            for c in text.unknown_characters(sentence):
                facts["unknown characters"][c] = facts["unknown characters"].get(c, 0) + 1
            facts["words"] += len(spoken)
            if lexicon:
                facts["words without lexicon entry"] += sum(lexicon.phonemes(w) is None for w in spoken)
            clip = {"id": clip_id, "text": sentence, "held_out": clip_id in held, "start": offset, "samples": len(audio)}
            if clip_id in words and len(words[clip_id]) == len(spoken):
                clip["words"] = [[round(t - found["first"] / RATE, 4) for t in pair] for pair in words[clip_id]]
            clips.append(clip)
            parts.append(audio)
            offset += len(audio)
    if not clips:
        raise Mistake(f"{folder}: no clip is fit for use. " + "; ".join(f"{r}: {len(facts[r])}, for example {facts[r][0]}" for r in REASONS if facts[r]))
    pace = np.array([len(c["text"]) * RATE / c["samples"] for c in clips])
    middle, spread = np.median(pace), np.percentile(pace, 84) - np.percentile(pace, 16)
    odd = np.abs(pace - middle) > 4 * spread  # text and sound of such clips rarely agree
    facts["pace outliers"] = [c["id"] for c, o in zip(clips, odd) if o]
    clips = [c for c, o in zip(clips, odd) if not o]
    facts["clips"], facts["hours"] = len(clips), round(sum(c["samples"] for c in clips) / RATE / 3600, 3)
    pack(folder, out, np.concatenate(parts), clips)
    return facts, clips


def pack(folder, out, audio, clips):
    """Writes the packed corpus, beside and renamed. The clips go first and come last: what is there belongs together."""
    audio_path, clips_path, source = os.path.join(out, "audio.npy"), os.path.join(out, "clips.json"), os.path.join(folder, "corpus.json")
    digest = hashlib.sha256(audio)
    digest.update(json.dumps(clips).encode())
    packed = {"hash": digest.hexdigest()[:16], "source": {"folder": os.path.basename(os.path.abspath(folder))}, "clips": clips}
    if os.path.exists(source):
        with open(source) as f:
            packed["source"] = json.load(f)
    os.makedirs(out, exist_ok=True)
    try:
        with open(audio_path + ".writing", "wb") as f:
            np.save(f, audio)
        with open(clips_path + ".writing", "w") as f:
            json.dump(packed, f)
        if os.path.exists(clips_path):
            os.remove(clips_path)
        os.replace(audio_path + ".writing", audio_path)
        os.replace(clips_path + ".writing", clips_path)
    finally:
        for path in (audio_path, clips_path):
            if os.path.exists(path + ".writing"):
                os.remove(path + ".writing")


def report(facts, clips):
    seconds = np.array([c["samples"] / RATE for c in clips])
    symbols = np.array([len(c["text"]) for c in clips])
    print(f"{facts['clips']} clips, {facts['hours']} h, {sum(c['held_out'] for c in clips)} held out, "
          f"{sum('words' in c for c in clips)} with word times")
    print("seconds, percentiles 1 50 99:", np.percentile(seconds, [1, 50, 99]).round(2).tolist(),
          " characters:", np.percentile(symbols, [1, 50, 99]).round().tolist())
    print(f"silence trimmed: {facts['trimmed seconds'] / 60:.1f} min; resampled: {facts['resampled']}")
    if facts["words without lexicon entry"]:
        print(f"words without a lexicon entry: {100 * facts['words without lexicon entry'] / max(1, facts['words']):.1f} % (they stay letters)")
    if facts["unknown characters"]:
        print("characters without a symbol (dropped):", facts["unknown characters"])
    if facts["lines without a text"]:
        print(f"lines of metadata.csv without a text: {facts['lines without a text']}")
    for reason in REASONS:
        if facts[reason]:
            print(f"left out, {reason}: {len(facts[reason])}, for example {', '.join(facts[reason][:5])}")


def add_arguments(parser):
    parser.add_argument("folder", help="LJSpeech-shaped folder")
    parser.add_argument("--out", required=True, help="folder of the packed corpus")
    parser.add_argument("--shortest", type=float, default=0.4, help="seconds")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds")
    parser.add_argument("--held-out", type=int, default=100, help="clips to hold out when the folder has no held-out.txt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    lexicon = text.Lexicon(args.lexicon)
    facts, clips = prepare(args.folder, args.out, args.shortest, args.longest, args.held_out, args.seed, lexicon, args.workers)
    report(facts, clips)
