"""Reads on in the event file of a run: into its digest."""

from __future__ import annotations

import logging
import os

from engine import events
from engine.errors import CorruptRun
from engine.service.digest import Digest
from engine.service.tracked import Tracked

CHUNK = 256 * 1024
"""bytes read at one time, about 10 ms of work"""


def read_on(run: Tracked, chunk: int = CHUNK) -> bool:
    """Take in the next events; whether there was anything new. Raises OSError."""
    try:
        size = os.stat(run.folder.events).st_size
    except FileNotFoundError:
        return False
    if size < run.offset:
        logging.warning("run %s: its events became shorter, they are read again", run.id)
        run.digest, run.offset = Digest(run.digest.goal), 0
    if size == run.offset:
        return False
    lines, end = events.read_lines(run.folder.events, run.offset, chunk)
    for line in lines:
        _take(run, line)
    moved = end != run.offset
    run.offset = end
    return moved


def _take(run: Tracked, line: bytes) -> None:
    try:
        run.digest.fold(events.parse(line))
    except CorruptRun as error:
        logging.warning("run %s: %s", run.id, error.message)
