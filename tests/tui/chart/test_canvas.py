"""Cells hold dots of one style; a later drawing replaces an earlier one."""

from __future__ import annotations

import numpy as np
import pytest

from tui.chart.plot_area import Canvas, DotTrace, Symbols, dot_pen
from tui.ui.span import Span, row_text


def flat(width: int, row: int) -> DotTrace:
    return DotTrace(np.full(width, row), np.full(width, row))


@pytest.mark.parametrize(("symbols", "line"), [("braille", "⠤⠤⠤"), ("block", "▄▄▄"), ("ascii", "***")])
def test_a_flat_line_is_drawn_in_each_kind_of_symbol(symbols: Symbols, line: str) -> None:
    pen = dot_pen(symbols)
    canvas = Canvas(3, 1)
    canvas.paint(flat(3 * pen.across, pen.down // 2), pen, "ink")
    assert [row_text(row) for row in canvas.lines()] == [line]


def test_a_later_line_covers_the_cells_it_enters() -> None:
    canvas = Canvas(2, 1)
    canvas.paint(flat(4, 0), dot_pen("braille"), "under")
    over = DotTrace(np.array([9, 9, 3, 3]), np.array([-1, -1, 3, 3]))
    canvas.paint(over, dot_pen("braille"), "over")
    assert next(iter(canvas.lines())) == (Span("⠉", "under"), Span("⣀", "over"))


def test_cells_without_dots_are_blank_and_go_with_the_run_before() -> None:
    canvas = Canvas(6, 1)
    canvas.put(0, 1, "a", "first")
    canvas.put(0, 4, "b", "second")
    assert next(iter(canvas.lines())) == (Span(" ", ""), Span("a  ", "first"), Span("b ", "second"))


def test_filling_leaves_what_is_drawn() -> None:
    canvas = Canvas(3, 1)
    canvas.put(0, 1, "x", "ink")
    canvas.fill(slice(0, 1), slice(None), "-", "grid")
    assert [row_text(row) for row in canvas.lines()] == ["-x-"]


def test_every_pattern_of_dots_has_its_own_braille_sign() -> None:
    assert dot_pen("braille").characters[1:].tolist() == list(range(0x2801, 0x2900))
