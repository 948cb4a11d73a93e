"""Where decks lie, and whether one of their files has changed; standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from engine.version import VERSION

CONTENT = Path(__file__).parent / "content"
"""the course"""
DECK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST_DECKS = 50


def deck_folders(learn: Path) -> list[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(learn / "decks") if entry.is_dir())
    except OSError:
        return []
    return [learn / "decks" / name for name in names if DECK_NAME.fullmatch(name)][:MOST_DECKS]


def stamp(learn: Path) -> str:
    """It changes where a file of the course or of a deck does."""
    newest = count = size = 0
    for folder in (CONTENT, *deck_folders(learn)):
        for entry in _files(folder):
            facts = entry.stat()
            newest, count, size = max(newest, facts.st_mtime_ns), count + 1, size + facts.st_size
    return f"{VERSION}/{count}/{size}/{newest}"


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Files of a deck: those in its folder, and in folders in it."""
    try:
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            if entry.is_file() and entry.name.endswith((".toml", ".md")):
                yield entry
            elif entry.is_dir() and entry.name.startswith("l"):
                yield from (one for one in os.scandir(entry) if one.is_file())
    except OSError:
        return
