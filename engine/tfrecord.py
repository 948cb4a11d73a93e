"""Records of TensorFlow's files: length, checksum of the length, data, checksum of the data.

Standard library alone: keepers write with it. `engine.readers.record_file` checks many records at once.
"""

from __future__ import annotations

import functools
import struct

HEAD = 12
"""bytes before the data: their length and its checksum"""
TAIL = 4
"""bytes behind the data: their checksum"""
POLYNOMIAL = 0x82F6_3B78
"""of CRC-32C, reflected; zlib has CRC-32 only"""
_HEAD = struct.Struct("<QI")
_SUM = struct.Struct("<I")


def encode(data: bytes) -> bytes:
    """The record of `data`."""
    return head(len(data)) + data + tail(checksum(data))


def head(length: int) -> bytes:
    """What stands before as many bytes of data."""
    packed = struct.pack("<Q", length)
    return packed + tail(checksum(packed))


def tail(masked_sum: int) -> bytes:
    """What stands behind data with that checksum."""
    return _SUM.pack(masked_sum)


def length_in(begin: bytes) -> int | None:
    """The length in the first HEAD bytes of a record; None where its checksum differs."""
    length, found = _HEAD.unpack(begin)
    return int(length) if found == checksum(begin[:8]) else None


def checksum(data: bytes) -> int:
    """The masked CRC-32C of `data`."""
    return masked(crc32c(data))


def crc32c(data: bytes) -> int:
    crc, table = 0xFFFF_FFFF, crc_table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFF_FFFF


def masked(crc: int) -> int:
    """A checksum as it stands in a file, so that checksums of data that hold checksums differ from them."""
    return ((crc >> 15 | crc << 17) + 0xA282_EAD8) & 0xFFFF_FFFF


@functools.cache
def crc_table() -> tuple[int, ...]:
    """The remainder of each byte."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)
