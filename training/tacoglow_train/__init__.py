"""Trains the two networks of a Tacoglow voice: Tacotron 2 (text to mel) and WaveGlow (mel to sound).

Read in this order: text, audio, data, tacotron2, waveglow, losses, optim, scaler, loop, train.
"""
