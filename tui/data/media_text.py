"""Texts about what a run logged beside numbers."""

from __future__ import annotations

from engine.session_protocol.media import Distribution
from tui.data.value_text import plural, short_number
from tui.terminal.plain_text import plain


def cell_text(value: object) -> str:
    """A cell of a logged table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return short_number(value) if isinstance(value, float) else plain(str(value), limit=60)


def distribution_text(found: Distribution | None) -> str:
    """1,024 numbers from -0.1 to 0.1, mean 0.01, median 0"""
    if found is None:
        return "no finite number"
    ends = f"from {short_number(found.low)} to {short_number(found.high)}"
    middle = f"mean {short_number(found.mean)}, median {short_number(found.quartiles[1])}"
    return f"{plural(int(found.count), 'number')} {ends}, {middle}"
