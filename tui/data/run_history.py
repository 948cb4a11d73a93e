"""The history of a run, folded from its events: curves, marks, sketches, notes; without colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.client.client import EventBatch
from engine.events import Event
from engine.protocol import Json
from tui.chart.mark import ChartMark
from tui.chart.series import CurveSeries
from tui.data.curves import increasing
from tui.data.value_text import format_value
from tui.terminal.plain_text import plain
from tui.ui.numbers import short

METRICS_LIMIT = 64
MARKS_LIMIT = 2_000
SKETCHES_LIMIT = 2_000
NOTES_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Sketch:
    """Named nested lists of numbers that the experiment reported after `step`; not validated."""

    step: float
    parts: Json


class RunHistory:
    """The history of one run up to event `seq`."""

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
        """in the order of their steps; every second one is dropped when there are too many"""
        self.notes: list[str] = []
        """messages of the run, not sanitized; the oldest are dropped when there are too many"""
        self.notice = ""
        """notice about its data, not sanitized"""
        self._last_clock: float | None = None
        self._idle_seconds = 0.0
        """seconds between attempts, without training; below 0 where each attempt starts its clock again"""

    @property
    def metrics(self) -> list[str]:
        return list(self.series)

    def fold(self, batch: EventBatch) -> None:
        for event in batch.events:
            if event.seq > self.seq:
                self.seq = event.seq
                if self._last_clock is not None and event.clock < self._last_clock:
                    self._idle_seconds += (
                        event.clock - self._last_clock
                    )  # the clock was started again, or set back
                    self._last_clock = event.clock
                self._apply(event)
                self._last_clock = event.clock
        self.left_out += batch.left_out
        self.is_damage_shown = self.is_damage_shown and not batch.left_out
        self.caught_up = self.caught_up or batch.caught_up
        self.ended = batch.ended

    def _apply(self, event: Event) -> None:
        if event.kind == "metrics":
            self._extend(event)
        elif event.kind == "started":
            self.notice = str(event.facts.get("notice") or "")
            self._idle_seconds += event.clock - self._last_clock if self._last_clock is not None else 0.0
        elif event.kind == "restored":
            self._rewind(_step(event.facts, self.step))
        elif event.kind == "checkpoint":
            self._add_mark(ChartMark(_step(event.facts, self.step), "checkpoint", "checkpoint"))
        elif event.kind == "set":
            self._add_mark(ChartMark(_step(event.facts, self.step), "set", _change(event.facts)))
        elif event.kind == "sketch" and isinstance(event.facts.get("parts"), dict):
            self._add_sketch(Sketch(_step(event.facts, self.step), event.facts["parts"]))
        elif event.kind == "note" and isinstance(event.facts.get("text"), str):
            self.notes = [*self.notes[1 - NOTES_LIMIT :], event.facts["text"]]
        elif event.kind == "ended" and event.facts.get("status") in ("paused", "stopped"):
            status = plain(str(event.facts["status"]))
            self._add_mark(ChartMark(_step(event.facts, self.step), "pause", status))

    def _extend(self, event: Event) -> None:
        """Add a block of points, with times spread evenly since the last event.

        The first value of a step is kept: in files of older versions some steps have two.
        """
        for metric, (steps, values) in event.facts["series"].items():
            if not steps:
                continue
            series = self._series_of(metric)
            if series is not None:
                last = series.last()
                steps, values = increasing(steps, values, -1 if last is None else int(last.step))
            if series is not None and steps:
                series.extend(steps, values, self._times(event.clock, len(steps)))
                self.step = max(self.step, float(steps[-1]))

    def _series_of(self, metric: str) -> CurveSeries | None:
        series = self.series.get(metric)
        if series is None and len(self.series) < METRICS_LIMIT:
            series = self.series[metric] = CurveSeries(self.run, self.run)
        return series

    def _times(self, at: float, points: int) -> Sequence[float]:
        """Training times of the points in seconds; pauses do not count."""
        since = at if self._last_clock is None else min(self._last_clock, at)
        gap = (at - since) / points
        since -= self._idle_seconds
        return [since + gap * (index + 1) for index in range(points)]

    def _rewind(self, step: float) -> None:
        for series in self.series.values():
            series.evict_after(step)
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.sketches = [sketch for sketch in self.sketches if sketch.step <= step]
        self.step = min(self.step, step)

    def _add_sketch(self, sketch: Sketch) -> None:
        self.sketches.append(sketch)
        if len(self.sketches) > SKETCHES_LIMIT:
            del self.sketches[1::2]

    def _add_mark(self, mark: ChartMark) -> None:
        if len(self.marks) < MARKS_LIMIT:
            self.marks.append(mark)


def _step(facts: Json, otherwise: float) -> float:
    step = facts.get("step", otherwise)
    return float(step) if isinstance(step, int | float) and math.isfinite(step) else otherwise


def _change(facts: Json) -> str:
    name, value = plain(str(facts.get("name", "")), limit=40), facts.get("value")
    shown = short(value) if isinstance(value, float) else plain(format_value(name, value), limit=40)
    return f"{name} {shown}"
