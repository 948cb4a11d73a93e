"""Bar charts as text."""

from __future__ import annotations

import pytest

from tui.cli.sweep_table import percent_bars


@pytest.mark.parametrize("width", [40, 80])
def test_a_bar_is_as_long_as_its_share_of_the_line(width: int) -> None:
    lines = percent_bars([("lr", 0.688), ("batch", 0.312), ("hidden", 0.0)], width)
    assert [line.split()[0] for line in lines] == ["lr", "batch", "hidden"]
    assert [line.split()[-1] for line in lines] == ["68.80", "31.20", "0.00"]
    first, second, third = (line.count("▇") + line.count("#") for line in lines)
    assert first == pytest.approx(0.688 * (first + second), abs=1.5) and third <= 1
    assert all(len(line) <= width for line in lines)
    assert first == pytest.approx(0.688 * (width - 16), abs=3)


def test_one_axis_that_decides_everything_fills_the_line() -> None:
    (line,) = percent_bars([("lr", 1.0)], 60)
    assert line.count("▇") + line.count("#") > 42 and len(line) <= 60


def test_names_cannot_reach_the_terminal_raw_and_nothing_is_no_bar() -> None:
    assert "\x1b" not in "".join(percent_bars([("a\x1b[31m", 0.5)], 60))
    assert percent_bars([], 60) == []
