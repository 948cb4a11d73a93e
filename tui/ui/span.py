"""A piece of text in one style; a row of them is one line."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size, split_graphemes

from tui.terminal.glyphs import glyphs


class Span(NamedTuple):
    """`style_name` is a key of Styles; empty: the style of the widget."""

    text: str
    style_name: str = ""


Row = tuple[Span, ...]
Cell = tuple[str, str]


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
            span, size = Span(set_cell_size(span.text, room), span.style_name), room
        if span.text:
            spans.append(span)
        room -= size
    if room > 0:
        spans.append(Span(" " * room))
    return tuple(spans)


def clipped(row: Row, width: int) -> Row:
    """The row where it fits, else cut, with an ellipsis at its end."""
    if row_width(row) <= width or width < 1:
        return row
    kept = tuple(span for span in fitted(row, width - 1) if span.text)
    return (*kept, Span(glyphs().cut, kept[-1].style_name if kept else ""))


def cells(row: Row) -> list[Cell]:
    """One for each column; blanks have no style, the right half of a wide character is empty.

    Characters without a width (combining marks) are in the cell of the one before them.
    """
    single: list[Cell] = []
    for text, style_name in row:
        if cell_len(text) == len(text):
            single += [(character, "" if character == " " else style_name) for character in text]
            continue
        for start, end, size in split_graphemes(text)[0]:
            if size:
                single += [(text[start:end], style_name), *[("", style_name)] * (size - 1)]
            elif single:
                base = next(at for at in range(len(single) - 1, -1, -1) if single[at][0])
                single[base] = (single[base][0] + text[start:end], single[base][1])
    return single


def justified(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells: cut, or filled with blanks behind it, or before it with `right`."""
    blanks = " " * (width - cell_len(text))
    return (blanks + text if right else text + blanks) if blanks else set_cell_size(text, width)
