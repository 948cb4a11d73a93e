"""Rows of an index for tests."""

from __future__ import annotations

from collections.abc import Mapping

from engine.params import Value
from engine.protocol import (
    Best,
    Cause,
    CauseKind,
    Done,
    Failed,
    Queued,
    Running,
    RunSummary,
    Spec,
    State,
    Status,
)
from engine.service.index.index_rows import IndexRow, row_of


def a_spec(name: str, experiment: str = "xor", params: Mapping[str, Value] | None = None) -> Spec:
    created = 1000.0 + ord(name[-1])
    run_id = f"20260101-0000{ord(name[-1]) % 60:02d}-{experiment}-{ord(name[-1]):04x}"
    return Spec(run_id, experiment, params or {}, 1, f"run-{name}", "torch", 1, "auto", created, f"t-{name}")


def a_summary(
    name: str,
    experiment: str = "xor",
    status: str = "done",
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, Value] | None = None,
    live: Mapping[str, float | None] | None = None,
) -> RunSummary:
    values = metrics or {}
    known = values.get("val_loss", float("nan"))
    return RunSummary(
        spec=a_spec(name, experiment, params),
        state=_state(Status(status)),
        step=10,
        metrics=values,
        best=Best("val_loss", known, 3) if known < 1 else None,
        device="cpu",
        live=live or {},
    )


def a_row(*facts: object, **more: object) -> IndexRow:
    return row_of(a_summary(*facts, **more), {"offset": 0})  # type: ignore[arg-type]


def _state(status: Status) -> State:
    if status is Status.QUEUED:
        return Queued("waits")
    if status is Status.RUNNING:
        return Running(5.0)
    if status is Status.FAILED:
        return Failed(9.0, Cause(CauseKind.ERROR, "it broke"))
    return Done(9.0, Cause(CauseKind.FINISHED, "done"))
