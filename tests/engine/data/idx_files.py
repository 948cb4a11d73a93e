"""Small IDX files to read, plain and packed, right and wrong."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def header(*shape: int, kind: int = 0x08) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    return header(*array.shape) + array.tobytes()


def make_arrays(train: int = 40, test: int = 20) -> tuple[NDArray[np.uint8], ...]:
    """Random pictures, labels that count 0 to 9 over and over; in the order of NAMES."""
    random = np.random.default_rng(7)
    arrays = []
    for count in (train, test):
        arrays.append(random.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        arrays.append((np.arange(count) % 10).astype(np.uint8))
    return tuple(arrays)


def write_set(folder: Path, arrays: tuple[NDArray[np.uint8], ...], names: tuple[str, ...] = NAMES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
