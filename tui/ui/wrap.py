"""Text over several lines."""

from __future__ import annotations

from rich.cells import chop_cells

from tui.ui.span import Row, Span


def wrap_text(text: str, width: int, style_name: str) -> list[Row]:
    """The text over as many lines as it takes, at least 10 cells wide."""
    import textwrap  # the first screen wraps nothing

    width = max(10, width)
    lines = textwrap.wrap(text, width)
    return [(Span(part, style_name),) for line in lines for part in chop_cells(line, width)]
