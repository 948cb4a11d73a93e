"""Reads on in the event file of a run: into its digest."""

from __future__ import annotations

import logging
import os

from engine import events
from engine.errors import CorruptRun
from engine.service.digest import Digest
from engine.service.tracked import Tracked

CHUNK = 64 * 1024
"""bytes read at one time, a few milliseconds of work: others want to be answered meanwhile"""


def read_on(run: Tracked, chunk: int = CHUNK) -> int:
    """Take in the next events; their bytes, `chunk` or more when there may be others. Raises OSError."""
    try:
        size = os.stat(run.folder.events).st_size
    except FileNotFoundError:
        return 0
    if size < run.offset:
        logging.warning("run %s: its events became shorter, they are read again", run.id)
        run.digest, run.offset = Digest(run.digest.goal), 0
    if size == run.offset:
        return 0
    lines, end = events.read_lines(run.folder.events, run.offset, chunk)
    for line in lines:
        _take(run, line)
    taken = end - run.offset
    run.offset = end
    return taken


def _take(run: Tracked, line: bytes) -> None:
    try:
        run.digest.fold(events.parse(line))
    except CorruptRun as error:
        logging.warning("run %s: %s", run.id, error.message)
