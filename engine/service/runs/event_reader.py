"""Reads on in the event file of a run: into its digest."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from engine import events, files
from engine.errors import CorruptRun
from engine.service.runs.stats import RunStats
from engine.service.runs.tracked_run import TrackedRun

CHUNK = 64 * 1024
"""bytes read at one time, a few milliseconds of work: others want to be answered meanwhile"""


def read_on(run: TrackedRun, chunk: int = CHUNK) -> int:
    """Take in the next events; their bytes, `chunk` or more when there may be others.

    What cannot be read is a damage of the run.
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
        _take(run, line)
    taken = end - run.offset
    run.offset = end
    return taken


def check(run: TrackedRun) -> None:
    """Events that were read before may be closed or no file any more: that is a damage of the run."""
    try:
        files.open_regular(run.folder.events).close()
    except FileNotFoundError:
        pass  # whether there should be one is for `tracked.look_for_end`
    except CorruptRun as error:
        run.note_damage("events", error.message)


def _size(path: Path) -> int:
    """0 where there is none; what is no file is told of by who opens it."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 1


def _take(run: TrackedRun, line: bytes) -> None:
    try:
        run.stats.fold(events.parse(line))
    except CorruptRun as error:
        run.note_damage("events", f"a line of {run.folder.events.name} is damaged: {error.message}")
