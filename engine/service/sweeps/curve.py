"""The best value of a trial's metric so far, and at each rung, read from its events."""

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
"""bytes read at once"""


@dataclass(slots=True)
class TrialCurve:
    """A best value that a fast resume rewinds still counts; a strict resume reaches it again."""

    path: Path
    metric: str
    largest: bool
    prune: Prune
    offset: int = 0
    best: float | None = None
    best_step: int = 0
    rungs: dict[int, tuple[int, float]] = field(default_factory=dict)
    """rung: step at which it was reached and the best value by then, NaN if there was none"""
    _pending_rungs: dict[int, int] = field(default_factory=dict)

    def read_more(self) -> bool:
        """Read the next chunk; True if there may be more. Raises CorruptRun."""
        lines, end = events.read_lines(self.path, self.offset, CHUNK)
        more = end - self.offset >= CHUNK
        self.offset = end
        for line in lines:
            if b'"metrics"' in line or b'"started"' in line:
                self._parse(line)
        return more

    def _parse(self, line: bytes) -> None:
        try:
            event = events.parse(line)
            if event.kind == "started":
                self._set_rungs(int(event.facts.get("total_steps") or 0))
            elif event.kind == "metrics":
                self._fold(event.facts["series"])
        except (CorruptRun, KeyError, TypeError, ValueError):
            return  # the stats of the run report damaged lines

    def _set_rungs(self, total: int) -> None:
        rungs = pruner.rung_steps(self.prune, total)
        self._pending_rungs = {rung: step for rung, step in rungs.items() if rung not in self.rungs}

    def _fold(self, series: Json) -> None:
        for step, raw in zip(*series.get(self.metric, ((), ())), strict=True):
            value = number_from_json(raw)
            if math.isfinite(value) and self._is_better(value):
                self.best, self.best_step = value, int(step)
            if self._pending_rungs:
                self._pass_rungs(int(step), value)

    def _is_better(self, value: float) -> bool:
        return self.best is None or (value > self.best if self.largest else value < self.best)

    def _pass_rungs(self, step: int, value: float) -> None:
        """The first value at or after a rung counts; of several rungs passed at once only the last one."""
        passed = [rung for rung, at in self._pending_rungs.items() if at <= step]
        for rung in passed:
            del self._pending_rungs[rung]
        if passed:
            known = self.best if math.isfinite(value) else None
            self.rungs[max(passed)] = (step, math.nan if known is None else known)
