"""Pixels as rows of cells: two in a cell, larger where there is room, shades without colours."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from rich.color import Color

from tui.drawings.pixel_rows import amount_rows, amounts, decoded, enlarged, half_blocks, picture_rows
from tui.ui.span import row_text, row_width
from tui.ui.styles import _pixel_style

RED, BLUE = (248, 0, 0), (0, 0, 248)


def pixels(*rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_a_cell_holds_two_pixels_and_cells_of_the_same_two_are_one_span() -> None:
    (row,) = half_blocks(pixels([RED, RED, RED], [BLUE, BLUE, RED]))
    assert [span.text for span in row] == ["▀▀", " "]
    styles = [_pixel_style(span.style_name) for span in row]
    colours = [
        (one.color.triplet.hex if one.color else None, one.bgcolor and one.bgcolor.triplet) for one in styles
    ]
    assert colours[0][0] == "#ff0000" and colours[0][1] == (0, 0, 255)
    assert colours[1] == (None, (255, 0, 0))


def test_an_image_of_too_many_spans_gets_wider_pixels_of_the_mean_of_their_neighbours() -> None:
    (row,) = half_blocks(pixels([(0, 0, 0), (80, 160, 240), RED, RED, BLUE]), 3)
    assert [(len(span.text), _pixel_style(span.style_name).color) for span in row] == [
        (2, Color.from_rgb(41, 82, 123)), (2, Color.from_rgb(255, 0, 0)), (1, Color.from_rgb(0, 0, 255)),
    ]  # fmt: skip
    noise = np.random.default_rng(0).integers(0, 256, (108, 166, 3)).astype(np.uint8)
    rows = picture_rows(noise, 166, 54, "colour", 2_400)
    assert sum(map(len, rows)) <= 2_400 and {row_width(row) for row in rows} == {166}
    assert picture_rows(noise, 166, 54, "colour", 9_000) == picture_rows(noise, 166, 54, "colour")


def test_below_the_last_of_an_odd_number_of_rows_is_the_ground() -> None:
    (row,) = half_blocks(pixels([RED, BLUE]))
    assert row_text(row) == "▀▀" and all(_pixel_style(span.style_name).bgcolor is None for span in row)


@pytest.mark.parametrize(
    ("size", "room", "found"),
    [((2, 2), (5, 7), (4, 4)), ((10, 10), (15, 40), (15, 15)), ((10, 10), (12, 12), (10, 10)),
     ((3, 8), (8, 40), (3, 8)), ((1, 1), (6, 4), (4, 4)), ((30, 30), (10, 10), (30, 30))],
)  # fmt: skip
def test_a_small_image_is_made_larger_by_whole_factors_where_they_fit(
    size: tuple[int, int], room: tuple[int, int], found: tuple[int, int]
) -> None:
    assert enlarged(np.zeros(size), *room).shape == found


@pytest.mark.parametrize("mode", ["colour", "shade", "ascii"])
def test_a_picture_fits_its_cells(mode: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (31, 17, 3)).astype(np.uint8)
    rows = picture_rows(picture, 17, 9, mode)  # type: ignore[arg-type]
    assert len(rows) == 9 and {row_width(row) for row in rows} == {17}
    assert mode != "ascii" or all(row_text(row).isascii() for row in rows)


def test_shades_are_denser_for_brighter_pixels() -> None:
    (row,) = picture_rows(pixels([(0, 0, 0), (255, 255, 255)]), 2, 1, "ascii")
    assert row_text(row) == " #"


def test_a_difference_has_a_sign_without_colours_too() -> None:
    (row,) = amount_rows(np.array([[1.0, 0.0, -0.3, -1.0]]), 4, 1, "ascii", ((0, 0, 0),) * 3)
    assert row_text(row) == "# -="


def test_a_difference_is_coloured_by_its_sign() -> None:
    rows = amount_rows(np.array([[1.0, -1.0, 0.0]]), 3, 1, "colour", (BLUE, (8, 8, 8), RED))
    found = [_pixel_style(span.style_name).color for span in rows[0]]
    assert [one.triplet for one in found if one] == [(255, 0, 0), (0, 0, 255), (8, 8, 8)]


def test_bytes_that_are_missing_are_black_pixels_and_no_difference() -> None:
    coded = base64.b64encode(b"\xff").decode()
    assert decoded(coded, 1, 1).tolist() == [[[255, 0, 0]]]
    assert amounts(coded, 1, 2).tolist() == [[1.0, 0.0]]
