"""The labels of the x axis are even, apart, and whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chart.chart_view import Axis
from tui.chart.scale import x_ticks


@given(st.floats(0, 1e9), st.floats(1, 1e9), st.integers(8, 200), st.sampled_from(["step", "time"]))
def test_labels_neither_collide_nor_leave_their_room(low: float, span: float, cells: int, axis: Axis) -> None:
    room = (-6, cells + 1)
    ticks = x_ticks(low, low + span, cells, axis, room=room)
    assert ticks
    taken = [cell for tick in ticks for cell in range(tick.start, tick.end)]
    assert len(taken) == len(set(taken))
    assert room[0] <= min(taken) and max(taken) < room[1]
    assert all(0 <= tick.cell < cells for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("low", "high", "cells", "axis", "labels"),
    [
        (0, 2000, 80, "step", ["0", "200", "400", "600", "800", "1k", "1.2k", "1.4k", "1.6k", "1.8k", "2k"]),
        (1, 10, 60, "step", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]),
        (0, 4_000_000, 40, "step", ["0", "1M", "2M", "3M", "4M"]),
        (12_345, 12_352, 60, "step", ["12346", "12348", "12350", "12352"]),
        (0, 100, 60, "time", ["0", "15s", "30s", "45s", "1:00", "1:15", "1:30"]),
        (0, 7200, 40, "time", ["0", "30m", "1h", "1h30", "2h"]),
        (0, 400_000, 40, "time", ["0", "1d", "2d", "3d", "4d"]),
        (0, 0.5, 40, "time", ["0", "0.1s", "0.2s", "0.3s", "0.4s", "0.5s"]),
    ],
)
def test_ticks_are_round_numbers_in_few_letters(
    low: float, high: float, cells: int, axis: Axis, labels: list[str]
) -> None:
    assert [tick.label for tick in x_ticks(low, high, cells, axis, room=(-6, cells + 1))] == labels
