"""From a corpus to a voice by the one command for a borrowed machine, on a CPU in half a minute: two calls, and the pieces put together."""

import argparse
import os
import subprocess
import sys
import tarfile

import pytest

from tacoglow_train import Mistake, make_voice
from tacoglow_train.text import Lexicon
from tacoglow_train.voice import Voice

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "make_voice.sh")


def call(tmp_path, *arguments):
    """The script in `tmp_path`, where all names are relative."""
    env = {**os.environ, "WORK": "work", "PYTHON": sys.executable}
    done = subprocess.run(["bash", os.path.abspath(SCRIPT), *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240)
    return done.returncode, done.stdout + done.stderr


def test_two_calls_make_a_voice(packed, tmp_path):
    (tmp_path / "carry").mkdir()
    (tmp_path / "carry" / "cmudict.dict").write_text("red R EH1 D\ngo G OW1\n")
    options = ["--minutes", "0.3", "--config", "tiny", "--data", os.path.relpath(packed, tmp_path), "--license", "CC0-1.0", "--judge", "2", "--export-minutes", "0.1"]
    code, said = call(tmp_path, "run", "carry", "first", "1", *options)
    assert code == 0 and "STILL RUNNING" in said, said
    code, said = call(tmp_path, "run", "carry", "second", "200")
    assert code == 0 and "ENDED" in said and "exported, final" in said, said
    with tarfile.open(tmp_path / "second" / "logs.tar.gz") as logs:
        assert {"voice.log", "runs/tacotron2.log", "runs/likelihood.log", "runs/inverse.log", "out/evaluation/evaluation.json"} <= set(logs.getnames())
    code, said = call(tmp_path, "join", "second", "voice.safetensors")
    assert code == 0, said
    Voice(str(tmp_path / "voice.safetensors"), lexicon=Lexicon(str(tmp_path / "carry" / "cmudict.dict")))  # complete, if not yet good
    with open(tmp_path / "second" / "voice.f16.part-aa", "ab") as piece:
        piece.write(b"!")
    code, said = call(tmp_path, "join", "second", "broken.safetensors")
    assert code != 0 and not (tmp_path / "broken.safetensors").exists(), said


class Judged(make_voice.Plan):
    """Only as much of a plan as chooses a vocoder."""

    def __init__(self, scores):
        self.vocoders, self.scores, self.dnsmos, self.marks, self.start = list(scores), {}, None, scores, 0.0

    def is_there(self, source):
        return self.marks[source] is not None

    def score(self, source):
        if isinstance(self.marks[source], Exception):
            raise self.marks[source]
        return self.marks[source]


@pytest.mark.parametrize("scores, best", [
    ({"inverse": 2.0, "adversarial": 1.8}, "adversarial"), ({"inverse": 2.0, "adversarial": 2.3}, "inverse"), ({"inverse": -2.51, "adversarial": -2.49}, "adversarial"),
    ({"inverse": 2.0, "adversarial": float("nan")}, "inverse"), ({"inverse": 2.0, "adversarial": None}, "inverse"),
    ({"inverse": 2.0, "adversarial": RuntimeError("out of memory")}, "inverse"),
])  # fmt: skip
def test_a_stage_is_kept_if_it_helps(scores, best):
    plan = Judged(scores)
    plan.choose_vocoder()
    assert plan.vocoders[-1] == best


def test_what_cannot_work_is_said_at_once(starter, packed, tmp_path):
    """Before minutes of a borrowed machine are gone."""


    parser = argparse.ArgumentParser()
    make_voice.add_arguments(parser)
    plan = lambda *more: make_voice.Plan(parser.parse_args(["--out", str(tmp_path / "out"), "--data", packed, "--config", "tiny", *more]))
    lexicon = tmp_path / "words.dict"
    lexicon.write_text("red R EH1 D\n")
    with pytest.raises(Mistake, match="--license"):
        plan("--lexicon", str(lexicon))
    with pytest.raises(Mistake, match="another size than --config tiny"):
        plan("--lexicon", str(lexicon), "--license", "CC0-1.0", "--warm-start", starter)
    with pytest.raises(OSError, match="nowhere"):
        plan("--lexicon", "/nowhere")
    assert not (tmp_path / "out").exists()
