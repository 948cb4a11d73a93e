"""One run out of `mlflow.db`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import CorruptRun
from engine.params import Value
from engine.protocol import Json
from engine.readers import mlflow_run
from engine.readers.mlflow_artifacts import folder_of_uri
from engine.readers.mlflow_database import MlflowDatabase, Row
from engine.readers.mlflow_log import Chunk, StoreLocked
from engine.readers.mlflow_run import MlflowRun
from engine.readers.step_order import LoggedValues
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, typed

ROWS = 20_000
"""that one query reads, while which no other program can write"""
INFINITE = 1.7976931348623157e308
"""what MLflow writes for infinity"""


@dataclass(slots=True)
class DatabaseRun:
    """A `MlflowSource`."""

    database: MlflowDatabase
    id: str
    size: int = 0
    _row: int = 0
    """of the last value that was read"""
    _last: str = ""
    """that value, by which it is known that the rows were not numbered anew"""
    _state: tuple[str, float] | None = None
    _was_checked: bool = False

    @property
    def place(self) -> str:
        return f"{self.database.path}/{self.id}"

    @property
    def artifacts(self) -> Path | None:
        try:
            rows = self.database.query("SELECT artifact_uri FROM runs WHERE run_uuid = ?", self.id)
        except StoreLocked:
            raise
        except CorruptRun:  # a store without that column
            return None
        uri = rows[0][0] if rows else None
        return folder_of_uri(uri, self.id, self.database.path.parent) if isinstance(uri, str) else None

    def run(self) -> MlflowRun:
        run = self.database.run(self.id)
        self._state = run.status, run.ended_at
        return run

    def params(self) -> dict[str, Value]:
        return mlflow_run.params_of(self._texts("params"))

    def tags(self) -> dict[str, Value]:
        return mlflow_run.tags_of(self._texts("tags"))

    def _texts(self, table: str) -> dict[str, str]:
        rows = self.database.query(f"SELECT key, value FROM {table} WHERE run_uuid = ?", self.id)
        return {str(key): str(value) for key, value in rows if value is not None}

    def added(self) -> Iterator[Chunk]:
        while rows := self._rows(self._row, WHOLE_LIMIT - 1):
            self._row, self._last = rows[-1][0], _text(rows[-1])
            yield _by_metric(rows)

    def again(self, names: set[str]) -> Iterator[Chunk]:
        at = 0
        while rows := self._rows(at, self._row):
            at = rows[-1][0]
            if kept := [row for row in rows if row[1] in names]:
                yield _by_metric(kept)

    def _rows(self, after: int, to: int) -> list[Row]:
        return self.database.query(
            "SELECT rowid, key, step, value, timestamp, is_nan FROM metrics"
            f" WHERE run_uuid = ? AND rowid > ? AND rowid <= ? ORDER BY rowid LIMIT {ROWS}",
            self.id, after, to,
        )  # fmt: skip

    def fits(self) -> bool:
        rows = self._rows(self._row - 1, self._row) if self._row else []
        return not self._row or (bool(rows) and _text(rows[0]) == self._last)

    def has_grown(self) -> bool:
        """The first call says so, since values may have come between the reading and the first look.

        Raises StoreLocked.
        """
        database = self.database
        database.look()
        if database.is_locked:
            self._was_checked = False
            raise StoreLocked(f"{database.path} is locked by another program.")
        if not self._was_checked:
            self._was_checked = True
            return True
        state = database.states.get(self.id)
        return database.newest.get(self.id, 0) > self._row or (state is not None and state != self._state)

    @property
    def position(self) -> Json:
        return {"row": self._row, "last": self._last}

    def go_to(self, position: Json) -> None:
        self._row = typed(position.get("row", 0), int)
        self._last = typed(position.get("last", ""), str)

    def incomplete(self) -> list[str]:
        return []

    def damages(self) -> list[str]:
        return []


def _text(row: Row) -> str:
    return repr(row[1:])[:400]


def _by_metric(rows: Sequence[Row]) -> Chunk:
    _, names, steps, values, times, not_numbers = zip(*rows, strict=True)
    columns = LoggedValues(_steps(steps), _values(values, not_numbers), _times(times))
    places: dict[str, int] = {}
    numbers = np.array([places.setdefault(name, len(places)) for name in names])
    if len(places) == 1:
        return {names[0]: columns}
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers[order], np.arange(1, len(places)))
    parts = np.split(order, ends)
    return {
        str(name): LoggedValues(columns.steps[part], columns.values[part], columns.times[part])
        for name, part in zip(places, parts, strict=True)
    }


def _steps(steps: Sequence[object]) -> NDArray[np.int64]:
    try:
        return np.array(steps, np.int64)
    except (TypeError, ValueError, OverflowError):
        return np.array([step if isinstance(step, int) else 0 for step in steps], np.int64)


def _values(values: Sequence[object], not_numbers: Sequence[object]) -> NDArray[np.float64]:
    """A missing value is NaN."""
    try:
        found = np.array(values, float)
    except (TypeError, ValueError):
        found = np.array([value if isinstance(value, int | float) else np.nan for value in values], float)
    if any(not_numbers):
        found[np.array(not_numbers, bool)] = np.nan
    found[found >= INFINITE] = np.inf
    found[found <= -INFINITE] = -np.inf
    return found


def _times(milliseconds: Sequence[object]) -> NDArray[np.float64]:
    return np.clip(_values(milliseconds, ()) / 1000, 0, LATEST_TIME)
