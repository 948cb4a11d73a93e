"""Where the logs of a command are looked for: a kind, and the folder or file in which it may write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

DEPTH = 4
"""folders within each other below that of TensorBoard files"""
MLFLOW_URI = "MLFLOW_TRACKING_URI"
WANDB_DIR, WANDB_MODE = "WANDB_DIR", "WANDB_MODE"


class LogPlace(NamedTuple):
    kind: str
    """one of WRITTEN"""
    path: Path


def places_of(command: Mapping[str, Any], tensorboard: Path) -> list[LogPlace]:
    """`command` as in spec.json, whose `environ` and `folder` say where MLflow and W&B write."""
    return [LogPlace("tensorboard", tensorboard), *_mlflow(command), *_wandb(command)]


def is_written(place: LogPlace, since: float) -> bool:
    """Whether something there was written after `since`, seconds since 1970."""
    return WRITTEN[place.kind](place.path, since)


def _mlflow(command: Mapping[str, Any]) -> list[LogPlace]:
    """The local store that MLFLOW_TRACKING_URI names, or those that MLflow makes in the working folder."""
    folder, uri = Path(command["folder"]), command["environ"].get(MLFLOW_URI, "")
    if not uri:
        return [LogPlace("mlflow", folder / name) for name in ("mlflow.db", "mlruns")]
    scheme, separator, rest = uri.partition(":")
    if scheme == "sqlite" and rest.startswith("///"):
        return [LogPlace("mlflow", folder / rest[3:].partition("?")[0])]
    if scheme == "file":
        from urllib.parse import unquote, urlsplit  # most commands name no file so

        return [LogPlace("mlflow", folder / unquote(urlsplit(uri).path))]
    return [] if separator else [LogPlace("mlflow", folder / uri)]


def _wandb(command: Mapping[str, Any]) -> list[LogPlace]:
    """The folder in that of WANDB_DIR, or in the working folder; none where W&B writes nothing."""
    environ = command["environ"]
    if environ.get(WANDB_MODE) == "disabled":
        return []
    top = Path(command["folder"]) / environ.get(WANDB_DIR, "")
    return [LogPlace("wandb", top / name) for name in ("wandb", ".wandb")]


def _has_event_file(folder: Path, since: float, depth: int = DEPTH) -> bool:
    """Whether a file of TensorBoard below `folder` was written after `since`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if "tfevents" in entry.name:
                    found = _time_of(entry.path) >= since
                else:
                    is_folder = depth and entry.is_dir(follow_symlinks=False)
                    found = bool(is_folder and _has_event_file(Path(entry.path), since, depth - 1))
                if found:
                    return True
    except OSError:
        pass  # not there yet
    return False


def _has_mlflow_run(path: Path, since: float) -> bool:
    """Whether a database was written after `since`, or a folder of an experiment got or lost a run."""
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                return any(entry.is_dir() and entry.stat().st_mtime >= since for entry in entries)
    except OSError:
        return False
    return any(_time_of(f"{path}{suffix}") >= since for suffix in ("", "-wal"))


def _has_wandb_run(path: Path, since: float) -> bool:
    try:
        with os.scandir(path) as entries:
            return any("run-" in entry.name and entry.stat().st_mtime >= since for entry in entries)
    except OSError:
        return False  # not there yet


def _time_of(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return -1.0


WRITTEN: Mapping[str, Callable[[Path, float], bool]] = {
    "tensorboard": _has_event_file,
    "mlflow": _has_mlflow_run,
    "wandb": _has_wandb_run,
}
