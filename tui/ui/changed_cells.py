"""Where two rows of cells differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.ui.span import Cell

GAP = 8
"""unchanged cells between two stretches that cost fewer bytes than moving the cursor past them"""


def changes(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """First cell and number of cells of each stretch; the whole new row where the old has another width.

    A stretch never begins or ends inside a wide character: half of one would be drawn as a blank.
    """
    if len(old) != len(new):
        yield 0, len(new)
        return
    first = last = -1
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after or x <= last:
            continue
        if first >= 0 and x - last > GAP:
            yield first, last - first + 1
            first = -1
        if first < 0:
            first = x - (x > 0 and "" in (before[0], after[0]))
        last = x + any(x + 1 < len(row) and not row[x + 1][0] for row in (old, new))
    if first >= 0:
        yield first, last - first + 1
