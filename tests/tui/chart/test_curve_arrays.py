"""Minima, maxima, ends and gaps of a growing curve are those computed from every point."""

from __future__ import annotations

from array import array
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui.chart.curve_arrays import ChartCurve, ValueBlocks

VALUES = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), max_size=400)
CHUNKS = st.lists(VALUES, min_size=1, max_size=6)


def grown(chunks: list[list[float]]) -> tuple[ValueBlocks, NDArray[np.float64]]:
    blocks = ValueBlocks()
    for chunk in chunks:
        blocks.extend(np.array(chunk, np.float64))
    return blocks, np.array([value for chunk in chunks for value in chunk], np.float64)


@settings(deadline=None, max_examples=60)
@given(CHUNKS, st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_extremes_and_ends_are_those_of_the_points(chunks: list[list[float]], shares: list[float]) -> None:
    blocks, values = grown(chunks)
    bounds = np.array(sorted(int(share * len(values)) for share in [0.0, *shares]), np.int64)
    low, high = blocks.extremes(bounds)
    first, last = blocks.ends(bounds)
    for index, (start, stop) in enumerate(pairwise(bounds)):
        numbers = np.flatnonzero(~np.isnan(values[start:stop])) + start
        assert np.isnan(low[index]) == (len(numbers) == 0)
        if len(numbers):
            assert (low[index], high[index]) == (values[numbers].min(), values[numbers].max())
            assert (first[index], last[index]) == (numbers[0], numbers[-1])
        else:
            assert first[index] > last[index]


@settings(deadline=None, max_examples=60)
@given(CHUNKS, st.data())
def test_two_numbers_are_joined_when_no_nan_lies_between_them(
    chunks: list[list[float]], data: st.DataObject
) -> None:
    blocks, values = grown(chunks)
    numbers = np.flatnonzero(~np.isnan(values))
    if len(numbers) < 2:
        return
    pair = sorted(data.draw(st.lists(st.sampled_from(numbers.tolist()), min_size=2, max_size=2)))
    joined = blocks.joined(np.array(pair[:1]), np.array(pair[1:]))[0]
    assert joined == (not np.isnan(values[pair[0] : pair[1]]).any())


@settings(deadline=None, max_examples=60)
@given(CHUNKS, st.floats(0, 1), VALUES)
def test_a_curve_that_was_cut_and_grew_again_is_like_a_new_one(
    chunks: list[list[float]], share: float, more: list[float]
) -> None:
    _, values = grown(chunks)
    kept = int(share * len(values))
    cut, whole = ChartCurve(), ChartCurve()
    cut.extend(range(len(values)), values)
    cut.blocks(False)
    cut.evict_after(kept - 1)
    cut.extend(range(kept, kept + len(more)), more)
    whole.extend(range(kept + len(more)), np.concatenate((values[:kept], more)))
    blocks, fresh = cut.blocks(False), whole.blocks(False)
    bounds = np.linspace(0, len(fresh), 8).astype(np.int64)
    np.testing.assert_array_equal(blocks.extremes(bounds), fresh.extremes(bounds))
    np.testing.assert_array_equal(blocks.ends(bounds), fresh.ends(bounds))


def test_a_million_points_give_their_extremes_by_blocks() -> None:
    values = np.random.default_rng(0).standard_normal(1_000_000)
    blocks = ValueBlocks()
    blocks.extend(values)
    bounds = np.sort(np.random.default_rng(1).integers(0, len(values), 300)).astype(np.int64)
    low, high = blocks.extremes(bounds)
    pairs = list(pairwise(bounds))
    assert low.tolist() == [values[start:stop].min() for start, stop in pairs]
    assert high.tolist() == [values[start:stop].max() for start, stop in pairs]


PARTS = st.lists(st.tuples(st.integers(-3, 12), st.integers(0, 9), st.booleans()), min_size=1, max_size=8)


@given(PARTS)
def test_columns_that_are_kept_until_they_are_drawn_are_the_same_curve(
    parts: list[tuple[int, int, bool]],
) -> None:
    kept, plain = ChartCurve(), ChartCurve()
    for gap, count, is_read in parts:
        steps = [int(plain.last_step) + gap + n for n in range(count)]
        columns = (steps, [n / 3 for n in steps], [n * 2.0 for n in steps])
        plain.extend(*columns)
        kept.extend(array("q", columns[0]), array("d", columns[1]), array("d", columns[2]))
        assert (len(kept), kept.last_step) == (len(plain), plain.last_step)
        if is_read:
            assert kept.values.tolist() == plain.values.tolist()
    assert kept.steps.tolist() == plain.steps.tolist()
    assert (kept.values.tolist(), kept.seconds.tolist()) == (plain.values.tolist(), plain.seconds.tolist())
