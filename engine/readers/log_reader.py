"""What a reader of one kind of log offers, and what it returns."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.params import Value
from engine.point_columns import PointColumns
from engine.protocol import Json
from engine.reader_protocol import LogDescription

FIRST_STEP = -(2**62)
"""a step before all: a restart there replaces every point"""


@dataclass(frozen=True, slots=True)
class LogText:
    """A text that was logged."""

    tag: str
    step: int
    text: str
    is_remark: bool = False
    """what the reader says about the run"""


@dataclass(frozen=True, slots=True)
class LogMedia:
    """An image, histogram or table that was logged."""

    kind: str
    tag: str
    step: int
    at: float
    file: str = ""
    """of an image: the path of its file, or of one that holds it at `span`: byte and length"""
    span: tuple[int, int] | None = None
    buckets: Sequence[Sequence[float]] = ()
    """of a histogram: (left, right, count)"""
    columns: Sequence[object] = ()
    rows: Sequence[Sequence[object]] = ()
    """of a table"""


@dataclass(slots=True)
class LogBatch:
    """What was read at one time, in this order."""

    restart: int | None = None
    """the points of all metrics from this step on are replaced"""
    series: dict[str, PointColumns] = field(default_factory=dict)
    """the points of a metric from the first step on replace those of batches before"""
    texts: list[LogText] = field(default_factory=list)
    media: list[LogMedia] = field(default_factory=list)
    params: Mapping[str, Value] = field(default_factory=dict)
    """parameters that became known after the description, or have changed"""
    output: bytes = b""
    """what the script printed"""
    output_steps: list[tuple[int, int]] = field(default_factory=list)
    """places in it with the last step that was logged when it had come so far"""
    damages: list[str] = field(default_factory=list)
    """parts of the files that could not be read, named by file and byte"""
    step: int = 0
    """the last one of all metrics"""
    at: float = 0.0
    """the latest time"""
    bytes: int = 0
    """that were read"""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return self.restart is None and not (
            self.series or self.texts or self.media or self.params or self.output or self.damages
        )


def increasing(
    steps: NDArray[np.int64], values: NDArray[np.float64], times: NDArray[np.float64]
) -> PointColumns:
    """The points that no later one of the same or a smaller step replaces."""
    if np.any(steps[1:] <= steps[:-1]):
        smallest_later = np.minimum.accumulate(steps[:0:-1])[::-1]
        kept = np.append(steps[:-1] < smallest_later, True)
        steps, values, times = steps[kept], values[kept], times[kept]
    return PointColumns(
        array("q", steps.tobytes()), array("d", values.tobytes()), array("d", times.tobytes())
    )


class LogReader(Protocol):
    def describe(self) -> LogDescription:
        """Raises CorruptRun where there is no record yet."""

    def scalars(self) -> Iterator[LogBatch]:
        """All that was added since the last call. Raises OSError, CorruptRun where the log is gone."""

    def follow(self) -> bool:
        """Whether the log has grown since `scalars`, or may have; cheap. Raises as `scalars`."""

    def incomplete(self) -> list[str]:
        """The files that end within a record, which its writer may still complete."""

    @property
    def cursor(self) -> Json:
        """How far `scalars` has read."""

    def resume(self, cursor: Json) -> None:
        """Go on from a cursor. Raises WrongType."""
