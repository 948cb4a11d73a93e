"""The event file of a run: append only, one JSON object per line, one writer.

A crash of the writer may leave an incomplete last line. Kinds that a reader does not know it leaves out.

`system` events have what the run used of its machine since the one before, every few seconds while it trains:

    {"seq":9,"at":1764522199.1,"elapsed":45.0,"kind":"system","step":1200,"cpu":98.3,"rss":412,"mem":37,
     "gpu":[[0,31,8731,6.1,212,55]]}

`engine/system_metrics.py` has their names. The first one of an attempt has `cores`, the processors that the
run may use. A number that is not known is left out: `gpu` while no service runs that reads it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from engine import files
from engine.errors import FULL, CorruptRun
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, WrongType, in_bounds, typed

if TYPE_CHECKING:  # a worker of `dltui exec` writes events without the other types
    from engine.protocol import Json

PENDING_LIMIT = 8 * 1024 * 1024
"""bytes kept in memory while the disk takes none"""
LINE_LIMIT = PENDING_LIMIT
"""most bytes of a line; longer lines are not events"""
CHUNK = 1 << 20
_HEAD = b'{"seq":'
_SEQ = re.compile(rb'\{"seq":\s*(\d{1,15})(?!\d)')


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the file. `facts` are the fields of its kind."""

    seq: int
    at: float
    """seconds since 1970"""
    kind: str
    facts: Json
    elapsed: float | None = None
    """seconds since the writer was opened, on the monotonic clock, which stops while the machine sleeps; None
    in files of older versions"""
    line: bytes = field(default=b"", compare=False, repr=False)
    """as it stands in the file, for a reader that keeps long facts unparsed; empty where it came otherwise"""

    @property
    def clock(self) -> float:
        """Seconds for durations within one attempt; comparable only within it."""
        return self.at if self.elapsed is None else self.elapsed


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that is not an event and was not left incomplete by a crash of its writer."""

    offset: int
    text: str
    """what is wrong with it"""


class NumberedLine(NamedTuple):
    """A complete line: the number of its event and the byte at which it begins."""

    seq: int
    offset: int


def parse(line: bytes) -> Event:
    """Raises CorruptRun for a line that is not an event."""
    try:
        return from_json(files.parse_object(line), line)
    except ValueError as error:
        raise CorruptRun(f"Not an event: {line[:80]!s} ({error}).") from error


def from_json(data: Json, line: bytes = b"") -> Event:
    """Raises ValueError."""
    facts = dict(data)
    seq, at, kind = facts.pop("seq", None), facts.pop("at", None), facts.pop("kind", None)
    if type(seq) is not int or seq < 1:
        raise WrongType("seq", "a whole number of 1 or more", seq)
    when: float = at if type(at) is float else _typed_field("at", at, float)
    in_bounds("at", when, 0, LATEST_TIME)
    elapsed = facts.pop("elapsed", None)
    if elapsed is not None:
        elapsed = elapsed if type(elapsed) is float else _typed_field("elapsed", elapsed, float)
        in_bounds("elapsed", elapsed, 0, LATEST_TIME)
    name: str = kind if type(kind) is str else _typed_field("kind", kind, str)
    check_fields(name, facts)
    return Event(seq, when, name, facts, elapsed, line)


def _typed_field(name: str, value: object, kind: type[T]) -> T:
    try:
        return typed(value, kind)
    except WrongType as error:
        raise error.within(name) from None


def seq_of(line: bytes) -> int | None:
    """The number of a line without parsing the rest of it; None for an incomplete line."""
    found = _SEQ.match(line)
    return int(found[1]) if found and line.endswith(b"}") else None


def read_lines(path: Path, offset: int, limit: int = 8 * CHUNK) -> tuple[list[bytes], int]:
    """Complete lines from byte `offset` on, about `limit` bytes of them, and the offset behind the last.

    Incomplete lines, and those beyond LINE_LIMIT, are left out. Behind the end of the file the list is empty.
    Raises CorruptRun where `path` is not a regular file of this user.
    """
    try:
        with files.open_regular(path) as file:
            file.seek(offset)
            text = file.read(min(limit, max(0, os.fstat(file.fileno()).st_size - offset)))
            if text and not text.endswith(b"\n"):
                text += file.readline(LINE_LIMIT)
            end = offset + text.rfind(b"\n") + 1
            if len(text) - (end - offset) >= LINE_LIMIT:
                end = _skip_line(file)
    except FileNotFoundError:
        return [], offset
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error
    lines = text.split(b"\n")[:-1]
    return [line for line in lines if seq_of(line) is not None], end


def _skip_line(file: BufferedReader) -> int:
    """Read to the end of the current line; returns the offset behind it."""
    while (more := file.readline(CHUNK)) and not more.endswith(b"\n"):
        pass
    return file.tell()


def replay(path: Path, wanted: Callable[[bytes], bool] | None = None) -> Iterator[Event]:
    """Every event, or those of the `wanted` lines; damaged lines are left out. Raises CorruptRun."""
    offset = 0
    while True:
        lines, end = read_lines(path, offset)
        for line in lines:
            if wanted is None or wanted(line):
                try:
                    yield parse(line)
                except CorruptRun:
                    continue  # `damaged_lines` reports it
        if end == offset:
            return
        offset = end


def damaged_lines(path: Path) -> Iterator[DamagedLine]:
    """The lines that are not events, in order.

    Not damaged are an incomplete last line, and an incomplete line whose number the next writer used again.
    Raises CorruptRun where `path` is not a regular file of this user.
    """
    torn: DamagedLine | None = None
    number = 0
    before, last = 0, NumberedLine(0, 0)
    for offset, line in _lines(path):
        head = _SEQ.match(line)
        if torn and head and int(head[1]) != number:
            yield torn
        torn, number = None, int(head[1]) if head else last.seq + 1
        try:
            seq = _number_in(line)
        except CorruptRun as error:
            torn = DamagedLine(offset, error.message)
            if not may_be_torn(line):
                yield torn
                torn = None
            continue
        if seq > last.seq:
            before, last = last.seq, NumberedLine(seq, offset)
        elif seq > before:  # the number before this one is wrong, not all that follow it
            yield DamagedLine(last.offset, f"Event {last.seq} comes before event {seq}.")
            last = NumberedLine(seq, offset)
        else:
            yield DamagedLine(offset, f"Event {seq} follows event {last.seq}.")
    if torn:
        yield torn


def may_be_torn(line: bytes) -> bool:
    """Whether the line is the beginning of an event, as a crash of its writer leaves it."""
    return len(line) <= LINE_LIMIT and not line.endswith(b"}") and _HEAD.startswith(line[: len(_HEAD)])


def _number_in(line: bytes) -> int:
    if len(line) > LINE_LIMIT:
        raise CorruptRun(f"A line of more than {LINE_LIMIT:,} bytes.")
    seq = parse(line).seq
    if seq_of(line) is None:
        raise CorruptRun(f"Not an event: {line[:80]!s} (expected its number first).")
    return seq


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(offset, line) of every complete line that is not empty, at most LINE_LIMIT + 2 bytes of each."""
    try:
        with files.open_regular(path) as file:
            while line := file.readline(LINE_LIMIT + 2):
                start = file.tell() - len(line)
                if not line.endswith(b"\n") and len(line) > LINE_LIMIT:
                    _skip_line(file)
                elif not line.endswith(b"\n"):
                    return
                if line != b"\n":
                    yield start, line.removesuffix(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error


class EventWriter:
    """The only writer of a file. Lines that a full disk refuses are kept in memory and written later, so that
    training does not wait for the log."""

    def __init__(self, path: Path) -> None:
        self._fd, self.folder = files.open_to_append(path), path.parent
        self._is_named = False
        """whether the file's entry in its folder is on stable storage"""
        self._pending = bytearray()
        self._began = time.monotonic()
        self._seq = last_seq(path)
        self.dropped = 0
        """events lost because the disk stayed full"""
        if not _ends_with_newline(self._fd):
            self._pending += b"\n"

    @property
    def seq(self) -> int:
        return self._seq

    def append(self, kind: str, **facts: object) -> int:
        """Write an event and return its number. Raises ValueError for facts that are not JSON."""
        self._seq += 1
        elapsed = round(time.monotonic() - self._began, 3)
        head: Json = {"seq": self._seq, "at": round(time.time(), 3), "elapsed": elapsed, "kind": kind}
        line = json.dumps({**head, **facts}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if len(self._pending) + len(line) > PENDING_LIMIT:
            self.dropped += 1
        else:
            self._pending += line
        self.flush()
        return self._seq

    def flush(self) -> bool:
        """Write the pending lines; False while the disk is full."""
        try:
            while self._pending:
                written = os.write(self._fd, self._pending)
                del self._pending[:written]
        except OSError as error:
            if error.errno not in FULL:
                raise
        return not self._pending

    def sync(self) -> bool:
        """Flush and fsync; False while the disk is full. Raises OSError."""
        is_whole = self.flush()
        os.fsync(self._fd)
        if not self._is_named:
            files.sync_path(self.folder)
            self._is_named = True
        return is_whole

    def close(self) -> None:
        self.flush()
        os.close(self._fd)


def last_seq(path: Path) -> int:
    """The highest event number near the end of the file; 0 where there is none. Raises CorruptRun."""
    try:
        with files.open_regular(path) as file:
            start = file.seek(0, os.SEEK_END)
            while start > 0:
                start = max(0, start - CHUNK)
                file.seek(start)
                lines = file.read(CHUNK + LINE_LIMIT).split(b"\n")
                found = [seq for line in lines if (seq := seq_of(line))]
                if found:
                    return max(found)
    except FileNotFoundError:
        pass  # none were written yet
    return 0


def _ends_with_newline(fd: int) -> bool:
    end = os.lseek(fd, 0, os.SEEK_END)
    return end == 0 or os.pread(fd, 1, end - 1) == b"\n"


# --- checks of the fields that readers of a history rely on -----------------------------------------------

NON_FINITE = frozenset({"nan", "inf", "-inf"})
"""text for numbers that JSON does not have"""


def check_fields(kind: str, facts: Json) -> None:
    """Raises WrongType. Unknown fields and kinds pass: a newer version may have written them."""
    step = facts.get("step")
    if type(step) is int and not -WHOLE_LIMIT < step < WHOLE_LIMIT:
        raise WrongType("step", "a whole number of at most 64 bits", step)
    known = _CHECKS.get(kind)
    if known is not None:
        known(facts)


def _check_metrics(facts: Json) -> None:
    series = facts.get("series")
    if type(series) is not dict:
        raise WrongType("series", "an object", series)
    for name, columns in series.items():
        try:
            _check_columns(columns)
        except WrongType as error:
            raise error.within(name[:80]).within("series") from None


def _check_columns(columns: object) -> None:
    """Two lists of one length: steps and values. Checked as whole lists, since they may be long."""
    if type(columns) is not list or [type(column) for column in columns] != [list, list]:
        raise WrongType("", "a list of steps and a list of values", columns)
    steps, values = columns
    if len(steps) != len(values):
        raise WrongType("", f"as many values as steps ({len(steps)})", came=str(len(values)))
    if not set(map(type, steps)) <= {int}:
        raise WrongType("", "whole numbers as steps", next(step for step in steps if type(step) is not int))
    if steps and not (min(steps) > -WHOLE_LIMIT and max(steps) < WHOLE_LIMIT):
        raise WrongType("", "whole numbers of at most 64 bits as steps", came="a larger one")
    kinds = set(map(type, values))
    odd = kinds - {int, float, str}
    if odd:
        raise WrongType("", "numbers as values", next(value for value in values if type(value) in odd))
    if kinds - {float}:
        for value in values:
            if type(value) is str and value not in NON_FINITE:
                raise WrongType("", "a number, nan, inf or -inf", value)
            if type(value) is int and not -WHOLE_LIMIT < value < WHOLE_LIMIT:
                raise WrongType("", "numbers of at most 64 bits as values", value)


def _check_point_columns(facts: Json) -> None:
    """As metrics, with three columns in base64 each, which are decoded where they are read."""
    series = facts.get("series")
    if type(series) is not dict:
        raise WrongType("series", "an object", series)
    for name, columns in series.items():
        if type(columns) is not list or [type(column) for column in columns] != [str, str, str]:
            raise WrongType("", "three texts", columns).within(name[:80]).within("series")


def _check_step(facts: Json) -> None:
    if "step" not in facts:
        raise WrongType("step", "a whole number", came="nothing")
    try:
        typed(facts["step"], int)
    except WrongType as error:
        raise error.within("step") from None


_CHECKS: dict[str, Callable[[Json], None]] = {
    "metrics": _check_metrics,
    "columns": _check_point_columns,
    "restored": _check_step,
    "checkpoint": _check_step,
    "system": _check_step,
}
