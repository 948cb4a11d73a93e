"""Metrics that are found in the output of a command."""

from __future__ import annotations

import math

import pytest

from engine.exec.output_metrics import LINE_LIMIT, FoundValue, OutputSearch, parse_pattern


def found(text: bytes, *patterns: str) -> list[tuple[str, int | None, float]]:
    search = OutputSearch([parse_pattern(pattern) for pattern in patterns])
    values = [*search.feed(text), *search.end()]
    return [(one.name, one.step, one.value) for one in values]


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
        FoundValue("loss", None, 0.25), FoundValue("loss", None, 0.5)
    ]  # fmt: skip
    assert [one.value for one in search.end()] == []


def test_nan_is_a_value_and_a_word_is_none() -> None:
    values = found(b"loss=nan\nloss=low\n", r"loss=(\S+)")
    assert len(values) == 1 and math.isnan(values[0][2])


def test_a_line_without_end_is_bounded_and_the_next_line_is_found() -> None:
    search = OutputSearch([parse_pattern(r"loss=(\S+)")])
    for _ in range(100):
        assert list(search.feed(b"x" * LINE_LIMIT)) == []
    assert [one.value for one in search.feed(b" loss=1\nloss=2\n")] == [2.0]


@pytest.mark.parametrize("pattern", [r"(\S+)", "loss", "loss=(", r"(?P<step>\d+)", r"loss=(\S+) (\S+)"])
def test_a_pattern_that_names_no_metric_is_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"names no metric|no regular expression") as raised:
        parse_pattern(pattern)
    assert "\n" not in str(raised.value)
