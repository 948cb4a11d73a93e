"""The SQLite file of the index: its connection, the checksum of a closed one, the check of all rows."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from engine import files
from engine.errors import CorruptRun
from engine.service.health.storage import is_remote
from engine.service.index.index_rows import (
    BODY,
    FROM_BOTH,
    STATUSES,
    VERIFIED,
    DamagedIndex,
    fields_text,
    narrow_values,
    verified_body,
)

_DISK_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_CHECKSUM_SUFFIX = ".sum"
"""suffix of the file with the checksum of a closed index"""


class OtherSchema(DamagedIndex):
    """The index was written by another version."""


def is_disk_error(error: sqlite3.Error) -> bool:
    """Whether the disk caused the error (full, read-only), not the index."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_ERRORS


def connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    journal = "DELETE" if is_remote(path.parent) else "WAL"
    for pragma in (f"journal_mode={journal}", "synchronous=NORMAL", "mmap_size=0", "temp_store=MEMORY",
                   "cache_size=-8000", "locking_mode=EXCLUSIVE"):  # fmt: skip
        db.execute(f"PRAGMA {pragma}")
    return db


def delete_index(path: Path) -> None:
    """Delete the index and the files beside it. Raises OSError."""
    for suffix in ("", "-wal", "-shm", "-journal", _CHECKSUM_SUFFIX):
        found = path.with_name(path.name + suffix)
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)


def write_checksum(path: Path) -> None:
    """Write the checksum of the file, without which the next opening checks all rows."""
    try:
        path.with_name(path.name + _CHECKSUM_SUFFIX).write_text(f"{_file_checksum(path)}\n")
    except OSError as error:
        logging.warning("%s: its sum cannot be written: %s", path, error)


def is_as_closed(path: Path) -> bool:
    """Whether the file equals its checksum, which is deleted; False where there is none.

    Raises DamagedIndex where they differ.
    """
    beside = path.with_name(path.name + _CHECKSUM_SUFFIX)
    try:
        written = files.read_bytes(beside, limit=64)
    except CorruptRun as error:
        raise DamagedIndex(error.message) from error
    if written is None:
        return False
    beside.unlink()
    if path.with_name(path.name + "-wal").exists():
        return False
    if written.strip() != str(_file_checksum(path)).encode():
        raise DamagedIndex("its bytes are not those that were written")
    return True


def _file_checksum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            total = zlib.crc32(part, total)
    return total


def verify_rows(db: sqlite3.Connection) -> None:
    """Check all rows. Raises DamagedIndex. SQLite itself checks its structure, not the text in it."""
    with closing(db.execute("PRAGMA integrity_check(1)")) as found:
        result = found.fetchone()[0]
    if result != "ok":
        raise DamagedIndex(str(result)[:200])
    narrow = ", ".join(f"r.{name}" for name in VERIFIED)
    fields = "LEFT JOIN fields f ON f.number = r.number"
    for row in db.execute(f"SELECT {BODY}, f.fields, {narrow} {FROM_BOTH} {fields}"):
        summary, _ = map(json.loads, verified_body(row[:3]))
        if row[3] != fields_text(summary) or any(
            one != other
            for one, other in zip(narrow_values(summary, VERIFIED), row[4:], strict=True)
            if one not in STATUSES
        ):
            raise DamagedIndex(f"the row of {str(summary['id'])[:80]} is not what its summary says")
