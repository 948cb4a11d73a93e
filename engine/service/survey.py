"""A run folder read from beginning to end: for runs that the index does not know."""

from __future__ import annotations

import logging

from engine import store
from engine.errors import CorruptRun
from engine.places import Places
from engine.service import follow, tracked
from engine.service.tracked import Tracked

CHUNK = 16 * follow.CHUNK


def read(places: Places, run_id: str) -> Tracked | None:
    """The run, with all its events where it rests: that may take a while. None for what is no run."""
    try:
        run = tracked.load(store.folder_of(places, run_id))
        if run.spec.id != run_id:
            raise CorruptRun(f"{run.folder.spec} is of run {run.spec.id[:80]}.")
        if tracked.is_settled(run.state()):
            while follow.read_on(run, CHUNK):
                pass
            run.is_told = True
            tracked.look_for_checkpoints(run)
    except (CorruptRun, OSError) as error:
        logging.warning("run %s is left out: %s", run_id, error)
        return None
    return run
