"""CSV as every export writes it: lines end in a line feed, whatever needs quotes has them."""

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
    """The header, then a line for each row; what a row lacks, and None, is empty.

    A cell may hold anything: as it is and quoted for a program, with control characters spelled out for a
    terminal, which would act on them.
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
