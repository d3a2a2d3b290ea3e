"""Writes reference values of a voice for tests of another engine: fixed sentences and steps, nothing random.

Per sentence `s1`, `s2`, ..: tokens, encoder_output `[tokens, size]`, mel_before_postnet and mel_after_postnet
`[bands, frames]`, gate_logits `[steps]`, alignments `[steps, tokens]`, audio_sigma0 `[samples]`. All dropout off, the gate
ignored, f32 arithmetic on the stored values. Without prenet dropout the mel is a test vector, not good speech.
"""

import json

import torch
from safetensors.torch import save_file

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


def add_arguments(parser):
    parser.add_argument("--voice", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=40, help="decoder steps")
    parser.add_argument("--sentence", action="append", help="instead of the two default ones")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    from .text import Lexicon

    sentences = args.sentence or SENTENCES
    values = golden(Voice(args.voice, lexicon=Lexicon(args.lexicon)), sentences, args.steps)
    save_file(values, args.out, {"sentences": json.dumps(list(sentences)), "decoder_steps": str(args.steps), "dropout": "off"})
    print(f"{args.out}: {len(values)} tensors")
