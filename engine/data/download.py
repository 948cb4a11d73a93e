"""Fetching a published file: mirrors in order, resumed, checked, and in place only when it is whole."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

from engine.data.download_mirror import MirrorFailed, NoAnswer, Progress, Timeouts, transfer
from engine.data.published_files import DataSource, PublishedFile
from engine.data.write_lock import alone
from engine.errors import DataError

__all__ = ["Progress", "Report", "Timeouts", "fetch", "fetch_all"]

Report = Callable[[str], None]
ROUNDS = 5
USEFUL = 0.05  # of the file: what a mirror has to send to be asked again


def fetch_all(source: DataSource, folder: Path, report: Report, patience: Timeouts) -> None:
    """Every file of `source` into `folder`; DLTUI_OFFLINE=1 forbids it. Raises DataError."""
    if os.environ.get("DLTUI_OFFLINE", "0") not in ("", "0"):
        raise DataError("DLTUI_OFFLINE is set, so no download was tried.")
    for file in source.files:
        fetch(file, source.mirrors, folder, progress=_percent(file, report), patience=patience)


def fetch(
    file: PublishedFile,
    mirrors: Sequence[str],
    folder: Path,
    *,
    progress: Progress = lambda received, total: None,
    patience: Timeouts | None = None,
) -> Path:
    """`folder`/`file.name`, downloaded unless it is already there and right.

    Under that name nothing partial and nothing unchecked ever stands. Two processes take turns.
    Raises DataError, which names every mirror and why it failed.
    """
    patience = patience or Timeouts()
    final, part = folder / file.name, folder / f"{file.name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(folder / f"{file.name}.lock", patience.lock):
            if not is_whole(final, file):
                _download(file, mirrors, part, progress, patience)
                os.replace(part, final)
                _sync_folder(folder)
    except OSError as error:
        raise DataError(
            f"{final} cannot be written: {error.strerror or error}.",
            "Free some space, or point DLTUI_HOME elsewhere.",
        ) from error
    return final


def _percent(file: PublishedFile, report: Report) -> Progress:
    """A line for each tenth of a file."""
    said = -1

    def progress(received: int, total: int) -> None:
        nonlocal said
        tenth = 10 * received // total
        if tenth > said:
            said = tenth
            report(f"Downloading {file.name}: {10 * tenth} % of {total:,} bytes")

    return progress


def is_whole(path: Path, file: PublishedFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256


def _download(
    file: PublishedFile, mirrors: Sequence[str], part_path: Path, progress: Progress, patience: Timeouts
) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(part_path, flags, 0o600), "r+b") as part:
        hunt = _Download(file, part, progress, patience)
        if not (hunt.is_right() or hunt.ask_all(mirrors)):
            raise DataError(
                f"{file.name} could not be downloaded ({_tell(hunt.failures)}).",
                "Put it into a folder and set DLTUI_DATA to it.",
            )
        os.fsync(part.fileno())


@dataclass(slots=True)
class _Download:
    """One file wanted from several mirrors, and what each of them did."""

    file: PublishedFile
    part: BufferedRandom
    progress: Progress
    patience: Timeouts
    failures: dict[str, str] = field(default_factory=dict)
    waited: float = 0.0

    def ask_all(self, mirrors: Sequence[str]) -> bool:
        """In rounds: a mirror that sent something of use is asked again, a useless one is not."""
        for _ in range(ROUNDS):
            promising = []
            for mirror in mirrors:
                before = self.size()
                # Wrong bytes after a resume may be an earlier mirror's fault: a second, clean chance.
                if self.ask(mirror) or (before and not self.size() and self.ask(mirror)):
                    return True
                if self.size() - before > self.file.size * USEFUL:
                    promising.append(mirror)
            mirrors = promising
        return False

    def ask(self, mirror: str) -> bool:
        answer = min(self.patience.answer, self.patience.answers - self.waited)
        if answer <= 0:
            self.failures[mirror] = f"not tried, nothing answered for {self.patience.answers:g} s"
            return False
        began = time.monotonic()
        try:
            transfer(_url(mirror, self.file), self.file, self.part, answer, self.patience, self.progress)
        except MirrorFailed as failure:
            self.failures[mirror] = str(failure)
            self.waited += (time.monotonic() - began) if isinstance(failure, NoAnswer) else 0
            return False
        if self.is_right():
            return True
        self.failures[mirror] = "wrong bytes, the SHA-256 differs"
        return False

    def size(self) -> int:
        return self.part.seek(0, os.SEEK_END)

    def is_right(self) -> bool:
        """Whole and as published; whole and wrong is thrown away."""
        if self.size() < self.file.size:
            return False
        self.part.seek(0)
        right = hashlib.file_digest(self.part, "sha256").hexdigest() == self.file.sha256
        if not right:
            self.part.truncate(0)
        return right


def _url(mirror: str, file: PublishedFile) -> str:
    return mirror + file.name if mirror.endswith("/") else mirror


def _tell(failures: dict[str, str]) -> str:
    """Mirrors that failed alike are named together."""
    alike: dict[str, list[str]] = {}
    for mirror, why in failures.items():
        alike.setdefault(why, []).append(urlsplit(mirror).netloc)
    return "; ".join(f"{', '.join(hosts)}: {why}" for why, hosts in alike.items())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
