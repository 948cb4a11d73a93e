"""What a run tells: events for everybody, event files for TensorBoard."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from engine.events import EventWriter
from engine.protocol import Json
from engine.worker.metrics import Metrics, columns
from engine.worker.tensorboard import TensorBoardFiles

METRICS_SECONDS = 0.25
"""between two `metrics` events"""


class EventLog:
    """Nothing in here stops a training, except that the event file itself cannot be written at all."""

    def __init__(self, events: EventWriter, board: TensorBoardFiles | None = None) -> None:
        self.metrics = Metrics()
        self.goes_on = events.seq > 0
        """an earlier attempt has told something already"""
        self._events, self._board = events, board
        self._flush_at = 0.0

    def event(self, kind: str, **facts: object) -> None:
        self._events.append(kind, **facts)

    def note(self, text: str, severity: str = "note") -> None:
        self._events.append("note", text=text, severity=severity)

    def picture(self, tag: str, step: int, pixels: Sequence[Sequence[float]]) -> None:
        if self._board is not None:
            with self._giving_up():
                self._board.picture(tag, step, pixels)
            self._events.append("image", tag=tag, step=step)

    def text(self, tag: str, step: int, words: str) -> None:
        if self._board is not None:
            with self._giving_up():
                self._board.text(tag, step, words)

    @contextlib.contextmanager
    def _giving_up(self) -> Iterator[None]:
        """A board that cannot be written, whatever it says, is given up; training and events go on."""
        try:
            yield
        except Exception as error:
            self._board = None
            self.note(f"TensorBoard files are no longer written: {error!r}.", "warning")

    def sketch(self, step: int, parts: Json) -> int:
        """Its size on disk, about."""
        self._events.append("sketch", step=step, parts=parts)
        return len(str(parts))

    def restart(self, step: int, counts: Mapping[str, int], last_steps: Mapping[str, int]) -> None:
        """Go on behind `step`: the series had so many points then, up to these steps."""
        self.metrics.go_on(counts, last_steps)
        if self._board is not None:
            self._board.restart(step + 1)

    def flush(self, *, to_the_last: bool = False) -> None:
        """Write the metrics that wait."""
        taken = self.metrics.take(to_the_last=to_the_last)
        if taken:
            self._events.append("metrics", series=columns(taken))

    def sync(self) -> None:
        """All events down to the disk, as far as it takes them. Raises OSError."""
        self._events.sync()

    def flush_if_due(self, now: float) -> None:
        if now < self._flush_at:
            return
        self._flush_at = now + METRICS_SECONDS
        self.flush()
        if self._board is None or self._board.is_due(now):
            self.write_board()

    def write_board(self, *, close: bool = False) -> None:
        steady = self.metrics.take_steady(is_end=close)
        if self._board is None:
            return
        with self._giving_up():
            self._board.add(steady)
            self._board.write()
            if close:
                self._board.close()

    def close(self, step: int, **facts: object) -> None:
        """The last event, and everything down to the disk."""
        self.flush(to_the_last=True)
        self.write_board(close=True)
        self._events.append("ended", step=step, **facts)
        self._events.close()
