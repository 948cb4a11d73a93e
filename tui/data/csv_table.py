"""CSV of all exports: lines end in a line feed, cells are quoted where necessary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui.terminal.plain_text import plain

CELL_LIMIT = 1_000_000


def csv_lines(
    names: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    delimiter: str = ",",
    for_terminal: bool = False,
) -> Iterable[str]:
    """The header, then a line for each row; missing values and None are empty.

    Cells are written unchanged, quoted where necessary; for a terminal, control characters are spelled out.
    """
    yield _line(names, delimiter, for_terminal)
    for row in rows:
        yield _line([row.get(name) for name in names], delimiter, for_terminal)


def _line(values: Sequence[object], delimiter: str, for_terminal: bool) -> str:
    cells = [_cell(value, delimiter, for_terminal) for value in values]
    return (delimiter.join(cells) if cells != [""] else '""') + "\n"


def _cell(value: object, delimiter: str, for_terminal: bool) -> str:
    text = "" if value is None else str(value)
    if for_terminal:
        text = plain(text, limit=CELL_LIMIT)
    if text.isalnum() or not any(letter in '"' + delimiter or not letter.isprintable() for letter in text):
        return text
    return '"' + text.replace('"', '""') + '"'
