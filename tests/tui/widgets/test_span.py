"""Rows of spans keep their width and know where they differ."""

from __future__ import annotations

from tui.widgets.span import Span, changed_until, fitted, row_text, row_width


def test_a_row_is_cut_or_filled_to_its_width() -> None:
    row = (Span("abc", "x"), Span("def", "y"))
    assert [row_text(fitted(row, width)) for width in (8, 6, 4)] == ["abcdef  ", "abcdef", "abcd"]


def test_wide_characters_count_twice() -> None:
    assert row_width((Span("東京"),)) == 4
    assert row_width(fitted((Span("東京"),), 3)) == 3


def test_a_row_changed_up_to_its_last_difference() -> None:
    old = (Span("loss 0.5", "a"), Span("   live", "b"))
    assert changed_until(old, (Span("loss 0.4", "a"), Span("   live", "b"))) == 8
    assert changed_until(old, (Span("loss 0.5", "a"), Span("   live", "c"))) == 15
    assert changed_until(old, old) == 0


def test_the_ink_of_blanks_is_no_difference() -> None:
    assert changed_until((Span("ab  ", "x"),), (Span("ab", "x"), Span("  ", "y"))) == 0
