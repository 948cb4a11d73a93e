"""A dialog for the range of the value axis."""

from __future__ import annotations

import math
import re

from tui.chart.chart_view import Range
from tui.dialogs.field_prompt import FieldPrompt
from tui.terminal.plain_text import plain
from tui.ui.text_field import TextField

LARGEST = 1e300
EXPECTED = "two numbers, the lower first, or nothing for a range that fits the values"


def y_range_prompt(metric: str, now: Range | None) -> FieldPrompt[tuple[float, ...]]:
    """Dismissed with (low, high), with () for a range that fits the values, or None."""
    field = TextField(" ".join(f"{end:g}" for end in now or ()), most=60, placeholder="0 1")
    return FieldPrompt(f"y axis of {plain(metric, limit=40)}", field, parsed_range, EXPECTED)


def parsed_range(text: str) -> tuple[float, ...] | None:
    """`0 1`, `0..1` or `0 to 1`; () of an empty text, None of any other."""
    words = [word for word in re.split(r"\.\.|\bto\b|[\s;]+", text.replace("−", "-")) if word]
    try:
        ends = tuple(float(word) for word in words)
    except ValueError:
        return None
    is_range = len(ends) == 2 and ends[0] < ends[1] and all(abs(end) <= LARGEST for end in ends)
    return ends if not ends or (is_range and all(map(math.isfinite, ends))) else None
