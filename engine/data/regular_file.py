"""Opening data files that are regular files: no folder, pipe, device or dangling link."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path

from engine import files
from engine.errors import CorruptRun, DataError


def open_regular(path: Path) -> BufferedReader:
    """Open for reading without blocking on a pipe; links are followed, and the owner may be anyone.

    Raises DataError unless it is a regular file.
    """
    try:
        return files.open_regular(path, follow=True, foreign=True)
    except CorruptRun as error:
        raise DataError(error.message) from error
    except FileNotFoundError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}.") from error
