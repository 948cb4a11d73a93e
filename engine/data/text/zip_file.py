"""Text inside a published zip file."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from engine.data.regular_file import open_regular
from engine.data.text.text_file import TextFile
from engine.errors import DataError

MOST_BYTES = 64 << 20
TOKENS = ((b" @-@ ", b"-"), (b" @,@ ", b","), (b" @.@ ", b"."), (b" 's ", b"'s "), (b" 't ", b"'t "))


def open_zipped(name: str, path: Path, members: tuple[str, ...], layout: str) -> TextFile:
    """The members in sequence, without headings, separated tokens joined again. Raises DataError."""
    content = b"\n".join(_prose(line) for line in _unpack(path, members).split(b"\n") if line[:2] != b" =")
    return TextFile(name, len(content), lambda: io.BytesIO(content), layout=layout, encoding="utf-8")


def _unpack(path: Path, members: tuple[str, ...]) -> bytes:
    """The members, unpacked only if their declared size is at most MOST_BYTES. Raises DataError."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            size = sum(archive.getinfo(member).file_size for member in members)
            if size > MOST_BYTES:
                raise DataError(f"{path} declares {size:,} bytes of text, expected at most {MOST_BYTES:,}.")
            return b"\n".join(archive.read(member) for member in members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} is a damaged zip file: {error}.") from error
    except KeyError as error:
        raise DataError(f"{path} does not hold {', '.join(members)}.") from error


def _prose(line: bytes) -> bytes:
    for token, plain in TOKENS:
        line = line.replace(token, plain)
    return line
