"""The requests to the process of the readers: find logs, read them, read what was added to them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DltuiError, InputError, ProtocolError
from engine.protocol import Json
from engine.reader_protocol import (
    FindLogs,
    ForgetLogs,
    FoundLogs,
    LogDescription,
    LogProgress,
    LogsProgress,
    LogToRead,
    PollLogs,
    ReadLogs,
    WriteTensorBoard,
    WrittenPoints,
)
from engine.readers import find_logs, history_writer, mlflow_database
from engine.readers.history_writer import HistoryWriter
from engine.readers.log_reader import FIRST_STEP, LogBatch, LogReader
from engine.typed_json import typed
from engine.unicode_text import has_no_surrogates

FOUND = 100
"""logs of one part of an answer"""
PART_SECONDS = 0.05


@dataclass(slots=True)
class _OpenLog:
    log: LogToRead
    reader: LogReader
    cursor: Json | None = None
    """how far its events say that it is read"""
    at: float = 0.0
    """the latest time in it; 0: not known"""
    begins_anew: bool = False
    """whether its events are those of a reading that did not come to its end"""

    def read(self) -> Iterator[LogProgress]:
        """Write what was added to the log; where nothing was, its events stay as they are."""
        with contextlib.ExitStack() as at_end:
            writer: HistoryWriter | None = None
            if self.begins_anew:
                writer, self.begins_anew = at_end.enter_context(self._writer()), False
                writer.write(LogBatch(restart=FIRST_STEP))
            for batch in self.reader.scalars():
                if not batch.is_empty:
                    writer = writer or at_end.enter_context(self._writer())
                    writer.write(batch)
                points = sum(map(len, batch.series.values()))
                yield LogProgress(
                    self.log.id, batch.bytes, points, batch.damages, is_written=not batch.is_empty
                )
            damages = [] if self.log.follow else self.reader.incomplete()
            cursor = json.loads(json.dumps(self.reader.cursor))
            is_told, is_written = writer is not None, writer is not None or cursor != self.cursor
            if is_written:
                writer = writer or at_end.enter_context(self._writer())
                writer.write(LogBatch(damages=damages))
                writer.finish(cursor)
                self.cursor, self.at = cursor, writer.at
            if damages or (is_written and not is_told):
                yield LogProgress(self.log.id, damages=damages, is_written=is_written)

    def _writer(self) -> contextlib.closing[HistoryWriter]:
        return contextlib.closing(HistoryWriter(Path(self.log.out), self.at or self.log.began_at))


class ReaderRequests:
    def __init__(self) -> None:
        self._followed: dict[str, _OpenLog] = {}
        self._handlers: Mapping[str, tuple[Any, Any]] = {
            kind.METHOD: (kind, handler)
            for kind, handler in (
                (FindLogs, self.find), (ReadLogs, self.read), (PollLogs, self.poll),
                (ForgetLogs, self.forget), (WriteTensorBoard, self.write),
            )
        }  # fmt: skip

    def call(self, _: object, method: str, facts: Mapping[str, Any]) -> Any:
        """The answer, or an iterator of its parts. Raises ProtocolError and WrongType."""
        if method not in self._handlers:
            raise ProtocolError(f"The readers have no method {method[:40]!r}.")
        kind, handler = self._handlers[method]
        return handler(typed(facts, kind, strict=True))

    def find(self, request: FindLogs) -> Iterator[FoundLogs]:
        found: list[LogDescription] = []
        left_out: list[str] = []
        try:
            for reader in find_logs.find_logs(Path(request.path), left_out.append):
                try:
                    found.append(_checked(reader.describe()))
                except Exception as error:
                    left_out.append(find_logs.reason("A log", error, OSError))
                if len(found) >= FOUND or left_out:
                    yield FoundLogs(found)
                    yield from (FoundLogs(left_out=text) for text in left_out)
                    found, left_out[:] = [], ()
            yield FoundLogs(found)
            yield from (FoundLogs(left_out=text) for text in left_out)
        finally:
            mlflow_database.close_all()

    def read(self, request: ReadLogs) -> Iterator[LogsProgress]:
        """A part every PART_SECONDS."""
        found: list[LogProgress] = []
        began = time.monotonic()
        try:
            for progress in self._read(request.logs):
                found.append(progress)
                if time.monotonic() - began >= PART_SECONDS:
                    yield LogsProgress(found)
                    found, began = [], time.monotonic()
            yield LogsProgress(found)
        finally:
            mlflow_database.close_all()

    def _read(self, logs: Sequence[LogToRead]) -> Iterator[LogProgress]:
        for log in logs:
            try:
                reader = find_logs.open_log(log.kind, log.source, log.name)
                last = history_writer.last_reading(Path(log.out))
                open_log = _OpenLog(log, reader)
                if last is not None:
                    reader.resume(last.cursor)
                    open_log.cursor, open_log.at = last
                open_log.begins_anew = last is None and Path(log.out).exists()
                yield from open_log.read()
            except Exception as error:  # it costs this log alone
                text = find_logs.reason(log.source, error, OSError, ValueError)
                yield LogProgress(log.id, has_ended=True, error=text)
                continue
            if log.follow:
                self._followed[log.id] = open_log
            yield LogProgress(log.id, has_ended=True)

    def poll(self, request: PollLogs) -> Iterator[LogProgress]:
        for run, open_log in list(self._followed.items()):
            try:
                if open_log.reader.follow():
                    yield from open_log.read()
            except Exception as error:
                self._followed.pop(run, None)
                text = find_logs.reason(open_log.log.source, error, OSError)
                yield LogProgress(run, has_ended=True, error=text)
        mlflow_database.close_all()

    def write(self, request: WriteTensorBoard) -> Iterator[WrittenPoints]:
        from engine.readers import tensorboard_export  # seldom needed

        events, folder = Path(request.events), Path(request.folder)
        try:
            counts = tensorboard_export.write(events, folder, request.name, request.params)
            yield from map(WrittenPoints, counts)
        except OSError as error:
            raise DltuiError(f"{folder} cannot be written: {error.strerror or error}.") from error

    def forget(self, request: ForgetLogs) -> None:
        for run in request.runs:
            self._followed.pop(run, None)


def _checked(log: LogDescription) -> LogDescription:
    """Raises InputError for a path that cannot be sent."""
    if not has_no_surrogates(log.source):
        raise InputError(f"{log.source!a}: the name is not UTF-8.", "Rename it.")
    return log
