"""Notes of one's own, a file of Markdown for each lecture: `learn/notes/l01.md` under the home."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import CorruptRun, DltuiError, InputError
from engine.files import read_bytes, write_bytes
from engine.places import make_private

LIMIT = 1_000_000
"""bytes of a file"""


def path_of(learn: Path, lecture: str) -> Path:
    """Of a deck's lecture, `mine:l01`, the file is `mine-l01.md`."""
    return learn / "notes" / f"{lecture.replace(':', '-')}.md"


def read(path: Path) -> str:
    """Empty where there are none; without control characters. Raises DltuiError."""
    try:
        data = read_bytes(path, limit=LIMIT)
    except (CorruptRun, OSError) as error:
        raise DltuiError(f"{path} cannot be read: {error}", "Move it away, and write new ones.") from error
    text = (data or b"").decode(errors="replace").replace("\r\n", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


def write(path: Path, text: str) -> None:
    """Raises InputError for more than a million bytes, DltuiError where it cannot be written."""
    data = text.encode()
    if len(data) > LIMIT:
        raise InputError(f"notes: expected at most {LIMIT:,} bytes, got {len(data):,}.")
    try:
        make_private(path.parent.parent)
        make_private(path.parent)
        write_bytes(path, data)
    except OSError as error:
        raise DltuiError(f"{path} cannot be written: {error.strerror or error}.") from error
