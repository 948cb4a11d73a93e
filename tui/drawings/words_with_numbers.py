"""Words in columns with their numbers below them, wrapped over several lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.ui.span import Row, Span

Column = Sequence[Span]
"""a word and its numbers, from top to bottom"""
GAP = 2
LONGEST = 24
CUT = "~"


def grid(labels: Sequence[str], columns: Sequence[Column], width: int, *, gap: int = GAP) -> list[Row]:
    """One row for each label that is not empty; columns that do not fit continue below, with their labels.

    `gap`: cells between two columns."""
    margin = max(map(cell_len, labels), default=0)
    margin += GAP if margin else 0
    rows: list[Row] = []
    for group in _groups(columns, max(1, width - margin), gap):
        filled = [place for place in range(len(labels)) if any(column[place].text for column in group)]
        rows += [_row(labels, group, place, margin, gap) for place in filled]
        rows.append(())
    return rows[:-1]


def _groups(columns: Sequence[Column], room: int, gap: int) -> list[list[Column]]:
    groups: list[list[Column]] = [[]]
    left = room
    for column in columns:
        size = _size(column) + gap
        if size - gap > left and groups[-1]:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= size
    return groups


def _row(labels: Sequence[str], columns: Sequence[Column], place: int, margin: int, gap: int) -> Row:
    spans = [Span(labels[place].ljust(margin), "muted")] if margin else []
    for column in columns:
        cell, size = column[place], _size(column)
        text = cell.text if cell_len(cell.text) <= size else set_cell_size(cell.text, size - 1) + CUT
        after = 0 if column is columns[-1] else gap  # the last one may end at the edge
        spans += [Span(text, cell.style_name), Span(" " * (size - cell_len(text) + after))]
    return tuple(spans)


def _size(column: Column) -> int:
    return min(LONGEST, max((cell_len(cell.text) for cell in column), default=0))
