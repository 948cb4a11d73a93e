"""`mlflow.db`, the SQLite database of MLflow: opened read only, by short queries, so that no writer waits."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from engine.errors import CorruptRun
from engine.readers import mlflow_run
from engine.readers.mlflow_log import StoreLocked
from engine.readers.mlflow_run import MlflowRun

MAGIC = b"SQLite format 3\0"
SUFFIXES = (".db", ".sqlite", ".sqlite3")
"""of the databases that are looked into where a folder is searched"""
NAME = "mlflow.db"
LOCK_SECONDS = 2.0
"""that a query waits for another program"""
LOOK_SECONDS = 0.25
NEEDED = {
    "runs": {"run_uuid", "name", "status", "start_time", "end_time", "lifecycle_stage", "experiment_id"},
    "experiments": {"experiment_id", "name", "lifecycle_stage"},
    "metrics": {"run_uuid", "key", "value", "timestamp", "step", "is_nan"},
    "params": {"run_uuid", "key", "value"},
    "tags": {"run_uuid", "key", "value"},
}
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
RUNS = (
    "SELECT r.run_uuid, e.name, r.name, r.status, r.start_time, r.end_time,"
    " r.lifecycle_stage = 'deleted' OR e.lifecycle_stage = 'deleted'"
    " FROM runs r LEFT JOIN experiments e USING (experiment_id)"
)
Row: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class MlflowDatabase:
    """The runs of a database; a connection is open from a query to the next `look` or `close`."""

    path: Path
    newest: dict[str, int] = field(default_factory=dict)
    """run -> row of its newest value, of those logged since the first `look`"""
    states: dict[str, tuple[str, float]] = field(default_factory=dict)
    """run -> status and end, at the last `look` that found something"""
    is_locked: bool = False
    _connection: sqlite3.Connection | None = None
    _stamp: tuple[int, ...] = ()
    _looked_at: float = 0.0
    _since: int | None = None
    """the newest row of the last look"""

    def runs(self) -> tuple[list[MlflowRun], int]:
        """(the runs, oldest first; how many deleted ones there are besides). Raises CorruptRun."""
        self._check_tables()
        rows = self.query(f"{RUNS} ORDER BY r.start_time, r.run_uuid")
        return [_run(row) for row in rows if not row[-1]], sum(bool(row[-1]) for row in rows)

    def run(self, run: str) -> MlflowRun:
        """Raises CorruptRun, also where it was deleted."""
        rows = self.query(f"{RUNS} WHERE r.run_uuid = ?", run)
        if not rows or rows[0][-1]:
            raise CorruptRun(f"{self.path} has no run {run[:40]}, or it was deleted.")
        return _run(rows[0])

    def query(self, sql: str, *values: object) -> list[Row]:
        """All rows. Raises CorruptRun, StoreLocked."""
        try:
            if self._connection is None:
                self._connection = _connect(self.path)
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise _explained(self.path, error) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def look(self, at_once: bool = False) -> None:
        """Bring `newest` and `states` up to date where the file has changed. Raises CorruptRun."""
        if not at_once and time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        stamp = _stamp(self.path)
        self.close()  # where the file has changed, the options of the connection may have to
        if stamp == self._stamp:
            return
        if stamp[:2] != self._stamp[:2]:
            self._since = None  # another file
        try:
            self._update()
        except StoreLocked:
            self.is_locked = True
            return
        self._stamp, self.is_locked = stamp, False

    def _update(self) -> None:
        if self._since is None:
            self._since = int(self.query("SELECT coalesce(max(rowid), 0) FROM metrics")[0][0])
        rows = self.query(
            "SELECT run_uuid, max(rowid) FROM metrics NOT INDEXED WHERE rowid > ? GROUP BY run_uuid",
            self._since,
        )
        self.newest.update(rows)
        self._since = max([self._since, *(row for _, row in rows)])
        states = self.query("SELECT run_uuid, status, end_time FROM runs")
        self.states = {run: (str(status), mlflow_run.seconds(ended)) for run, status, ended in states}

    def _check_tables(self) -> None:
        for table, needed in NEEDED.items():
            found = {name for _, name, *_ in self.query(f"PRAGMA table_info({table})")}
            if missing := ", ".join(sorted(needed - found)):
                raise CorruptRun(
                    f"{self.path}: the table {table} has no {missing}; expected the tables of MLflow 2 and 3,"
                    f" found schema {self._version()}.",
                    "mlflow db upgrade brings an old one up to date.",
                )

    def _version(self) -> str:
        try:
            rows = self.query("SELECT version_num FROM alembic_version")
        except CorruptRun:
            rows = []
        return str(rows[0][0])[:40] if rows else "none of MLflow"


_databases: dict[Path, MlflowDatabase] = {}


def database(path: Path) -> MlflowDatabase:
    """The one of a path, which its runs share."""
    return _databases.setdefault(path, MlflowDatabase(path))


def close_all() -> None:
    """Close all connections; the next query opens its own again."""
    for found in _databases.values():
        found.close()


def is_database(path: Path) -> bool:
    """Whether the file has the first bytes of an SQLite database."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def is_store(path: Path) -> bool:
    """Whether a file that was found in a folder is a database of MLflow, or should be by its name."""
    if path.suffix not in SUFFIXES or not is_database(path):
        return False
    return path.name == NAME or _has_tables(path)


def _has_tables(path: Path) -> bool:
    found = MlflowDatabase(path)
    try:
        names = {name for (name,) in found.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except StoreLocked:
        return True  # said by who reads it
    except CorruptRun:
        return False
    finally:
        found.close()
    return {"alembic_version", "experiments", "latest_metrics"} <= names


def _run(row: Row) -> MlflowRun:
    run, experiment, name, status, began, ended, _ = row
    name = mlflow_run.run_name(str(experiment or ""), str(name or run))
    return MlflowRun(str(run), name, str(status), mlflow_run.seconds(began), mlflow_run.seconds(ended))


def _connect(path: Path) -> sqlite3.Connection:
    """Read only. A database with a write-ahead log that no one has open would get files beside it when it is
    opened; it is read as it lies instead. Raises CorruptRun, sqlite3.Error."""
    options = "mode=ro"
    with _opened(path) as file:
        is_wal = file.read(20)[18:19] == b"\2"
    if is_wal and not _size(path, "-wal"):
        options += "&immutable=1"
    elif is_wal and not _size(path, "-shm"):
        raise CorruptRun(
            f"{path} has {path.name}-wal beside it, but not {path.name}-shm.",
            "Copy all three files, or open it once with MLflow.",
        )
    uri = f"file:{quote(os.fsencode(path))}?{options}"
    return sqlite3.connect(uri, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False, uri=True)


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error


def _size(path: Path, suffix: str) -> int:
    try:
        return path.with_name(path.name + suffix).stat().st_size
    except OSError:
        return 0


def _stamp(path: Path) -> tuple[int, ...]:
    """Which file it is, and what changes when it or its write-ahead log is written. Raises CorruptRun."""
    with _opened(path) as file:
        found, head = os.fstat(file.fileno()), file.read(28)
    changes = int.from_bytes(head[24:], "big")  # SQLite counts them: times are coarse
    stamp = found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, changes
    try:
        log = path.with_name(path.name + "-wal").stat()
    except OSError:
        return stamp
    return *stamp, log.st_mtime_ns, log.st_size


def _explained(path: Path, error: Exception) -> CorruptRun:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in LOCKED:
        return StoreLocked(
            f"{path} is locked by another program.", "Try again once that has finished writing."
        )
    if code == sqlite3.SQLITE_READONLY:
        return CorruptRun(
            f"{path} was left in the middle of a change by a program that ended.", "Open it once with MLflow."
        )
    return CorruptRun(f"{path} cannot be read as a database of MLflow: {error}.")
