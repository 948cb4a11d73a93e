"""The records of one file of TFRecords, which may grow: read in batches, damaged ones named and left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import files, tfrecord
from engine.readers.equal_records import EqualRecords, checksums, equal_records

CHUNK = 4 << 20
"""bytes of a batch"""
RECORD_LIMIT = 256 << 20
"""bytes of a record; longer ones are left out"""
LEAST_REACH, MOST_REACH = 256, 8192
"""records that are compared with the one before at a time"""
DAMAGES_LIMIT = 100
"""damaged records of one file that are named"""
_FRAME = tfrecord.HEAD + tfrecord.TAIL
_NOT_ZERO = re.compile(rb"[^\0]")


class DamagedRecord(NamedTuple):
    """A part of a file that was left out."""

    path: Path
    offset: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.name}: {self.text} at byte {self.offset:,}"


@dataclass(slots=True)
class GrowingFile:
    """`offset` is that behind the last whole record; a later `read` goes on there."""

    path: Path
    offset: int = 0
    damages: int = 0
    seen: int = 0
    """the size of the file at the last `read`"""

    def has_grown(self) -> bool:
        """Whether its size is not that of the last reading. A thousand files are asked twice a second."""
        try:
            return os.stat(self.path).st_size != self.seen
        except OSError:
            return self.seen != 0

    @property
    def torn(self) -> DamagedRecord | None:
        """The record that the file ends within: its writer may still complete it."""
        text = "the file ends within a record that begins"
        return DamagedRecord(self.path, self.offset, text) if self.seen > self.offset else None

    def _pass_long(self, size: int, what: str) -> RecordBatch:
        text = f"{what}, of which at most {RECORD_LIMIT:,} are read,"
        damage = DamagedRecord(self.path, self.offset, text)
        self.offset += size
        return empty_batch(size, damage)

    def _pass(self, size: int, damages: list[tuple[int, str]]) -> list[DamagedRecord]:
        """Go on behind `size` bytes; the damages among them that are named."""
        named = [
            DamagedRecord(self.path, self.offset + at, text)
            for at, text in damages[: max(0, DAMAGES_LIMIT - self.damages)]
        ]
        self.damages += len(damages)
        self.offset += size
        return named


@dataclass(slots=True)
class RecordFile(GrowingFile):
    def read(self, limit: int = CHUNK, checked: bool = True) -> RecordBatch:
        """The whole records of the next `limit` bytes, or one longer record. Raises OSError, CorruptRun.

        Those with a wrong checksum are left out, where they are `checked`.
        """
        with files.open_regular(self.path, follow=True, foreign=True) as file:
            self.seen = os.fstat(file.fileno()).st_size
            if self.seen <= self.offset:
                return empty_batch()
            file.seek(self.offset)
            data = file.read(min(limit, self.seen - self.offset))
            needed = _needed(data)
            if needed > RECORD_LIMIT:
                return self._leave_out(needed)
            if needed > len(data):
                data += file.read(needed - len(data))
        return self._split(data, checked)

    def first(self, limit: int, marker: bytes) -> list[bytes]:
        """The first record, unchecked; all of the first `limit` bytes where `marker` is among them.

        Raises OSError, CorruptRun.
        """
        with files.open_regular(self.path, follow=True, foreign=True) as file:
            data = file.read(limit)
        length = _needed(data)
        if marker not in data and _FRAME < length <= len(data):
            return [data[tfrecord.HEAD : length - tfrecord.TAIL]]
        return [*self.read(limit, checked=False).records]

    def _leave_out(self, size: int) -> RecordBatch:
        """Skip a record of `size` bytes, once it is complete."""
        if self.offset + size > self.seen:
            return empty_batch()
        return self._pass_long(size, f"a record of {size:,} bytes")

    def _split(self, data: bytes, checked: bool) -> RecordBatch:
        buffer = np.frombuffer(data, np.uint8)
        starts, lengths, damages, end = _scan(data, buffer)
        equal = list(equal_records(buffer, starts, lengths)) if checked else []
        if checked:
            sums = buffer[(starts + lengths)[:, None] + np.arange(tfrecord.TAIL)].view("<u4").reshape(-1)
            good = sums == checksums(buffer, starts, lengths, equal)
            if not good.all():
                damages += [(at - tfrecord.HEAD, "a record with a wrong checksum") for at in starts[~good]]
                starts, lengths = starts[good], lengths[good]
                equal = list(equal_records(buffer, starts, lengths))
        return RecordBatch(data, buffer, starts, lengths, self._pass(end, sorted(damages)), end, equal)


class RecordBatch(NamedTuple):
    data: bytes
    buffer: NDArray[np.uint8]
    """of `data`"""
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    damages: list[DamagedRecord]
    size: int
    """bytes of the file; 0 at its present end"""
    equal: Sequence[EqualRecords] = ()
    """those of lengths that several have"""

    def record(self, place: int) -> bytes:
        start = int(self.starts[place])
        return self.data[start : start + int(self.lengths[place])]

    @property
    def records(self) -> Iterator[bytes]:
        return map(self.record, range(len(self.starts)))


def empty_batch(size: int = 0, *damages: DamagedRecord) -> RecordBatch:
    nothing = np.empty(0, np.int64)
    return RecordBatch(b"", np.empty(0, np.uint8), nothing, nothing, list(damages), size)


def _needed(data: bytes) -> int:
    """The bytes of the first record of `data`; 0 where that is not known."""
    length = tfrecord.length_in(data[: tfrecord.HEAD]) if len(data) >= tfrecord.HEAD else None
    return 0 if length is None else length + _FRAME


@dataclass(slots=True)
class _RecordPlaces:
    """Where records lie, in order."""

    parts: list[NDArray[np.int64]] = field(default_factory=list)
    """starts above lengths"""
    single: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, length: int, count: int) -> None:
        if count == 1:
            self.single.append((start, length))
            return
        self._flush()
        self.parts.append(np.stack((start + np.arange(count) * (_FRAME + length), np.full(count, length))))

    def all(self) -> NDArray[np.int64]:
        self._flush()
        return np.concatenate(self.parts, axis=1) if self.parts else np.empty((2, 0), np.int64)

    def _flush(self) -> None:
        if self.single:
            self.parts.append(np.array(self.single, np.int64).T)
            self.single = []


def _scan(
    data: bytes, buffer: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[tuple[int, str]], int]:
    """(starts, lengths, damaged places, end) of the whole records, found by their lengths.

    Behind a damaged length, the next whole one is searched. Records of one length in a row are found at once.
    """
    places, damages = _RecordPlaces(), []
    position, size, reach = 0, len(data), LEAST_REACH
    before = b""
    known: dict[bytes, int] = {}
    while position + _FRAME <= size:
        head = data[position : position + tfrecord.HEAD]
        length = known.get(head)
        if length is None:
            length = tfrecord.length_in(head)
            if length is None:
                following = _next_head(data, position + 1)
                damages.append((position, f"{following - position:,} bytes that are no record"))
                position = following
                continue
            known[head] = length
        if position + _FRAME + length > size:
            break
        count = 1
        if head == before:
            count = _alike(buffer, position, _FRAME + length, reach)
            reach = min(8 * reach, MOST_REACH) if count == reach else LEAST_REACH
        places.add(position + tfrecord.HEAD, length, count)
        position += count * (_FRAME + length)
        before = head
    starts, lengths = places.all()
    return starts, lengths, damages, position


def _alike(buffer: NDArray[np.uint8], position: int, size: int, reach: int) -> int:
    """How many records of `size` bytes, of at most `reach`, follow that begin with the same length."""
    most = min((len(buffer) - position) // size, reach)
    heads = buffer[position : position + most * size].reshape(most, size)[:, : tfrecord.HEAD]
    differs = (heads != heads[0]).any(axis=1)
    return int(differs.argmax()) if differs.any() else most


def _next_head(data: bytes, position: int) -> int:
    """The place of the next length with a right checksum, else the end but for what may begin one."""
    while (zeros := data.find(bytes(4), position + 4)) >= 0:  # the upper half of a length below 4 GiB
        position = zeros - 4
        head = data[position : position + tfrecord.HEAD]
        if len(head) == tfrecord.HEAD and tfrecord.length_in(head) is not None:
            return position
        position += 1
        if not any(head):
            following = _NOT_ZERO.search(data, position)
            position = max(position, (following.start() if following else len(data)) - tfrecord.HEAD)
    return max(position, len(data) - tfrecord.HEAD + 1)
