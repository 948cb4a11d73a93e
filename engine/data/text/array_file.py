"""Named arrays in one file that is memory-mapped: written atomically, checked when opened."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.data.regular_file import open_regular
from engine.errors import DataError

MAGIC = b"dltui text 1\n"
ALIGNED = 64
UNFINISHED = "."  # prefix of a file that is being written
DIGEST = 32
TAIL = 8 + DIGEST  # the length of the table, then SHA-256 of everything before
Array = NDArray[Any]


@dataclass(slots=True)
class ArrayWriter:
    """Writes MAGIC, arrays at multiples of 64 bytes, a table in JSON, its length, SHA-256."""

    stream: IO[bytes]
    _table: dict[str, list[Any]] = field(default_factory=dict)
    _digest: Any = field(default_factory=hashlib.sha256)
    _content: Any = field(default_factory=hashlib.sha256)
    _size: int = 0

    def __post_init__(self) -> None:
        self._write(MAGIC)

    def add(self, name: str, kind: str, chunks: Iterable[Array]) -> None:
        self._write(bytes(-self._size % ALIGNED))
        first, count = self._size, 0
        for chunk in chunks:
            data = np.ascontiguousarray(chunk, kind).tobytes()
            self._write(data)
            self._content.update(data)
            count += chunk.size
        self._table[name] = [kind, first, count]

    def finish(self, facts: Mapping[str, Any]) -> None:
        self._content.update(json.dumps(self._table).encode())
        described = {"arrays": self._table, "facts": facts, "content": self._content.hexdigest()}
        table = json.dumps(described, allow_nan=False).encode()
        self._write(table)
        self._write(len(table).to_bytes(8, "little"))
        self.stream.write(self._digest.digest())

    def _write(self, data: bytes) -> None:
        self.stream.write(data)
        self._digest.update(data)
        self._size += len(data)


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFile:
    """`content` is the SHA-256 of the arrays with their names, without the facts."""

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]
    content: str


def read_arrays(path: Path) -> ArrayFile:
    """The arrays, read-only and memory-mapped. Raises DataError for a missing, damaged or other file."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size < len(MAGIC) + TAIL:
            raise DataError(f"{path} is cut off.")
        content = np.memmap(stream, np.uint8, "r")
    if content[: len(MAGIC)].tobytes() != MAGIC:
        raise DataError(f"{path} is no file of arrays.")
    if hashlib.sha256(content[:-DIGEST].data).digest() != content[-DIGEST:].tobytes():
        raise DataError(f"{path} is damaged: its SHA-256 differs.")
    length = int.from_bytes(content[-TAIL:-DIGEST].tobytes(), "little")
    table = json.loads(content[-TAIL - length : -TAIL].tobytes())
    arrays = {name: _view(content, *place) for name, place in table["arrays"].items()}
    return ArrayFile(arrays, table["facts"], table["content"])


def _view(content: NDArray[np.uint8], kind: str, first: int, count: int) -> Array:
    size = np.dtype(kind).itemsize * count
    return content[first : first + size].view(kind)


def replace_file(path: Path, fill: Callable[[ArrayWriter], None]) -> None:
    """Replace `path` atomically with what `fill` writes; `fill` has to call `finish`. Raises DataError."""
    try:
        with files.replacing(path) as stream:
            fill(ArrayWriter(stream))
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Free some space, or point DLTUI_HOME elsewhere.",
        ) from error
