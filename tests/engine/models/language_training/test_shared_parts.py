"""Parts shared by both frameworks: initial weights, masks, schedules, early stopping, precision, recipes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.built_in_experiments import LmParams
from engine.errors import ParamError
from engine.models.language_training import training
from engine.models.language_training.training import EarlyStopping, lr_factor, masks, resolve
from engine.params import build
from tests.engine.models.language_training.small_models import kind, tied


def test_initial_weights_have_the_distribution_of_keras() -> None:
    drawn = training.weights(kind(layers=2), 1)
    assert {name: one.shape for name, one in drawn.items()} == kind(layers=2).shapes()
    assert all(one.dtype == np.float32 for one in drawn.values())
    assert 0.045 < np.abs(drawn["embedding.weight"]).max() <= 0.05
    assert np.abs(drawn["lstm.l0.kernel"]).max() <= math.sqrt(6 / (12 + 32))
    rows = drawn["lstm.l0.recurrent"]
    assert rows @ rows.T == pytest.approx(np.eye(8), abs=1e-6)
    assert drawn["lstm.l1.bias"].tolist() == [0] * 8 + [1] * 8 + [0] * 16
    assert not drawn["output.bias"].any()


def test_initial_weights_are_a_function_of_the_seed() -> None:
    one, same, other = (training.weights(kind(), seed)["output.weight"] for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_a_mask_keeps_the_expected_sum_and_depends_on_the_step() -> None:
    of = tied(embedding=300, hidden_size=256)
    words, output = masks(of, 0.4, (128, 9), seed=1, step=7)
    assert words.shape == (128, 300) and output.shape == (128, 256)
    assert set(np.unique(words)) == {np.float32(0), np.float32(1) / np.float32(0.6)}
    assert words.mean() == pytest.approx(1, abs=0.02)
    assert np.array_equal(words, masks(of, 0.4, (128, 9), 1, 7)[0])
    assert not np.array_equal(words, masks(of, 0.4, (128, 9), 1, 8)[0])
    assert not np.array_equal(words, masks(of, 0.4, (128, 9), 2, 7)[0])


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_schedule_falls_from_one_to_nearly_nothing(schedule: str) -> None:
    shares = [lr_factor(schedule, step, 100) for step in range(1, 101)]
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < 0.02
    assert shares[50] == pytest.approx(0.5)
    assert lr_factor("constant", 99, 100) == 1


def test_patience_ends_after_so_many_worse_epochs_and_remembers_the_best() -> None:
    patience = EarlyStopping(2)
    assert [patience.update(value, step) for step, value in enumerate((9.0, 5.0, 6.0))] == [True, True, False]
    again = EarlyStopping(2)
    again.load_state_dict(patience.state_dict())
    assert not again.is_over
    assert not again.update(5.0, 3)
    assert again.is_over and (again.best, again.best_step) == (5.0, 1)
    endless = EarlyStopping(None)
    for step in range(50):
        endless.update(1.0, step)
    assert not endless.is_over


def test_explicit_parameters_take_precedence_over_the_recipe() -> None:
    one, two = resolve(LmParams()), resolve(LmParams(layers=2))
    assert (one.lr, two.lr, one.dropout, one.tied, one.schedule, one.clip) == (
        0.01,
        0.001,
        0,
        False,
        "constant",
        0,
    )
    tuned = resolve(LmParams(recipe="tuned"))
    assert tuned.dropout > 0 and tuned.tied and tuned.schedule != "constant"
    own = resolve(LmParams(recipe="tuned", lr=0.5, dropout=0, tied="no", schedule="linear", clip="off"))
    assert (own.lr, own.dropout, own.tied, own.schedule, own.clip) == (0.5, 0, False, "linear", 0)


@pytest.mark.parametrize("given", [-0.5, -1])
def test_a_share_below_0_is_refused_with_the_word_that_leaves_it_open(given: float) -> None:
    with pytest.raises(ParamError, match=rf"dropout: expected auto or a number of 0 or more.*got '{given}'"):
        build(LmParams, {"dropout": given})
