"""A dialog for the range of the value axis."""

from __future__ import annotations

import math
import re

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui.chart.chart_view import Range
from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.plain_text import plain
from tui.ui.text_field import TextField

LARGEST = 1e300
EXPECTED = "expected two numbers, the lower first, or nothing for a range that fits the values"


class YRangeScreen(Dialog[tuple[float, ...]]):
    """Dismissed with (low, high), with () for a range that fits the values, or None."""

    AUTO_FOCUS = "TextField"

    def __init__(self, metric: str, now: Range | None) -> None:
        super().__init__()
        self._metric, self._now = metric, now

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = f"y axis of {plain(self._metric, limit=40)}"
            yield TextField(" ".join(f"{end:g}" for end in self._now or ()), most=60, placeholder="0 1")
            yield KeyLine((("dialog.accept", "set it"), ("dialog.cancel", "back")))

    def on_mount(self) -> None:
        self.query_one(TextField).action_select_all()

    @on(Input.Changed)
    def _check(self) -> None:
        is_wrong = parsed_range(self.query_one(TextField).value) is None
        self.query_one(KeyLine).show_error(EXPECTED if is_wrong else "")

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        found = parsed_range(self.query_one(TextField).value)
        if found is not None:
            self.dismiss(found)


def parsed_range(text: str) -> tuple[float, ...] | None:
    """`0 1`, `0..1` or `0 to 1`; () of an empty text, None of any other."""
    words = [word for word in re.split(r"\.\.|\bto\b|[\s;]+", text.replace("−", "-")) if word]
    try:
        ends = tuple(float(word) for word in words)
    except ValueError:
        return None
    is_range = len(ends) == 2 and ends[0] < ends[1] and all(abs(end) <= LARGEST for end in ends)
    return ends if not ends or (is_range and all(map(math.isfinite, ends))) else None
