"""What a sweep reads of a trial's events: the best of its metric so far, and at each rung."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from engine import events
from engine.errors import CorruptRun
from engine.protocol import Json, number_from_json
from engine.service.sweeps import pruner
from engine.sweep_protocol import Prune

CHUNK = 256 * 1024
"""bytes of one reading"""


@dataclass(slots=True)
class TrialCurve:
    """A best that a resume in fast mode took back still counts; a strict one gets there again."""

    path: Path
    metric: str
    largest: bool
    prune: Prune
    offset: int = 0
    best: float | None = None
    best_step: int = 0
    rungs: dict[int, tuple[int, float]] = field(default_factory=dict)
    """rung to the step it was judged at and the best so far; NaN where there was none"""
    _ahead: dict[int, int] = field(default_factory=dict)

    def read_on(self) -> bool:
        """Whether there may be more to read. Raises CorruptRun."""
        lines, end = events.read_lines(self.path, self.offset, CHUNK)
        more = end - self.offset >= CHUNK
        self.offset = end
        for line in lines:
            if b'"metrics"' in line or b'"started"' in line:
                self._take(line)
        return more

    def _take(self, line: bytes) -> None:
        try:
            event = events.parse(line)
            if event.kind == "started":
                self._begin(int(event.facts.get("total_steps") or 0))
            elif event.kind == "metrics":
                self._fold(event.facts["series"])
        except (CorruptRun, KeyError, TypeError, ValueError):
            return  # the digest of the run has told of it

    def _begin(self, total: int) -> None:
        rungs = pruner.rung_steps(self.prune, total)
        self._ahead = {rung: step for rung, step in rungs.items() if rung not in self.rungs}

    def _fold(self, series: Json) -> None:
        for step, raw in zip(*series.get(self.metric, ((), ())), strict=True):
            value = number_from_json(raw)
            if math.isfinite(value) and self._beats(value):
                self.best, self.best_step = value, int(step)
            if self._ahead:
                self._pass_rungs(int(step), value)

    def _beats(self, value: float) -> bool:
        return self.best is None or (value > self.best if self.largest else value < self.best)

    def _pass_rungs(self, step: int, value: float) -> None:
        """The first value at or behind a rung settles it; of several passed at once the last one counts."""
        passed = [rung for rung, at in self._ahead.items() if at <= step]
        for rung in passed:
            del self._ahead[rung]
        if passed:
            known = self.best if math.isfinite(value) else None
            self.rungs[max(passed)] = (step, math.nan if known is None else known)
