"""Image of filters: whole factors, every filter shown or counted, the weight under the cursor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tui.drawings.half_block_canvas import ImageCanvas
from tui.mnist.filter_grid import PICTURES, FilterGrid, factor_of, pictures_of, template_size
from tui.mnist.layer_snapshot import PictureMaps, Snapshot


def text(canvas: ImageCanvas) -> str:
    return "\n".join("".join(patch.text for patch in line) for line in canvas.lines())


def filter_grid(filters: int, **facts: object) -> FilterGrid:
    kernels = np.linspace(-0.5, 0.25, filters * 25).reshape(filters, 1, 5, 5)
    maps = np.zeros((filters, 28, 28))
    pictures = [PictureMaps(np.zeros((28, 28)), maps, maps)] * 4
    snapshot = Snapshot("conv1", kernels, pictures)
    return FilterGrid("run", "", [1], 0, frozenset(), snapshot, (), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("room", "factor"), [((30, 30), 2), ((42, 50), 4), ((78, 12), 2), ((10, 4), 1)])
def test_filters_are_enlarged_by_the_largest_whole_factor_at_which_all_fit(
    room: tuple[int, int], factor: int
) -> None:
    assert factor_of(5, 1, 8, room) == factor


@pytest.mark.parametrize(
    ("width", "height", "columns"), [(199, 54, 38), (119, 34, 22), (400, 120, 78 // 28 * 28), (79, 18, 14)]
)
def test_ten_dense_units_are_as_large_as_the_room_allows(width: int, height: int, columns: int) -> None:
    assert template_size(28, 10, width, height) == (columns, columns // 2)


def test_the_text_above_the_maps_leaves_the_line_of_steps_whole() -> None:
    canvas = ImageCanvas(80, 21, "shade")
    filter_grid(5, page=1).paint(canvas)
    lines = text(canvas).splitlines()
    assert lines[1].strip(" ◆─") == "" and lines[2].strip() == "maps after the ReLU"


def test_four_pictures_are_shown_where_their_maps_are_large_enough() -> None:
    assert pictures_of(4, 1, 33)[0] == PICTURES == pictures_of(4, 2, 53)[0]
    assert pictures_of(4, 2, 33)[0] == 2


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_maps_that_do_not_fit_are_counted_and_can_be_scrolled_to(size: tuple[int, int]) -> None:
    canvas = ImageCanvas(*size, "shade")
    filter_grid(16, page=1).paint(canvas)
    assert "filters 1 to " in text(canvas)
    canvas = ImageCanvas(*size, "shade")
    filter_grid(16, page=1, first=8).paint(canvas)
    assert "filters 9 to " in text(canvas)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_every_map_is_in_sight_or_its_range_is_named(size: tuple[int, int]) -> None:
    for count in (5, 16):
        canvas, grid = ImageCanvas(*size, "shade"), filter_grid(count)
        grid.paint(canvas)
        seen = grid.in_sight(*size)
        assert min(count, 8) <= seen <= count
        assert (f", filters 1 to {seen} of {count}" in text(canvas)) == (seen < count)


@pytest.mark.parametrize("width", [80, 90, 120, 200])
def test_the_legend_of_dense_weights_ends_where_the_line_ends(width: int) -> None:
    grid = replace(filter_grid(10), snapshot=Snapshot("output", np.full((10, 1, 28, 28), 0.21), []))
    canvas = ImageCanvas(width, 24, "colour")
    grid.paint(canvas)
    line = text(canvas).splitlines()[2]
    assert (
        "orange: positive, blue: negative" in line
        or "orange: positive weight, blue: negative (at most 0.21)" in line
    )
    assert line.rstrip().endswith(("negative", ")"))


def test_the_weight_under_the_cursor_is_shown_in_its_own_units() -> None:
    canvas = ImageCanvas(120, 40, "colour")
    filter_grid(5, cell=(0, 0, 0, 0)).paint(canvas)
    assert "weight -0.5000" in text(canvas)
    canvas = ImageCanvas(120, 40, "colour")
    filter_grid(5).paint(canvas)
    assert "at most 0.5" in text(canvas)
