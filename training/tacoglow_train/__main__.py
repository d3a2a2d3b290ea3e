"""`python -m tacoglow_train COMMAND`: one command for each step from free text to a voice file."""

import argparse
import importlib
import sys

import torch

from . import Mistake

COMMANDS = {
    "voice": "everything, from free text to a voice file, in a fixed time",
    "prepare": "check an LJSpeech-shaped folder and pack it for training",
    "corpus": "make a synthetic corpus with a freely licensed teacher",
    "train": "train tacotron2 or waveglow",
    "evaluate": "judge a voice on held-out text and clips",
    "export": "write a voice file for the engine",
    "benchmark": "measure the speed of training",
    "golden": "write reference values of a voice for tests of an engine",
}


def main():
    parser = argparse.ArgumentParser(prog="tacoglow_train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in COMMANDS.items():
        module = importlib.import_module("." + {"voice": "make_voice"}.get(name, name), __package__)
        command = commands.add_parser(name, help=summary, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    args = parser.parse_args()
    try:
        args.run(args)
    except (Mistake, OSError) as error:
        sys.exit(f"tacoglow_train {args.command}: {error}")
    except torch.cuda.OutOfMemoryError:
        sys.exit(f"tacoglow_train {args.command}: the device has not enough memory: try a smaller --batch")


if __name__ == "__main__":
    main()
