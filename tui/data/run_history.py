"""What happened to a run, folded from its events: curves and marks, to be dressed by who shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.client.client import EventBatch
from engine.events import Event
from engine.protocol import Json
from tui.chart.mark import ChartMark
from tui.chart.series import CurveSeries
from tui.data.curves import rising
from tui.data.value_text import value_of
from tui.terminal.plain_text import plain
from tui.ui.numbers import short

METRICS_LIMIT = 64
MARKS_LIMIT = 2_000
SKETCHES_LIMIT = 2_000
NOTES_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Sketch:
    """Named nested lists of numbers, as the experiment drew them after `step`; checked by who shows them."""

    step: float
    parts: Json


class RunHistory:
    """One run as far as it was told; the next telling goes on after event `seq`."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.seq = 0
        self.step = 0.0
        self.caught_up = False
        self.ended = False
        self.left_out = 0
        """damaged lines of its events"""
        self.is_damage_shown = True
        self.series: dict[str, CurveSeries] = {}
        self.marks: list[ChartMark] = []
        self.sketches: list[Sketch] = []
        """in the order of their steps; every second one goes when there are too many"""
        self.notes: list[str] = []
        """what the run had to say, not yet safe to draw; the oldest go when there are too many"""
        self.notice = ""
        """what has to be known of its data, not yet safe to draw"""
        self._told_at: float | None = None
        self._away = 0.0
        """seconds between attempts, when nothing trained; below 0 where each begins its clock anew"""

    @property
    def metrics(self) -> list[str]:
        return list(self.series)

    def fold(self, batch: EventBatch) -> None:
        for event in batch.events:
            if event.seq > self.seq:
                self.seq = event.seq
                if self._told_at is not None and event.clock < self._told_at:
                    self._away += event.clock - self._told_at  # the clock was begun anew, or set back
                    self._told_at = event.clock
                self._tell(event)
                self._told_at = event.clock
        self.left_out += batch.left_out
        self.is_damage_shown = self.is_damage_shown and not batch.left_out
        self.caught_up = self.caught_up or batch.caught_up
        self.ended = batch.ended

    def _tell(self, event: Event) -> None:
        if event.kind == "metrics":
            self._extend(event)
        elif event.kind == "started":
            self.notice = str(event.facts.get("notice") or "")
            self._away += event.clock - self._told_at if self._told_at is not None else 0.0
        elif event.kind == "restored":
            self._rewind(_step(event.facts, self.step))
        elif event.kind == "checkpoint":
            self._mark(ChartMark(_step(event.facts, self.step), "checkpoint", "checkpoint"))
        elif event.kind == "set":
            self._mark(ChartMark(_step(event.facts, self.step), "set", _change(event.facts)))
        elif event.kind == "sketch" and isinstance(event.facts.get("parts"), dict):
            self._draw(Sketch(_step(event.facts, self.step), event.facts["parts"]))
        elif event.kind == "note" and isinstance(event.facts.get("text"), str):
            self.notes = [*self.notes[1 - NOTES_LIMIT :], event.facts["text"]]
        elif event.kind == "ended" and event.facts.get("status") in ("paused", "stopped"):
            words = plain(str(event.facts["status"]))
            self._mark(ChartMark(_step(event.facts, self.step), "pause", words))

    def _extend(self, event: Event) -> None:
        """The points of a block were gathered since the last event: they are spread evenly over that time.

        A step has one value, the first: in files of before some have two.
        """
        for metric, (steps, values) in event.facts["series"].items():
            if not steps:
                continue
            series = self._of(metric)
            if series is not None:
                last = series.last()
                steps, values = rising(steps, values, -1 if last is None else int(last.step))
            if series is not None and steps:
                series.extend(steps, values, self._times(event.clock, len(steps)))
                self.step = max(self.step, float(steps[-1]))

    def _of(self, metric: str) -> CurveSeries | None:
        series = self.series.get(metric)
        if series is None and len(self.series) < METRICS_LIMIT:
            series = self.series[metric] = CurveSeries(self.run, self.run)
        return series

    def _times(self, at: float, points: int) -> Sequence[float]:
        """Time spent training: a pause takes none of it."""
        since = at if self._told_at is None else min(self._told_at, at)
        gap = (at - since) / points
        since -= self._away
        return [since + gap * (index + 1) for index in range(points)]

    def _rewind(self, step: float) -> None:
        for series in self.series.values():
            series.evict_after(step)
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.sketches = [sketch for sketch in self.sketches if sketch.step <= step]
        self.step = min(self.step, step)

    def _draw(self, sketch: Sketch) -> None:
        self.sketches.append(sketch)
        if len(self.sketches) > SKETCHES_LIMIT:
            del self.sketches[1::2]

    def _mark(self, mark: ChartMark) -> None:
        if len(self.marks) < MARKS_LIMIT:
            self.marks.append(mark)


def _step(facts: Json, otherwise: float) -> float:
    step = facts.get("step", otherwise)
    return float(step) if isinstance(step, int | float) and math.isfinite(step) else otherwise


def _change(facts: Json) -> str:
    name, value = plain(str(facts.get("name", "")), limit=40), facts.get("value")
    shown = short(value) if isinstance(value, float) else plain(value_of(name, value), limit=40)
    return f"{name} {shown}"
