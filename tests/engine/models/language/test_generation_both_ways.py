"""Two models that read in opposite directions work together, and only those that share their words."""

from __future__ import annotations

import math
from itertools import permutations

import pytest

from engine.errors import DataError, ParamError
from engine.models.language import probable_word_orders
from engine.models.language.fill_blank import fill
from engine.models.language.generation_both_ways import grow
from engine.sampling import SamplingParams
from tests.engine.models.language import oracle, samples

KIND = samples.description(9)
BACK = samples.description(9, direction="reversed")
FORWARD, REVERSED = samples.model(KIND, 1), samples.model(BACK, 2)


def test_a_blank_is_filled_by_the_normalised_product() -> None:
    before = oracle.log_probabilities(samples.arrays(KIND, 1), [5, 6])[-1]
    after = oracle.log_probabilities(samples.arrays(BACK, 2), [8, 7])[-1]
    product = {word: math.exp(before[word] + after[word]) for word in range(4, 9)}
    order = sorted(product, key=lambda word: -product[word])
    found = fill(FORWARD, REVERSED, [5, 6], [7, 8], 10)
    assert [filling.id for filling in found] == order
    assert [one.p for one in found] == pytest.approx(
        [product[w] / sum(product.values()) for w in order], rel=1e-5
    )
    assert [one.forward for one in found] == pytest.approx([math.exp(before[w]) for w in order], rel=1e-5)
    sentence = oracle.sentence_logps(samples.arrays(KIND, 1), [5, 6, order[0], 7, 8])
    assert found[0].logp == pytest.approx(sum(sentence), rel=1e-5)


@pytest.mark.parametrize("first", ["right", "left"])
def test_a_sentence_grows_on_both_sides_of_its_seed(first: str) -> None:
    drawn = list(grow(FORWARD, REVERSED, [5], SamplingParams(length=7), 3, first))
    assert [side for side, _ in drawn].count(first) == 3
    assert drawn[0][0] == first
    assert len(drawn) == 6
    assert drawn == list(grow(FORWARD, REVERSED, [5], SamplingParams(length=7), 3, first))


def test_the_second_side_reads_the_words_of_the_first() -> None:
    drawn = list(grow(FORWARD, REVERSED, [5], SamplingParams(length=5, temperature=0), 3))
    text = [5, *(word.id for side, word in drawn if side == "right")]
    for word in (word for side, word in drawn if side == "left"):
        told = oracle.log_probabilities(samples.arrays(BACK, 2), text[::-1])[-1]
        assert word.id == max(range(4, 9), key=lambda number: told[number])
        text.insert(0, word.id)


@pytest.mark.parametrize("first", ["right", "left"])
def test_a_side_that_may_end_has_the_whole_length_for_itself(first: str) -> None:
    for seed in range(20):
        drawn = list(grow(FORWARD, REVERSED, [5, 6], SamplingParams(length=9, until_end=True), seed, first))
        for side in ("right", "left"):
            words = [word for where, word in drawn if where == side]
            assert all(not word.is_end for word in words[:-1])
            assert words[-1].is_end or len(words) == 7
        assert max(place for place, (side, _) in enumerate(drawn) if side == first) == (
            sum(side == first for side, _ in drawn) - 1
        )


def test_a_side_that_never_ends_leaves_the_other_all_of_its_words() -> None:
    sampling = SamplingParams(length=6, until_end=True, least=6)
    sides = [side for side, _ in grow(FORWARD, REVERSED, [5], sampling, 1)]
    assert sides[:5] == ["right"] * 5
    assert "left" in sides


def test_models_that_are_no_pair_are_refused() -> None:
    with pytest.raises(DataError, match="needs a forward and a reversed model, got forward and forward"):
        fill(FORWARD, FORWARD, [5], [6], 3)
    stranger = samples.model(samples.description(10, direction="reversed"))
    with pytest.raises(DataError, match="do not share a vocabulary"):
        grow(FORWARD, stranger, [5], SamplingParams(), 1)
    with pytest.raises(ParamError, match="first: expected right or left, got 'up'"):
        grow(FORWARD, REVERSED, [5], SamplingParams(), 1, "up")


@pytest.mark.parametrize("model", [FORWARD, REVERSED])
def test_every_order_of_a_bag_is_scored(model: samples.LanguageModel) -> None:
    arrays = samples.arrays(model.description, 2 if model.is_reversed else 1)
    expected = {
        words: sum(oracle.sentence_logps(arrays, words[::-1] if model.is_reversed else words))
        for words in set(permutations([4, 5, 5, 8]))
    }
    found = probable_word_orders.orders(model, [5, 4, 8, 5], 100)
    assert (found.possible, found.is_complete, len(found.best)) == (12, True, 12)
    for order in found.best:
        assert order.logp == pytest.approx(expected[order.ids], rel=1e-5)
    assert found.best[0].ids == max(expected, key=lambda words: expected[words])


def test_beyond_the_limit_a_search_finds_orders_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for model in (FORWARD, REVERSED):
        every = probable_word_orders.orders(model, [4, 5, 6, 7, 8], 5)
        monkeypatch.setattr(probable_word_orders, "EXHAUSTIVE_LIMIT", 10)
        searched = probable_word_orders.orders(model, [4, 5, 6, 7, 8], 5)
        monkeypatch.undo()
        assert not searched.is_complete
        assert [order.ids for order in searched.best] == [order.ids for order in every.best]
        assert [o.logp for o in searched.best] == pytest.approx([o.logp for o in every.best], rel=1e-5)


def test_eight_different_words_are_searched() -> None:
    assert probable_word_orders.count(range(7)) == probable_word_orders.EXHAUSTIVE_LIMIT
    assert probable_word_orders.count(range(8)) > probable_word_orders.EXHAUSTIVE_LIMIT
    with pytest.raises(DataError, match="A bag of 25 words"):
        probable_word_orders.orders(FORWARD, [5] * 25, 3)
