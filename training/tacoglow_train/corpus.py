"""Makes a synthetic corpus: a freely licensed teacher reads free text. Deterministic by seed.

Any teacher will do: an object with `sample_rate`, `describe()` and `speak(text, seed)`, which gives mono
float audio and, when it knows them, the start and end of each word in seconds. It may have a `gain`, by which its sound is
multiplied, and a `license`, under which it lets voices be made. Named as `module:Class`.
What comes out is an LJSpeech-shaped folder:

    metadata.csv       id|text|normalised text
    wavs/<id>.wav      22,050 Hz, 16 bit, mono
    words.jsonl        {"id": ..., "words": [[start, end], ...]}   seconds; only when the teacher knows
    held-out.txt       ids that must not be trained on
    corpus.json        teacher, text, seed, gain, hours
"""

import importlib
import json
import multiprocessing
import os
import re
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import torch

from . import Mistake, sentences, text
from .audio import RATE, resample, speech_edges, write_wav

PAUSES = set(";:,.!?—…\"()“” ")


class HibariTeacher:
    """hibari-tts (Apache-2.0, voice "heart"). Its network predicts durations inside; we ask for them too."""

    sample_rate, gain, license = 24000, 1.6, "Apache-2.0"  # it is quiet
    unit = 0.025  # seconds of one unit of predicted duration

    def __init__(self):
        import hibari

        self.tts = hibari.Hibari(threads=1)
        self.durations = None
        try:
            self._open_durations()
        except ImportError:
            print("corpus: the `onnx` package is missing; clips get no word times", flush=True)

    def _open_durations(self):
        """The same network with the tensor of clipped durations as one more output."""
        import onnx
        import onnxruntime

        model = onnx.load(self.tts.model_path)
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info("/Clip_output_0"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.tts.sess = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.durations = [o.name for o in self.tts.sess.get_outputs()].index("/Clip_output_0")

    def describe(self):
        import hibari

        return f"hibari-tts {hibari.__version__}, voice heart (Apache-2.0), distilled from Kokoro-82M voice af_heart (Apache-2.0)"

    def speak(self, sentence, seed):
        import hibari.dsp

        spoken = self.tts.phonemize(sentence)
        if len(spoken) != 1:
            return None
        phonemes = [c for c in spoken[0] if c in self.tts.vocab]
        ids = np.asarray([self.tts.ids(phonemes)], np.int64)
        outputs = self.tts.sess.run(None, {"ids": ids, "speed": np.ones(1, np.float32)})
        audio = hibari.dsp.synth(*[o[0] for o in outputs[:6]], np.random.default_rng(seed))
        if self.durations is None:
            return audio, None
        ends = np.cumsum(outputs[self.durations].reshape(-1)) * self.unit
        if abs(ends[-1] - len(audio) / self.sample_rate) > 0.03:
            return audio, None
        # A word is a run of phonemes between pauses; phoneme i is id i + 1, because a pad comes first.
        groups, inside = [], False
        for i, c in enumerate(phonemes):
            if c in PAUSES:
                inside = False
            elif inside:
                groups[-1][1] = float(ends[i + 1])
            else:
                groups.append([float(ends[i]), float(ends[i + 1])])
                inside = True
        return audio, groups


def load_teacher(name):
    module, _, cls = ("tacoglow_train.corpus:HibariTeacher" if name == "hibari" else name).partition(":")
    try:
        return getattr(importlib.import_module(module), cls)()
    except (ImportError, AttributeError, ValueError) as error:
        raise Mistake(f"the teacher {name} cannot be loaded: {error}") from None


def make_clip(teacher, sentence, seed, gain, longest):
    """(audio, word times or None), or the reason why the sentence is left out."""
    try:
        spoken = teacher.speak(sentence, seed)
    except Exception as error:  # one sentence that it cannot read is no reason to lose the others
        return f"the teacher failed: {type(error).__name__}"
    if spoken is None:
        return "not one sentence for the teacher"
    audio, words = spoken
    if words is not None and len(words) != len(text.split_words(text.ascii_fold(sentence))[0]):
        return "words and phoneme groups differ"
    audio = resample(audio, teacher.sample_rate, RATE) * gain
    if not np.abs(audio).max(initial=0.0) <= 0.97:
        return "clipping"
    first, last = speech_edges(audio)
    if last - first > longest * RATE:
        return "too long"
    if words is not None:  # the last word's time reaches into the silence that was cut off
        place = lambda t: round(min(max(t - first / RATE, 0.0), (last - first) / RATE), 4)
        words = [[place(start), place(end)] for start, end in words]
    return audio[first:last], words


_teacher = None


def _start_worker(name):
    global _teacher
    torch.set_num_threads(1)
    _teacher = load_teacher(name)


def _work(job):
    clip_id, sentence, seed, gain, longest, folder = job
    made = make_clip(_teacher, sentence, seed, gain, longest)
    if isinstance(made, str):
        return clip_id, sentence, made, None, 0.0
    audio, words = made
    write_wav(os.path.join(folder, "wavs", clip_id + ".wav"), audio)
    return clip_id, sentence, "", words, len(audio) / RATE


def jobs(source, seed, held_out, gain, longest, folder):
    held, training = sentences.collect(source, seed, held_out)
    for i, s in enumerate(held):
        yield f"h{i:05d}", s, i, gain, longest, folder
    for i, s in enumerate(training):
        yield f"c{i:06d}", s, (seed << 20) + i, gain, longest, folder


def make(folder, source, hours, seed=1, held_out=200, gain=None, longest=10.0, teacher="hibari", workers=None):
    """Writes the corpus; stops at `hours` of training audio or at the end of the text."""
    if os.path.exists(os.path.join(folder, "metadata.csv")):
        raise Mistake(f"{folder} holds a corpus already: choose another folder")
    speaker, workers = load_teacher(teacher), workers or os.cpu_count()
    gain = getattr(speaker, "gain", 1.0) if gain is None else gain
    os.makedirs(os.path.join(folder, "wavs"), exist_ok=True)
    start, total, left_out, made = time.time(), 0.0, {}, []
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker, (teacher,))
    try:
        for clip_id, sentence, reason, words, seconds in pool.map(_work, jobs(source, seed, held_out, gain, longest, folder), chunksize=16):
            if reason:
                left_out[reason] = left_out.get(reason, 0) + 1
                continue
            made.append((clip_id, sentence, words))
            total += seconds if clip_id.startswith("c") else 0.0
            if len(made) % 1000 == 0:
                print(f"corpus: {len(made)} clips, {total / 3600:.2f} h, {total / (time.time() - start):.0f} x real time", flush=True)
            if total >= hours * 3600:
                break
    except BrokenProcessPool:
        raise Mistake("corpus: a worker died, perhaps for want of memory: try fewer --workers") from None
    finally:
        pool.shutdown(cancel_futures=True)
    if not total:
        raise Mistake(f"corpus: nothing to train on was made: {left_out}")
    kept = {clip_id for clip_id, _, _ in made}
    for name in os.listdir(os.path.join(folder, "wavs")):  # what the workers made beyond the limit
        if re.fullmatch(r"[hc]\d+\.wav", name) and name[:-4] not in kept:
            os.remove(os.path.join(folder, "wavs", name))
    if any(words for _, _, words in made):
        with open(os.path.join(folder, "words.jsonl"), "w") as f:
            f.writelines(json.dumps({"id": i, "words": w}) + "\n" for i, _, w in made if w)
    with open(os.path.join(folder, "held-out.txt"), "w") as f:
        f.writelines(i + "\n" for i, _, _ in made if i.startswith("h"))
    facts = {"teacher": speaker.describe(), "license": getattr(speaker, "license", None), "text": sentences.describe(source), "seed": seed, "gain": gain, "clips": len(made),
             "hours": round(total / 3600, 3), "left_out": left_out}
    with open(os.path.join(folder, "corpus.json"), "w") as f:
        json.dump(facts, f, indent=1)
    with open(os.path.join(folder, "metadata.csv"), "w", encoding="utf-8") as f:  # the last: with it the corpus is complete
        f.writelines(f"{i}|{s}|{s}\n" for i, s, _ in made)
    print(f"corpus: {facts}, {time.time() - start:.0f} s", flush=True)
    return facts


def add_arguments(parser):
    parser.add_argument("folder", help="LJSpeech-shaped folder to write")
    parser.add_argument("--text", default="/usr/share/wordnet", help="WordNet's folder, or a file with one sentence a line")
    parser.add_argument("--write-text", metavar="FILE", help="only write the sentences to FILE, to be carried to a machine without WordNet")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", type=int, default=200, help="sentences kept for evaluation")
    parser.add_argument("--gain", type=float, help="one factor for the whole corpus; by default the teacher's own")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds; longer clips are left out")
    parser.add_argument("--teacher", default="hibari", help="hibari, or module:Class")
    parser.add_argument("--workers", type=int, help="processes; all cores by default")


def run(args):
    if args.write_text:
        with open(args.write_text, "w") as f:
            f.write(f"# {sentences.describe(args.text)}\n")
            f.writelines(s + "\n" for s in sentences.wordnet_phrases(args.text))
        return
    make(args.folder, args.text, args.hours, args.seed, args.held_out, args.gain, args.longest, args.teacher, args.workers)
