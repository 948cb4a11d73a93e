"""Wrapped rows of spans."""

from __future__ import annotations

import pytest

from tui.ui.span import Row, Span, row_text, row_width
from tui.ui.wrap import wrap_row

WORDS = "The engine has not answered for 6 s. If this persists: dltui engine stop (asks before ending it)."


def texts(row: Row, width: int, indent: int = 0) -> list[str]:
    return [row_text(line) for line in wrap_row(row, width, indent)]


@pytest.mark.parametrize("width", [20, 37, 58, 79, 200])
def test_every_word_is_there_and_no_line_is_wider(width: int) -> None:
    lines = wrap_row((Span(" ! ", "warn"), Span(WORDS, "text")), width, 3)
    assert " ".join("".join(map(row_text, lines)).split()).replace(" ", "") == ("! " + WORDS).replace(" ", "")
    assert all(row_width(line) <= width for line in lines)


@pytest.mark.parametrize("width", range(20, 100))
def test_a_command_is_not_broken(width: int) -> None:
    assert any("dltui engine stop" in line for line in texts((Span(WORDS),), width))


def test_continuation_lines_are_indented() -> None:
    lines = texts((Span(" ! "), Span("one two three four five")), 12, 3)
    assert lines == [" ! one two ", "   three ", "   four five"]


def test_a_word_longer_than_a_line_is_split_and_styles_are_kept() -> None:
    lines = wrap_row((Span("a" * 25, "bad"), Span(" b", "key")), 12)
    assert "".join(map(row_text, lines)).replace(" ", "") == "a" * 25 + "b"
    assert lines[-1][-1] == Span("b", "key")
