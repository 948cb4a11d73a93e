"""The journal of a sweep: an append-only file of JSON lines with one writer.

A crash may leave an incomplete last line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from engine import files
from engine.axes import Axis
from engine.params import Value
from engine.protocol import Json
from engine.spec_versions import VERSION
from engine.sweep_protocol import TrialStatus
from engine.typed_json import ALL, Number, WrongType, typed

LIMIT = 512 * 1024 * 1024
"""bytes of a journal, ten times those of a hundred thousand trials"""
_HEAD = b'{"at":'


def read(path: Path) -> list[Json]:
    """All complete entries, in order; lines cut off by a crash are skipped. Raises CorruptRun.

    A damaged line becomes an entry of the kind `damaged`, whose text gives its position.
    """
    data = files.read_bytes(path, limit=LIMIT)
    if data is None:
        return []
    return _parse_all([line for line in data.split(b"\n") if line]) or list(_parse_each(data))


def append(path: Path, entries: list[Json]) -> None:
    """Append and fsync. Raises OSError or CorruptRun; then none of the entries is written."""
    now = round(time.time(), 3)
    lines = b"".join(
        json.dumps({"at": now, "version": VERSION, **entry}, allow_nan=False, separators=(",", ":")).encode()
        + b"\n"
        for entry in entries
    )
    fd = files.open_to_write(path)
    try:
        end = os.lseek(fd, 0, os.SEEK_END)
        torn = end > 0 and os.pread(fd, 1, end - 1) != b"\n"
        _write(fd, end, b"\n" + lines if torn else lines)
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, end: int, data: bytes) -> None:
    """Write all of `data`, or nothing if that fails."""
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(fd, data[done:], end + done)
    except OSError:
        os.ftruncate(fd, end)
        raise


def _parse_all(lines: list[bytes]) -> list[Json]:
    """Parse all lines at once, which is fast; empty unless every line is an entry."""
    try:
        entries = files.parse(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return []
    return entries if len(entries) == len(lines) and all(map(_is_entry, entries)) else []


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("kind"), str)


def _parse_each(data: bytes) -> Iterator[Json]:
    offset = 0
    for line in data.split(b"\n"):
        entry = _parse(line)
        if entry is not None:
            yield entry
        elif not _is_torn(line):
            yield {"kind": "damaged", "text": f"byte {offset}: not a fact: {line[:40]!s}"}
        offset += len(line) + 1


def _parse(line: bytes) -> Json | None:
    try:
        entry = files.parse(line)
    except ValueError:
        return None
    return entry if _is_entry(entry) else None


def _is_torn(line: bytes) -> bool:
    """Whether a crash may have left `line`: the beginning of an entry."""
    if not _HEAD.startswith(line[: len(_HEAD)]):
        return False
    last = line[-1:]
    if last == b"}":
        return _parse(line + b"}") is not None
    return last in b"0123456789,." or _parse(line[:-1] + b"}") is None


@dataclass(frozen=True, slots=True)
class AskedEntry:
    trial: int
    config: int
    params: Mapping[str, Value]
    seed: int
    point: int | None
    created_at: float = 0.0
    run: str = ""


@dataclass(frozen=True, slots=True)
class TrialEntry:
    trial: int


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    trial: int
    cause: str


@dataclass(frozen=True, slots=True)
class ToldEntry:
    trial: int
    status: TrialStatus
    metrics: Mapping[str, Number]
    value: float | None
    step: int
    best_step: int
    total_steps: int
    seconds: float
    cause: str


@dataclass(frozen=True, slots=True)
class RungEntry:
    trial: int
    rung: int
    value: Number
    why: str


@dataclass(frozen=True, slots=True)
class LearnedEntry:
    config: int


@dataclass(frozen=True, slots=True)
class EmptyEntry:
    """An entry without fields."""


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """Replaces a damaged line in memory."""

    text: str


@dataclass(frozen=True, slots=True)
class HeldEntry:
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlindEntry:
    """The sweep stopped by itself: no trial logs its metric."""

    why: str
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PinEntry:
    trial: int
    on: bool


@dataclass(frozen=True, slots=True)
class AddEntry:
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class WidenEntry:
    """Either `seeds` or `axes` is set."""

    JSON_OMITTED: ClassVar = ALL

    seeds: tuple[int, ...] | None = None
    axes: tuple[Axis, ...] | None = None


@dataclass(frozen=True, slots=True)
class CountEntry:
    count: int | None


@dataclass(frozen=True, slots=True)
class ExtendEntry:
    JSON_OMITTED: ClassVar = ALL

    trial: int
    lengths: Mapping[str, Any] | None = None
    params: Mapping[str, Value] | None = None
    seed: int | None = None


KINDS: dict[str, type] = {
    "asked": AskedEntry, "begun": TrialEntry, "refused": RefusedEntry, "told": ToldEntry, "rung": RungEntry,
    "learned": LearnedEntry, "reopened": TrialEntry, "exhausted": EmptyEntry, "damaged": DamagedEntry,
    "blind": BlindEntry,
}  # fmt: skip
EDITS: dict[str, type] = {
    "pause": HeldEntry, "stop": HeldEntry, "resume": EmptyEntry, "stop_trial": TrialEntry, "pin": PinEntry,
    "add": AddEntry, "widen": WidenEntry, "parallel": CountEntry, "trials": CountEntry, "extend": ExtendEntry,
}  # fmt: skip


def fields(entry: Json) -> Any:
    """The entry as its dataclass. Raises WrongType for an unknown kind and fields of another type."""
    kind, verb = entry.get("kind"), entry.get("verb")
    shape = EDITS.get(str(verb)) if kind == "edited" else KINDS.get(str(kind))
    if shape is None:
        raise WrongType("kind", "a fact of a sweep", verb if kind == "edited" else kind)
    typed(entry.get("at", 0.0), float)
    return typed(entry, shape)
