"""Methods `lanes.*` (engine.session_protocol.xor): networks of runs of `xor_grid` and `xor_batch`."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import store
from engine.errors import ParamError, RunNotFound
from engine.models.xor import xor_net
from engine.models.xor.batch import course_experiments, failure_map, record
from engine.models.xor.batch.arrays import OUTCOMES
from engine.models.xor.batch.plan import PARAMS, coded
from engine.models.xor.batch.record import BatchRecord
from engine.params import parse_value as read
from engine.session import xor
from engine.session.cache import SessionCache
from engine.session.methods import Handler
from engine.session_protocol.xor import (
    BatchCurve,
    BatchNet,
    BatchTable,
    CellMap,
    GridReport,
    GridReportRequest,
    MapRequest,
    NetRequest,
    TableRequest,
    XorWeights,
)

PAGE_LIMIT = 1_000
STATE_COLUMNS = ("outcome", "stop", "loss", "val_loss")


def table(session_cache: SessionCache, request: TableRequest) -> BatchTable:
    """Raises RunNotFound and ParamError."""
    found = open_record(session_cache, request.run)
    sort = request.sort
    columns = ["lane", *found.axes, *STATE_COLUMNS]
    if sort not in columns:
        raise ParamError(f"sort: expected one of {', '.join(columns)}, got {sort[:80]!r}.")
    chosen = np.flatnonzero(_matching(found, request.where))
    order = np.argsort(_numbers(found, sort)[chosen], kind="stable")
    chosen = chosen[order[::-1] if request.descending else order]
    page = chosen[max(0, request.offset) :][: max(0, min(request.limit, PAGE_LIMIT))]
    return BatchTable(
        columns=columns,
        rows=[_row(found, int(lane)) for lane in page],
        matching=len(chosen),
        total=len(found),
        common=found.metadata["common"],
        counts=found.counts(),
        epoch=found.epoch,
        epochs=found.metadata["epochs"],
    )


def map_(session_cache: SessionCache, request: MapRequest) -> CellMap:
    """Raises RunNotFound and ParamError."""
    found = open_record(session_cache, request.run)
    cells = failure_map.layout(found, request.x, request.y, request.columns)
    values = failure_map.values(found, cells, request.colour)
    low, high = failure_map.bounds(values, request.colour)
    return CellMap(
        x=cells.x,
        y=cells.y,
        xs=list(cells.xs),
        ys=list(cells.ys),
        lanes=failure_map.first_indices(cells).tolist(),
        counts=failure_map.counts(cells).tolist(),
        values=[[_finite(value) for value in row] for row in values.tolist()],
        running=failure_map.running(found, cells).tolist(),
        low=low,
        high=high,
        axes=list(found.axes),
        groups=[] if cells.x else failure_map.groups(found, cells),
        validates=bool(found.validates.any()),
        outcomes=found.counts(),
        epoch=found.epoch,
        epochs=found.metadata["epochs"],
    )


def open_(session_cache: SessionCache, request: NetRequest) -> BatchNet:
    """Raises RunNotFound and ParamError."""
    found, lane = open_record(session_cache, request.run), request.lane
    if not 0 <= lane < len(found):
        raise ParamError(f"network: expected 0 to {len(found) - 1}, got {str(lane)[:80]}.")
    net = XorWeights(**found.weights(lane), **found.recipe(lane))
    is_whole = found.outcome(lane) != "diverged"
    return BatchNet(
        lane=lane,
        seed=int(found.codes("seed")[lane]),
        **{name: _cell(found, name, lane) for name in STATE_COLUMNS},
        params={name: found.value(name, lane) for name in PARAMS if name != "seed"},
        net=net,
        look=xor.describe(net, xor_net.TRUTH, request.width, request.height) if is_whole else None,
        curve=_curve(found, lane),
    )


def report(session_cache: SessionCache, request: GridReportRequest) -> GridReport:
    """Only for runs of `xor_grid`. Raises RunNotFound and ParamError."""
    found = open_record(session_cache, request.run)
    if "successes" not in found.metadata:
        raise ParamError(f"run: expected one of xor_grid, got {request.run[:80]}.")
    rows, gates = course_experiments.table(found), course_experiments.gates(found)
    return GridReport(rows, gates, found.counts(), found.epoch, found.metadata["epochs"])


def open_record(session_cache: SessionCache, run: str) -> BatchRecord:
    """The newest record of a run's networks. Raises RunNotFound and CorruptRun."""
    if run not in store.list_ids(session_cache.places):
        raise RunNotFound(f"There is no run {run[:80]!r}.")
    folder = store.folder_of(session_cache.places, run).path
    try:
        stamp = os.stat(folder / record.ARRAYS_FILE).st_mtime_ns
    except FileNotFoundError as error:
        raise RunNotFound(
            f"{run[:80]} has no networks yet.", "Only xor_grid and xor_batch have them."
        ) from error

    def read() -> tuple[int, BatchRecord]:
        return stamp, record.read_folder(folder)

    stamped, found = session_cache.get(("lanes", run), read)
    if stamped != stamp:
        session_cache.drop(("lanes", run))
        _, found = session_cache.get(("lanes", run), read)
    return found


def _numbers(found: BatchRecord, column: str) -> NDArray[Any]:
    """(N,) sort keys of a column."""
    if column == "lane":
        return np.arange(len(found))
    if column in ("outcome", "stop"):
        return found.arrays[column]
    if column == "loss":
        return found.losses("loss")
    return found.losses("best") if column == "val_loss" else found.codes(column)


def _matching(found: BatchRecord, where: Mapping[str, object]) -> NDArray[np.bool_]:
    matching = np.ones(len(found), bool)
    for name, value in where.items():
        if name == "outcome":
            if value not in OUTCOMES:
                raise ParamError(f"outcome: expected one of {', '.join(OUTCOMES)}, got {str(value)[:80]!r}.")
            matching &= found.arrays["outcome"] == OUTCOMES.index(str(value))
        elif name in PARAMS:
            matching &= found.codes(name) == coded(name, read(PARAMS[name], value))
        else:
            raise ParamError(f"where: expected outcome or a parameter of xor, got {str(name)[:80]!r}.")
    return matching


def _row(found: BatchRecord, lane: int) -> list[Any]:
    own = [found.value(name, lane) for name in found.axes]
    return [lane, *own, *(_cell(found, name, lane) for name in STATE_COLUMNS)]


def _cell(found: BatchRecord, name: str, lane: int) -> Any:
    if name == "outcome":
        return found.outcome(lane)
    if name == "stop":
        return int(found.arrays["stop"][lane])
    if name == "val_loss":
        return _finite(found.losses("best")[lane]) if found.validates[lane] else None
    return _finite(found.losses("loss")[lane])


def _curve(found: BatchRecord, lane: int) -> BatchCurve:
    """The logged points before the epoch at which it stopped, and that epoch."""
    stop, epochs = int(found.arrays["stop"][lane]), found.arrays["curve.epochs"]
    before = epochs < stop
    names = ("loss", "val_loss") if found.validates[lane] else ("loss",)
    curves: dict[str, list[Any]] = {"loss": [], "val_loss": []}
    for name in names:
        points = [*found.arrays[f"curve.{name}"][before, lane].tolist(), float(found.arrays[name][lane])]
        curves[name] = [_finite(value) for value in points]
    return BatchCurve([*epochs[before].tolist(), stop], **curves)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) and value < xor_net.WORST else None


HANDLERS: Mapping[Any, Handler] = {
    TableRequest: table, MapRequest: map_, NetRequest: open_, GridReportRequest: report
}  # fmt: skip
