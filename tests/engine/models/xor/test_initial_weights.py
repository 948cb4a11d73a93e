"""Initial weights: the same alone and among others, and spread as PyTorch spreads them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.built_in_experiments import XorParams
from engine.experiments.xor import Net
from engine.models.xor.batch.batch_training import BatchTraining, unpacked
from engine.models.xor.batch.plan import from_rows
from engine.models.xor.initial_weights import draw
from tests.engine.models.xor.batch.sample_batches import trainer


def test_a_network_starts_the_same_alone_and_among_others() -> None:
    many = draw(np.arange(1000), 3, True, "linear")
    for seed in (0, 17, 999):
        one = draw([seed], 3, True, "linear")
        for name in ("hidden_weight", "hidden_bias", "output_weight", "output_bias"):
            assert getattr(one, name)[..., 0].tobytes() == getattr(many, name)[..., seed].tobytes()


@pytest.mark.parametrize(
    ("scheme", "hidden", "last"),
    [("linear", 1 / math.sqrt(2), 1 / math.sqrt(6)), ("xavier", 1.0, math.sqrt(6 / 7))],
)
def test_weights_are_uniform_within_their_bounds(scheme: str, hidden: float, last: float) -> None:
    drawn = draw(np.arange(1, 20_001), 4, True, scheme)
    for values, bound in ((drawn.hidden_weight, hidden), (drawn.output_weight, last)):
        assert np.abs(values).max() <= bound
        shares = np.histogram(values / bound, 20, (-1, 1))[0] / values.size
        assert np.allclose(shares, 0.05, atol=2e-3)
    biases = np.concatenate([drawn.hidden_bias.ravel(), drawn.output_bias])
    assert (biases == 0).all() if scheme == "xavier" else np.abs(biases).max() <= hidden


def test_weights_are_uncorrelated() -> None:
    drawn = draw(np.arange(1, 20_001), 2, True, "linear")
    rows = np.concatenate([drawn.hidden_weight.reshape(4, -1), drawn.hidden_bias, drawn.output_weight])
    between = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(between).max() < 0.03
    neighbours = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in rows]
    assert np.abs(neighbours).max() < 0.03


@pytest.mark.parametrize("scheme", ["linear", "xavier"])
@pytest.mark.parametrize(("hidden", "bypass"), [(0, True), (1, True), (3, False)])
def test_xor_starts_from_the_weights_of_a_batch(scheme: str, hidden: int, bypass: bool) -> None:
    row = {"hidden": hidden, "bypass": bypass, "initial": scheme, "seed": 41}
    training = BatchTraining(from_rows([row]), trainer())
    in_batch = unpacked(hidden, training.weights()[0])
    net = Net(XorParams(hidden=hidden, bypass=bypass, initial=scheme), seed=41)
    if hidden:
        assert net.hidden.weight.tolist() == in_batch["hidden_weight"]
        assert net.hidden.bias.tolist() == in_batch["hidden_bias"]
    assert net.output.weight[0].tolist() == in_batch["output_weight"]
    assert net.output.bias.item() == in_batch["output_bias"]


def test_the_bounds_are_those_of_pytorch() -> None:
    layer = torch.nn.Linear(2, 5000)
    assert layer.weight.abs().max().item() == pytest.approx(1 / math.sqrt(2), rel=1e-3)
    torch.nn.init.xavier_uniform_(layer.weight)
    assert layer.weight.abs().max().item() == pytest.approx(math.sqrt(6 / 5002), rel=1e-3)
