"""Columns of the run table that the user chose: their names, order and widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine import filter_fields
from engine.protocol import RunSummary
from tui.data.run_fields import FACTS, cell_text, field_of_all, has_field, is_number
from tui.runs.run_columns import MOST_NAME, RunColumn, built_in_columns, shortened
from tui.ui.span import Row, Span

LEAST, MOST = 3, 60
"""cells of a column"""
COLUMNS_LIMIT = 64
_WIDTHS = {"status": 9, "tags": 16, "note": 30, "id": 24, "device": 10, "cause": 30, "sweep": 12, "parent": 9}
OTHER_WIDTH = 10
_UNSORTED = {one.name for one in filter_fields.COLUMNS if not one.about}
COUNT_WIDTH = 3
"""cells behind the titles for the number of columns that have no room, such as +2"""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column by its field, with the width that the user gave it; 0: as wide as usual."""

    name: str
    width: int = 0

    @property
    def text(self) -> str:
        """As it is kept: val_loss, or val_loss:14."""
        return f"{self.name}:{self.width}" if self.width else self.name


def parse_choice(text: str) -> ColumnChoice:
    """A text that is no valid choice is a column of that name, which is empty."""
    name, _, width = text.rpartition(":")
    if name and width.isdecimal() and len(width) <= 3:
        return ColumnChoice(name, max(LEAST, min(MOST, int(width))))
    return ColumnChoice(text)


def chosen_columns(
    width: int,
    chosen: Sequence[ColumnChoice],
    metric: str,
    longest: int,
    params: Mapping[str, str],
    runs: Sequence[RunSummary],
) -> tuple[RunColumn, ...]:
    """The columns in their order, as many as fit into `width` cells; parameters get the rest.

    `longest` and `params` are as in `run_columns.columns`, `runs` those in sight: the title of a column that
    none of them has ends in a question mark.
    """
    built_in = built_in_columns(metric, params)
    found: list[RunColumn] = []
    for choice in chosen[:COLUMNS_LIMIT]:
        column = built_in.get(choice.name) or _column(choice.name, runs)
        size = choice.width or (min(longest, MOST_NAME) if choice.name == "name" else column.width)
        found.append(column.resized(size))
    if _total(found) > width:
        width -= COUNT_WIDTH
    while len(found) > 1 and _total(found) > width:
        found.pop()
    room = width - _total(found)
    return tuple(
        column.resized(column.width + max(0, room))
        if column.title == "parameters" and not _given(chosen, "parameters")
        else column
        for column in found
    )


def _total(found: Sequence[RunColumn]) -> int:
    return sum(column.width + 1 for column in found)


def _given(chosen: Sequence[ColumnChoice], name: str) -> bool:
    """Whether the user gave the column its width."""
    return any(one.width for one in chosen if one.name == name)


def _column(name: str, runs: Sequence[RunSummary]) -> RunColumn:
    is_missing = bool(runs) and not any(has_field(run, name) for run in runs)
    width = _WIDTHS.get(name, OTHER_WIDTH)
    title = FACTS.get(name, name)
    if name in FACTS:
        title = name if len(title) > width else title
    right = any(is_number(run, name) for run in runs)
    cell = partial(_cell, name=field_of_all(runs, name))
    shown = f"{shortened(title, width - 1)}?" if is_missing else shortened(title, width)
    return RunColumn(shown, width, cell, sort_field(name), right, name=name)


def _cell(run: RunSummary, width: int, *, name: str) -> Row:
    text = cell_text(run, name)
    style_name = "accent" if name == "tags" else "text" if is_number(run, name) else "muted"
    return (Span(text, style_name),) if text else ()


def sort_field(name: str) -> str:
    """The field by which a column is sorted: that of the built-in one, else its own; empty: by none."""
    built_in = built_in_columns("", {}).get(name)
    if built_in is not None:
        return built_in.sort
    return "" if name in _UNSORTED else name
