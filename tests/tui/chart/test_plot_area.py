"""Every spike is on the canvas, and nothing is drawn across a gap."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui.chart.curve_arrays import ValueBlocks
from tui.chart.plot_area import Canvas, Symbols, Viewport, dashed, dot_pen, trace
from tui.chart.scale import linear_scale
from tui.ui.curve_colours import DASHES
from tui.ui.span import row_text

ROWS, CELLS = 8, 15


def dots(text: list[str], symbols: Symbols) -> NDArray[np.bool_]:
    """The picture as a grid of single dots."""
    pen = dot_pen(symbols)
    grid = np.zeros((len(text) * pen.down, len(text[0]) * pen.across), bool)
    table = pen.characters.tolist()
    for row, line in enumerate(text):
        for cell, character in enumerate(line):
            bits = table.index(ord(character))
            for down in range(pen.down):
                for across in range(pen.across):
                    lit = bool(bits & int(pen.weights[down, across]))
                    grid[row * pen.down + down, cell * pen.across + across] = lit
    return grid


def drawn(
    positions: list[float], values: list[float], low: float, high: float, symbols: Symbols
) -> tuple[Viewport, NDArray[np.bool_]]:
    visible = [v for p, v in zip(positions, values, strict=True) if low <= p <= high and not np.isnan(v)]
    pen = dot_pen(symbols)
    viewport = Viewport(
        low, high, CELLS * pen.across, pen.down, linear_scale(min(visible), max(visible), ROWS)
    )
    blocks = ValueBlocks()
    blocks.extend(np.array(values))
    canvas = Canvas(CELLS, ROWS)
    canvas.paint(trace(np.array(positions), blocks, viewport), pen, "ink")
    return viewport, dots([row_text(row) for row in canvas.lines()], symbols)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.floats(-1e6, 1e6) | st.just(float("nan"))), min_size=1, max_size=300
    ),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["braille", "block", "ascii"]),
)
def test_lowest_and_highest_point_of_every_column_are_lit(
    moves: list[tuple[int, float]], start: float, width: float, symbols: Symbols
) -> None:
    positions = np.cumsum([step for step, _ in moves]).astype(float).tolist()
    values = [value for _, value in moves]
    low = positions[0] + start * (positions[-1] - positions[0])
    high = low + max(width * (positions[-1] - low), 1.0)
    inside = [(p, v) for p, v in zip(positions, values, strict=True) if low <= p <= high and not np.isnan(v)]
    if not inside:
        return
    viewport, grid = drawn(positions, values, low, high, symbols)
    columns = np.clip(viewport.bounds(np.array([p for p, _ in inside])), 0, None)
    numbers = np.array([v for _, v in inside])
    for column in range(viewport.columns):
        here = numbers[columns[column] : columns[column + 1]]
        if len(here):
            rows = np.rint(viewport.rows(np.array([here.max(), here.min()]))).astype(int)
            assert grid[rows[0], column] and grid[rows[1], column]
            assert grid[rows[0] : rows[1] + 1, column].all()


def test_a_single_spike_in_a_million_points_is_seen() -> None:
    values = np.zeros(1_000_000)
    values[654_321] = 1.0
    viewport, grid = drawn(list(range(1_000_000)), values.tolist(), 0, 999_999, "braille")
    column = round(654_321 / 999_999 * (viewport.columns - 1))
    assert grid[:, column].sum() > ROWS * 4 * 0.7
    assert grid[:, column - 3].sum() == 1


def test_a_nan_between_two_points_leaves_the_space_between_them_blank() -> None:
    _, grid = drawn([0, 10, 20, 30], [1, 1, float("nan"), 1], 0, 30, "braille")
    assert grid.any(axis=0).tolist() == [True] * 11 + [False] * 18 + [True]


def test_a_line_between_far_points_crosses_a_window_that_holds_none_of_them() -> None:
    blocks = ValueBlocks()
    blocks.extend(np.array([0.0, 10.0]))
    viewport = Viewport(40, 60, 30, 4, linear_scale(0, 10, ROWS))
    line = trace(np.array([0.0, 100.0]), blocks, viewport)
    assert (line.top <= line.bottom).all()
    assert line.top[0] > line.top[-1]


def test_a_slanted_line_has_no_holes() -> None:
    _, grid = drawn([0, 29], [0, 100], 0, 29, "braille")
    for column in range(29):
        lit, following = np.flatnonzero(grid[:, column]), np.flatnonzero(grid[:, column + 1])
        assert lit.min() - following.max() <= 1


def test_a_dashed_line_has_gaps_where_it_is_flat_and_none_where_it_spikes() -> None:
    values = np.full(60, 0.5)
    values[30] = 1.0
    blocks = ValueBlocks()
    blocks.extend(values)
    viewport = Viewport(0, 59, 60, 4, linear_scale(0, 1, ROWS))
    for dash in DASHES[1:]:
        line = dashed(trace(np.arange(60.0), blocks, viewport), dash)
        drawn_columns = line.top <= line.bottom
        assert 0.4 < drawn_columns.mean() < 1 and drawn_columns[30]
