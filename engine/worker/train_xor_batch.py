"""Trains a batch of XOR networks in a run: log, checkpoints, and the files of the XOR page."""

from __future__ import annotations

import time

import numpy as np

from checkpoints.numpy_io import ArrayState
from engine.errors import ParamError
from engine.models.xor.batch import record
from engine.models.xor.batch.batch_training import (
    COMPILED,
    BatchTrainer,
    BatchTraining,
    Trainer,
    finite_or_inf,
)
from engine.models.xor.batch.plan import BatchPlan
from engine.models.xor.batch.record import BatchRecord
from engine.worker.run import Run

SECONDS = 1.0
"""between two versions of lanes.safetensors"""
SHARE = 20
"""the time between two versions is at least this many times the duration of the last write"""


def prepare(plan: BatchPlan, run: Run) -> BatchTraining:
    """The training of `plan`. Raises EngineError."""
    chosen = _trainer(run)
    training = BatchTraining(plan, chosen, run.threads)
    run.total(training.epochs)
    run.pin(trainer=chosen.facts)
    return training


def _trainer(run: Run) -> Trainer:
    """Compiled loops; tensors where the run is on a GPU, unless it began on the CPU."""
    if run.device == "cuda" and not (run.recorded("trainer") or "").startswith(COMPILED):
        from engine.models.xor.batch.device_trainer import DeviceTrainer  # imports torch

        return DeviceTrainer(run.device)
    if not (run.places.cache / "numba").exists():
        print("Compiling once for this home, a few seconds.", flush=True)
    return BatchTrainer(run.places.cache)


def train_batch(training: BatchTraining, run: Run, **facts: object) -> BatchRecord:
    """Train to the end or until `run.should_stop`; returns the state of all networks."""
    done = run.restore(ArrayState(training, training.added_arrays()))
    if run.has_begun_from_parent and training.is_over:
        raise ParamError(f"All its networks have ended at epoch {done:,}.", "Begin at an earlier step.")
    run.keep(record.METADATA_FILE, record.dump_metadata(training.plan, training.epochs, **facts))
    due = 0.0
    while True:
        training.stop([int(number) - 1 for number in run.set_history("stop") if number is not None])
        if training.is_over:
            break
        step = training.advance()
        run.log(step, **_metrics(training))
        run.checkpoint(step)
        if run.should_stop:
            break
        if time.monotonic() >= due:
            due = _write_changing(training, run)
    _write_changing(training, run)
    return record.read(
        record.dump_metadata(training.plan, training.epochs, **facts), record.dump_arrays(training)
    )


def print_counts(found: BatchRecord) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts().items() if count)
    print(f"{len(found):,} networks at epoch {found.epoch:,}: {counts}")


def _metrics(training: BatchTraining) -> dict[str, float]:
    counts, losses = training.counts(), finite_or_inf(training.column("loss"))
    finite = losses[np.isfinite(losses)]
    values = {"median_loss": float(np.median(finite))} if len(finite) else {}
    return values | {
        "solved": float((training.column("right") == 4).sum()),  # all four rows right, ended or not
        "running": counts["running"],
        "successes": counts["success"],
        "fails": counts["fail"] + counts["diverged"],
    }


def _write_changing(training: BatchTraining, run: Run) -> float:
    """Write the arrays that change; returns when to write them again. Errors are logged as a note."""
    began = time.monotonic()
    try:
        run.keep(record.ARRAYS_FILE, record.dump_arrays(training))
    except OSError as error:
        run.note(f"{record.ARRAYS_FILE} was not written: {error.strerror}.", severity="warning")
    now = time.monotonic()
    return now + max(SECONDS, SHARE * (now - began))
