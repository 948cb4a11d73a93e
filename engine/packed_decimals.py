"""Numbers as another program wrote them, in digits, which are decoded when somebody asks for them.

Of the many metrics of a log few are drawn. Each sign takes four bits.
"""

from __future__ import annotations

import binascii
import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, overload

_SIGNS = b"0123456789.-+eE "
_OTHER = b"?"
_TO_HEX = bytes(b"0123456789abcdef"[_SIGNS.index(at)] if at in _SIGNS else _OTHER[0] for at in range(256))
_TO_SIGNS = str.maketrans("0123456789abcdef", _SIGNS.decode())
_END = b"f"
"""the hexadecimal digit of a space"""
TAIL = 36
"""bytes in which the last number is: it has at most 64 signs"""


class NumberTexts(Sequence[float]):
    """A text that is no number, or is missing, is NaN."""

    __slots__ = ("_count", "packed")

    def __init__(self, packed: bytes, count: int) -> None:
        self.packed, self._count = packed, count

    @classmethod
    def of(cls, texts: bytes, count: int) -> NumberTexts | None:
        """Of texts with a space behind each, zero bytes left out; None where they have other signs."""
        digits = texts.translate(_TO_HEX, b"\0")
        if _OTHER in digits:
            return None
        return cls(binascii.unhexlify(digits + _END * (len(digits) % 2)), count)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[float]:
        return iter(self.decoded())

    @overload
    def __getitem__(self, place: int) -> float: ...

    @overload
    def __getitem__(self, place: slice) -> array[float]: ...

    def __getitem__(self, place: int | slice) -> float | array[float]:
        return self.decoded()[place]

    def decoded(self) -> array[float]:
        texts = self.packed.hex().translate(_TO_SIGNS).split()
        if len(texts) != self._count:
            texts = [*texts, *["nan"] * self._count][: self._count]
        try:
            return array("d", map(float, texts))
        except ValueError:
            return array("d", map(_number, texts))

    @property
    def last(self) -> float:
        """The last number, without decoding the rest; NaN where there is none."""
        texts = self.packed[-TAIL:].hex().translate(_TO_SIGNS).split()
        return _number(texts[-1]) if texts else math.nan

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """What NumPy makes an array of."""
        kind = "<f8" if sys.byteorder == "little" else ">f8"
        numbers = self.decoded()
        return {"version": 3, "shape": (len(numbers),), "typestr": kind, "data": memoryview(numbers)}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
