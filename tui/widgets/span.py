"""A run of text in one ink; a row of them is one line of a picture."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Span(NamedTuple):
    """`ink` names a style; the empty ink is the widget's own."""

    text: str
    ink: str = ""


Row = tuple[Span, ...]


def row_text(row: Row) -> str:
    return "".join(span.text for span in row)


def row_width(row: Row) -> int:
    return sum(cell_len(span.text) for span in row)


def fitted(row: Row, width: int) -> Row:
    """The row cut or filled to exactly `width` cells."""
    spans: list[Span] = []
    room = width
    for span in row:
        size = cell_len(span.text)
        if size > room:
            span, size = Span(set_cell_size(span.text, room), span.ink), room
        if span.text:
            spans.append(span)
        room -= size
    if room > 0:
        spans.append(Span(" " * room))
    return tuple(spans)


def changed_until(old: Row, new: Row) -> int:
    """Cells from the left that hold every difference between two rows of one width."""
    before = [(character, span.ink) for span in old for character in span.text]
    after = [(character, span.ink) for span in new for character in span.text]
    while before and after and _same(before[-1], after[-1]):
        before.pop()
        after.pop()
    return max(cell_len("".join(character for character, _ in cells)) for cells in (before, after))


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[0] == other[0] and (one[0] == " " or one[1] == other[1])
