"""Cache of prepared corpora by a key of what they are made from; damaged entries are rebuilt."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.data.download import Report
from engine.data.text.array_file import UNFINISHED, ArrayFile, ArrayWriter, read_arrays, replace_file
from engine.data.write_lock import exclusive_lock
from engine.errors import DataError

VERSION = 5  # of everything between the bytes and the ids: a change of tokeniser or split needs another
KEPT = 12
STALE = 86_400.0  # seconds after which an unfinished file belongs to a killed process
LOCK_TIMEOUT = 1800.0  # seconds to wait for another process that prepares the same corpus


@dataclass(frozen=True, slots=True)
class CorpusCache:
    folder: Path

    def fetch(self, key: str, make: Callable[[ArrayWriter], None], report: Report) -> ArrayFile:
        """The entry of `key`, else what `make` writes; of several processes one writes it.

        Raises DataError, also from `make`.
        """
        path = self.folder / f"{key}.arrays"
        if (kept := _read(path, report)) is not None:
            return kept
        self._make_folder()
        with exclusive_lock(self.folder / f"{key}.lock", LOCK_TIMEOUT):
            if (kept := _read(path, report)) is not None:
                return kept
            self._prune()
            replace_file(path, make)
        return read_arrays(path)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"{self.folder} cannot be made: {error.strerror}.", "Point DLTUI_HOME at a folder of yours."
            ) from error

    def _prune(self) -> None:
        """Remove the oldest entries. A process that has one mapped keeps it: its bytes are freed with the
        last reader."""
        by_age = sorted(self.folder.glob("*.arrays"), key=_age)
        for path in by_age[: max(len(by_age) - KEPT + 1, 0)]:
            path.unlink(missing_ok=True)
        for path in self.folder.glob(f"{UNFINISHED}*"):
            if time.time() - _age(path) > STALE:
                path.unlink(missing_ok=True)


def make_key(**facts: object) -> str:
    """The key of what this version makes from `facts`."""
    text = json.dumps({"version": VERSION, **facts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(path: Path, report: Report) -> ArrayFile | None:
    if not os.path.lexists(path):
        return None
    try:
        kept = read_arrays(path)
        os.utime(path)
    except (DataError, OSError) as error:
        report(f"{error} The cache is rebuilt.")
        return None
    return kept


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process has just removed it
        return time.time()
