"""The compiled updates are those of PyTorch: gradients, losses, dropout, and the state they leave behind."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.optim import Adam

from checkpoints.torch_io import strict_mode
from engine.experiments.mnist import network
from engine.models.mnist_compiled_training import fits, offer, with_one_thread
from engine.models.mnist_kernels import Learner
from tests.end_to_end.home import ROOT

SEED = 13  # of those whose draws lead to no pooling among equals, where rounding would choose
MODELS = ("logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout")


def images(count: int, side: int) -> tuple[Tensor, Tensor]:
    """Strokes on an even background, where pooling has to choose among equals."""
    draw = np.random.default_rng(5)
    pixels = draw.uniform(-1, 1, (count, 1, side, side)).astype(np.float32)
    pixels[:, :, : side // 3] = -1
    return torch.from_numpy(pixels), torch.from_numpy(draw.integers(0, 10, count))


def digits(count: int) -> tuple[Tensor, Tensor]:
    """scikit-learn's, 8x8."""
    found = load_digits()
    pixels = torch.from_numpy(found.images[:count].astype(np.float32))
    return (pixels / 8 - 1).unsqueeze(1), torch.from_numpy(found.target[:count].astype(np.int64))


def adam(net: nn.Module) -> Adam:
    return Adam(net.parameters(), lr=0.001, fused=True)


def twins(model: str, side: int) -> tuple[nn.Sequential, nn.Sequential]:
    strict_mode(1, 3)
    net, other = network(model, side), network(model, side)
    other.load_state_dict(net.state_dict())
    return net, other


def mixed(number: int) -> int:
    """SplitMix64, after its authors' C."""
    whole = 2**64 - 1
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & whole
    number = (number ^ number >> 27) * 0x94D049BB133111EB & whole
    return number ^ number >> 31


class Kept(nn.Module):
    """Dropout by the numbers of SplitMix64, in the place of nn.Dropout."""

    step = 1

    def forward(self, x: Tensor) -> Tensor:
        golden, words = 0x9E3779B97F4A7C15, -(-x.shape[1] // 64)
        key = mixed(mixed(SEED) + self.step * golden & 2**64 - 1)
        drawn = [mixed(key + n * golden & 2**64 - 1) for n in range(1, x.shape[0] * words + 1)]
        bits = np.array(drawn, "<u8").reshape(-1, words).view(np.uint8)
        kept = np.unpackbits(bits, axis=1, bitorder="little")[:, : x.shape[1]]
        return 2 * x * torch.from_numpy(kept.astype(np.float32)).to(x.dtype)


def with_kept(net: nn.Sequential) -> Kept:
    kept = Kept()
    for name, layer in net.named_children():
        if isinstance(layer, nn.Dropout):
            setattr(net, name, kept)
    return kept


def by_pytorch(net: nn.Module, optimizer: Adam, x: Tensor, y: Tensor) -> float:
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("model", MODELS)
def test_the_first_moment_after_one_step_is_the_gradient_that_pytorch_finds(model: str, side: int) -> None:
    net, other = twins(model, side)
    optimizer = adam(net)
    x, y = images(50, side)
    learn = Learner(net, optimizer, x, y, SEED)
    loss = learn(torch.arange(50))
    with_kept(other)
    expected = F.cross_entropy(other(x), y)
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-6)
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        gradient = optimizer.state[ours]["exp_avg"] / 0.1
        assert torch.allclose(gradient, theirs.grad, rtol=1e-4, atol=2e-7)
        assert torch.allclose(
            optimizer.state[ours]["exp_avg_sq"], 0.001 * theirs.grad**2, rtol=1e-3, atol=1e-12
        )


@pytest.mark.parametrize("model", ["logistic", "double_conv"])
def test_gradients_are_the_slope_of_the_loss(model: str) -> None:
    """Central differences in double precision, of the very weights that were used."""
    net, other = twins(model, 8)
    optimizer = adam(net)
    x, y = images(20, 8)
    Learner(net, optimizer, x, y, SEED)(torch.arange(20))
    other = other.double()
    for ours, weight in zip(net.parameters(), other.parameters(), strict=True):
        found = optimizer.state[ours]["exp_avg"].reshape(-1) / 0.1
        flat = weight.data.reshape(-1)
        for i in range(0, len(flat), max(1, len(flat) // 4)):
            assert float(found[i]) == pytest.approx(slope(other, flat, i, x.double(), y), rel=2e-3, abs=2e-6)


@torch.no_grad()
def slope(net: nn.Module, flat: Tensor, i: int, x: Tensor, y: Tensor, by: float = 1e-6) -> float:
    middle = float(flat[i])
    found = []
    for place in (middle + by, middle - by):
        flat[i] = place
        found.append(F.cross_entropy(net(x), y).item())
    flat[i] = middle
    return (found[0] - found[1]) / (2 * by)


@pytest.mark.parametrize("model", MODELS)
def test_a_hundred_losses_are_those_of_double_precision_small_last_batches_included(model: str) -> None:
    """PyTorch's own float32 parts from them by 1e-3: of equal pixels its pooling may see one as larger."""
    net, other = twins(model, 8)
    other, kept = other.double(), with_kept(other)
    x, y = digits(410)
    learn, theirs = Learner(net, adam(net), x, y, SEED), adam(other)
    for step in range(100):
        chosen = torch.arange(50 * (step % 9), min(50 * (step % 9) + 50, 410))
        loss, kept.step = learn(chosen), step + 1
        assert loss == pytest.approx(by_pytorch(other, theirs, x[chosen].double(), y[chosen]), abs=1e-4), step


@pytest.mark.parametrize("model", ["single_conv", "double_conv", "double_conv_dropout"])
def test_losses_of_convolutions_are_those_of_the_same_weights_in_double_precision(model: str) -> None:
    """Of weights apart by rounding, pooling may see another of four pixels as largest: paths part."""
    net, other = twins(model, 8)
    other, kept = other.double(), with_kept(other)
    x, y = digits(410)
    learn = Learner(net, adam(net), x, y, SEED)
    for step in range(60):
        chosen = torch.arange(50 * (step % 9), min(50 * (step % 9) + 50, 410))
        other.load_state_dict(net.state_dict())
        loss, kept.step = learn(chosen), step + 1
        with torch.no_grad():
            expected = F.cross_entropy(other(x[chosen].double()), y[chosen]).item()
        assert loss == pytest.approx(expected, abs=1e-5), step


def test_of_equal_pixels_pooling_takes_the_first() -> None:
    """Whatever their place in a vector: rounding does not choose among them."""
    net, _ = twins("double_conv", 28)
    x = torch.full((10, 1, 28, 28), -0.3)
    learn = Learner(net, adam(net), x, torch.arange(10), SEED)
    learn(torch.arange(10))
    for conv, edge in zip(learn._buffers[10].convs, (1, 2), strict=True):
        half = conv.places.shape[2]
        inner = slice(edge, half - edge)
        places = conv.places.reshape(2, 5, half, half, 8)[0, :, inner, inner]
        assert {0} <= set(np.unique(places)) <= {0, 4}


@pytest.mark.parametrize("model", MODELS)
def test_the_same_bits_twice_and_after_a_pause(model: str) -> None:
    """A pause: what a checkpoint keeps of network and optimizer goes into new ones after three updates."""
    x, y = images(60, 8)
    ends = []
    for pauses in (False, False, True):
        net, _ = twins(model, 8)
        optimizer = adam(net)
        learn, losses = with_one_thread(Learner(net, optimizer, x, y, SEED)), []
        for step in range(6):
            if pauses and step == 3:
                kept = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
                net = network(model, 8)
                optimizer = adam(net)
                net.load_state_dict(kept[0])
                optimizer.load_state_dict(kept[1])
                learn = with_one_thread(Learner(net, optimizer, x, y, SEED))
            losses.append(learn(torch.arange(60)[step : step + (13 if step % 2 else 50)]))
        ends.append((losses, [weight.detach().numpy().tobytes() for weight in net.parameters()]))
    assert ends[0] == ends[1] == ends[2]


UPDATES = """
import hashlib, torch
from pathlib import Path
from tests.engine.models.test_mnist_compiled_training import SEED, adam, images, network, offer
torch.manual_seed(3)
net = network("double_conv_dropout", 28)
update = offer(net, 28, 50, Path(), lambda text: None).begin(net, adam(net), *images(60, 28), SEED)
for _ in range(3):
    update(torch.arange(50))
print(hashlib.sha256(b"".join(weight.detach().numpy().tobytes() for weight in net.parameters())).hexdigest())
"""


@pytest.mark.long
def test_loops_read_from_the_cache_leave_the_bits_of_those_just_compiled(tmp_path: Path) -> None:
    environ = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", UPDATES]
    compiled, cached = (
        subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert compiled == cached


@pytest.mark.parametrize("batch", [1, 7, 8, 33])
def test_batches_of_any_size_get_the_gradients_of_pytorch(batch: int) -> None:
    net, other = twins("double_conv", 28)
    optimizer = adam(net)
    x, y = images(40, 28)
    Learner(net, optimizer, x, y, SEED)(torch.arange(40 - batch, 40))
    F.cross_entropy(other(x[-batch:]), y[-batch:]).backward()
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.allclose(optimizer.state[ours]["exp_avg"] / 0.1, theirs.grad, rtol=1e-3, atol=1e-6)


def test_a_learning_rate_takes_effect_at_the_next_update() -> None:
    net, _ = twins("mlp", 8)
    optimizer = adam(net)
    x, y = images(10, 8)
    learn = Learner(net, optimizer, x, y, SEED)
    learn(torch.arange(10))
    before = net.output.weight.detach().clone()
    optimizer.param_groups[0]["lr"] = 0.0
    learn(torch.arange(10))
    assert torch.equal(net.output.weight, before)


def test_dropout_is_another_with_every_update_and_seed_and_the_same_again() -> None:
    ends = []
    for seed, steps in ((SEED, (1, 2)), (SEED, (2,)), (SEED + 1, (1,))):
        for step in steps:
            net, _ = twins("double_conv_dropout", 8)
            optimizer = adam(net)
            x, y = images(50, 8)
            learn = Learner(net, optimizer, x, y, seed)
            for state in optimizer.state.values():
                state["step"].fill_(step - 1)
            ends.append(learn(torch.arange(50)))
    first, second, again, other = ends
    assert second == again
    assert len({first, second, other}) == 3


def test_pytorch_and_the_compiled_loops_go_on_from_each_other() -> None:
    net, other = twins("mlp", 8)
    x, y = images(100, 8)
    ours, theirs = adam(net), adam(other)
    for step in range(6):
        loss = by_pytorch(net, ours, x, y) if step % 2 else Learner(net, ours, x, y, SEED)(torch.arange(100))
        assert loss == pytest.approx(by_pytorch(other, theirs, x, y), abs=1e-5), step
    assert all(float(state["step"]) == 6 for state in ours.state.values())


def test_moments_that_fade_end_at_nothing_and_not_in_slow_numbers() -> None:
    net, _ = twins("logistic", 8)
    optimizer = adam(net)
    x, y = images(10, 8)
    learn = Learner(net, optimizer, x, y, SEED)
    learn(torch.arange(10))
    x.zero_()
    for _ in range(700):
        learn(torch.arange(10))
    mean = optimizer.state[net.output.weight]["exp_avg"]
    assert float(mean.abs().max()) == 0


def test_a_weight_that_is_not_a_number_is_seen_in_the_loss() -> None:
    for model in MODELS:
        net, _ = twins(model, 8)
        with torch.no_grad():
            next(net.parameters()).view(-1)[0] = float("nan")
        x, y = images(10, 8)
        assert np.isnan(Learner(net, adam(net), x, y, SEED)(torch.arange(10)))


def test_what_it_was_not_written_for_stays_with_pytorch() -> None:
    assert all(fits(network(model, 28), 28, 50) for model in MODELS)
    assert not fits(network("double_conv", 28), 30, 50)
    assert not fits(nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(100, 10)), 28, 50)
    assert not fits(network("mlp", 28), 28, 100_000)
    assert not fits(network("mlp", 28).to("meta"), 28, 50)
    assert not fits(nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(784, 10)), 28, 50)


def test_without_numba_there_is_no_offer_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    told: list[str] = []
    assert offer(network("mlp", 28), 28, 50, tmp_path, told.append) is None
    assert "Numba cannot be used" in told[0]


def test_an_offer_names_all_that_its_bits_depend_on(tmp_path: Path) -> None:
    import numba

    made = offer(network("mlp", 28), 28, 50, tmp_path, lambda text: None)
    assert made is not None
    assert made.name.startswith("compiled ")
    assert numba.__version__ in made.name


def test_a_mean_that_nothing_feeds_any_more_ends_at_zero_and_only_there() -> None:
    """Below 1.2e-38 every operation would take a hundred times as long. The thread's own arithmetic stays."""
    net, _ = twins("logistic", 8)
    optimizer = adam(net)
    x, y = torch.zeros(20, 1, 8, 8), torch.zeros(20, dtype=torch.int64)
    learn = Learner(net, optimizer, x, y, SEED)
    learn(torch.arange(20))
    weight = next(net.parameters())
    mean = optimizer.state[weight]["exp_avg"]
    mean.fill_(1e-39)
    assert mean.min() > 0
    learn(torch.arange(20))
    assert mean.count_nonzero() == 0
    assert torch.full((16,), 1e-39).mul(0.9).count_nonzero() == 16


@pytest.mark.parametrize("model", ["mlp", "double_conv_dropout"])
def test_two_threads_leave_the_same_bits_as_one(tmp_path: Path, model: str) -> None:
    x, y = images(80, 28)
    ends = []
    for threads in (1, 2):
        net, _ = twins(model, 28)
        made = offer(net, 28, 50, tmp_path, lambda text: None)
        assert made is not None
        torch.set_num_threads(threads)
        try:
            learn = made.begin(net, adam(net), x, y, SEED)
            losses = [learn(torch.arange(step, step + 50)) for step in range(6)]
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(1)
        ends.append((losses, [weight.detach().numpy().tobytes() for weight in net.parameters()]))
    assert ends[0] == ends[1]
