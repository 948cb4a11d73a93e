"""Words are drawn as often as they should be, and the same seed draws the same ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.language.sampling import _at, allowed_scores, draw, probabilities, stream
from engine.sampling import SamplingParams

SCORES = np.array([9, 9, 3, 2, 1.0, 0.5, 0.0, -1.0], np.float32)


def _shares(sampling: SamplingParams, draws: int = 4000) -> list[float]:
    random, kept = stream(5), allowed_scores(SCORES, sampling, (), 0)
    drawn = np.bincount([draw(kept, sampling, random) for _ in range(draws)], minlength=len(SCORES))
    return list(drawn / draws)


def _softmax(numbers: list[int], temperature: float = 1.0) -> dict[int, float]:
    weights = {n: math.exp(float(SCORES[n]) / temperature) for n in numbers}
    return {n: weight / sum(weights.values()) for n, weight in weights.items()}


def _expect(found: list[float], expected: dict[int, float]) -> None:
    for number, share in enumerate(found):
        wanted = expected.get(number, 0.0)
        assert share == 0 if wanted == 0 else abs(share - wanted) < 4 * math.sqrt(wanted / 4000)


@pytest.mark.parametrize("temperature", [0.1, 1, 10])
def test_words_are_drawn_with_the_frequency_of_their_temperature(temperature: float) -> None:
    _expect(_shares(SamplingParams(temperature=temperature)), _softmax([4, 5, 6, 7], temperature))


@pytest.mark.parametrize(
    "sampling",
    [
        SamplingParams(temperature=2.0),
        SamplingParams(top_k=2),
        SamplingParams(top_p=0.6),
        SamplingParams(temperature=0),
    ],
)
def test_words_are_drawn_with_their_probabilities(sampling: SamplingParams) -> None:
    told = probabilities(allowed_scores(SCORES, sampling, (), 0), sampling)
    assert told.sum() == pytest.approx(1)
    _expect(_shares(sampling), {number: float(share) for number, share in enumerate(told) if share})


def test_where_no_word_is_allowed_none_has_a_probability() -> None:
    assert probabilities(np.full(5, -np.inf, np.float32), SamplingParams()).tolist() == [0, 0, 0, 0, 0]


def test_temperature_0_takes_the_best_word() -> None:
    assert _shares(SamplingParams(temperature=0), 20) == [0, 0, 0, 0, 1, 0, 0, 0]


def test_top_k_draws_from_the_best_only() -> None:
    _expect(_shares(SamplingParams(top_k=2)), _softmax([4, 5]))


def test_top_p_draws_from_the_fewest_words_that_reach_it() -> None:
    best_two = sum(list(_softmax([4, 5, 6, 7]).values())[:2])
    _expect(_shares(SamplingParams(top_p=best_two - 0.01)), _softmax([4, 5]))
    _expect(_shares(SamplingParams(top_p=best_two + 0.01)), _softmax([4, 5, 6]))
    _expect(_shares(SamplingParams(top_p=1e-9)), {4: 1.0})


def test_the_unknown_word_and_the_end_come_only_when_they_may() -> None:
    _expect(_shares(SamplingParams(unknown=True, until_end=True)), _softmax([2, 3, 4, 5, 6, 7]))


def test_a_sentence_may_not_end_before_it_has_its_least_words() -> None:
    sampling = SamplingParams(until_end=True, least=3)
    assert allowed_scores(SCORES, sampling, (5, 6), 2)[3] == -np.inf
    assert allowed_scores(SCORES, sampling, (5, 6, 7), 3)[3] == SCORES[3]


def test_repetition_divides_the_probability_of_words_that_were_said() -> None:
    kept = allowed_scores(SCORES, SamplingParams(repetition=2.0), [5, 5, 7], 3)
    assert SCORES[5] - kept[5] == pytest.approx(math.log(2))
    assert SCORES[7] - kept[7] == pytest.approx(math.log(2))
    assert kept[4] == SCORES[4]


def test_streams_depend_on_seed_and_number_alone() -> None:
    def numbers(seed: int, number: int) -> list[float]:
        return stream(seed, number).random(3).tolist()

    assert numbers(7, 0) == numbers(7, 0)
    assert len({tuple(numbers(seed, number)) for seed in (7, 8) for number in (0, 1)}) == 4
    assert numbers(2**63 - 1, 0)


@given(
    shares=st.lists(st.sampled_from([0.0, 0.0, 1e-6, 0.5, 1.0, 3.0]), min_size=1, max_size=700),
    u=st.floats(0, 1, exclude_max=True),
)
def test_a_number_is_turned_into_the_word_at_which_the_sum_passes_it(shares: list[float], u: float) -> None:
    if not any(shares):
        return
    found = _at(np.array(shares, np.float32), u)
    below, goal = math.fsum(shares[:found]), u * math.fsum(shares)
    assert shares[found] > 0
    assert below - 1e-4 <= goal <= below + shares[found] + 1e-4
