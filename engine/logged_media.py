"""What a run logs beside numbers: images, texts, tables, histograms.

Each is an event, `image`, `text`, `table` or `histogram`, with `tag` and `step`. A short text is in it. Else
`file` names the content, within the run folder or, for images in the log of another program, by its
absolute path; with `span` it is those bytes [offset, length] of the file.
"""

from __future__ import annotations

import json
import math
import os
import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import files

KINDS = ("image", "text", "table", "histogram")
ALL = "images, texts, tables and histograms"
ITEMS_LIMIT, BYTES_LIMIT = 100_000, 256 * 1024 * 1024
"""of one attempt; what comes later is left out"""
CONTENT_LIMIT = 32 * 1024 * 1024
"""bytes of one item"""
SHORT_TEXT = 4_000
"""characters of a text that stands in its event"""
ROWS_LIMIT, COLUMNS_LIMIT, CELL_LIMIT = 1_000, 100, 400
"""of a table; longer texts of a cell are cut"""
BUCKETS_LIMIT = 512
TAG_LIMIT = 200
NOTES_LIMIT = 50
IMAGES, OTHERS = "images", "media"
"""the folders of the contents"""
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


class MediaWriter:
    """Nothing that is logged raises: what cannot be kept is said in a note."""

    def __init__(
        self, folder: Path, append: Callable[..., object], note: Callable[[str], object], number: int
    ) -> None:
        """`append` writes an event, `note` a warning; `number` is that of the attempt's first event."""
        self._folder, self._append, self._warn = folder, append, note
        self._noted: set[str] = set()
        self._path = folder / OTHERS / f"{number}.data"
        self._handle: int | None = None
        self._end = 0
        self._items = self._bytes = 0

    def image(self, tag: str, step: int, data: bytes) -> None:
        """The bytes of a PNG or JPEG file; a later one of the same step replaces it."""
        if not data.startswith((PNG, JPEG)):
            self.refuse("image", tag, "expected the bytes of a PNG or JPEG file")
        elif self._has_room("image", tag, len(data)):
            name = f"{IMAGES}/{_file_name(tag)}-{step}.{'png' if data.startswith(PNG) else 'jpg'}"
            try:
                (self._folder / IMAGES).mkdir(mode=0o700, exist_ok=True)
                files.write_bytes(self._folder / name, data, sync=False)
            except OSError as error:
                self._note(f"Images cannot be kept: {error.strerror or error}.")
                return
            self._append("image", tag=shown_tag(tag), step=step, file=name)

    def text(self, tag: str, step: int, content: str) -> None:
        if len(content) > SHORT_TEXT:
            self._write("text", tag, step, content.encode("utf-8", "backslashreplace"))
        elif self._has_room("text", tag, len(content)):
            self._append("text", tag=shown_tag(tag), step=step, text=content)

    def table(self, tag: str, step: int, columns: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
        try:
            content = json.dumps(checked_table(columns, rows), allow_nan=False, separators=(",", ":"))
        except ValueError as error:
            self.refuse("table", tag, str(error))
        else:
            self._write("table", tag, step, content.encode("utf-8", "backslashreplace"))

    def histogram(self, tag: str, step: int, buckets: Sequence[Sequence[float]]) -> None:
        """`buckets` are (left, right, count)."""
        try:
            content = json.dumps(checked_buckets(buckets), allow_nan=False, separators=(",", ":"))
        except (ValueError, TypeError) as error:
            self.refuse("histogram", tag, str(error))
        else:
            self._write("histogram", tag, step, content.encode())

    def place(self, tag: str, step: int, path: str, span: Sequence[int] | None) -> None:
        """An image that stays in a file of another program."""
        if self._has_room("image", tag, 0):
            facts = {"span": list(span)} if span is not None else {}
            self._append("image", tag=shown_tag(tag), step=step, file=path, **facts)

    def refuse(self, kind: str, tag: str, why: str) -> None:
        self._note(f"{kind} {shown_tag(tag)}: {why}: it is not kept.")

    def _note(self, text: str) -> None:
        """Once per text."""
        if text not in self._noted and len(self._noted) < NOTES_LIMIT:
            self._noted.add(text)
            self._warn(text)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, kind: str, tag: str, step: int, data: bytes) -> None:
        if not self._has_room(kind, tag, len(data)):
            return
        try:
            begin = self._append_bytes(data)
        except OSError as error:
            self._note(f"Texts, tables and histograms cannot be kept: {error.strerror or error}.")
            return
        name = f"{OTHERS}/{self._path.name}"
        self._append(kind, tag=shown_tag(tag), step=step, file=name, span=[begin, len(data)])

    def _append_bytes(self, data: bytes) -> int:
        """Returns where they begin. Raises OSError."""
        if self._handle is None:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._handle = files.open_to_append(self._path)
            self._end = os.fstat(self._handle).st_size
        begin, rest = self._end, memoryview(data)
        while rest:
            written = os.write(self._handle, rest)
            self._end, rest = self._end + written, rest[written:]
        return begin

    def _has_room(self, kind: str, tag: str, size: int) -> bool:
        if size > CONTENT_LIMIT:
            self.refuse(kind, tag, f"{size:,} bytes, expected {CONTENT_LIMIT:,} at most")
        elif self._items >= ITEMS_LIMIT:
            self._note(
                f"More than {ITEMS_LIMIT:,} images, texts, tables and histograms: others are left out."
            )
        elif self._bytes + size > BYTES_LIMIT:
            self._note(f"More than {BYTES_LIMIT >> 20} MB of {ALL}: others are left out.")
        else:
            self._items, self._bytes = self._items + 1, self._bytes + size
            return True
        return False


def shown_tag(tag: str) -> str:
    """Printable, at most TAG_LIMIT characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(tag)[:TAG_LIMIT])


def _file_name(tag: str) -> str:
    """Different for different tags."""
    plain = _OTHER.sub("-", tag).lstrip(".-")[:80]
    return plain if plain == tag else f"{plain}-{zlib.crc32(tag.encode('utf-8', 'replace')):08x}".lstrip("-")


def checked_table(columns: Sequence[object], rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    """The JSON of a table. Raises ValueError."""
    if not isinstance(columns, (list, tuple)) or not 0 < len(columns) <= COLUMNS_LIMIT:
        raise ValueError(f"expected a list of 1 to {COLUMNS_LIMIT} columns")
    if not isinstance(rows, (list, tuple)) or len(rows) > ROWS_LIMIT:
        came = f"{len(rows):,}" if isinstance(rows, (list, tuple)) else type(rows).__name__
        raise ValueError(f"expected a list of {ROWS_LIMIT:,} rows at most, got {came}")
    for number, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != len(columns):
            came = f"{len(row)}" if isinstance(row, (list, tuple)) else type(row).__name__
            raise ValueError(f"row {number}: expected {len(columns)} cells, got {came}")
    return {
        "columns": [str(_cell(name)) for name in columns],
        "rows": [list(map(_cell, row)) for row in rows],
    }


def _cell(value: object) -> object:
    if value is None or isinstance(value, (bool, int)):
        return value
    if not isinstance(value, (float, str)) and hasattr(value, "item"):
        try:
            return _cell(value.item())  # a number of NumPy or of a tensor
        except (TypeError, ValueError, RuntimeError):
            pass  # it has several
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = str(value)
    return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"


def checked_buckets(buckets: Sequence[Sequence[float]]) -> list[list[float]]:
    """(left, right, count) each, ordered; neighbours in one where there are more than BUCKETS_LIMIT.

    Raises ValueError and TypeError.
    """
    found = [[float(left), float(right), float(count)] for left, right, count in buckets]
    for left, right, count in found:
        if not (math.isfinite(left) and math.isfinite(right) and left <= right and 0 <= count < math.inf):
            raise ValueError(f"expected finite edges and counts from 0 on, got {left}, {right}, {count}")
    found.sort()
    each = -(-len(found) // BUCKETS_LIMIT)
    if each < 2:
        return found
    parts = (found[at : at + each] for at in range(0, len(found), each))
    return [[part[0][0], max(one[1] for one in part), sum(one[2] for one in part)] for part in parts]
