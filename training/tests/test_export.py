"""The voice file: names, shapes and config of the engine, storage that changes little, and a round trip."""

import argparse
import json
import os
import re

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tacoglow_train import Mistake, checkpoint, export, golden
from tacoglow_train.tacotron2 import Tacotron2
from tacoglow_train.voice import Voice
from tacoglow_train.waveglow import WaveGlow

CONFIG_RS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "voice", "config.rs")


DATA = {"source": {"teacher": "an actor", "license": "CC0-1.0"}}


def sizes(path):
    with safe_open(path, "pt") as f:
        return {n: (str(f.get_tensor(n).dtype), tuple(f.get_tensor(n).shape)) for n in f.keys()}, f.metadata()


@pytest.fixture(scope="module")
def voices(starter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voices")
    return {d: (str(folder / f"{d}.safetensors"), export.export(starter, starter, str(folder / f"{d}.safetensors"), d, "test")) for d in ("f32", "f16", "int8")}


def test_names_and_types(voices):
    tensors, metadata = sizes(voices["int8"][0])
    assert metadata["format"] == "tacotron2-waveglow-voice" and metadata["license"] and metadata["language"] == "en"
    assert all(n.startswith(("tacotron2.", "waveglow.")) for n in tensors)
    assert not any("num_batches_tracked" in n or "weight_g" in n for n in tensors)
    for name, (dtype, shape) in tensors.items():
        if re.search(r"convinv\.\d+\.conv\.weight$", name):
            assert dtype == "torch.float32", name
        if dtype == "torch.int8":
            assert tensors[name + ".scale"] == ("torch.float32", (shape[0],)), name
    assert tensors["tacotron2.encoder.convolutions.0.1.running_var"][0] == "torch.float16"
    assert tensors["waveglow.WN.3.in_layers.2.0.running_mean"][1] == (128,)


def test_config_has_the_names_of_the_engine(voices):
    """Every field of the engine's Rust structs is written, and with the same spelling."""
    config = json.loads(sizes(voices["f16"][0])[1]["config"])
    if not os.path.exists(CONFIG_RS):
        pytest.skip("the engine's sources are not beside the trainer")
    source = open(CONFIG_RS).read()
    for struct, section in (("AudioConfig", config["audio"]), ("FrontendConfig", config["frontend"]), ("Tacotron2Config", config["tacotron2"]),
                            ("WaveGlowConfig", config["waveglow"]), ("WnConfig", config["waveglow"]["WN_config"])):
        body = re.search(r"pub struct %s \{(.*?)\n\}" % struct, source, re.S).group(1)
        fields = {f.replace("wn", "WN_config") if f == "wn" else f for f in re.findall(r"pub (\w+):", body)}
        assert fields <= set(section), (struct, fields - set(section))
    assert config["waveglow"]["kind"] == "squeezewave" and len(config["frontend"]["symbols"]) == 148


def test_storage_sizes_and_errors(voices, starter):
    """f32 holds the weights exactly; f16 and int8 change mel and sound a little, and the files shrink as they should."""
    reference = golden.golden(Voice(voices["f32"][0]), golden.SENTENCES[:1], 20)
    original = golden.golden(Voice(starter), golden.SENTENCES[:1], 20)
    assert all(torch.equal(reference[n], original[n]) for n in reference)
    for dtype, mel_l1, megabytes in (("f16", 2e-3, 23.5), ("int8", 0.06, 13.0)):
        path, size = voices[dtype]
        values = golden.golden(Voice(path), golden.SENTENCES[:1], 20)
        assert float((values["s1.mel_after_postnet"] - reference["s1.mel_after_postnet"]).abs().mean()) < mel_l1
        assert size < megabytes * 1e6
    vocoders = [Voice(voices[d][0]).vocoder for d in ("f32", "int8")]
    mel = reference["s1.mel_after_postnet"].unsqueeze(0)
    with torch.no_grad():
        exact, stored = (v.infer(mel, 0.0)[0] for v in vocoders)
    # dB, for the vocoder alone: 24.7 was measured on this sentence with the bundled voice.
    assert 10 * float(torch.log10(exact.pow(2).sum() / (exact - stored).pow(2).sum())) > 23


def test_a_run_becomes_a_voice_and_a_voice_starts_a_run(tmp_path):
    """Weights go through a checkpoint and a voice file unharmed, and what does not fit is named."""
    sizes_t2 = dict(symbols_embedding_dim=8, encoder_embedding_dim=8, prenet_dim=8, attention_rnn_dim=8, decoder_rnn_dim=8, attention_dim=8,
                    attention_location_n_filters=2, postnet_embedding_dim=8, n_frames_per_step=2)
    vocoder = {"n_flows": 4, "WN_config": {"n_layers": 2, "n_channels": 8}}
    networks = {"tacotron2": Tacotron2(sizes_t2), "waveglow": WaveGlow(vocoder)}
    for kind, network in networks.items():
        weights = {n: t for n, t in network.state_dict().items()}
        checkpoint.write(str(tmp_path / kind), "step-00000001", weights, weights, {}, {
            "kind": kind, "network": network.config, "step": 1, "settings": dict.fromkeys(("precision", "lr", "betas", "ema")), "data": DATA})
    runs, voice = [str(tmp_path / "tacotron2"), str(tmp_path / "waveglow")], str(tmp_path / "v.safetensors")
    facts = export.training_facts(*runs)
    assert facts["waveglow"]["step"] == 1
    export.export(*runs, voice, "f32", training=facts)
    assert export.training_facts(voice, runs[1]) == facts  # a part from a voice brings its past along
    for kind, network in networks.items():
        weights, config = checkpoint.read_weights(str(tmp_path / "v.safetensors"), kind)
        assert all(torch.equal(weights[n], t) for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked"))
        assert all(config[n] == v for n, v in (sizes_t2 if kind == "tacotron2" else {"n_flows": 4}).items())
    wider = Tacotron2({**sizes_t2, "prenet_dim": 12})
    left = checkpoint.load_matching(wider, checkpoint.read_weights(str(tmp_path / "v.safetensors"), "tacotron2")[0])
    assert left == ["decoder.attention_rnn.weight_ih", "decoder.prenet.layers.0.linear_layer.weight", "decoder.prenet.layers.1.linear_layer.weight"]


def test_licence_and_provenance_are_those_of_the_data(starter, tmp_path):
    """A voice says what its parts were made from; where they differ in licence, or nobody said it, that has to be given."""
    network = Tacotron2({"encoder_embedding_dim": 8, "symbols_embedding_dim": 8})
    states = {"free": DATA["source"], "recordings": {"folder": "me"}}
    for name, source in states.items():
        state = {"kind": "tacotron2", "network": network.config, "data": {"source": source}}
        checkpoint.write(str(tmp_path / name), "step-00000001", network.state_dict(), network.state_dict(), {}, state)
    license, provenance = export.made_from(starter, starter)
    assert license == "Apache-2.0" and "hibari" in json.dumps(provenance)
    for name in states:
        with pytest.raises(Mistake, match="--license"):
            export.made_from(str(tmp_path / name), starter)
    license, provenance = export.made_from(str(tmp_path / "free"), starter, "CC-BY-4.0")
    assert license == "CC-BY-4.0" and provenance["tacotron2"]["corpus"]["teacher"] == "an actor" and "hibari" in json.dumps(provenance["waveglow"])
    mine = checkpoint.run_origin({"license": "Apache-2.0", "folder": "me"}, checkpoint.origin(starter, "waveglow"))
    assert mine["license"] == "Apache-2.0" and "hibari" in json.dumps(mine["began with"])
    assert checkpoint.run_origin(states["recordings"], mine)["license"] is None


def test_an_unstable_vocoder_is_warned_of(voices, starter, tmp_path, capsys):
    """The bundled one's peak is 0.77; one whose last flow expands without bound has none."""
    assert 0.1 < export.hum(starter) < 10
    tensors = load_file(voices["f32"][0])
    with safe_open(voices["f32"][0], "pt") as f:
        metadata = f.metadata()
    tensors["waveglow.WN.0.end.bias"] = torch.full_like(tensors["waveglow.WN.0.end.bias"], -200.0)
    wild = str(tmp_path / "wild.safetensors")
    save_file(tensors, wild, metadata)
    assert not export.hum(wild) < 100
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    export.run(parser.parse_args(["--tacotron2", wild, "--waveglow", wild, "--out", str(tmp_path / "v.safetensors")]))
    assert "warning" in capsys.readouterr().out


def test_weights_that_are_not_finite_are_refused(starter, tmp_path):
    network = WaveGlow({"n_flows": 2, "WN_config": {"n_layers": 1, "n_channels": 4}})
    weights = dict(network.state_dict())
    weights["WN.0.start.bias"] = torch.full((4,), float("nan"))
    checkpoint.write(str(tmp_path), "step-00000001", weights, weights, {}, {"kind": "waveglow", "network": network.config, "data": DATA})
    with pytest.raises(Mistake, match="WN.0.start.bias"):
        export.export(starter, str(tmp_path), str(tmp_path / "v.safetensors"), license="CC0-1.0")


def test_int8_rows_are_within_half_a_step():
    tensor = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 30, 3)).astype(np.float32))
    values, scale = export.quantize(tensor)
    back = values.float() * scale.view(-1, 1, 1)
    assert bool(((back - tensor).abs() <= 0.5001 * scale.view(-1, 1, 1)).all())
    assert scale.shape == (40,)
