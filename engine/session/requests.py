"""Questions on their way in: read by a thread, in order, never more than a bounded heap of them."""

from __future__ import annotations

import json
import queue
import threading
from typing import BinaryIO

from engine.protocol import Json

LINE_LIMIT = 16 * 1024 * 1024
"""bytes of one question: a file of sentences to be scored may be in it"""
WAITING = 1024


class RequestQueue:
    """Lines of JSON from `file`. Whoever asks faster than is answered waits on the pipe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines: queue.Queue[Json | None] = queue.Queue(WAITING)
        self.is_closed = False
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def take(self, *, wait: bool) -> list[Json]:
        """What has come; with `wait` at least one question, unless the other side has gone."""
        taken: list[Json] = []
        while not self.is_closed:
            try:
                line = self._lines.get(block=wait and not taken)
            except queue.Empty:
                break
            if line is None:
                self.is_closed = True
            else:
                taken.append(line)
        return taken

    def _read(self) -> None:
        while line := self._file.readline(LINE_LIMIT):
            self._lines.put(_parse(line))
        self._lines.put(None)


def _parse(line: bytes) -> Json:
    try:
        question = json.loads(line)
        if isinstance(question, dict):
            return question
    except (ValueError, RecursionError):
        pass  # answered like any other question that cannot be understood
    return {"ask": "?"}
