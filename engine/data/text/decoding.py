"""Decoding of text files: the encoding detected or given, invalid bytes reported with their offset, none
replaced."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from io import IncrementalNewlineDecoder

from engine.errors import DataError

HEAD = 1 << 16
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the same first two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
CHOICES = ("utf-8", "utf-16", "latin-1")
COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"%PDF", "PDF"))
# Files called Latin-1 often have the quotes and dashes of Windows-1252 in place of control characters.
WINDOWS = {number: bytes([number]).decode("cp1252", "ignore") or " " for number in range(0x80, 0xA0)}
INVALID_BYTE = "\udcff"  # replaces an invalid byte; never occurs in decoded text
Decode = Callable[[bytes, str, bool], tuple[str, int]]
DECODERS: dict[str, Decode] = {
    "utf-8": codecs.utf_8_decode,
    "utf-16-le": codecs.utf_16_le_decode,
    "utf-16-be": codecs.utf_16_be_decode,
    "utf-32-le": codecs.utf_32_le_decode,
    "utf-32-be": codecs.utf_32_be_decode,
    "latin-1": lambda data, errors, final: (data.decode("latin-1").translate(WINDOWS), len(data)),
}


def _replace_invalid(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return INVALID_BYTE * (error.end - error.start), error.end


codecs.register_error(MARKING := "dltui-mark", _replace_invalid)


def detect(name: str, head: bytes, requested: str = "") -> tuple[str, int]:
    """The encoding, and the length of the byte order mark. Raises DataError for compressed files."""
    for magic, kind in COMPRESSED:
        if head.startswith(magic):
            raise DataError(f"{name} is a {kind} file, expected text.", "Unpack it first.")
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    if requested:
        return ("utf-16-le" if requested == "utf-16" else requested), 0
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 5 and min(even, odd) < len(head) / 100:
        return ("utf-16-be" if even > odd else "utf-16-le"), 0
    return "utf-8", 0


@dataclass(slots=True)
class Decoder:
    """Decodes a file piece by piece, with line ends as \\n; `offset` is the position of the next piece in the
    file.

    With `marks_bad`, invalid bytes become INVALID_BYTE, and NUL bytes are kept.
    """

    name: str
    encoding: str
    offset: int
    counts_lines: bool = True
    marks_bad: bool = False
    _rest: bytes = b""
    _lines: int = 1
    _ends: IncrementalNewlineDecoder = field(
        default_factory=lambda: IncrementalNewlineDecoder(None, translate=True)
    )

    def decode(self, piece: bytes, *, is_last: bool) -> str:
        """Raises DataError."""
        data = self._rest + piece
        try:
            text, used = DECODERS[self.encoding](data, MARKING if self.marks_bad else "strict", is_last)
        except UnicodeDecodeError as error:
            if b"\0" in data and self.encoding == "utf-8":
                raise self._binary(data[: data.index(b"\0")].decode("latin-1"), "latin-1") from error
            raise self._bad(data, error) from error
        if "\0" in text and not self.marks_bad:
            raise self._binary(text[: text.index("\0")], self.encoding)
        self._rest = data[used:]
        self.offset += used
        text = self._ends.decode(text, final=is_last)
        self._lines += text.count("\n")
        return text

    def _bad(self, data: bytes, error: UnicodeDecodeError) -> DataError:
        good = DECODERS[self.encoding](data[: error.start], "ignore", True)[0]
        place = self._place(error.start, good)
        return DataError(
            f"{self.name}: byte 0x{data[error.start]:02x} {place} is not {self.encoding.upper()}.",
            f"If the file is Latin-1, ask for it as {self.name}:latin-1.",
        )

    def _binary(self, good: str, encoding: str) -> DataError:
        size = len(good) if encoding == "latin-1" else len(good.encode(encoding))
        place = self._place(size, good)
        return DataError(f"{self.name}: NUL byte {place}: this is a binary file, expected text.")

    def _place(self, ahead: int, good: str) -> str:
        place = f"at offset {self.offset + ahead}"
        return f"{place} (line {self._lines + good.count(chr(10))})" if self.counts_lines else place
