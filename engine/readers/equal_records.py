"""Records of one length as the rows of a table: most of their bytes are the same, and are looked at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import tfrecord
from engine.readers.record_checksums import masked, masked_checksums, table_behind

FEW = 8
"""records of a length, of which a table is made"""
LONGEST = 4096
"""bytes of a record in a table"""
MANY, SHORT = 64, 512
"""records of at least and of at most as many bytes whose checksums are computed by the bytes that differ"""

FEW_BYTES = 512
"""that are sooner gone through one by one"""


class EqualRecords(NamedTuple):
    places: NDArray[np.int64]
    """in the batch, in order"""
    rows: NDArray[np.uint8]
    """the bytes of each"""
    differences: NDArray[np.uint8]
    """of each row from the first one, bit by bit"""
    varying: NDArray[np.uint8]
    """the bits of a row that are not the same in all"""


def equal_records(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Iterator[EqualRecords]:
    """Those of a length that at least FEW records have, the shortest first."""
    order = np.argsort(lengths, kind="stable")
    kinds, firsts = np.unique(lengths[order], return_index=True)
    for length, places in zip(kinds.tolist(), np.split(order, firsts[1:]) if len(order) else (), strict=True):
        if len(places) >= FEW and 0 < length <= LONGEST:
            rows = _rows(buffer, starts[places], length)
            differences = rows ^ rows[0]
            yield EqualRecords(places, rows, differences, np.bitwise_or.reduce(differences, axis=0))


def _rows(buffer: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Records at equal distances are not copied."""
    distances = np.diff(starts)
    if (distances != distances[0]).any():
        rows: NDArray[np.uint8] = buffer[starts[:, None] + np.arange(length)]
        return rows
    return np.ndarray((len(starts), length), np.uint8, buffer, int(starts[0]), (int(distances[0]), 1))


def checksums(
    buffer: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    equal: list[EqualRecords],
) -> NDArray[np.uint32]:
    """The masked CRC-32C of each record."""
    found, others = np.empty(len(starts), np.uint32), np.ones(len(starts), np.bool_)
    for one in equal:
        length = one.rows.shape[1]
        differing = np.flatnonzero(one.varying)
        if len(one.places) >= MANY and length <= SHORT and 3 * len(differing) < 2 * length:
            found[one.places] = _by_differences(one, differing)
            others[one.places] = False
    rest = np.flatnonzero(others)
    if lengths[rest].sum() <= FEW_BYTES:
        for place in rest.tolist():
            found[place] = tfrecord.checksum(buffer[starts[place] :][: lengths[place]].tobytes())
    else:
        found[rest] = masked_checksums(buffer, starts[rest], lengths[rest])
    return found


def _by_differences(records: EqualRecords, differing: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The remainder is linear: that of the first record, and what each other byte adds to it."""
    length = records.rows.shape[1]
    sums = np.full(len(records.places), tfrecord.crc32c(records.rows[0].tobytes()), np.uint32)
    columns = np.ascontiguousarray(records.differences[:, differing].T)
    for place, column in zip(differing.tolist(), columns, strict=True):
        sums ^= table_behind(length - 1 - place)[column]
    return masked(sums)
