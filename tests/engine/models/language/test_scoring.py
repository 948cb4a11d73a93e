"""Scores agree with a slow oracle in float64, whatever is shared, cut or reversed on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.models.language import output_layer, scoring
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import ModelDescription
from engine.models.language.scoring import score
from engine.models.language.weights import weights
from tests.engine.models.language import oracle, samples

KINDS = {
    "one layer": samples.description(),
    "two layers": samples.description(layers=2),
    "reversed": samples.description(direction="reversed"),
    "tied": samples.description(embedding=4, tied=True),
    "tied with a projection": samples.description(tied=True, projection=True),
    "projection": samples.description(layers=2, projection=True),
}
SENTENCES = [[5, 6, 7], [5], [5, 6, 12, 4, 4], [8, 2, 5], [5, 6, 7], [12], [5, 6, 2]]


@pytest.mark.parametrize("ranks", [True, False])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_word_has_the_probability_that_the_oracle_gives(kind: ModelDescription, ranks: bool) -> None:
    arrays, model = samples.arrays(kind, 3), samples.model(kind, 3)
    for sentence, scored in zip(SENTENCES, score(model, SENTENCES, ranks=ranks), strict=True):
        read = sentence[::-1] if model.is_reversed else sentence
        expected = oracle.sentence_logps(arrays, read)
        if model.is_reversed:
            expected[:-1] = expected[-2::-1]
        np.testing.assert_allclose(scored.logps, expected, rtol=2e-6, atol=2e-6)
        assert scored.ids == (*sentence, oracle.EOS)


def test_a_rank_counts_the_words_that_are_more_probable_and_can_be_words() -> None:
    kind = samples.description()
    arrays, model = samples.arrays(kind, 5), samples.model(kind, 5)
    [scored] = score(model, [[5, 9, 4]])
    for place, told in enumerate(oracle.log_probabilities(arrays, [5, 9, 4])):
        word = scored.ids[place]
        above = [number for number, logp in enumerate(told) if logp > told[word] and number > 1]
        assert scored.ranks[place] == 1 + len(above)


def test_unknown_words_are_counted_and_left_out_of_the_sum() -> None:
    model = samples.model()
    [scored] = score(model, [[5, 2, 6]])
    assert scored.unknown == 1
    assert scored.logp == pytest.approx(sum(scored.logps) - scored.logps[1])
    assert scored.full_logp == pytest.approx(sum(scored.logps))
    assert scored.perplexity == pytest.approx(math.exp(-scored.logp / 3))


@settings(max_examples=30, deadline=None)
@given(
    sentences=st.lists(
        st.lists(st.integers(2, 12).filter(lambda n: n != 3), max_size=6), min_size=1, max_size=30
    ),
    tokens=st.integers(1, 40),
    rows=st.integers(1, 9),
    is_reversed=st.booleans(),
    ranks=st.booleans(),
    threads=st.integers(1, 3),
)
def test_a_sentence_scores_the_same_alone_and_in_any_company(
    sentences: list[list[int]], tokens: int, rows: int, is_reversed: bool, ranks: bool, threads: int
) -> None:
    model = samples.model(samples.description(direction="reversed" if is_reversed else "forward"))
    alone = [score(model, [sentence])[0].logps for sentence in sentences]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "TOKENS", tokens)
        patch.setattr(scoring, "ROWS", rows)
        patch.setattr(scoring, "MIN_WORDS_PER_THREAD", tokens)
        patch.setattr(output_layer, "TILE", (rows, 5))
        together = [one.logps for one in score(model, sentences, ranks=ranks, threads=threads)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("ranks", [True, False])
@pytest.mark.parametrize("shift", [0, 500, -500])
def test_scores_far_beyond_what_exp_can_hold_stay_exact(ranks: bool, shift: int) -> None:
    kind = samples.description()
    arrays = samples.arrays(kind, 1, scale=80)
    arrays["output.bias"] += np.float32(shift)
    model = LanguageModel(kind, samples.words(13), weights(arrays, kind))
    [scored] = score(model, [[5, 6, 7]], ranks=ranks)
    np.testing.assert_allclose(scored.logps, oracle.sentence_logps(arrays, [5, 6, 7]), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_on_random_words_no_model_does_better_than_the_vocabulary_allows(direction: str) -> None:
    """A model that had read its targets would: this catches every leak."""
    uniform = samples.model(samples.description(16, direction=direction), scale=0.0)
    assert _perplexity(uniform, _random_sentences(200)) == pytest.approx(16, rel=1e-6)
    for seed in range(3):
        model = samples.model(samples.description(16, direction=direction), seed, scale=0.5)
        assert _perplexity(model, _random_sentences(200)) > 12.0


def _random_sentences(count: int) -> list[list[int]]:
    random = np.random.default_rng(0)
    return [[int(n) for n in random.integers(4, 16, random.integers(1, 9))] for _ in range(count)]


def _perplexity(model: samples.LanguageModel, sentences: Sequence[Sequence[int]]) -> float:
    scored = score(model, sentences, ranks=False)
    return scoring.perplexity(sum(one.full_logp for one in scored), sum(len(one.ids) for one in scored))
