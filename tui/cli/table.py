"""Text tables: fitted to the terminal, complete in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells, set_cell_size

from tui.cli.engine_call import print_stderr
from tui.terminal.glyphs import glyphs

GAP = "  "


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column that may be cut to `least` cells, then left out (None: neither); low `worth` is cut first."""

    title: str
    least: int | None = None
    worth: int = 0


def terminal_width() -> int | None:
    """Columns of the terminal; None where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned lines below their titles. What does not fit a terminal is cut, or left out with a message."""
    lines = [[column.title for column in columns], *(list(row) for row in rows)]
    widths = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    limit = terminal_width()
    kept = widths if limit is None else _fitting(columns, widths, limit)
    left_out = [
        column.title for column, width in zip(columns, kept, strict=True) if not width and column.title
    ]
    if left_out:
        print_stderr(f"No room for {', '.join(left_out)}: a wider terminal, or | cat, shows them.")
    return [_line(line, kept) for line in lines]


def _fitting(columns: Sequence[TableColumn], widths: Sequence[int], limit: int) -> list[int]:
    """A width for each column; 0 for those that are left out."""
    kept = list(widths)
    order = sorted(range(len(columns)), key=lambda index: columns[index].worth)
    able = [(index, least) for index in order if (least := columns[index].least) is not None]
    for index, least in able:
        kept[index] = max(min(least, kept[index]), kept[index] - max(0, _total(kept) - limit))
    for index, _ in able:
        if _total(kept) > limit:
            kept[index] = 0
    for index, _ in reversed(able):  # free cells go to the columns of highest worth
        if kept[index]:
            kept[index] = min(widths[index], kept[index] + max(0, limit - _total(kept)))
    return kept


def _total(widths: Sequence[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + len(GAP) * (len(shown) - 1)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [_cut(cell, width) for cell, width in zip(cells, widths, strict=True) if width]
    return GAP.join(shown).rstrip()


def _cut(cell: str, width: int) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + glyphs().cut
    return set_cell_size(cell, width)


def in_blocks(rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned lines; columns that do not fit follow in further blocks, each with the first column."""
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    limit = terminal_width()
    blocks: list[list[int]] = [[0]]
    for index in range(1, len(widths)):
        shown = [widths[one] for one in (*blocks[-1], index)]
        if limit is not None and len(blocks[-1]) > 1 and _total(shown) > limit:
            blocks.append([0])
        blocks[-1].append(index)
    lines: list[str] = []
    for block in blocks:
        lines += [""] if lines else []
        lines += [_line([row[one] for one in block], [widths[one] for one in block]) for row in rows]
    return lines


def wrapped(rows: Sequence[tuple[str, ...]], indent: int = 0) -> list[str]:
    """Aligned rows; the last cell is wrapped at the width of the terminal."""
    if not rows:
        return []
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    start = indent + sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    limit = terminal_width()
    lines = []
    for *cells, last in rows:
        head = " " * indent + "".join(
            set_cell_size(cell, width) + GAP for cell, width in zip(cells, widths[:-1], strict=True)
        )
        parts = [last] if limit is None else _wrapped_text(last, max(limit - start, 12))
        lines += [(head if number == 0 else " " * start) + part for number, part in enumerate(parts)]
    return [line.rstrip() for line in lines]


def _wrapped_text(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words where possible."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        if not lines[-1]:
            lines.pop()
        lines += chop_cells(word, width) or [""]
    return lines
