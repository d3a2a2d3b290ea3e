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
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from . import Mistake

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def claim(folder):
    """Keeps other processes from training in a folder while the file that it returns is open."""
    os.makedirs(folder, exist_ok=True)
    lock = open(os.path.join(folder, "lock"), "w")
    try:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Mistake(f"{folder}: another process is training there") from None
    return lock


def write_tensors(path, tensors, metadata=None):
    try:
        save_file({n: t.detach().cpu().contiguous().clone() for n, t in tensors.items()}, path, metadata)
    except SafetensorError as error:  # a full disk, most of the time
        raise OSError(f"{path}: {error}") from None


def steps_in(folder):
    """`[(step, path)]` of the numbered checkpoints in a folder, oldest first."""
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        match = re.fullmatch(r"step-(\d+)", name)
        if match:
            found.append((int(match.group(1)), os.path.join(folder, name)))
    return sorted(found)


def flaw(path):
    """What is wrong with a checkpoint folder, as far as its headers and the lengths of its files tell; None if nothing is."""
    try:
        read_state(path)
        for name in ("weights", "ema", *(["training"] if re.search(r"step-\d+$", path) else [])):
            with safe_open(os.path.join(path, name + ".safetensors"), "pt"):
                pass
    except (OSError, ValueError, SafetensorError) as error:
        return str(error)
    return None


def latest(folder):
    """The newest checkpoint of a run's folder that can be read, or the folder itself when it is a checkpoint; None where
    there is none."""
    if os.path.exists(os.path.join(folder, "state.json")):
        return folder
    found = steps_in(folder)
    for _, path in reversed(found):
        wrong = flaw(path)
        if wrong is None:
            return path
        print(f"{path} is passed over, it cannot be read: {wrong}", flush=True)
    if found:
        raise Mistake(f"{folder}: none of its checkpoints can be read")
    return None


def settle(folder):
    """Ends what a process that was killed while it wrote or removed a checkpoint left half done."""
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if name == "best.old" and not os.path.exists(path[:-4]):
            os.rename(path, path[:-4])
        elif name.endswith((".old", ".writing")):
            shutil.rmtree(path)


def remove(path):
    """Under another name first: a checkpoint is there as a whole or not at all."""
    os.rename(path, path + ".old")
    shutil.rmtree(path + ".old")


def write(folder, name, weights, ema, training, state, keep=2):
    """Writes a checkpoint folder and removes numbered ones older than the last `keep`."""
    settle(folder)
    path = os.path.join(folder, name)
    beside = path + ".writing"
    os.makedirs(beside)
    try:
        write_tensors(os.path.join(beside, "weights.safetensors"), weights)
        write_tensors(os.path.join(beside, "ema.safetensors"), ema)
        if training is not None:
            write_tensors(os.path.join(beside, "training.safetensors"), training)
        with open(os.path.join(beside, "state.json"), "w") as f:
            json.dump(state, f, indent=1)
    except OSError:
        shutil.rmtree(beside)  # half a checkpoint is of no use, and the disk may be full
        raise
    if os.path.exists(path):  # `best`
        os.rename(path, path + ".old")
    os.rename(beside, path)
    shutil.rmtree(path + ".old", ignore_errors=True)
    for _, old in steps_in(folder)[:-keep]:
        remove(old)
    return path


def read_state(path):
    """What state.json of a checkpoint folder says."""
    with open(os.path.join(path, "state.json")) as f:
        return json.load(f)


def read(path):
    """(weights, training, state) of a numbered checkpoint."""
    weights, training = (load_file(os.path.join(path, name + ".safetensors")) for name in ("weights", "training"))
    return weights, training, read_state(path)


def read_voice(path):
    """(config, {"tacotron2": weights, "waveglow": weights}) of a voice file, in f32; int8 rows times their scales."""
    config = read_voice_config(path)
    with safe_open(path, "pt") as f:
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


def read_voice_config(path):
    try:
        with safe_open(path, "pt") as f:
            config = json.loads((f.metadata() or {})["config"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise Mistake(f"{path} is not a voice file: {error!r}") from None
    return config


def read_weights(source, part):
    """Averaged weights and config of a network from a checkpoint, a run's folder or a voice file."""
    if not os.path.isdir(source):
        config, parts = read_voice(source)
        return parts[part], config[part]
    path = latest(source)
    if path is None:
        raise Mistake(f"{source}: no checkpoint")
    if flaw(path):
        raise Mistake(f"{path} cannot be read: {flaw(path)}")
    state = read_state(path)
    if state["kind"] != part:
        raise Mistake(f"{source} holds a {state['kind']}, not a {part}")
    return load_file(os.path.join(path, "ema.safetensors")), state["network"]


def origin(source, part):
    """What a network was made from and under which licence that puts it (None: nobody said), for the metadata of a voice."""
    if os.path.isdir(source):
        state = read_state(latest(source))
        return state.get("origin") or run_origin(state["data"]["source"])
    with safe_open(source, "pt") as f:
        metadata = f.metadata()
    try:
        made_from = dict(json.loads(metadata["provenance"]))
    except (KeyError, ValueError, TypeError):  # none, or a sentence
        made_from = {"said": metadata.get("provenance")}
    return {"license": metadata.get("license"), **made_from.get(part, made_from)}


def run_origin(corpus, before=None):
    """The same of a run: its corpus, and the origin of the weights that it began with."""
    made_from = {"license": corpus.get("license"), "corpus": corpus}
    if before in (None, made_from):
        return made_from
    return {**made_from, "license": before["license"] if before["license"] == made_from["license"] else None, "began with": before}


def load_matching(network, weights):
    """Copies every tensor whose name and shape fit; returns the names that were left as they were. None at all is a mistake."""
    own = network.state_dict()
    fitting = {n: w for n, w in weights.items() if n in own and own[n].shape == w.shape}
    if not fitting:
        raise Mistake("not one tensor of those weights fits this network")
    own.update(fitting)
    network.load_state_dict(own)
    return sorted(n for n in own if n not in fitting and not n.endswith("num_batches_tracked"))
