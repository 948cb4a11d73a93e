"""Fetching a published file: mirrors in order, resumed, checked, and in place only when it is whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

from engine.data.mirror import MirrorFailed, NoAnswer, Patience, Progress, transfer
from engine.data.source import File
from engine.errors import DataError

__all__ = ["Patience", "Progress", "fetch"]

ROUNDS = 5
USEFUL = 0.05  # of the file: what a mirror has to send to be asked again
POLL = 0.05


def fetch(
    file: File,
    mirrors: Sequence[str],
    folder: Path,
    *,
    progress: Progress = lambda received, total: None,
    patience: Patience | None = None,
) -> Path:
    """`folder`/`file.name`, downloaded unless it is already there and right.

    Under that name nothing partial and nothing unchecked ever stands. Two processes take turns.
    Raises DataError, which names every mirror and why it failed.
    """
    patience = patience or Patience()
    final, part = folder / file.name, folder / f"{file.name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder / f"{file.name}.lock", patience.lock):
            if not _is_whole(final, file):
                _download(file, mirrors, part, progress, patience)
                os.replace(part, final)
                _sync_folder(folder)
    except OSError as error:
        raise DataError(
            f"{final} cannot be written: {error.strerror or error}.",
            "Free some space, or point DLTUI_HOME elsewhere.",
        ) from error
    return final


@contextmanager
def _alone(lock: Path, limit: float) -> Iterator[None]:
    """The lock file stays: removing it would let two in."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + limit
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise DataError(
                    f"Another process has held {lock} for {limit:g} s.", "End it, or try again later."
                )
            time.sleep(POLL)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_whole(path: Path, file: File) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256


def _download(
    file: File, mirrors: Sequence[str], part_path: Path, progress: Progress, patience: Patience
) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(part_path, flags, 0o600), "r+b") as part:
        hunt = _Hunt(file, part, progress, patience)
        if not (hunt.is_right() or hunt.ask_all(mirrors)):
            raise DataError(
                f"{file.name} could not be downloaded ({_tell(hunt.failures)}).",
                "Put it into a folder and set DLTUI_DATA to it.",
            )
        os.fsync(part.fileno())


@dataclass(slots=True)
class _Hunt:
    """One file wanted from several mirrors, and what each of them did."""

    file: File
    part: BufferedRandom
    progress: Progress
    patience: Patience
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
            transfer(mirror + self.file.name, self.file, self.part, answer, self.patience, self.progress)
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
