"""A data file that really is a file: no folder, pipe, device or link to nothing."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path

from engine import files
from engine.errors import CorruptRun, DataError


def open_regular(path: Path) -> BufferedReader:
    """Opened for reading, never waiting on a pipe; links are followed, and anybody may own it.

    Raises DataError for whatever is no regular file.
    """
    try:
        return files.open_regular(path, follow=True, foreign=True)
    except CorruptRun as error:
        raise DataError(error.message) from error
    except FileNotFoundError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}.") from error
