"""The log of a run: metrics, buffered; the event file; TensorBoard files beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from engine import fold
from engine.events import Event, EventWriter
from engine.log_position import LogPosition
from engine.logged_media import MediaWriter
from engine.refresh_intervals import WRITE_SECONDS
from engine.typed_json import number_to_json

if TYPE_CHECKING:  # the worker of a command buffers its metrics here, and imports little
    from engine.protocol import Json
    from engine.worker.write_tensorboard import TensorBoardFiles

EXACT = 20_000
"""points of a series before buckets begin"""
BUCKETS_PER_WIDTH = 10_000
"""buckets of one width; then the width doubles"""
METRICS = b'"metrics"'

Points = list[tuple[int, float]]


@dataclass(slots=True)
class ExtremesBucket:
    """The minimum, the maximum, the first NaN and the last of some consecutive points."""

    size: int = 0
    low: tuple[int, float] | None = None
    high: tuple[int, float] | None = None
    first_nan: tuple[int, float] | None = None
    last: tuple[int, float] = (0, 0.0)

    def add(self, step: int, value: float) -> None:
        self.size += 1
        self.last = point = (step, value)
        if value != value:
            self.first_nan = self.first_nan or point
            return
        if self.low is None or value < self.low[1]:
            self.low = point
        if self.high is None or value > self.high[1]:
            self.high = point

    def extend(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """As `add` of each; there is one at least."""
        if sum(values) - sum(values) != 0.0:  # one of them is not finite, or their sum is not
            for step, value in zip(steps, values, strict=True):
                self.add(step, value)
            return
        self.size += len(values)
        self.last = (steps[-1], values[-1])
        low, high = min(values), max(values)
        if self.low is None or low < self.low[1]:
            self.low = (steps[values.index(low)], low)
        if self.high is None or high > self.high[1]:
            self.high = (steps[values.index(high)], high)

    def points(self, *, with_last: bool = False) -> Points:
        """The points kept, ordered by step."""
        kept = {self.low, self.high, self.first_nan, self.last if with_last and self.size else None}
        return sorted((point for point in kept if point is not None), key=lambda point: point[0])

    def last_left_out(self) -> Points:
        """The last point, unless it is one of those kept."""
        return [] if self.last in self.points() else [self.last]


@dataclass(slots=True)
class MetricSeries:
    """One metric: `count` points so far, the newest at `last_step`, those in `ready` to be written.

    `reproducible` holds points that do not depend on when checkpoints were saved: two runs that log the
    same values get the same points.
    """

    count: int = 0
    last_step: int = -1
    ready: Points = field(default_factory=list)
    bucket: ExtremesBucket = field(default_factory=ExtremesBucket)
    width: int = 1
    reproducible: Points = field(default_factory=list)
    reproducible_bucket: ExtremesBucket = field(default_factory=ExtremesBucket)
    reproducible_end: int = 0
    """the count at which the reproducible bucket is full"""
    last: Points = field(default_factory=list)
    """the newest point where it filled a bucket without being kept: it is written if no other follows"""
    reproducible_last: Points = field(default_factory=list)
    has_files: bool = True
    """whether the reproducible points are kept, for TensorBoard files"""

    def __post_init__(self) -> None:
        self.width = width_at(self.count)

    def add(self, step: int, value: float) -> bool:
        """False, and the value is dropped, if `step` is not after the last one."""
        if step <= self.last_step:
            return False
        self.count, self.last_step = self.count + 1, step
        if self.count <= EXACT:
            self.ready.append((step, value))
            if self.has_files:
                self.reproducible.append((step, value))
            return True
        if self.has_files:
            self._add_reproducible(step, value)
        self.bucket.add(step, value)
        self.last = []
        self._end_full_bucket()
        return True

    def _end_full_bucket(self) -> None:
        if self.bucket.size >= self.width:
            self.ready += self.bucket.points()
            self.last, self.bucket = self.bucket.last_left_out(), ExtremesBucket()
            self.width = width_at(self.count)

    def extend(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """As `add` of each, where all steps are after the last one and increase, and it has no files."""
        begin = min(len(steps), max(0, EXACT - self.count))
        self.ready += zip(steps[:begin], values[:begin], strict=True)
        self.count += begin
        while begin < len(steps):
            end = min(len(steps), begin + self.width - self.bucket.size)
            self.bucket.extend(steps[begin:end], values[begin:end])
            self.count += end - begin
            self.last, begin = [], end
            self._end_full_bucket()
        self.last_step = steps[-1]

    def _add_reproducible(self, step: int, value: float) -> None:
        if not self.reproducible_bucket.size:
            self.reproducible_end = bucket_end(self.count)
        self.reproducible_bucket.add(step, value)
        self.reproducible_last = []
        if self.count >= self.reproducible_end:
            bucket, self.reproducible_bucket = self.reproducible_bucket, ExtremesBucket()
            self.reproducible += bucket.points()
            self.reproducible_last = bucket.last_left_out()

    def pop_reproducible(self, *, is_end: bool) -> Points:
        """Return and remove the reproducible points; `is_end` adds those of the unfinished bucket."""
        points, self.reproducible = self.reproducible, []
        if is_end:
            points += self.reproducible_last + self.reproducible_bucket.points(with_last=True)
            self.reproducible_last, self.reproducible_bucket = [], ExtremesBucket()
        return points

    def pop(self, *, include_bucket: bool) -> Points:
        """Return and remove the ready points; `include_bucket` adds those of the unfinished bucket."""
        points, self.ready = self.ready, []
        if include_bucket:
            points += self.last + self.bucket.points(with_last=True)
            self.last, self.bucket = [], ExtremesBucket()
        return points


def width_at(count: int) -> int:
    """Width of the bucket that begins after `count` points: 1 for 10,000 buckets, then 2, 4, 8, ..."""
    width, begins = 1, EXACT
    while count >= begins + BUCKETS_PER_WIDTH * width:
        begins += BUCKETS_PER_WIDTH * width
        width *= 2
    return width


def bucket_end(count: int) -> int:
    """Number of the last point in the bucket of point number `count`, which is greater than EXACT."""
    width, begins = 1, EXACT
    while count > begins + BUCKETS_PER_WIDTH * width:
        begins += BUCKETS_PER_WIDTH * width
        width *= 2
    return begins + -(-(count - begins) // width) * width


class Metrics:
    """The buffered series of a run, by name."""

    def __init__(self, *, has_files: bool = True) -> None:
        """`has_files`: whether TensorBoard files of them are written."""
        self._series: dict[str, MetricSeries] = {}
        self._has_files = has_files

    def add(self, step: int, name: str, value: float) -> bool:
        """False if dropped: the steps of a metric increase, and the first value of a step is kept."""
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = MetricSeries(has_files=self._has_files)
        return series.add(step, value)

    def extend(self, name: str, steps: Sequence[int], values: Sequence[float]) -> bool:
        """As `add` of each; False, and nothing was added, where they have to be added one by one."""
        series = self._series.get(name)
        if self._has_files or series is None or steps[0] <= series.last_step:
            return False
        series.extend(steps, values)
        return True

    def pop(self, *, include_bucket: bool = False) -> dict[str, Points]:
        """Return and remove the ready points, by metric."""
        popped = {name: series.pop(include_bucket=include_bucket) for name, series in self._series.items()}
        return {name: points for name, points in popped.items() if points}

    def pop_reproducible(self, *, is_end: bool = False) -> dict[str, Points]:
        """Return and remove the reproducible points, by metric.

        These are the first 20,000 of a series, then the extremes and the first NaN of ever wider buckets, and
        the last point at the end. They depend only on the values logged.
        """
        popped = {name: series.pop_reproducible(is_end=is_end) for name, series in self._series.items()}
        return {name: points for name, points in popped.items() if points}

    def counts(self) -> dict[str, int]:
        return {name: series.count for name, series in self._series.items()}

    def last_steps(self) -> dict[str, int]:
        return {name: series.last_step for name, series in self._series.items()}

    def resume(self, counts: Mapping[str, int], last_steps: Mapping[str, int]) -> None:
        """Drop all points and keep the counts, which decide the bucket widths, and the last steps."""
        names = counts.keys() | last_steps.keys()
        self._series = {
            name: MetricSeries(counts.get(name, 0), last_steps.get(name, -1), has_files=self._has_files)
            for name in names
        }


@dataclass(slots=True)
class _NamesAt:
    """The metrics with a value at `step`: a `HistoryPart`."""

    step: int
    names: dict[str, int] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        if event.kind == "metrics":
            found = (name for name, (steps, _) in event.facts["series"].items() if self.step in steps)
            self.names |= dict.fromkeys(found, self.step)

    def rewind(self, step: int) -> None:
        if step < self.step:
            self.names = {}


def metrics_at(path: Path, step: int) -> dict[str, int]:
    """{name: step} of the metrics with a value at `step` in an event file, without rewound values."""
    found, number = _NamesAt(step), b"%d" % step
    fold.read(path, 0, found, wanted=lambda line: number in line and METRICS in line[: fold.HEAD])
    return found.names


def columns(series: Mapping[str, Points]) -> Json:
    """The body of a `metrics` event: {name: [[steps], [values]]}, seven significant digits."""
    return {
        name: [[step for step, _ in points], [_short(value) for _, value in points]]
        for name, points in series.items()
    }


def _short(value: float) -> float | str:
    return float(f"{value:.7g}") if isfinite(value) else number_to_json(value)


class EventLog:
    """Writes events and TensorBoard files. Only a failure to write the event file raises."""

    def __init__(
        self,
        events: EventWriter,
        tensorboard: TensorBoardFiles | None = None,
        log: LogPosition | None = None,
    ) -> None:
        """`log` is that of the run, whose length is written with the metrics."""
        self.metrics = Metrics()
        self.is_resumed = events.seq > 0
        """an earlier attempt has written events"""
        self.media = MediaWriter(events.folder, events.append, self._warn, events.seq + 1)
        self._events, self._tensorboard, self._log = events, tensorboard, log
        self._flush_at = 0.0

    def event(self, kind: str, **facts: object) -> None:
        self._events.append(kind, **facts)

    def note(self, text: str, severity: str = "note") -> None:
        self._events.append("note", text=text, severity=severity)

    def _warn(self, text: str) -> None:
        self.note(text, "warning")

    def image(self, tag: str, step: int, pixels: Sequence[Sequence[float]] | bytes) -> None:
        from engine.worker import png  # most runs log no image

        try:
            data = pixels if isinstance(pixels, bytes) else png.encode_grey(png.grey_rows(pixels))
        except (ValueError, TypeError, LookupError) as error:
            self.media.refuse("image", tag, f"expected rows of numbers or the bytes of a file ({error})")
            return
        self.media.image(tag, step, data)
        if self._tensorboard is not None and not isinstance(pixels, bytes):
            with self._stop_on_error():
                self._tensorboard.image(tag, step, pixels)

    def text(self, tag: str, step: int, content: str) -> None:
        self.media.text(tag, step, content)
        if self._tensorboard is not None:
            with self._stop_on_error():
                self._tensorboard.text(tag, step, content)

    @contextlib.contextmanager
    def _stop_on_error(self) -> Iterator[None]:
        """On any error stop writing TensorBoard files; training and events continue."""
        try:
            yield
        except Exception as error:
            self._tensorboard = None
            self.note(f"TensorBoard files are no longer written: {error!r}.", "warning")

    def sketch(self, step: int, parts: Json) -> int:
        """Log a sketch; returns its approximate size in bytes."""
        self._events.append("sketch", step=step, parts=parts)
        return len(str(parts))

    def restart(self, step: int, counts: Mapping[str, int], last_steps: Mapping[str, int]) -> None:
        """Continue after `step`, at which each series had `counts` points, the last at `last_steps`."""
        self.metrics.resume(counts, last_steps)
        if self._tensorboard is not None:
            self._tensorboard.restart(step + 1)

    def flush(self, *, include_bucket: bool = False) -> None:
        """Write the buffered metrics."""
        popped = self.metrics.pop(include_bucket=include_bucket)
        if popped:
            place = self._log.facts() if self._log is not None else {}
            self._events.append("metrics", series=columns(popped), **place)

    def sync(self) -> None:
        """Flush all events to stable storage. Raises OSError."""
        self._events.sync()

    def flush_if_due(self, now: float) -> None:
        if now < self._flush_at:
            return
        self._flush_at = now + WRITE_SECONDS
        self.flush()
        if self._tensorboard is None or self._tensorboard.is_due(now):
            self.write_tensorboard()

    def write_tensorboard(self, *, close: bool = False) -> None:
        reproducible = self.metrics.pop_reproducible(is_end=close)
        if self._tensorboard is None:
            return
        with self._stop_on_error():
            self._tensorboard.add(reproducible)
            self._tensorboard.write()
            if close:
                self._tensorboard.close()

    def close(self, step: int, **facts: object) -> None:
        """Write what is buffered and the `ended` event, and close the files."""
        self.flush(include_bucket=True)
        self.write_tensorboard(close=True)
        self._events.append("ended", step=step, **facts)
        self._events.close()
        self.media.close()
