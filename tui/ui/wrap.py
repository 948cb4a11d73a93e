"""Text and rows of spans over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

from tui.ui.span import Row, Span

COMMAND = re.compile(r"dltui(?: [a-z]+){1,2}(?![a-z])|chmod [0-7]+ \S+")
"""a shell command to be copied: it is not broken where it fits on one line"""
_PIECE = re.compile(rf"{COMMAND.pattern}|\S+| +")


def wrap_text(text: str, width: int, style_name: str) -> list[Row]:
    """The text over as many lines as it takes, at least 10 cells wide."""
    import textwrap  # the first screen wraps nothing

    width = max(10, width)
    lines = textwrap.wrap(text, width)
    return [(Span(part, style_name),) for line in lines for part in chop_cells(line, width)]


def wrap_row(row: Row, width: int, indent: int = 0) -> list[Row]:
    """The row broken at blanks, the lines after the first `indent` cells to the right."""
    width = max(10, width)
    indent = min(indent, width - 8)
    lines: list[list[Span]] = [[]]
    at = 0
    for piece in _pieces(row, width - indent):
        size = cell_len(piece.text)
        if at + size > width and at > indent:
            lines.append([Span(" " * indent)] if indent else [])
            at = indent
        if piece.text.isspace() and len(lines) > 1 and at == indent:
            continue  # the blank where the line was broken
        lines[-1].append(piece)
        at += size
    return [tuple(line) for line in lines]


def _pieces(row: Row, most: int) -> Iterator[Span]:
    """Blanks, words and whole commands; what is longer than a line comes in parts."""
    for span in row:
        for piece in _PIECE.findall(span.text):
            for part in chop_cells(piece, most) if cell_len(piece) > most else [piece]:
                yield Span(part, span.style_name)
