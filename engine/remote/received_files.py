"""Files of a run folder written from frames: replaced atomically, or appended to."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from engine import files
from engine.errors import ProtocolError
from engine.experiment_files.description import SOURCE
from engine.remote.messages import CHUNK, Frame, encode

DRAFTS = ".far"
"""folder, inside the run folder, for incomplete files"""
_RECORDS = ("spec.json", "amended.json", "wanted.json", "keeper.json", "exit.json", "events.jsonl")
LOCAL_FILES = frozenset([*_RECORDS, SOURCE, "worker.log", "beat", "run.lock", "control"])
"""files of a run folder that are written only on its own machine"""
SOURCE_DEPTH = 32
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@=+-]{0,200}")


class IncomingFiles:
    def __init__(self, folder: Path, protected: Collection[str] = ()) -> None:
        """`protected` are names that no frame may write."""
        self._folder, self._protected = folder, protected
        self._drafts = folder / DRAFTS
        shutil.rmtree(self._drafts, ignore_errors=True)

    def apply(self, frame: Frame) -> bool:
        """Apply a file frame; False for any other frame. Raises OSError, and ProtocolError for a bad path."""
        handlers = {"file": self._file, "placed": self._placed, "grown": self._grown, "gone": self._gone}
        if frame.kind not in handlers:
            return False
        handlers[frame.kind](frame, self._inside(frame.facts.get("path")))
        return True

    def close(self) -> None:
        shutil.rmtree(self._drafts, ignore_errors=True)

    def _inside(self, path: object) -> Path:
        parts = path.split("/") if isinstance(path, str) else []
        if parts[:1] == [SOURCE]:  # files of the user, with names of any kind
            fits = len(parts) <= SOURCE_DEPTH and all(map(_is_file_name, parts))
        else:
            fits = 0 < len(parts) <= 4 and all(map(_NAME.fullmatch, parts))
        if not fits or parts[0] in self._protected:
            raise ProtocolError(f"Expected the path of a file of the run, got {str(path)[:80]!r}.")
        return Path(*parts)

    def _file(self, frame: Frame, path: Path) -> None:
        _write(self._drafts / path, frame.facts.get("offset"), frame.payload)

    def _grown(self, frame: Frame, path: Path) -> None:
        _write(self._folder / path, frame.facts.get("offset"), frame.payload)

    def _placed(self, frame: Frame, path: Path) -> None:
        draft, final = self._drafts / path, self._folder / path
        _sync(draft)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if final.is_dir():
            aside = self._drafts / "old"
            shutil.rmtree(aside, ignore_errors=True)
            os.rename(final, aside)
        os.rename(draft, final)
        files.sync_path(final.parent)

    def _gone(self, frame: Frame, path: Path) -> None:
        """Renamed before it is deleted: a partly deleted checkpoint never has its name."""
        aside = self._drafts / "gone"
        aside.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            os.rename(self._folder / path, aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside, ignore_errors=True)


def _is_file_name(part: str) -> bool:
    return part not in ("", ".", "..") and "\0" not in part and len(os.fsencode(part)) <= 255


def file_frames(source: Path, path: str) -> Iterator[bytes]:
    """Frames that write the file or flat folder `source` to `path`. Raises OSError if it disappears."""
    for file in sorted(source.iterdir()) if source.is_dir() else [source]:
        yield from _chunks(file, f"{path}/{file.name}" if source.is_dir() else path)
    yield encode("placed", path=path)


def _chunks(file: Path, path: str) -> Iterator[bytes]:
    with file.open("rb") as stream:
        offset = 0
        while (data := stream.read(CHUNK)) or not offset:
            yield encode("file", data, path=path, offset=offset)
            if not data:
                return
            offset += len(data)


def _write(path: Path, offset: object, data: bytes) -> None:
    if type(offset) is not int or offset < 0:
        raise ProtocolError(f"Expected an offset in {path.name}, got {str(offset)[:40]!r}.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(files.open_to_write(path, 0 if offset else os.O_TRUNC), "wb") as file:
        file.seek(offset)
        file.write(data)


def _sync(path: Path) -> None:
    if path.is_dir():
        for file in path.iterdir():
            files.sync_path(file)
    files.sync_path(path)
