"""Images, texts and tables among the artifacts of a run of MLflow.

What `mlflow.log_image(image, key=..., step=...)` wrote has its tag and step in the name of its file; others
have the path below the artifacts as tag and no step.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from engine import files
from engine.errors import CorruptRun
from engine.readers.log_reader import LogBatch, LogMedia, LogText
from engine.typed_json import WHOLE_LIMIT

FILES, DEPTH = 2000, 6
"""most files of a run, and folders within folders"""
TEXT_BYTES, TABLE_BYTES = 200_000, 8 << 20
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
TEXTS = (".txt", ".md")
MODEL = "MLmodel"
"""a file of each folder that holds a model, whose other files are its own"""
_SMALL_COPY = "compressed.webp"
"""end of the name of a second file that MLflow writes for each image with a step"""
_LOGGED = re.compile(r"(.+?)[%+]step[%+](-?\d{1,18})[%+]timestamp[%+](\d{1,15})[%+].*")


def folder_of_uri(uri: str, run: str, beside: Path) -> Path | None:
    """The folder of the artifacts of a run; None for one on a server, or one that is not of the run.

    A relative path is one from the folder `beside`, that of the database.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
        return None
    path = Path(os.path.normpath(beside / unquote(parts.path)))
    return path if path.name == "artifacts" and path.parent.name == run else None


def add_artifacts(batch: LogBatch, folder: Path | None, told: set[str]) -> None:
    """Add those of the folder that are not `told`, and put their names there."""
    if folder is None:
        return
    for name in sorted(_names(folder, "", DEPTH)):
        if name in told or len(told) >= FILES:
            continue
        told.add(name)
        path, ending = folder / name, os.path.splitext(name)[1].lower()
        if ending in IMAGES and not name.endswith(_SMALL_COPY):
            tag, step, at = _logged(name)
            batch.media.append(LogMedia("image", tag, step, at, str(path)))
        elif ending in TEXTS and (text := _bytes(path, TEXT_BYTES)):
            batch.texts.append(LogText(name, 0, text.decode(errors="replace")))
        elif ending == ".json" and (table := _table(path)) is not None:
            batch.media.append(LogMedia("table", name, 0, 0.0, columns=table["columns"], rows=table["data"]))


def _names(folder: Path, below: str, depth: int) -> Iterator[str]:
    """Paths of the files from `folder`, without what belongs to a model; links are not followed."""
    try:
        with os.scandir(folder / below) as found:
            entries = list(found)
    except OSError:
        return
    if any(entry.name == MODEL for entry in entries):
        return
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            if depth > 1:
                yield from _names(folder, name, depth - 1)
        elif entry.is_file(follow_symlinks=False):
            yield name


def _logged(name: str) -> tuple[str, int, float]:
    """Tag, step and time of an image; MLflow writes ~ for a / of the tag, earlier versions #."""
    found = _LOGGED.fullmatch(name.rpartition("/")[2])
    if found is None:
        return name, 0, 0.0
    step = min(max(int(found[2]), -WHOLE_LIMIT), WHOLE_LIMIT)
    return re.sub("[#~]", "/", found[1]), step, int(found[3]) / 1e3


def _bytes(path: Path, limit: int) -> bytes:
    """Empty where it cannot be read or is longer."""
    try:
        return files.read_bytes(path, limit=limit) or b""
    except (CorruptRun, OSError):
        return b""


def _table(path: Path) -> dict[str, Any] | None:
    """What `mlflow.log_table` wrote; None for any other JSON."""
    try:
        found = json.loads(_bytes(path, TABLE_BYTES) or b"0")
    except (ValueError, RecursionError):
        return None
    is_table = isinstance(found, dict) and all(
        isinstance(found.get(key), list) for key in ("columns", "data")
    )
    return found if is_table and all(isinstance(row, list) for row in found["data"]) else None
