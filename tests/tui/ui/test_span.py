"""Rows of spans: width, cutting, cells."""

from __future__ import annotations

from tui.ui.span import Span, cells, clipped, fitted, row_text, row_width


def test_a_row_is_cut_or_filled_to_its_width() -> None:
    row = (Span("abc", "x"), Span("def", "y"))
    assert [row_text(fitted(row, width)) for width in (8, 6, 4)] == ["abcdef  ", "abcdef", "abcd"]


def test_wide_characters_count_twice() -> None:
    assert row_width((Span("東京"),)) == 4
    assert row_width(fitted((Span("東京"),), 3)) == 3


def test_cells_are_one_for_each_column_and_wide_characters_take_two() -> None:
    assert cells((Span("a 東", "x"),)) == [("a", "x"), (" ", "x"), ("東", "x"), ("", "x")]


def test_blanks_look_alike_in_every_style() -> None:
    assert cells((Span("ab  ", "x"),)) == cells((Span("ab", "x"), Span("  ", "y")))


def test_a_row_that_does_not_fit_ends_in_an_ellipsis() -> None:
    row = (Span("seven", "muted"), Span(" words of it", "text"))
    assert clipped(row, 30) == row and clipped(row, 17) == row
    assert row_text(clipped(row, 10)) == "seven wor…"
    assert row_width(clipped(row, 3)) == 3 and clipped((), 0) == ()
