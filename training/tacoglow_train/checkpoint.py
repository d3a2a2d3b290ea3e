"""Checkpoints: one numbered folder each, written beside and renamed, so that a killed run leaves the one before.

    <out>/step-00001200/weights.safetensors    the network under its published names
                        ema.safetensors        the averaged weights: what is evaluated and exported
                        training.safetensors   optimizer moments and counters, random states
                        state.json             step, scaler, config, hash of the data, figures
"""

import json
import os
import re
import shutil

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def write_tensors(path, tensors, metadata=None):
    save_file({n: t.detach().cpu().contiguous().clone() for n, t in tensors.items()}, path, metadata)


def steps_in(folder):
    """`[(step, path)]` of the complete checkpoints in a folder, oldest first."""
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        match = re.fullmatch(r"step-(\d+)", name)
        if match:
            found.append((int(match.group(1)), os.path.join(folder, name)))
    return sorted(found)


def latest(folder):
    """The newest checkpoint of a run's folder, or the folder itself when it is a checkpoint."""
    if os.path.exists(os.path.join(folder, "state.json")):
        return folder
    found = steps_in(folder)
    return found[-1][1] if found else None


def write(folder, name, weights, ema, training, state, keep=2):
    """Writes a checkpoint folder and removes numbered ones older than the last `keep`."""
    path = os.path.join(folder, name)
    beside = path + ".writing"
    shutil.rmtree(beside, ignore_errors=True)
    os.makedirs(beside)
    write_tensors(os.path.join(beside, "weights.safetensors"), weights)
    write_tensors(os.path.join(beside, "ema.safetensors"), ema)
    if training is not None:
        write_tensors(os.path.join(beside, "training.safetensors"), training)
    with open(os.path.join(beside, "state.json"), "w") as f:
        json.dump(state, f, indent=1)
    if os.path.exists(path):  # `best`, or a step saved twice
        os.rename(path, path + ".old")
    os.rename(beside, path)
    shutil.rmtree(path + ".old", ignore_errors=True)
    for _, old in steps_in(folder)[:-keep]:
        shutil.rmtree(old)
    return path


def read_state(path):
    """What state.json of a checkpoint folder says."""
    with open(os.path.join(path, "state.json")) as f:
        return json.load(f)


def read(path):
    """(weights, ema, training, state) of a checkpoint folder."""
    training = os.path.join(path, "training.safetensors")
    return (
        load_file(os.path.join(path, "weights.safetensors")),
        load_file(os.path.join(path, "ema.safetensors")),
        load_file(training) if os.path.exists(training) else {},
        read_state(path),
    )


def read_voice_config(path):
    with safe_open(path, "pt") as f:
        return json.loads(f.metadata()["config"])


def read_voice(path):
    """(config, {"tacotron2": weights, "waveglow": weights}) of a voice file, in f32; int8 rows times their scales."""
    with safe_open(path, "pt") as f:
        config = json.loads(f.metadata()["config"])
        tensors = {name: f.get_tensor(name) for name in f.keys()}
    parts = {"tacotron2": {}, "waveglow": {}}
    for name, tensor in tensors.items():
        if name.endswith(".scale"):
            continue
        if tensor.dtype == torch.int8:
            scale = tensors[name + ".scale"]
            tensor = tensor.float() * scale.reshape([-1] + [1] * (tensor.dim() - 1))
        part, _, name = name.partition(".")
        parts[part][name] = tensor.float() if tensor.is_floating_point() else tensor
    return config, parts


def read_weights(source, part):
    """Averaged weights and config of a network from a checkpoint, a run's folder or a voice file."""
    if os.path.isdir(source):
        path = latest(source)
        if path is None:
            raise FileNotFoundError(f"{source}: no checkpoint")
        _, ema, _, state = read(path)
        return ema, state["network"]
    config, parts = read_voice(source)
    return parts[part], config[part]


def load_matching(network, weights):
    """Copies every tensor whose name and shape fit; returns the names that were left as they were."""
    own = network.state_dict()
    fitting = {n: w for n, w in weights.items() if n in own and own[n].shape == w.shape}
    own.update(fitting)
    network.load_state_dict(own)
    return sorted(n for n in own if n not in fitting and not n.endswith("num_batches_tracked"))
