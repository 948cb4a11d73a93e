"""The history of a run, folded from its events: curves, marks, sketches, notes; without colours."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine import fold
from engine.client.client import Client, EventBatch
from engine.errors import CorruptRun, DltuiError, EngineError, ProtocolError
from engine.events import Event
from engine.fold import MetricCurves, TrainingClock
from engine.protocol import Json
from tui.chart.chart_rows import ChartMark
from tui.chart.run_axes import RunAxes
from tui.data.log_steps import LogSteps
from tui.data.run_timeline import RunTimeline
from tui.data.value_text import format_value
from tui.messages import HistoryChanged
from tui.terminal.plain_text import plain
from tui.ui.numbers import short

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve

METRICS_LIMIT = 10_000
MARKS_LIMIT = 2_000
SKETCHES_LIMIT = 2_000
NOTES_LIMIT = 200
SLICE = 0.02
"""seconds of folding after which keys and layouts have their turn: an event may have 10,000 metrics"""
MEDIA = ("image", "text", "table", "histogram")
"""the kinds of events of what a run logs beside numbers"""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Named nested lists of numbers that the experiment reported after `step`; not validated."""

    step: float
    parts: Json


class RunHistory:
    """The history of one run up to event `seq`: a `HistoryPart`."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.seq = 0
        self.caught_up = False
        self.ended = False
        self.left_out = 0
        """damaged lines of its events"""
        self.is_damage_shown = True
        self._clock = TrainingClock()
        self.curves = MetricCurves(self._new_curve, self._time_of, METRICS_LIMIT, has_system=True)
        self.axes = RunAxes(self.curves.by_metric)
        self.log_steps = LogSteps()
        self.timeline = RunTimeline()
        self.marks: list[ChartMark] = []
        self.sketches: list[Sketch] = []
        """in the order of their steps; every second one is dropped when there are too many"""
        self.notes: list[str] = []
        """messages of the run, not sanitized; the oldest are dropped when there are too many"""
        self.media = 0
        """how many images, texts, tables and histograms it has logged"""
        self.notice = ""
        """notice about its data, not sanitized"""

    def _new_curve(self) -> ChartCurve:
        from tui.chart.curve_arrays import ChartCurve  # NumPy, with points alone

        return ChartCurve(self.axes)

    def _time_of(self, event: Event) -> float:
        """Seconds of training at an event."""
        seconds = self._clock.time_of(event)
        if event.kind in ("started", "metrics", "system", "ended"):
            self.axes.add_clock(seconds, event.at)
        return seconds

    @property
    def series(self) -> dict[str, ChartCurve]:
        return self.curves.by_metric

    @property
    def last_step(self) -> float:
        return self.curves.step

    @property
    def metrics(self) -> list[str]:
        return list(self.series)

    async def read(self, client: Client, post: Callable[[Message], Any]) -> None:
        """Fold its events as they come, and post HistoryChanged after each batch, until it has ended."""
        try:
            async for batch in client.events(self.run, after=self.seq):
                began = time.monotonic()
                for event in batch.events:
                    self.fold(EventBatch((event,)))
                    if time.monotonic() - began > SLICE:
                        await asyncio.sleep(0)
                        began = time.monotonic()
                self.fold(replace(batch, events=()))
                post(HistoryChanged(self.run))
                await asyncio.sleep(0)
        except (EngineError, ProtocolError):
            return  # the connection is opened again, or the next change starts a new reader
        except DltuiError:
            self.ended = True  # removed meanwhile

    def fold(self, batch: EventBatch) -> None:
        for event in batch.events:
            if event.seq > self.seq:
                self.seq = event.seq
                with contextlib.suppress(CorruptRun):
                    fold.add(event, self.curves, self)
        self.left_out += batch.left_out
        self.is_damage_shown = self.is_damage_shown and not batch.left_out
        self.caught_up = self.caught_up or batch.caught_up
        self.ended = batch.ended

    def add(self, event: Event) -> None:
        """The part of `fold` that keeps marks, sketches, notes and the notice about the data."""
        self.log_steps.take(event.facts, self.curves.step)
        self.timeline.add(event, self.curves.step)
        if event.kind == "started":
            self.notice = str(event.facts.get("notice") or "")
        elif event.kind == "checkpoint":
            self._add_mark(ChartMark(self._step(event.facts), "checkpoint", "checkpoint"))
        elif event.kind == "set":
            self._add_mark(ChartMark(self._step(event.facts), "set", _change(event.facts)))
        elif event.kind == "sketch" and isinstance(event.facts.get("parts"), dict):
            self._add_sketch(Sketch(self._step(event.facts), event.facts["parts"]))
        elif event.kind in MEDIA:
            self.media += 1
        elif event.kind == "note" and isinstance(event.facts.get("text"), str):
            self.notes = [*self.notes[1 - NOTES_LIMIT :], event.facts["text"]]
        elif event.kind == "ended" and event.facts.get("status") in ("paused", "stopped"):
            status = plain(str(event.facts["status"]))
            self._add_mark(ChartMark(self._step(event.facts), "pause", status))

    def rewind(self, step: int) -> None:
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.sketches = [sketch for sketch in self.sketches if sketch.step <= step]

    def _step(self, facts: Json) -> float:
        """That of the newest point where an event has none."""
        step = facts.get("step", self.curves.step)
        return float(step) if isinstance(step, int | float) and math.isfinite(step) else self.curves.step

    def _add_sketch(self, sketch: Sketch) -> None:
        self.sketches.append(sketch)
        if len(self.sketches) > SKETCHES_LIMIT:
            del self.sketches[1::2]

    def _add_mark(self, mark: ChartMark) -> None:
        if len(self.marks) < MARKS_LIMIT:
            self.marks.append(mark)


def _change(facts: Json) -> str:
    name, value = plain(str(facts.get("name", "")), limit=40), facts.get("value")
    shown = short(value) if isinstance(value, float) else plain(format_value(name, value), limit=40)
    return f"{name} {shown}"
