"""The log of a run of MLflow, out of its database or its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from engine.errors import CorruptRun
from engine.params import Value
from engine.protocol import Json
from engine.reader_protocol import LogDescription
from engine.readers import mlflow_run
from engine.readers.log_reader import FIRST_STEP, LogBatch
from engine.readers.mlflow_artifacts import add_artifacts
from engine.readers.mlflow_run import MlflowRun
from engine.readers.step_order import LoggedValues, StepOrder
from engine.typed_json import typed

STATUS = "mlflow.status"
"""the parameter that holds the status that MLflow has for the run"""
Chunk: TypeAlias = Mapping[str, LoggedValues]
"""the values of some metrics, in the order in which they were logged"""


class StoreLocked(CorruptRun):
    """Another program keeps the store for itself; later it can be read."""


class MlflowSource(Protocol):
    """Where the values of one run are stored."""

    @property
    def place(self) -> str:
        """Absolute path, with the id of the run where it holds several."""

    @property
    def artifacts(self) -> Path | None:
        """The folder of what the run logged besides metrics; None where it is on a server."""

    @property
    def size(self) -> int:
        """Bytes, roughly."""

    def run(self) -> MlflowRun: ...

    def params(self) -> dict[str, Value]:
        """That do not change once they are there."""

    def tags(self) -> dict[str, Value]: ...

    def added(self) -> Iterator[Chunk]:
        """The values behind the position, which moves behind them."""

    def again(self, names: set[str]) -> Iterator[Chunk]:
        """All values of these metrics up to the position."""

    def fits(self) -> bool:
        """Whether what lies before the position is what was read there."""

    def has_grown(self) -> bool: ...

    @property
    def position(self) -> Json: ...

    def go_to(self, position: Json) -> None:
        """Raises WrongType."""

    def incomplete(self) -> list[str]: ...

    def damages(self) -> list[str]:
        """What could not be read since the last call."""


@dataclass(slots=True)
class MlflowLog:
    """All methods raise CorruptRun where the store cannot be read; while it is locked, nothing is read."""

    source: MlflowSource
    _order: StepOrder = field(default_factory=StepOrder)
    _told: str = ""
    """the digest of the facts that were written last"""
    _artifacts: set[str] = field(default_factory=set)
    """names of those that were written"""
    _is_waiting: bool = False
    """whether it was said that the store is locked"""

    def describe(self) -> LogDescription:
        source = self.source
        return mlflow_run.description(source.run(), source.place, source.size, source.params())

    def scalars(self) -> Iterator[LogBatch]:
        try:
            yield from self._batches()
            self._is_waiting = False
        except StoreLocked as error:
            if not self._is_waiting:
                self._is_waiting = True
                yield LogBatch(damages=[f"{error.message} It is read when that has ended."])

    def follow(self) -> bool:
        try:
            return self.source.has_grown()
        except StoreLocked:
            return not self._is_waiting

    def incomplete(self) -> list[str]:
        return self.source.incomplete()

    @property
    def cursor(self) -> Json:
        artifacts = {"artifacts": sorted(self._artifacts)} if self._artifacts else {}
        return {
            "position": self.source.position,
            "metrics": self._order.cursor,
            "told": self._told,
            **artifacts,
        }

    def resume(self, cursor: Json) -> None:
        order = StepOrder()
        order.resume(typed(cursor.get("metrics"), dict[str, object]))
        self.source.go_to(typed(cursor.get("position"), dict[str, object]))
        self._order, self._told = order, str(cursor.get("told", ""))
        self._artifacts = set(typed(cursor.get("artifacts", []), list[str]))

    def _batches(self) -> Iterator[LogBatch]:
        if not self.source.fits():
            self.source.go_to({})
            self._order = StepOrder()
            self._artifacts = set()
            yield LogBatch(restart=FIRST_STEP)
        for chunk in self.source.added():
            batch = LogBatch()
            for name, logged in chunk.items():
                points = self._order.add(name, logged)
                if points is not None:
                    batch.series[name] = points
            yield self._ended(batch, chunk.values())
        if late := self._order.late:
            yield self._rewritten(late)
        self._order.is_first = False
        yield self._facts()

    def _rewritten(self, names: set[str]) -> LogBatch:
        parts: dict[str, list[LoggedValues]] = {}
        for chunk in self.source.again(names):
            for name, logged in chunk.items():
                parts.setdefault(name, []).append(logged)
        batch = LogBatch()
        for name, found in parts.items():
            points = self._order.rewritten(name, _joined(found))
            if len(points):
                batch.series[name] = points
        return self._ended(batch, ())

    def _ended(self, batch: LogBatch, added: Iterable[LoggedValues]) -> LogBatch:
        batch.step = self._order.step
        batch.at = max((float(logged.times.max()) for logged in added), default=0.0)
        batch.damages += self.source.damages()
        return batch

    def _facts(self) -> LogBatch:
        """Status, end, tags and parameters, where they have changed."""
        run = self.source.run()
        found = {**self.source.params(), **self.source.tags(), STATUS: run.status}
        digest = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
        told, self._told = self._told, digest
        batch = LogBatch(
            params=found if told != digest else {},
            step=self._order.step,
            at=run.ended_at,
            bytes=self.source.size,
        )
        add_artifacts(batch, self.source.artifacts, self._artifacts)
        return batch


def _joined(parts: Sequence[LoggedValues]) -> LoggedValues:
    if len(parts) == 1:
        return parts[0]
    columns = ((one.steps, one.values, one.times) for one in parts)
    return LoggedValues(*map(np.concatenate, zip(*columns, strict=True)))
