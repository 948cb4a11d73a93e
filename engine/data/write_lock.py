"""A file lock, so that of several processes one writes a data set and the others wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine import files
from engine.errors import CorruptRun, DataError


@contextmanager
def exclusive_lock(lock: Path, limit: float) -> Iterator[None]:
    """Hold the lock. Raises DataError where another process holds it for `limit` seconds, and OSError."""
    with ExitStack() as until_left:
        try:
            until_left.enter_context(files.locked(lock, limit))
        except CorruptRun as error:
            raise DataError(error.message, "Remove it.") from error
        except TimeoutError as error:
            text = f"Another process has held {lock} for {limit:g} s."
            raise DataError(text, "End it, or try again later.") from error
        yield
