"""A text file that may be larger than memory: read in blocks; above a limit evenly spread stretches are
read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from engine.data.text.decoding import HEAD, WIDTHS, Decoder, detect
from engine.data.text.sentence_splitting import SentenceLayout, detect_layout
from engine.errors import DataError

READ_LIMIT = 512 << 20  # bytes read of one file, at most
STRETCH = 4 << 20
PIECE = 1 << 20
LONGEST_LINE = 1 << 20  # characters; a longer line is cut at a space


@dataclass(frozen=True, slots=True)
class TextFile:
    """`layout` and `encoding` are "" if they are to be detected. `open` may be called more than once."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    layout: str = ""
    encoding: str = ""
    limit: int = READ_LIMIT

    @property
    def is_sampled(self) -> bool:
        return self.size > self.limit

    def stretches(self) -> list[tuple[int, int]]:
        """(offset, length) of what is read: everything, or evenly spread 4 MiB that make up `limit`."""
        if not self.is_sampled:
            return [(0, self.size)]
        length = min(STRETCH, self.limit)
        count = self.limit // length
        return [(n * (self.size - length) // max(count - 1, 1) // 4 * 4, length) for n in range(count)]

    def digest(self) -> str:
        """SHA-256 of the size and of the bytes that are read."""
        digest = hashlib.sha256(b"%d\n" % self.size)
        for piece, _ in self._pieces():
            digest.update(piece)
        return digest.hexdigest()

    def resolve_layout(self) -> SentenceLayout:
        """The given layout, else the one detected in the first 64 KiB. Raises DataError."""
        if self.layout:
            return SentenceLayout(self.layout)
        with self.open() as stream:
            head = stream.read(HEAD)
        encoding, mark = detect(self.name, head, self.encoding)
        return detect_layout(Decoder(self.name, encoding, mark).decode(head[mark:], is_last=False))

    def blocks(self) -> Iterator[str]:
        """Whole lines, about 2 MiB at most per block; an empty line separates stretches. Raises DataError."""
        encoding, mark = "", 0
        for first, length in self.stretches():
            with self.open() as stream:
                if not encoding:
                    encoding, mark = detect(self.name, stream.read(HEAD), self.encoding)
                    stream.seek(0)
                begin = first or mark
                stream.seek(begin)
                yield from self._lines(stream, begin, first + length - begin, encoding, is_cut=first > 0)
            yield "\n\n"

    def lines(self) -> Iterator[tuple[int, str]]:
        """Every line with its number, from 1 on; of a line too long for memory the beginning.

        Invalid bytes become decoding.INVALID_BYTE. Raises DataError.
        """
        number, is_rest = 1, False
        for block in self._whole():
            *ended, last = block.split("\n")
            for line in ended:
                if not is_rest:
                    yield number, line
                number, is_rest = number + 1, False
            if last and not is_rest:
                yield number, last
            is_rest = is_rest or bool(last)

    def _whole(self) -> Iterator[str]:
        with self.open() as stream:
            encoding, mark = detect(self.name, stream.read(HEAD), self.encoding)
            stream.seek(mark)
            yield from self._lines(stream, mark, self.size - mark, encoding, is_cut=False, marks_bad=True)

    def _lines(
        self, stream: BinaryIO, first: int, length: int, encoding: str, *, is_cut: bool,
        marks_bad: bool = False,
    ) -> Iterator[str]:  # fmt: skip
        counts_lines = not self.is_sampled
        decoder = Decoder(self.name, encoding, first, counts_lines=counts_lines, marks_bad=marks_bad)
        ends_here = first + length == self.size
        held = ""
        for piece, is_last in _read(stream, self.name, length):
            if decoder.offset == first and is_cut:
                piece, decoder.offset = _align(piece, first, encoding)
            held += decoder.decode(piece, is_last=is_last and ends_here)
            if is_cut:
                held, is_cut = held[_line_start(held) :], False
            cut = len(held) if is_last and ends_here else _cut(held, is_last)
            yield held[:cut]
            held = held[cut:]

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        with self.open() as stream:
            for first, length in self.stretches():
                stream.seek(first)
                yield from _read(stream, self.name, length)


def source_of(digests: Sequence[str]) -> str:
    """SHA-256 of a corpus, over the digests of its files."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _read(stream: BinaryIO, name: str, length: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces, each with whether it is the last. Raises DataError if the file became shorter."""
    left = length
    while True:
        piece = stream.read(min(PIECE, left))
        left -= len(piece)
        if left and not piece:
            raise DataError(f"{name} became {left:,} bytes shorter while it was read.", "Try again.")
        yield piece, not left
        if not left:
            return


def _align(piece: bytes, offset: int, encoding: str) -> tuple[bytes, int]:
    """Drop a partial character at the start of a stretch; returns the rest and its offset."""
    skip = 0
    if encoding == "utf-8":
        while skip < min(3, len(piece)) and 0x80 <= piece[skip] < 0xC0:
            skip += 1
    elif WIDTHS.get(encoding) == 2:
        high = piece[1:2] if encoding.endswith("le") else piece[:1]
        skip = 2 if b"\xdc" <= high <= b"\xdf" else 0
    return piece[skip:], offset + skip


def _line_start(text: str) -> int:
    """After the first line end, or else after the first space."""
    return (text.find("\n") + 1) or (text.find(" ") + 1)


def _cut(text: str, is_last: bool) -> int:
    """End of the last whole line; in a line that is too long or cut by the end of a stretch, of the last
    word."""
    cut = text.rfind("\n") + 1
    if cut or not (is_last or len(text) > LONGEST_LINE):
        return cut
    return (text.rfind(" ") + 1) or len(text)
