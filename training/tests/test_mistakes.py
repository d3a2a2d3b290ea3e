"""What goes wrong at a user's desk: each mistake is told in one line, and nothing that was there is lost."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import wave

import numpy as np
import pytest
from conftest import write_corpus
from test_loop import settings, tacotron_task

from tacoglow_train import Mistake, checkpoint, data, prepare, train
from tacoglow_train import corpus as speech
from tacoglow_train.loop import Trainer
from tacoglow_train.ranks import Ranks

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def parse(module, *arguments):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args([str(a) for a in arguments])


@pytest.fixture
def run(packed, tmp_path):
    """Runs `train` in this process, on the tiny config and the artificial corpus."""
    (tmp_path / "words.dict").write_text("red R EH1 D\n")

    def run(network, *more):
        given = ["--config", "tiny", "--data", packed, "--out", tmp_path / network, "--device", "cpu", "--max-steps", "2"]
        train.run(parse(train, network, *given, *(["--lexicon", tmp_path / "words.dict"] if network == "tacotron2" else []), *more))

    return run


@pytest.mark.parametrize("arguments, told", [
    (["tacotron2", "--data", "/nowhere"], "/nowhere is not a corpus"), (["tacotron2", "--config", "huge"], "one of full, full-512, small, starter, tiny"),
    (["tacotron2", "--device", "gpu"], "auto, cpu, cuda or cuda:N"), (["tacotron2", "--device", "cuda:77"], "CUDA devices here"),
    (["tacotron2", "--set", "batch=many"], "Invalid value"), (["tacotron2", "--set", 'lr="x"'], "lr = 'x': it has to be a number"),
    (["tacotron2", "--set", "batch=0"], "at least 1"), (["tacotron2", "--set", "batch=true"], "whole number"), (["tacotron2", "--set", "lr=nan"], "not negative"),
    (["tacotron2", "--set", "betas=[0.9]"], "2 numbers"), (["tacotron2", "--set", "lr"], "NAME=VALUE"), (["tacotron2", "--set", "bach=3"], "unknown training options: bach"),
    (["tacotron2", "--set", 'precision="fp8"'], "fp32, bf16, fp16"), (["tacotron2", "--stage", "inverse"], "WaveGlow's"),
    (["tacotron2", "--tacotron", "x"], "unknown training options: tacotron"), (["tacotron2", "--warm-start", __file__], "is not a voice file"),
    (["tacotron2", "--set", "longest_frames=3"], "as short as 3 frames"), (["waveglow", "--set", "crop_frames=9999"], "no clip is longer than the 9999 frames"),
    (["waveglow", "--tacotron", "/nowhere"], "No such file or directory: /nowhere"),
])  # fmt: skip
def test_a_wrong_command_is_one_line(arguments, told, run):
    with pytest.raises((Mistake, OSError), match=told):
        run(*arguments)


def test_the_command_ends_with_one_line_and_a_status(tmp_path):
    command = [sys.executable, "-m", "tacoglow_train", "prepare", str(tmp_path), "--out", str(tmp_path / "packed")]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "has no metadata.csv" in done.stderr


def test_a_folder_is_one_run_of_one_process(run, tmp_path):
    """Neither another network nor a second process gets into it, and a checkpoint that cannot be read is passed over."""
    run("tacotron2")
    with pytest.raises(Mistake, match="holds a run already"):
        run("tacotron2")
    with pytest.raises(Mistake, match="a run of tacotron2"):
        run("waveglow", "--out", tmp_path / "tacotron2", "--resume")
    with pytest.raises(Mistake, match="holds a tacotron2, not a waveglow"):
        run("waveglow", "--warm-start", tmp_path / "tacotron2")
    lock = checkpoint.claim(str(tmp_path / "tacotron2"))
    with pytest.raises(Mistake, match="another process"):
        run("tacotron2", "--resume")
    lock.close()
    state = tmp_path / "tacotron2" / "step-00000002" / "state.json"
    state.write_text(state.read_text().replace('"options": {', '"options": {"of_another_version": 1,'))
    run("tacotron2", "--config", "small", "--resume", "--max-steps", "3")  # sizes are the checkpoint's
    with open(tmp_path / "tacotron2" / "step-00000003" / "training.safetensors", "r+b") as f:
        f.truncate(1000)
    run("tacotron2", "--resume", "--max-steps", "4")
    assert [s for s, _ in checkpoint.steps_in(str(tmp_path / "tacotron2"))] == [3, 4]
    for step in (3, 4):
        (tmp_path / "tacotron2" / f"step-{step:08d}" / "state.json").write_text("{")
    with pytest.raises(Mistake, match="none of its checkpoints can be read"):
        run("tacotron2", "--resume")


def test_a_resumed_run_still_learns_on_the_tacotron_it_began_with(run, tmp_path):
    run("tacotron2")
    run("waveglow", "--stage", "inverse", "--tacotron", tmp_path / "tacotron2", "--lexicon", tmp_path / "words.dict")
    shutil.rmtree(tmp_path / "tacotron2")
    with pytest.raises(OSError, match="tacotron2"):
        run("waveglow", "--resume", "--max-steps", "3")


def test_a_full_disk_costs_a_checkpoint_and_not_the_run(corpus, lexicon, tmp_path, monkeypatch, capsys):
    """While the disk is full the run goes on and the last checkpoint stays; the final save says what is wrong."""
    trainer = Trainer(tacotron_task(corpus, lexicon), str(tmp_path), settings(), Ranks("cpu"))
    trainer.save(0.0)
    write = checkpoint.save_file

    def full(tensors, path, metadata=None):
        write(tensors, path, metadata)
        if "training" in path:
            raise checkpoint.SafetensorError("No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    trainer.settings.checkpoint_minutes = 0.0
    with pytest.raises(OSError, match="No space left"):
        trainer.run()
    assert trainer.step == 8 and capsys.readouterr().out.count("not saved") == 8
    assert [s for s, _ in checkpoint.steps_in(str(tmp_path))] == [0] and not [n for n in os.listdir(tmp_path) if n.endswith(".writing")]


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_killed_while_the_best_is_replaced(renames, corpus, lexicon, tmp_path, monkeypatch):
    """After each number of renames that a killed process got to: a best checkpoint comes back, and the next one is written."""
    trainer = Trainer(tacotron_task(corpus, lexicon), str(tmp_path), settings(), Ranks("cpu"))
    trainer._write("best", 1.0)
    rename, remove, left = os.rename, shutil.rmtree, renames

    def dying(a, b):
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        rename(a, b)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", dying)
        patch.setattr(shutil, "rmtree", lambda path, ignore_errors=False: remove(path) if left else None)
        try:
            trainer._write("best", 2.0)
        except KeyboardInterrupt:
            pass
    checkpoint.settle(str(tmp_path))
    assert os.listdir(tmp_path) == ["best"] and checkpoint.read_state(str(tmp_path / "best"))["minutes"] == (2.0 if renames == 2 else 1.0)
    trainer._write("best", 3.0)
    assert checkpoint.read_state(str(tmp_path / "best"))["minutes"] == 3.0


def put(path, samples, channels=1, rate=22050, width=2):
    with wave.open(str(path), "wb") as f:
        f.setnchannels(channels)
        f.setsampwidth(width)
        f.setframerate(rate)
        f.writeframes(samples)


def test_prepare_leaves_out_what_is_unfit_and_says_why(tmp_path, capsys):
    write_corpus(str(tmp_path / "speech"), 14, seed=1)
    wavs, tone = tmp_path / "speech" / "wavs", np.sin(np.arange(44100) * 0.05) * 8000
    (wavs / "c000.wav").write_bytes(b"")
    (wavs / "c001.wav").write_bytes(b"not a sound" * 9)
    os.remove(wavs / "c002.wav")
    put(wavs / "c003.wav", b"")
    put(wavs / "c004.wav", bytes(44100))
    put(wavs / "c005.wav", np.stack([tone, tone], 1).astype("<i2").tobytes(), channels=2, rate=44100)  # is well
    put(wavs / "c006.wav", bytes(66150), width=3)
    put(wavs / "c007.wav", (np.sign(tone[:22050]) * 32767).astype("<i2").tobytes())
    whole = (wavs / "c008.wav").read_bytes()
    (wavs / "c008.wav").write_bytes(whole[:-20001])
    not_numbers = np.full(2205, np.nan, "<f4").tobytes()
    head = b"RIFF" + (36 + len(not_numbers)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x03\0\x01\0" + (22050).to_bytes(4, "little")
    (wavs / "c009.wav").write_bytes(head + (88200).to_bytes(4, "little") + b"\x04\0\x20\0data" + len(not_numbers).to_bytes(4, "little") + not_numbers)
    lines = (tmp_path / "speech" / "metadata.csv").read_text().splitlines()
    lines[10] = "c010|?!|?!"
    (tmp_path / "speech" / "metadata.csv").write_text("\n".join([*lines, "no text", lines[11]]) + "\n")
    facts, clips = prepare.prepare(str(tmp_path / "speech"), str(tmp_path / "packed"), shortest=0.2)
    assert {c["id"] for c in clips} == {"c005", "c011", "c012", "c013"} and facts["resampled"] == 1 and facts["lines without a text"] == 1
    names = {reason: [n.split()[0] for n in facts[reason]] for reason in prepare.REASONS if facts[reason]}
    assert names == {"missing": ["c002"], "unreadable": ["c000", "c001", "c006", "c008", "c009"], "silent": ["c003", "c004"],
                     "clipping": ["c007"], "no words": ["c010"], "same id twice": ["c011"]}  # fmt: skip
    prepare.report(facts, clips)
    assert "16-bit" in capsys.readouterr().out


def test_a_packed_corpus_belongs_together(tmp_path, monkeypatch):
    """Packing again either leaves what was there or replaces all of it."""
    write_corpus(str(tmp_path / "speech"), 12)
    prepare.prepare(str(tmp_path / "speech"), str(tmp_path / "packed"), shortest=0.2)
    before = data.Corpus(str(tmp_path / "packed")).hash
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", lambda *a: (_ for _ in ()).throw(OSError("No space left on device")))
        with pytest.raises(OSError):
            prepare.prepare(str(tmp_path / "speech"), str(tmp_path / "packed"), shortest=0.2)
    assert data.Corpus(str(tmp_path / "packed")).hash == before and sorted(os.listdir(tmp_path / "packed")) == ["audio.npy", "clips.json"]
    np.save(tmp_path / "packed" / "audio.npy", np.zeros(9, np.int16))
    with pytest.raises(Mistake, match="shorter"):
        data.Corpus(str(tmp_path / "packed"))


class ToneTeacher:
    """A teacher of its own kind: a tone for every word, no word times, and one sentence that it cannot say."""

    sample_rate, license = 16000, "CC0-1.0"

    def describe(self):
        return "tones"

    def speak(self, sentence, seed):
        if "apple" in sentence:
            raise RuntimeError("no apples")
        t = np.arange(8000 * len(sentence.split())) / self.sample_rate
        return 0.3 * np.sin(2 * np.pi * (200 + seed % 50) * t).astype(np.float32), None


def test_any_teacher_and_no_corpus_is_written_over(tmp_path, monkeypatch):
    """Whatever the number of workers, the corpus is the same; recordings that are there are left alone."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([HERE, os.path.dirname(os.path.abspath(__file__))]))
    (tmp_path / "text.txt").write_text("# my own words\n" + "".join(f"Sentence {'apple' if i == 3 else 'number'} {'x' * i}.\n" for i in range(1, 30)))
    made = []
    for workers in (1, 2):
        folder = tmp_path / f"speech{workers}"
        (folder / "wavs").mkdir(parents=True)
        (folder / "wavs" / "mine.wav").write_bytes(b"mine")
        facts = speech.make(str(folder), str(tmp_path / "text.txt"), 0.005, held_out=4, teacher="test_mistakes:ToneTeacher", workers=workers)
        assert facts["license"] == "CC0-1.0" and facts["text"] == "my own words" and facts["gain"] == 1.0
        made.append({n: (folder / "wavs" / n).read_bytes() for n in os.listdir(folder / "wavs")})
        made[-1]["metadata"] = (folder / "metadata.csv").read_bytes()
    assert made[0] == made[1] and made[0]["mine.wav"] == b"mine" and len(made[0]) > 10
    with pytest.raises(Mistake, match="holds a corpus already"):
        speech.make(str(tmp_path / "speech1"), str(tmp_path / "text.txt"), 0.01, teacher="test_mistakes:ToneTeacher")
    with pytest.raises(Mistake, match="cannot be loaded"):
        speech.make(str(tmp_path / "new"), str(tmp_path / "text.txt"), 0.01, teacher="test_mistakes:Nobody")
    facts, _ = prepare.prepare(str(tmp_path / "speech1"), str(tmp_path / "packed"))
    assert json.loads((tmp_path / "packed" / "clips.json").read_text())["source"]["teacher"] == "tones" and facts["clips"] > 4
