"""The IDX format of MNIST: big-endian header, then unsigned bytes; plain or gzip."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.regular_file import open_regular
from engine.errors import DataError

UNSIGNED_BYTE = 0x08
MOST_DIMENSIONS = 4
GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 18


@dataclass(slots=True)
class IdxReader:
    """A stream with its path and its position, in unpacked bytes."""

    path: Path
    stream: BufferedReader | gzip.GzipFile
    offset: int = 0

    def fill(self, target: memoryview) -> int:
        """Read into `target`; returns the bytes read, fewer than its length only at the end. Raises
        DataError."""
        begun = self.offset
        while (filled := self.offset - begun) < len(target):
            count = self._read_piece(target[filled : filled + PIECE])
            if count == 0:
                break
            self.offset += count
        return self.offset - begun

    def _read_piece(self, target: memoryview) -> int:
        try:
            return self.stream.readinto1(target)
        except EOFError as error:
            raise DataError(f"{self.path}: the gzip data is cut off after offset {self.offset}.") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{self.path}: damaged gzip data after offset {self.offset}: {error}.") from error
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read at offset {self.offset}: {error.strerror}."
            ) from error


@contextmanager
def open_idx(path: Path) -> Iterator[IdxReader]:
    """Open a plain or gzip file. Raises DataError unless it is a regular file."""
    with open_regular(path) as file:
        packed = file.peek(2)[:2] == GZIP_MAGIC
        yield IdxReader(path, gzip.GzipFile(fileobj=file) if packed else file)


def header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)


def header_size(dimensions: int) -> int:
    return 4 + 4 * dimensions


def read_shape(reader: IdxReader, max_items: int) -> tuple[int, ...]:
    """The declared shape. Raises DataError for an invalid header, or one that declares more than
    `max_items`."""
    magic = _read_header(reader, 4)
    if magic[:2] != b"\0\0":
        raise DataError(
            f"{reader.path}: magic number 0x{magic.hex()} at offset 0, "
            "expected 0x0000080n (IDX, unsigned bytes, n dimensions)."
        )
    if magic[2] != UNSIGNED_BYTE:
        raise DataError(
            f"{reader.path}: data type 0x{magic[2]:02x} at offset 2, expected 0x08 (unsigned byte)."
        )
    if not 1 <= magic[3] <= MOST_DIMENSIONS:
        raise DataError(f"{reader.path}: {magic[3]} dimensions at offset 3, expected 1 to {MOST_DIMENSIONS}.")
    shape = struct.unpack(f">{magic[3]}I", _read_header(reader, 4 * magic[3]))
    _check_size(reader.path, shape, max_items)
    return shape


def pieces(reader: IdxReader, shape: tuple[int, ...]) -> Iterator[memoryview]:
    """The items after the header; a piece is valid until the next one. Raises DataError as `check_end`
    does."""
    end = reader.offset + math.prod(shape)
    piece = memoryview(bytearray(PIECE))
    while reader.offset < end:
        count = reader.fill(piece[: min(PIECE, end - reader.offset)])
        if not count:
            break
        yield piece[:count]
    check_end(reader, shape, end)


def check_end(reader: IdxReader, shape: tuple[int, ...], end: int) -> None:
    """Raises DataError unless the file ends exactly at `end` and was read up to there."""
    if reader.offset < end:
        raise DataError(
            f"{reader.path} ends at offset {reader.offset}, "
            f"expected {end} bytes for {format_shape(shape)} items."
        )
    if reader.fill(memoryview(bytearray(1))):
        raise DataError(
            f"{reader.path} has more data after offset {end}, where its {format_shape(shape)} items end."
        )


def format_shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _read_header(reader: IdxReader, size: int) -> bytes:
    head = bytearray(size)
    begun = reader.offset
    if reader.fill(memoryview(head)) < size:
        raise DataError(
            f"{reader.path} ends at offset {reader.offset}, inside the header: "
            f"expected at least {begun + size} bytes."
        )
    return bytes(head)


def _check_size(path: Path, shape: tuple[int, ...], max_items: int) -> None:
    if 0 in shape:
        raise DataError(f"{path}: dimension {shape.index(0)} at offset {4 + 4 * shape.index(0)} is 0.")
    items = math.prod(shape)
    if items > max_items:
        raise DataError(
            f"{path}: the header declares {format_shape(shape)} = {items} items, "
            f"more than the limit of {max_items}."
        )


Bytes = NDArray[np.uint8]


def read_idx(path: Path, *, max_items: int) -> Bytes:
    """The array of the file, in the shape its header declares.

    Memory is allocated only after the declared size is known to be at most `max_items` bytes, and nothing is
    unpacked beyond it. Offsets in messages count unpacked bytes. Raises DataError.
    """
    with open_idx(path) as reader:
        return _read_items(reader, read_shape(reader, max_items))


def digest_idx(array: Bytes) -> str:
    """SHA-256 of the unpacked IDX file that holds `array`."""
    digest = hashlib.sha256(header(array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read_items(reader: IdxReader, shape: tuple[int, ...]) -> Bytes:
    end = reader.offset + math.prod(shape)
    try:
        array = np.empty(math.prod(shape), dtype=np.uint8)
    except MemoryError as error:
        raise DataError(f"{reader.path}: no memory for {format_shape(shape)} items.") from error
    reader.fill(array.data)
    check_end(reader, shape, end)
    return array.reshape(shape)
