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

FEW = 8
"""records of one length that are checked one by one"""
SEGMENT = 1024
LONG = 4 * SEGMENT
"""bytes from which a record is cut into segments"""
GATHERED = 1 << 20
"""bytes of records that are gathered at a time"""
Bytes = NDArray[np.uint8]
Sums = NDArray[np.uint32]
Places = NDArray[np.int64]


def masked_checksums(buffer: Bytes, starts: Places, lengths: Places) -> Sums:
    """The masked CRC-32C of each `buffer[start : start + length]`."""
    found = np.empty(len(starts), np.uint32)
    order = np.argsort(lengths, kind="stable")
    kinds, firsts = np.unique(lengths[order], return_index=True)
    for length, chosen in zip(kinds.tolist(), np.split(order, firsts[1:]) if len(order) else (), strict=True):
        if length >= LONG:
            found[chosen] = [_long(buffer[at : at + length]) for at in starts[chosen].tolist()]
        elif len(chosen) < FEW:
            found[chosen] = [tfrecord.crc32c(buffer[at : at + length].tobytes()) for at in starts[chosen]]
        else:
            found[chosen] = ~_of_one_length(buffer, starts[chosen], length)
    return (found >> np.uint32(15) | found << np.uint32(17)) + np.uint32(0xA282_EAD8)


def _of_one_length(buffer: Bytes, starts: Places, length: int) -> Sums:
    found, count = np.empty(len(starts), np.uint32), max(1, GATHERED // max(1, length))
    for at in range(0, len(starts), count):
        part = slice(at, at + count)
        found[part] = _remainders(buffer[starts[part][:, None] + np.arange(length)], 0xFFFF_FFFF)
    return found


def _remainders(rows: Bytes, first: int) -> Sums:
    """The remainder of each row, with `first` before its bytes. Two bytes are looked up at a time."""
    count, length = rows.shape
    crc = np.full(count, first, np.uint32)
    even = length // 2 * 2
    table, shift = _table_of_two(), np.uint32(16)
    for pair in np.ascontiguousarray(rows[:, :even]).view("<u2").T.astype(np.uint32):
        crc = table[(crc ^ pair) & 0xFFFF] ^ (crc >> shift)
    if length > even:
        crc = _table()[(crc ^ rows[:, even]) & 0xFF] ^ (crc >> np.uint32(8))
    return crc


def _long(data: Bytes) -> int:
    whole = len(data) // SEGMENT * SEGMENT
    shifts, crc = _shifts(), 0xFFFF_FFFF
    for part in _remainders(data[:whole].reshape(-1, SEGMENT), 0).tolist():
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
