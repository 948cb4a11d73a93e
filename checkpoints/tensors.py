"""Named NumPy arrays to and from safetensors bytes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from checkpoints import strict_json
from checkpoints.errors import CheckpointError

Array = NDArray[Any]
Arrays = Mapping[str, Array]

HEADER_LIMIT = 4 << 20
TENSOR_LIMIT = 10_000
DIMENSION_LIMIT = 32
_DTYPES = {
    "BOOL": "bool", "I8": "int8", "U8": "uint8", "I16": "int16", "U16": "uint16", "F16": "float16",
    "I32": "int32", "U32": "uint32", "F32": "float32", "I64": "int64", "U64": "uint64", "F64": "float64",
    "C64": "complex64",
}  # fmt: skip


def dumps(arrays: Arrays) -> bytes:
    """Safetensors bytes. Raises CheckpointError for a dtype that the format does not have."""
    return save({name: _plain(name, arrays[name]) for name in sorted(arrays)})


def loads(data: bytes) -> dict[str, Array]:
    """Writable arrays. Raises ValueError for bytes that are not exactly one bounded safetensors file."""
    scan(data)
    try:
        return {name: np.require(array, requirements=["W", "A"]) for name, array in load(data).items()}
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def scan(data: bytes) -> int:
    """Check the header against the bytes without allocating for it; returns the number of tensors.

    The safetensors library accepts duplicate keys and any number of tensors; this does not. Raises
    ValueError.
    """
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(HEADER_LIMIT, len(data) - 8):
        raise ValueError(f"a header of {size} bytes in {len(data)} bytes, at most {HEADER_LIMIT} are allowed")
    header = strict_json.loads(data[8 : 8 + size], HEADER_LIMIT)
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    header.pop("__metadata__", None)
    if len(header) > TENSOR_LIMIT:
        raise ValueError(f"{len(header)} tensors, at most {TENSOR_LIMIT} are allowed")
    end = 0
    for begin, stop in sorted(_span(name, entry) for name, entry in header.items()):
        if begin != end:
            raise ValueError(f"tensor bytes begin at {begin}, expected {end}")
        end = stop
    if end != len(data) - 8 - size:
        raise ValueError(f"{len(data) - 8 - size} bytes of tensors, expected {end}")
    return len(header)


def weights_sha256(arrays: Arrays) -> str:
    """SHA-256 of names, dtypes, shapes and little-endian bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = _plain(name, arrays[name])
        digest.update(json.dumps([name, array.dtype.name, list(array.shape)]).encode("ascii") + b"\n")
        digest.update(array.reshape(-1).view("u1").data)
    return digest.hexdigest()


def not_finite(arrays: Arrays) -> str | None:
    """The name of the first tensor with NaN or an infinity, None when all are finite."""
    for name, array in arrays.items():
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            return name
    return None


def _plain(name: str, array: Array) -> Array:
    """The same values as a little-endian, C-ordered array of the same shape."""
    if array.dtype.name not in _DTYPES.values():
        raise CheckpointError(
            f"Tensor {name} has dtype {array.dtype}, which a checkpoint cannot hold.", "Use float32."
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _span(name: str, entry: object) -> tuple[int, int]:
    """Start and end of the bytes of a tensor. Raises ValueError unless they fit its dtype and shape."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name} does not have exactly dtype, shape and data_offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise ValueError(f"{name} has a shape or an offset that is no size")
    dtype = _DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None or offsets[1] - offsets[0] != np.dtype(dtype).itemsize * math.prod(shape):
        raise ValueError(f"{name} of dtype {entry['dtype']!r} and shape {shape} spans bytes {offsets}")
    return offsets[0], offsets[1]


def _are_sizes(values: object) -> bool:
    if not isinstance(values, list) or len(values) > DIMENSION_LIMIT:
        return False
    return all(type(value) is int and value >= 0 for value in values)
