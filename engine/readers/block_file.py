"""The records of one file of W&B, which may grow: read in batches, damaged ones named and left out.

The file is a row of blocks; a record is one chunk, or several where it does not fit into the rest of a block.
A chunk has its CRC-32, its length and its place in the record before its data.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.errors import CorruptRun
from engine.readers.record_file import (
    RECORD_LIMIT,
    GrowingFile,
    RecordBatch,
    empty_batch,
)

BLOCK = 32 << 10
BEGIN = b":W&B\xe1\xbe\0"
"""the first bytes of a file: a name, a number, the version of the format"""
CHUNK_HEAD = struct.Struct("<IHB")
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
READ = 2 << 20
"""bytes of a batch"""
_HEAD = CHUNK_HEAD.size


@dataclass(slots=True)
class BlockFile(GrowingFile):
    def read(self, limit: int = READ) -> RecordBatch:
        """The whole records of the next `limit` bytes, or one longer record. Raises OSError, CorruptRun."""
        with files.open_regular(self.path, follow=True, foreign=True) as file:
            self.seen = os.fstat(file.fileno()).st_size
            if self.offset == 0:
                self._check_begin(file.read(len(BEGIN)))
            while self.offset < self.seen:
                file.seek(self.offset)
                limit += -(self.offset + limit) % BLOCK  # a whole block is searched behind damage
                scan = _Scan(file.read(limit), self.offset)
                scan.run()
                if scan.end or self.offset + limit >= self.seen:
                    return self._batch(scan)
                if limit >= RECORD_LIMIT:
                    return self._pass_long(limit, f"{limit:,} bytes of a record")
                limit *= 4
        return empty_batch()

    def _check_begin(self, begin: bytes) -> None:
        """Raises CorruptRun where the file is of another format, or has not begun."""
        if begin != BEGIN[: len(begin)]:
            raise CorruptRun(f"{self.path} does not begin as a file of W&B.")
        if len(begin) < len(BEGIN):
            raise CorruptRun(f"{self.path} has no record yet.")
        self.offset = len(BEGIN)

    def _batch(self, scan: _Scan) -> RecordBatch:
        named = self._pass(scan.end, scan.damages)
        data = b"".join((scan.data, *scan.joined, bytes(8)))
        buffer = np.frombuffer(data, np.uint8)
        return RecordBatch(
            data, buffer, np.array(scan.starts, np.int64), scan.lengths(buffer), named, scan.end
        )


@dataclass(slots=True)
class _Scan:
    """Finds the records in bytes that stand at `offset` of the file."""

    data: bytes
    offset: int
    starts: list[int] = field(default_factory=list)
    joined: list[bytes] = field(default_factory=list)
    """records of several chunks, which are put behind `data`"""
    damages: list[tuple[int, str]] = field(default_factory=list)
    end: int = 0
    """behind the last whole record"""
    _parts: list[memoryview] = field(default_factory=list)
    _size: int = 0
    """of `joined`"""

    def run(self) -> None:
        data, size, view = self.data, len(self.data), memoryview(self.data)
        add, unpack, crc32 = self.starts.append, CHUNK_HEAD.unpack_from, zlib.crc32
        position = 0
        while position + _HEAD <= size:
            block_end = position + BLOCK - (self.offset + position) % BLOCK
            stop = min(block_end, size)
            while position + _HEAD <= stop:
                crc, length, kind = unpack(data, position)
                behind = position + _HEAD + length
                if behind <= stop and WHOLE <= kind <= LAST and crc32(view[position + 6 : behind]) == crc:
                    if kind == WHOLE and not self._parts:
                        add(position + _HEAD)
                        self.end = behind
                    else:
                        self._add_part(position, kind, view[position + _HEAD : behind])
                    position = behind
                elif behind > size and behind <= block_end and WHOLE <= kind <= LAST:
                    return  # the file ends within it
                else:
                    position = self._skip(position, stop)
            position = block_end if block_end < size else size
        if not self._parts:
            self.end = max(self.end, position)

    def lengths(self, buffer: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Of all records; those of whole chunks stand before them."""
        starts = np.array(self.starts, np.int64)
        found = buffer[starts - 3].astype(np.int64) | buffer[starts - 2].astype(np.int64) << 8
        is_joined = starts >= len(self.data)
        found[is_joined] = list(map(len, self.joined))
        return found

    def _add_part(self, position: int, kind: int, part: memoryview) -> None:
        behind = position + _HEAD + len(part)
        if kind in (WHOLE, FIRST):
            if self._parts:
                self.damages.append((position, "the end of a record is missing before the one"))
            self._parts = [part]
            if kind == WHOLE:
                self._parts, self.end = [], behind
                self.starts.append(position + _HEAD)
        elif self._parts:
            self._parts.append(part)
            if kind == LAST:
                self._join(behind)
        else:
            self.end = behind  # the rest of a record whose beginning was named as damaged

    def _join(self, behind: int) -> None:
        record = b"".join(self._parts)
        self.starts.append(len(self.data) + self._size)
        self.joined.append(record)
        self._size += len(record)
        self._parts, self.end = [], behind

    def _skip(self, position: int, stop: int) -> int:
        """The next whole chunk before the end of the block, else that end; what is between is damaged."""
        following = next((at for at in range(position + 1, stop - _HEAD) if self._is_chunk(at, stop)), stop)
        length = CHUNK_HEAD.unpack_from(self.data, position)[1] + _HEAD
        is_one = following - position == length
        text = (
            "a record with a wrong checksum"
            if is_one
            else f"{following - position:,} bytes that are no record"
        )
        self.damages.append((position, text))
        self._parts, self.end = [], max(self.end, following)
        return following

    def _is_chunk(self, at: int, stop: int) -> bool:
        if not WHOLE <= self.data[at + 6] <= LAST:
            return False
        crc, length, _ = CHUNK_HEAD.unpack_from(self.data, at)
        behind = at + _HEAD + length
        return bool(behind <= stop and zlib.crc32(self.data[at + 6 : behind]) == crc)
