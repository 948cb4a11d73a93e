"""A fleet of networks under way in a run: its log, its checkpoints, and the files the lanes room reads."""

from __future__ import annotations

import time

import numpy as np

from checkpoints.numpy_io import ArrayState
from engine.models.xor.batch import record
from engine.models.xor.batch.batch_training import BatchTraining, known
from engine.models.xor.batch.plan import BatchPlan
from engine.models.xor.batch.record import BatchRecord
from engine.models.xor.batch.trainer import trainer
from engine.worker.run import Run

SECONDS = 1.0
"""between two versions of lanes.safetensors"""
SHARE = 20
"""at least this many times its own duration lies between two"""


def prepare(plan: BatchPlan, wanted: str, run: Run) -> BatchTraining:
    """The fleet of a plan, with the trainer that its run shall have. Raises EngineError."""
    if wanted != "numpy" and not (run.places.cache / "numba").exists():
        print("Compiling once for this home, a few seconds.", flush=True)
    chosen = trainer(wanted, run.places.cache)
    fleet = BatchTraining(plan, chosen, run.threads)
    run.total(fleet.epochs)
    run.pin(trainer=chosen.facts)
    if chosen.notice:
        run.notice(chosen.notice)
    return fleet


def sail(fleet: BatchTraining, run: Run, **facts: object) -> BatchRecord:
    """Train to the end, or until the run shall be left; returns how all of them stand."""
    run.restore(ArrayState(fleet, fleet.added_arrays()))
    run.keep(record.STATIC, record.static(fleet.plan, fleet.epochs, **facts))
    due = 0.0
    while True:
        fleet.stop([int(number) - 1 for number in run.heard("stop") if number is not None])
        if fleet.is_over:
            break
        step = fleet.advance()
        run.log(step, **_state(fleet))
        run.checkpoint(step)
        if run.should_stop:
            break
        if time.monotonic() >= due:
            due = _keep(fleet, run)
    _keep(fleet, run)
    return record.read(record.static(fleet.plan, fleet.epochs, **facts), record.changing(fleet))


def say(found: BatchRecord) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts().items() if count)
    print(f"{len(found):,} networks at epoch {found.epoch:,}: {counts}")


def _state(fleet: BatchTraining) -> dict[str, float]:
    counts, losses = fleet.counts(), known(fleet.column("loss"))
    finite = losses[np.isfinite(losses)]
    told = {"median_loss": float(np.median(finite))} if len(finite) else {}
    return told | {
        "solved": float((fleet.column("right") == 4).sum()),  # all four rows right, at their end or not
        "running": counts["running"],
        "successes": counts["success"],
        "fails": counts["fail"] + counts["diverged"],
    }


def _keep(fleet: BatchTraining, run: Run) -> float:
    """When to do it again. A disk that is full is told of by the checkpoints."""
    began = time.monotonic()
    try:
        run.keep(record.CHANGING, record.changing(fleet))
    except OSError as error:
        run.note(f"{record.CHANGING} was not written: {error.strerror}.", severity="warning")
    now = time.monotonic()
    return now + max(SECONDS, SHARE * (now - began))
