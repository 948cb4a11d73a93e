"""What is predicted is what the oracle finds most probable, and never padding."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.data.text.vocabulary import EOS, UNK
from engine.errors import ParamError
from engine.models.language.next_word import best, kind_of, predict
from engine.sampling import SamplingParams
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


def _sampled(logits: dict[int, float], temperature: float, top_k: int, top_p: float) -> dict[int, float]:
    """By hand: softmax of logits / T, the k best, then the fewest of those that reach p."""
    weights = {number: math.exp(logit / temperature) for number, logit in logits.items()}
    kept = sorted(weights, key=lambda number: -weights[number])[:top_k]
    whole, total, nucleus = sum(weights[number] for number in kept), 0.0, []
    for number in kept:
        nucleus.append(number)
        total += weights[number] / whole
        if total >= top_p:
            break
    rest = sum(weights[number] for number in nucleus)
    return {number: weights[number] / rest for number in nucleus}


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [(1.0, 13, 1.0), (0.1, 13, 1.0), (10.0, 13, 1.0), (1.0, 3, 1.0), (1.0, 13, 0.5), (2.0, 6, 0.7)],
)
@pytest.mark.parametrize("until_end", [True, False])
@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_each_word_says_with_which_probability_it_is_sampled(
    direction: str, until_end: bool, temperature: float, top_k: int, top_p: float
) -> None:
    kind = samples.description(direction=direction)
    arrays, model = samples.arrays(kind), samples.model(kind)
    told = oracle.log_probabilities(arrays, [7, 5] if model.is_reversed else [5, 7])[-1]
    offered = [number for number in range(2, 13) if number != UNK and (until_end or number != EOS)]
    expected = _sampled({number: told[number] for number in offered}, temperature, top_k, top_p)
    sampling = SamplingParams(temperature=temperature, top_k=top_k, top_p=top_p, until_end=until_end)
    found = predict(model, [5, 7], 20, sampling)
    assert {one.id: one.drawn for one in found} == pytest.approx(
        {number: expected.get(number, 0.0) for number in range(2, 13)}, rel=1e-4
    )


def test_repetition_and_temperature_0_change_the_sampling_probability() -> None:
    kind = samples.description()
    told = oracle.log_probabilities(samples.arrays(kind), [5, 7])[-1]
    offered = {number: told[number] for number in range(4, 13)}
    halved = {number: logit - math.log(2) * (number in (5, 7)) for number, logit in offered.items()}
    found = predict(samples.model(kind), [5, 7], 20, SamplingParams(repetition=2.0))
    assert {one.id: one.drawn for one in found if one.id > EOS} == pytest.approx(
        _sampled(halved, 1.0, 13, 1.0), rel=1e-4
    )
    greedy = predict(samples.model(kind), [5, 7], 20, SamplingParams(temperature=0))
    assert {one.id: one.drawn for one in greedy if one.drawn} == {max(offered, key=offered.__getitem__): 1.0}


def test_padding_and_the_start_are_never_predicted() -> None:
    model = samples.model()
    found = predict(model, [], 1000)
    assert sorted(candidate.id for candidate in found) == list(range(2, 13))


def test_equal_words_come_in_the_order_of_the_vocabulary() -> None:
    assert best(np.zeros(9, np.float32), 4) == [2, 3, 4, 5]


def test_the_end_and_the_unknown_word_have_kinds_of_their_own() -> None:
    assert [kind_of(number) for number in (2, 3, 4)] == ["unknown", "end", "word"]


@pytest.mark.parametrize("k", [0, -1, 1001, 2.5, True, "3", None])
def test_a_k_that_is_no_count_is_refused(k: object) -> None:
    with pytest.raises(ParamError, match="k: expected a whole number from 1 to 1,000"):
        predict(samples.model(), [5], k)  # type: ignore[arg-type]
