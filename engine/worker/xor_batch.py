"""A fleet of networks under way in a run: its log, its checkpoints, and the files the lanes room reads."""

from __future__ import annotations

import time

import numpy as np

from checkpoints.numpy_io import ArrayState
from engine.models.xor.batch import record
from engine.models.xor.batch.batch_training import BatchTraining, finite_or_inf
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
    training = BatchTraining(plan, chosen, run.threads)
    run.total(training.epochs)
    run.pin(trainer=chosen.facts)
    if chosen.notice:
        run.notice(chosen.notice)
    return training


def sail(training: BatchTraining, run: Run, **facts: object) -> BatchRecord:
    """Train to the end, or until the run shall be left; returns how all of them stand."""
    run.restore(ArrayState(training, training.added_arrays()))
    run.keep(record.METADATA_FILE, record.dump_metadata(training.plan, training.epochs, **facts))
    due = 0.0
    while True:
        training.stop([int(number) - 1 for number in run.heard("stop") if number is not None])
        if training.is_over:
            break
        step = training.advance()
        run.log(step, **_state(training))
        run.checkpoint(step)
        if run.should_stop:
            break
        if time.monotonic() >= due:
            due = _keep(training, run)
    _keep(training, run)
    return record.read(
        record.dump_metadata(training.plan, training.epochs, **facts), record.dump_arrays(training)
    )


def say(found: BatchRecord) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts().items() if count)
    print(f"{len(found):,} networks at epoch {found.epoch:,}: {counts}")


def _state(training: BatchTraining) -> dict[str, float]:
    counts, losses = training.counts(), finite_or_inf(training.column("loss"))
    finite = losses[np.isfinite(losses)]
    told = {"median_loss": float(np.median(finite))} if len(finite) else {}
    return told | {
        "solved": float((training.column("right") == 4).sum()),  # all four rows right, at their end or not
        "running": counts["running"],
        "successes": counts["success"],
        "fails": counts["fail"] + counts["diverged"],
    }


def _keep(training: BatchTraining, run: Run) -> float:
    """When to do it again. A disk that is full is told of by the checkpoints."""
    began = time.monotonic()
    try:
        run.keep(record.ARRAYS_FILE, record.dump_arrays(training))
    except OSError as error:
        run.note(f"{record.ARRAYS_FILE} was not written: {error.strerror}.", severity="warning")
    now = time.monotonic()
    return now + max(SECONDS, SHARE * (now - began))
