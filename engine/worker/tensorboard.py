"""The event files of a run for TensorBoard, written by tensorboardX in the thread that trains."""

from __future__ import annotations

import importlib
import os
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import files, tensorboard_end
from engine.errors import CorruptRun
from engine.params import Value
from engine.worker.metrics import Points

SECONDS = 1.0
"""between two writes"""
TAIL = 64 * 1024
_AT = re.compile(rb'"at":\s*(\d{1,12}(?:\.\d+)?)')
_STAMP = re.compile(r"\.tfevents\.(\d{1,12})\.")


class TensorBoardFiles:
    """One event file per attempt. Wall times never fall, within an attempt or from one to the next.

    tensorboardX is imported when the first thing is told.
    """

    def __init__(self, folder: Path, attempt: int, params: Mapping[str, Value]) -> None:
        self._folder, self._attempt, self._params = folder, attempt, dict(params)
        self._first_step = 0
        self._waiting: dict[str, Points] = {}
        self._records: Any = None
        self._summaries: Any = None
        self._began_at, self._began = 0.0, 0.0
        self._wrote_at = time.monotonic()

    def restart(self, first_step: int) -> None:
        """This attempt goes on at `first_step`: what an earlier one told of later steps is to be dropped."""
        self._first_step = first_step

    def add(self, taken: Mapping[str, Points]) -> None:
        for name, points in taken.items():
            self._waiting.setdefault(name, []).extend(points)

    def picture(self, tag: str, step: int, pixels: Sequence[Sequence[float]]) -> None:
        """Raises OSError, and ValueError or LookupError for rows that are no picture."""
        self._open()
        self._put(self._summaries.picture(self._now(), step, tag, pixels))

    def text(self, tag: str, step: int, words: str) -> None:
        """Raises OSError."""
        self._open()
        self._put(self._summaries.text(self._now(), step, tag, words))

    def is_due(self, now: float) -> bool:
        return now - self._wrote_at >= SECONDS

    def write(self) -> None:
        """Everything that waits, down to the disk. Raises OSError."""
        self._wrote_at = time.monotonic()
        if self._waiting:
            self._open()
        waiting, self._waiting = self._waiting, {}
        for step, values in _by_step(waiting):
            self._put(self._summaries.scalars(self._now(), step, values))
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    def _open(self) -> None:
        if self._records is not None:
            return
        record_writer = _imported("tensorboardX.record_writer")
        self._summaries = _imported("engine.worker.tensorboard_events")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._new_file()
        self._records = record_writer.RecordWriter(os.fspath(path))
        self._put(self._summaries.version(self._now()))
        if self._attempt > 1:
            self._put(self._summaries.restart(self._now(), self._first_step))
        self._put(self._summaries.began(self._now(), self._first_step, self._params))

    def _new_file(self) -> Path:
        """Made for us alone, behind those of earlier attempts by its name and by its wall times."""
        before = [
            name for name in tensorboard_end.names(self._folder) if not name.endswith(tensorboard_end.END)
        ]
        told = _last_wall(self._folder / before[-1]) if before else 0.0
        told = max(told, _last_at(self._folder.parent / "events.jsonl"))
        self._began_at, self._began = max(time.time(), told), time.monotonic()
        stamp = max(
            [int(self._began_at), *(int(found[1]) + 1 for found in map(_STAMP.search, before) if found)]
        )
        name = f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{self._attempt:04d}"
        path = self._folder / name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return path

    def _now(self) -> float:
        """The wall clock as it was at the start, and what has passed since."""
        return self._began_at + time.monotonic() - self._began

    def _put(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


def _imported(name: str) -> Any:
    """A module that needs tensorboardX, which imports PyTorch wherever it can: not in another's process."""
    if "tensorboardX" in sys.modules or "torch" in sys.modules:
        return importlib.import_module(name)
    modules: dict[str, Any] = sys.modules
    modules["torch"] = None
    try:
        return importlib.import_module(name)
    finally:
        del modules["torch"]


def _by_step(waiting: Mapping[str, Points]) -> list[tuple[int, dict[str, float]]]:
    """What was logged of each step, steps going up."""
    found: dict[int, dict[str, float]] = {}
    for name, points in waiting.items():
        for step, value in points:
            found.setdefault(step, {})[name] = value
    return sorted(found.items())


def _last_wall(path: Path) -> float:
    """The largest wall time of an event file; 0 for what is none."""
    try:
        return max(_wall_times(path), default=0.0)
    except (OSError, CorruptRun):
        return 0.0


def _wall_times(path: Path) -> Iterator[float]:
    """Of the events of a file, up to the first that is torn. Raises OSError or CorruptRun."""
    with files.open_regular(path) as file:
        while len(head := file.read(12)) == 12:
            size = struct.unpack("<Q", head[:8])[0]
            data = file.read(min(size, 9))
            if len(data) < 9 or data[0] != 9:
                return
            yield struct.unpack("<d", data[1:])[0]
            file.seek(size - 9 + 4, os.SEEK_CUR)


def _last_at(events: Path) -> float:
    """When the last event was told; 0 where there is none."""
    try:
        with files.open_regular(events) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            found = _AT.findall(file.read(TAIL))
    except (OSError, CorruptRun):
        return 0.0
    return float(found[-1]) if found else 0.0
