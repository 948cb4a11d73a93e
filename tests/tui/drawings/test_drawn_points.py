"""A curve of a few points: where its signs stand, its cursor, and where two curves meet."""

from __future__ import annotations

import pytest

from tui.drawings.drawn_points import PointChart, PointCurve, paint
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import ColourMode


def rows(chart: PointChart, mode: ColourMode = "colour", height: int = 14) -> list[str]:
    canvas = ImageCanvas(60, height, mode)
    paint(canvas, chart)
    return ["".join(patch.text for patch in line) for line in canvas.lines()]


def chart(*curves: PointCurve, cursor: int = -1) -> PointChart:
    return PointChart(range(8), "z", 0.0, 1.0, curves, cursor)


def test_a_higher_value_stands_higher_and_every_point_has_its_sign() -> None:
    found = rows(chart(PointCurve("you", "◇", "accent", [0, 0, 0, 0, 0, 0, 0, 1.0])))
    assert found[1].rstrip().endswith("◇") and found[1].split()[0] == "1"
    assert found[11].count("◇") == 7 and found[11].split()[0] == "0"
    assert found[12].split() == [str(number) for number in range(8)]


def test_where_two_curves_meet_one_sign_says_so() -> None:
    happened = PointCurve("happened", "●", "strong", [0.0] * 8)
    found = rows(chart(happened, PointCurve("you", "◇", "accent", [0.0] * 4 + [1.0] * 4)))
    text = "\n".join(found[1:])
    assert (text.count("◈"), text.count("●"), text.count("◇")) == (4, 4, 4)


def test_a_value_beyond_the_axis_makes_it_longer_and_the_cursor_tells_its_value() -> None:
    found = rows(chart(PointCurve("you", "◇", "accent", [0.0] * 7 + [2.0]), cursor=7))
    assert found[1].split()[0] == "2" and "z 7: 2" in found[0]


@pytest.mark.parametrize("mode", ["colour", "shade", "ascii"])
def test_it_is_drawn_without_colours_and_in_ascii(mode: ColourMode) -> None:
    found = "".join(rows(chart(PointCurve("you", "o", "accent", [0.5] * 8)), mode)[1:])
    assert found.count("o") == 8 and (mode != "ascii" or found.isascii())


def test_there_is_nothing_where_there_is_no_room() -> None:
    assert not "".join(rows(chart(PointCurve("you", "◇", "accent", [0.5] * 8)), height=4)).strip()
