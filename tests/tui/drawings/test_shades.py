"""Images without colours: all cells at once have the characters that each has alone."""

from __future__ import annotations

import numpy as np
import pytest

from tui.drawings.aid_drawing import LastDrawing
from tui.drawings.half_block_canvas import ImageCanvas, shades_of
from tui.drawings.heat import ColourMode, shade_of


@pytest.mark.parametrize("mode", ["shade", "ascii"])
def test_the_shades_of_an_array_are_those_of_its_numbers(mode: ColourMode) -> None:
    values = np.array([[-1.0, -0.001, 0.0, 0.19, 0.2, 0.5], [0.79, 0.8, 0.999, 1.0, 7.0, np.nan]])
    wanted = [[shade_of(value, mode) for value in row] for row in values.tolist()]
    assert [[chr(sign) for sign in row] for row in shades_of(values, mode).tolist()] == wanted


def test_amounts_are_dense_above_zero_and_dashes_below() -> None:
    canvas = ImageCanvas(6, 1, "shade")
    values = np.repeat(np.array([[1.0, 0.2, 0.05, -0.05, -0.3, -0.9]]), 2, axis=0)
    canvas.picture(0, 0, 6, 1, values, "heat")
    [line] = canvas.lines()
    assert "".join(patch.text for patch in line) == "█░  -="


def test_the_same_data_are_drawn_once_for_each_size() -> None:
    last, canvas = LastDrawing(), ImageCanvas(40, 12, "colour")
    data = {"drawing": "bars", "bars": [["one", 1.0]]}
    first = last.drawn(data, 30, 8, canvas)
    assert last.drawn(data, 30, 8, canvas) is first
    assert last.drawn(data, 31, 8, canvas) is not first
    assert last.drawn(dict(data), 31, 8, canvas) is not last.drawn(data, 30, 8, canvas)


def test_the_used_rows_of_a_canvas_end_with_the_last_sign_or_ground() -> None:
    canvas = ImageCanvas(6, 9, "colour")
    assert canvas.used_rows == 0
    canvas.write(0, 2, "x")
    assert canvas.used_rows == 3
    canvas.write(1, 5, " ", "", "solved-1")
    assert canvas.used_rows == 6
