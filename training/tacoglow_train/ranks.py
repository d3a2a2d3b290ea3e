"""The processes that train together, and the device of each."""

import copy
import os
import re

import torch

from . import Mistake


def choose_device(name="auto"):
    """`auto`, `cpu`, `cuda` (under `torchrun` the one of this process) or `cuda:N`."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise Mistake(f"--device {name}: it has to be auto, cpu, cuda or cuda:N")
    if name == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = int(name[5:] or os.environ.get("LOCAL_RANK", "0"))
    if index >= count:
        raise Mistake(f"--device {name}: PyTorch {torch.__version__} sees {count} CUDA devices here")
    torch.cuda.set_device(index)
    return torch.device("cuda", index)


class Ranks:
    """One process without `torchrun`, as many as it starts with it."""

    def __init__(self, device="auto"):
        self.world, self.rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
        self.device = choose_device(device)
        if self.world > 1:
            cuda = self.device.type == "cuda"
            if not torch.distributed.is_initialized():
                torch.distributed.init_process_group("nccl" if cuda else "gloo")
            # What is agreed on lies in the CPU's memory: nobody waits for a GPU to hear whether to go on.
            self.talk = torch.distributed.new_group(backend="gloo") if cuda else None

    def alone(self):
        """This process as if it were the only one."""
        one = copy.copy(self)
        one.world, one.rank = 1, 0
        return one

    def part(self):
        """At the end, once all have come so far."""
        if self.world > 1:
            torch.distributed.barrier(group=self.talk)
            torch.distributed.destroy_process_group()

    def mean(self, tensor):
        """The mean of a tensor on the device over the ranks."""
        if self.world > 1:
            torch.distributed.all_reduce(tensor)
            tensor = tensor / self.world
        return tensor

    def most(self, *numbers):
        """The largest of each number over the ranks: what reads a clock or hears a signal has to be decided by all alike."""
        if self.world > 1:
            tensor = torch.tensor([float(n) for n in numbers], dtype=torch.float64)
            torch.distributed.all_reduce(tensor, torch.distributed.ReduceOp.MAX, group=self.talk)
            numbers = tensor.tolist()
        return numbers

    def gather(self, thing):
        """What every rank gives, in their order, on each of them."""
        things = [thing] * self.world
        if self.world > 1:
            torch.distributed.all_gather_object(things, thing, group=self.talk)
        return things
