"""The events of an imported run, written from its log: the cache of its points, in columns.

The last event of each reading says how far it came, so that following goes on there after a restart.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import events, files, point_columns
from engine.errors import CorruptRun, DltuiError
from engine.events import EventWriter
from engine.log_position import LogPosition
from engine.logged_media import MediaWriter
from engine.point_columns import PointColumns
from engine.protocol import Json
from engine.readers.log_reader import LogBatch, LogMedia, LogText

POINTS = 100_000
"""points of one event, which is a line of 3.3 MB then"""
OUTPUT = 8 << 20
"""bytes of the output of a script that are kept"""
TEXTS, TEXT = 200, 4_000
PLACES = 4_096
"""places of the log of which one reading tells the step"""
EARLIEST, DAY = 946_684_800.0, 86_400.0
"""the year 2000: a clock that shows an earlier time was not set; and seconds"""
GAPS = 100
"""of one batch that are left out"""
SEARCHED = 1_000
"""points of a metric among which the first time is searched"""
TAIL = 256 * 1024
"""bytes in which the last event with a cursor is searched"""


def is_plausible(at: float) -> bool:
    """Whether a time of a log can be that of its training: durations are told from such times alone."""
    return EARLIEST <= at <= time.time() + DAY


class HistoryWriter:
    """The only writer of `path`."""

    def __init__(self, path: Path, at: float) -> None:
        """`at`: when the log began, or the time up to which it was read. Raises OSError and CorruptRun."""
        self._events = EventWriter(path)
        self._at = at if is_plausible(at) else 0.0
        self._media = MediaWriter(path.parent, self._append, self._warn, self._events.seq + 1)
        self._remarks = 0
        self._log = path.with_name("worker.log")
        self._position = LogPosition(self._log)
        if not self._events.seq:
            self._log.unlink(missing_ok=True)

    @property
    def at(self) -> float:
        """The latest time of the log; 0 while none is known."""
        return self._at

    def write(self, batch: LogBatch) -> None:
        self._at = self._at or _first_time(batch)
        self._start()
        if is_plausible(batch.at):
            self._leave_out_gaps(batch)
            self._at = max(self._at, batch.at)
        if batch.restart is not None:
            self._append("restored", step=batch.restart - 1)
        if batch.params:
            self._append("params", values=dict(batch.params))
        places = self._write_output(batch)
        for text in batch.texts:
            self._write_text(text)
        for one in batch.media:
            self._write_media(one)
        for damage in batch.damages:
            self._append("note", severity="warning", text=damage)
        lines = list(_in_lines(batch.series))
        for number, series in enumerate(lines, 1):
            more = {**self._position.facts(), **places} if number == len(lines) else {}
            self._append("columns", step=batch.step, series=point_columns.to_json(series), **more)

    def _write_text(self, text: LogText) -> None:
        """As a note, too: the first TEXTS of a reading, each in TEXT characters."""
        if self._remarks < TEXTS:
            self._remarks += 1
            shown = f"{text.tag}, step {text.step:,}: {text.text[:TEXT]}"
            self._append("note", step=text.step, severity="ok", text=shown)
        if not text.is_remark:
            self._media.text(text.tag, text.step, text.text)

    def _write_media(self, one: LogMedia) -> None:
        """Images stay in the files of the log."""
        if one.kind == "image":
            self._media.place(one.tag, one.step, one.file, one.span)
        elif one.kind == "histogram":
            self._media.histogram(one.tag, one.step, one.buckets)
        else:
            self._media.table(one.tag, one.step, one.columns, one.rows)

    def _warn(self, text: str) -> None:
        self._append("note", severity="warning", text=text)

    def _write_output(self, batch: LogBatch) -> Json:
        """Add what the script printed to the log of the run, as far as OUTPUT bytes go.

        Returns the steps at places of the log, PLACES at most, as facts of an event.
        """
        if not batch.output:
            return {}
        with os.fdopen(files.open_to_append(self._log), "ab") as log:
            begin = os.fstat(log.fileno()).st_size
            log.write(batch.output[: max(0, OUTPUT - begin)])
        places = batch.output_steps[:: -(-len(batch.output_steps) // PLACES) or 1]
        known = [(begin + place, step) for place, step in places if begin + place < OUTPUT]
        return {"log_steps": [list(column) for column in zip(*known, strict=True)]} if known else {}

    def _start(self) -> None:
        if not self._events.seq:
            self._append("started", attempt=1)

    def _leave_out_gaps(self, batch: LogBatch) -> None:
        """While nothing was logged for a day it did not train, or the clock was set: that is no duration."""
        if batch.at <= self._at + DAY:
            return
        times = [np.frombuffer(points.times) for points in batch.series.values()]
        known = np.unique(np.concatenate([*times, [self._at, batch.at]]))
        known = known[(known >= self._at) & (known <= batch.at)]
        for place in np.flatnonzero(np.diff(known) > DAY)[:GAPS].tolist():
            self._at = float(known[place])
            self._append("time")
            self._at = float(known[place + 1])
            self._append("started", attempt=1)

    def finish(self, cursor: Json) -> None:
        """Write how far the log is read. Raises DltuiError where the disk is too full for all of it."""
        self._start()
        self._append("read", cursor=cursor)
        if self._events.dropped or not self._events.flush():
            raise DltuiError(
                f"{self._log.parent} is on a full disk: points of the log are not kept.",
                "Make room, then import it again.",
            )

    def close(self) -> None:
        self._events.close()
        self._media.close()

    def _append(self, kind: str, **facts: object) -> None:
        self._events.append(kind, at=round(self._at, 3), elapsed=None, **facts)


def _first_time(batch: LogBatch) -> float:
    """The earliest time of its points that is plausible; 0 without one."""
    firsts = (next(filter(is_plausible, points.times[:SEARCHED]), 0.0) for points in batch.series.values())
    return min(filter(None, firsts), default=0.0)


def _in_lines(series: Mapping[str, PointColumns]) -> Iterator[dict[str, PointColumns]]:
    """The points in parts of POINTS at most."""
    part: dict[str, PointColumns] = {}
    count = 0
    for name, points in series.items():
        for at in range(0, len(points), POINTS):
            cut = points.cut(at, at + POINTS) if len(points) > POINTS else points
            if count + len(cut) > POINTS or (name in part):
                yield part
                part, count = {}, 0
            part[name], count = cut, count + len(cut)
    if part:
        yield part


class LastReading(NamedTuple):
    cursor: Json
    at: float
    """the latest time of the log then"""


def last_reading(path: Path) -> LastReading | None:
    """How far the last reading came; None where there is none."""
    try:
        with files.open_regular(path) as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            lines = file.read(TAIL).split(b"\n")[:-1]
    except (OSError, CorruptRun):
        return None
    for line in reversed(lines):
        if b'"read"' in line[:120]:
            try:
                event = events.parse(line)
            except CorruptRun:
                continue
            cursor = event.facts.get("cursor")
            return LastReading(cursor, event.at) if isinstance(cursor, dict) else None
    return None
