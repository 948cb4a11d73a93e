"""Trials that are lanes of a batch, read from the files that the batch trainer writes.

This module imports NumPy: import it only inside functions that run outside the event loop.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine import store
from engine.axes import SEED
from engine.models.xor.batch import record
from engine.models.xor.batch.record import BatchRecord
from engine.places import Places
from engine.service.sweeps.batch_spec import SweepBatch
from engine.service.sweeps.sweep import BatchSummary
from engine.sweep_protocol import SweepSpec, TrialRow, TrialStatus

_STATUS = {
    "success": TrialStatus.DONE, "fail": TrialStatus.DONE, "diverged": TrialStatus.FAILED,
    "stopped": TrialStatus.STOPPED,
}  # fmt: skip
_CAUSES = {
    "success": "success", "fail": "not solved within its epochs", "diverged": "loss is not a number",
    "stopped": "stopped by the user",
}  # fmt: skip


StartedBatches = Sequence[tuple[SweepBatch, TrialRow]]
"""batches that were started, each with the row of its run"""


@dataclass(frozen=True, slots=True)
class _BatchFiles:
    """A batch whose run has written its files."""

    batch: SweepBatch
    run: TrialRow
    record: BatchRecord
    values: Any
    retrained: tuple[int, ...]
    """indices of its lanes that a later batch trains again"""


def summarize(places: Places, spec: SweepSpec, batches: StartedBatches) -> BatchSummary | None:
    """Counts and best trial of all batches; None while no batch has written files.

    All lanes of a batch that ended without files count with the status of its run. Raises CorruptRun or
    OSError.
    """
    best: list[TrialRow] = []
    parts = _read_batches(places, spec, batches)
    counts = _unstarted_counts(parts, batches)
    for part in parts:
        counts += _counts(part)
        best += _best(part, spec)
    return BatchSummary(dict(counts), min(best, key=_by_value, default=None)) if counts else None


def rows(places: Places, spec: SweepSpec, batches: StartedBatches, pinned: frozenset[int]) -> list[TrialRow]:
    """Rows of all lanes, ordered by number. Raises CorruptRun or OSError."""
    found: list[TrialRow] = []
    parts = _read_batches(places, spec, batches)
    for part in parts:
        retrained = set(part.retrained)
        found += [_row(part, spec, lane) for lane in range(len(part.record)) if lane not in retrained]
    known = {part.batch.number for part in parts}
    unread = {
        batch.first: run.status for batch, run in batches if batch.number not in known and batch.extends
    }
    if pinned or unread or len(parts) > 1:
        found = sorted((_with_pins(row, unread, pinned) for row in found), key=lambda row: row.trial)
    return found


def row(places: Places, spec: SweepSpec, batches: StartedBatches, trial: int) -> TrialRow | None:
    """The row of one lane; None while its batch has written no files. Raises CorruptRun or OSError."""
    batch, run = next(
        ((batch, run) for batch, run in reversed(batches) if batch.contains(trial)), (None, None)
    )
    if batch is None or run is None:
        return None
    parts = _read_batches(places, spec, [(batch, run)])
    return _row(parts[0], spec, trial - batch.first) if parts else None


def _unstarted_counts(parts: Sequence[_BatchFiles], batches: StartedBatches) -> Counter[str]:
    known = {part.batch.number for part in parts}
    counts: Counter[str] = Counter()
    for batch, run in batches:
        if batch.number not in known and not batch.extends and run.status.is_settled:
            counts[str(run.status)] += batch.count
    return counts


def _with_pins(row: TrialRow, unread: Mapping[int, TrialStatus], pinned: frozenset[int]) -> TrialRow:
    status = unread.get(row.trial, row.status)
    if row.trial not in pinned and status is row.status:
        return row
    return replace(row, pinned=row.trial in pinned, status=status)


def _read_batches(places: Places, spec: SweepSpec, batches: StartedBatches) -> list[_BatchFiles]:
    opened = [
        (batch, run, found) for batch, run in batches if (found := _read_record(places, run.run)) is not None
    ]
    moved = {batch.first: batch.number for batch, _, _ in opened if batch.extends}
    return [
        _BatchFiles(batch, run, found, found.best_losses(spec.metric), tuple(
            trial - batch.first
            for trial, number in moved.items()
            if number != batch.number and batch.contains(trial)
        ))
        for batch, run, found in opened
    ]  # fmt: skip


def _counts(part: _BatchFiles) -> Counter[str]:
    counts: Counter[str] = Counter()
    for outcome, count in part.record.counts().items():
        count -= sum(part.record.outcome(lane) == outcome for lane in part.retrained)
        if count:
            counts[str(_STATUS.get(outcome, part.run.status))] += count
    return counts


def _best(part: _BatchFiles, spec: SweepSpec) -> list[TrialRow]:
    values = part.values.copy()
    values[list(part.retrained)] = math.inf
    best = int(values.argmin()) if len(values) else 0
    return [_row(part, spec, best)] if len(values) and math.isfinite(values[best]) else []


def _by_value(row: TrialRow) -> tuple[float, int]:
    return (math.inf if row.value is None else row.value, row.trial)


def _read_record(places: Places, run_id: str) -> BatchRecord | None:
    folder = store.folder_of(places, run_id).path
    try:
        return record.read_folder(folder)
    except FileNotFoundError:
        return None


def _row(part: _BatchFiles, spec: SweepSpec, lane: int) -> TrialRow:
    batch, run, found = part.batch, part.run, part.record
    outcome = found.outcome(lane)
    status = _STATUS.get(outcome, run.status)
    value = float(part.values[lane])
    has_value = math.isfinite(value) and status is not TrialStatus.FAILED
    logged = ("loss", "val_loss") if found.validates[lane] else ("loss",)
    losses = {name: float(found.arrays[name][lane]) for name in logged}
    stop = int(found.arrays["stop"][lane])
    return TrialRow(
        trial=batch.first + lane,
        config=batch.config_of(batch.first + lane),
        params={axis.name: found.value(axis.name, lane) for axis in spec.axes},
        seed=int(found.codes(SEED.name)[lane]),
        status=status,
        value=value if has_value else None,
        step=stop or found.epoch,
        best_step=found.best_epoch(spec.metric, lane) if has_value else 0,
        total_steps=int(found.metadata["epochs"]),
        metrics={name: loss for name, loss in losses.items() if loss == loss},
        run=run.run,
        cause=_CAUSES.get(outcome, run.cause),
        lane=lane,
    )
