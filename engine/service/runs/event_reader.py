"""Read new events of a run's event file into its stats."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from engine import events, files, fold
from engine.errors import CorruptRun
from engine.service.runs.event_summary import RunStats
from engine.service.runs.tracked_run import TrackedRun

CHUNK = 64 * 1024
"""bytes read at one time: a few milliseconds, so that other tasks of the event loop are not delayed"""


def read_new(run: TrackedRun, chunk: int = CHUNK) -> int:
    """Fold the next events into the stats; returns the bytes read, `chunk` or more when there may be others.

    What cannot be read is noted as damage of the run.
    """
    size = _size(run.folder.events)
    if size < run.offset:
        logging.warning("run %s: its events became shorter, they are read again", run.id)
        run.stats, run.offset = RunStats(run.stats.goal), 0
    if size == run.offset:
        return 0
    try:
        lines, end = events.read_lines(run.folder.events, run.offset, chunk)
    except CorruptRun as error:
        run.note_damage("events", error.message)
        return 0
    for line in lines:
        _fold(run, line)
    count = end - run.offset
    run.offset = end
    return count


def check_file(run: TrackedRun) -> None:
    """Note damage where the event file cannot be opened any more, although it was read before."""
    try:
        files.open_regular(run.folder.events).close()
    except FileNotFoundError:
        pass  # see tracked_run.check_end
    except CorruptRun as error:
        run.note_damage("events", error.message)


def _size(path: Path) -> int:
    """0 where there is no file; 1 for what is no regular file, so that opening it reports the error."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 1


def _fold(run: TrackedRun, line: bytes) -> None:
    try:
        fold.add(events.parse(line), run.stats)
    except CorruptRun as error:
        run.note_damage("events", f"a line of {run.folder.events.name} is damaged: {error.message}")
