"""Downloading a published file: mirrors in order, resumed, checked, moved into place only when complete.

pooch does not resume, nor try a second mirror, and takes 250 ms to import.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

from engine import files
from engine.data.mirror_transfer import MirrorFailed, NoResponse, Progress, Timeouts, transfer
from engine.data.published_files import DataSource, PublishedFile
from engine.data.write_lock import exclusive_lock
from engine.errors import DataError

__all__ = ["Progress", "Report", "Timeouts", "fetch", "fetch_all"]

Report = Callable[[str], None]
ROUNDS = 5
USEFUL = 0.05  # share of the file that a mirror has to send to be tried again


def fetch_all(source: DataSource, folder: Path, report: Report, timeouts: Timeouts) -> None:
    """Download every file of `source` into `folder`. Raises DataError, also when DLTUI_OFFLINE=1."""
    if os.environ.get("DLTUI_OFFLINE", "0") not in ("", "0"):
        raise DataError("DLTUI_OFFLINE is set, so no download was tried.")
    for file in source.files:
        fetch(file, source.mirrors, folder, progress=_percent(file, report), timeouts=timeouts)


def fetch(
    file: PublishedFile,
    mirrors: Sequence[str],
    folder: Path,
    *,
    progress: Progress = lambda received, total: None,
    timeouts: Timeouts | None = None,
) -> Path:
    """The path `folder`/`file.name`, downloaded unless it is already there with the right SHA-256.

    A partial or unchecked file never has that name. A lock lets one process download at a time.
    Raises DataError, which names every mirror and its failure.
    """
    timeouts = timeouts or Timeouts()
    final, part = folder / file.name, folder / f"{file.name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_lock(folder / f"{file.name}.lock", timeouts.lock):
            if not is_whole(final, file):
                _download(file, mirrors, part, progress, timeouts)
                os.replace(part, final)
                files.sync_path(folder)
    except OSError as error:
        raise DataError(
            f"{final} cannot be written: {error.strerror or error}.",
            "Free some space, or point DLTUI_HOME elsewhere.",
        ) from error
    return final


def _percent(file: PublishedFile, report: Report) -> Progress:
    """Report a line for each tenth of a file."""
    reported = -1

    def progress(received: int, total: int) -> None:
        nonlocal reported
        tenth = 10 * received // total
        if tenth > reported:
            reported = tenth
            report(f"Downloading {file.name}: {10 * tenth} % of {total:,} bytes")

    return progress


def is_whole(path: Path, file: PublishedFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256


def _download(
    file: PublishedFile, mirrors: Sequence[str], part_path: Path, progress: Progress, timeouts: Timeouts
) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(part_path, flags, 0o600), "r+b") as part:
        download = _Download(file, part, progress, timeouts)
        if not (download.is_right() or download.try_mirrors(mirrors)):
            raise DataError(
                f"{file.name} could not be downloaded ({_describe_failures(download.failures)}).",
                "Put it into a folder and set DLTUI_DATA to it.",
            )
        os.fsync(part.fileno())


@dataclass(slots=True)
class _Download:
    """Download of one file from several mirrors; `waited` is in seconds, `failures` are by mirror."""

    file: PublishedFile
    part: BufferedRandom
    progress: Progress
    timeouts: Timeouts
    failures: dict[str, str] = field(default_factory=dict)
    waited: float = 0.0

    def try_mirrors(self, mirrors: Sequence[str]) -> bool:
        """Try the mirrors in rounds; only those that sent more than USEFUL of the file are tried again."""
        for _ in range(ROUNDS):
            promising = []
            for mirror in mirrors:
                before = self.size()
                # Wrong bytes after a resume may come from an earlier mirror: try once more from the start.
                if self.try_mirror(mirror) or (before and not self.size() and self.try_mirror(mirror)):
                    return True
                if self.size() - before > self.file.size * USEFUL:
                    promising.append(mirror)
            mirrors = promising
        return False

    def try_mirror(self, mirror: str) -> bool:
        answer = min(self.timeouts.answer, self.timeouts.answers - self.waited)
        if answer <= 0:
            self.failures[mirror] = f"not tried, nothing answered for {self.timeouts.answers:g} s"
            return False
        began = time.monotonic()
        url = mirror + self.file.name if mirror.endswith("/") else mirror
        try:
            transfer(url, self.file, self.part, answer, self.timeouts, self.progress)
        except MirrorFailed as failure:
            self.failures[mirror] = str(failure)
            self.waited += (time.monotonic() - began) if isinstance(failure, NoResponse) else 0
            return False
        if self.is_right():
            return True
        self.failures[mirror] = "wrong bytes, the SHA-256 differs"
        return False

    def size(self) -> int:
        return self.part.seek(0, os.SEEK_END)

    def is_right(self) -> bool:
        """Whether the file is complete and as published; a complete file with another SHA-256 is
        truncated."""
        if self.size() < self.file.size:
            return False
        self.part.seek(0)
        right = hashlib.file_digest(self.part, "sha256").hexdigest() == self.file.sha256
        if not right:
            self.part.truncate(0)
        return right


def _describe_failures(failures: dict[str, str]) -> str:
    """Failures in one line; mirrors with the same failure are grouped."""
    by_reason: dict[str, list[str]] = {}
    for mirror, why in failures.items():
        by_reason.setdefault(why, []).append(urlsplit(mirror).netloc)
    return "; ".join(f"{', '.join(hosts)}: {why}" for why, hosts in by_reason.items())
