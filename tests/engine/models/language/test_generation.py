"""Sentences are the same for the same seed, and as probable as they are said to be."""

from __future__ import annotations

from itertools import islice

import pytest

from engine.models.language.generation import generate
from engine.models.language.scoring import score
from engine.sampling import SamplingParams
from tests.engine.models.language import oracle, samples

FORWARD = samples.model()
REVERSED = samples.model(samples.description(direction="reversed"))


def test_the_same_seed_gives_the_same_words_however_they_are_taken() -> None:
    sampling = SamplingParams(length=40)
    whole = [drawn.id for drawn in generate(FORWARD, [5], sampling, 3)]
    other = generate(FORWARD, [5], sampling, 99)
    slow = generate(FORWARD, [5], sampling, 3)
    taken = [next(slow).id for _ in whole if next(other)]
    assert whole == taken
    assert whole[:10] == [
        drawn.id for drawn in islice(generate(FORWARD, [5], SamplingParams(length=90), 3), 10)
    ]
    assert whole != [drawn.id for drawn in generate(FORWARD, [5], sampling, 4)]


def test_a_sentence_has_the_length_that_was_asked_for() -> None:
    drawn = list(generate(FORWARD, [5, 6], SamplingParams(length=7), 1))
    assert len(drawn) == 5
    assert not any(word.is_end for word in drawn)


def test_a_sentence_that_may_end_ends_once() -> None:
    ended = [
        list(generate(FORWARD, [5], SamplingParams(length=60, until_end=True), seed)) for seed in range(20)
    ]
    assert all(drawn[-1].is_end or len(drawn) == 59 for drawn in ended)
    assert not any(word.is_end for drawn in ended for word in drawn[:-1])
    assert any(drawn[-1].is_end for drawn in ended)


@pytest.mark.parametrize("model", [FORWARD, REVERSED])
def test_the_words_add_up_to_the_score_of_the_sentence(model: samples.LanguageModel) -> None:
    drawn = list(generate(model, [], SamplingParams(length=60, until_end=True, temperature=0.7), 2))
    assert drawn[-1].is_end
    ids = model.in_reading_order([word.id for word in drawn[:-1]])
    [scored] = score(model, [ids])
    assert sum(word.logp for word in drawn) == pytest.approx(scored.full_logp, rel=1e-5)


def test_temperature_0_follows_the_most_probable_words() -> None:
    arrays = samples.arrays(samples.description())
    text = [5]
    for word in generate(FORWARD, [5], SamplingParams(length=6, temperature=0), 1):
        told = oracle.log_probabilities(arrays, text)[-1]
        assert word.id == max(range(4, 13), key=lambda number: told[number])
        text.append(word.id)
