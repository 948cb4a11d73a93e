"""The log of all that is learned, `learn/log.jsonl`: append only, one write a line, under a lock, synced.

It alone is kept; everything else follows from it. A line is a JSON object with `id`, `at` (UTC) and `kind`;
the other fields depend on the kind:

    seen      what: LECTURE.SECTION or aid:NAME
    lock      item, rev, seed, drawn, answer: a prediction, before anything runs
    mark      item, rev, seed, drawn, answer, key, rating, ms, right, guessed, hinted, run, before, after
    practice  as mark, without a card: a second answer of the same day
    undo      of: id of a mark or practice
    note      lecture, words
    exam      exam, event (begin, answer, leave, end) and what belongs to it
    setting   name, value
    reset     what: an item, a lecture or all
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.course.log_fields import LATEST, are_fields_of
from engine.errors import CorruptRun, DltuiError
from engine.files import open_regular, open_to_append, sync_path, write_bytes
from engine.places import make_private

KINDS = frozenset(("seen", "lock", "mark", "practice", "undo", "note", "exam", "setting", "reset"))
LINE_LIMIT = 100_000
LOG_LIMIT = 200_000_000
"""bytes"""


@dataclass(frozen=True, slots=True)
class LogEntry:
    id: str
    at: float
    """seconds since 1970, UTC"""
    kind: str
    fields: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        return self.fields.get(name, default)


@dataclass(frozen=True, slots=True)
class LogRead:
    entries: tuple[LogEntry, ...]
    size: int
    """bytes up to the end of the last whole line"""
    skipped: int = 0
    """lines that are no entry"""
    newer: int = 0
    """entries of a kind that is not known here: a newer dltui wrote them"""


def new_entry(kind: str, at: float, **fields: Any) -> LogEntry:
    """An entry with an id of its own, its time in whole milliseconds."""
    return LogEntry(secrets.token_hex(6), round(at, 3), kind, fields)


def to_line(entry: LogEntry) -> bytes:
    moment = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = {"id": entry.id, "at": moment, "kind": entry.kind, **entry.fields}
    return json.dumps(made, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def append(path: Path, entries: Iterable[LogEntry]) -> None:
    """Write entries to the log; they are on stable storage when this returns.

    Raises DltuiError, with the log as it was, where it cannot be written.
    """
    with appending(path) as log:
        for entry in entries:
            log.write(entry)


class OpenLog:
    """The log under its lock: what others wrote can be read before one writes."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    def read(self) -> LogRead:
        return read(self._path)

    def lines(self) -> list[bytes]:
        """Of the whole log, a torn one at its end too."""
        with open_regular(self._path) as file:
            return file.read(LOG_LIMIT).split(b"\n")

    def write(self, entry: LogEntry) -> None:
        line = to_line(entry)
        if len(line) > LINE_LIMIT:
            raise DltuiError(
                f"{self._path.name}: expected at most {LINE_LIMIT:,} bytes a line, got {len(line):,}."
            )
        size = os.fstat(self._handle).st_size
        if size and os.pread(self._handle, 1, size - 1) != b"\n":
            line = b"\n" + line  # after a line that a crash has torn
        try:
            if os.write(self._handle, line) != len(line):
                raise OSError(28, os.strerror(28))
            os.fsync(self._handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, size)
            raise


@contextlib.contextmanager
def appending(path: Path) -> Any:
    """The log, locked against others until the end. Raises DltuiError."""
    try:
        if not path.parent.parent.exists():
            make_private(path.parent.parent)  # the home: nobody else may enter that either
        make_private(path.parent)
        is_new = not path.exists()
        handle = _open_locked(path)
        try:
            yield OpenLog(path, handle)
            if is_new:
                sync_path(path.parent)
        finally:
            os.close(handle)
    except OSError as error:
        raise DltuiError(
            f"{path} cannot be written: {error.strerror or error}.", "Nothing is lost; answer once more then."
        ) from error


def _open_locked(path: Path) -> int:
    """The file that has the name of the log once the lock is held: a merge puts another one in its place."""
    while True:
        handle = open_to_append(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_ino == os.stat(path).st_ino:
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def read(path: Path, start: int = 0) -> LogRead:
    """The entries from byte `start` on; torn and foreign lines are passed over. Raises CorruptRun."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > LOG_LIMIT:
                raise CorruptRun(f"{path}: expected at most {LOG_LIMIT:,} bytes, got {size:,}.")
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return LogRead((), 0)
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error
    whole, _, torn = data.rpartition(b"\n")
    entries, skipped, newer = [], 0, 0
    for line in whole.split(b"\n") if whole else ():
        entry = parse_line(line)
        if entry is not None and entry.kind in KINDS:
            entries.append(entry)
        elif entry is not None:
            newer += 1
        elif line.strip():
            skipped += 1
    return LogRead(tuple(entries), start + len(data) - len(torn), skipped, newer)


def parse_line(line: bytes) -> LogEntry | None:
    """None for a line that is no entry."""
    if len(line) > LINE_LIMIT:
        return None
    try:
        made = json.loads(line, parse_constant=_refuse)
        moment = datetime.fromisoformat(made.pop("at"))
        found, kind = made.pop("id"), made.pop("kind")
        if moment.tzinfo is None or not isinstance(found, str) or not isinstance(kind, str):
            return None
        at = moment.timestamp()
        return LogEntry(found, at, kind, made) if 0 <= at < LATEST and are_fields_of(kind, made) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def merge(logs: Iterable[Iterable[LogEntry]]) -> list[LogEntry]:
    """The union of logs, each entry once, by time."""
    united = {entry.id: entry for log in logs for entry in log}
    return sorted(united.values(), key=lambda entry: (entry.at, entry.id))


def merge_into(path: Path, lines: Iterable[bytes]) -> tuple[int, int, int]:
    """Add the lines of another log: all entries by time, in a new file in place of the log; what is no
    entry stays above them. Returns how many lines were added, were there before, and could not be read.
    Raises DltuiError."""
    with appending(path) as log:
        own = log.lines()
        entries = {entry.id: (entry.at, line) for line in own if (entry := parse_line(line)) is not None}
        foreign = [line for line in own if line.strip() and parse_line(line) is None]
        known = skipped = 0
        before = len(entries)
        for line in lines:
            entry = parse_line(line)
            if entry is None:
                skipped += 1
            elif entry.id in entries:
                known += 1
            else:
                entries[entry.id] = (entry.at, line)
        if len(entries) > before:
            ordered = [
                entries[name][1] for name in sorted(entries, key=lambda name: (entries[name][0], name))
            ]
            write_bytes(path, b"".join(line + b"\n" for line in (*foreign, *ordered)))
        return len(entries) - before, known, skipped
