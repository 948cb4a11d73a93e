"""A grey picture as PNG bytes."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_8 = (8, 0, 0, 0, 0)
"""bit depth, colour type, compression, filter, interlace"""


def grey(rows: list[bytes]) -> bytes:
    """One byte a pixel, all rows of one length."""
    head = struct.pack(">2I5B", len(rows[0]), len(rows), *GREY_8)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
