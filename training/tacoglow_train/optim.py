"""All parameters of a network as one vector: Adam, clipping, skipping and averaging are a few operations on it.

Nothing here waits for the device. Whether a step is taken is decided there too, so that a whole training step can be
captured in a CUDA graph; the arithmetic of a step that is not taken leaves every number as it was.
"""

import torch

ALIGN = 64  # elements: every tensor begins on a 256-byte boundary
BLOCK = 1 << 16  # elements: on a CPU the optimizer works through blocks that stay in its cache, on a GPU on all at once


class Flat:
    """Moves the parameters (f32 masters) and the float buffers of a module into one vector each, as views."""

    def __init__(self, module):
        self.parameters = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        self.buffers = [(n, b) for n, b in module.named_buffers() if b.is_floating_point()]
        persistent = set(module.state_dict())
        self.buffers = [(n, b) for n, b in self.buffers if n in persistent]
        self.device = self.parameters[0][1].device
        self.values, self.slots = self._gather([p.data for _, p in self.parameters])
        self.gradient = torch.zeros_like(self.values)
        for (_, p), view, gradient in zip(self.parameters, self.views(self.values), self.views(self.gradient)):
            p.data, p.grad = view, gradient
        self.statistics, self.statistics_slots = self._gather([b for _, b in self.buffers])
        self.statistics_before = self.statistics.clone()
        owners = dict(module.named_modules())
        for (name, _), view in zip(self.buffers, self._views(self.statistics, self.statistics_slots)):
            owner, _, attribute = name.rpartition(".")
            owners[owner]._buffers[attribute] = view

    def begin_step(self):
        """Before the forward pass, which changes the statistics whether or not the step is taken in the end."""
        self.gradient.zero_()
        self.statistics_before.copy_(self.statistics)

    def _gather(self, tensors):
        slots, offset = [], 0
        for t in tensors:
            slots.append((offset, t.shape, t.numel()))
            offset += -(-t.numel() // ALIGN) * ALIGN
        flat = torch.zeros(offset, device=self.device)
        for t, (start, _, count) in zip(tensors, slots):
            flat[start : start + count] = t.reshape(-1)
        return flat, slots

    @staticmethod
    def _views(flat, slots):
        return [flat[start : start + count].view(shape) for start, shape, count in slots]

    def views(self, flat):
        return self._views(flat, self.slots)

    def named(self, flat):
        """`{parameter name: view}` of any vector laid out like the parameters."""
        return dict(zip((n for n, _ in self.parameters), self.views(flat)))

    def named_statistics(self, flat):
        return dict(zip((n for n, _ in self.buffers), self._views(flat, self.statistics_slots)))


class Adam:
    """Adam with L2 weight decay, global-norm clipping, an exponential moving average (EMA) of the weights, and a step
    that is skipped when the gradient is not finite or far larger than usual.

    As torch.optim.Adam: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr (m / c1) / (sqrt(v / c2) + eps).
    """

    def __init__(self, flat, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, clip=1.0, outlier=20.0, ema=0.999):
        self.flat, self.betas, self.eps, self.weight_decay = flat, betas, eps, weight_decay
        self.clip, self.outlier, self.ema_decay = clip, outlier, ema
        scalar = lambda value: torch.tensor(float(value), device=flat.values.device)
        self.first, self.second = torch.zeros_like(flat.values), torch.zeros_like(flat.values)
        self.ema, self.ema_statistics = flat.values.clone(), flat.statistics.clone()
        self.steps, self.skipped, self.in_a_row = scalar(0), scalar(0), scalar(0)
        self.usual = scalar(0)  # running mean of the gradient norm
        size = BLOCK if flat.values.device.type == "cpu" else max(1, flat.values.numel())
        vectors = (flat.values, flat.gradient, self.first, self.second, self.ema)
        self.blocks = list(zip(*(v.split(size) for v in vectors)))

    def state(self):
        """Everything but the weights, as tensors by name."""
        return {n: getattr(self, n) for n in ("first", "second", "ema", "ema_statistics", "steps", "skipped", "in_a_row", "usual")}

    def step(self, lr, scale):
        """Takes the step that the gradient (multiplied by `scale`) asks for. Returns (gradient finite, step taken,
        gradient norm).

        `lr` and `scale` may be tensors: a captured graph reads them from memory.
        """
        flat = self.flat
        norm = flat.gradient.norm() / scale
        finite = torch.isfinite(norm)
        usual_norm = (norm < self.outlier * self.usual) | (self.steps < 100) | (self.in_a_row >= 10)
        take = finite & usual_norm
        taken = take.float()  # 1 or 0; every change below is multiplied by it
        norm = torch.nan_to_num(norm, nan=0.0, posinf=0.0, neginf=0.0)
        self.steps += taken
        self.skipped += 1 - taken
        self.in_a_row.add_(1).mul_(1 - taken)
        self.usual += (norm - self.usual) / torch.clamp(self.steps, min=1.0, max=50.0) * taken

        factor = (self.clip / torch.clamp(norm, min=self.clip) if self.clip else 1.0) / scale
        b1, b2 = self.betas
        count = torch.clamp(self.steps, min=1.0)
        keep_first, keep_second = 1 - taken * (1 - b1), 1 - taken * (1 - b2)
        pace = taken * lr / (1 - b1**count)
        correction = 1 - b2**count
        ema_pace = taken * (1 - torch.clamp((1 + self.steps) / (20 + self.steps), max=self.ema_decay))
        for values, gradient, first, second, ema in self.blocks:
            gradient = gradient * factor
            if self.weight_decay:
                gradient.add_(values, alpha=self.weight_decay)
            gradient.masked_fill_(~take, 0.0)
            first.mul_(keep_first).add_(gradient, alpha=1 - b1)
            second.mul_(keep_second).addcmul_(gradient, gradient, value=1 - b2)
            direction = first / (second / correction).sqrt_().add_(self.eps)
            values.sub_(direction.mul_(pace))
            ema.add_((values - ema).mul_(ema_pace))
        flat.statistics.copy_(torch.where(take, flat.statistics, flat.statistics_before))
        self.ema_statistics += (flat.statistics - self.ema_statistics) * ema_pace
        return finite, take, norm
