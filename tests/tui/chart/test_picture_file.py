"""Pictures of charts in files show what the screen shows: every dot at its place, in its colour."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_shapes import CELL, MARGIN, ON_DARK, ON_WHITE, DiskShape, TextShape, chart_picture, mixed
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.picture_file import SCALE, to_png, to_svg
from tui.ui.span import Row, Span, row_text

WIDTH, HEIGHT = 60, 16
SVG = "{http://www.w3.org/2000/svg}"


def rows_of(title: str = "loss") -> list[Row]:
    curve = ChartCurve()
    curve.extend(range(1, 200), [abs(100 - step) / 100 for step in range(1, 200)])
    scene = Scene(ChartView("loss"), (CurveSeries("a", "one", curve, 0),), symbols="braille", title=title)
    return picture(scene, WIDTH, HEIGHT)


def braille_dots(rows: list[Row]) -> int:
    texts = "".join(row_text(row) for row in rows)
    return sum((ord(sign) - 0x2800).bit_count() for sign in texts if 0x2800 <= ord(sign) < 0x2900)


def test_every_dot_of_braille_is_a_disk_in_the_colour_of_its_curve() -> None:
    rows = rows_of()
    shapes = chart_picture(rows, WIDTH, ON_DARK).shapes
    disks = [shape for shape in shapes if isinstance(shape, DiskShape) and not shape.is_open]
    assert len(disks) == braille_dots(rows) > 100
    assert {disk.colour for disk in disks} == {ON_DARK.hues[0]}


def test_the_dots_of_a_cell_are_where_its_bits_say() -> None:
    shapes = chart_picture([(Span("⡁⢀", "series-1"),)], 2, ON_WHITE).shapes
    found = sorted((shape.x - MARGIN, shape.y - MARGIN) for shape in shapes if isinstance(shape, DiskShape))
    assert found == [(2.5, 2.5), (2.5, 17.5), (17.5, 17.5)]


def test_words_stay_words_at_their_cells() -> None:
    shapes = chart_picture([(Span("  step ", "label"), Span("漢字  1k", "title"))], 20, ON_WHITE).shapes
    found = [
        (shape.x - MARGIN, shape.text.strip(), shape.is_bold)
        for shape in shapes
        if isinstance(shape, TextShape)
    ]
    assert found == [(2 * CELL[0], "step", False), (7 * CELL[0], "漢字", True), (13 * CELL[0], "1k", True)]


@pytest.mark.parametrize("colours", [ON_DARK, ON_WHITE])
def test_an_svg_is_well_formed_and_fetches_nothing(colours: object) -> None:
    text = to_svg(chart_picture(rows_of("<a & b>\x1b[2J"), WIDTH, colours), "<a & b>")  # type: ignore[arg-type]
    root = ElementTree.fromstring(text)
    assert root.get("width") == str(round(WIDTH * CELL[0] + 2 * MARGIN))
    assert not re.search(r"url\(|href|@import|<script", text)
    assert [one.text for one in root.iter(f"{SVG}title")] == ["<a & b>"]
    disks = sum(
        path.get("d", "").count("M") for path in root.iter(f"{SVG}path") if path.get("fill") != "none"
    )
    assert disks == braille_dots(rows_of())


def test_a_png_has_the_size_and_the_colours_of_the_screen() -> None:
    drawn = chart_picture(rows_of(), WIDTH, ON_DARK)
    image = Image.open(io.BytesIO(to_png(drawn)))
    assert image.size == (round(drawn.width * SCALE), round(drawn.height * SCALE))
    disk = next(shape for shape in drawn.shapes if isinstance(shape, DiskShape))
    pixel = image.getpixel((round(disk.x * SCALE), round(disk.y * SCALE)))
    assert pixel == tuple(int(ON_DARK.hues[0][at : at + 2], 16) for at in (1, 3, 5))
    assert image.getpixel((2, 2)) == (0x10, 0x14, 0x1B)


def test_faint_colours_are_mixed_with_the_background() -> None:
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
    assert ON_WHITE.of("faint-0") != ON_WHITE.of("series-0")
