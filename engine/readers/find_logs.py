"""Find the logs in a folder."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import CorruptRun, DltuiError, InputError
from engine.readers import (
    csv_log,
    mlflow_database,
    mlflow_folder_run,
    mlflow_run,
    tensorboard_log,
    wandb_log,
)
from engine.readers.csv_log import CsvLog
from engine.readers.log_reader import LogReader
from engine.readers.mlflow_database_run import DatabaseRun
from engine.readers.mlflow_folder_run import FolderRun
from engine.readers.mlflow_log import MlflowLog
from engine.readers.tensorboard_log import PARTS, EventFolder
from engine.readers.wandb_log import WandbRun

_KERNEL = {os.stat(path).st_dev for path in ("/proc", "/sys") if os.path.isdir(path)}
"""file systems that hold no log, and links to everything"""
DEPTH = 32
"""folders within each other"""


def find_logs(path: Path, tell: Callable[[str], object] = lambda text: None) -> Iterator[LogReader]:
    """The logs at `path`, a folder or a file. Links are followed, each folder is visited once.

    `tell` is called with a line on what is left out. Raises InputError where `path` does not exist or cannot
    be read.
    """
    if mlflow_database.is_database(path.parent):
        yield open_log(mlflow_run.KIND, str(path), "")
        return
    try:
        is_folder = path.is_dir()
        path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not is_folder:
        yield from _file(path, tell)
        return
    deleted = 0
    for folder, names in _walk(path, set(), DEPTH):
        if mlflow_folder_run.is_run(folder, names) and mlflow_folder_run.is_deleted(folder):
            deleted += 1
            continue
        try:
            yield from _in_folder(path, folder, names, tell)
        except Exception as error:
            tell(reason(str(folder), error))
    _tell_deleted(path, deleted, tell)


def reason(source: str, error: Exception, *expected: type[Exception]) -> str:
    """Why a log is left out; where its reader raised what it should not, the traceback goes to stderr."""
    if isinstance(error, (DltuiError, *expected)):
        return str(error)
    traceback.print_exception(error)
    return f"{source} cannot be read: {type(error).__name__}: {error}."


def _in_folder(
    top: Path, folder: Path, names: list[str], tell: Callable[[str], object]
) -> Iterator[LogReader]:
    if mlflow_folder_run.is_run(folder, names):
        yield MlflowLog(FolderRun(folder))
        return
    name = str(folder.relative_to(top)) if folder != top else top.name or str(top)
    if parts := _parts(folder, names):
        yield EventFolder(folder, name, parts)
    elif any(map(tensorboard_log.is_event_file, names)) and not _is_part(folder, top):
        yield EventFolder(folder, name)
    for file in filter(wandb_log.is_run_file, names):
        if wandb_log.files_of_run(folder / file)[0] == folder / file:
            yield WandbRun(folder / file)
    for file in names:
        if file.endswith(".csv") and csv_log.is_log(folder / file):
            beside = name if file == "metrics.csv" else f"{name}/{file.removesuffix('.csv')}"
            yield CsvLog(folder / file, beside)
        elif mlflow_database.is_store(folder / file):
            yield from _database(folder / file, tell)


def open_log(kind: str, source: str, name: str) -> LogReader:
    """The log that `find_logs` found. Raises InputError for a kind of another version."""
    path = Path(source)
    if kind == csv_log.KIND:
        return CsvLog(path, name)
    if kind == tensorboard_log.KIND:
        return EventFolder(path, name, _parts(path, _names(path)) or ("",))
    if kind == mlflow_run.KIND:
        if path.is_dir():
            return MlflowLog(FolderRun(path))
        return MlflowLog(DatabaseRun(mlflow_database.database(path.parent), path.name))
    if kind == wandb_log.KIND:
        return WandbRun(path, name)
    raise InputError(f"Logs of the kind {kind[:40]!r} cannot be read.")


def _file(path: Path, tell: Callable[[str], object]) -> Iterator[LogReader]:
    if mlflow_database.is_database(path):
        yield from _database(path, tell)
    elif tensorboard_log.is_event_file(path.name):
        folder = path.parent
        yield EventFolder(folder, folder.name or str(folder))
    elif wandb_log.is_run_file(path.name):
        yield WandbRun(wandb_log.files_of_run(path)[0])
    else:
        yield CsvLog(path, path.stem)


def _database(path: Path, tell: Callable[[str], object]) -> Iterator[LogReader]:
    """The runs of a database of MLflow; one that cannot be read is told."""
    database = mlflow_database.database(path)
    try:
        runs, deleted = database.runs()
    except CorruptRun as error:
        tell(str(error))
        return
    size = path.stat().st_size // max(1, len(runs))
    yield from (MlflowLog(DatabaseRun(database, run.id, size)) for run in runs)
    _tell_deleted(path, deleted, tell)


def _tell_deleted(path: Path, count: int, tell: Callable[[str], object]) -> None:
    if count:
        runs = "run that is" if count == 1 else "runs that are"
        tell(f"{path}: {count:,} {runs} deleted in MLflow left out.")


def _walk(folder: Path, seen: set[tuple[int, int]], depth: int) -> Iterator[tuple[Path, list[str]]]:
    """(folder, names of its files) from the top, by name, links last; those that cannot be read are left out.

    A folder of W&B is not looked into: what lies there beside the file of the run belongs to it.
    """
    try:
        found = folder.stat()
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError:
        return
    if (found.st_dev, found.st_ino) in seen or found.st_dev in _KERNEL:
        return
    seen.add((found.st_dev, found.st_ino))
    folders = [entry.name for entry in listed if _is_folder(entry)]
    names = [entry.name for entry in listed if entry.name not in folders]
    yield folder, names
    # the artifacts of a run of MLflow are its own, as what W&B keeps beside the file of a run
    is_run = mlflow_folder_run.is_run(folder, names) or any(map(wandb_log.is_run_file, names))
    for name in folders if depth and not is_run else ():
        yield from _walk(folder / name, seen, depth - 1)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _parts(folder: Path, names: list[str]) -> tuple[str, ...]:
    """The folders of a run as Keras writes it, with no event file beside them; else empty."""
    if any(map(tensorboard_log.is_event_file, names)):
        return ()
    found = tuple(part for part in PARTS if any(map(tensorboard_log.is_event_file, _names(folder / part))))
    return found if len(found) == len(PARTS) else ()


def _is_part(folder: Path, top: Path) -> bool:
    """Whether it belongs to the run of the folder above it, which was found too."""
    return folder != top and folder.name in PARTS and bool(_parts(folder.parent, _names(folder.parent)))
