"""Trains the two networks of a Tacoglow voice: Tacotron 2 (text to mel) and WaveGlow (mel to sound).

Read in this order: text, audio, data, tacotron2, waveglow, losses, optim, scaler, options, ranks, loop, tasks, train.
"""


class Mistake(Exception):
    """What whoever runs a command can mend: told in one line, without a traceback."""
