"""`dltui export --mlflow`: a run, with its curves, as a run of an MLflow server."""

from __future__ import annotations

import math
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import DltuiError
from engine.fold import CurvePoints
from engine.protocol import Json, RunSummary, Status
from tui.cli.mlflow_server import NOT_FOUND, MlflowRefused, MlflowServer
from tui.data.value_text import effective_params

METRICS, FACTS = 1000, 100
"""values, and parameters or tags, of one request: what the API takes"""
TAG = "dltui.run"
"""the tag by which a run that was exported before is found"""
NOTE = "mlflow.note.content"
"""the tag that MLflow shows as the description"""
STATUSES = {
    Status.QUEUED: "SCHEDULED", Status.PAUSED: "SCHEDULED", Status.DONE: "FINISHED", Status.STOPPED: "KILLED",
    Status.FAILED: "FAILED", Status.LOST: "FAILED", Status.DAMAGED: "FAILED", Status.IMPORTED: "FINISHED",
}  # fmt: skip
"""others are RUNNING"""
IMPORTED_STATUS, IMPORTED_TAG = "mlflow.status", "tags."
"""parameters of a run that was imported from MLflow"""
_NOT_IN_NAMES = re.compile(r"[^\w.\-/: ]", re.ASCII)
_INFINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}
_NAME_LIMIT, _PARAM_LIMIT, _TAG_LIMIT = 250, 6000, 8000


@dataclass(frozen=True, slots=True)
class SentRun:
    """What `export` did."""

    experiment_id: str
    run_id: str
    points: int
    was_known: bool
    """whether it had been exported before: then only what came since is added"""
    renamed: Mapping[str, str]
    """the names that MLflow does not take, and what they are called there"""


def export(
    server: MlflowServer,
    run: RunSummary,
    curves: Mapping[str, CurvePoints],
    progress: Callable[[int], object] = lambda points: None,
) -> SentRun:
    """Create the run there, or bring it up to date. Raises DltuiError."""
    experiment = _experiment(server, os.environ.get("MLFLOW_EXPERIMENT_NAME") or run.spec.experiment)
    params, tags = _facts(run)
    names = _names([*params, *tags, *curves])
    known = _known(server, experiment, run.id)
    if known is None:
        run_id = _create(server, experiment, run)
        there, last = set[str](), dict[str, int]()
    else:
        run_id, there, last = known
    new = {name: value for name, value in params.items() if names[name] not in there}
    for kind, facts, limit in (("params", new, _PARAM_LIMIT), ("tags", tags, _TAG_LIMIT)):
        rows = [{"key": names[name], "value": value[:limit]} for name, value in facts.items()]
        for at in range(0, len(rows), FACTS):
            server.post("runs/log-batch", {"run_id": run_id, kind: rows[at : at + FACTS]})
    points = 0
    for batch in _batches(curves, names, last):
        server.post("runs/log-batch", {"run_id": run_id, "metrics": batch})
        points += len(batch)
        progress(points)
    _end(server, run, run_id)
    renamed = {name: shown for name, shown in names.items() if name != shown}
    return SentRun(experiment, run_id, points, known is not None, renamed)


def _experiment(server: MlflowServer, name: str) -> str:
    """Its id; it is created where there is none of that name."""
    try:
        found = _part(server.get("experiments/get-by-name", experiment_name=name), "experiment")
    except MlflowRefused as error:
        if error.code != NOT_FOUND:
            raise
        return str(_part(server.post("experiments/create", {"name": name}), "experiment_id"))
    if _part(found, "lifecycle_stage") == "deleted":
        raise DltuiError(
            f"{server.url}: the experiment {name!r} is deleted there.",
            "Restore it, or name another one with MLFLOW_EXPERIMENT_NAME.",
        )
    return str(_part(found, "experiment_id"))


def _known(server: MlflowServer, experiment: str, run: str) -> tuple[str, set[str], dict[str, int]] | None:
    """(id, its parameters, last step of each metric) of the run there; None where it was never exported."""
    wanted = f"tags.`{TAG}` = '{run}'"
    answer = server.post("runs/search", {"experiment_ids": [experiment], "filter": wanted, "max_results": 1})
    if not answer.get("runs"):
        return None
    found = answer["runs"][0]
    data = found.get("data", {})
    params = {str(one["key"]) for one in data.get("params", ())}
    last = {str(one["key"]): int(one.get("step", 0)) for one in data.get("metrics", ())}
    return str(_part(_part(found, "info"), "run_id")), params, last


def _create(server: MlflowServer, experiment: str, run: RunSummary) -> str:
    facts = {
        "experiment_id": experiment,
        "run_name": (run.spec.name or run.id)[:_NAME_LIMIT],
        "start_time": _milliseconds(run.started_at or run.spec.created_at),
        "tags": [{"key": TAG, "value": run.id}],
    }
    return str(_part(_part(_part(server.post("runs/create", facts), "run"), "info"), "run_id"))


def _end(server: MlflowServer, run: RunSummary, run_id: str) -> None:
    status = str(run.spec.params.get(IMPORTED_STATUS) or STATUSES.get(run.status, "RUNNING"))
    facts: Json = {"run_id": run_id, "status": status}
    ended = run.ended_at
    if run.status is Status.IMPORTED and run.started_at is not None:
        ended = run.started_at + run.train_seconds
    if status not in ("RUNNING", "SCHEDULED") and ended is not None:
        facts["end_time"] = _milliseconds(ended)
    server.post("runs/update", facts)


def _facts(run: RunSummary) -> tuple[dict[str, str], dict[str, str]]:
    """(parameters, tags) as texts. What was a tag in MLflow is one again."""
    params: dict[str, str] = {}
    tags = {"dltui.experiment": run.spec.experiment, "dltui.status": run.status.value}
    is_imported = run.status is Status.IMPORTED
    seed = {} if is_imported else {"seed": run.spec.seed}
    for name, value in {**seed, **effective_params(run)}.items():
        if name.startswith(IMPORTED_TAG) and is_imported:
            tags[name.removeprefix(IMPORTED_TAG)] = str(value)
        elif name != IMPORTED_STATUS:
            params[name] = str(value)
    others = {
        "dltui.framework": run.spec.framework,
        "dltui.device": run.device,
        "dltui.cause": "" if is_imported or run.cause is None else run.cause.text,
        "dltui.tags": ", ".join(run.tags),
        NOTE: run.note,
    }
    return params, tags | {name: value for name, value in others.items() if value}


def _batches(
    curves: Mapping[str, CurvePoints], names: Mapping[str, str], last: Mapping[str, int]
) -> Iterator[list[Json]]:
    """The points behind the last step of each metric, METRICS at a time."""
    batch: list[Json] = []
    for name, curve in curves.items():
        shown, behind = names[name], last.get(names[name])
        for step, value, at in zip(curve.steps, curve.values, curve.times, strict=True):
            if behind is None or step > behind:
                point = {"key": shown, "value": _number(value), "timestamp": _milliseconds(at), "step": step}
                batch.append(point)
            if len(batch) == METRICS:
                yield batch
                batch = []
    if batch:
        yield batch


def _number(value: float) -> float | str:
    """NaN and infinities as protobuf writes them in JSON."""
    return "NaN" if math.isnan(value) else _INFINITE.get(value, value)


def _names(names: list[str]) -> dict[str, str]:
    """The name there of each: MLflow takes letters, digits, `_-./: ` and only names that are paths."""
    found = {name: name for name in names if _name(name) == name}
    taken = set(found)
    for name in names:
        shown, number = _name(name), 2
        while name not in found and shown in taken:
            shown, number = f"{_name(name)[: _NAME_LIMIT - 8]}_{number}", number + 1
        taken.add(found.setdefault(name, shown))
    return found


def _name(name: str) -> str:
    shown = _NOT_IN_NAMES.sub("_", name)[:_NAME_LIMIT]
    if shown != posixpath.normpath(shown) or shown.startswith((".", "/")) or not shown.strip():
        shown = "_" + shown.replace("/", "_").lstrip(".")
    return shown


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _part(answer: Any, name: str) -> Any:
    """Raises DltuiError where the answer lacks it."""
    try:
        return answer[name]
    except (KeyError, TypeError, IndexError):
        raise DltuiError(f"MLflow's answer has no {name!r}: {str(answer)[:200]}") from None
