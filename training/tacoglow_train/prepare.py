"""Checks an LJSpeech-shaped folder, reports what it found and packs the audio once.

In:   metadata.csv (`id|raw|normalised`), wavs/<id>.wav, and if there: words.jsonl (word times), held-out.txt (ids).
Out:  audio.npy    all clips in a row, int16, 22,050 Hz, silence at the edges trimmed
      clips.json   where each clip lies, its text, its word times, whether it is held out; the hash of the data
Mels are not stored: 24 hours are 4 GB of int16, which fits beside the networks on a GPU, and the mel of a batch
is one short transform there.
"""

import hashlib
import json
import multiprocessing
import os
import random

import numpy as np

from . import text
from .audio import RATE, read_wav, resample, speech_edges, to_int16


def read_metadata(folder):
    """`[(id, normalised text)]`; a third column is the normalised text, else the second is."""
    rows = []
    with open(os.path.join(folder, "metadata.csv"), encoding="utf-8") as f:
        for line in f:
            fields = line.rstrip("\n").split("|")
            if len(fields) >= 2:
                rows.append((fields[0], fields[-1]))
    return rows


def read_words(folder):
    path = os.path.join(folder, "words.jsonl")
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        return {row["id"]: row["words"] for row in map(json.loads, f)}


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
    audio, rate = read_wav(path)
    facts = {"resampled": int(rate != RATE)}
    audio = resample(audio, rate, RATE)
    if (np.abs(audio) > 0.999).sum() > 8:
        return None, {**facts, "problem": "clipping"}
    first, last = speech_edges(audio)
    facts.update(first=first, trimmed=(len(audio) - (last - first)) / RATE)
    if not shortest <= (last - first) / RATE <= longest:
        return None, {**facts, "problem": "too short" if (last - first) / RATE < shortest else "too long"}
    return to_int16(audio[first:last]), facts


def prepare(folder, out, shortest=0.4, longest=10.0, held_out=100, seed=1, lexicon=None, workers=1):
    rows, words = read_metadata(folder), read_words(folder)
    held = read_held_out(folder, [i for i, _ in rows], held_out, seed)
    facts = {"clips": 0, "resampled": 0, "clipping": [], "too short": [], "too long": [], "unknown characters": {},
             "pace outliers": [], "missing": [], "trimmed seconds": 0.0, "words without lexicon entry": 0, "words": 0}
    clips, parts, offset = [], [], 0
    jobs = [(os.path.join(folder, "wavs", clip_id + ".wav"), shortest, longest) for clip_id, _ in rows]
    pool = multiprocessing.get_context("spawn").Pool(workers) if workers > 1 else None
    for (clip_id, sentence), (audio, found) in zip(rows, pool.imap(read_clip, jobs, 64) if pool else map(read_clip, jobs)):
        facts["resampled"] += found.get("resampled", 0)
        facts["trimmed seconds"] += found.get("trimmed", 0.0)
        if audio is None:
            facts[found["problem"]].append(clip_id)
            continue
        sentence = text.ascii_fold(sentence)
        for c in text.unknown_characters(sentence):
            facts["unknown characters"][c] = facts["unknown characters"].get(c, 0) + 1
        spoken = text.split_words(sentence)[0]
        facts["words"] += len(spoken)
        if lexicon:
            facts["words without lexicon entry"] += sum(lexicon.phonemes(w) is None for w in spoken)
        clip = {"id": clip_id, "text": sentence, "held_out": clip_id in held, "start": offset, "samples": len(audio)}
        if clip_id in words and len(words[clip_id]) == len(spoken):
            clip["words"] = [[round(t - found["first"] / RATE, 4) for t in pair] for pair in words[clip_id]]
        clips.append(clip)
        parts.append(audio)
        offset += len(audio)
    if pool:
        pool.terminate()
    if not clips:
        raise SystemExit(f"{folder}: no clip is fit for use: { {k: v for k, v in facts.items() if v} }")
    pace = np.array([len(c["text"]) * RATE / c["samples"] for c in clips])
    middle, spread = np.median(pace), np.percentile(pace, 84) - np.percentile(pace, 16)
    odd = np.abs(pace - middle) > 4 * spread  # text and sound of such clips rarely agree
    facts["pace outliers"] = [c["id"] for c, o in zip(clips, odd) if o]
    for clip, o in zip(clips, odd):
        clip["held_out"] = bool(clip["held_out"] and not o)
    clips = [c for c, o in zip(clips, odd) if not o]
    facts["clips"], facts["hours"] = len(clips), round(sum(c["samples"] for c in clips) / RATE / 3600, 3)
    audio = np.concatenate(parts)
    os.makedirs(out, exist_ok=True)
    np.save(os.path.join(out, "audio.npy"), audio)
    source = os.path.join(folder, "corpus.json")
    packed = {
        "hash": hashlib.sha256(audio.tobytes() + json.dumps(clips).encode()).hexdigest()[:16],
        "source": json.load(open(source)) if os.path.exists(source) else {"folder": os.path.basename(os.path.abspath(folder))},
        "clips": clips,
    }
    with open(os.path.join(out, "clips.json"), "w") as f:
        json.dump(packed, f)
    return facts, clips


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
    for what in ("missing", "clipping", "too short", "too long", "pace outliers"):
        if facts[what]:
            print(f"left out, {what}: {len(facts[what])}, for example {facts[what][:5]}")


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
