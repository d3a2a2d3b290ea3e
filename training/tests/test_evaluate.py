"""The checker of corpora, the judges' arithmetic, the evaluation as a whole, and the teacher where it is installed."""

import json
import os

import numpy as np
import pytest
from conftest import write_corpus

from tacoglow_train import audio, corpus, evaluate, judge, prepare
from tacoglow_train.data import Corpus
from tacoglow_train.voice import Voice


def test_prepare_reports_what_is_wrong(tmp_path):
    write_corpus(str(tmp_path / "speech"), 12)
    wavs, metadata = tmp_path / "speech" / "wavs", tmp_path / "speech" / "metadata.csv"
    silence, rng = np.zeros(11025), np.random.default_rng(0)
    audio.write_wav(str(wavs / "loud.wav"), np.sign(rng.normal(size=22050)))
    audio.write_wav(str(wavs / "long.wav"), rng.normal(0, 0.1, 22050 * 12))
    audio.write_wav(str(wavs / "quiet.wav"), np.concatenate([silence, rng.normal(0, 0.1, 22050), silence]))
    audio.write_wav(str(wavs / "other.wav"), rng.normal(0, 0.1, 16000), 16000)
    with open(metadata, "a") as f:
        f.write("gone|Red.|Red.\nloud|Red go.|Red go.\nlong|Red go.|Red go.\nquiet|Red go stop blue.|Red go stop blue.\nother|Red # go stop.|Red # go stop.\n")
    facts, clips = prepare.prepare(str(tmp_path / "speech"), str(tmp_path / "packed"), shortest=0.2)
    assert facts["missing"] == ["gone"] and facts["clipping"] == ["loud"] and facts["too long"] == ["long"]
    assert facts["resampled"] == 1 and facts["unknown characters"] == {"#": 1}
    assert 0.85 < facts["trimmed seconds"] < 2.0
    assert {"quiet", "other"} <= {c["id"] for c in clips}
    packed = Corpus(str(tmp_path / "packed"))
    assert packed.audio.numel() == sum(c["samples"] for c in clips) and len(packed.held_out) == 1


def test_edit_distance_and_rates():
    assert judge.edits("kitten", "sitting") == 3 and judge.edits([], ["a"]) == 1
    assert judge.plain("It's 20 to 3, Anna - 1,500 times!") == "it's twenty to three anna one thousand five hundred times"
    words, characters = judge.error_rates(["Red, go stop now."], ["red go shop"])
    assert words == pytest.approx(50.0) and characters == pytest.approx(100 * 5 / 15)


def test_attention_figures():
    straight = np.eye(10)[np.repeat(np.arange(10), 2)]
    assert evaluate.attention_figures(straight, 10) == (True, 1.0)
    jumps = np.eye(30)[[0, 1, 2, 20, 21]]
    assert evaluate.attention_figures(jumps, 30)[0] is False and evaluate.attention_figures(jumps, 30)[1] < 0.4
    back = np.eye(10)[[0, 5, 6, 1, 2]]
    assert evaluate.attention_figures(back, 10)[0] is False


def test_evaluation_writes_table_and_page(starter, packed, tmp_path):
    voice = Voice(starter)
    rows = evaluate.evaluate(voice, ["Hello world.", "This is a test."], str(tmp_path), Corpus(packed), copies=2, judges={}, seed=3)
    assert rows[0]["stopped %"] == 100.0 and rows[0]["monotonic %"] == 100.0 and rows[1]["log-mel L1"] > 0
    page = (tmp_path / "index.html").read_text()
    assert page.count("<audio") == 2 and page.count("image/png") == 4
    assert json.loads((tmp_path / "evaluation.json").read_text())["sentences"] == ["Hello world.", "This is a test."]


def test_the_starter_voice_is_understood(starter, missing):
    """Three sentences through a real recogniser, with a loose bound: the whole chain makes speech."""
    judges = judge.available(("pocketsphinx",))
    if not judges:
        missing("pocketsphinx (Debian: pocketsphinx, pocketsphinx-en-us)")
    lines = ["Hello world, this is a test.", "Where is the old house?", "I have seven books and two letters."]
    clips = [s["audio"].numpy() for s in Voice(starter).speak(lines, seed=1)]
    figures, heard = judge.judge(judges, clips, lines)
    assert figures["pocketsphinx CER %"] < 60, heard


@pytest.fixture(scope="module")
def teacher():
    try:
        return corpus.HibariTeacher()
    except ImportError:
        from conftest import oracle_missing

        oracle_missing("hibari-tts and onnxruntime")


def test_teacher_gives_word_times(teacher):
    """Three words, in order, inside the clip, and the same sound for the same seed."""
    sentence = "The quick brown fox."
    made, words = corpus.make_clip(teacher, sentence, 7, 1.6, 10.0)
    again, _ = corpus.make_clip(teacher, sentence, 7, 1.6, 10.0)
    assert np.array_equal(made, again) and len(words) == 4
    flat = [t for pair in words for t in pair]
    assert flat == sorted(flat) and flat[0] >= 0 and flat[-1] <= len(made) / audio.RATE + 1e-4


def test_corpus_is_the_same_for_the_same_seed(teacher, tmp_path):
    (tmp_path / "lines.txt").write_text("\n".join(f"This is sentence {w}." for w in "one two three four five six".split()))
    made = []
    for name in ("a", "b"):
        corpus.make(str(tmp_path / name), str(tmp_path / "lines.txt"), hours=0.002, seed=3, held_out=2, workers=1)
        files = sorted(os.listdir(tmp_path / name / "wavs"))
        made.append([(tmp_path / name / "metadata.csv").read_text(), (tmp_path / name / "words.jsonl").read_text(), files,
                     [(tmp_path / name / "wavs" / f).read_bytes() for f in files]])
    assert made[0] == made[1] and made[0][2][-1].startswith("h")
    facts, _ = prepare.prepare(str(tmp_path / "a"), str(tmp_path / "packed"))
    assert facts["clips"] == len(made[0][2])
