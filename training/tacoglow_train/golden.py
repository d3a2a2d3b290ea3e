"""Writes reference values of a voice for tests of another engine: fixed sentences and steps, nothing random.

Per sentence `s1`, `s2`, ..: tokens, encoder_output `[tokens, size]`, mel_before_postnet and mel_after_postnet
`[bands, frames]`, gate_logits `[steps]`, alignments `[steps, tokens]`, audio_sigma0 `[samples]`. All dropout off, the gate
ignored, f32 arithmetic on the stored values. Without prenet dropout the mel is a test vector, not good speech.
With --front-end instead of --voice: `chirp.audio` `[samples]` and its mel `chirp.mel` `[bands, frames]`.
"""

import json
import math

import torch
from safetensors.torch import save_file

from . import Mistake
from .audio import RATE, MelSpectrogram
from .text import Lexicon
from .voice import Voice

SENTENCES = ("Hello world, the engine can speak.", "Where did you put the small green box?")


@torch.no_grad()
def golden(voice, sentences=SENTENCES, steps=40):
    out = {}
    for i, sentence in enumerate(sentences, 1):
        symbols, lengths = voice.symbols([sentence])
        memory, _ = voice.tacotron.encode(symbols, lengths)
        before, after, gates, attention, _ = voice.tacotron.infer(symbols, lengths, dropout=False, fixed_steps=steps)
        values = {
            "tokens": symbols[0], "encoder_output": memory[0], "mel_before_postnet": before[0].t(), "mel_after_postnet": after[0].t(),
            "gate_logits": gates[0], "alignments": attention[0], "audio_sigma0": voice.vocoder.infer(after.transpose(1, 2), 0.0)[0],
        }
        out.update({f"s{i}.{n}": v.contiguous().clone() for n, v in values.items()})
    return out


def front_end(samples=6000):
    """A chirp from 60 Hz to 9 kHz that swells, with a silent stretch, and its mel."""
    t = torch.arange(samples, dtype=torch.float64) / samples
    phase = 2 * math.pi * samples / RATE * (60.0 * t + 0.5 * (9000.0 - 60.0) * t * t)
    audio = 0.8 * t * torch.sin(phase) * ((t < 0.4) | (t > 0.55))
    audio = torch.round(audio * 32768).float() / 32768  # what a 16-bit file would hold
    return {"chirp.audio": audio, "chirp.mel": MelSpectrogram()(audio.unsqueeze(0))[0].contiguous()}


def add_arguments(parser):
    parser.add_argument("--voice", help="voice file")
    parser.add_argument("--front-end", action="store_true", help="a sound and its mel instead of a voice's values")
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=40, help="decoder steps")
    parser.add_argument("--sentence", action="append", help="instead of the two default ones")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    if not args.front_end and not args.voice:
        raise Mistake("--voice FILE or --front-end")
    if args.front_end:
        save_file(front_end(), args.out, {"sampling_rate": str(RATE)})
        return
    sentences = args.sentence or SENTENCES
    values = golden(Voice(args.voice, lexicon=Lexicon(args.lexicon)), sentences, args.steps)
    save_file(values, args.out, {"sentences": json.dumps(list(sentences)), "decoder_steps": str(args.steps), "dropout": "off"})
    print(f"{args.out}: {len(values)} tensors")
