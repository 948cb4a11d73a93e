"""Events of one scalar, read many at once: those of one tag differ in nothing but time, step and value.

Protobuf decodes the first record of a shape; records with the same bytes elsewhere are read with NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from engine.readers.equal_records import FEW, EqualRecords
from engine.readers.event_messages import TENSOR_TYPES, Event
from engine.readers.record_file import RecordBatch

TRIES = 4
"""shapes of one length with few records or none, after which protobuf decodes the others"""
VARIABLE, HIGHEST_BIT, FIXED = 0x00, 0x80, 0xFF
"""which bits of a byte are the same in all records of a shape"""


@dataclass(slots=True)
class ScalarPoints:
    """Points of one tag, in the order of `places` in the batch."""

    tag: bytes
    places: NDArray[np.int64]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]

    def between(self, first: int, last: int) -> ScalarPoints:
        """The points at places from `first` to before `last`."""
        found = slice(*np.searchsorted(self.places, (first, last)))
        return ScalarPoints(
            self.tag, self.places[found], self.steps[found], self.values[found], self.times[found]
        )


def joined(parts: Sequence[ScalarPoints]) -> ScalarPoints:
    """The points of several shapes of one tag, in the order of their places."""
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([one.places for one in parts]), kind="stable")
    places, steps, values, times = (
        np.concatenate([getattr(one, name) for one in parts])[order]
        for name in ("places", "steps", "values", "times")
    )
    return ScalarPoints(parts[0].tag, places, steps, values, times)


@dataclass(frozen=True, slots=True)
class ScalarShape:
    step: slice
    value: slice
    kind: str
    """NumPy's name of the type of the value"""

    def mask(self, length: int) -> NDArray[np.uint8]:
        mask = np.full(length, FIXED, np.uint8)
        mask[1:9] = mask[self.value] = VARIABLE
        mask[self.step] = HIGHEST_BIT
        return mask

    def read(self, tag: bytes, places: NDArray[np.int64], rows: NDArray[np.uint8]) -> ScalarPoints:
        steps = np.zeros(len(rows), np.int64)
        for place, column in enumerate(rows[:, self.step].T):
            steps |= (column & 0x7F).astype(np.int64) << (7 * place)
        values = np.ascontiguousarray(rows[:, self.value]).view(self.kind)[:, 0].astype(np.float64)
        times = np.ascontiguousarray(rows[:, 1:9]).view("<f8")[:, 0]
        return ScalarPoints(tag, places, steps, values, times)


def read_scalars(
    batch: RecordBatch, number_of: Callable[[Any], float | None]
) -> tuple[list[ScalarPoints], list[int]]:
    """The points of records that have a shape, and the places of all others, in order.

    `number_of` gives the number of a value of a summary; None where it is no scalar.
    """
    found: list[ScalarPoints] = []
    is_other = np.ones(len(batch.starts), np.bool_)
    for equal in batch.equal:
        for tag, shape, places, rows in _alike(equal, number_of):
            found.append(shape.read(tag, places, rows))
            is_other[places] = False
    return found, np.flatnonzero(is_other).tolist()


def _alike(
    equal: EqualRecords, number_of: Callable[[Any], float | None]
) -> Iterator[tuple[bytes, ScalarShape, NDArray[np.int64], NDArray[np.uint8]]]:
    """(tag, shape, places, rows) of the records of one shape, of FEW at least."""
    places, rows, differences = equal.places, equal.rows, equal.differences
    made = _shape_of(rows[0].tobytes(), number_of)
    if made is not None and not (equal.varying & made[1].mask(rows.shape[1])).any():
        yield *made, places, rows
        return
    tries = 0
    while len(places) and tries < TRIES:
        is_alike = np.arange(len(rows)) == 0
        if made is not None:
            is_alike = ~((differences & made[1].mask(rows.shape[1])).any(axis=1))
        if made is None or is_alike.sum() < FEW:
            tries += 1
        else:
            yield *made, places[is_alike], rows[is_alike]
        places, rows = places[~is_alike], rows[~is_alike]
        if len(places):
            made, differences = _shape_of(rows[0].tobytes(), number_of), rows ^ rows[0]


def _shape_of(data: bytes, number_of: Callable[[Any], float | None]) -> tuple[bytes, ScalarShape] | None:
    """Tag and shape of a record, where protobuf reads the same from it."""
    try:
        shape = _find_shape(data)
        event = Event.FromString(data)
    except (DecodeError, IndexError, ValueError, KeyError):
        return None
    if shape is None or len(event.summary.value) != 1:
        return None
    value = event.summary.value[0]
    number = number_of(value)
    if number is None:
        return None
    points = shape.read(value.tag, np.zeros(1, np.int64), np.frombuffer(data, np.uint8)[None])
    is_same = repr(points.values[0].item()) == repr(number) and points.steps[0] == event.step
    return (value.tag, shape) if is_same else None


def _find_shape(data: bytes) -> ScalarShape | None:
    """Raises IndexError, ValueError or KeyError for what is no event of one scalar."""
    event = dict(_fields(data, 0, len(data)))
    if not event.keys() <= {0x09, 0x10, 0x2A} or event[0x09].start != 1:
        return None
    ((key, value),) = _fields(data, event[0x2A].start, event[0x2A].stop)
    scalar = dict(_fields(data, value.start, value.stop))
    if key != 0x0A or not scalar.keys() <= {0x0A, 0x15, 0x42, 0x4A}:
        return None
    if 0x15 in scalar:
        return ScalarShape(event.get(0x10, slice(0, 0)), scalar[0x15], "<f4")
    tensor = dict(_fields(data, scalar[0x42].start, scalar[0x42].stop))
    kinds = {0x2A: "<f4", 0x32: "<f8", 0x22: TENSOR_TYPES[data[tensor[0x08].start]][0]}
    (at,) = tensor.keys() - {0x08, 0x12}
    found, size = tensor[at], np.dtype(kinds[at]).itemsize
    is_one = found.stop - found.start == size
    return ScalarShape(event.get(0x10, slice(0, 0)), found, kinds[at]) if is_one else None


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, slice]]:
    """The key of each field, of one byte, and the place of its content."""
    while position < end:
        key, position = data[position], position + 1
        start = position
        if key & 7 in (0, 2):
            while data[position] >= 0x80:
                position += 1
            position += 1
        if key & 7 == 2:
            size = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data[start:position]))
            start, position = position, position + size
        elif key & 7:
            position += {1: 8, 5: 4}[key & 7]
        if key >= 0x80 or position > end:
            raise ValueError("no field of a scalar")
        yield key, slice(start, position)
