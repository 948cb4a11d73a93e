"""TensorBoard event files of a run, written in the training thread."""

from __future__ import annotations

import importlib
import os
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import files, tensorboard_end, tfrecord
from engine.errors import CorruptRun
from engine.params import Value

if TYPE_CHECKING:
    from engine.worker.event_log import Points

SECONDS = 1.0
"""between two writes"""
TAIL = 64 * 1024
_EVENT_TIME = re.compile(rb'"at":\s*(\d{1,12}(?:\.\d+)?)')
_FILE_TIME = re.compile(r"\.tfevents\.(\d{1,12})\.")


class TensorBoardFiles:
    """One event file per attempt. Wall times never decrease, within an attempt or from one to the next.

    tensorboardX, which makes the events, is imported for the first one.
    """

    def __init__(self, folder: Path, attempt: int, params: Mapping[str, Value]) -> None:
        self._folder, self._attempt, self._params = folder, attempt, dict(params)
        self._first_step = 0
        self._waiting: dict[str, Points] = {}
        self._records: BufferedWriter | None = None
        self._events: Any = None
        self._start_time, self._start_clock = 0.0, 0.0
        self._wrote_at = time.monotonic()

    def restart(self, first_step: int) -> None:
        """This attempt resumes at `first_step`: readers drop events of earlier attempts from that step on."""
        self._first_step = first_step

    def add(self, series: Mapping[str, Points]) -> None:
        for name, points in series.items():
            self._waiting.setdefault(name, []).extend(points)

    def image(self, tag: str, step: int, pixels: Sequence[Sequence[float]]) -> None:
        """Raises OSError, and ValueError or LookupError for rows that are no image."""
        self._open()
        self._write_event(self._events.image(self._now(), step, tag, pixels))

    def text(self, tag: str, step: int, content: str) -> None:
        """Raises OSError."""
        self._open()
        self._write_event(self._events.text(self._now(), step, tag, content))

    def is_due(self, now: float) -> bool:
        return now - self._wrote_at >= SECONDS

    def write(self) -> None:
        """Write the buffered points and flush. Raises OSError."""
        self._wrote_at = time.monotonic()
        if self._waiting:
            self._open()
        waiting, self._waiting = self._waiting, {}
        for step, values in _by_step(waiting):
            self._write_event(self._events.scalars(self._now(), step, values))
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    def _open(self) -> None:
        if self._records is not None:
            return
        self._events = _import_without_torch("engine.worker.tensorboardx_events")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._new_file()
        self._records = path.open("ab")
        self._write_event(self._events.version(self._now()))
        if self._attempt > 1:
            self._write_event(self._events.restart(self._now(), self._first_step))
        self._write_event(self._events.session_start(self._now(), self._first_step, self._params))

    def _new_file(self) -> Path:
        """Create the file of this attempt; name and wall times sort after those of earlier attempts."""
        before = [
            name
            for name in tensorboard_end.event_files(self._folder)
            if not name.endswith(tensorboard_end.END)
        ]
        newest = _last_wall_time(self._folder / before[-1]) if before else 0.0
        newest = max(newest, _last_event_time(self._folder.parent / "events.jsonl"))
        self._start_time, self._start_clock = max(time.time(), newest), time.monotonic()
        stamp = max(
            [int(self._start_time), *(int(found[1]) + 1 for found in map(_FILE_TIME.search, before) if found)]
        )
        name = f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{self._attempt:04d}"
        path = self._folder / name
        files.write_new(path)
        return path

    def _now(self) -> float:
        """Seconds since the epoch: the wall clock at the start plus the monotonic time since."""
        return self._start_time + time.monotonic() - self._start_clock

    def _write_event(self, event: Any) -> None:
        assert self._records is not None, "it was opened"
        self._records.write(tfrecord.encode(event.SerializeToString()))


def _import_without_torch(name: str) -> Any:
    """Import a module that needs tensorboardX, without letting tensorboardX import PyTorch."""
    if "tensorboardX" in sys.modules or "torch" in sys.modules:
        return importlib.import_module(name)
    modules: dict[str, Any] = sys.modules
    modules["torch"] = None
    try:
        return importlib.import_module(name)
    finally:
        del modules["torch"]


def _by_step(waiting: Mapping[str, Points]) -> list[tuple[int, dict[str, float]]]:
    """The values logged at each step, ordered by step."""
    found: dict[int, dict[str, float]] = {}
    for name, points in waiting.items():
        for step, value in points:
            found.setdefault(step, {})[name] = value
    return sorted(found.items())


def _last_wall_time(path: Path) -> float:
    """The largest wall time in an event file; 0 if it cannot be read."""
    try:
        return max(_wall_times(path), default=0.0)
    except (OSError, CorruptRun):
        return 0.0


def _wall_times(path: Path) -> Iterator[float]:
    """Wall times of the events in a file, up to the first incomplete one. Raises OSError or CorruptRun."""
    with files.open_regular(path) as file:
        while len(head := file.read(tfrecord.HEAD)) == tfrecord.HEAD:
            size = struct.unpack("<Q", head[:8])[0]
            data = file.read(min(size, 9))
            if len(data) < 9 or data[0] != 9:
                return
            yield struct.unpack("<d", data[1:])[0]
            file.seek(size - 9 + tfrecord.TAIL, os.SEEK_CUR)


def _last_event_time(events: Path) -> float:
    """Time of the last event in events.jsonl; 0 without one."""
    try:
        with files.open_regular(events) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            found = _EVENT_TIME.findall(file.read(TAIL))
    except (OSError, CorruptRun):
        return 0.0
    return float(found[-1]) if found else 0.0
