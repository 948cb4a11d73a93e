"""The event files that TensorBoard reads, written through tensorboardX in the thread that trains."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.params import Value
from engine.worker import png
from engine.worker.metrics import Points, thinned

SECONDS = 1.0
"""between two writes"""
POINTS_PER_SECOND = 50
"""of a series: a record costs a tenth of a millisecond, most of it its checksum"""


class Board:
    """One event file per attempt. tensorboardX is imported with the first write: it takes a moment."""

    def __init__(self, folder: Path, attempt: int, params: Mapping[str, Value], metric: str) -> None:
        self._folder, self._attempt = folder, attempt
        self._params, self._metric = dict(params), metric
        self._first_step = 0
        self._waiting: dict[str, Points] = {}
        self._pictures: list[tuple[str, int, list[bytes]]] = []
        self._texts: list[tuple[str, int, str]] = []
        self._records: Any = None
        self._wrote_at = time.monotonic()

    def restart(self, first_step: int) -> None:
        """This attempt goes on at `first_step`: what an earlier one told of later steps is to be dropped."""
        self._first_step = first_step

    def add(self, taken: Mapping[str, Points]) -> None:
        for name, points in taken.items():
            self._waiting.setdefault(name, []).extend(points)

    def picture(self, tag: str, step: int, rows: list[bytes]) -> None:
        self._pictures.append((tag, step, rows))

    def text(self, tag: str, step: int, words: str) -> None:
        self._texts.append((tag, step, words))

    def is_due(self, now: float) -> bool:
        return now - self._wrote_at >= SECONDS

    def write(self) -> None:
        """Everything that waits, down to the disk. Raises OSError."""
        now = time.monotonic()
        most = max(int(POINTS_PER_SECOND * (now - self._wrote_at)), POINTS_PER_SECOND)
        self._wrote_at = now
        if not (self._waiting or self._pictures or self._texts):
            return
        self._open()
        waiting, self._waiting = self._waiting, {}
        for name, points in waiting.items():
            for step, value in thinned(points, most):
                self._put(step, value=[{"tag": name, "simple_value": value}])
        pictures, self._pictures = self._pictures, []
        for tag, step, rows in pictures:
            size = {"height": len(rows), "width": len(rows[0]), "colorspace": 1}
            image = {**size, "encoded_image_string": png.grey(rows)}
            self._put(step, value=[{"tag": tag, "image": image}])
        texts, self._texts = self._texts, []
        for tag, step, words in texts:
            self._event(step=step, summary=_imported("tensorboardX.summary").text(tag, words))
        self._records.flush()

    def close(self) -> None:
        if self._records is not None:
            self._records.close()

    def _open(self) -> None:
        if self._records is not None:
            return
        record_writer = _imported("tensorboardX.record_writer")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # The attempt is part of the name: two that start within a second must not share a file.
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{self._attempt:04d}"
        self._records = record_writer.RecordWriter(os.fspath(self._folder / name))
        self._event(file_version="brain.Event:2")
        if self._attempt > 1:
            from tensorboardX.proto.event_pb2 import SessionLog

            self._event(step=self._first_step, session_log=SessionLog(status=SessionLog.START))
        self._tell_params()

    def _tell_params(self) -> None:
        """In this very file: `add_hparams` would make another run of it."""
        for summary in _imported("tensorboardX.summary").hparams(self._params, {self._metric: 0.0}):
            self._event(step=self._first_step, summary=summary)

    def _put(self, step: int, value: list[dict[str, Any]]) -> None:
        from tensorboardX.proto.summary_pb2 import Summary

        self._event(step=step, summary=Summary(value=value))

    def _event(self, **facts: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event

        self._records.write(Event(wall_time=time.time(), **facts).SerializeToString())


def _imported(name: str) -> Any:
    """A module of tensorboardX, which takes PyTorch along wherever it can: not into another's process."""
    if name in sys.modules or "torch" in sys.modules:
        return importlib.import_module(name)
    modules: dict[str, Any] = sys.modules
    modules["torch"] = None
    try:
        return importlib.import_module(name)
    finally:
        del modules["torch"]
