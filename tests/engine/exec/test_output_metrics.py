"""Metrics that are found in the output of a command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exec.output_metrics import LINE_LIMIT, FoundValues, OutputMetric, OutputSearch, parse_pattern


def found(text: bytes, *patterns: str) -> list[tuple[str, int | None, float]]:
    return found_by([parse_pattern(pattern) for pattern in patterns], text)


def found_by(metrics: Sequence[OutputMetric], *parts: bytes) -> list[tuple[str, int | None, float]]:
    search = OutputSearch(metrics)
    values = [*(one for part in parts for one in search.feed(part)), *search.end()]
    return [
        (one.name, step, value)
        for one in values
        for step, value in zip(one.steps or [None] * len(one.values), one.values, strict=True)
    ]


def test_the_name_is_what_stands_before_the_value() -> None:
    assert found(b"epoch 1 loss=0.5 acc: 90%\n", r"loss=(\S+)", r"acc: (\S+)") == [
        ("loss", None, 0.5),
        ("acc", None, 90.0),
    ]


def test_a_name_is_not_found_inside_of_another() -> None:
    assert found(b"val_loss=0.7, loss=0.5\n", r"loss=(\S+)") == [("loss", None, 0.5)]


def test_groups_name_metrics_and_the_step() -> None:
    pattern = r"(?P<step>\d+)/100 loss (?P<loss>\S+) lr (?P<lr>\S+)"
    assert found(b"7/100 loss 0.5 lr 1e-3\n", pattern) == [("loss", 7, 0.5), ("lr", 7, 0.001)]


def test_a_line_may_come_in_parts_and_end_with_a_carriage_return() -> None:
    search = OutputSearch([parse_pattern(r"loss=(\S+)")])
    assert list(search.feed(b"loss=0")) == []
    assert list(search.feed(b".25\rloss=0.5\rlo")) == [
        FoundValues("loss", None, [0.25, 0.5])
    ]  # fmt: skip
    assert list(search.end()) == []


def test_nan_is_a_value_and_a_word_is_none() -> None:
    values = found(b"loss=nan\nloss=low\n", r"loss=(\S+)")
    assert len(values) == 1 and math.isnan(values[0][2])


def test_a_line_without_end_is_bounded_and_the_next_line_is_found() -> None:
    search = OutputSearch([parse_pattern(r"loss=(\S+)")])
    for _ in range(100):
        assert list(search.feed(b"x" * LINE_LIMIT)) == []
    assert [one.values for one in search.feed(b" loss=1\nloss=2\n")] == [[2.0]]


WORDS = st.sampled_from(
    [b"loss=", b"val_loss=", b"lossy=", b"1", b"0.5", b"nan", b"low", b" ", b"\t", b",", b"\n", b"\r",
     b"step ", b"7/9", b"x" * LINE_LIMIT]
)  # fmt: skip
PATTERNS = [
    r"loss=(\S+)", r"loss=\s*(\S+)", r"^(?P<loss>[^,]+)$", r"(?P<step>\d+)/9.*loss=(?P<loss>\S+)",
    r"loss?=(.*)", r"(?P<a>\d+)|loss=(?P<b>\S+)", r"step\s+(?P<step>\S+)\s(?P<x>\S+)",
    r"(?<=\n)?loss=(?P<c>\d)", r"loss=(\S+)\Z",
]  # fmt: skip


@given(st.lists(WORDS, max_size=30), st.sampled_from(PATTERNS), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_many_lines_at_once_are_searched_as_each_of_them(words: list[bytes], pattern: str, cut: int) -> None:
    text, metric = b"".join(words), parse_pattern(pattern)
    by_line = replace(metric, of_lines=None)
    assert str(found_by([metric], text)) == str(found_by([by_line], text))
    parts = [text[begin : begin + cut] for begin in range(0, min(len(text), 4000), cut)]
    assert str(found_by([metric], *parts)) == str(found_by([by_line], *parts))


@pytest.mark.parametrize("pattern", [r"(\S+)", "loss", "loss=(", r"(?P<step>\d+)", r"loss=(\S+) (\S+)"])
def test_a_pattern_that_names_no_metric_is_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"names no metric|no regular expression") as raised:
        parse_pattern(pattern)
    assert "\n" not in str(raised.value)
