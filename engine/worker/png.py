"""Encodes a grey image as PNG."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_8 = (8, 0, 0, 0, 0)
"""bit depth, colour type, compression, filter, interlace"""


def grey_rows(pixels: Sequence[Sequence[float]]) -> list[bytes]:
    """Scale rows of numbers to bytes: the smallest is 0, the largest 255, values that are not finite are 0.

    Raises ValueError for rows of several lengths or without a number.
    """
    if not pixels or not pixels[0] or len({len(row) for row in pixels}) > 1:
        raise ValueError("a picture has to have rows of one length")
    finite = [float(value) for row in pixels for value in row if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = 255 / (high - low) if high > low else 0.0
    return [bytes(int((v - low) * scale) if math.isfinite(v) else 0 for v in row) for row in pixels]


def encode_grey(rows: list[bytes]) -> bytes:
    """PNG bytes of `rows`: one byte per pixel, all rows of one length."""
    head = struct.pack(">2I5B", len(rows[0]), len(rows), *GREY_8)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
