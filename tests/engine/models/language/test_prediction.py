"""What is predicted is what the oracle finds most probable, and never padding."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import ParamError
from engine.models.language.prediction import best, kind_of, predict
from tests.engine.models.language import oracle, samples


@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_the_best_words_come_first_with_their_probabilities(direction: str) -> None:
    kind = samples.description(direction=direction)
    arrays, model = samples.arrays(kind), samples.model(kind)
    told = oracle.log_probabilities(arrays, [7, 5] if model.is_reversed else [5, 7])[-1]
    order = sorted(range(2, 13), key=lambda number: -told[number])
    found = predict(model, [5, 7], 6)
    assert [candidate.id for candidate in found] == order[:6]
    assert [candidate.p for candidate in found] == pytest.approx(
        [math.exp(told[n]) for n in order[:6]], rel=1e-5
    )


def test_padding_and_the_start_are_never_offered() -> None:
    model = samples.model()
    found = predict(model, [], 1000)
    assert sorted(candidate.id for candidate in found) == list(range(2, 13))


def test_equal_words_come_in_the_order_of_the_vocabulary() -> None:
    assert best(np.zeros(9, np.float32), 4) == [2, 3, 4, 5]


def test_the_end_and_the_unknown_say_what_they_are() -> None:
    assert [kind_of(number) for number in (2, 3, 4)] == ["unknown", "end", "word"]


@pytest.mark.parametrize("k", [0, -1, 1001, 2.5, True, "3", None])
def test_a_k_that_is_no_count_is_refused(k: object) -> None:
    with pytest.raises(ParamError, match="k: expected a whole number from 1 to 1,000"):
        predict(samples.model(), [5], k)  # type: ignore[arg-type]
