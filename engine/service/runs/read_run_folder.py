"""Read a run folder, and the events that were added to it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkpoints.errors import CheckpointError
from engine import events, files, fold, store
from engine.errors import CorruptRun, DltuiError
from engine.places import Places
from engine.protocol import Cause, CauseKind, Damaged, Json, RunSummary, Spec
from engine.service.runs import tracked_run
from engine.service.runs.event_summary import RunStats
from engine.service.runs.tracked_run import TrackedRun
from engine.typed_json import LATEST_TIME

# --- new events -------------------------------------------------------------------------------------------


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


# --- a run folder, with all its events where the run is settled -------------------------------------------


SETTLED_CHUNK = 16 * CHUNK


def read(places: Places, run_id: str, tail: Json | None = None) -> TrackedRun:
    """The run; where it is settled all its events are read, which may take a while without a `tail`.

    `tail`: stats and offset from the index, see TrackedRun.tail. Raises CorruptRun.
    """
    with _errors_as_corrupt_run(places, run_id):
        run = load(places, run_id, tail)
        if tracked_run.is_settled(run.state()):
            read_all(run)
            check_file(run)
            run.all_events_read = True
            tracked_run.update_checkpoint_step(run)
            tracked_run.check_end(run)
            run.measure_size()
        return run


def load(places: Places, run_id: str, tail: Json | None = None) -> TrackedRun:
    """The run without its events, or with those of `tail`. Raises CorruptRun."""
    with _errors_as_corrupt_run(places, run_id):
        run = tracked_run.load(store.folder_of(places, run_id), tail)
        if run.spec.id != run_id:
            raise CorruptRun(f"{run.folder.spec} is of run {run.spec.id[:80]}.")
        return run


@contextmanager
def _errors_as_corrupt_run(places: Places, run_id: str) -> Iterator[None]:
    """One folder does not prevent reading the others."""
    try:
        yield
    except CorruptRun:
        raise
    except (DltuiError, OSError) as error:
        raise CorruptRun(f"{places.runs / run_id} cannot be read: {error}.") from error
    except CheckpointError as error:
        raise CorruptRun(error.message.replace(f"{places.runs / run_id}{os.sep}", "")) from error
    except Exception as error:
        logging.exception("run %s cannot be read", run_id)
        raise CorruptRun(f"{places.runs / run_id} cannot be read: {type(error).__name__}.") from error


def read_all(run: TrackedRun) -> None:
    """Fold all events that are there."""
    while read_new(run, SETTLED_CHUNK):
        pass


def read_or_damaged(places: Places, run_id: str, tail: Json | None = None) -> TrackedRun | RunSummary:
    """The run, or, where it cannot be read, the summary with which it is listed."""
    try:
        return read(places, run_id, tail)
    except CorruptRun as error:
        logging.warning("run %s is damaged: %s", run_id, error.message)
        return damaged(places, run_id, error.message)


def damaged(places: Places, run_id: str, why: str) -> RunSummary:
    """The summary of a run whose folder cannot be read: its only facts are the folder's name and time."""
    try:
        at = min(max(0.0, os.lstat(places.runs / run_id).st_mtime), LATEST_TIME)
    except OSError:
        at = 0.0
    shown = why.replace(f"{places.runs / run_id}{os.sep}", "")
    cause = Cause(CauseKind.DAMAGED, shown, f"Repair it, then dltui reindex; or dltui rm {run_id}")
    return RunSummary(Spec(run_id, "", {}, 1, run_id, "", 1, "", at), Damaged(at, cause))
