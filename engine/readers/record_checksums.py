"""The checksums of many records of a buffer at once, with NumPy.

A table gives the remainder of two bytes; one look-up is done for those of every record at once. Long
records are cut into segments, whose remainders are joined: behind zeros a remainder is a linear function of
the one before them.
"""

from __future__ import annotations

import functools
import operator

import numpy as np
from numpy.typing import NDArray

from engine import tfrecord

SEGMENT = 1024
LONG = 4 * SEGMENT
"""bytes from which a record is cut into segments"""
WIDTH = 16
"""records whose lengths lie between the same multiples of it are checked together"""
GATHERED = 1 << 20
"""bytes of records that are gathered at a time"""
INVERTED = 4
"""bytes at the beginning of a record whose inversion equals a first remainder of ones"""
Bytes = NDArray[np.uint8]
Sums = NDArray[np.uint32]
Places = NDArray[np.int64]


def masked_checksums(buffer: Bytes, starts: Places, lengths: Places) -> Sums:
    """The masked CRC-32C of each `buffer[start : start + length]`."""
    found = np.empty(len(starts), np.uint32)
    widths = np.where(lengths < LONG, -(-lengths // WIDTH) * WIDTH, LONG)
    for width in np.unique(widths).tolist():
        chosen = np.flatnonzero(widths == width)
        if width == LONG:
            parts = zip(starts[chosen].tolist(), lengths[chosen].tolist(), strict=True)
            found[chosen] = [_long(buffer[start : start + length]) for start, length in parts]
        elif width:
            found[chosen] = _together(buffer, starts[chosen], lengths[chosen], width)
        else:
            found[chosen] = 0
    return masked(found)


def masked(sums: Sums) -> Sums:
    """Checksums as they stand in a file."""
    return (sums >> np.uint32(15) | sums << np.uint32(17)) + np.uint32(0xA282_EAD8)


def table_behind(count: int) -> Sums:
    """The remainder of each byte with `count` zeros behind it."""
    known = _tables_behind()
    while len(known) <= count:
        known.append(_table()[known[-1] & 0xFF] ^ (known[-1] >> np.uint32(8)))
    return known[count]


def _together(buffer: Bytes, starts: Places, lengths: Places, width: int) -> Sums:
    """The checksums of records of 1 to `width` bytes.

    They are aligned at their ends: zeros before the first byte leave a remainder of zero as it is.
    """
    kinds, kind_of = np.unique(lengths, return_inverse=True)
    places = np.arange(width) - (width - kinds[:, None])
    kept = np.where(places < 0, 0x00, 0xFF).astype(np.uint8)
    inverted = np.where((places >= 0) & (places < INVERTED), 0xFF, 0x00).astype(np.uint8)
    found, count = np.empty(len(starts), np.uint32), max(1, GATHERED // width)
    for at in range(0, len(starts), count):
        part = slice(at, at + count)
        before = (starts[part] + lengths[part] - width)[:, None] + np.arange(width)
        rows = buffer[np.maximum(before, 0, out=before)]
        rows &= kept[kind_of[part]]
        rows ^= inverted[kind_of[part]]
        found[part] = ~_remainders(rows)
    short = np.flatnonzero(lengths < INVERTED)
    found[short] = [tfrecord.crc32c(buffer[starts[n] : starts[n] + lengths[n]].tobytes()) for n in short]
    return found


def _remainders(rows: Bytes) -> Sums:
    """The remainder of each row, of an even number of bytes. Two bytes are looked up at a time."""
    crc, table = np.zeros(len(rows), np.uint32), _table_of_two()
    for pair in np.ascontiguousarray(rows.view("<u2").T):
        mixed = crc ^ pair
        halves = mixed.astype("<u4", copy=False).view("<u2")
        crc = table[halves[::2]] ^ halves[1::2]
    return crc


def _long(data: Bytes) -> int:
    whole = len(data) // SEGMENT * SEGMENT
    shifts, crc = _shifts(), 0xFFFF_FFFF
    for part in _remainders(data[:whole].reshape(-1, SEGMENT)).tolist():
        behind = (shifts[place][crc >> 8 * place & 0xFF] for place in range(4))
        crc = functools.reduce(operator.xor, behind, part)
    table = tfrecord.crc_table()
    for byte in data[whole:].tolist():
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return int(crc) ^ 0xFFFF_FFFF


@functools.cache
def _table() -> Sums:
    return np.array(tfrecord.crc_table(), np.uint32)


@functools.cache
def _tables_behind() -> list[Sums]:
    return [_table()]


@functools.cache
def _table_of_two() -> Sums:
    crc = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(2):
        crc = _table()[crc & 0xFF] ^ (crc >> np.uint32(8))
    return crc


@functools.cache
def _shifts() -> tuple[list[int], ...]:
    """The remainder of each value of each of its four bytes, with a segment of zeros behind it."""
    zeros = np.zeros(SEGMENT, np.uint8)
    shifts = []
    for place in range(4):
        crc = np.arange(256, dtype=np.uint32) << np.uint32(8 * place)
        table = _table()
        for _ in zeros:
            crc = table[crc & 0xFF] ^ (crc >> np.uint32(8))
        shifts.append(crc.tolist())
    return tuple(shifts)
