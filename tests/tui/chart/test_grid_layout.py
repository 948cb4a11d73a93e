"""Where the charts of a grid are."""

from __future__ import annotations

import pytest

from tui.chart.grid_layout import LEAST_HEIGHT, LEAST_WIDTH, group_of, headings, layout_for


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (80, 19, (2, 2)),  # 80x24 with a legend of two lines above the charts
        (60, 15, (2, 2)),  # 60x20
        (96, 37, (3, 4)),  # 120x40 beside a list
        (168, 57, (4, 4)),  # 200x60
        (30, 6, (1, 1)),
    ],
)
def test_the_number_of_charts_follows_the_size(width: int, height: int, shape: tuple[int, int]) -> None:
    layout = layout_for(width, height, 100)
    assert (layout.columns, layout.rows) == shape


@pytest.mark.parametrize("count", range(1, 17))
def test_fewer_charts_are_larger_and_all_have_a_place(count: int) -> None:
    layout = layout_for(168, 57, count)
    assert count <= layout.per_page < count + 4
    assert layout.lefts()[-1] == 168 and layout.tops()[-1] == 57
    assert all(b - a >= LEAST_WIDTH for a, b in zip(layout.lefts(), layout.lefts()[1:], strict=False))
    assert all(b - a >= LEAST_HEIGHT for a, b in zip(layout.tops(), layout.tops()[1:], strict=False))


def test_ten_thousand_charts_are_on_pages() -> None:
    layout = layout_for(96, 37, 10_000)
    assert layout.pages(10_000) == 834 and layout.page_of(9_999) == 833


def test_the_group_is_the_prefix_before_the_first_slash() -> None:
    assert [group_of(name) for name in ("train/loss", "a/b/c", "loss", "/x")] == ["train", "a", "", ""]


def test_a_group_is_named_where_it_or_a_row_begins() -> None:
    groups = ["", "", "a", "a", "a", "b"]
    assert headings(groups, 3) == [["", "", "a"], ["a", "", "b"]]
