"""Shared by the tests: a corpus of artificial speech, made in a second, and a loud way to miss an oracle."""

import json
import os
import sys
import warnings

import numpy as np
import pytest
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
STARTER = os.environ.get("TACOGLOW_STARTER_VOICE", os.path.join(HERE, "..", "..", "voices", "heart.safetensors"))

from tacoglow_train import audio, prepare, text  # noqa: E402
from tacoglow_train.data import Corpus  # noqa: E402

torch.set_num_threads(int(os.environ.get("TACOGLOW_TEST_THREADS", "1")))


def oracle_missing(what):
    """Skips and says so; in CI a missing oracle is a failure, because the proof would be gone unseen."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{what} is missing, and CI must not go without it")
    warnings.warn(f"NOT PROVEN HERE: {what} is missing")
    pytest.skip(f"{what} is missing")


@pytest.fixture
def missing():
    return oracle_missing


@pytest.fixture(scope="session")
def starter():
    """Path of the voice that ships with the project."""
    if not os.path.exists(STARTER):
        oracle_missing(f"the bundled voice ({STARTER})")
    return STARTER


@pytest.fixture(scope="session")
def lexicon(tmp_path_factory):
    path = tmp_path_factory.mktemp("lexicon") / "tiny.dict"
    path.write_text("red R EH1 D\nred(2) R IY1 D\nblue B L UW1\ngreen G R IY1 N # a colour\ngo G OW1\nstop S T AA1 P\n")
    return text.Lexicon(str(path))


TONES = {"red": 220.0, "blue": 330.0, "green": 440.0, "go": 550.0, "stop": 660.0, "zork": 770.0}


def write_corpus(folder, count, seed=0):
    """An LJSpeech-shaped folder in which each word is a harmonic tone of its own, with word times."""
    rng = np.random.default_rng(seed)
    os.makedirs(os.path.join(folder, "wavs"))
    rows, times = [], []
    for i in range(count):
        words, clock, sound, spans = list(rng.choice(list(TONES), rng.integers(2, 5))), 0.06, [np.zeros(1323)], []
        for word in words:
            seconds = 0.12 + 0.05 * rng.random()
            t = np.arange(int(seconds * audio.RATE)) / audio.RATE
            tone = sum(np.sin(2 * np.pi * TONES[word] * h * t) / h for h in range(1, 8))
            sound += [0.15 * tone * np.hanning(len(t)), np.zeros(661)]
            spans.append([round(clock, 4), round(clock + seconds, 4)])
            clock += seconds + 661 / audio.RATE
        clip = np.concatenate(sound + [np.zeros(800)]) + rng.normal(0, 1e-4, sum(map(len, sound)) + 800)
        audio.write_wav(os.path.join(folder, "wavs", f"c{i:03d}.wav"), clip)
        sentence = " ".join(words).capitalize() + "."
        rows.append(f"c{i:03d}|{sentence}|{sentence}\n")
        times.append(json.dumps({"id": f"c{i:03d}", "words": spans}) + "\n")
    for name, lines in (("metadata.csv", rows), ("words.jsonl", times)):
        with open(os.path.join(folder, name), "w") as f:
            f.writelines(lines)


@pytest.fixture(scope="session")
def packed(tmp_path_factory):
    """Folder of a packed artificial corpus: 40 clips of about half a second, 4 held out."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(str(folder / "speech"), 40)
    facts, _ = prepare.prepare(str(folder / "speech"), str(folder / "packed"), shortest=0.2)
    assert facts["clips"] == 40 and not facts["pace outliers"], facts
    return str(folder / "packed")


@pytest.fixture(scope="session")
def corpus(packed):
    return Corpus(packed)
