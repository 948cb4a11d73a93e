"""The checkpoints of the selected run, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.protocol import CheckpointFacts, Status
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import size
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span


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
        return [head, *(_row(facts) for facts in sorted(self._found, key=lambda facts: -facts.step))]


def _row(facts: CheckpointFacts) -> Row:
    step = Span(f"{facts.step:>10,}  ", "text")
    if facts.damaged:
        sign = glyphs().statuses[Status.FAILED]
        return (step, Span(f"{sign} {plain(facts.damaged, limit=120)}", "bad"))
    answers = (Span(f"  {plain(facts.answers, limit=60)}", "good"),) if facts.answers else ()
    bytes_ = Span(f"{size(facts.bytes):>8}  ", "muted")
    return (step, bytes_, Span(facts.weights_sha256[:12], "muted"), *answers)
