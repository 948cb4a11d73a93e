"""A part of what a worker printed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LIMIT = 256 * 1024
"""bytes of one part"""


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    offset: int
    end: int
    """the offset behind the last byte of `text`"""
    size: int


def read(path: Path, offset: int, limit: int) -> Part:
    """From byte `offset` on, counted from the end where it is negative; no character is cut in two."""
    limit = min(max(limit, 0), LIMIT)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return Part("", 0, 0, 0)
    try:
        size = os.fstat(fd).st_size
        start = max(0, size + offset) if offset < 0 else min(offset, size)
        data = os.pread(fd, limit, start)
    finally:
        os.close(fd)
    cut = _leading(data) if offset < 0 and start else 0
    data = data[cut : len(data) - _trailing(data)]
    return Part(data.decode("utf-8", errors="replace"), start + cut, start + cut + len(data), size)


def _leading(data: bytes) -> int:
    """Bytes of a character that began before `data`."""
    count = 0
    while count < min(3, len(data)) and data[count] & 0xC0 == 0x80:
        count += 1
    return count


def _trailing(data: bytes) -> int:
    """Bytes of a character that goes on behind `data`."""
    for count in range(1, min(4, len(data)) + 1):
        byte = data[-count]
        if byte & 0xC0 != 0x80:
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return count if length > count else 0
    return 0
