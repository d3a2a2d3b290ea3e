"""Our Adam is PyTorch's, a skipped step changes nothing, and the loss scaler is PyTorch's."""

import pytest
import torch
from torch import nn

from tacoglow_train.optim import Adam, Flat
from tacoglow_train.scaler import DynamicLossScaler


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 2))


def run(module, step, steps=30, clip=0.1):
    torch.manual_seed(1)
    for _ in range(steps):
        loss = module(torch.randn(6, 5)).pow(2).sum()
        step(loss)


def test_adam_equals_torch():
    """With weight decay, global-norm clipping and a scaled loss, over thirty steps."""
    ours, theirs = network(), network()
    flat = Flat(ours)
    adam = Adam(flat, weight_decay=0.01, clip=0.1)
    reference = torch.optim.Adam(theirs.parameters(), 1e-2, weight_decay=0.01)

    def ours_step(loss):
        flat.gradient.zero_()
        (loss * 64.0).backward()
        adam.step(torch.tensor(1e-2), torch.tensor(64.0))

    def reference_step(loss):
        reference.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 0.1)
        reference.step()

    run(ours, ours_step)
    run(theirs, reference_step)
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e6], ids=["nan", "inf", "outlier"])
def test_a_bad_gradient_changes_nothing(poison):
    module = network()
    flat = Flat(module)
    adam = Adam(flat)

    def step(loss):
        flat.gradient.zero_()
        loss.backward()
        adam.step(torch.tensor(1e-3), torch.tensor(1.0))

    run(module, step, steps=120)
    before = [flat.values.clone()] + [t.clone() for n, t in adam.state().items() if n not in ("skipped", "in_a_row")]
    flat.gradient.fill_(1.0)
    flat.gradient[3] = poison
    finite, taken, _ = adam.step(torch.tensor(1e-3), torch.tensor(1.0))
    assert bool(finite) == (poison == 1e6) and not bool(taken)
    after = [flat.values] + [t for n, t in adam.state().items() if n not in ("skipped", "in_a_row")]
    assert all(torch.equal(a, b) for a, b in zip(before, after))
    assert float(adam.skipped) == 1 and float(adam.in_a_row) == 1


def test_the_average_follows_the_weights():
    module = network()
    flat = Flat(module)
    adam = Adam(flat, ema=0.9)
    expected = flat.values.clone()
    for step in range(1, 6):
        flat.gradient.fill_(0.1)
        adam.step(torch.tensor(1e-2), torch.tensor(1.0))
        decay = min(0.9, (1 + step) / (20 + step))
        expected = decay * expected + (1 - decay) * flat.values
    torch.testing.assert_close(adam.ema, expected)


def test_views_and_module_stay_one():
    module = network()
    flat = Flat(module)
    flat.values.fill_(0.5)
    flat.statistics.fill_(0.25)
    assert all(float(p.min()) == float(p.max()) == 0.5 for p in module.parameters())
    assert float(module[1].running_mean.max()) == 0.25
    module(torch.randn(8, 5))
    assert float(flat.named_statistics(flat.statistics)["1.running_mean"][0]) != 0.25  # BatchNorm writes into the vector
    module.load_state_dict({n: torch.zeros_like(t) for n, t in module.state_dict().items()})
    assert all(float(v.abs().max()) == 0 for v in flat.views(flat.values))  # the gaps between tensors are nobody's


def torch_rule(scale, tracker, finite, interval):
    """What torch.cuda.amp.GradScaler documents: growth 2, backoff 0.5."""
    if not finite:
        return scale * 0.5, 0
    return (scale * 2.0, 0) if tracker + 1 == interval else (scale, tracker + 1)


def test_scaler_follows_pytorchs():
    """A long random history; against PyTorch's own kernel where the CPU has it (torch 2.3 and newer), else its rule."""
    torch.manual_seed(2)
    scaler = DynamicLossScaler(interval=7, floor=0.0)
    scale, tracker = torch.tensor(2.0**16), torch.tensor(0, dtype=torch.int32)
    rule = (2.0**16, 0)
    kernel = True
    for finite in (torch.rand(400) > 0.12).tolist():
        scaler.update(torch.tensor(finite))
        rule = torch_rule(*rule, finite, 7)
        try:
            torch._amp_update_scale_(scale, tracker, torch.tensor(0.0 if finite else 1.0), 2.0, 0.5, 7)
        except (RuntimeError, NotImplementedError):
            kernel = False
        assert (float(scaler.scale), float(scaler.clean)) == rule
        if kernel:
            assert (float(scale), int(tracker)) == rule


def test_scaler_constants_bounds_and_state():
    scaler = DynamicLossScaler()
    assert float(scaler.scale) == 65536 and scaler.interval == 2000
    for _ in range(40):
        scaler.update(torch.tensor(False))
    assert float(scaler.scale) == 1.0  # the floor
    scaler.scale.fill_(3e38)
    scaler.clean.fill_(1999)
    scaler.update(torch.tensor(True))
    assert float(scaler.scale) == pytest.approx(3e38, rel=1e-6)  # never infinite
    other = DynamicLossScaler()
    other.load(scaler.state())
    assert other.state() == scaler.state()
    off = DynamicLossScaler(enabled=False)
    off.update(torch.tensor(False))
    assert float(off.scale) == 1.0


def test_overflow_halves_skips_and_recovers():
    """f16 gradients that overflow at the first scale: the step is skipped until the scale fits, then taken."""
    weight = nn.Parameter(torch.ones(4))
    flat = Flat(nn.ParameterList([weight]))
    adam, scaler = Adam(flat), DynamicLossScaler()
    taken = []
    for _ in range(8):
        flat.gradient.copy_((torch.full_like(flat.values, 20.0) * scaler.scale).half().float())
        finite, stepped, _ = adam.step(torch.tensor(0.1), scaler.scale)
        assert bool(stepped) == bool(finite)
        scaler.update(finite)
        taken.append(bool(finite))
    assert taken == [False] * 5 + [True] * 3 and float(scaler.scale) == 2.0**11  # 20 x 2^11 < 65504 < 20 x 2^12
