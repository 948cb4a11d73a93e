"""The log of a run: the event file, and TensorBoard files beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from engine.events import EventWriter
from engine.protocol import WRITE_SECONDS, Json
from engine.worker.metric_buffer import Metrics, columns
from engine.worker.tensorboard import TensorBoardFiles


class EventLog:
    """Writes events and TensorBoard files. Only a failure to write the event file raises."""

    def __init__(self, events: EventWriter, tensorboard: TensorBoardFiles | None = None) -> None:
        self.metrics = Metrics()
        self.is_resumed = events.seq > 0
        """an earlier attempt has written events"""
        self._events, self._tensorboard = events, tensorboard
        self._flush_at = 0.0

    def event(self, kind: str, **facts: object) -> None:
        self._events.append(kind, **facts)

    def note(self, text: str, severity: str = "note") -> None:
        self._events.append("note", text=text, severity=severity)

    def image(self, tag: str, step: int, pixels: Sequence[Sequence[float]]) -> None:
        if self._tensorboard is not None:
            with self._stop_on_error():
                self._tensorboard.image(tag, step, pixels)
            self._events.append("image", tag=tag, step=step)

    def text(self, tag: str, step: int, content: str) -> None:
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
            self._events.append("metrics", series=columns(popped))

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
