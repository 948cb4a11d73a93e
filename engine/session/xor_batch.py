"""Methods `lanes.*`: tables and maps of the networks of runs of `xor_grid` and `xor_batch`."""

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
from engine.models.xor.batch import failure_map, notebook, record
from engine.models.xor.batch.arrays import OUTCOMES
from engine.models.xor.batch.plan import PARAMS, coded
from engine.models.xor.batch.record import BatchRecord
from engine.params import parse_value as read
from engine.protocol import Json
from engine.session import xor
from engine.session.cache import SessionCache
from engine.session.methods import Handler

PAGE_LIMIT = 1_000
STATE_COLUMNS = ("outcome", "stop", "loss", "val_loss")


def table(
    session_cache: SessionCache,
    run: str,
    sort: str = "lane",
    descending: bool = False,
    where: Mapping[str, object] | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Json:
    """A page of the networks of a run.

    Parameters: `run` an id; `sort` a column; `where` {column: value}, such as
    {"outcome": "fail", "hidden": 2}. Raises RunNotFound and ParamError.

    Response:
      columns   ["lane", the parameters that vary..., "seed", "outcome", "stop", "loss", "val_loss"]
      rows      lists in the order of the columns; `outcome` is running, success, fail, diverged or
                stopped, `stop` the epochs trained, `loss` over the 4 rows, `val_loss` the best so far;
                null: not known
      matching, total   networks that pass `where`, and all
      counts    {running, success, fail, diverged, stopped} of all
      epoch, epochs     trained so far by the running networks, and trained at most
      common    {parameter: value} of the parameters that do not vary
    """
    found = open_record(session_cache, run)
    columns = ["lane", *found.axes, *STATE_COLUMNS]
    if sort not in columns:
        raise ParamError(f"sort: expected one of {', '.join(columns)}, got {str(sort)[:80]!r}.")
    chosen = np.flatnonzero(_matching(found, where or {}))
    order = np.argsort(_numbers(found, sort)[chosen], kind="stable")
    chosen = chosen[order[::-1] if descending else order]
    page = chosen[max(0, offset) :][: max(0, min(limit, PAGE_LIMIT))]
    return {
        "columns": columns,
        "rows": [_row(found, int(lane)) for lane in page],
        "matching": len(chosen),
        "total": len(found),
        "common": found.metadata["common"],
        **_progress(found),
    }


def map_(
    session_cache: SessionCache, run: str, x: str = "", y: str = "", colour: str = "outcome", columns: int = 0
) -> Json:
    """The failure map.

    Parameters: `x`, `y` two parameters that vary (seed, lr, hidden, ...), both or neither; `colour` outcome,
    stop, loss or val_loss; without axes one cell per network in the order of the lanes, `columns` wide (0:
    about square). Raises RunNotFound and ParamError.

    Response:
      x, y       their names, "" without axes
      xs, ys     the values along them; numbers or words (without axes: positions)
      lanes      rows (ys) of cells (xs): the first network of each, -1 where there is none
      counts     how many networks each cell holds
      values     for outcome: share of successes among those that ended; for loss and val_loss: the median;
                 for stop: the median epoch at which the successful ones were solved; null where there is
                 no value
      groups     without axes, for each row: {parameter: value} of the first network in it whose parameters
                 but the seed are not those of the one before, else {}
      validates  whether any network has a validation set
      running    how many in each cell still train
      low, high  the range of the values (0 and 1 for outcome)
      axes       the parameters that can be an axis
      outcomes   {running, success, fail, diverged, stopped} of all
      epoch, epochs   as in `lanes.table`
    """
    found = open_record(session_cache, run)
    cells = failure_map.layout(found, x, y, columns)
    values = failure_map.values(found, cells, colour)
    low, high = failure_map.bounds(values, colour)
    progress = _progress(found)
    return {
        "x": cells.x,
        "y": cells.y,
        "xs": list(cells.xs),
        "ys": list(cells.ys),
        "lanes": failure_map.first_indices(cells).tolist(),
        "counts": failure_map.counts(cells).tolist(),
        "values": [[_finite(value) for value in row] for row in values.tolist()],
        "running": failure_map.running(found, cells).tolist(),
        "low": low,
        "high": high,
        "axes": list(found.axes),
        "groups": [] if cells.x else failure_map.groups(found, cells),
        "validates": bool(found.validates.any()),
        "outcomes": progress.pop("counts"),
        **progress,
    }


def open_(session_cache: SessionCache, run: str, lane: int, width: int = 40, height: int = 40) -> Json:
    """One network.

    Raises RunNotFound and ParamError.

    Response:
      lane, seed, outcome, stop, loss, val_loss
      params    of the experiment `xor`: with `seed` they start a run from the same weights
      net       its weights, as the parameters of `xor.look`
      look      the response of `xor.look` for it, `width` by `height`; null where it diverged
      curve     {epochs [], loss [], val_loss []}: thinned; val_loss is empty without validation
    """
    found = open_record(session_cache, run)
    if not isinstance(lane, int) or not 0 <= lane < len(found):
        raise ParamError(f"network: expected 0 to {len(found) - 1}, got {str(lane)[:80]}.")
    net = {**found.weights(lane), **found.recipe(lane)}
    is_whole = found.outcome(lane) != "diverged"
    return {
        "lane": lane,
        "seed": found.value("seed", lane),
        **{name: _cell(found, name, lane) for name in STATE_COLUMNS},
        "params": {name: found.value(name, lane) for name in PARAMS if name != "seed"},
        "net": net,
        "look": xor.look(session_cache, **net, width=width, height=height) if is_whole else None,
        "curve": _curve(found, lane),
    }


def report(session_cache: SessionCache, run: str) -> Json:
    """The table of the nine experiments beside the notebook's numbers. Only for runs of `xor_grid`.

    Raises RunNotFound and ParamError.

    Response:
      rows   9 x {experiment, lr, hidden, bypass, runs, fails, running, mean, std, train_loss, val_loss,
             median, low, high, mean_all, lanes [those counted],
             notebook {mean, std, train_loss, val_loss, fails}, chance}:
             mean, std and the losses are over successes, as in the notebook (null without one); median and
             its 95 % interval low..high are over all runs counted, a failure standing for more than all
             epochs (null: beyond the last epoch, or fewer than six runs); mean_all counts a failure as all
             epochs, a lower bound; chance: how often two experiments differ by as much as the
             notebook's mean and ours, if their networks are alike (null while a network trains)
      gates  {gate: how often} the single hidden unit of the first experiment became, over its successes
      epoch, epochs, counts   as in `lanes.table`
    """
    found = open_record(session_cache, run)
    if "successes" not in found.metadata:
        raise ParamError(f"run: expected one of xor_grid, got {run[:80]}.")
    return {"rows": notebook.table(found), "gates": notebook.gates(found), **_progress(found)}


def open_record(session_cache: SessionCache, run: str) -> BatchRecord:
    """The newest record of a run's networks. Raises RunNotFound and CorruptRun."""
    if run not in store.list_ids(session_cache.places):
        raise RunNotFound(f"There is no run {run[:80]!r}.")
    folder = store.folder_of(session_cache.places, run).path
    try:
        stamp = os.stat(folder / record.ARRAYS_FILE).st_mtime_ns
        read = _reader(folder)
    except FileNotFoundError as error:
        raise RunNotFound(
            f"{run[:80]} has no networks yet.", "Only xor_grid and xor_batch have them."
        ) from error
    key = ("lanes", run)
    stamped, kept = session_cache.get(key, lambda: (stamp, read()))
    if stamped != stamp:
        session_cache.drop(key)
        _, kept = session_cache.get(key, lambda: (stamp, read()))
    found: BatchRecord = kept
    return found


def _reader(folder: Any) -> Any:
    return lambda: record.read_folder(folder)


def _progress(found: BatchRecord) -> Json:
    return {"counts": found.counts(), "epoch": found.epoch, "epochs": found.metadata["epochs"]}


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


def _curve(found: BatchRecord, lane: int) -> Json:
    """The logged points before the epoch at which it stopped, and that epoch."""
    stop, epochs = int(found.arrays["stop"][lane]), found.arrays["curve.epochs"]
    before = epochs < stop
    names = ("loss", "val_loss") if found.validates[lane] else ("loss",)
    curves: dict[str, list[Any]] = {"loss": [], "val_loss": []}
    for name in names:
        points = [*found.arrays[f"curve.{name}"][before, lane].tolist(), float(found.arrays[name][lane])]
        curves[name] = [_finite(value) for value in points]
    return {"epochs": [*epochs[before].tolist(), stop], **curves}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) and value < xor_net.WORST else None


METHODS: Mapping[str, Handler] = {"table": table, "map": map_, "open": open_, "report": report}
