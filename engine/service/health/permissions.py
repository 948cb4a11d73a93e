"""Checks that only the user can access the home and the socket."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path

from engine.places import Places
from engine.protocol import Finding, Severity


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
