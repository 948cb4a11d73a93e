"""Export of the transcript to a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from engine import files
from engine.errors import DltuiError
from tui.repl.transcript_entry import TranscriptEntry
from tui.terminal.plain_text import plain


async def export(root: Path, entries: Sequence[TranscriptEntry], name: str) -> str:
    """Writes to the file `name`, else to a new one in `root`; returns a message with the path.

    Raises DltuiError.
    """
    if not entries:
        raise DltuiError("The transcript is empty.")
    path = Path(name).expanduser() if name else root / time.strftime("transcript-%Y%m%d-%H%M%S.txt")
    text = "\n\n".join(entry.text() for entry in entries) + "\n"
    try:
        await asyncio.to_thread(files.write_new, path, text.encode("utf-8", "replace"))
    except FileExistsError as error:
        raise DltuiError(f"{path} is there already.", "Name another file: /export FILE") from error
    except FileNotFoundError as error:
        raise DltuiError(
            f"There is no folder {path.parent}.", "Make it first, or name another file: /export FILE"
        ) from error
    except OSError as error:
        raise DltuiError(
            f"{path} cannot be written: {error.strerror}.", "Name another file: /export FILE"
        ) from error
    return f"The transcript is in {plain(str(path), limit=300)}."
