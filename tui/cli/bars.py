"""Horizontal bar charts as text."""

from __future__ import annotations

from collections.abc import Sequence

from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

NUMBER = 10
"""cells of a number and the blanks around it"""


def percent_bars(shares: Sequence[tuple[str, float]], width: int) -> list[str]:
    """A line for each name: its share as a bar, of which the full length is 100 %, and as a percentage."""
    if not shares:
        return []
    import plotext

    names = [plain(name, limit=max(8, width // 2)) for name, _ in shares]
    largest = max(share for _, share in shares)
    room = width - max(map(len, names)) - NUMBER
    plotext.clear_figure()
    plotext.simple_bar(
        names, [100 * share for _, share in shares], width=width - 2 - round(room * (1 - largest)),
        marker="#" if glyphs().ascii_only else "▇",
    )  # fmt: skip
    lines = plotext.uncolorize(plotext.build()).splitlines()
    return [line.rstrip() for line in lines if line.strip()]
