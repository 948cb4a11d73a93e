"""Logs as CSV: Keras's `CSVLogger`, Lightning's `metrics.csv`, and others with steps or epochs."""

from __future__ import annotations

import csv
import hashlib
import math
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine import files
from engine.errors import CorruptRun
from engine.params import Value
from engine.point_columns import PointColumns
from engine.protocol import Json
from engine.reader_protocol import LogDescription
from engine.readers.log_reader import FIRST_STEP, LogBatch, increasing
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, typed

KIND = "csv"
STEPS = ("step", "epoch")
"""the columns of steps, the first that is there; without one, rows are counted"""
TIMES = ("time", "timestamp", "wall_time")
CHUNK = 1 << 20
LINE_LIMIT = 1 << 20
DAMAGES_LIMIT = 20
PARAMS_BESIDE = "hparams.yaml"
"""Lightning's file of hyper-parameters, of which the plain ones are read"""


def is_log(path: Path) -> bool:
    """Whether a file found in a folder is a log: it has a column of steps."""
    try:
        header = _cells(_first_line(path))
    except (OSError, CorruptRun):
        return False
    return not set(STEPS).isdisjoint(header)


@dataclass(slots=True)
class CsvLog:
    path: Path
    name: str
    _offset: int = 0
    _seen: int = 0
    """the size of the file when it was read last"""
    _head: bytes = b""
    """the first line, by which a file that was written anew is recognised"""
    _rows: int = 0
    _damages: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def describe(self) -> LogDescription:
        head = _first_line(self.path)
        if not head or len(_cells(head)) < 2:
            raise CorruptRun(f"{self.path} has no line of column names, separated by commas, yet.")
        found = self.path.stat()
        digest, params = hashlib.sha256(head).hexdigest(), _params(self.path.parent / PARAMS_BESIDE)
        return LogDescription(KIND, str(self.path), self.name, digest, found.st_mtime, found.st_size, params)

    def scalars(self) -> Iterator[LogBatch]:
        head = _first_line(self.path)
        if self._head and (head != self._head or self.path.stat().st_size < self._offset):
            self._offset = 0
            yield LogBatch(restart=FIRST_STEP)
        self._head = head
        while lines := self._lines():
            yield self._batch(lines)

    def follow(self) -> bool:
        return files.status_of(self.path).st_size != self._seen

    def incomplete(self) -> list[str]:
        text = f"{self.path.name}: the file ends within a row, at byte {self._offset:,}"
        return [text] if self._seen > self._offset else []

    @property
    def cursor(self) -> Json:
        return {"offset": self._offset, "rows": self._rows}

    def resume(self, cursor: Json) -> None:
        counts = typed(cursor, dict[str, int])
        self._offset, self._rows = counts.get("offset", 0), counts.get("rows", 0)
        self._head = _first_line(self.path)

    def _lines(self) -> bytes:
        """The complete lines of the next chunk."""
        with files.open_regular(self.path, follow=True, foreign=True) as file:
            self._seen = os.fstat(file.fileno()).st_size
            file.seek(self._offset)
            data = file.read(CHUNK)
            if data and b"\n" not in data:
                data += file.readline(LINE_LIMIT)
        return data[: data.rfind(b"\n") + 1]

    def _batch(self, lines: bytes) -> LogBatch:
        names, offset = _cells(self._head), self._offset
        self._offset += len(lines)
        rows = lines.removeprefix(self._head) if offset == 0 else lines
        batch = LogBatch(bytes=len(lines))
        now = min(max(0.0, files.status_of(self.path).st_mtime), LATEST_TIME)
        step_name = next((name for name in STEPS if name in names), "")
        time_name = next((name for name in TIMES if name in names), "")
        if offset == 0:
            self._rows = 0
        for cells in _rows(_text(rows), _delimiter(self._head)):
            if cells is None:
                self._rows += 1
                self._damage(batch, "a field is too long")
                continue
            numbers = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
            if not numbers:
                continue
            step, self._rows = self._step(numbers.pop(step_name, str(self._rows))), self._rows + 1
            if step is None:
                self._damage(batch, f"step: {','.join(cells)[:40]!r} is no number")
                continue
            at = _number(numbers.pop(time_name, "")) or now
            for name, cell in numbers.items():
                self._add(batch, name, step, cell, at if 0 <= at <= LATEST_TIME else now)
        for name, points in batch.series.items():
            columns = map(np.array, (points.steps, points.values, points.times))
            batch.series[name] = increasing(*columns)
            self._last[name] = batch.series[name].steps[-1]
        batch.step, batch.at = max(self._last.values(), default=0), now
        return batch

    def _add(self, batch: LogBatch, name: str, step: int, cell: str, at: float) -> None:
        number = _number(cell)
        if number is None:
            self._damage(batch, f"{name}: {cell[:40]!r} is no number")
            return
        columns = batch.series.setdefault(name, PointColumns())
        assert isinstance(columns.values, array), "made above"
        columns.steps.append(step)
        columns.values.append(number)
        columns.times.append(at)

    def _step(self, cell: str) -> int | None:
        number = _number(cell)
        return int(number) if number is not None and abs(number) < WHOLE_LIMIT else None

    def _damage(self, batch: LogBatch, text: str) -> None:
        self._damages += 1
        if self._damages <= DAMAGES_LIMIT:
            batch.damages.append(f"{self.path.name}: row {self._rows:,}, {text}")


def _first_line(path: Path) -> bytes:
    """The first line; empty where it is not complete. Raises CorruptRun."""
    try:
        with files.open_regular(path, follow=True, foreign=True) as file:
            line = file.readline(LINE_LIMIT)
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error
    return line if line.endswith(b"\n") else b""


def _cells(line: bytes) -> list[str]:
    cells = next(_rows(_text(line), _delimiter(line)), None)
    return [cell.strip() for cell in cells or ()]


def _rows(text: str, delimiter: str) -> Iterator[list[str] | None]:
    """The cells of each line; None for a line that cannot be read."""
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _delimiter(head: bytes) -> str:
    return max(",;\t", key=head.decode("latin-1").count)


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace").replace("\0", "")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return {"True": 1.0, "False": 0.0}.get(cell.strip())


def _params(path: Path) -> dict[str, Value]:
    """The top lines `name: value` of a YAML file whose value is a number, yes or no, or one word."""
    try:
        data = files.read_bytes(path, follow=True)
    except CorruptRun:
        return {}
    found: dict[str, Value] = {}
    for line in _text(data or b"").splitlines()[:1000]:
        name, colon, value = line.partition(":")
        if colon and name and name[0] not in " #-" and value.strip() and value.strip()[0] not in "&*!|>{[":
            found[name.strip()[:80]] = _plain(value.strip())
    return found


def _plain(value: str) -> Value:
    if value in ("true", "false"):
        return value == "true"
    try:
        return int(value)
    except ValueError:
        number = _number(value)
        return number if number is not None and math.isfinite(number) else value.strip("'\"")[:400]
