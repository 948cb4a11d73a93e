"""Checks where the home lies: disk, file system, SQLite; and that only the user can enter home and socket."""

from __future__ import annotations

import os
import pwd
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

from engine.machine_protocol import Finding, Severity
from engine.places import Places

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


# --- type of the file system: locks and shared memory are unreliable on remote ones -----------------------


REMOTE = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "lustre",
        "gpfs",
        "ceph",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "beegfs",
        "9p",
        "afs",
    )
)


def kind_of(path: Path, mounts: str | None = None) -> str:
    """The type of the file system as in /proc/mounts; empty where unknown."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    real = os.path.realpath(path)
    found = ("", "")
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


def is_remote(path: Path) -> bool:
    return kind_of(path) in REMOTE


# --- permissions ------------------------------------------------------------------------------------------


def check_permissions(places: Places) -> list[Finding]:
    return [
        check_private("home", places.root, 0o700, stat.S_ISDIR),
        check_private("socket", places.socket, 0o600, stat.S_ISSOCK),
    ]


def check_private(topic: str, path: Path, mode: int, is_kind: Callable[[int], bool]) -> Finding:
    """Whether `path` has the right type, belongs to this user, and has at most the permissions `mode`."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return Finding(topic, Severity.NOTE, f"{path} is not there: the engine does not run.")
    if not is_kind(found.st_mode):
        return Finding(
            topic, Severity.DANGER, f"{path} has the wrong file type.", f"Look at it, then remove {path}."
        )
    if found.st_uid != os.geteuid():
        return Finding(
            topic,
            Severity.DANGER,
            f"{path} belongs to {owner(found.st_uid)}, expected {owner(os.geteuid())} (you).",
            "Point DLTUI_HOME at a folder of yours.",
        )
    has = stat.S_IMODE(found.st_mode)
    if has & ~mode & 0o077:
        return Finding(
            topic, Severity.DANGER, f"{path} has mode {has:04o}, expected {mode:04o}: others can enter.",
            f"chmod {mode:o} {path}",
        )  # fmt: skip
    return Finding(topic, Severity.OK, f"{path} belongs to {owner(found.st_uid)} alone (mode {has:04o}).")


def owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
