"""Keras on a CPU: what the plan of a batch computes once has the losses and gradients of float64."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch

from checkpoints import neutral
from engine.models.language_training import keras_planned, keras_training
from tests.engine.models.language_training.small_models import Pair, kind, make_strict, pairs
from tests.engine.models.language_training.test_planned_training import BATCHES, KINDS, by_double

LR = 1024.0
"""of plain gradient descent: large, so that the difference of weights has the digits of the gradient"""


def check(made: Any, of: Any, pair: Pair) -> None:
    before = made.weights()
    exact: Any = make_strict("torch", of)
    exact.load_weights(before)
    expected, slopes = by_double(exact, of, pair, [])
    given = exact.net.named_parameters()
    named = {name: slopes.get(name, torch.zeros_like(one)).numpy() for name, one in given}
    assert made.train_step(pair.inputs, pair.targets, 1, LR) == pytest.approx(expected, rel=1e-6)
    after = made.weights()
    for name, slope in neutral.from_torch(named, ["lstm"])[0].items():
        found = (before[name].astype(np.float64) - after[name]) / LR
        assert np.linalg.norm(found - slope) < 5e-6 * np.linalg.norm(slope), name


def trained(of: Any) -> Any:
    made = make_strict("tensorflow", of, optimizer="sgd")
    for step, pair in enumerate(pairs(4), start=1):
        made.train_step(pair.inputs, pair.targets, step, 0.5)
    return made


@pytest.mark.parametrize("name", KINDS)
def test_losses_and_gradients_are_those_of_float64(name: str) -> None:
    made = trained(KINDS[name])
    start = made.weights()
    for pair in BATCHES.values():
        made.load_weights(start)
        check(made, KINDS[name], pair)


@pytest.mark.parametrize("shift", [-300.0, 300.0])
def test_logits_far_from_0_lose_no_digits(shift: float) -> None:
    made = make_strict("tensorflow", kind(), optimizer="sgd")
    weights = made.weights()
    weights["output.bias"] += np.float32(shift)
    weights["output.weight"] *= 20
    made.load_weights(weights)
    check(made, kind(), BATCHES["random"])


def test_sums_over_a_large_vocabulary_lose_no_digits() -> None:
    large = kind(vocabulary=7000)
    made = make_strict("tensorflow", large, optimizer="sgd")
    check(made, large, pairs(1, vocabulary=7000, sentences=8)[0])


def test_a_chunk_of_the_vocabulary_layer_may_have_a_single_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_planned, "CHUNK_ROWS", {"CPU": 1})
    check(make_strict("tensorflow", kind(), optimizer="sgd"), kind(), BATCHES["alike"])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_trained_twice_the_weights_have_the_same_bits(precision: str) -> None:
    def bits() -> str:
        made = make_strict("tensorflow", kind(vocabulary=400), precision=precision)
        for step, pair in enumerate(pairs(6, vocabulary=400, sentences=30), start=1):
            made.train_step(pair.inputs, pair.targets, step, 0.01)
        return hashlib.sha256(b"".join(one.tobytes() for one in made.weights().values())).hexdigest()

    assert bits() == bits()


def test_batches_of_any_shape_have_one_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    traced, lstm_over_plan = [], keras_training.lstm_over_plan

    def counted(*given: Any) -> Any:
        traced.append(given)
        return lstm_over_plan(*given)

    monkeypatch.setattr(keras_training, "lstm_over_plan", counted)
    made = make_strict("tensorflow", kind())
    for step, pair in enumerate(BATCHES.values(), start=1):
        made.train_step(pair.inputs, pair.targets, step, 0.01)
    assert len(traced) == 1
