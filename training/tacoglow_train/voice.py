"""A voice in Python: text to sound with the trainer's own networks, from a voice file or from two runs."""

import torch

from . import Mistake, checkpoint, text
from .tacotron2 import Tacotron2
from .waveglow import WaveGlow


class Voice:
    def __init__(self, tacotron, vocoder=None, lexicon=None, device="cpu"):
        """`tacotron` and `vocoder`: a run, a checkpoint or a voice file each; one voice file serves for both."""
        weights, config = checkpoint.read_weights(tacotron, "tacotron2")
        self.tacotron = Tacotron2(config).to(device).eval()
        self._missing(self.tacotron, weights)
        weights, config = checkpoint.read_weights(vocoder or tacotron, "waveglow")
        self.vocoder = WaveGlow(config).to(device).eval()
        self._missing(self.vocoder, weights)
        self.lexicon, self.device = lexicon or text.Lexicon(), device

    @staticmethod
    def _missing(network, weights):
        left = checkpoint.load_matching(network, weights)
        if left:
            raise Mistake(f"weights are missing or of another shape: {left[:5]}")

    def symbols(self, sentences):
        """Padded ids `[B, S]` and lengths `[B]` of sentences, every known word as phonemes."""
        ids = [text.encode(text.with_final_mark(s), self.lexicon)[0] for s in sentences]
        padded = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)
        for row, own in zip(padded, ids):
            row[: len(own)] = torch.tensor(own)
        return padded.to(self.device), torch.tensor([len(i) for i in ids], device=self.device)

    @torch.no_grad()
    def speak(self, sentences, seed=1, sigma=None):
        """`[{"mel" [frames, bands], "audio" [samples], "attention" [steps, symbols], "stopped"}]` of a batch of sentences."""
        devices = [self.device] if torch.device(self.device).type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            symbols, lengths = self.symbols(sentences)
            _, mels, gates, attention, frames = self.tacotron.infer(symbols, lengths)
            r, limit = self.tacotron.decoder.r, self.tacotron.config["max_decoder_steps"]
            spoken = []
            for i in range(len(sentences)):
                mel, steps = mels[i, : frames[i]], int(frames[i]) // r
                audio = self.vocoder.infer(mel.t().unsqueeze(0), sigma)[0] if len(mel) else torch.zeros(0)
                spoken.append({"mel": mel, "audio": audio, "attention": attention[i, :steps, : lengths[i]], "stopped": steps < limit})
        return spoken
