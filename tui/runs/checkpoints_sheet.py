"""The checkpoints of the selected run, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.protocol import CheckpointFacts, Status
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import size
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, row_width


class CheckpointsSheet(Sheet):
    """A row per checkpoint: step, size, hash of the weights, or why it is damaged."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._found: tuple[CheckpointFacts, ...] | None = None

    def update(self, found: tuple[CheckpointFacts, ...] | None) -> None:
        """Replace the checkpoints; None while they are loading."""
        self._found = found
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._found is None:
            return ()
        if not self._found:
            return [(Span("no checkpoint yet", "muted"),)]
        head = (Span(f"{'step':>10}  {'size':>8}  weights", "muted"),)
        found = sorted(self._found, key=lambda facts: -facts.step)
        return [head, *(row for facts in found for row in _rows(facts, width))]


def _rows(facts: CheckpointFacts, width: int) -> list[Row]:
    """One row, or two where what answers with these weights has no room beside them."""
    step = Span(f"{facts.step:>10,}  ", "text")
    if facts.damaged:
        sign = glyphs().statuses[Status.FAILED]
        return [(step, Span(f"{sign} {plain(facts.damaged, limit=120)}", "bad"))]
    bytes_ = Span(f"{size(facts.bytes):>8}  ", "muted")
    row = (step, bytes_, Span(facts.weights_sha256[:12], "muted"))
    if not facts.answers:
        return [row]
    answers = Span(plain(facts.answers, limit=60), "good")
    if row_width(row) + 2 + len(answers.text) <= width:
        return [(*row, Span("  "), answers)]
    return [row, (Span(" " * max(0, min(12, width - len(answers.text)))), answers)]
