"""The type of the file system of a path: locks and shared memory are unreliable on remote ones."""

from __future__ import annotations

import os
from pathlib import Path

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
