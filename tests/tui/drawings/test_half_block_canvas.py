"""Text and images on a canvas, with colours and without."""

from __future__ import annotations

import numpy as np
import pytest

from tui.drawings.half_block_canvas import ImageCanvas, Patch
from tui.drawings.heat import LEVELS, ColourMode


def text(canvas: ImageCanvas) -> list[str]:
    return ["".join(patch.text for patch in line) for line in canvas.lines()]


@pytest.mark.parametrize("mode", ["colour", "shade", "ascii"])
def test_nothing_is_written_outside(mode: ColourMode) -> None:
    canvas = ImageCanvas(6, 2, mode)
    canvas.write(4, 0, "long words")
    canvas.write(0, 5, "below")
    canvas.write(-3, 1, "left")
    canvas.picture(4, 1, 8, 8, np.ones((8, 8)))
    canvas.frame(1, 1, 9, 9, "line")
    assert all(len(line) == 6 for line in text(canvas)) and len(text(canvas)) == 2


def test_two_pixels_share_a_cell_where_there_are_colours() -> None:
    canvas = ImageCanvas(1, 1, "colour")
    canvas.picture(0, 0, 1, 1, np.array([[1.0], [0.0]]))
    assert canvas.lines() == [(Patch("▀", f"grey-{LEVELS - 1}", "grey-0"),)]


def test_equal_pixels_are_background_alone() -> None:
    canvas = ImageCanvas(1, 1, "colour")
    canvas.picture(0, 0, 1, 1, np.array([[-1.0], [-1.0]]), "heat")
    assert canvas.lines() == [(Patch(" ", "", "heat-0"),)]


def test_a_pixel_is_marked_without_the_other_in_its_cell() -> None:
    canvas = ImageCanvas(1, 1, "colour")
    canvas.picture(0, 0, 1, 1, np.array([[1.0], [0.0]]))
    canvas.dot(0, 0, "accent")
    assert canvas.lines() == [(Patch("▀", "accent", "grey-0"),)]
    canvas.dot(0, 1, "accent")
    assert canvas.lines() == [(Patch("█", "accent", ""),)]


@pytest.mark.parametrize(("mode", "signs"), [("shade", " ░▒▓█▀▄"), ("ascii", " .:*#',")])
def test_without_colours_a_picture_is_made_of_shades(mode: ColourMode, signs: str) -> None:
    canvas = ImageCanvas(8, 4, mode)
    canvas.picture(0, 0, 8, 4, np.random.default_rng(1).random((8, 8)))
    found = set("".join(text(canvas)))
    assert found <= set(signs) and len(found) > 2


def test_without_colours_what_takes_away_is_dashes() -> None:
    canvas = ImageCanvas(3, 1, "ascii")
    canvas.picture(0, 0, 3, 1, np.array([[-1.0, -0.3, 1.0]] * 2), "heat")
    assert text(canvas) == ["=-#"]


def test_values_that_are_no_numbers_are_drawn_all_the_same() -> None:
    for mode in ("colour", "shade", "ascii"):
        canvas = ImageCanvas(2, 1, mode)  # type: ignore[arg-type]
        canvas.picture(0, 0, 2, 1, np.array([[np.nan, 1.0]] * 2))
        assert len(text(canvas)[0]) == 2


def test_wide_characters_do_not_shift_the_line() -> None:
    canvas = ImageCanvas(8, 1, "colour")
    canvas.write(0, 0, "漢字 ok")
    assert text(canvas) == ["?? ok   "]


def test_only_what_changed_is_drawn_again() -> None:
    def page(*words: tuple[int, str, str]) -> ImageCanvas:
        canvas = ImageCanvas(30, 2, "colour")
        for x, text, style_name in words:
            canvas.write(x, 1, text, style_name)
        return canvas

    old = page((3, "abc", ""), (20, "far", ""))
    assert page((3, "abc", ""), (20, "far", "")).changes(old) == []
    assert page((3, "xbc", ""), (20, "far", "")).changes(old) == [(1, 3, 4)]
    assert page((3, "abc", "key"), (20, "fur", "")).changes(old) == [(1, 3, 22)]
    assert page((3, "xbx", ""), (20, "far", "")).changes(old) == [(1, 3, 6)]
