"""The IDX format of MNIST: big-endian header, then unsigned bytes; plain or gzip."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.idx_reader import IdxReader, check_end, format_shape, header, open_idx, read_shape
from engine.errors import DataError

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
