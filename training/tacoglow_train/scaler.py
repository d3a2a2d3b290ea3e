"""Dynamic loss scaling for f16 (Micikevicius et al. 2018, section 3.2), with the constants of PyTorch's scaler.

Gradients smaller than 6e-8 vanish in f16. The loss is multiplied by a scale before the backward pass and the gradients
divided by it before the step. A gradient that overflowed skips the step and halves the scale; `interval` clean
steps in a row double it. In data-parallel training the gradients are looked at after they were summed over the
ranks, so all ranks decide alike.
"""

import torch


class DynamicLossScaler:
    def __init__(self, device="cpu", enabled=True, initial=2.0**16, growth=2.0, backoff=0.5, interval=2000, floor=1.0):
        self.enabled, self.growth, self.backoff, self.interval, self.floor = enabled, growth, backoff, interval, floor
        self.scale = torch.tensor(initial if enabled else 1.0, device=device)
        self.clean = torch.tensor(0.0, device=device)

    def update(self, finite):
        """Call after every step with whether the reduced gradient was finite: a tensor, the device need not wait."""
        if not self.enabled:
            return
        clean = self.clean + 1
        full = clean >= self.interval
        grown = torch.where(full & torch.isfinite(self.scale * self.growth), self.scale * self.growth, self.scale)
        smaller = torch.clamp(self.scale * self.backoff, min=self.floor)
        self.scale.copy_(torch.where(finite, grown, smaller))
        self.clean.copy_(torch.where(finite & ~full, clean, torch.zeros_like(clean)))

    def state(self):
        return {"scale": float(self.scale), "clean": float(self.clean)}

    def load(self, state):
        self.scale.fill_(state["scale"])
        self.clean.fill_(state["clean"])
