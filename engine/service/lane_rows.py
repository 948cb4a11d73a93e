"""Trials that are lanes of one batch: read from the files that the vectorised trainer leaves.

NumPy is imported by what this imports: only ever from inside a function, off the event loop.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from engine import store
from engine.axes import SEED
from engine.models.lanes import record
from engine.models.lanes.record import Record
from engine.places import Places
from engine.service.sweep import Standing
from engine.sweep_protocol import SweepSpec, TrialRow, TrialStatus

_STATUS = {"success": TrialStatus.DONE, "fail": TrialStatus.DONE, "diverged": TrialStatus.FAILED}
_CAUSES = {"success": "success", "fail": "did not get there", "diverged": "its loss is not a number"}


def standing(places: Places, spec: SweepSpec, batch: TrialRow) -> Standing | None:
    """None while the batch has left nothing. Raises CorruptRun or OSError."""
    found = _read(places, batch.run)
    if found is None:
        return None
    counts: Counter[str] = Counter()
    for outcome, count in found.counts().items():
        if count:
            counts[str(_STATUS.get(outcome, batch.status))] += count
    values = found.losses(spec.metric)
    best = int(values.argmin()) if len(values) else 0
    known = len(values) > 0 and math.isfinite(values[best])
    return Standing(dict(counts), _row(found, spec, batch, best, values) if known else None)


def rows(places: Places, spec: SweepSpec, batch: TrialRow) -> list[TrialRow]:
    """Every lane, numbered from 1 on in the order of the grid. Raises CorruptRun or OSError."""
    found = _read(places, batch.run)
    if found is None:
        return []
    values = found.losses(spec.metric)
    return [_row(found, spec, batch, lane, values) for lane in range(len(found))]


def _read(places: Places, run_id: str) -> Record | None:
    folder = store.folder_of(places, run_id).path
    try:
        return record.read(
            (folder / record.STATIC).read_bytes(), (folder / record.CHANGING).read_bytes()
        )  # fmt: skip
    except FileNotFoundError:
        return None


def _row(found: Record, spec: SweepSpec, batch: TrialRow, lane: int, values: Any) -> TrialRow:
    outcome = found.outcome(lane)
    status = _STATUS.get(outcome, batch.status)
    value = float(values[lane])
    worth = math.isfinite(value) and status is not TrialStatus.FAILED
    losses = {name: float(found.arrays[name][lane]) for name in ("loss", "val_loss")}
    stop = int(found.arrays["stop"][lane])
    return TrialRow(
        trial=lane + 1,
        config=lane // len(spec.seeds) + 1,
        params={axis.name: found.value(axis.name, lane) for axis in spec.axes},
        seed=int(found.value(SEED.name, lane)),
        status=status,
        value=value if worth else None,
        step=stop or found.epoch,
        best_step=stop or found.epoch,
        total_steps=int(found.told["epochs"]),
        metrics={name: loss for name, loss in losses.items() if loss == loss},
        run=batch.run,
        cause=_CAUSES.get(outcome, batch.cause),
    )
