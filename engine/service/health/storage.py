"""Checks the disk of the home, its file system, and SQLite."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from engine.places import Places
from engine.protocol import Finding, Severity
from engine.service.health.file_system import REMOTE, kind_of

DANGER_BYTES = 1_000_000_000
WARNING_BYTES = 5_000_000_000
Version = tuple[int, ...]


def check(places: Places) -> list[Finding]:
    place = nearest_folder(places.root)
    found = os.statvfs(place)
    return [
        check_disk(places.root, found.f_bavail * found.f_frsize),
        check_file_system(places.root, kind_of(place)),
        check_sqlite(sqlite3.sqlite_version_info),
    ]


def nearest_folder(path: Path) -> Path:
    """`path`, or the nearest parent that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def check_disk(root: Path, free: int) -> Finding:
    text = f"{free / 1e9:.1f} GB are free where runs are kept ({root})."
    if free >= WARNING_BYTES:
        return Finding("disk", Severity.OK, text)
    remedy = "Remove runs you no longer need (dltui rm RUN), or point DLTUI_HOME at a larger disk."
    severity = Severity.WARNING if free >= DANGER_BYTES else Severity.DANGER
    return Finding("disk", severity, f"Only {text}", remedy)


def check_file_system(root: Path, kind: str) -> Finding:
    if kind in REMOTE:
        return Finding(
            "file system",
            Severity.WARNING,
            f"{root} lies on {kind}, a remote file system: its locks cannot be trusted, and it may go away.",
            "Point DLTUI_HOME at a local disk.",
        )
    return Finding("file system", Severity.OK, f"{root} lies on {kind or 'a file system of unknown kind'}.")


def check_sqlite(version: Version) -> Finding:
    """The WAL-reset bug needs two writing connections: SQLite 3.7.0 to 3.51.2 except 3.44.6 and 3.50.7."""
    text = f"SQLite {'.'.join(map(str, version))}"
    if not has_reset_bug(version):
        return Finding("sqlite", Severity.OK, f"{text}.")
    return Finding(
        "sqlite",
        Severity.NOTE,
        f"{text} has the WAL-reset bug. The engine is the index's only writer, so it has no effect here.",
        "No action needed. Let no other program write index.sqlite; dltui reindex rebuilds it.",
    )


def has_reset_bug(version: Version) -> bool:
    mended = {44: (3, 44, 6), 50: (3, 50, 7)}.get(version[1], (3, 51, 3))
    return (3, 7, 0) <= version < mended
